import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { beside } from "../aws/beside";
import type { FargateServiceArgs } from "./fargate-service";

/** On-demand tasks up to `min`; above it Spot has its share. */
export function capacity({ min, spotPercent }: FargateServiceArgs) {
  const onDemand = { capacityProvider: "FARGATE", base: min, weight: 100 - spotPercent };
  return spotPercent > 0 ? [onDemand, { capacityProvider: "FARGATE_SPOT", weight: spotPercent }] : [onDemand];
}

/** Application Auto Scaling of the service: by CPU, memory and requests, and by a schedule. */
export function autoscale(
  name: string,
  args: FargateServiceArgs,
  cluster: aws.ecs.Cluster,
  service: aws.ecs.Service,
  targets: aws.lb.TargetGroup,
  parent: pulumi.Resource,
): void {
  const child = { parent, ...beside() };
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
