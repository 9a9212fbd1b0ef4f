import { GetMetricDataCommand, type Metric } from "@aws-sdk/client-cloudwatch";
import type { Answers, Fact, Incident, SourceKind } from "../../../core/incident";
import type { Context } from "./context";
import { answersTo, iso, minutesBetween } from "./facts";

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

interface Series {
  readonly Id?: string;
  readonly Label?: string;
  readonly Timestamps?: readonly (string | number)[];
  readonly Values?: readonly number[];
}

/** A metric that a collector asks for: its CloudWatch name, and which end of its range is the bad one. */
export interface MetricSpec {
  readonly name: string;
  readonly bad: "high" | "low";
}

/**
 * The worst value of each series around the incident, the median before it, and whether it had been climbing. A series is
 * recognised by its label (CloudWatch's default label contains the metric's name) or by its id.
 */
export function metricFacts(
  from: SourceKind,
  subject: string,
  specs: readonly MetricSpec[],
  answers: Answers,
  { startedAt }: Incident,
): Fact[] {
  const series = answersTo<{ MetricDataResults?: readonly Series[] }>(answers, "GetMetricData");
  return series
    .flatMap(({ MetricDataResults }) => MetricDataResults ?? [])
    .flatMap((one) => {
      const key = `${one.Id ?? ""} ${one.Label ?? ""}`.toLowerCase();
      const spec = [...specs]
        .sort((a, b) => b.name.length - a.name.length)
        .find((s) => key.includes(s.name.toLowerCase()));
      const points = (one.Timestamps ?? [])
        .flatMap((time, i) => {
          const at = iso(time);
          const value = one.Values?.[i];
          return at === undefined || value === undefined ? [] : [{ at, value }];
        })
        .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
      if (spec === undefined || points.length === 0) return [];
      const around = points.filter((p) => minutesBetween(p.at, startedAt) <= 15);
      const before = points.filter((p) => minutesBetween(p.at, startedAt) > 15);
      const worst = (around.length > 0 ? around : points.slice(-1)).reduce((a, b) =>
        (spec.bad === "high" ? b.value > a.value : b.value < a.value) ? b : a,
      );
      return [
        {
          kind: "metric",
          from,
          subject,
          name: spec.name,
          text: one.Label,
          at: worst.at,
          value: worst.value,
          baseline: median(before.map((p) => p.value)),
          rising: isRising(points.filter((p) => minutesBetween(p.at, startedAt) >= -2)),
        } satisfies Fact,
      ];
    });
}

function median(values: readonly number[]): number | undefined {
  if (values.length < 3) return undefined;
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** A leak's shape: over an hour or more the value climbs by a third, and four of five neighbouring steps do not fall. */
function isRising(points: readonly { at: string; value: number }[]): boolean {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 8 || minutesBetween(first.at, last.at) < 60)
    return false;
  // The last points may already show the restart, so the climb is measured up to the peak.
  const peak = points.reduce((best, p, i) => (p.value >= (points[best]?.value ?? 0) ? i : best), 0);
  const climb = points.slice(0, peak + 1);
  if (climb.length < 8 || minutesBetween(first.at, climb.at(-1)?.at ?? first.at) < 60) return false;
  const steps = climb.slice(1).map((p, i) => p.value - (climb[i]?.value ?? 0));
  const largest = Math.max(...steps);
  const rise = (climb.at(-1)?.value ?? 0) - first.value;
  const notFalling = steps.filter((step) => step >= 0).length / steps.length;
  // A single jump is a load step, not a leak.
  return rise > first.value / 3 && notFalling >= 0.8 && largest < rise / 2;
}
