import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type {
  Collector,
  MigrationTask,
  Probe,
  Rollout,
  Signal,
  TierEvent,
  TierTarget,
  WebTier,
  Widget,
} from "../../core/web-tier";
import { beside } from "../aws/beside";
import { type Grant, logGrants, pullGrants, secretGrants, serviceRole } from "../aws/iam";
import { identity, secretArns } from "../foundation/app-environment";
import { alarmTable } from "../monitoring/alarm-table";
import { afterMigration, type BalancedTierArgs, balancedAlarms, balancedWidgets, egress } from "./balanced-tier";

export interface FargateServiceArgs extends BalancedTierArgs {
  /** CPU architecture of the image. ARM64 costs a fifth less. */
  readonly cpuArchitecture: "ARM64" | "X86_64";
  /** CPU units, 1024 are one vCPU. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
  /** Percent. */
  readonly memoryTarget: number;
  /** Percent of the tasks above `min` on Fargate Spot (about 70 % cheaper, two minutes' notice). @default 0 */
  readonly spotPercent: number;
  /** Scheduled sizes, for example fewer tasks at night. @default none */
  readonly schedules?: readonly ScheduledSize[];
  /** `enabled` and `enhanced` are charged as custom metrics, some 10 USD a month for a small service. */
  readonly containerInsights: "disabled" | "enabled" | "enhanced";
  /**
   * A shell in a task by ECS Exec; every session is logged to a group of its own. Its agent needs a writable root and the task's role
   * further rights, hence off by default.
   */
  readonly exec: boolean;
}

/** A size that holds from a point of a schedule on. */
export interface ScheduledSize {
  /** `cron(...)`, `rate(...)` or `at(...)` of Application Auto Scaling. */
  readonly schedule: string;
  /** IANA time zone. @default "UTC" */
  readonly timezone?: string;
  readonly min: number;
  readonly max: number;
}

/** Seconds a task has to finish its requests after SIGTERM; longer than the deregistration delay, which ends first. */
const STOP_SECONDS = 60;
/**
 * Seconds until the load balancer's verdict counts. The app's own start is measured by `npm run drill -- balanced` (seconds); the image
 * pull, and the start on half a vCPU, are an estimate with room: the circuit breaker counts a task that never gets well anyway.
 */
const GRACE_SECONDS = 90;
const CONTAINER = "app";

/**
 * Option 3: ECS on Fargate behind the load balancer; a task that fails is replaced, and a bad release rolls back by itself.
 *
 * Releases roll: new tasks first, old ones drained after them, back by circuit breaker or alarm. ECS' own blue/green, linear and
 * canary strategies are left out on purpose. They want the listener rule that serves visitors when the service is created and move
 * its weights themselves; here that rule may come into being only after the gate that asks this service, and has one owner: with
 * two, the next update would send everybody back to the target group that ECS has just emptied. They would also end scaling on
 * requests, which ECS does not support with them (developer guide: ALBRequestCountPerTarget). What they are for, the site has one
 * level above: `traffic.canary` and `platform migrate` give a second tier a share of visitors, watch the alarms, and go back.
 *
 * Not `awsx.ecs.FargateService` (3.9.0): it has no autoscaling (pulumi/pulumi-awsx#689, open since 2021), and its child cannot be told to leave
 * `desiredCount` to ours. The security group that it makes by default admits every port.
 */
export class FargateService extends pulumi.ComponentResource implements WebTier {
  readonly tier = "fargate";
  readonly target: TierTarget;
  readonly probe: pulumi.Output<Probe>;
  readonly rollout: pulumi.Output<Rollout>;
  readonly targetGroupArn: pulumi.Output<string>;
  readonly outputs: Readonly<Record<string, pulumi.Output<string>>>;
  readonly signals: readonly Signal[];
  readonly events: readonly TierEvent[];
  readonly logGroups: readonly pulumi.Output<string>[];
  readonly widgets: readonly Widget[];
  readonly collectors: readonly Collector[];
  readonly migration?: pulumi.Output<MigrationTask>;

  constructor(name: string, args: FargateServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:FargateService", name, {}, opts);
    const child = { parent: this };
    const { region } = aws.getRegionOutput({}, child);

    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays }, child);
    const group = new aws.ec2.SecurityGroup(
      `${name}-security-group`,
      { vpcId: args.vpcId, description: "Fargate tasks: in from the load balancer only" },
      child,
    );
    egress(name, group.id, args.database.securityGroupId, child);
    args.database.admit(`${name}-to-database`, group.id, child);

    const execution = serviceRole(
      `${name}-execution`,
      "ecs-tasks.amazonaws.com",
      [...pullGrants(args.repositoryArns), ...secretGrants(secretArns(args.environment)), ...logGrants([logs.arn])],
      child,
    );
    const sessions = args.exec
      ? new aws.cloudwatch.LogGroup(`${name}-exec-sessions`, { retentionInDays: args.logRetentionDays }, child)
      : undefined;
    const task = serviceRole(
      `${name}-task`,
      "ecs-tasks.amazonaws.com",
      sessions ? execGrants(sessions.arn) : [],
      child,
    );

    const cluster = new aws.ecs.Cluster(
      `${name}-cluster`,
      {
        settings: [{ name: "containerInsights", value: args.containerInsights }],
        ...(sessions
          ? {
              configuration: {
                executeCommandConfiguration: {
                  logging: "OVERRIDE",
                  logConfiguration: { cloudWatchLogGroupName: sessions.name },
                },
              },
            }
          : {}),
      },
      child,
    );
    new aws.ecs.ClusterCapacityProviders(
      `${name}-capacity`,
      { clusterName: cluster.name, capacityProviders: ["FARGATE", "FARGATE_SPOT"] },
      child,
    );

    const environment = { ...args.environment.plain, ...identity(this.tier, args.version), PORT: String(args.port) };
    const program = {
      name: CONTAINER,
      image: args.image,
      essential: true,
      environment: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
      secrets: Object.entries(args.environment.secrets).map(([key, secret]) => ({
        name: key,
        // Key, no stage, version (ECS developer guide, "Pass Secrets Manager secrets through environment variables").
        valueFrom: pulumi.interpolate`${secret.arn}:${secret.key}::${secret.versionId ?? ""}`,
      })),
      linuxParameters: { initProcessEnabled: true, tmpfs: SCRATCH },
      logConfiguration: {
        logDriver: "awslogs",
        options: { "awslogs-group": logs.name, "awslogs-region": region, "awslogs-stream-prefix": CONTAINER },
      },
    };
    const server = {
      ...program,
      portMappings: [{ containerPort: args.port, protocol: "tcp" }],
      readonlyRootFilesystem: !args.exec,
      stopTimeout: STOP_SECONDS,
      healthCheck: {
        command: ["CMD", "node", "-e", healthCheck(`:${args.port}/api/health`)],
        interval: 10,
        timeout: 5,
        retries: 3,
        startPeriod: 30,
      },
    };
    const define = (suffix: string, role: string, container: object, opts: pulumi.CustomResourceOptions) =>
      new aws.ecs.TaskDefinition(
        `${name}-${suffix}`,
        {
          family: pulumi.interpolate`${cluster.name}-${role}`,
          requiresCompatibilities: ["FARGATE"],
          networkMode: "awsvpc",
          cpu: String(args.cpu),
          memory: String(args.memory),
          runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: args.cpuArchitecture },
          executionRoleArn: execution.arn,
          taskRoleArn: task.arn,
          containerDefinitions: pulumi.jsonStringify([container]),
        },
        opts,
      );
    // A rollback of a deployment needs the revision before.
    const definition = define("definition", "app", server, { ...child, retainOnDelete: true });
    const migrating =
      args.beforeRollout &&
      define("migrate", "migrate", { ...program, ...MIGRATE, readonlyRootFilesystem: true }, child);
    this.migration =
      migrating &&
      pulumi.all([cluster.arn, migrating.arn, args.subnetIds, group.id, logs.name]).apply(
        ([clusterArn, taskDefinition, subnets, securityGroup, logGroup]): MigrationTask => ({
          kind: "ecs",
          tier: this.tier,
          cluster: clusterArn,
          taskDefinition,
          subnets,
          securityGroup,
          container: CONTAINER,
          logGroup,
        }),
      );

    const { group: targets, rule } = args.loadBalancer.attach(
      this.tier,
      {
        name,
        targetType: "ip",
        port: args.port,
        healthPath: args.healthPath,
        probeToken: args.probeToken,
        securityGroupId: group.id,
      },
      this,
    );
    const ofTargets = { LoadBalancer: args.loadBalancer.arnSuffix, TargetGroup: targets.arnSuffix };
    const { errors, signals } = balancedAlarms(name, ofTargets, args, child);

    const service = new aws.ecs.Service(
      `${name}-service`,
      {
        cluster: cluster.arn,
        taskDefinition: afterMigration(definition.arn, this.migration, args.beforeRollout),
        desiredCount: args.min,
        capacityProviderStrategies: capacity(args),
        networkConfiguration: { subnets: args.subnetIds, securityGroups: [group.id], assignPublicIp: true },
        loadBalancers: [{ targetGroupArn: targets.arn, containerName: CONTAINER, containerPort: args.port }],
        healthCheckGracePeriodSeconds: GRACE_SECONDS,
        // A changed capacity strategy (`min` is its base) then starts a deployment; without it the service would be replaced.
        forceNewDeployment: true,
        // Never fewer tasks than asked while a release rolls out. Application Auto Scaling scales in no service that deploys.
        deploymentMinimumHealthyPercent: 100,
        deploymentMaximumPercent: 200,
        deploymentCircuitBreaker: { enable: true, rollback: true },
        alarms: { alarmNames: [errors.name], enable: true, rollback: true },
        availabilityZoneRebalancing: "ENABLED",
        enableExecuteCommand: args.exec,
        enableEcsManagedTags: true,
        propagateTags: "SERVICE",
        waitForSteadyState: true,
      },
      // The autoscaler owns the count. ECS refuses a target group that no rule leads to. A service that is given another one takes its
      // tasks out of the first, to which visitors are led until the gate: so another group or port is another service.
      { ...child, ignoreChanges: ["desiredCount"], dependsOn: [rule], ...beside("loadBalancers") },
    );
    this.autoscale(name, args, cluster, service, targets);

    const ofService = { ClusterName: cluster.name, ServiceName: service.name };
    this.target = { kind: "alias", dnsName: args.loadBalancer.dnsName, zoneId: args.loadBalancer.zoneId };
    this.probe = args.loadBalancer.probe(this.tier, args);
    this.rollout = pulumi.all([cluster.arn, service.name, definition.arn]).apply(
      ([clusterArn, serviceName, taskDefinition]): Rollout => ({
        kind: "ecs",
        cluster: clusterArn,
        service: serviceName,
        taskDefinition,
      }),
    );
    // Known when somebody serves in it.
    this.targetGroupArn = pulumi.all([targets.arn, service.id]).apply(([arn]) => arn);
    this.signals = [...signals, ...this.alarms(name, args, ofService)];
    this.events = events(cluster.arn, service);
    this.logGroups = [logs.name];
    this.widgets = [
      ...balancedWidgets(ofTargets),
      {
        title: "CPU and memory of the tasks",
        section: "capacity",
        label: "percent",
        metrics: pulumi
          .all([cluster.name, service.name])
          .apply(([c, s]) =>
            ["CPUUtilization", "MemoryUtilization"].map((metric) => [
              "AWS/ECS",
              metric,
              "ClusterName",
              c,
              "ServiceName",
              s,
            ]),
          ),
      },
    ];
    this.collectors = [
      { kind: "ecs", cluster: cluster.name, service: service.name },
      { kind: "target-health", targetGroupArn: targets.arn },
      { kind: "logs", logGroup: logs.name },
    ];
    this.outputs = { cluster: cluster.name, service: service.name };
    this.registerOutputs({ cluster: cluster.name, service: service.name });
  }

  private alarms(
    name: string,
    args: FargateServiceArgs,
    dimensions: Readonly<Record<string, pulumi.Output<string>>>,
  ): Signal[] {
    const metric = {
      namespace: "AWS/ECS",
      dimensions,
      severity: "warning",
      subject: "capacity",
      comparisonOperator: "GreaterThanThreshold",
      treatMissingData: "notBreaching",
    } as const;
    const made = alarmTable(
      name,
      {
        memory: {
          ...metric,
          level: "basic",
          meaning: "Tasks have used over 90 % of their memory for five minutes; at 100 % they are killed",
          causes: ["a memory leak since the last release", "fargate.memory is too small"],
          metricName: "MemoryUtilization",
          evaluationPeriods: 5,
          threshold: 90,
        },
        cpu: {
          ...metric,
          level: "standard",
          meaning: "Tasks have used over 85 % of their CPU for ten minutes although the service may scale",
          causes: ["the service is at fargate.max", "a loop in the app", "more traffic than planned"],
          metricName: "CPUUtilization",
          statistic: "Average",
          evaluationPeriods: 10,
          threshold: 85,
        },
      },
      { level: args.alarmLevel, actions: args.alarmActions },
      { parent: this },
    );
    return Object.values(made);
  }

  private autoscale(
    name: string,
    args: FargateServiceArgs,
    cluster: aws.ecs.Cluster,
    service: aws.ecs.Service,
    targets: aws.lb.TargetGroup,
  ) {
    const child = { parent: this, ...beside() };
    const scalable = new aws.appautoscaling.Target(
      `${name}-scaling`,
      {
        serviceNamespace: "ecs",
        scalableDimension: "ecs:service:DesiredCount",
        resourceId: pulumi.interpolate`service/${cluster.name}/${service.name}`,
        minCapacity: args.min,
        maxCapacity: args.max,
      },
      // Not ignored although a schedule moves them: a changed `min` must arrive. `up --refresh` puts back what the schedule moved,
      // until the schedule's next point.
      child,
    );
    const of = {
      serviceNamespace: scalable.serviceNamespace,
      scalableDimension: scalable.scalableDimension,
      resourceId: scalable.resourceId,
    };
    const goals = [
      { on: "cpu", metric: "ECSServiceAverageCPUUtilization", target: args.cpuTarget },
      { on: "memory", metric: "ECSServiceAverageMemoryUtilization", target: args.memoryTarget },
      {
        on: "requests",
        metric: "ALBRequestCountPerTarget",
        target: args.requestsPerTarget,
        label: pulumi.interpolate`${args.loadBalancer.arnSuffix}/${targets.arnSuffix}`,
      },
    ];
    for (const { on, metric, target, label } of goals) {
      new aws.appautoscaling.Policy(
        `${name}-scale-on-${on}`,
        {
          ...of,
          policyType: "TargetTrackingScaling",
          targetTrackingScalingPolicyConfiguration: {
            targetValue: target,
            predefinedMetricSpecification: { predefinedMetricType: metric, ...(label ? { resourceLabel: label } : {}) },
            // Out fast, in slowly: a visitor waits for capacity, nobody waits for savings.
            scaleOutCooldown: 60,
            scaleInCooldown: 300,
          },
        },
        child,
      );
    }
    for (const [index, { schedule, timezone = "UTC", min, max }] of (args.schedules ?? []).entries()) {
      new aws.appautoscaling.ScheduledAction(
        `${name}-schedule-${index + 1}`,
        { ...of, schedule, timezone, scalableTargetAction: { minCapacity: min, maxCapacity: max } },
        child,
      );
    }
  }
}

/** What ECS Exec takes: its channels, which have no ARN, and the log of its sessions. */
const execGrants = (sessionLog: pulumi.Input<string>): Grant[] => [
  {
    actions: ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"].map(
      (action) => `ssmmessages:${action}`,
    ),
    resources: ["*"],
  },
  { actions: ["logs:DescribeLogGroups"], resources: ["*"] },
  ...logGrants([sessionLog]),
];

/** What ECS tells once: a deployment that it gave up, and tasks that stopped although nobody scaled or deployed. */
function events(cluster: pulumi.Output<string>, service: aws.ecs.Service): TierEvent[] {
  const ofTask = { source: ["aws.ecs"], "detail-type": ["ECS Task State Change"] };
  const stopped = (stopCode: readonly unknown[]) =>
    pulumi.jsonStringify({
      ...ofTask,
      detail: {
        clusterArn: [cluster],
        group: [pulumi.interpolate`service:${service.name}`],
        lastStatus: ["STOPPED"],
        stopCode,
      },
    });
  return [
    {
      name: "deployment-failed",
      severity: "page",
      subject: "deploy",
      meaning: "ECS gave a release up and went back to the one before; visitors were served all the time",
      pattern: pulumi.jsonStringify({
        source: ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change"],
        resources: [service.arn],
        detail: { eventName: ["SERVICE_DEPLOYMENT_FAILED"] },
      }),
    },
    {
      name: "task-stopped",
      severity: "warning",
      subject: "process",
      meaning: "A task stopped by itself and is replaced; `stoppedReason` and the container's exit code say why",
      pattern: stopped(["EssentialContainerExited", "TaskFailedToStart"]),
    },
    {
      name: "spot-interruption",
      severity: "warning",
      subject: "capacity",
      meaning: "AWS takes a Spot task back; it drains within two minutes and a successor starts",
      pattern: stopped(["SpotInterruption", "TerminationNotice"]),
    },
  ];
}

/** The image's Prisma CLI with its schema engine (app/Dockerfile). */
const MIGRATE = {
  workingDirectory: "/migrate",
  command: ["node", "node_modules/prisma/build/index.js", "migrate", "deploy"],
};

/**
 * Writable places of a container whose root is read-only, for whatever user the image has: in memory, at most so many MiB of the
 * task's. A volume would be root's, mode 0755, unless the image declares it with another owner (ECS developer guide, "Use bind
 * mounts with Amazon ECS"); a tmpfs has its mode from here (on Fargate since January 2026). boot-container.sh has the same.
 */
const SCRATCH = ["/tmp", "/app/.next/cache"].map((containerPath) => ({
  containerPath,
  size: 64,
  mountOptions: ["mode=1777"],
}));

/**
 * A program that ends with 0 when the app answers on any of the container's addresses. Fargate sets `HOSTNAME` to the task's own name,
 * over the image's, and a Next.js server then listens on that address alone (vercel/next.js issue 58657); loopback is one of them.
 */
const healthCheck = (rest: string) =>
  [
    "const ask = async ({ address, family }) => {",
    `const host = family === "IPv6" ? "[" + address + "]" : address;`,
    `if (!(await fetch("http://" + host + "${rest}")).ok) throw host; };`,
    `Promise.any(Object.values(require("os").networkInterfaces()).flat().map(ask))`,
    ".then(() => process.exit(0), () => process.exit(1))",
  ].join(" ");

/** On-demand tasks up to `min`; above it Spot has its share. */
function capacity({ min, spotPercent }: FargateServiceArgs) {
  const onDemand = { capacityProvider: "FARGATE", base: min, weight: 100 - spotPercent };
  return spotPercent > 0 ? [onDemand, { capacityProvider: "FARGATE_SPOT", weight: spotPercent }] : [onDemand];
}
