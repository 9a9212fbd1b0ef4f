import type { Answers, Fact, Plain, SourceKind } from "../../../core/incident";

/** Every answer of one operation: single, as an array, or under `Operation#label`. */
export function answersOf<T>(answers: Answers, operation: string): readonly Plain<T>[] {
  return Object.entries(answers)
    .filter(([key]) => key === operation || key.startsWith(`${operation}#`))
    .flatMap(([, answer]) => (Array.isArray(answer) ? answer : [answer]) as Plain<T>[])
    .filter((answer) => answer !== undefined && answer !== null);
}

/** ISO 8601 of what AWS calls a time: text, epoch seconds or epoch milliseconds. */
export function iso(time: string | number | undefined): string | undefined {
  if (time === undefined) return undefined;
  const numeric = typeof time === "number" ? time : /^\d+(\.\d+)?$/.test(time) ? Number(time) : undefined;
  // CloudWatch Logs Insights writes "2026-01-01 00:00:00.000" and means UTC.
  const text =
    typeof time === "string" && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(time)
      ? `${time.replace(" ", "T")}Z`
      : time;
  const date = new Date(numeric === undefined ? text : numeric < 1e11 ? numeric * 1000 : numeric);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** JSON form of an answer: dates become text, and what only the SDK cares about is left out. */
export function plain(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer, (key, value) => (key === "$metadata" ? undefined : value)) ?? "null");
}

const MINUTE = 60_000;

/** Minutes from `from` to `to`; negative if `to` is earlier. */
export const minutesBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / MINUTE;

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
  series: readonly Series[],
  startedAt: string,
): Fact[] {
  return series.flatMap((one) => {
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

/** A message without what differs from one occurrence to the next: ids, addresses, numbers of four digits and more, times. */
function shape(message: string): string {
  return message
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]*(Z|[+-]\d\d:?\d\d)?/g, "<time>")
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "<id>")
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi, "<id>")
    .replace(/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g, "<address>")
    .replace(/(?<![A-Za-z])\d{4,}(?![A-Za-z])/g, "<number>")
    .replace(/\s+/g, " ")
    .trim();
}

/** Log lines of one shape as one fact, with the first moment and the number of occurrences. */
export function groupLines(
  from: SourceKind,
  kind: "log" | "recovery" | "event",
  subject: string,
  lines: readonly { readonly text: string; readonly at?: string | undefined; readonly count?: number }[],
): Fact[] {
  const groups = new Map<string, { text: string; at?: string | undefined; count: number }>();
  for (const line of lines) {
    const key = shape(line.text);
    const group = groups.get(key);
    const count = line.count ?? 1;
    if (group === undefined) groups.set(key, { text: line.text.slice(0, 2000), at: line.at, count });
    else {
      group.count += count;
      if (line.at !== undefined && (group.at === undefined || line.at < group.at)) group.at = line.at;
    }
  }
  return [...groups.values()].map(({ text, at, count }) => ({ kind, from, subject, text, at, count }));
}

/** JSON text as an object, or undefined: AWS puts JSON into strings in many places. */
export function parseJson(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The last part of an ARN or path. */
export const shortName = (arn: string | undefined): string => arn?.split("/").at(-1)?.split(":").at(-1) ?? "unknown";
