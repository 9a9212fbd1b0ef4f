import { isConcat, isUnknown, type Plan, type PlannedResource } from "../../core/plan-format";
import { flag, list, number, ofType, record, refersTo, text, zones } from "../../core/plan-reader";
import { readOnce } from "../../core/yaml";
import type { faultTexts, StepText } from "../../output/messages/report-texts";

/** What can go wrong, from the smallest to the greatest. */
export const faults = [
  "process-crash",
  "app-hang",
  "nginx-down",
  "instance-lost",
  "zone-lost",
  "database-lost",
  "bad-deploy",
  "region-lost",
] as const satisfies readonly (keyof typeof faultTexts)[];
export type Fault = (typeof faults)[number];

/** One stretch of time between a fault and the end of its consequences. */
export interface RecoveryStep {
  readonly phase: "detection" | "recovery";
  readonly what: StepText;
  readonly seconds: number;
  /** Where the figure comes from: a resource of the plan, a published figure of AWS, or an assumption. */
  readonly from: string;
}

/** What a fault means for the visitors, and for how long. */
export interface FaultRecovery {
  readonly fault: Fault;
  readonly detectionSeconds: number;
  readonly recoverySeconds: number;
  /** Detection and recovery together. */
  readonly totalSeconds: number;
  /** Share of requests that fail meanwhile, 0 to 1: with two instances, half of them until the load balancer notices. */
  readonly share: number;
  /** `false` if somebody has to act. */
  readonly automatic: boolean;
  /** Whether somebody is told. */
  readonly alerted: boolean;
  readonly steps: readonly RecoveryStep[];
}

/** A figure that no plan holds. */
interface Timing {
  readonly seconds: number;
  readonly from: string;
}

const assumed = (seconds: number, why: string): Timing => ({ seconds, from: `assumption: ${why}` });

/** Durations that no plan tells; every one can be replaced. */
export const timings = {
  pm2Restart: { seconds: 2, from: "measured: PM2 and Next.js 16 are healthy again after 1 to 2 s" },
  nginxRestart: { seconds: 5, from: "systemd: Restart=on-failure with RestartSec=5" },
  instanceBoot: assumed(150, "60 s for EC2, 90 s for cloud-init and the start of the app"),
  instanceRecover: assumed(420, "EC2 recovery on new hardware takes 5 to 10 minutes, the boot included"),
  taskStart: assumed(45, "Fargate: network interface, image of 150 MB and start of the app"),
  metricDelay: assumed(60, "metrics reach CloudWatch up to a minute late"),
  automationStart: assumed(10, "alarm to EventBridge to the start of the SSM automation"),
  stepDuration: assumed(15, "one Run Command of an automation"),
  databaseFailover: {
    seconds: 120,
    from: "AWS: Multi-AZ failover typically takes 60 to 120 s (RDS user guide, Concepts.MultiAZ.Failover, 2026-10)",
  },
  databaseRestart: assumed(900, "RDS moves a Single-AZ instance to new hardware in 10 to 20 minutes"),
  databaseRestore: assumed(3600, "restore from the latest backup to a new instance, with a new endpoint"),
  zoneReturn: assumed(10_800, "AWS restores a zone in hours; nothing in the plan can"),
  regionReturn: assumed(28_800, "AWS restores a region in hours; nothing in the plan can"),
  unnoticed: assumed(3600, "without an alarm, users complain after an hour"),
  humanResponse: assumed(1800, "somebody reads the alarm, logs in and acts within 30 minutes"),
  humanRebuild: assumed(7200, "somebody builds the server anew by hand"),
  vercelRollback: assumed(30, "Vercel assigns the release before to the domain"),
  rollback: assumed(300, "somebody deploys the release before"),
  vercelReroute: assumed(30, "Vercel moves requests to another zone or restarts the function"),
} as const satisfies Record<string, Timing>;

export type Timings = Readonly<Record<keyof typeof timings, Timing>>;

export interface RecoveryOptions {
  /** Other durations, in seconds. */
  readonly seconds?: Partial<Record<keyof typeof timings, number>>;
}

/** What of the plan decides on recovery. */
interface Facts {
  readonly plan: Plan;
  readonly t: Timings;
  readonly tier: "instance" | "group" | "ecs" | "vercel";
  /** Instances or tasks that always run. */
  readonly count: number;
  /** Zones that they are spread over. */
  readonly zones: number;
  readonly multiAz: boolean;
  readonly targetGroup?: PlannedResource;
  readonly service?: PlannedResource;
  readonly group?: PlannedResource;
  readonly backupElsewhere: boolean;
}

const ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm";

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
const subject = (alarm: PlannedResource): string => `${alarm.name} ${JSON.stringify(alarm.inputs)}`;

/** The quickest of the alarms that match. */
function quickest(plan: Plan, matches: (alarm: PlannedResource) => boolean): PlannedResource | undefined {
  return ofType(plan, ALARM)
    .filter(matches)
    .sort((a, b) => alarmSeconds(a) - alarmSeconds(b))[0];
}

const watches =
  (...names: readonly RegExp[]) =>
  (alarm: PlannedResource) =>
    names.some((name) => metricsOf(alarm).some((metric) => name.test(metric)));

/** Alarms that see that the site does not answer, whatever the cause. */
const REACHABILITY = watches(
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

const MONITOR = "pulumi-nodejs:dynamic/uptimerobot:Monitor";

/** Seconds until whoever looks from outside is sure that the site is down; undefined where nobody looks. */
function externalCheck(plan: Plan): Timing | undefined {
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
const fromOutside = (alarm: PlannedResource): boolean =>
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
const notifiesAnybody = (plan: Plan, alarm: PlannedResource): boolean =>
  alarm.inputs.alarmActions === undefined ||
  list(alarm.inputs.alarmActions).length > 0 ||
  ofType(plan, "aws:cloudwatch/compositeAlarm:CompositeAlarm").some((composite) => refersTo(composite, alarm.urn)) ||
  reported(plan, alarm);

/** Whether anybody is told that the site does not answer. */
export const tellsOutage = (plan: Plan): boolean =>
  ofType(plan, MONITOR).length > 0 ||
  ofType(plan, ALARM).some((alarm) => REACHABILITY(alarm) && notifiesAnybody(plan, alarm));

const action = (alarm: PlannedResource | undefined, name: string): boolean =>
  alarm !== undefined && list(alarm.inputs.alarmActions).some((a) => JSON.stringify(a).includes(`ec2:${name}`));

/** Whether an alarm starts an SSM automation: EventBridge rules match by alarm name or ARN, or take every alarm. */
function automationOf(plan: Plan, alarm: PlannedResource | undefined): PlannedResource | undefined {
  if (!alarm) return undefined;
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

/** A text as far as it is written: what other resources or AWS supply is left as a word. */
function written(value: unknown): string {
  if (isConcat(value)) return value.$concat.map((part) => (typeof part === "string" ? part : "reference")).join("");
  return text(value) ?? "";
}

/** Seconds of an automation up to its first repair: waits as written, commands and calls at the assumed duration. */
export function runbookSeconds(document: PlannedResource, stepSeconds: number): { seconds: number; steps: number } {
  let steps: readonly unknown[] = [];
  try {
    steps = list(record(readOnce(written(document.inputs.content))).mainSteps);
  } catch {
    // Content that is only known at the update: one command is assumed.
  }
  let seconds = 0;
  let counted = 0;
  for (const step of steps.map(record)) {
    counted++;
    const kind = text(step.action) ?? "";
    const wait = text(record(step.inputs).Duration)?.match(/^PT(?:(\d+)M)?(?:(\d+)S)?$/);
    seconds +=
      kind === "aws:sleep" && wait
        ? Number(wait[1] ?? 0) * 60 + Number(wait[2] ?? 0)
        : kind === "aws:branch"
          ? 0
          : stepSeconds;
    if (/runCommand|changeInstanceState|executeAutomation/.test(kind)) return { seconds, steps: counted };
  }
  return { seconds: seconds || stepSeconds, steps: counted || 1 };
}

function factsOf(plan: Plan, options: RecoveryOptions): Facts {
  const t = Object.fromEntries(
    Object.entries(timings).map(([name, timing]) => {
      const seconds = options.seconds?.[name as keyof typeof timings];
      return [name, seconds === undefined ? timing : { seconds, from: "as given" }];
    }),
  ) as Timings;
  const service = ofType(plan, "aws:ecs/service:Service")[0];
  const group = ofType(plan, "aws:autoscaling/group:Group")[0];
  const tier = { fargate: "ecs", "ha-web-tier": "group", vercel: "vercel" }[plan.architecture] as
    | Facts["tier"]
    | undefined;
  const kind = tier ?? "instance";
  const scaling = ofType(plan, "aws:appautoscaling/target:Target")[0];
  const count =
    kind === "ecs"
      ? (number(service?.inputs.desiredCount) ?? number(scaling?.inputs.minCapacity) ?? 1)
      : kind === "group"
        ? (number(group?.inputs.minSize) ?? 1)
        : 1;
  const placed =
    kind === "ecs"
      ? list(record(service?.inputs.networkConfiguration).subnets)
      : list(group?.inputs.vpcZoneIdentifiers);
  // Subnets that only the update knows come as one unknown list; AWS's default VPC has one in every zone.
  const spread = placed.length > 0 ? zones(plan, placed).length : 2;
  const owner = kind === "ecs" ? service : group;
  const groups = ofType(plan, "aws:lb/targetGroup:TargetGroup").filter(({ inputs }) => inputs.targetType !== "lambda");
  const attached = owner ? groups.filter((tg) => refersTo(owner, tg.urn)) : groups;
  const database = ofType(plan, "aws:rds/instance:Instance").find((db) => db.inputs.replicateSourceDb === undefined);
  return {
    plan,
    t,
    tier: kind,
    count,
    zones: kind === "instance" ? 1 : Math.min(count, spread),
    multiAz: flag(database?.inputs.multiAz),
    backupElsewhere: ofType(plan, "aws:backup/plan:Plan").some((p) => JSON.stringify(p.inputs).includes("copyActions")),
    ...(kind !== "instance" && kind !== "vercel" && attached[0] ? { targetGroup: attached[0] } : {}),
    ...(service && kind === "ecs" ? { service } : {}),
    ...(group && kind === "group" ? { group } : {}),
  };
}

const step = (phase: RecoveryStep["phase"], what: StepText, timing: Timing): RecoveryStep => ({
  phase,
  what,
  ...timing,
});

/** The load balancer's view: a target is left out after `threshold` failures, and taken in after as many successes. */
function targetHealth({ targetGroup }: Facts): { out: Timing; in: Timing } | undefined {
  if (!targetGroup) return undefined;
  const check = record(targetGroup.inputs.healthCheck);
  const interval = number(check.interval) ?? 30;
  const unhealthy = number(check.unhealthyThreshold) ?? 3;
  const healthy = number(check.healthyThreshold) ?? 3;
  const from = `${targetGroup.name}: every ${interval} s`;
  return {
    out: { seconds: interval * unhealthy, from: `${from}, ${unhealthy} failures` },
    in: { seconds: interval * healthy, from: `${from}, ${healthy} successes` },
  };
}

/** The steps until an alarm is known. */
function seenBy({ plan, t }: Facts, alarm: PlannedResource): RecoveryStep[] {
  const looked = fromOutside(alarm) ? externalCheck(plan) : undefined;
  return [
    ...(looked ? [step("detection", "checks from outside fail", looked)] : []),
    step("detection", "alarm", { seconds: alarmSeconds(alarm), from: `${alarm.name}: periods until the alarm` }),
    step("detection", "metric on its way", t.metricDelay),
  ];
}

/** The best course that any alarm on the site's answer leads to, or that UptimeRobot's own message does. */
function byReachability(facts: Facts, matches: (alarm: PlannedResource) => boolean, repair: Timing, what: StepText) {
  const { plan, t } = facts;
  const alarms = ofType(plan, ALARM).filter(
    (alarm) => matches(alarm) && (notifiesAnybody(plan, alarm) || automationOf(plan, alarm) !== undefined),
  );
  const looked = ofType(plan, MONITOR).length > 0 ? externalCheck(plan) : undefined;
  const courses = [
    ...alarms.map((alarm) => byAlarm(facts, alarm, repair, what)),
    ...(looked
      ? [
          {
            steps: [
              step("detection", "checks from outside fail", looked),
              step("recovery", "somebody acts on the alarm", t.humanResponse),
              step("recovery", what, repair),
            ],
            automatic: false,
            alerted: true,
          },
        ]
      : []),
  ];
  const total = ({ steps }: { steps: readonly RecoveryStep[] }) => steps.reduce((all, { seconds }) => all + seconds, 0);
  return courses.sort((a, b) => total(a) - total(b))[0] ?? byAlarm(facts, undefined, repair, what);
}

/** Detection by an alarm, and what it starts: an EC2 action, an automation, or a message to a person. */
function byAlarm(facts: Facts, alarm: PlannedResource | undefined, repair: Timing, what: StepText) {
  const { t, plan } = facts;
  if (!alarm) {
    return {
      steps: [
        step("detection", "nobody is told", t.unnoticed),
        step("recovery", "somebody logs in and finds it", t.humanResponse),
        step("recovery", what, repair),
      ],
      automatic: false,
      alerted: false,
    };
  }
  const seen = seenBy(facts, alarm);
  const document = automationOf(plan, alarm);
  if (document) {
    const { seconds, steps } = runbookSeconds(document, t.stepDuration.seconds);
    return {
      steps: [
        ...seen,
        step("recovery", "automation starts", t.automationStart),
        step("recovery", "runbook up to the repair", { seconds, from: `${document.name}: ${steps} step(s)` }),
        step("recovery", what, repair),
      ],
      automatic: true,
      alerted: true,
    };
  }
  if (action(alarm, "recover") || action(alarm, "reboot")) {
    return { steps: [...seen, step("recovery", what, repair)], automatic: true, alerted: true };
  }
  return {
    steps: [...seen, step("recovery", "somebody acts on the alarm", t.humanResponse), step("recovery", what, repair)],
    automatic: false,
    alerted: true,
  };
}

interface Course {
  readonly steps: readonly RecoveryStep[];
  readonly automatic: boolean;
  readonly alerted: boolean;
  readonly share: number;
}

/** A target fails while others may go on: the load balancer leaves it out, and a replacement is made. */
function replaceTarget(facts: Facts, replacement: readonly RecoveryStep[]): Course {
  const health = targetHealth(facts);
  const alerted = tellsOutage(facts.plan);
  const out = step("detection", "load balancer leaves the target out", health?.out ?? facts.t.metricDelay);
  // With others left, visitors see failures only until the load balancer notices.
  if (facts.count > 1) return { steps: [out], automatic: true, alerted, share: 1 / facts.count };
  return {
    steps: [out, ...replacement, ...(health ? [step("recovery", "new target becomes healthy", health.in)] : [])],
    automatic: true,
    alerted,
    share: 1,
  };
}

/** Auto Scaling replaces what the load balancer calls unhealthy, but only with health checks of type ELB. */
function groupReplacement(facts: Facts): RecoveryStep[] {
  return [step("recovery", "a new instance starts", facts.t.instanceBoot)];
}

/** A course in which somebody decides in place of an automation. */
function withPerson(steps: readonly RecoveryStep[], t: Timings): RecoveryStep[] {
  const person = step("recovery", "somebody looks", t.humanResponse);
  return [...steps.filter(({ phase }) => phase === "detection"), person, ...steps.slice(-1)];
}

const courses: Readonly<Record<Fault, (facts: Facts) => Course>> = {
  "process-crash": (facts) => {
    const { t, tier } = facts;
    if (tier === "ecs") return replaceTarget(facts, [step("recovery", "ECS starts a new task", t.taskStart)]);
    if (tier === "vercel")
      return {
        steps: [step("recovery", "a new function starts", t.vercelReroute)],
        automatic: true,
        alerted: false,
        share: 0.01,
      };
    return {
      steps: [step("recovery", "PM2 restarts the process", t.pm2Restart)],
      automatic: true,
      alerted: ofType(facts.plan, ALARM).some((alarm) => /procstat|pm2|process/i.test(subject(alarm))),
      share: 1 / facts.count,
    };
  },

  "app-hang": (facts) => {
    const { t, tier } = facts;
    if (tier === "ecs") return replaceTarget(facts, [step("recovery", "ECS starts a new task", t.taskStart)]);
    if (tier === "vercel")
      return {
        steps: [step("recovery", "the function times out and is replaced", t.vercelReroute)],
        automatic: true,
        alerted: false,
        share: 0.05,
      };
    if (tier === "group") {
      const replaces = text(facts.group?.inputs.healthCheckType) === "ELB";
      if (replaces || facts.count > 1) return replaceTarget(facts, groupReplacement(facts));
    }
    return { ...byReachability(facts, REACHABILITY, t.pm2Restart, "PM2 restarts the app"), share: 1 };
  },

  "nginx-down": (facts) => {
    const { t, tier } = facts;
    if (tier === "ecs" || tier === "vercel") return { steps: [], automatic: true, alerted: false, share: 0 };
    if (tier === "group") return replaceTarget(facts, groupReplacement(facts));
    const matches = (alarm: PlannedResource) => /nginx/i.test(subject(alarm)) || REACHABILITY(alarm);
    return { ...byReachability(facts, matches, t.nginxRestart, "nginx is started"), share: 1 };
  },

  "instance-lost": (facts) => {
    const { t, tier, plan } = facts;
    if (tier === "ecs") return replaceTarget(facts, [step("recovery", "ECS starts a new task", t.taskStart)]);
    if (tier === "vercel")
      return {
        steps: [step("recovery", "Vercel uses other machines", t.vercelReroute)],
        automatic: true,
        alerted: false,
        share: 0.05,
      };
    if (tier === "group") return replaceTarget(facts, groupReplacement(facts));
    const alarm = quickest(plan, watches(/StatusCheckFailed_System/)) ?? quickest(plan, watches(/StatusCheckFailed/));
    if (!alarm) {
      return {
        steps: [
          step("detection", "nobody is told", t.unnoticed),
          step("recovery", "somebody finds it", t.humanResponse),
          step("recovery", "the server is stopped and started", t.instanceRecover),
        ],
        automatic: false,
        alerted: false,
        share: 1,
      };
    }
    return { ...byAlarm(facts, alarm, t.instanceRecover, "EC2 recovers the instance on new hardware"), share: 1 };
  },

  "zone-lost": (facts) => {
    const { t, tier } = facts;
    const failover = facts.multiAz ? [step("recovery", "the database fails over", t.databaseFailover)] : [];
    if (tier === "vercel") {
      const steps =
        failover.length > 0 ? failover : [step("recovery", "the database returns with its zone", t.zoneReturn)];
      return { steps, automatic: true, alerted: tellsOutage(facts.plan), share: facts.multiAz ? 1 : 0.5 };
    }
    const alerted = tellsOutage(facts.plan);
    if (tier === "instance") {
      return {
        steps: [step("recovery", "the instance returns with its zone, or is built anew", t.zoneReturn)],
        automatic: false,
        alerted,
        share: 1,
      };
    }
    const health = targetHealth(facts);
    const out = step("detection", "load balancer leaves the zone out", health?.out ?? t.metricDelay);
    // Half of the losses hit the zone of a Single-AZ database, and then everything waits for that zone.
    if (!facts.multiAz)
      return {
        steps: [out, step("recovery", "a Single-AZ database returns with its zone", t.zoneReturn)],
        automatic: true,
        alerted,
        share: 0.5,
      };
    if (facts.zones > 1) return { steps: [out, ...failover], automatic: true, alerted, share: 0.5 };
    const start = tier === "ecs" ? t.taskStart : t.instanceBoot;
    return {
      steps: [
        out,
        step("recovery", "a replacement starts in another zone", start),
        ...(health ? [step("recovery", "it becomes healthy", health.in)] : []),
        ...failover,
      ],
      automatic: true,
      alerted,
      share: 0.5,
    };
  },

  "database-lost": (facts) => {
    const { t, plan } = facts;
    const alarm = quickest(plan, (candidate) => /AWS\/RDS|database/i.test(subject(candidate)));
    const alerted = alarm !== undefined || tellsOutage(plan);
    return facts.multiAz
      ? {
          steps: [step("recovery", "RDS fails over to the standby", t.databaseFailover)],
          automatic: true,
          alerted,
          share: 1,
        }
      : {
          steps: [step("recovery", "RDS moves the instance to new hardware", t.databaseRestart)],
          automatic: true,
          alerted,
          share: 1,
        };
  },

  "bad-deploy": (facts) => {
    const { t, tier } = facts;
    if (tier === "vercel") {
      return { ...byReachability(facts, REACHABILITY, t.vercelRollback, "instant rollback in Vercel"), share: 1 };
    }
    if (tier === "ecs" && flag(record(facts.service?.inputs.deploymentCircuitBreaker).rollback)) {
      // Old tasks serve until new ones are healthy: visitors notice nothing unless the minimum allows fewer.
      const least = number(facts.service?.inputs.deploymentMinimumHealthyPercent) ?? 100;
      const failures = Math.min(200, Math.max(3, Math.ceil(facts.count * 0.5)));
      const each = t.taskStart.seconds + (targetHealth(facts)?.out.seconds ?? 0);
      const breaker: Timing = {
        seconds: failures * each,
        from: `${facts.service?.name}: circuit breaker after ${failures} failed tasks`,
      };
      return {
        steps: [step("recovery", "the circuit breaker rolls back", breaker)],
        automatic: true,
        alerted: true,
        share: least >= 100 ? 0 : 1 - least / 100,
      };
    }
    if (tier === "group") {
      // The refresh is the program's own (stacks/gates/group-rollout.ts) and keeps to the group's policy.
      const least = number(record(facts.group?.inputs.instanceMaintenancePolicy).minHealthyPercentage) ?? 90;
      const spare = least >= 100 || facts.count > 1;
      const boot: Timing = {
        seconds: t.instanceBoot.seconds * 2,
        from: `${facts.group?.name}: instance refresh with automatic rollback`,
      };
      return {
        steps: [step("recovery", "the instance refresh rolls back", boot)],
        automatic: true,
        alerted: true,
        share: least >= 100 ? 0 : spare ? 1 / facts.count : 1,
      };
    }
    const { steps, alerted } = byReachability(facts, REACHABILITY, t.rollback, "the release before is deployed");
    // No automation repairs a release: whatever an alarm starts, somebody has to look.
    return { steps: withPerson(steps, t), automatic: false, alerted, share: 1 };
  },

  "region-lost": (facts) => ({
    steps: facts.backupElsewhere
      ? [
          step("recovery", "somebody decides", facts.t.humanResponse),
          step("recovery", "the site is built in another region", facts.t.humanRebuild),
          step("recovery", "the database is restored from the copied backup", facts.t.databaseRestore),
        ]
      : [step("recovery", "AWS restores the region", facts.t.regionReturn)],
    automatic: false,
    alerted: facts.tier !== "instance" || externalCheck(facts.plan) !== undefined,
    share: 1,
  }),
};

const sum = (steps: readonly RecoveryStep[], phase: RecoveryStep["phase"]) =>
  steps.filter((s) => s.phase === phase).reduce((total, s) => total + s.seconds, 0);

/**
 * Detection and recovery for every fault, computed from what is in the plan: alarm periods, health checks, runbook steps,
 * zones. What no plan tells comes from {@link timings}.
 */
export function recoveryOf(plan: Plan, options: RecoveryOptions = {}): FaultRecovery[] {
  const facts = factsOf(plan, options);
  return faults.map((fault) => {
    const { steps, ...course } = courses[fault](facts);
    const detectionSeconds = sum(steps, "detection");
    const recoverySeconds = sum(steps, "recovery");
    return {
      fault,
      detectionSeconds,
      recoverySeconds,
      totalSeconds: detectionSeconds + recoverySeconds,
      steps,
      ...course,
    };
  });
}

/** What decides on the availability of a plan's parts. */
export function shapeOf(plan: Plan): Pick<Facts, "tier" | "count" | "zones" | "multiAz"> {
  const { tier, count, zones: spread, multiAz } = factsOf(plan, {});
  return { tier, count, zones: spread, multiAz };
}

/** Seconds until the load balancer finds a new target healthy; undefined without one. */
export const targetHealthOf = (plan: Plan): { seconds: number; from: string } | undefined =>
  targetHealth(factsOf(plan, {}))?.in;
