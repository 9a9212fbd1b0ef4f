import type { Plan, PlannedResource } from "../../core/plan-format";
import { ofType } from "../../core/plan-reader";
import type { StepText } from "../../output/messages/report-texts";
import { MONITOR } from "../cost/cost-external";
import {
  ALARM,
  alarmSeconds,
  automationOf,
  externalCheck,
  fromOutside,
  notifiesAnybody,
  repairsByEc2,
  tellsOutage,
} from "./detection";
import { runbookSeconds } from "./runbook-time";
import { type Shape, targetHealth } from "./shape";
import type { Timing, Timings } from "./timings";

/** One stretch of time between a fault and the end of its consequences. */
export interface RecoveryStep {
  readonly phase: "detection" | "recovery";
  readonly what: StepText;
  readonly seconds: number;
  /** Where the figure comes from: a resource of the plan, a published figure of AWS, or an assumption. */
  readonly from: string;
}

/** What decides on recovery. */
export interface Facts extends Shape {
  readonly plan: Plan;
  readonly t: Timings;
}

/** How a fault goes on. */
export interface Course {
  readonly steps: readonly RecoveryStep[];
  readonly automatic: boolean;
  readonly alerted: boolean;
  readonly share: number;
}

export const seen = (what: StepText, timing: Timing): RecoveryStep => ({ phase: "detection", what, ...timing });
export const repaired = (what: StepText, timing: Timing): RecoveryStep => ({ phase: "recovery", what, ...timing });

/** Comes to its end by itself, unless said otherwise, and all requests fail meanwhile. */
export const course = (steps: readonly RecoveryStep[], more: Partial<Course> = {}): Course => ({
  steps,
  automatic: true,
  alerted: false,
  share: 1,
  ...more,
});

/** The steps until an alarm is known. */
function until(alarm: PlannedResource, { plan, t }: Facts): RecoveryStep[] {
  const looked = fromOutside(alarm) ? externalCheck(plan) : undefined;
  return [
    ...(looked ? [seen("checks from outside fail", looked)] : []),
    seen("alarm", { seconds: alarmSeconds(alarm), from: `${alarm.name}: periods until the alarm` }),
    seen("metric on its way", t.metricDelay),
  ];
}

/** Detection by an alarm, and what it starts: an EC2 action, an automation, or a message to a person. */
export function byAlarm(facts: Facts, alarm: PlannedResource, what: StepText, repair: Timing): Course {
  const { t, plan } = facts;
  const last = repaired(what, repair);
  const document = automationOf(plan, alarm);
  if (document) {
    const { seconds, steps } = runbookSeconds(document, t.stepDuration.seconds);
    const runbook = { seconds, from: `${document.name}: ${steps} step(s)` };
    const started = [repaired("automation starts", t.automationStart), repaired("runbook up to the repair", runbook)];
    return course([...until(alarm, facts), ...started, last], { alerted: true });
  }
  if (repairsByEc2(alarm)) return course([...until(alarm, facts), last], { alerted: true });
  const person = repaired("somebody acts on the alarm", t.humanResponse);
  return course([...until(alarm, facts), person, last], { automatic: false, alerted: true });
}

/** Nobody hears of it until somebody complains. */
export const byComplaint = ({ t }: Facts, found: StepText, what: StepText, repair: Timing): Course =>
  course([seen("nobody is told", t.unnoticed), repaired(found, t.humanResponse), repaired(what, repair)], {
    automatic: false,
  });

const total = ({ steps }: Course): number => steps.reduce((sum, { seconds }) => sum + seconds, 0);

/** The best course that any alarm on the site's answer leads to, or that UptimeRobot's own message does. */
export function byReachability(
  facts: Facts,
  matches: (alarm: PlannedResource) => boolean,
  what: StepText,
  repair: Timing,
): Course {
  const { plan, t } = facts;
  const alarms = ofType(plan, ALARM).filter(
    (alarm) => matches(alarm) && (notifiesAnybody(plan, alarm) || automationOf(plan, alarm) !== undefined),
  );
  const message = ofType(plan, MONITOR).length > 0 ? externalCheck(plan) : undefined;
  const courses = alarms.map((alarm) => byAlarm(facts, alarm, what, repair));
  if (message) {
    const person = repaired("somebody acts on the alarm", t.humanResponse);
    const steps = [seen("checks from outside fail", message), person, repaired(what, repair)];
    courses.push(course(steps, { automatic: false, alerted: true }));
  }
  const [best] = courses.sort((a, b) => total(a) - total(b));
  return best ?? byComplaint(facts, "somebody logs in and finds it", what, repair);
}

/** A target fails while others may go on: the load balancer leaves it out, and a replacement is made. */
export function replaceTarget(facts: Facts, replacement: RecoveryStep): Course {
  const health = targetHealth(facts);
  const alerted = tellsOutage(facts.plan);
  const out = seen("load balancer leaves the target out", health?.out ?? facts.t.metricDelay);
  // With others left, visitors see failures only until the load balancer notices.
  if (facts.count > 1) return course([out], { alerted, share: 1 / facts.count });
  const healthy = health ? [repaired("new target becomes healthy", health.in)] : [];
  return course([out, replacement, ...healthy], { alerted });
}
