import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type DescribeTargetHealthCommandOutput,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Fact } from "../../../core/incident";
import { askAll, type CollectorDefinition } from "./context";
import { answersTo } from "./facts";
import { askMetrics, type MetricSpec, metricFacts } from "./metrics";

const METRICS: readonly MetricSpec[] = [
  { name: "RequestCount", bad: "high" },
  { name: "HTTPCode_Target_5XX_Count", bad: "high" },
  { name: "HTTPCode_ELB_5XX_Count", bad: "high" },
  { name: "TargetResponseTime", bad: "high" },
  { name: "TargetConnectionErrorCount", bad: "high" },
  { name: "RejectedConnectionCount", bad: "high" },
  { name: "ActiveConnectionCount", bad: "high" },
  { name: "UnHealthyHostCount", bad: "high" },
  { name: "HealthyHostCount", bad: "low" },
];

/** Health of each target with its reason, and the load balancer's traffic and errors. */
export const targetHealth: CollectorDefinition<"target-health"> = {
  kind: "target-health",
  timeLimit: 15_000,
  gather: ({ targetGroupArn }, context) =>
    askAll(context, {
      DescribeTargetHealth: () =>
        context.aws.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }), context.http),
      GetMetricData: async () => {
        const { TargetGroups } = await context.aws.elb.send(
          new DescribeTargetGroupsCommand({ TargetGroupArns: [targetGroupArn] }),
          context.http,
        );
        const group = { Name: "TargetGroup", Value: targetGroupArn.split(":").at(-1) ?? "" };
        return askMetrics(
          context,
          (TargetGroups?.[0]?.LoadBalancerArns ?? []).flatMap((arn) => {
            const balancer = { Name: "LoadBalancer", Value: arn.split(":loadbalancer/")[1] ?? "" };
            const average = new Set(["TargetResponseTime", "HealthyHostCount", "UnHealthyHostCount"]);
            const ofGroup = new Set(["HealthyHostCount", "UnHealthyHostCount", "HTTPCode_Target_5XX_Count"]);
            return METRICS.map(({ name }) => ({
              Namespace: "AWS/ApplicationELB",
              MetricName: name,
              Dimensions: ofGroup.has(name) ? [group, balancer] : [balancer],
              stat: average.has(name) ? ("Average" as const) : ("Sum" as const),
            }));
          }),
        );
      },
    }),
  facts: ({ targetGroupArn }, answers, incident) => {
    const subject = targetGroupArn.split("/")[1] ?? targetGroupArn;
    const base = { from: "target-health", subject } as const;
    const facts: Fact[] = [];
    const asked = answersTo<DescribeTargetHealthCommandOutput>(answers, "DescribeTargetHealth");
    const targets = asked.flatMap((a) => a.TargetHealthDescriptions ?? []);
    // Draining and initial targets are on their way; only what should serve counts.
    const serving = targets.filter((t) => !["draining", "initial", "unused"].includes(t.TargetHealth?.State ?? ""));
    const bad = serving.filter((t) => t.TargetHealth?.State !== "healthy");
    const groups = new Map<string, { count: number; text: string }>();
    for (const t of bad) {
      const reason = t.TargetHealth?.Reason ?? t.TargetHealth?.State ?? "unknown";
      const group = groups.get(reason) ?? { count: 0, text: `${reason} ${t.TargetHealth?.Description ?? ""}`.trim() };
      groups.set(reason, { ...group, count: group.count + 1 });
    }
    for (const [name, { count, text }] of groups) {
      facts.push({ ...base, kind: "target", name, text, count, value: count / Math.max(serving.length, 1) });
    }
    if (asked.length > 0 && targets.length === 0) {
      facts.push({ ...base, kind: "target", name: "none", text: "no target is registered", value: 1 });
    } else if (serving.length > 0 && bad.length === 0) {
      facts.push({
        ...base,
        kind: "target",
        name: "healthy",
        text: `all ${serving.length} targets are healthy`,
        value: 0,
      });
    }
    const targetZone = (t: (typeof targets)[number]) => t.Target?.AvailabilityZone;
    for (const zone of new Set(serving.map(targetZone))) {
      const here = serving.filter((t) => targetZone(t) === zone);
      const elsewhere = serving.filter((t) => targetZone(t) !== zone);
      if (
        zone !== undefined &&
        here.every((t) => bad.includes(t)) &&
        elsewhere.some((t) => !bad.includes(t)) &&
        new Set(serving.map(targetZone)).size > 1
      ) {
        facts.push({
          ...base,
          kind: "zone",
          name: zone,
          text: `all ${here.length} targets in ${zone} fail, others are healthy`,
          count: here.length,
        });
      }
    }
    return [...facts, ...metricFacts("target-health", subject, METRICS, answers, incident)];
  },
};
