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
import {
  afterMigration,
  type BalancedTierArgs,
  balancedAlarms,
  balancedWidgets,
  behindBalancer,
  targetsGroup,
} from "./balanced-tier";
import { autoscale, capacity } from "./fargate-scaling";
import { taskAlarms, taskEvents, taskWidget } from "./fargate-signals";
import { CONTAINER, fargateTasks } from "./fargate-tasks";

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

/**
 * Seconds until the load balancer's verdict counts. The app's own start is measured by `npm run drill -- balanced` (seconds); the image
 * pull, and the start on half a vCPU, are an estimate with room: the circuit breaker counts a task that never gets well anyway.
 */
const GRACE_SECONDS = 90;

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
 * Not `awsx.ecs.FargateService` (3.9.0): it has no autoscaling (pulumi/pulumi-awsx#689, open since 2021), and its child cannot be told
 * to leave `desiredCount` to ours. The security group that it makes by default admits every port.
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
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays }, child);
    const group = targetsGroup(name, "Fargate tasks: in from the load balancer only", args, child);
    const tasks = fargateTasks(name, { ...args, tier: this.tier, logs, group }, this);
    const { cluster, definition } = tasks;
    this.migration = tasks.migration;

    const { group: targets, rule } = args.loadBalancer.attach(
      this.tier,
      { ...args, name, targetType: "ip", securityGroupId: group.id },
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
    autoscale(name, args, cluster, service, targets, this);

    const running = { cluster, service };
    const { target, probe, targetGroupArn } = behindBalancer(this.tier, args, targets, service);
    this.target = target;
    this.probe = probe;
    this.targetGroupArn = targetGroupArn;
    this.rollout = pulumi.all([cluster.arn, service.name, definition.arn]).apply(
      ([clusterArn, serviceName, taskDefinition]): Rollout => ({
        kind: "ecs",
        cluster: clusterArn,
        service: serviceName,
        taskDefinition,
      }),
    );
    this.signals = [...signals, ...taskAlarms(name, args, running, this)];
    this.events = taskEvents(running);
    this.logGroups = [logs.name];
    this.widgets = [...balancedWidgets(ofTargets), taskWidget(running)];
    this.collectors = [
      { kind: "ecs", cluster: cluster.name, service: service.name },
      { kind: "target-health", targetGroupArn: targets.arn },
      { kind: "logs", logGroup: logs.name },
    ];
    this.outputs = { cluster: cluster.name, service: service.name };
    this.registerOutputs({ cluster: cluster.name, service: service.name });
  }
}
