const { Duration } = require("aws-cdk-lib");
const cloudwatch = require("aws-cdk-lib/aws-cloudwatch");
const elb = require("aws-cdk-lib/aws-elasticloadbalancingv2");
const logs = require("aws-cdk-lib/aws-logs");
const { route53Region, domain, minutes } = require("./shared.cjs");

const eventFields = [
  "@timestamp",
  "mark",
  "`event.detail-type`",
  "`event.resources.0`",
  "event.detail.eventName",
  "event.detail.Status",
  "event.detail.Message",
  "event.detail.stoppedReason",
];

/** The queries beside the dashboard. */
function queriesOf(stack, name, { web, journal }) {
  const failure = "/(?i)(error|exception|fatal|panic|killed)/";
  const recent = { fields: eventFields, sort: "@timestamp desc", limit: 50 };
  const queries = [
    [
      "first errors",
      web.logGroup,
      {
        fields: ["@timestamp", "@log", "@message"],
        filterStatements: [`@message like ${failure}`],
        sort: "@timestamp asc",
        limit: 100,
      },
    ],
    [
      "frequent errors",
      web.logGroup,
      {
        filterStatements: [`@message like ${failure}`],
        statsStatements: [
          "count(*) as times, min(@timestamp) as first, max(@timestamp) as last by substr(@message, 0, 160) as line",
        ],
        sort: "times desc",
        limit: 50,
      },
    ],
    [
      "errors by minute",
      web.logGroup,
      {
        filterStatements: [`@message like ${failure}`],
        statsStatements: ["count(*) as errors by bin(1m)"],
        sort: "@timestamp desc",
      },
    ],
    ["events", journal, recent],
  ];
  for (const [title, logGroup, query] of queries)
    new logs.QueryDefinition(stack, `query-${title.replaceAll(" ", "-")}`, {
      queryDefinitionName: `${name}/${title}`,
      queryString: new logs.QueryString(query),
      logGroups: [logGroup],
    });
}

/** Graphs by section: title, metrics, and whether the changes are drawn over them. */
function graphsOf({ data, web }) {
  const { database } = data;
  const { metrics } = web.targets;
  const { HttpCodeTarget } = elb;
  const metric = (namespace, metricName, dimensionsMap, more) =>
    new cloudwatch.Metric({ namespace, metricName, dimensionsMap, period: minutes(1), ...more });
  // The health check's id is of another region's stack, which only a custom resource could bring here: its metric is searched for.
  const checkers = new cloudwatch.MathExpression({
    expression: `SEARCH('{AWS/Route53,HealthCheckId} HealthCheckPercentageHealthy', 'Average')`,
    label: "",
    period: minutes(1),
    searchRegion: route53Region,
  });
  const fewest = { statistic: "Minimum" };
  return {
    "Seen from outside": [
      ["Seen from outside (Route 53)", [checkers]],
      [
        "Reports from outside (1 up, 0 down)",
        [metric("Iamvet/Uptime", "Healthy", { Site: domain }, { statistic: "Minimum" })],
      ],
    ],
    Traffic: [["Requests", [metrics.requestCount()], true]],
    Errors: [
      [
        "Errors of the app",
        [HttpCodeTarget.TARGET_5XX_COUNT, HttpCodeTarget.TARGET_4XX_COUNT].map((code) => metrics.httpCodeTarget(code)),
        true,
      ],
    ],
    Latency: [["Response time p95", [metrics.targetResponseTime({ statistic: "p95" })], true]],
    Capacity: [
      ["Targets", [metrics.healthyHostCount(fewest), metrics.unhealthyHostCount(fewest)]],
      ["CPU and memory of the tasks", [web.service.metricCpuUtilization(), web.service.metricMemoryUtilization()]],
    ],
    Database: [
      ["Database CPU", [database.metricCPUUtilization()]],
      ["Database connections", [database.metricDatabaseConnections()]],
      ["Database free storage", [database.metricFreeStorageSpace()]],
    ],
    Cost: [
      [
        "Charges of the account so far this month",
        [
          metric(
            "AWS/Billing",
            "EstimatedCharges",
            { Currency: "USD" },
            { statistic: "Maximum", period: Duration.hours(6), region: route53Region },
          ),
        ],
      ],
    ],
  };
}

/** The dashboard and the queries beside it. */
function observed(stack, name, { data, web, journal, alarms, composites }) {
  queriesOf(stack, name, { web, journal });
  const changes = journal
    .addMetricFilter("changes", {
      metricNamespace: "Site",
      metricName: `${name}-changes`,
      metricValue: "1",
      filterPattern: logs.FilterPattern.exists("$.mark"),
    })
    .metric({ label: "deployed or moved", statistic: "Sum", color: "#7f7f7f", period: minutes(1) });
  const heading = (text) => new cloudwatch.TextWidget({ markdown: `## ${text}`, width: 24, height: 1 });
  const board = new cloudwatch.Dashboard(stack, "dashboard", { dashboardName: name });
  board.addWidgets(
    new cloudwatch.AlarmStatusWidget({
      title: "Alarms",
      width: 24,
      height: 4,
      alarms: [...composites, ...Object.values(alarms)],
    }),
  );
  for (const [title, row] of Object.entries(graphsOf({ data, web }))) {
    board.addWidgets(heading(title));
    board.addWidgets(
      ...row.map(
        ([graph, left, withChanges]) =>
          new cloudwatch.GraphWidget({
            title: graph,
            left,
            right: withChanges ? [changes] : [],
            width: 8,
            height: 6,
          }),
      ),
    );
  }
  board.addWidgets(heading("Recovery runs, deployments and moves of traffic"));
  board.addWidgets(
    new cloudwatch.LogQueryWidget({
      title: "Events",
      logGroupNames: [journal.logGroupName],
      queryLines: [`fields ${eventFields.join(", ")}`, "sort @timestamp desc", "limit 50"],
      width: 24,
      height: 6,
    }),
  );
}

module.exports = { observed };
