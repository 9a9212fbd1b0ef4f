import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { MigrationTask } from "../../core/web-tier";
import { beside } from "../aws/beside";
import { afterMigration } from "./balanced-tier";
import type { HaWebTierArgs } from "./ha-web-tier";

/**
 * Seconds from launch to a healthy answer. The app's own start is measured by `npm run drill -- balanced` (seconds); boot, Docker's package
 * and the image pull are an estimate, with room: too long a grace only delays the end of an instance that never gets well.
 */
export const WARMUP_SECONDS = 180;

/** Seconds from the announcement of an instance's end to it: 5 to notice, 35 to drain, 30 to stop (runbooks/boot-container.sh). */
const DRAIN_AND_STOP_SECONDS = 90;

export interface ScalingGroupArgs extends HaWebTierArgs {
  readonly template: aws.ec2.LaunchTemplate;
  readonly migration?: pulumi.Output<MigrationTask> | undefined;
  readonly targets: aws.lb.TargetGroup;
  /** Rule that leads to the targets. */
  readonly rule: aws.lb.ListenerRule;
}

/** The instances, as many as their CPU and the requests ask for. */
export function scalingGroup(name: string, args: ScalingGroupArgs, parent: pulumi.Resource): aws.autoscaling.Group {
  const child = { parent };
  const { template, migration, targets, rule } = args;
  const scaling = new aws.autoscaling.Group(
    `${name}-group`,
    {
      minSize: args.min,
      maxSize: args.max,
      desiredCapacity: args.desired,
      vpcZoneIdentifiers: args.subnetIds,
      // Of its first start only. Later versions come by an instance refresh that the gate starts (stacks/gates/rollout/group.ts): the
      // provider would write the version to the group first, so that a rollback returned to what has just failed
      // (terraform-provider-aws#34189).
      launchTemplate: {
        id: template.id,
        version: afterMigration(template.latestVersion.apply(String), migration, args.beforeRollout),
      },
      targetGroupArns: [targets.arn],
      healthCheckType: "ELB",
      healthCheckGracePeriod: WARMUP_SECONDS,
      defaultInstanceWarmup: WARMUP_SECONDS,
      // When it is made. Afterwards the gate counts, as "exactly so many" is wrong of a group that has scaled out.
      minElbCapacity: args.min,
      waitForCapacityTimeout: "15m",
      capacityRebalance: false,
      // A scale-in during a deploy ends instances of the old release first, so it never undoes the deploy's work.
      terminationPolicies: ["OldestLaunchTemplate", "OldestInstance"],
      instanceMaintenancePolicy: { minHealthyPercentage: 100, maxHealthyPercentage: 200 },
      enabledMetrics: ["GroupInServiceInstances", "GroupDesiredCapacity", "GroupMaxSize"],
      tags: [{ key: "Name", value: name, propagateAtLaunch: true }],
    },
    {
      ...child,
      ignoreChanges: ["desiredCapacity", "launchTemplate"],
      dependsOn: [rule],
      // A group that is given another target group takes its instances out of the first, to which visitors are led until the gate.
      ...beside("targetGroupArns"),
    },
  );
  const ofGroup = { ...child, ...beside() };
  // Holds an instance that is to go until its watcher (runbooks/boot-container.sh) has left the target group, drained and stopped.
  new aws.autoscaling.LifecycleHook(
    `${name}-drain`,
    {
      autoscalingGroupName: scaling.name,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      heartbeatTimeout: DRAIN_AND_STOP_SECONDS,
      defaultResult: "CONTINUE",
    },
    ofGroup,
  );
  const goals = [
    { on: "cpu", target: args.cpuTarget, specification: { predefinedMetricType: "ASGAverageCPUUtilization" } },
    {
      on: "requests",
      target: args.requestsPerTarget,
      specification: {
        predefinedMetricType: "ALBRequestCountPerTarget",
        resourceLabel: pulumi.interpolate`${args.loadBalancer.arnSuffix}/${targets.arnSuffix}`,
      },
    },
  ];
  for (const { on, target, specification } of goals) {
    new aws.autoscaling.Policy(
      `${name}-scale-on-${on}`,
      {
        autoscalingGroupName: scaling.name,
        policyType: "TargetTrackingScaling",
        targetTrackingConfiguration: { targetValue: target, predefinedMetricSpecification: specification },
      },
      ofGroup,
    );
  }
  return scaling;
}
