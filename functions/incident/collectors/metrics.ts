import { GetMetricDataCommand, type Metric } from "@aws-sdk/client-cloudwatch";
import type { Context } from "./context";

/** A series to ask CloudWatch for. */
export interface MetricQuestion extends Metric {
  readonly stat: "Average" | "Maximum" | "Minimum" | "Sum";
}

/**
 * GetMetricData for these series over the looked-at time, one point a minute up to three hours and five minutes beyond.
 * @see 500 series a call; a collector asks for fewer than thirty.
 */
export function askMetrics(context: Context, questions: readonly MetricQuestion[]): Promise<unknown> {
  if (questions.length === 0) return Promise.resolve({ MetricDataResults: [] });
  const period = context.to.getTime() - context.from.getTime() > 3 * 3_600_000 ? 300 : 60;
  return context.aws.cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: context.from,
      EndTime: context.to,
      ScanBy: "TimestampAscending",
      MetricDataQueries: questions.map(({ stat, ...metric }, i) => ({
        Id: `m${i}`,
        // A default label names the dimensions only, where several series have one metric.
        Label: [metric.MetricName, ...(metric.Dimensions ?? []).map((d) => d.Value)].join(" "),
        MetricStat: { Metric: metric, Period: period, Stat: stat },
      })),
    }),
    context.http,
  );
}
