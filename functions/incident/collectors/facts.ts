import type { Answers, Fact, Plain, SourceKind } from "../../../core/incident";

/** Every answer of one operation: single, as an array, or under `Operation#label`. */
export function answersTo<T>(answers: Answers, operation: string): readonly Plain<T>[] {
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
