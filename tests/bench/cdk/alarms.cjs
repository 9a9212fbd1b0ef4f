// What watches the site, and whom it tells.
const { Duration } = require("aws-cdk-lib");
const budgets = require("aws-cdk-lib/aws-budgets");
const cloudwatch = require("aws-cdk-lib/aws-cloudwatch");
const actions = require("aws-cdk-lib/aws-cloudwatch-actions");
const elb = require("aws-cdk-lib/aws-elasticloadbalancingv2");
const events = require("aws-cdk-lib/aws-events");
const eventTargets = require("aws-cdk-lib/aws-events-targets");
const iam = require("aws-cdk-lib/aws-iam");
const route53 = require("aws-cdk-lib/aws-route53");
const sns = require("aws-cdk-lib/aws-sns");
const subscriptions = require("aws-cdk-lib/aws-sns-subscriptions");
const {
  account,
  region,
  copyRegion,
  route53Region,
  domain,
  healthPath,
  emails,
  minutes,
  comparisons,
  lambdaFunction,
  dashboardUrl,
} = require("./shared.cjs");

const { BREACHING, IGNORE, MISSING, NOT_BREACHING } = cloudwatch.TreatMissingData;

/** The two topics of alerts: the services of AWS publish to them, people subscribe. */
function topics(stack) {
  const [page, warning] = ["page", "warning"].map((severity) => {
    const topic = new sns.Topic(stack, `alerts-${severity}`, { displayName: `prod ${severity}`, enforceSSL: true });
    topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: "AlarmsAndEvents",
        principals: ["cloudwatch", "events", "budgets", "backup"].map(
          (service) => new iam.ServicePrincipal(`${service}.amazonaws.com`),
        ),
        actions: ["sns:Publish"],
        resources: [topic.topicArn],
        conditions: { StringEquals: { "aws:SourceAccount": account } },
      }),
    );
    for (const email of emails) topic.addSubscription(new subscriptions.EmailSubscription(email));
    return topic;
  });
  page.addSubscription(new subscriptions.SmsSubscription("+821012345678"));
  return { page, warning };
}

/** Route 53's health check and its alarm in its own region, whose news a rule there forwards home. */
function outsideEyes(home, outside, name) {
  const check = new route53.HealthCheck(outside, "health", {
    type: route53.HealthCheckType.HTTPS_STR_MATCH,
    fqdn: domain,
    port: 443,
    resourcePath: healthPath,
    searchString: '"status":"ok"',
    requestInterval: Duration.seconds(30),
    failureThreshold: 3,
    enableSNI: true,
  });
  const alarm = new cloudwatch.Alarm(outside, "health-alarm", {
    // A fixed name, by which the rule at home can refer to it.
    alarmName: `${name}-health`,
    alarmDescription: `Visitors do not get a healthy answer from https://${domain}${healthPath}.`,
    metric: new cloudwatch.Metric({
      namespace: "AWS/Route53",
      metricName: "HealthCheckStatus",
      dimensionsMap: { HealthCheckId: check.healthCheckId },
      statistic: "Minimum",
      period: minutes(1),
    }),
    comparisonOperator: comparisons["<"],
    threshold: 1,
    evaluationPeriods: 1,
  });
  const eventPattern = {
    source: ["aws.cloudwatch"],
    detailType: ["CloudWatch Alarm State Change"],
    resources: [alarm.alarmArn],
  };
  const homeBus = home.formatArn({ service: "events", resource: "event-bus", resourceName: "default" });
  new events.Rule(outside, "leaving", {
    description: `Forwards Route 53's alarm to ${region}`,
    eventPattern,
    targets: [new eventTargets.EventBus(events.EventBus.fromEventBusArn(outside, "home", homeBus))],
  });

  const receiver = lambdaFunction(home, "receiver", {
    description: "Receives what outside eyes report about the site",
    memorySize: 128,
    timeout: Duration.seconds(10),
    environment: { METRIC_NAMESPACE: "Iamvet/Uptime", METRIC_NAME: "Healthy", SITE: domain },
  });
  receiver.addToRolePolicy(
    new iam.PolicyStatement({
      actions: ["cloudwatch:PutMetricData"],
      resources: ["*"],
      conditions: { StringEquals: { "cloudwatch:namespace": "Iamvet/Uptime" } },
    }),
  );
  new events.Rule(home, "arrived", {
    description: `Route 53's alarm, forwarded from ${route53Region}`,
    eventPattern,
    targets: [new eventTargets.LambdaFunction(receiver)],
  });
}

/** What each alarm watches: id, topic, metric, comparison, threshold, periods, missing data, and what it means. */
function alarmRows({ warning }, { data, backups, front, web }) {
  const { database, failedLogins } = data;
  const { metrics } = web.targets;
  const backupJobs = (what, period) =>
    new cloudwatch.Metric({
      namespace: "AWS/Backup",
      metricName: `NumberOf${what}`,
      dimensionsMap: { BackupVaultName: backups.vault.backupVaultName },
      statistic: "Sum",
      period,
    });
  const reports = new cloudwatch.Metric({
    namespace: "Iamvet/Uptime",
    metricName: "Healthy",
    dimensionsMap: { Site: domain },
    statistic: "Minimum",
    period: minutes(1),
  });
  const idle = new cloudwatch.MathExpression({
    expression: `DB_PERF_INSIGHTS('RDS', '${database.instanceResourceId}', 'db.state.idle_in_transaction_max_time.avg')`,
    label: "Longest idle transaction, seconds",
    period: minutes(1),
  });
  const of = (statistic, period = 1) => ({ statistic, period: minutes(period) });
  const { HttpCodeTarget, HttpCodeElb } = elb;
  // Those without a topic are causes of a composite alarm, which pages.
  // biome-ignore format: a table
  return [
    ["uptime", undefined, reports, "<", 1, 1, IGNORE,
      "Visitors do not get a healthy answer; outside eyes say so"],
    ["server-errors", undefined, front.balancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, of("Sum")), ">", 5, 3, NOT_BREACHING,
      "More than 5 requests in a minute got an error (5xx) of the load balancer itself, three minutes in a row"],
    ["errors", undefined, metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, of("Sum")), ">", 5, 3, NOT_BREACHING,
      "More than 5 answers of the app in a minute were errors (5xx), three minutes in a row"],
    ["healthy-hosts", undefined, metrics.healthyHostCount(of("Maximum")), "<", 1, 2, BREACHING,
      "No healthy target has been behind the load balancer for two minutes: visitors get 503"],
    ["rejected-connections", warning, front.balancer.metrics.rejectedConnectionCount(of("Sum")), ">", 0, 3, NOT_BREACHING,
      "The load balancer refused connections, three minutes in a row, because it had reached its most"],
    ["latency", warning, metrics.targetResponseTime(of("p95")), ">", 2, 5, NOT_BREACHING,
      "One request in twenty has taken over 2 s for five minutes"],
    ["at-maximum", warning, metrics.healthyHostCount(of("Minimum")), ">=", 4, 10, NOT_BREACHING,
      "The tier has stood at its maximum for ten minutes: the next rise in traffic will be felt"],
    ["memory", warning, web.service.metricMemoryUtilization(of("Maximum")), ">", 90, 5, NOT_BREACHING,
      "Tasks have used over 90 % of their memory for five minutes; at 100 % they are killed"],
    ["cpu", warning, web.service.metricCpuUtilization(of("Average")), ">", 85, 10, NOT_BREACHING,
      "Tasks have used over 85 % of their CPU for ten minutes although the service may scale"],
    ["database-storage", undefined, database.metricFreeStorageSpace(of("Minimum", 5)), "<", 4 * 1024 ** 3, 2, MISSING,
      "Little storage is left; with none the database stops, and takes up to an hour to grow"],
    ["database-connections", undefined, database.metricDatabaseConnections(of("Maximum")), ">", 134, 3, MISSING,
      "Over 80 % of the connections that the class allows are taken; when all are, the site answers errors"],
    ["database-cpu", warning, database.metricCPUUtilization(of("Average", 5)), ">", 85, 3, MISSING,
      "The database's CPU has been over 85 % for fifteen minutes"],
    ["database-credits", warning, database.metric("CPUCreditBalance", of("Minimum", 5)), "<", 20, 2, MISSING,
      "CPU credits are nearly used up: RDS goes on at full speed and charges the surplus"],
    ["database-memory", warning, database.metricFreeableMemory(of("Average", 5)), "<", 107374182, 3, MISSING,
      "The database has had under 5 % of its memory free for fifteen minutes: it will be slow, or restart"],
    ["database-logins", warning, failedLogins.metric(of("Sum", 5)), ">", 20, 1, NOT_BREACHING,
      "More than 20 log-ins to the database failed within five minutes"],
    ["database-transactions", warning, idle, ">", 300, 2, NOT_BREACHING,
      "A transaction has been open and idle for over five minutes: it holds its locks, and keeps vacuum from its work"],
    ["backups-failed", warning, backupJobs("BackupJobsFailed", minutes(60)), ">=", 1, 1, NOT_BREACHING,
      "A backup of the database failed: the newest one is a day older than it should be"],
    ["backups-copy-failed", warning, backupJobs("CopyJobsFailed", minutes(60)), ">=", 1, 1, NOT_BREACHING,
      `A copy of a backup to ${copyRegion} failed: the loss of the region would cost more data`],
    ["backups-restore-failed", warning, backupJobs("RestoreJobsFailed", minutes(60)), ">=", 1, 1, NOT_BREACHING,
      "A backup could not be restored in a test: do not count on it"],
    ["backups-missing", warning, backupJobs("BackupJobsCompleted", Duration.days(1)), "<", 1, 2, BREACHING,
      "No backup of the database was completed for two days; nobody would notice this but here"],
  ];
}

function alarmsOf(stack, name, topics, parts) {
  return Object.fromEntries(
    alarmRows(topics, parts).map(
      ([id, topic, metric, comparison, threshold, evaluationPeriods, treatMissingData, what]) => {
        const alarm = new cloudwatch.Alarm(stack, `${id}-alarm`, {
          alarmName: `${name}-${id}`,
          alarmDescription: `${what}\n\nFirst: npm run platform -- why --stack ${name}\nDashboard: ${dashboardUrl(name)}`,
          metric,
          comparisonOperator: comparisons[comparison],
          threshold,
          evaluationPeriods,
          treatMissingData,
        });
        if (topic) {
          alarm.addAlarmAction(new actions.SnsAction(topic));
          alarm.addOkAction(new actions.SnsAction(topic));
        }
        return [id, alarm];
      },
    ),
  );
}

function compositeAlarms(stack, name, { page }, alarms) {
  const composite = (id, description, causes, more) => {
    const alarm = new cloudwatch.CompositeAlarm(stack, id, {
      compositeAlarmName: `${name}-${id}`,
      alarmDescription: `${description}\n\nFirst: npm run platform -- why --stack ${name}\nDashboard: ${dashboardUrl(name)}`,
      alarmRule: cloudwatch.AlarmRule.anyOf(
        ...causes.map((cause) => cloudwatch.AlarmRule.fromAlarm(alarms[cause], cloudwatch.AlarmState.ALARM)),
      ),
      ...more,
    });
    alarm.addAlarmAction(new actions.SnsAction(page));
    return alarm;
  };
  const down = composite("site-is-down", "Visitors are not served, or get errors", [
    "errors",
    "healthy-hosts",
    "uptime",
    "server-errors",
  ]);
  const danger = composite(
    "site-in-danger",
    "Visitors are still served, but something needs a person before they are not",
    ["database-storage", "database-connections"],
    {
      actionsSuppressor: down,
      actionsSuppressorWaitPeriod: minutes(5),
      actionsSuppressorExtensionPeriod: minutes(5),
    },
  );
  return [down, danger];
}

function budget(stack, name, { warning }) {
  new budgets.CfnBudget(stack, "budget", {
    budget: {
      budgetType: "COST",
      timeUnit: "MONTHLY",
      budgetLimit: { amount: 200, unit: "USD" },
      metrics: ["UnblendedCost"],
      filterExpression: {
        and: [
          ["Project", "iamvet"],
          ["Stack", name],
        ].map(([key, value]) => ({ tags: { key, values: [value] } })),
      },
    },
    notificationsWithSubscribers: [
      ["ACTUAL", 80],
      ["ACTUAL", 100],
      ["FORECASTED", 100],
    ].map(([notificationType, threshold]) => ({
      notification: {
        notificationType,
        threshold,
        thresholdType: "PERCENTAGE",
        comparisonOperator: "GREATER_THAN",
      },
      subscribers: [{ subscriptionType: "SNS", address: warning.topicArn }],
    })),
  });
}

module.exports = { topics, outsideEyes, alarmsOf, compositeAlarms, budget };
