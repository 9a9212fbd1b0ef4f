import {
  DescribeAutoScalingGroupsCommand,
  type DescribeAutoScalingGroupsCommandOutput,
  DescribeInstanceRefreshesCommand,
  type DescribeInstanceRefreshesCommandOutput,
  DescribeScalingActivitiesCommand,
  type DescribeScalingActivitiesCommandOutput,
} from "@aws-sdk/client-auto-scaling";
import type { Fact } from "../../../core/incident";
import { askAll, type CollectorDefinition } from "./context";
import { answersTo, iso } from "./facts";
import { HOST_METRICS } from "./instance";
import { askMetrics, metricFacts } from "./metrics";

/** Size, activities and instance refreshes of an Auto Scaling group. */
export const autoscaling: CollectorDefinition<"autoscaling"> = {
  kind: "autoscaling",
  timeLimit: 15_000,
  gather: ({ group }, context) =>
    askAll(context, {
      DescribeAutoScalingGroups: () =>
        context.aws.autoscaling.send(
          new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] }),
          context.http,
        ),
      DescribeScalingActivities: () =>
        context.aws.autoscaling.send(
          new DescribeScalingActivitiesCommand({ AutoScalingGroupName: group, MaxRecords: 50 }),
          context.http,
        ),
      DescribeInstanceRefreshes: () =>
        context.aws.autoscaling.send(
          new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: group, MaxRecords: 5 }),
          context.http,
        ),
      GetMetricData: () =>
        askMetrics(
          context,
          (["CPUUtilization", "CPUCreditBalance", "StatusCheckFailed"] as const).map((MetricName) => ({
            Namespace: "AWS/EC2",
            MetricName,
            Dimensions: [{ Name: "AutoScalingGroupName", Value: group }],
            stat: MetricName === "CPUCreditBalance" ? "Minimum" : "Average",
          })),
        ),
    }),
  facts: ({ group }, answers, incident) => {
    const base = { from: "autoscaling", subject: group } as const;
    const facts: Fact[] = [];
    for (const one of answersTo<DescribeAutoScalingGroupsCommandOutput>(answers, "DescribeAutoScalingGroups").flatMap(
      (a) => a.AutoScalingGroups ?? [],
    )) {
      const desired = one.DesiredCapacity ?? 0;
      const max = one.MaxSize ?? 0;
      const healthy = (one.Instances ?? []).filter(
        (i) => i.HealthStatus?.toLowerCase() === "healthy" && i.LifecycleState === "InService",
      ).length;
      const text = `${healthy} healthy of ${desired} wanted, at most ${max}`;
      if (desired === 0) facts.push({ ...base, kind: "count", name: "desired-zero", text });
      else
        facts.push({
          ...base,
          kind: "count",
          name: healthy < desired ? "too-few" : "as-wanted",
          text,
          value: healthy / desired,
        });
      if (desired > 0 && desired >= max && max > (one.MinSize ?? 0)) {
        facts.push({ ...base, kind: "count", name: "at-maximum", text });
      }
      for (const process of one.SuspendedProcesses ?? []) {
        facts.push({
          ...base,
          kind: "scaling",
          name: "Suspended",
          text: `${process.ProcessName} ${process.SuspensionReason}`,
        });
      }
    }
    for (const one of answersTo<DescribeScalingActivitiesCommandOutput>(answers, "DescribeScalingActivities").flatMap(
      (a) => a.Activities ?? [],
    )) {
      facts.push({
        ...base,
        kind: "scaling",
        name: one.StatusCode,
        text: [one.Description, one.StatusMessage, one.Cause].filter(Boolean).join(" | "),
        at: iso(one.StartTime),
      });
    }
    for (const one of answersTo<DescribeInstanceRefreshesCommandOutput>(answers, "DescribeInstanceRefreshes").flatMap(
      (a) => a.InstanceRefreshes ?? [],
    )) {
      facts.push({
        ...base,
        kind: "deployment",
        name: one.Status,
        text: `instance refresh ${one.Status}: ${one.StatusReason ?? ""}`,
        at: iso(one.StartTime),
      });
    }
    return [...facts, ...metricFacts("autoscaling", group, HOST_METRICS, answers, incident)];
  },
};
