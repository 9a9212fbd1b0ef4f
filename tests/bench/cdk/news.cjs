// Functions that tell of events and of the cause of an outage.
const { ArnFormat, Duration } = require("aws-cdk-lib");
const events = require("aws-cdk-lib/aws-events");
const eventTargets = require("aws-cdk-lib/aws-events-targets");
const iam = require("aws-cdk-lib/aws-iam");
const destinations = require("aws-cdk-lib/aws-lambda-destinations");
const ssm = require("aws-cdk-lib/aws-ssm");
const { account, region, domain, minutes, bucket, lambdaFunction, dashboardUrl } = require("./shared.cjs");

/** Those of the service and its tasks. */
function ecsEvents({ cluster, service }) {
  const stopped = (...stopCode) => ({
    source: ["aws.ecs"],
    detailType: ["ECS Task State Change"],
    detail: {
      clusterArn: [cluster.clusterArn],
      group: [`service:${service.serviceName}`],
      lastStatus: ["STOPPED"],
      stopCode,
    },
  });
  const deployment = (resource, eventName) => ({
    source: ["aws.ecs"],
    detailType: ["ECS Deployment State Change"],
    resources: resource,
    detail: { eventName: [eventName] },
  });
  return [
    [
      "deployment-failed",
      "ECS gave a release up and went back to the one before; visitors were served all the time",
      deployment([service.serviceArn], "SERVICE_DEPLOYMENT_FAILED"),
    ],
    [
      "rolled-out",
      "A release is rolled out to the service",
      deployment(
        events.Match.suffix(`:service/${cluster.clusterName}/${service.serviceName}`),
        "SERVICE_DEPLOYMENT_COMPLETED",
      ),
    ],
    [
      "task-stopped",
      "A task stopped by itself and is replaced; `stoppedReason` and the container's exit code say why",
      stopped("EssentialContainerExited", "TaskFailedToStart"),
    ],
    [
      "spot-interruption",
      "AWS takes a Spot task back; it drains within two minutes and a successor starts",
      stopped("SpotInterruption", "TerminationNotice"),
    ],
  ];
}

/** Events that people hear of: id of the rule, description and pattern. */
function eventsOf(name, { data, front, web }) {
  return [
    [
      "health",
      "AWS Health: faults and planned work of the services that the site uses",
      {
        source: ["aws.health"],
        detailType: ["AWS Health Event"],
        detail: {
          service: ["EC2", "EBS", "ECS", "RDS", "ELASTICLOADBALANCING", "AUTOSCALING", "ROUTE53", "ACM", "VPC", "SSM"],
          eventTypeCategory: ["issue", "scheduledChange"],
        },
      },
    ],
    [
      "traffic",
      "Traffic was moved",
      {
        source: ["aws.ssm"],
        detailType: ["Parameter Store Change"],
        detail: { name: [`/iamvet/${name}/traffic-state`], operation: ["Create", "Update"] },
      },
    ],
    [
      "certificate",
      "The certificate expires and is not renewed",
      {
        source: ["aws.acm"],
        detailType: ["Approaching Expiration", "Expired", "Renewal Action Required"].map(
          (what) => `ACM Certificate ${what}`,
        ),
        resources: [front.certificate.certificateArn],
      },
    ],
    [
      "database",
      "Failover, restart, low storage and maintenance of the database",
      {
        source: ["aws.rds"],
        detailType: ["RDS DB Instance Event"],
        detail: { SourceIdentifier: [data.database.instanceIdentifier] },
      },
    ],
    ...ecsEvents(web),
  ];
}

/** Turns events of AWS services into messages, and keeps them in its log, the journal. */
function notifier(stack, name, { warning }, { data, front, web }) {
  const notify = lambdaFunction(stack, "notifier", {
    description: "Turns events of AWS services into short messages",
    memorySize: 256,
    timeout: Duration.seconds(30),
    environment: { WARNING_TOPIC: warning.topicArn, SITE: domain, LANGUAGE: "ko" },
  });
  warning.grantPublish(notify);
  const rows = eventsOf(name, { data, front, web });
  // One permission for all rules, as in our plan; `LambdaFunction` of aws-events-targets would make one a rule.
  const target = { bind: () => ({ arn: notify.functionArn }) };
  for (const [id, description, eventPattern] of rows)
    new events.Rule(stack, `notifier-${id}`, {
      ruleName: `${name}-notifier-${id}`,
      description,
      eventPattern,
      targets: [target],
    });
  notify.addPermission("events", {
    principal: new iam.ServicePrincipal("events.amazonaws.com"),
    sourceAccount: account,
    sourceArn: stack.formatArn({ service: "events", resource: "rule", resourceName: `${name}-notifier-*` }),
  });
  return notify.logGroup;
}

/** What the reporter asks of AWS: actions, resources and conditions. */
function asked(stack, { data, front, web, network, journal }) {
  const { cluster, service, logGroup } = web;
  const arn = (service, resource, resourceName, arnFormat) =>
    stack.formatArn({ service, resource, resourceName, arnFormat });
  return [
    [
      ["cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmHistory"],
      [arn("cloudwatch", "alarm", "*", ArnFormat.COLON_RESOURCE_NAME)],
    ],
    [
      [
        "cloudwatch:GetMetricData",
        "cloudtrail:LookupEvents",
        "logs:GetQueryResults",
        "logs:StopQuery",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:DescribeTargetGroups",
        "rds:DescribeEvents",
      ],
      ["*"],
    ],
    [["ecs:DescribeServices"], [service.serviceArn]],
    [["ecs:ListTasks"], ["*"], { ArnEquals: { "ecs:cluster": cluster.clusterArn } }],
    [["ecs:DescribeTasks"], [arn("ecs", "task", `${cluster.clusterName}/*`)]],
    [
      ["logs:FilterLogEvents", "logs:StartQuery"],
      [logGroup.logGroupArn, journal.logGroupArn],
    ],
    [["rds:DescribeDBInstances"], [data.database.instanceArn]],
    [["acm:DescribeCertificate"], [front.certificate.certificateArn]],
    [["route53:GetHostedZone", "route53:ListResourceRecordSets"], [network.zone.hostedZoneArn]],
  ];
}

/** Looks for the cause when the site goes down, and reports it. */
function incidentReporter(stack, name, topics, { data, front, web, network, journal, alarms, composites }) {
  const { page, warning } = topics;
  const { cluster, service, targets, logGroup } = web;
  const reports = bucket(stack, "incident-reports", { prefix: "reports/", expiration: Duration.days(365) });
  const parameterName = `/iamvet/${name}/incident`;
  const triggers = composites.map((alarm) => alarm.alarmName);
  const config = new ssm.StringParameter(stack, "incident-config", {
    parameterName,
    description: "Where incident reports and `platform why` look",
    tier: ssm.ParameterTier.INTELLIGENT_TIERING,
    stringValue: stack.toJsonString({
      about: { site: domain, stack: name, region, dashboard: dashboardUrl(name) },
      language: "ko",
      triggers,
      sources: [
        { kind: "alarms", names: [...triggers, ...Object.values(alarms).map((alarm) => alarm.alarmName)] },
        { kind: "changes" },
        { kind: "events", logGroup: journal.logGroupName },
        { kind: "ecs", cluster: cluster.clusterName, service: service.serviceName },
        { kind: "target-health", targetGroupArn: targets.targetGroupArn },
        { kind: "logs", logGroup: logGroup.logGroupName },
        { kind: "database", identifier: data.database.instanceIdentifier },
        { kind: "certificate", host: domain, arn: front.certificate.certificateArn },
        { kind: "dns", zoneId: network.zone.hostedZoneId, name: domain },
      ],
    }),
  });
  const reporter = lambdaFunction(stack, "incident", {
    description: "Looks for the cause of an outage and reports it",
    memorySize: 1024,
    timeout: minutes(4),
    environment: {
      BUCKET: reports.bucketName,
      CONFIG_PARAMETER: parameterName,
      PAGE_TOPIC: page.topicArn,
      WARNING_TOPIC: warning.topicArn,
    },
    retryAttempts: 2,
    maxEventAge: minutes(60),
    onFailure: new destinations.SnsDestination(page),
  });
  reports.grantReadWrite(reporter);
  config.grantRead(reporter);
  warning.grantPublish(reporter);
  for (const [actions, resources, conditions] of asked(stack, { data, front, web, network, journal }))
    reporter.addToRolePolicy(new iam.PolicyStatement({ actions, resources, conditions }));
  new events.Rule(stack, "on-alarm", {
    description: "Starts the incident report when the site goes down, and its follow-up when it is back",
    eventPattern: {
      source: ["aws.cloudwatch"],
      detailType: ["CloudWatch Alarm State Change"],
      resources: composites.map((alarm) => alarm.alarmArn),
      detail: { state: { value: ["ALARM", "OK"] } },
    },
    targets: [new eventTargets.LambdaFunction(reporter)],
  });
}

module.exports = { notifier, incidentReporter };
