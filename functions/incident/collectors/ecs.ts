import {
  DescribeServicesCommand,
  type DescribeServicesCommandOutput,
  DescribeTasksCommand,
  type DescribeTasksCommandOutput,
  ListTasksCommand,
} from "@aws-sdk/client-ecs";
import type { Fact } from "../../../core/incident";
import { askAll, type CollectorDefinition } from "./context";
import { answersTo, iso, shortName } from "./facts";
import { askMetrics, type MetricSpec, metricFacts } from "./metrics";

const METRICS: readonly MetricSpec[] = [
  { name: "CPUUtilization", bad: "high" },
  { name: "MemoryUtilization", bad: "high" },
];

/** Deployments, events, stopped tasks with reasons and exit codes, and load of an ECS service. ECS keeps stopped tasks for an hour. */
export const ecs: CollectorDefinition<"ecs"> = {
  kind: "ecs",
  timeLimit: 20_000,
  gather: ({ cluster, service }, context) =>
    askAll(context, {
      DescribeServices: () =>
        context.aws.ecs.send(new DescribeServicesCommand({ cluster, services: [service] }), context.http),
      DescribeTasks: async () => {
        const listed = await Promise.all(
          (["STOPPED", "RUNNING"] as const).map((desiredStatus) =>
            context.aws.ecs.send(
              new ListTasksCommand({ cluster, serviceName: shortName(service), desiredStatus, maxResults: 50 }),
              context.http,
            ),
          ),
        );
        const tasks = listed.flatMap((page) => page.taskArns ?? []).slice(0, 100);
        if (tasks.length === 0) return { tasks: [] };
        return context.aws.ecs.send(new DescribeTasksCommand({ cluster, tasks }), context.http);
      },
      GetMetricData: () =>
        askMetrics(
          context,
          METRICS.map(({ name }) => ({
            Namespace: "AWS/ECS",
            MetricName: name,
            Dimensions: [
              { Name: "ClusterName", Value: shortName(cluster) },
              { Name: "ServiceName", Value: shortName(service) },
            ],
            stat: "Maximum",
          })),
        ),
    }),
  facts: ({ service }, answers, incident) => {
    const base = { from: "ecs", subject: shortName(service) } as const;
    const facts: Fact[] = [];
    for (const one of answersTo<DescribeServicesCommandOutput>(answers, "DescribeServices").flatMap(
      (a) => a.services ?? [],
    )) {
      const desired = one.desiredCount ?? 0;
      const running = one.runningCount ?? 0;
      const text = `${running} running of ${desired} wanted`;
      if (desired === 0) facts.push({ ...base, kind: "count", name: "desired-zero", text });
      else
        facts.push({
          ...base,
          kind: "count",
          name: running < desired ? "too-few" : "as-wanted",
          text,
          value: running / desired,
        });
      for (const deployment of one.deployments ?? []) {
        facts.push({
          ...base,
          kind: "deployment",
          name: deployment.rolloutState ?? deployment.status,
          text: `${deployment.rolloutStateReason ?? deployment.status} (${deployment.failedTasks ?? 0} failed tasks)`,
          value: deployment.failedTasks,
          at: iso(deployment.createdAt),
        });
      }
      for (const event of one.events ?? []) {
        facts.push({ ...base, kind: "service", text: event.message, at: iso(event.createdAt) });
      }
    }
    for (const task of answersTo<DescribeTasksCommandOutput>(answers, "DescribeTasks").flatMap((a) => a.tasks ?? [])) {
      if (task.lastStatus !== "STOPPED" && task.stoppedReason === undefined && task.stopCode === undefined) continue;
      const containers = (task.containers ?? []).filter((c) => c.exitCode !== undefined || c.reason !== undefined);
      const worst = containers.find((c) => (c.exitCode ?? 0) !== 0) ?? containers[0];
      facts.push({
        ...base,
        kind: "task",
        name: task.stopCode,
        value: worst?.exitCode,
        text: [task.stopCode, task.stoppedReason, ...containers.map((c) => c.reason)].filter(Boolean).join(" | "),
        at: iso(task.stoppingAt ?? task.stoppedAt),
      });
    }
    return [...facts, ...metricFacts("ecs", base.subject, METRICS, answers, incident)];
  },
};
