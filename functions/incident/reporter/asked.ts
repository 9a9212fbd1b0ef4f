import type { Finding, Incident } from "../../../core/incident";
import { readFacts } from "../collectors";

/** The outage that the alarms tell of: the first one since the given time, or one that still goes on. */
export function incidentIn(findings: readonly Finding[], triggers: readonly string[], from: Date, now: Date): Incident {
  const nothing: Incident = { id: "asked", alarm: "", startedAt: now.toISOString() };
  const raised = new Set(findings.flatMap(({ answers }) => namesInAlarm(answers?.DescribeAlarms)));
  const moments = findings
    .filter(({ source }) => source.kind === "alarms")
    .flatMap((finding) => readFacts(finding, nothing))
    .flatMap(({ subject, at }) => (at === undefined ? [] : [{ alarm: subject, at }]))
    .filter(({ alarm, at }) => raised.has(alarm) || Date.parse(at) >= from.getTime())
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  // A trigger means that visitors were hit; without one any alarm is better than none.
  const first = moments.find(({ alarm }) => triggers.includes(alarm)) ?? moments[0];
  return first ? { id: "asked", alarm: first.alarm, startedAt: first.at } : nothing;
}

/** Names of the alarms that an answer of DescribeAlarms says are raised. */
function namesInAlarm(answer: unknown): string[] {
  const { MetricAlarms = [], CompositeAlarms = [] } = (answer ?? {}) as Record<
    string,
    { AlarmName?: string; StateValue?: string }[]
  >;
  return [...MetricAlarms, ...CompositeAlarms].flatMap(({ AlarmName, StateValue }) =>
    AlarmName !== undefined && StateValue === "ALARM" ? [AlarmName] : [],
  );
}
