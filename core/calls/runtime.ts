import { type Call, on } from "./call";

const REPORTER = ["incident reporter"] as const;
const INSTANCES = ["server", "group instance"] as const;
const REPORTS = "asks what may be the cause of an outage";
const collector = (name: string) => `functions/incident/collectors/${name}.ts`;
const LOG = [on("logs:log-group", "DescribeLogStreams"), on("logs:log-stream", "", "CreateLogStream PutLogEvents")];

/** Calls of what runs on AWS: functions, runbooks, and the agents and services that act in the name of the stack's roles. */
export const runtimeCalls: readonly Call[] = [
  {
    place: collector("alarms"),
    by: REPORTER,
    why: REPORTS,
    uses: [on("cloudwatch", "DescribeAlarms"), on("cloudwatch:alarm", "DescribeAlarmHistory")],
  },
  {
    place: collector("autoscaling"),
    by: REPORTER,
    why: REPORTS,
    uses: [on("autoscaling", "DescribeAutoScalingGroups DescribeInstanceRefreshes DescribeScalingActivities")],
  },
  {
    place: collector("certificate-collector"),
    by: REPORTER,
    why: REPORTS,
    uses: [on("acm:certificate", "DescribeCertificate")],
  },
  { place: collector("changes"), by: REPORTER, why: REPORTS, uses: [on("cloudtrail", "LookupEvents")] },
  {
    place: collector("database-collector"),
    by: REPORTER,
    why: REPORTS,
    uses: [on("rds:db", "DescribeDBInstances"), on("rds", "DescribeEvents")],
  },
  {
    place: collector("dns"),
    by: REPORTER,
    why: REPORTS,
    uses: [on("route53:hostedzone", "GetHostedZone ListResourceRecordSets")],
  },
  {
    place: collector("ecs"),
    by: REPORTER,
    why: REPORTS,
    uses: [on("ecs:service", "DescribeServices"), on("ecs:task", "DescribeTasks"), on("ecs", "ListTasks")],
  },
  { place: collector("events"), by: REPORTER, why: REPORTS, uses: [on("logs:log-group", "FilterLogEvents")] },
  {
    place: collector("instance"),
    by: REPORTER,
    why: REPORTS,
    uses: [
      on("cloudwatch", "ListMetrics"),
      on("ec2", "DescribeInstances DescribeInstanceStatus"),
      on("ec2:instance", "GetConsoleOutput"),
    ],
  },
  {
    place: collector("logs"),
    by: REPORTER,
    why: REPORTS,
    uses: [on("logs:log-group", "StartQuery"), on("logs", "GetQueryResults StopQuery")],
  },
  {
    place: collector("recovery-runs"),
    by: REPORTER,
    why: REPORTS,
    uses: [
      on("logs:log-group", "FilterLogEvents"),
      on("ssm", "DescribeAutomationExecutions"),
      on("ssm:automation-execution", "GetAutomationExecution"),
    ],
  },
  {
    place: collector("target-health"),
    by: REPORTER,
    why: REPORTS,
    uses: [on("elasticloadbalancing", "DescribeTargetGroups DescribeTargetHealth")],
  },
  {
    place: "functions/incident/collectors/metrics.ts",
    by: REPORTER,
    why: REPORTS,
    uses: [on("cloudwatch", "GetMetricData")],
  },
  {
    place: "functions/incident/index.ts",
    by: REPORTER,
    why: "reads where to look, asks whether the alarm still stands, and tells the topic",
    uses: [on("ssm:parameter", "GetParameter"), on("cloudwatch", "DescribeAlarms"), on("sns:topic", "", "Publish")],
  },
  {
    place: "functions/incident/reporter/report-store.ts",
    by: REPORTER,
    why: "keeps reports; without the list S3 answers that access is denied where a key is missing",
    uses: [on("s3:object", "GetObject", "PutObject DeleteObject")],
  },
  {
    place: "functions/incident/reporter/report-store.ts",
    by: REPORTER,
    agent: "S3",
    why: "answers that a key is missing only to whoever may list; to others it says that access is denied",
    uses: [on("s3:bucket", "ListBucket")],
  },
  {
    place: "functions/notifier/index.ts",
    by: ["notifier"],
    why: "reads the channel's webhook, and tells the topic",
    uses: [on("ssm:parameter", "GetParameter"), on("sns:topic", "", "Publish")],
  },
  {
    place: "functions/assets/store.ts",
    by: ["asset server"],
    why: "answers for the built files of all releases, and keeps what a tier has answered",
    uses: [on("s3:object#assets", "GetObject", "PutObject")],
  },
  {
    place: "functions/uptime-webhook/index.ts",
    by: ["uptime receiver"],
    why: "turns what outside eyes report into a metric",
    uses: [on("cloudwatch", "", "PutMetricData")],
  },
  {
    place: "components/monitoring/uptime.ts",
    by: ["uptime forwarder"],
    agent: "EventBridge",
    why: "carries Route 53's alarm from us-east-1 home",
    uses: [on("events:event-bus", "", "PutEvents")],
  },
  {
    place: "components/aws/lambda-function.ts",
    by: ["incident reporter", "notifier", "asset server", "recovery watcher", "uptime receiver", "log receiver"],
    agent: "Lambda",
    why: "writes a function's log",
    uses: LOG,
  },
  {
    place: "runbooks/boot-common.sh",
    by: INSTANCES,
    why: "reads what to run and its secrets",
    uses: [on("ssm:parameter", "GetParameter"), on("secretsmanager:Secret", "GetSecretValue")],
  },
  {
    place: "runbooks/heal.sh",
    by: ["server"],
    why: "asks whether the recovery is muted, before the server's own timer acts",
    uses: [on("ssm:parameter", "GetParameter")],
  },
  {
    place: "runbooks/boot-container.sh",
    by: ["group instance"],
    why: "pulls the image, and leaves the target group when a termination is announced",
    uses: [
      on("ecr", "GetAuthorizationToken"),
      on("ecr:repository", "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer"),
      on("elasticloadbalancing:targetgroup", "", "DeregisterTargets"),
    ],
  },
  {
    place: "runbooks/boot-instance.sh",
    by: ["server"],
    why: "fetches a release, tells which one serves, and reports the days that the certificate has left",
    uses: [
      on("s3:object#releases", "GetObject"),
      on("ssm:parameter", "GetParameter", "PutParameter"),
      on("cloudwatch", "", "PutMetricData"),
    ],
  },
  {
    place: "runbooks/boot-instance.sh",
    by: ["server"],
    agent: "certbot-dns-route53",
    why: "proves the name for a certificate",
    uses: [
      on("route53", "ListHostedZones"),
      on("route53:change", "GetChange"),
      on("route53:hostedzone", "", "ChangeResourceRecordSets"),
    ],
  },
  {
    place: "runbooks/agent/cloudwatch-agent.json",
    by: ["server"],
    agent: "CloudWatch agent",
    why: "sends metrics and logs, by the config that it is given",
    uses: [on("cloudwatch", "", "PutMetricData"), ...LOG, on("ssm:parameter", "GetParameter")],
  },
  {
    place: "runbooks/agent/cloudwatch-agent.container.json",
    by: ["group instance"],
    agent: "CloudWatch agent, and Docker's log driver",
    why: "sends metrics and logs, by the config that it is given",
    uses: [on("cloudwatch", "", "PutMetricData"), ...LOG, on("ssm:parameter", "GetParameter")],
  },
  {
    place: "components/tiers/fargate-tasks.ts",
    by: ["task execution"],
    agent: "ECS",
    why: "pulls the image, reads the app's secrets, and writes its log",
    uses: [
      on("ecr", "GetAuthorizationToken"),
      on("ecr:repository", "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer"),
      on("secretsmanager:Secret", "GetSecretValue"),
      ...LOG,
    ],
  },
  {
    place: "components/tiers/fargate-tasks.ts",
    by: ["task"],
    agent: "ECS Exec",
    why: "opens a shell in a task, and keeps what was done in it",
    uses: [
      on("ssmmessages", "", "CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel"),
      on("logs", "DescribeLogGroups"),
      ...LOG,
    ],
  },
  {
    place: "components/aws/iam.ts",
    by: INSTANCES,
    agent: "SSM Agent",
    why: "lets the server be managed: commands, associations, shells; no parameter (managedGrants)",
    uses: [
      on(
        "ssm",
        `DescribeAssociation DescribeDocument GetDeployablePatchSnapshotForInstance GetDocument GetManifest ListAssociations
        ListInstanceAssociations`,
        `PutComplianceItems PutConfigurePackageResult PutInventory UpdateAssociationStatus UpdateInstanceAssociationStatus
        UpdateInstanceInformation`,
      ),
      on("ssmmessages", "", "CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel"),
      on("ec2messages", "GetEndpoint GetMessages", "AcknowledgeMessage DeleteMessage FailMessage SendReply"),
    ],
  },
  {
    place: "components/tiers/recovery.ts",
    by: ["server"],
    agent: "SSM Agent",
    why: "writes what a run saw to the run's log group",
    uses: [on("logs", "DescribeLogGroups"), ...LOG],
  },
  {
    place: "functions/watcher/server.ts",
    by: ["recovery watcher"],
    why: "what AWS says of the server, and of what lies between it and its visitors",
    uses: [
      on("ec2", "DescribeAddresses DescribeInstances DescribeInstanceStatus DescribeSecurityGroups"),
      on("rds:db", "DescribeDBInstances"),
      on("ssm", "DescribeInstanceInformation"),
    ],
  },
  {
    place: "functions/watcher/volumes.ts",
    by: ["recovery watcher"],
    why: "whose keys the server's volumes are encrypted by: a customer's may refuse to start it again",
    uses: [on("ec2", "DescribeVolumes"), on("kms:key", "DescribeKey")],
  },
  {
    place: "functions/watcher/start.ts",
    by: ["recovery watcher"],
    why: "starts the recovery",
    uses: [on("ssm:automation-definition ssm:automation-execution ssm:document", "", "StartAutomationExecution")],
  },
  {
    place: "functions/watcher/index.ts",
    by: ["recovery watcher"],
    why: "knows from one look to the next, how the last run ended, and tells what no restart mends",
    uses: [
      on("ssm:parameter", "GetParameter", "PutParameter"),
      on("ssm:automation-execution", "GetAutomationExecution"),
      on("sns:topic", "", "Publish"),
    ],
  },
  {
    place: "components/monitoring/watcher-grants.ts",
    by: ["recovery watcher"],
    agent: "Systems Manager, to which the automation's role is passed, and Lambda, which keeps what failed",
    why: "starts the recovery with a role of its own; a look that failed is told",
    uses: [on("iam:role", "", "PassRole"), on("sqs:queue", "", "SendMessage")],
  },
  {
    place: "runbooks/guard.py",
    by: ["recovery automation"],
    why: "whether a run may act: one at a time, not while muted",
    uses: [
      on("ssm", "DescribeAutomationExecutions"),
      on("ssm:automation-execution", "GetAutomationExecution"),
      on("ssm:parameter", "GetParameter"),
    ],
  },
  {
    place: "runbooks/recover.automation.yaml",
    by: ["recovery automation"],
    why: "the rungs of the ladder, on the server, and the question before each",
    uses: [
      on("lambda:function", "", "InvokeFunction"),
      on("ec2", "DescribeInstances DescribeInstanceStatus"),
      on("ec2:instance", "", "RebootInstances StartInstances StopInstances"),
      on("ssm", "DescribeInstanceInformation ListCommands ListCommandInvocations"),
      on("ssm:document ssm:instance", "", "SendCommand"),
    ],
  },
  {
    place: "runbooks/recover.automation.yaml",
    by: ["recovery automation"],
    agent: "Systems Manager",
    why: "waits for the end of a command",
    uses: [on("ssm", "GetCommandInvocation")],
  },
  {
    place: "runbooks/report.py",
    by: ["recovery automation"],
    why: "tells the topic what a run found, tried and achieved",
    uses: [on("ssm:automation-execution", "GetAutomationExecution"), on("sns:topic", "", "Publish")],
  },
];
