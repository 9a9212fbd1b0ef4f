// The architecture of option 3 in AWS CDK: the same foundation, load balancer, Fargate service, alarms and DNS as this project
// plans for a stack, so that both tools do the same work. Plain CommonJS: CDK gets no compiler on its way.
const { App, Duration, RemovalPolicy, Stack, Tags } = require("aws-cdk-lib");
const acm = require("aws-cdk-lib/aws-certificatemanager");
const cloudwatch = require("aws-cdk-lib/aws-cloudwatch");
const actions = require("aws-cdk-lib/aws-cloudwatch-actions");
const ec2 = require("aws-cdk-lib/aws-ec2");
const ecr = require("aws-cdk-lib/aws-ecr");
const ecs = require("aws-cdk-lib/aws-ecs");
const elb = require("aws-cdk-lib/aws-elasticloadbalancingv2");
const logs = require("aws-cdk-lib/aws-logs");
const rds = require("aws-cdk-lib/aws-rds");
const route53 = require("aws-cdk-lib/aws-route53");
const targets = require("aws-cdk-lib/aws-route53-targets");
const s3 = require("aws-cdk-lib/aws-s3");
const secrets = require("aws-cdk-lib/aws-secretsmanager");
const sns = require("aws-cdk-lib/aws-sns");
const subscriptions = require("aws-cdk-lib/aws-sns-subscriptions");
const ssm = require("aws-cdk-lib/aws-ssm");

const region = "ap-northeast-2";

function site(app, name) {
  const stack = new Stack(app, name, { env: { account: "123456789012", region } });
  const vpc = ec2.Vpc.fromVpcAttributes(stack, "vpc", {
    vpcId: "vpc-0a1b2c3d4e5f60718",
    availabilityZones: [`${region}a`, `${region}b`],
    publicSubnetIds: ["subnet-0a1b2c3d", "subnet-1a2b3c4d"],
    publicSubnetRouteTableIds: ["rtb-0a1b2c3d", "rtb-1a2b3c4d"],
  });
  const zone = route53.HostedZone.fromHostedZoneAttributes(stack, "zone", {
    hostedZoneId: "Z123456",
    zoneName: "iamvet.kr",
  });

  const topics = ["page", "warning"].map((severity) => {
    const topic = new sns.Topic(stack, `alerts-${severity}`, { enforceSSL: true });
    for (const email of ["ops@iamvet.kr", "oncall@iamvet.kr"])
      topic.addSubscription(new subscriptions.EmailSubscription(email));
    return topic;
  });
  topics[0].addSubscription(new subscriptions.SmsSubscription("+821012345678"));

  const databaseGroup = new ec2.SecurityGroup(stack, "database-group", { vpc });
  const database = new rds.DatabaseInstance(stack, "database", {
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
    securityGroups: [databaseGroup],
    engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of("18", "18") }),
    instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.SMALL),
    parameters: { "rds.force_ssl": "1", log_min_duration_statement: "1000", log_connections: "1" },
    multiAz: true,
    storageEncrypted: true,
    storageType: rds.StorageType.GP3,
    allocatedStorage: 50,
    maxAllocatedStorage: 200,
    backupRetention: Duration.days(14),
    deletionProtection: true,
    removalPolicy: RemovalPolicy.SNAPSHOT,
    cloudwatchLogsExports: ["postgresql", "upgrade"],
    enablePerformanceInsights: true,
  });
  const url = new secrets.Secret(stack, "database-url", {
    generateSecretString: { passwordLength: 40, excludePunctuation: true },
  });
  const appSecret = new secrets.Secret(stack, "app-secret", { generateSecretString: { passwordLength: 40 } });

  const repository = new ecr.Repository(stack, "images", {
    imageScanOnPush: true,
    lifecycleRules: [{ maxImageCount: 30 }],
  });
  const certificate = new acm.Certificate(stack, "certificate", {
    domainName: "iamvet.kr",
    subjectAlternativeNames: ["www.iamvet.kr"],
    validation: acm.CertificateValidation.fromDns(zone),
  });
  const accessLogs = new s3.Bucket(stack, "access-logs", {
    encryption: s3.BucketEncryption.S3_MANAGED,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.days(90) }],
  });

  const balancer = new elb.ApplicationLoadBalancer(stack, "balancer", {
    vpc,
    internetFacing: true,
    deletionProtection: true,
  });
  balancer.logAccessLogs(accessLogs);
  balancer.addRedirect();
  const https = balancer.addListener("https", {
    port: 443,
    certificates: [certificate],
    sslPolicy: elb.SslPolicy.TLS13_RES,
    defaultAction: elb.ListenerAction.fixedResponse(503),
  });

  const cluster = new ecs.Cluster(stack, "cluster", { vpc, enableFargateCapacityProviders: true });
  const task = new ecs.FargateTaskDefinition(stack, "task", {
    cpu: 512,
    memoryLimitMiB: 1024,
    runtimePlatform: { cpuArchitecture: ecs.CpuArchitecture.ARM64 },
  });
  const logGroup = new logs.LogGroup(stack, "logs", { retention: logs.RetentionDays.THREE_MONTHS });
  task.addContainer("app", {
    image: ecs.ContainerImage.fromEcrRepository(repository, "2026.11.24"),
    logging: ecs.LogDrivers.awsLogs({ streamPrefix: "app", logGroup }),
    portMappings: [{ containerPort: 3000 }],
    environment: { LOG_LEVEL: "info", PORT: "3000", NODE_ENV: "production", SITE_TIER: "fargate" },
    secrets: {
      DATABASE_URL: ecs.Secret.fromSecretsManager(url),
      SESSION_SECRET: ecs.Secret.fromSecretsManager(appSecret),
    },
    healthCheck: { command: ["CMD-SHELL", "wget -qO- localhost:3000/api/health-external"] },
  });
  const service = new ecs.FargateService(stack, "service", {
    cluster,
    taskDefinition: task,
    desiredCount: 2,
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    assignPublicIp: true,
    circuitBreaker: { enable: true, rollback: true },
    capacityProviderStrategies: [{ capacityProvider: "FARGATE", weight: 100, base: 2 }],
    healthCheckGracePeriod: Duration.seconds(90),
  });
  database.connections.allowDefaultPortFrom(service);
  const group = new elb.ApplicationTargetGroup(stack, "targets", {
    vpc,
    port: 3000,
    protocol: elb.ApplicationProtocol.HTTP,
    targets: [service],
    deregistrationDelay: Duration.seconds(30),
    slowStart: Duration.seconds(30),
    healthCheck: {
      path: "/api/health-external",
      interval: Duration.seconds(10),
      unhealthyThresholdCount: 3,
      healthyThresholdCount: 2,
    },
  });
  https.addAction("probe", {
    priority: 1,
    conditions: [elb.ListenerCondition.httpHeader("x-probe", ["secret"])],
    action: elb.ListenerAction.forward([group]),
  });
  https.addAction("redirect", {
    priority: 2,
    conditions: [elb.ListenerCondition.hostHeaders(["www.iamvet.kr"])],
    action: elb.ListenerAction.redirect({ host: "iamvet.kr", permanent: true }),
  });
  https.addAction("site", {
    priority: 100,
    conditions: [elb.ListenerCondition.pathPatterns(["/*"])],
    action: elb.ListenerAction.weightedForward([{ targetGroup: group, weight: 100 }]),
  });

  const scaling = service.autoScaleTaskCount({ minCapacity: 2, maxCapacity: 4 });
  scaling.scaleOnCpuUtilization("cpu", { targetUtilizationPercent: 60 });
  scaling.scaleOnMemoryUtilization("memory", { targetUtilizationPercent: 75 });
  scaling.scaleOnRequestCount("requests", { requestsPerTarget: 2000, targetGroup: group });

  const alarm = (id, metric, threshold, evaluationPeriods, topic) =>
    new cloudwatch.Alarm(stack, id, { metric, threshold, evaluationPeriods }).addAlarmAction(
      new actions.SnsAction(topic),
    );
  alarm("errors", group.metrics.httpCodeTarget(elb.HttpCodeTarget.TARGET_5XX_COUNT), 5, 3, topics[0]);
  alarm("healthy-hosts", group.metrics.healthyHostCount(), 1, 2, topics[0]);
  alarm("latency", group.metrics.targetResponseTime(), 2, 5, topics[1]);
  alarm("cpu", service.metricCpuUtilization(), 85, 10, topics[1]);
  alarm("memory", service.metricMemoryUtilization(), 90, 5, topics[1]);

  for (const [id, weight] of [
    ["serving", 100],
    ["canary", 0],
  ]) {
    new route53.ARecord(stack, id, {
      zone,
      recordName: "iamvet.kr",
      setIdentifier: id,
      weight,
      target: route53.RecordTarget.fromAlias(new targets.LoadBalancerTarget(balancer)),
    });
  }
  new route53.ARecord(stack, "www", {
    zone,
    recordName: "www.iamvet.kr",
    target: route53.RecordTarget.fromAlias(new targets.LoadBalancerTarget(balancer)),
  });
  for (const id of ["traffic-state", "traffic-intent"])
    new ssm.StringParameter(stack, id, { parameterName: `/iamvet/${name}/${id}`, stringValue: "{}" });
  Tags.of(stack).add("Project", "iamvet");
  Tags.of(stack).add("Stack", name);
  Tags.of(stack).add("ManagedBy", "cdk");
  return stack;
}

const count = Number(process.argv[2] ?? 1);
const app = new App({ outdir: process.argv[3] });
for (let i = 0; i < count; i++) site(app, `site-${i}`);
const assembly = app.synth();
const resources = assembly.stacks.reduce((sum, stack) => sum + Object.keys(stack.template.Resources).length, 0);
process.stdout.write(`${JSON.stringify({ resources, maxRssKb: process.resourceUsage().maxRSS })}\n`);
