// The architecture of `platform plan --stack prod --architecture fargate` in AWS CDK, written as a user of CDK would write it, so
// that both tools do the same work; tests/unit/house/bench.test.ts compares the two kind by kind. Plain CommonJS: CDK gets no compiler
// on its way. Our plan bundles its four Lambda functions with esbuild in its own process, and pays for that; here their code is a
// literal, so that CDK is not charged for a bundler.
//
//   node tests/bench/site.cdk.cjs <sites> <output folder> [no-validation]
const { App, ArnFormat, Duration, RemovalPolicy, Stack, Tags, TimeZone } = require("aws-cdk-lib");
const acm = require("aws-cdk-lib/aws-certificatemanager");
const backup = require("aws-cdk-lib/aws-backup");
const budgets = require("aws-cdk-lib/aws-budgets");
const cloudwatch = require("aws-cdk-lib/aws-cloudwatch");
const actions = require("aws-cdk-lib/aws-cloudwatch-actions");
const ec2 = require("aws-cdk-lib/aws-ec2");
const ecr = require("aws-cdk-lib/aws-ecr");
const ecs = require("aws-cdk-lib/aws-ecs");
const elb = require("aws-cdk-lib/aws-elasticloadbalancingv2");
const elbTargets = require("aws-cdk-lib/aws-elasticloadbalancingv2-targets");
const events = require("aws-cdk-lib/aws-events");
const eventTargets = require("aws-cdk-lib/aws-events-targets");
const iam = require("aws-cdk-lib/aws-iam");
const kms = require("aws-cdk-lib/aws-kms");
const lambda = require("aws-cdk-lib/aws-lambda");
const destinations = require("aws-cdk-lib/aws-lambda-destinations");
const logs = require("aws-cdk-lib/aws-logs");
const rds = require("aws-cdk-lib/aws-rds");
const route53 = require("aws-cdk-lib/aws-route53");
const route53Targets = require("aws-cdk-lib/aws-route53-targets");
const s3 = require("aws-cdk-lib/aws-s3");
const secrets = require("aws-cdk-lib/aws-secretsmanager");
const sns = require("aws-cdk-lib/aws-sns");
const subscriptions = require("aws-cdk-lib/aws-sns-subscriptions");
const ssm = require("aws-cdk-lib/aws-ssm");

const account = "123456789012";
const region = "ap-northeast-2";
const copyRegion = "ap-northeast-1";
/** The only region with the metrics of Route 53. */
const route53Region = "us-east-1";
const domain = "iamvet.kr";
const port = 3000;
const healthPath = "/api/health-external";
const retention = logs.RetentionDays.THREE_MONTHS;
const emails = [`ops@${domain}`, `oncall@${domain}`];
const minutes = Duration.minutes;

const comparisons = {
  ">": cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
  ">=": cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  "<": cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
};
const { BREACHING, IGNORE, MISSING, NOT_BREACHING } = cloudwatch.TreatMissingData;

/** One site. CloudFormation's stacks have one region each, so what lies in another one needs a stack there. */
function site(app, name) {
  const home = new Stack(app, name, { env: { account, region } });
  const copies = new Stack(app, `${name}-copies`, { env: { account, region: copyRegion } });
  const outside = new Stack(app, `${name}-outside`, { env: { account, region: route53Region } });
  for (const stack of [home, copies, outside])
    for (const [key, value] of [
      ["Project", "iamvet"],
      ["Stack", name],
      ["ManagedBy", "cdk"],
      ["Team", "web"],
    ])
      Tags.of(stack).add(key, value);

  const network = {
    vpc: ec2.Vpc.fromVpcAttributes(home, "vpc", {
      vpcId: "vpc-0a1b2c3d4e5f60718",
      availabilityZones: [`${region}a`, `${region}b`],
      publicSubnetIds: ["subnet-0a1b2c3d", "subnet-1a2b3c4d"],
      publicSubnetRouteTableIds: ["rtb-0a1b2c3d", "rtb-1a2b3c4d"],
    }),
    zone: route53.HostedZone.fromHostedZoneAttributes(home, "zone", { hostedZoneId: "Z123456", zoneName: domain }),
  };
  const alerts = topics(home);
  const data = databaseOf(home, name, network);
  const backups = backupsOf(home, copies, name, data);
  const front = loadBalancer(home, network);
  const web = fargate(home, name, network, front, data);
  traffic(home, name, network, front);
  outsideEyes(home, outside, name);
  const alarms = alarmsOf(home, name, alerts, { data, backups, front, web });
  const composites = compositeAlarms(home, name, alerts, alarms);
  const journal = notifier(home, name, alerts, { data, front, web });
  incidentReporter(home, name, alerts, { data, front, web, network, journal, alarms, composites });
  observed(home, name, { data, web, journal, alarms, composites });
  budget(home, name, alerts);
}

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

function databaseOf(stack, name, { vpc }) {
  const identifier = `database-${name}`;
  // Made before RDS would make them, as its own ones are kept for ever.
  const logGroups = ["postgresql", "upgrade"].map(
    (log) =>
      new logs.LogGroup(stack, `database-log-${log}`, {
        logGroupName: `/aws/rds/instance/${identifier}/${log}`,
        retention,
      }),
  );
  const securityGroup = new ec2.SecurityGroup(stack, "database-group", {
    vpc,
    allowAllOutbound: false,
    description: "The database; each tier adds its own rule",
  });
  const database = new rds.DatabaseInstance(stack, "database", {
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
    publiclyAccessible: false,
    securityGroups: [securityGroup],
    instanceIdentifier: identifier,
    databaseName: "iamvet",
    credentials: rds.Credentials.fromGeneratedSecret("iamvet"),
    engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of("18", "18") }),
    instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.SMALL),
    parameters: {
      "rds.force_ssl": "1",
      log_min_duration_statement: "1000",
      log_connections: "1",
      log_statement: "ddl",
    },
    caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
    multiAz: true,
    storageEncrypted: true,
    storageType: rds.StorageType.GP3,
    allocatedStorage: 50,
    maxAllocatedStorage: 200,
    backupRetention: Duration.days(14),
    preferredBackupWindow: "17:00-18:00",
    preferredMaintenanceWindow: "sun:18:30-sun:19:30",
    deleteAutomatedBackups: false,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.SNAPSHOT,
    cloudwatchLogsExports: ["postgresql", "upgrade"],
    enablePerformanceInsights: true,
    performanceInsightRetention: rds.PerformanceInsightRetention.DEFAULT,
  });
  database.node.addDependency(...logGroups);
  const failedLogins = logGroups[0].addMetricFilter("failed-logins", {
    metricNamespace: "Site",
    metricName: `${name}-failed-logins`,
    defaultValue: 0,
    filterPattern: logs.FilterPattern.anyTerm("password authentication failed", "no pg_hba.conf entry"),
  });
  return { database, failedLogins };
}

function backupsOf(home, copies, name, { database }) {
  const lockConfiguration = { minRetention: Duration.days(35), maxRetention: Duration.days(365) };
  const backupVaultName = `${name}-copies`;
  new backup.BackupVault(copies, "vault", {
    backupVaultName,
    encryptionKey: new kms.Key(copies, "key", {
      description: "Copies of the database's backups",
      enableKeyRotation: true,
      pendingWindow: Duration.days(30),
    }),
    lockConfiguration,
  });
  // By its name, as a reference into another region takes a custom resource.
  const copyVault = backup.BackupVault.fromBackupVaultArn(
    home,
    "copy-vault",
    copies.formatArn({
      service: "backup",
      resource: "backup-vault",
      resourceName: backupVaultName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  );
  const vault = new backup.BackupVault(home, "vault", { lockConfiguration });
  const rules = [
    ["daily", { hour: "21", minute: "0" }, 35],
    ["weekly", { hour: "21", minute: "0", weekDay: "SUN" }, 90],
    ["monthly", { hour: "21", minute: "0", day: "1" }, 365],
  ];
  const plan = new backup.BackupPlan(home, "backups", {
    backupVault: vault,
    backupPlanRules: rules.map(
      ([ruleName, schedule, days]) =>
        new backup.BackupPlanRule({
          ruleName,
          scheduleExpression: events.Schedule.cron(schedule),
          scheduleExpressionTimezone: TimeZone.ETC_UTC,
          startWindow: Duration.hours(1),
          completionWindow: Duration.hours(8),
          deleteAfter: Duration.days(days),
          copyActions: [
            {
              destinationBackupVault: copyVault,
              deleteAfter: Duration.days(35),
            },
          ],
        }),
    ),
  });
  const role = new iam.Role(home, "backup-role", {
    assumedBy: new iam.ServicePrincipal("backup.amazonaws.com"),
    managedPolicies: ["Backup", "Restores"].map((what) =>
      iam.ManagedPolicy.fromAwsManagedPolicyName(`service-role/AWSBackupServiceRolePolicyFor${what}`),
    ),
  });
  plan.addSelection("selection", {
    resources: [backup.BackupResource.fromRdsDatabaseInstance(database)],
    role,
    disableDefaultBackupPolicy: true,
  });
  const restoreTestingPlanName = `${name.replaceAll("-", "_")}_restore`;
  const restoreTest = new backup.CfnRestoreTestingPlan(home, "restore-test", {
    restoreTestingPlanName,
    scheduleExpression: "cron(0 3 2 * ? *)",
    startWindowHours: 1,
    recoveryPointSelection: {
      algorithm: "LATEST_WITHIN_WINDOW",
      includeVaults: [vault.backupVaultArn],
      recoveryPointTypes: ["SNAPSHOT"],
      selectionWindowDays: 7,
    },
  });
  new backup.CfnRestoreTestingSelection(home, "restore-test-database", {
    restoreTestingPlanName: restoreTest.ref,
    restoreTestingSelectionName: "database",
    protectedResourceType: "RDS",
    protectedResourceArns: [database.instanceArn],
    iamRoleArn: role.roleArn,
    validationWindowHours: 1,
  });
  return { vault };
}

/** A bucket that only this site uses, over TLS, and that cleans itself up. */
const bucket = (stack, id, expire, cors) =>
  new s3.Bucket(stack, id, {
    cors,
    encryption: s3.BucketEncryption.S3_MANAGED,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    lifecycleRules: [
      { id: "expire", ...expire },
      { id: "abort-uploads", abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
  });

function loadBalancer(stack, { vpc, zone }) {
  const certificate = new acm.Certificate(stack, "certificate", {
    domainName: domain,
    subjectAlternativeNames: [`www.${domain}`],
    validation: acm.CertificateValidation.fromDns(zone),
  });
  const securityGroup = new ec2.SecurityGroup(stack, "balancer-group", {
    vpc,
    allowAllOutbound: false,
    description: "HTTP and HTTPS from everywhere",
  });
  const balancer = new elb.ApplicationLoadBalancer(stack, "balancer", {
    vpc,
    securityGroup,
    internetFacing: true,
    deletionProtection: true,
    dropInvalidHeaderFields: true,
  });
  balancer.logAccessLogs(bucket(stack, "access-logs", { expiration: Duration.days(90) }));
  balancer.addRedirect();
  const https = balancer.addListener("https", {
    port: 443,
    certificates: [certificate],
    sslPolicy: elb.SslPolicy.RECOMMENDED_TLS,
    defaultAction: elb.ListenerAction.fixedResponse(503, {
      contentType: "text/plain",
      messageBody: "No tier serves yet",
    }),
  });
  builtFiles(stack, balancer, https);
  return { balancer, https, certificate };
}

/** Answers for the built files of all releases. */
function builtFiles(stack, balancer, https) {
  const files = bucket(stack, "assets", { prefix: "_next/static/", expiration: Duration.days(90) }, [
    { allowedMethods: [s3.HttpMethods.GET], allowedOrigins: [`https://${domain}`], maxAge: 3600 },
  ]);
  const server = lambdaFunction(stack, "asset-server", {
    description: "Answers for the built files of all releases",
    memorySize: 512,
    timeout: Duration.seconds(25),
    environment: {
      BUCKET: files.bucketName,
      ORIGIN: `https://${balancer.loadBalancerDnsName}`,
      SITE: domain,
      PROBE_HEADER: "x-site-probe",
      PROBE_VALUES: "secret",
    },
  });
  files.grantReadWrite(server);
  https.addTargets("assets", {
    priority: 100,
    conditions: [elb.ListenerCondition.pathPatterns(["/_next/static/*"])],
    targets: [new elbTargets.LambdaTarget(server)],
  });
}

function fargate(stack, name, { vpc }, { https }, { database }) {
  const appSecret = new secrets.Secret(stack, "app-secret", {
    description: "Secret environment of the app",
    generateSecretString: { passwordLength: 40 },
  });
  const repository = new ecr.Repository(stack, "images", {
    imageScanOnPush: true,
    imageTagMutability: ecr.TagMutability.IMMUTABLE,
    lifecycleRules: [{ description: "Keep the last 30 images", maxImageCount: 30 }],
  });
  const logGroup = new logs.LogGroup(stack, "logs", { retention });
  const cluster = new ecs.Cluster(stack, "cluster", { vpc, enableFargateCapacityProviders: true });
  const [taskRole, executionRole] = ["task", "execution"].map(
    (id) => new iam.Role(stack, `${id}-role`, { assumedBy: new iam.ServicePrincipal("ecs-tasks.amazonaws.com") }),
  );
  const scratch = [
    ["tmp", "/tmp"],
    ["cache", "/app/.next/cache"],
  ];
  const definition = (id, container) => {
    const task = new ecs.FargateTaskDefinition(stack, id, {
      family: `${name}-${id}`,
      cpu: 512,
      memoryLimitMiB: 1024,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole,
      executionRole,
      volumes: scratch.map(([volume]) => ({ name: volume })),
    });
    const app = task.addContainer("app", {
      image: ecs.ContainerImage.fromEcrRepository(repository, "2026-11-24"),
      logging: ecs.LogDrivers.awsLogs({ streamPrefix: id, logGroup }),
      environment: { LOG_LEVEL: "info", PORT: String(port), NODE_ENV: "production", SITE_TIER: "fargate" },
      secrets: {
        DATABASE_HOST: ecs.Secret.fromSecretsManager(database.secret, "host"),
        DATABASE_PASSWORD: ecs.Secret.fromSecretsManager(database.secret, "password"),
        SESSION_SECRET: ecs.Secret.fromSecretsManager(appSecret),
      },
      readonlyRootFilesystem: true,
      ...container,
    });
    app.addMountPoints(
      ...scratch.map(([sourceVolume, containerPath]) => ({ sourceVolume, containerPath, readOnly: false })),
    );
    return task;
  };
  definition("migrate", { command: ["npm", "run", "migrate"] });
  const taskDefinition = definition("app", {
    portMappings: [{ containerPort: port }],
    healthCheck: { command: ["CMD-SHELL", `wget -qO- localhost:${port}${healthPath}`] },
  });

  const securityGroup = new ec2.SecurityGroup(stack, "fargate-group", {
    vpc,
    allowAllOutbound: false,
    description: "Fargate tasks: in from the load balancer only",
  });
  securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, "AWS APIs and third parties");
  const service = new ecs.FargateService(stack, "service", {
    cluster,
    taskDefinition,
    securityGroups: [securityGroup],
    desiredCount: 2,
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    assignPublicIp: true,
    availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
    circuitBreaker: { enable: true, rollback: true },
    deploymentAlarms: { alarmNames: [`${name}-errors`], behavior: ecs.AlarmBehavior.ROLLBACK_ON_ALARM },
    capacityProviderStrategies: [{ capacityProvider: "FARGATE", weight: 100, base: 2 }],
    healthCheckGracePeriod: Duration.seconds(90),
    enableECSManagedTags: true,
    propagateTags: ecs.PropagatedTagSource.SERVICE,
  });
  database.connections.allowDefaultPortFrom(service, "PostgreSQL from the web tier");

  const targets = new elb.ApplicationTargetGroup(stack, "targets", {
    vpc,
    port,
    protocol: elb.ApplicationProtocol.HTTP,
    targets: [service],
    deregistrationDelay: Duration.seconds(30),
    slowStart: Duration.seconds(30),
    healthCheck: {
      path: healthPath,
      interval: Duration.seconds(10),
      timeout: Duration.seconds(5),
      unhealthyThresholdCount: 3,
      healthyThresholdCount: 2,
    },
  });
  https.addAction("redirect", {
    priority: 10,
    conditions: [elb.ListenerCondition.hostHeaders([`www.${domain}`])],
    action: elb.ListenerAction.redirect({ host: domain, permanent: true }),
  });
  https.addAction("probe", {
    priority: 21,
    conditions: [elb.ListenerCondition.httpHeader("x-site-probe", ["secret"])],
    action: elb.ListenerAction.forward([targets]),
  });
  https.addAction("catch-all", {
    priority: 1000,
    conditions: [elb.ListenerCondition.pathPatterns(["/*"])],
    action: elb.ListenerAction.weightedForward([{ targetGroup: targets, weight: 100 }]),
  });

  const scaling = service.autoScaleTaskCount({ minCapacity: 2, maxCapacity: 4 });
  const cooldowns = { scaleOutCooldown: minutes(1), scaleInCooldown: minutes(5) };
  scaling.scaleOnCpuUtilization("cpu", { targetUtilizationPercent: 60, ...cooldowns });
  scaling.scaleOnMemoryUtilization("memory", { targetUtilizationPercent: 75, ...cooldowns });
  scaling.scaleOnRequestCount("requests", { requestsPerTarget: 2000, targetGroup: targets, ...cooldowns });
  return { cluster, service, targets, logGroup };
}

function traffic(stack, name, { zone }, { balancer }) {
  const target = route53.RecordTarget.fromAlias(new route53Targets.LoadBalancerTarget(balancer));
  for (const [setIdentifier, weight] of [
    ["serving", 100],
    ["canary", 0],
  ])
    new route53.ARecord(stack, setIdentifier, { zone, recordName: domain, setIdentifier, weight, target });
  new route53.ARecord(stack, "www", { zone, recordName: `www.${domain}`, target });
  for (const [id, description] of [
    ["traffic-state", "What the site's traffic was last switched to"],
    ["traffic-intent", "What the site's traffic is about to be switched to"],
    ["migrated", "Release whose database migrations were applied last, and the database"],
  ])
    new ssm.StringParameter(stack, id, { parameterName: `/iamvet/${name}/${id}`, description, stringValue: "{}" });
}

/** A function with its own logs, role and, for later, grants. */
const lambdaFunction = (stack, id, props) =>
  new lambda.Function(stack, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    handler: "index.handler",
    code: lambda.Code.fromInline("exports.handler = async () => {};"),
    logGroup: new logs.LogGroup(stack, `${id}-logs`, { retention }),
    loggingFormat: lambda.LoggingFormat.JSON,
    systemLogLevelV2: lambda.SystemLogLevel.WARN,
    applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
    ...props,
  });

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

function alarmsOf(stack, name, { warning }, { data, backups, front, web }) {
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
  const rows = [
    ["uptime", undefined, reports, "<", 1, 1, IGNORE, "Visitors do not get a healthy answer; outside eyes say so"],
    ["server-errors", undefined, front.balancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, of("Sum")), ">", 5, 3, NOT_BREACHING, "More than 5 requests in a minute got an error (5xx) of the load balancer itself, three minutes in a row"],
    ["errors", undefined, metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, of("Sum")), ">", 5, 3, NOT_BREACHING, "More than 5 answers of the app in a minute were errors (5xx), three minutes in a row"],
    ["healthy-hosts", undefined, metrics.healthyHostCount(of("Maximum")), "<", 1, 2, BREACHING, "No healthy target has been behind the load balancer for two minutes: visitors get 503"],
    ["rejected-connections", warning, front.balancer.metrics.rejectedConnectionCount(of("Sum")), ">", 0, 3, NOT_BREACHING, "The load balancer refused connections, three minutes in a row, because it had reached its most"],
    ["latency", warning, metrics.targetResponseTime(of("p95")), ">", 2, 5, NOT_BREACHING, "One request in twenty has taken over 2 s for five minutes"],
    ["at-maximum", warning, metrics.healthyHostCount(of("Minimum")), ">=", 4, 10, NOT_BREACHING, "The tier has stood at its maximum for ten minutes: the next rise in traffic will be felt"],
    ["memory", warning, web.service.metricMemoryUtilization(of("Maximum")), ">", 90, 5, NOT_BREACHING, "Tasks have used over 90 % of their memory for five minutes; at 100 % they are killed"],
    ["cpu", warning, web.service.metricCpuUtilization(of("Average")), ">", 85, 10, NOT_BREACHING, "Tasks have used over 85 % of their CPU for ten minutes although the service may scale"],
    ["database-storage", undefined, database.metricFreeStorageSpace(of("Minimum", 5)), "<", 4 * 1024 ** 3, 2, MISSING, "Little storage is left; with none the database stops, and takes up to an hour to grow"],
    ["database-connections", undefined, database.metricDatabaseConnections(of("Maximum")), ">", 134, 3, MISSING, "Over 80 % of the connections that the class allows are taken; when all are, the site answers errors"],
    ["database-cpu", warning, database.metricCPUUtilization(of("Average", 5)), ">", 85, 3, MISSING, "The database's CPU has been over 85 % for fifteen minutes"],
    ["database-credits", warning, database.metric("CPUCreditBalance", of("Minimum", 5)), "<", 20, 2, MISSING, "CPU credits are nearly used up: RDS goes on at full speed and charges the surplus"],
    ["database-memory", warning, database.metricFreeableMemory(of("Average", 5)), "<", 107374182, 3, MISSING, "The database has had under 5 % of its memory free for fifteen minutes: it will be slow, or restart"],
    ["database-logins", warning, failedLogins.metric(of("Sum", 5)), ">", 20, 1, NOT_BREACHING, "More than 20 log-ins to the database failed within five minutes"],
    ["database-transactions", warning, idle, ">", 300, 2, NOT_BREACHING, "A transaction has been open and idle for over five minutes: it holds its locks, and keeps vacuum from its work"],
    ["backups-failed", warning, backupJobs("BackupJobsFailed", minutes(60)), ">=", 1, 1, NOT_BREACHING, "A backup of the database failed: the newest one is a day older than it should be"],
    ["backups-copy-failed", warning, backupJobs("CopyJobsFailed", minutes(60)), ">=", 1, 1, NOT_BREACHING, `A copy of a backup to ${copyRegion} failed: the loss of the region would cost more data`],
    ["backups-restore-failed", warning, backupJobs("RestoreJobsFailed", minutes(60)), ">=", 1, 1, NOT_BREACHING, "A backup could not be restored in a test: do not count on it"],
    ["backups-missing", warning, backupJobs("BackupJobsCompleted", Duration.days(1)), "<", 1, 2, BREACHING, "No backup of the database was completed for two days; nobody would notice this but here"],
  ];
  return Object.fromEntries(
    rows.map(([id, topic, metric, comparison, threshold, evaluationPeriods, treatMissingData, what]) => {
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
    }),
  );
}

const dashboardUrl = (name) =>
  `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${name}`;

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

/** Turns events of AWS services into messages, and keeps them in its log, the journal. */
function notifier(stack, name, { warning }, { data, front, web }) {
  const notify = lambdaFunction(stack, "notifier", {
    description: "Turns events of AWS services into short messages",
    memorySize: 256,
    timeout: Duration.seconds(30),
    environment: { WARNING_TOPIC: warning.topicArn, SITE: domain, LANGUAGE: "ko" },
  });
  warning.grantPublish(notify);
  const { cluster, service } = web;
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
  const rows = [
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
  const arn = (service, resource, resourceName, arnFormat) =>
    stack.formatArn({ service, resource, resourceName, arnFormat });
  for (const [actions, resources, conditions] of [
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
  ])
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

/** The dashboard and the queries beside it. */
function observed(stack, name, { data, web, journal, alarms, composites }) {
  const failure = "/(?i)(error|exception|fatal|panic|killed)/";
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

  const changes = journal
    .addMetricFilter("changes", {
      metricNamespace: "Site",
      metricName: `${name}-changes`,
      metricValue: "1",
      filterPattern: logs.FilterPattern.exists("$.mark"),
    })
    .metric({ label: "deployed or moved", statistic: "Sum", color: "#7f7f7f", period: minutes(1) });
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
  // Title, metrics, and whether the changes are drawn over them.
  const graphs = {
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
  for (const [title, row] of Object.entries(graphs)) {
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

const [sites = "1", outdir, validation] = process.argv.slice(2);
const app = new App({ outdir, builtinCloudFormationValidation: validation !== "no-validation" });
for (let i = 0; i < Number(sites); i++) site(app, `site-${i}`);
const kinds = {};
for (const { template } of app.synth().stacks)
  for (const { Type } of Object.values(template.Resources)) kinds[Type] = (kinds[Type] ?? 0) + 1;
const resources = Object.values(kinds).reduce((sum, n) => sum + n, 0);
process.stdout.write(`${JSON.stringify({ resources, kinds })}\n`);
