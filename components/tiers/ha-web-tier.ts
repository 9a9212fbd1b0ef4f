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
import { type BalancedTierArgs, balancedAlarms, balancedWidgets, behindBalancer, targetsGroup } from "./balanced-tier";
import { instanceTemplate } from "./ha-instances";
import { scalingGroup, WARMUP_SECONDS } from "./ha-scaling-group";
import { instanceAlarms, instanceEvents, instanceWidget } from "./ha-signals";

export interface HaWebTierArgs extends BalancedTierArgs {
  readonly domain: string;
  /** EC2 instance type; its CPU architecture must be the image's. */
  readonly instanceType: string;
  /** Instances at the first start; afterwards the autoscaler decides and `up` never sets it back. */
  readonly desired: number;
  /** Root volume in GiB. */
  readonly volumeGb: number;
  /** AMI of the instances, Amazon Linux 2023 for the instance type's CPU. @default the newest one when `up` runs */
  readonly ami?: string;
}

/** Option 2: EC2 instances in an Auto Scaling group behind the load balancer; one that fails is replaced. */
export class HaWebTier extends pulumi.ComponentResource implements WebTier {
  readonly tier = "ha-web-tier";
  readonly target: TierTarget;
  readonly probe: pulumi.Output<Probe>;
  readonly rollout: pulumi.Output<Rollout>;
  readonly migration?: pulumi.Output<MigrationTask>;
  readonly targetGroupArn: pulumi.Output<string>;
  readonly outputs: Readonly<Record<string, pulumi.Output<string>>>;
  readonly signals: readonly Signal[];
  readonly events: readonly TierEvent[];
  readonly logGroups: readonly pulumi.Output<string>[];
  readonly widgets: readonly Widget[];
  readonly collectors: readonly Collector[];

  constructor(name: string, args: HaWebTierArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:HaWebTier", name, {}, opts);
    const child = { parent: this };
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays }, child);
    const group = targetsGroup(name, "Web instances: in from the load balancer only, no SSH", args, child);
    const { group: targets, rule } = args.loadBalancer.attach(
      this.tier,
      { ...args, name, targetType: "instance", securityGroupId: group.id },
      this,
    );
    const { template, migration } = instanceTemplate(name, { ...args, tier: this.tier, logs, group, targets }, this);
    this.migration = migration;

    const ofTargets = { LoadBalancer: args.loadBalancer.arnSuffix, TargetGroup: targets.arnSuffix };
    const { errors, signals } = balancedAlarms(name, ofTargets, args, child);
    const scaling = scalingGroup(name, { ...args, template, migration, targets, rule }, this);

    const { target, probe, targetGroupArn } = behindBalancer(this.tier, args, targets, scaling);
    this.target = target;
    this.probe = probe;
    this.targetGroupArn = targetGroupArn;
    this.rollout = pulumi.all([scaling.name, template.id, template.latestVersion, errors.name]).apply(
      ([groupName, launchTemplate, version, alarm]): Rollout => ({
        kind: "autoscaling",
        group: groupName,
        launchTemplate,
        version: String(version),
        warmupSeconds: WARMUP_SECONDS,
        alarms: [alarm],
      }),
    );
    this.signals = [...signals, ...instanceAlarms(name, args, scaling, this)];
    this.events = instanceEvents(scaling);
    this.logGroups = [logs.name];
    this.widgets = [...balancedWidgets(ofTargets), instanceWidget(scaling)];
    this.collectors = [
      { kind: "autoscaling", group: scaling.name },
      { kind: "target-health", targetGroupArn: targets.arn },
      { kind: "logs", logGroup: logs.name },
    ];
    this.outputs = { autoScalingGroup: scaling.name };
    this.registerOutputs({ group: scaling.name });
  }
}
