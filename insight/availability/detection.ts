import { isUnknown, type Plan, type PlannedResource } from "../../core/plan-format";
import { list, number, ofType, record, refersTo, text } from "../../core/plan-reader";
import { MONITOR } from "../cost/cost-external";
import type { Timing } from "./timings";

/** Type of an alarm. */
export const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";

/** Metric names of an alarm, also those inside expressions. */
function metricsOf(alarm: PlannedResource): string[] {
  const single = text(alarm.inputs.metricName);
  const several = list(alarm.inputs.metricQueries).flatMap(
    (query) => text(record(record(query).metric).metricName) ?? [],
  );
  return single ? [single, ...several] : several;
}

/** Seconds until an alarm changes state: the periods that must breach. */
export function alarmSeconds(alarm: PlannedResource): number {
  const queries = list(alarm.inputs.metricQueries).map(record);
  const periods = queries.flatMap((query) => number(record(query.metric).period) ?? number(query.period) ?? []);
  const period = number(alarm.inputs.period) ?? (periods.length > 0 ? Math.max(...periods) : 300);
  const needed = number(alarm.inputs.datapointsToAlarm) ?? number(alarm.inputs.evaluationPeriods) ?? 1;
  return period * needed;
}

/** Everything that says what an alarm watches, as one text: names, namespaces, dimensions. */
export const subject = (alarm: PlannedResource): string => `${alarm.name} ${JSON.stringify(alarm.inputs)}`;

/** The quickest of the alarms that match. */
export function quickest(plan: Plan, matches: (alarm: PlannedResource) => boolean): PlannedResource | undefined {
  return ofType(plan, ALARM)
    .filter(matches)
    .sort((a, b) => alarmSeconds(a) - alarmSeconds(b))[0];
}

export const watches =
  (...names: readonly RegExp[]) =>
  (alarm: PlannedResource) =>
    names.some((name) => metricsOf(alarm).some((metric) => name.test(metric)));

/** Alarms that see that the site does not answer, whatever the cause. */
export const REACHABILITY = watches(
  /HealthCheckStatus/,
  /HealthyHostCount/,
  /UnHealthyHostCount/,
  /HTTPCode_.*5XX/,
  /^site_?up$/i,
  /server-errors/,
  /probe/i,
  /heartbeat/i,
  /^Healthy$/,
);

/** Seconds until whoever looks from outside is sure that the site is down; undefined where nobody looks. */
export function externalCheck(plan: Plan): Timing | undefined {
  const [check] = ofType(plan, "aws:route53/healthCheck:HealthCheck");
  if (check) {
    const interval = number(check.inputs.requestInterval) ?? 30;
    const failures = number(check.inputs.failureThreshold) ?? 3;
    return { seconds: interval * failures, from: `${check.name}: every ${interval} s, ${failures} failures` };
  }
  const [monitor] = ofType(plan, MONITOR);
  const interval = number(monitor?.inputs.interval) ?? 300;
  return monitor && { seconds: interval, from: `${monitor.name}: every ${interval} s` };
}

/** Alarms on what is seen from outside: Route 53's own, and the metric that its report becomes in the site's region. */
export const fromOutside = (alarm: PlannedResource): boolean =>
  text(alarm.inputs.namespace) === "Iamvet/Uptime" || watches(/HealthCheckStatus/)(alarm);

/** Whether a function takes up an alarm and tells people: the incident reporter, not one that only passes reports on. */
function reported(plan: Plan, alarm: PlannedResource): boolean {
  const rules = ofType(plan, "aws:cloudwatch/eventRule:EventRule").filter((rule) => refersTo(rule, alarm.urn));
  const tellers = ofType(plan, "aws:lambda/function:Function").filter(
    ({ name }) => !/-(receiver|server)-function$/.test(name),
  );
  return ofType(plan, "aws:cloudwatch/eventTarget:EventTarget").some(
    (t) => rules.some((rule) => refersTo(t, rule.urn)) && tellers.some((teller) => refersTo(t, teller.urn)),
  );
}

/** Whether anybody hears of an alarm. One whose list of actions is empty speaks through a composite alarm or the reporter. */
export const notifiesAnybody = (plan: Plan, alarm: PlannedResource): boolean =>
  alarm.inputs.alarmActions === undefined ||
  list(alarm.inputs.alarmActions).length > 0 ||
  ofType(plan, "aws:cloudwatch/compositeAlarm:CompositeAlarm").some((composite) => refersTo(composite, alarm.urn)) ||
  reported(plan, alarm);

/** Whether anybody is told that the site does not answer. */
export const tellsOutage = (plan: Plan): boolean =>
  ofType(plan, MONITOR).length > 0 ||
  ofType(plan, ALARM).some((alarm) => REACHABILITY(alarm) && notifiesAnybody(plan, alarm));

/** Whether an alarm has EC2 itself repair the instance. */
export const repairsByEc2 = (alarm: PlannedResource): boolean =>
  list(alarm.inputs.alarmActions).some((action) => /ec2:(recover|reboot)/.test(JSON.stringify(action)));

/** Whether an alarm starts an SSM automation: EventBridge rules match by alarm name or ARN, or take every alarm. */
export function automationOf(plan: Plan, alarm: PlannedResource): PlannedResource | undefined {
  const rules = ofType(plan, "aws:cloudwatch/eventRule:EventRule").filter((rule) => {
    const pattern = JSON.stringify(rule.inputs.eventPattern ?? "");
    if (!pattern.includes("CloudWatch Alarm State Change")) return false;
    return (
      refersTo(rule, alarm.urn) ||
      pattern.includes(text(alarm.inputs.name) ?? alarm.name) ||
      !/alarmName|resources/.test(pattern)
    );
  });
  const targets = ofType(plan, "aws:cloudwatch/eventTarget:EventTarget").filter((t) =>
    rules.some((rule) => refersTo(t, rule.urn)),
  );
  return ofType(plan, "aws:ssm/document:Document").find(
    (document) =>
      text(document.inputs.documentType) === "Automation" &&
      targets.some((t) => isUnknown(t.inputs.arn) || refersTo(t, document.urn)),
  );
}
