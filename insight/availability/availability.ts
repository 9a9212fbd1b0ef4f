import { UserError } from "../../core/errors";
import type { Outage } from "../../core/faults";
import type { Plan } from "../../core/plan-format";
import { ofType } from "../../core/plan-reader";
import { seeded } from "../../core/random";
import type { LinkText } from "../../output/messages/report-texts";
import { vercelChoices } from "../cost/cost-external";
import { HOURS_PER_MONTH } from "../cost/cost-item";
import { type FaultRecovery, recoveryOf } from "./fault-recovery";
import { type Shape, shapeOf } from "./shape";
import type { RecoveryOptions } from "./timings";

/** A published commitment: a share of a month, and where it is published. */
export interface Sla {
  readonly availability: number;
  readonly source: string;
  readonly asOf: string;
  readonly verified: boolean;
}

const sla = (availability: number, source: string, asOf = "2026-11-24", verified = true): Sla => ({
  availability,
  source,
  asOf,
  verified,
});

const COMPUTE = "Amazon Compute SLA, https://aws.amazon.com/compute/sla/";
const RDS = "Amazon RDS SLA, https://aws.amazon.com/rds/sla/";

/**
 * Service level agreements. They are commitments to pay credits, not forecasts; below them nothing is promised.
 * Read in public copies and in the project's notes of 2026-11.
 */
const slas = {
  dns: sla(1, "Amazon Route 53 SLA, https://aws.amazon.com/route53/sla/"),
  loadBalancer: sla(0.9999, "Elastic Load Balancing SLA, https://aws.amazon.com/elasticloadbalancing/sla/"),
  instance: sla(0.995, `${COMPUTE}: one EC2 instance`),
  instances: sla(0.9999, `${COMPUTE}: instances in two or more zones`),
  fargate: sla(0.9999, `${COMPUTE}: Fargate tasks in two or more zones`),
  function: sla(0.9995, "AWS Lambda SLA, https://aws.amazon.com/lambda/sla/", "2026-11-30"),
  database: sla(0.995, `${RDS}: Single-AZ`),
  databaseMultiAz: sla(0.9995, `${RDS}: Multi-AZ`),
  vercelEnterprise: sla(0.9999, "Vercel SLA, Enterprise contracts only, https://vercel.com/legal/sla"),
  vercel: sla(0.999, "no SLA for Hobby and Pro; 99.9 % is this project's assumption", "2026-11-24", false),
};

/** One part of the chain between a visitor and the data. */
export interface Link {
  readonly name: LinkText;
  readonly availability: number;
  /** Expected minutes a month in which this part alone takes the site down. */
  readonly minutesPerMonth: number;
  readonly from: string;
}

/** All of them are needed. */
export const serial = (...parts: readonly number[]): number => parts.reduce((product, part) => product * part, 1);

/** One of them is enough, and they fail independently. */
export const parallel = (...parts: readonly number[]): number =>
  1 - parts.reduce((product, part) => product * (1 - part), 1);

/** How often each fault strikes in a year. All are assumptions; measure your own and replace them. */
export const failuresPerYear: Readonly<Record<Outage, { readonly rate: number; readonly why: string }>> = {
  "process-crash": { rate: 24, why: "two unhandled errors or memory limits a month" },
  "app-hang": { rate: 6, why: "a blocked event loop or an exhausted connection pool every other month" },
  "nginx-down": { rate: 1, why: "a wrong configuration or an update once a year" },
  "instance-lost": { rate: 0.5, why: "hardware retirement or a host failure every other year, for each instance" },
  "zone-lost": { rate: 0.1, why: "one outage of a zone in ten years" },
  "database-lost": { rate: 0.3, why: "a failed database host every three years" },
  "bad-deploy": { rate: 12, why: "one release a month that does not work (100 releases, 12 % fail)" },
  "region-lost": { rate: 0.02, why: "one regional outage in fifty years" },
};

export interface AvailabilityOptions extends RecoveryOptions {
  /** Faults a year, in place of the assumed ones. */
  readonly failuresPerYear?: Partial<Record<Outage, number>>;
  /** Years that the simulation plays; with 4000 a share of years is right within 1.6 percentage points (95 %). @default 4000 */
  readonly years?: number;
  /** The same seed gives the same result. @default 1 */
  readonly seed?: number;
}

/** A simulated year, many times over: minutes without service. */
export interface Simulation {
  readonly years: number;
  readonly seed: number;
  readonly meanMinutes: number;
  readonly medianMinutes: number;
  /** Nine years of ten are better than this. */
  readonly p90Minutes: number;
  readonly p99Minutes: number;
  /** Share of years that reach 99.9, 99.95 and 99.99 %. */
  readonly reaches: Readonly<Record<"99.9" | "99.95" | "99.99", number>>;
}

export interface AvailabilityReport {
  readonly stack: string;
  readonly architecture: string;
  /** Product of the published commitments along the chain. */
  readonly committed: number;
  /** Expected share of time in service: own faults, assumed rates, computed recovery times. */
  readonly expected: number;
  /** What to plan with: the lower of the two, since neither covers what the other does. */
  readonly composed: number;
  /** Expected minutes of downtime in a month, at `composed`. */
  readonly minutesPerMonth: number;
  readonly links: readonly Link[];
  readonly weakest: Link;
  /** Expected minutes a month by fault. */
  readonly byFault: readonly { readonly fault: Outage; readonly perYear: number; readonly minutesPerMonth: number }[];
  readonly simulation: Simulation;
  readonly recovery: readonly FaultRecovery[];
}

const MINUTES_PER_MONTH = HOURS_PER_MONTH * 60;
const MINUTES_PER_YEAR = MINUTES_PER_MONTH * 12;

const link = (name: LinkText, sla: Sla): Link => ({
  name,
  availability: sla.availability,
  minutesPerMonth: (1 - sla.availability) * MINUTES_PER_MONTH,
  from: sla.source,
});

/** What runs the app. */
function compute({ tier, zones }: Shape): Link {
  const spread = zones > 1;
  if (tier === "ecs")
    return spread ? link("Fargate in two zones", slas.fargate) : link("One Fargate zone", slas.instance);
  return tier === "group" && spread
    ? link("EC2 in two zones", slas.instances)
    : link("One EC2 instance", slas.instance);
}

/** The chain of published commitments from the visitor to the data. */
export function chainOf(plan: Plan, vercelPlan: string): Link[] {
  const shape = shapeOf(plan);
  const dns = link("DNS", slas.dns);
  const database = shape.multiAz
    ? link("Database, Multi-AZ", slas.databaseMultiAz)
    : link("Database, Single-AZ", slas.database);
  if (shape.tier === "vercel") {
    const promised = vercelPlan === "enterprise" ? slas.vercelEnterprise : slas.vercel;
    return [dns, link(`Vercel ${vercelPlan}`, promised), database];
  }
  if (shape.tier === "instance") return [dns, compute(shape), database];
  // S3 does not join: where it does not answer, the tiers are asked for the files.
  const files = ofType(plan, "aws:lb/targetGroup:TargetGroup").some(({ inputs }) => inputs.targetType === "lambda");
  return [
    dns,
    link("Load balancer", slas.loadBalancer),
    ...(files ? [link("Built files, by Lambda", slas.function)] : []),
    compute(shape),
    database,
  ];
}

/**
 * For each count from 0 the chance that something with this rate strikes at most so often in a year (Poisson), as far as it
 * matters: twelve standard deviations beyond the mean. In logarithms, as e to the power of minus a thousand is 0 to a computer.
 */
function atMost(rate: number): number[] {
  let logarithm = -rate;
  let sum = 0;
  return Array.from({ length: Math.ceil(rate + 12 * Math.sqrt(rate) + 30) }, (_, count) => {
    sum += Math.exp(logarithm);
    logarithm += Math.log(rate / (count + 1));
    return sum;
  });
}

/**
 * Plays a year many times. Faults strike independently (Poisson); each lasts between half and one and a half times its
 * computed time, as no recovery takes the same time twice. Outages that overlap are counted twice, which is rare.
 */
export function simulate(
  events: readonly { readonly rate: number; readonly minutes: number }[],
  years = 4_000,
  seed = 1,
): Simulation {
  if (!Number.isInteger(years) || years < 1) throw new UserError(`years must be a whole number above 0 (got ${years})`);
  const next = seeded(seed);
  const faults = events.map(({ rate, minutes }) => ({ chances: atMost(rate), minutes }));
  const totals = Float64Array.from({ length: years }, () => {
    let total = 0;
    for (const { chances, minutes } of faults) {
      const drawn = next();
      for (let count = 0; drawn > (chances[count] ?? 1); count++) total += minutes * (0.5 + next());
    }
    return Math.min(total, MINUTES_PER_YEAR);
  }).sort();
  const at = (share: number) => totals[Math.min(years - 1, Math.floor(share * years))] ?? 0;
  const reaches = (percent: number) => totals.filter((t) => t <= MINUTES_PER_YEAR * (1 - percent / 100)).length / years;
  return {
    years,
    seed,
    meanMinutes: totals.reduce((sum, minutes) => sum + minutes, 0) / years,
    medianMinutes: at(0.5),
    p90Minutes: at(0.9),
    p99Minutes: at(0.99),
    reaches: { "99.9": reaches(99.9), "99.95": reaches(99.95), "99.99": reaches(99.99) },
  };
}

/**
 * How available a plan is.
 * @throws Error for a negative rate.
 */
export function availabilityOf(plan: Plan, options: AvailabilityOptions = {}): AvailabilityReport {
  const recovery = recoveryOf(plan, options);
  const { count, tier } = shapeOf(plan);
  const events = recovery.map((course) => {
    const given = options.failuresPerYear?.[course.fault];
    if (given !== undefined && given < 0)
      throw new UserError(`failuresPerYear.${course.fault} must not be negative (got ${given})`);
    // Each instance can be lost; a process that crashes is one of the site's, however many there are.
    const machines = course.fault === "instance-lost" && tier !== "vercel" ? count : 1;
    const rate = (given ?? failuresPerYear[course.fault].rate) * machines;
    return { fault: course.fault, rate, minutes: (course.totalSeconds / 60) * course.share };
  });
  const byFault = events
    .map(({ fault, rate, minutes }) => ({ fault, perYear: rate, minutesPerMonth: (rate * minutes) / 12 }))
    .sort((a, b) => b.minutesPerMonth - a.minutesPerMonth);
  const expected = 1 - Math.min(1, byFault.reduce((sum, entry) => sum + entry.minutesPerMonth, 0) / MINUTES_PER_MONTH);
  const links = chainOf(plan, vercelChoices(plan).plan);
  const committed = serial(...links.map((part) => part.availability));
  const composed = Math.min(committed, expected);
  const weakest = links.reduce((worst, part) => (part.availability < worst.availability ? part : worst));
  return {
    stack: plan.stack,
    architecture: plan.architecture,
    committed,
    expected,
    composed,
    minutesPerMonth: (1 - composed) * MINUTES_PER_MONTH,
    links,
    weakest,
    byFault,
    simulation: simulate(events, options.years, options.seed),
    recovery,
  };
}
