import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Signal, TierEvent, Widget } from "../../core/web-tier";
import { type AlarmEntry, alarms, over } from "../monitoring/alarm-table";
import { METRICS } from "../monitoring/log-metric";
import type { HaWebTierArgs } from "./ha-web-tier";

/** Alarms of the instances, beside those of every tier behind the load balancer (balanced-tier.ts). */
export function instanceAlarms(
  name: string,
  args: HaWebTierArgs,
  group: aws.autoscaling.Group,
  parent: pulumi.Resource,
): Signal[] {
  const metric = {
    dimensions: { AutoScalingGroupName: group.name },
    severity: "warning",
    subject: "capacity",
    evaluationPeriods: 5,
    // The agent's metrics are missing while an instance starts.
    treatMissingData: "notBreaching",
  } as const;
  const table: Record<string, AlarmEntry> = {
    memory: {
      ...metric,
      level: "basic",
      meaning: "An instance has used over 90 % of its memory for five minutes; at 100 % the kernel kills the app",
      causes: [
        "memory-leak: a memory leak since the last release",
        "memory-exhausted: haWebTier.instanceType is too small",
      ],
      namespace: METRICS,
      metricName: "mem_used_percent",
      ...over(90),
    },
    cpu: {
      ...metric,
      level: "standard",
      meaning: "Instances have used over 85 % of their CPU for ten minutes although the group may scale",
      causes: [
        "scale-limit: the group is at haWebTier.max",
        "cpu-saturated: a loop in the app",
        "traffic-spike: more traffic than planned",
      ],
      namespace: "AWS/EC2",
      metricName: "CPUUtilization",
      statistic: "Average",
      evaluationPeriods: 10,
      ...over(85),
    },
    disk: {
      ...metric,
      level: "standard",
      meaning: "An instance's disk is over 85 % full; a full one stops Docker and the agent",
      causes: ["disk-full: images of many releases", "disk-full: logs that nobody rotates"],
      namespace: METRICS,
      metricName: "disk_used_percent",
      ...over(85),
    },
  };
  return alarms(name, table, { level: args.alarmLevel, actions: args.alarmActions }, { parent });
}

/** What only EC2 measures. */
export const instanceWidget = (group: aws.autoscaling.Group): Widget => ({
  title: "CPU of the instances",
  section: "capacity",
  label: "percent",
  metrics: group.name.apply((name) => [["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", name]]),
});

/** What Auto Scaling tells once. Its instances are on demand, so no Spot interruption comes; the watcher on them handles one anyway. */
export function instanceEvents(group: aws.autoscaling.Group): TierEvent[] {
  const of = (detailType: string) =>
    pulumi.jsonStringify({
      source: ["aws.autoscaling"],
      "detail-type": [detailType],
      detail: { AutoScalingGroupName: [group.name] },
    });
  return [
    {
      name: "deployment-failed",
      severity: "page",
      subject: "deploy",
      meaning: "Auto Scaling gave a release up and goes back to the one before; visitors were served all the time",
      pattern: of("EC2 Auto Scaling Instance Refresh Failed"),
    },
    {
      name: "launch-failed",
      severity: "page",
      subject: "capacity",
      meaning: "Auto Scaling could not start an instance; `StatusMessage` says why",
      pattern: of("EC2 Instance Launch Unsuccessful"),
    },
    {
      name: "instance-ended",
      severity: "warning",
      subject: "host",
      meaning: "Auto Scaling ended an instance; `Cause` says whether it was unhealthy, scaled in or replaced",
      pattern: of("EC2 Instance Terminate Successful"),
    },
  ];
}
