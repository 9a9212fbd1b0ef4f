// What serves visitors.
const { Duration } = require("aws-cdk-lib");
const acm = require("aws-cdk-lib/aws-certificatemanager");
const ec2 = require("aws-cdk-lib/aws-ec2");
const ecr = require("aws-cdk-lib/aws-ecr");
const ecs = require("aws-cdk-lib/aws-ecs");
const elb = require("aws-cdk-lib/aws-elasticloadbalancingv2");
const elbTargets = require("aws-cdk-lib/aws-elasticloadbalancingv2-targets");
const iam = require("aws-cdk-lib/aws-iam");
const logs = require("aws-cdk-lib/aws-logs");
const route53 = require("aws-cdk-lib/aws-route53");
const route53Targets = require("aws-cdk-lib/aws-route53-targets");
const s3 = require("aws-cdk-lib/aws-s3");
const secrets = require("aws-cdk-lib/aws-secretsmanager");
const ssm = require("aws-cdk-lib/aws-ssm");
const { domain, port, healthPath, retention, minutes, bucket, lambdaFunction } = require("./shared.cjs");

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

/** What a task runs: the app, and its migrations before. */
function taskDefinitions(stack, name, database) {
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
  return { taskDefinition, logGroup };
}

function fargate(stack, name, { vpc }, { https }, { database }) {
  const { taskDefinition, logGroup } = taskDefinitions(stack, name, database);
  const cluster = new ecs.Cluster(stack, "cluster", { vpc, enableFargateCapacityProviders: true });
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
  routes(https, targets);

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

/** Ways through the listener: to the site's own name, by the secret header, and for everybody. */
function routes(https, targets) {
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
}

module.exports = { loadBalancer, fargate, traffic };
