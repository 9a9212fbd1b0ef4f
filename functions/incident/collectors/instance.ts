import { ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import {
  DescribeInstanceStatusCommand,
  type DescribeInstanceStatusCommandOutput,
  DescribeInstancesCommand,
  type DescribeInstancesCommandOutput,
  GetConsoleOutputCommand,
  type GetConsoleOutputCommandOutput,
} from "@aws-sdk/client-ec2";
import type { Fact } from "../../../core/incident";
import { regex } from "../../../core/regex";
import { askAll, type CollectorDefinition } from "./context";
import { answersTo, iso } from "./facts";
import { askMetrics, type MetricSpec, metricFacts } from "./metrics";

/** AWS/EC2 and CloudWatch agent metrics of one machine. The longest matching name wins. */
export const HOST_METRICS: readonly MetricSpec[] = [
  { name: "CPUUtilization", bad: "high" },
  { name: "CPUCreditBalance", bad: "low" },
  { name: "CPUSurplusCreditsCharged", bad: "high" },
  { name: "StatusCheckFailed", bad: "high" },
  { name: "StatusCheckFailed_System", bad: "high" },
  { name: "StatusCheckFailed_Instance", bad: "high" },
  { name: "StatusCheckFailed_AttachedEBS", bad: "high" },
  { name: "VolumeStalledIOCheck", bad: "high" },
  { name: "mem_used_percent", bad: "high" },
  { name: "swap_used_percent", bad: "high" },
  { name: "disk_used_percent", bad: "high" },
  { name: "disk_inodes_free", bad: "low" },
  { name: "procstat_lookup_pid_count", bad: "low" },
];

/** Where the CloudWatch agent of this project publishes (runbooks/agent/cloudwatch-agent.json). */
const AGENT_NAMESPACE = "Site";

const AWS_METRICS = [
  ["CPUUtilization", "Maximum"],
  ["CPUCreditBalance", "Minimum"],
  ["StatusCheckFailed_System", "Maximum"],
  ["StatusCheckFailed_Instance", "Maximum"],
  ["StatusCheckFailed_AttachedEBS", "Maximum"],
] as const;

/** State, status checks, scheduled events, console and metrics of an instance. */
export const instance: CollectorDefinition<"instance"> = {
  kind: "instance",
  timeLimit: 20_000,
  gather: ({ instanceId }, context) => {
    const ids = { InstanceIds: [instanceId] };
    return askAll(context, {
      DescribeInstances: () => context.aws.ec2.send(new DescribeInstancesCommand(ids), context.http),
      DescribeInstanceStatus: () =>
        context.aws.ec2.send(new DescribeInstanceStatusCommand({ ...ids, IncludeAllInstances: true }), context.http),
      GetConsoleOutput: () =>
        context.aws.ec2.send(new GetConsoleOutputCommand({ InstanceId: instanceId }), context.http),
      GetMetricData: async () => {
        const dimension = { Name: "InstanceId", Value: instanceId };
        // The agent's dimensions depend on its configuration, so what it published is asked, not assumed.
        const agent = await context.aws.cloudwatch
          .send(new ListMetricsCommand({ Namespace: AGENT_NAMESPACE, Dimensions: [dimension] }), context.http)
          .catch((error: unknown) => {
            context.missed("ListMetrics", error);
            return { Metrics: [] };
          });
        const known = (agent.Metrics ?? []).filter((m) => HOST_METRICS.some((spec) => spec.name === m.MetricName));
        return askMetrics(context, [
          ...AWS_METRICS.map(([MetricName, stat]) => ({
            Namespace: "AWS/EC2",
            MetricName,
            Dimensions: [dimension],
            stat,
          })),
          ...known.slice(0, 40).map((m) => {
            const low = HOST_METRICS.find((spec) => spec.name === m.MetricName)?.bad === "low";
            return { ...m, stat: low ? ("Minimum" as const) : ("Maximum" as const) };
          }),
        ]);
      },
    });
  },
  facts: ({ instanceId }, answers, incident) => {
    const base = { kind: "instance", from: "instance", subject: instanceId } as const;
    const facts: Fact[] = [];
    for (const one of answersTo<DescribeInstancesCommandOutput>(answers, "DescribeInstances")
      .flatMap((a) => a.Reservations ?? [])
      .flatMap((r) => r.Instances ?? [])) {
      const reason = [one.StateReason?.Code, one.StateReason?.Message, one.StateTransitionReason]
        .filter(Boolean)
        .join(" ");
      // "User initiated (2026-01-01 00:00:00 GMT)" is the only place where the moment of a stop stands.
      const stopped = reason.match(/\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (GMT|UTC)\)/)?.[1];
      facts.push({
        ...base,
        name: "state",
        text: `${one.State?.Name ?? "unknown"} ${reason}`.trim(),
        at: one.State?.Name === "running" ? undefined : iso(stopped),
      });
    }
    for (const status of answersTo<DescribeInstanceStatusCommandOutput>(answers, "DescribeInstanceStatus").flatMap(
      (a) => a.InstanceStatuses ?? [],
    )) {
      for (const [name, summary] of [
        ["check-system", status.SystemStatus],
        ["check-instance", status.InstanceStatus],
        ["check-ebs", status.AttachedEbsStatus],
      ] as const) {
        if (summary?.Status === "impaired") {
          const detail = summary.Details?.find((d) => d.Status === "failed");
          facts.push({
            ...base,
            name,
            text: `${summary.Status} ${detail?.Name ?? ""}`.trim(),
            at: iso(detail?.ImpairedSince),
          });
        }
      }
      for (const event of status.Events ?? []) {
        facts.push({
          ...base,
          name: "scheduled",
          text: `${event.Code}: ${event.Description}`,
          at: iso(event.NotBefore),
        });
      }
    }
    for (const output of answersTo<GetConsoleOutputCommandOutput>(answers, "GetConsoleOutput")) {
      const text = /^[A-Za-z0-9+/=\s]+$/.test(output.Output ?? "")
        ? Buffer.from(output.Output ?? "", "base64").toString("utf8")
        : (output.Output ?? "");
      for (const line of text
        .split(/\r?\n/)
        .filter((l) => CONSOLE.test(l))
        .slice(-20)) {
        facts.push({ ...base, name: "console", text: line.trim(), at: iso(output.Timestamp) });
      }
    }
    return [...facts, ...metricFacts("instance", instanceId, HOST_METRICS, answers, incident)];
  },
};

/** Console lines worth keeping: the kernel's own words for trouble. */
const CONSOLE = regex("i")`
    out of memory|oom-kill|kernel panic|I\/O error|EXT4-fs error|XFS.*(corrupt|shutdown)|read-only|
    emergency mode|hung_task|blocked for more than|no space left|failed to mount|soft lockup`;
