import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Signal, TierEvent, Widget } from "../../core/web-tier";
import { type AlarmEntry, alarms, over } from "../monitoring/alarm-table";
import type { FargateServiceArgs } from "./fargate-service";

/** Alarms of the tasks, beside those of every tier behind the load balancer (balanced-tier.ts). */
export function taskAlarms(
  name: string,
  args: FargateServiceArgs,
  { cluster, service }: Running,
  parent: pulumi.Resource,
): Signal[] {
  const metric = {
    namespace: "AWS/ECS",
    dimensions: { ClusterName: cluster.name, ServiceName: service.name },
    severity: "warning",
    subject: "capacity",
    treatMissingData: "notBreaching",
  } as const;
  const table: Record<string, AlarmEntry> = {
    memory: {
      ...metric,
      level: "basic",
      meaning: "Tasks have used over 90 % of their memory for five minutes; at 100 % they are killed",
      causes: ["memory-leak: a memory leak since the last release", "memory-exhausted: fargate.memory is too small"],
      metricName: "MemoryUtilization",
      evaluationPeriods: 5,
      ...over(90),
    },
    cpu: {
      ...metric,
      level: "standard",
      meaning: "Tasks have used over 85 % of their CPU for ten minutes although the service may scale",
      causes: [
        "scale-limit: the service is at fargate.max",
        "cpu-saturated: a loop in the app",
        "traffic-spike: more traffic than planned",
      ],
      metricName: "CPUUtilization",
      statistic: "Average",
      evaluationPeriods: 10,
      ...over(85),
    },
  };
  return alarms(name, table, { level: args.alarmLevel, actions: args.alarmActions }, { parent });
}

interface Running {
  readonly cluster: aws.ecs.Cluster;
  readonly service: aws.ecs.Service;
}

/** What only ECS measures. */
export const taskWidget = ({ cluster, service }: Running): Widget => ({
  title: "CPU and memory of the tasks",
  section: "capacity",
  label: "percent",
  metrics: pulumi
    .all([cluster.name, service.name])
    .apply(([c, s]) =>
      ["CPUUtilization", "MemoryUtilization"].map((metric) => ["AWS/ECS", metric, "ClusterName", c, "ServiceName", s]),
    ),
});

/** What ECS tells once: a deployment that it gave up, and tasks that stopped although nobody scaled or deployed. */
export function taskEvents({ cluster, service }: Running): TierEvent[] {
  const ofTask = { source: ["aws.ecs"], "detail-type": ["ECS Task State Change"] };
  const stopped = (stopCode: readonly unknown[]) =>
    pulumi.jsonStringify({
      ...ofTask,
      detail: {
        clusterArn: [cluster.arn],
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
