import {
  DescribeDBInstancesCommand,
  type DescribeDBInstancesCommandOutput,
  DescribeEventsCommand,
  type DescribeEventsCommandOutput,
} from "@aws-sdk/client-rds";
import type { Fact } from "../../../core/incident";
import { askAll, type CollectorDefinition } from "./context";
import { answersTo, iso } from "./facts";
import { askMetrics, type MetricSpec, metricFacts } from "./metrics";

const METRICS: readonly MetricSpec[] = [
  { name: "CPUUtilization", bad: "high" },
  { name: "CPUCreditBalance", bad: "low" },
  { name: "DatabaseConnections", bad: "high" },
  { name: "FreeStorageSpace", bad: "low" },
  { name: "FreeableMemory", bad: "low" },
  { name: "SwapUsage", bad: "high" },
  { name: "ReadLatency", bad: "high" },
  { name: "WriteLatency", bad: "high" },
  { name: "DiskQueueDepth", bad: "high" },
  { name: "EBSIOBalance%", bad: "low" },
  { name: "EBSByteBalance%", bad: "low" },
  { name: "BurstBalance", bad: "low" },
  { name: "DBLoad", bad: "high" },
];

/** State, events and metrics of the database. RDS keeps events for 14 days. */
export const database: CollectorDefinition<"database"> = {
  kind: "database",
  timeLimit: 15_000,
  gather: ({ identifier }, context) =>
    askAll(context, {
      DescribeDBInstances: () =>
        context.aws.rds
          .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier }), context.http)
          .catch((error: Error) => {
            // That it is gone is an answer, and the most important one.
            if (/DBInstanceNotFound/.test(error.name))
              return { DBInstances: [], Error: { Code: error.name, Message: error.message } };
            throw error;
          }),
      DescribeEvents: () =>
        context.aws.rds.send(
          new DescribeEventsCommand({
            SourceIdentifier: identifier,
            SourceType: "db-instance",
            StartTime: context.from,
            EndTime: context.to,
          }),
          context.http,
        ),
      GetMetricData: () =>
        askMetrics(
          context,
          METRICS.map(({ name, bad }) => ({
            Namespace: "AWS/RDS",
            MetricName: name,
            Dimensions: [{ Name: "DBInstanceIdentifier", Value: identifier }],
            stat: bad === "high" ? "Maximum" : "Minimum",
          })),
        ),
    }),
  facts: ({ identifier }, answers, incident) => {
    const base = { kind: "database", from: "database", subject: identifier } as const;
    const facts: Fact[] = [];
    for (const answer of answersTo<DescribeDBInstancesCommandOutput & { Error?: { Code?: string; Message?: string } }>(
      answers,
      "DescribeDBInstances",
    )) {
      for (const one of answer.DBInstances ?? []) {
        facts.push({ ...base, name: "status", text: one.DBInstanceStatus });
        // A storage metric in bytes says little without the size.
        if (one.AllocatedStorage !== undefined) {
          facts.push({
            ...base,
            name: "allocated",
            value: one.AllocatedStorage * 1024 ** 3,
            text: `${one.AllocatedStorage} GiB`,
          });
        }
      }
      if (answer.DBInstances?.length === 0) {
        facts.push({ ...base, name: "status", text: `not found ${answer.Error?.Code ?? ""}`.trim() });
      }
    }
    for (const event of answersTo<DescribeEventsCommandOutput>(answers, "DescribeEvents").flatMap(
      (a) => a.Events ?? [],
    )) {
      facts.push({
        ...base,
        name: "event",
        text: `${event.Message} (${(event.EventCategories ?? []).join(", ")})`,
        at: iso(event.Date),
      });
    }
    return [...facts, ...metricFacts("database", identifier, METRICS, answers, incident)];
  },
};
