import { UserError } from "../../core/errors";
import type { Bilingual } from "../../core/language";
import type { Plan } from "../../core/plan-format";
import { built } from "../../core/plan-reader";
import { type AvailabilityOptions, type AvailabilityReport, availabilityOf } from "../availability/availability";
import { type CostOptions, type CostReport, costOf } from "../cost/cost";
import { type BrokenClaim, brokenClaims, type Claim, claims } from "./claims";
import { billed } from "./parts";
import { todayPlan, withExisting } from "./today";
import { needsOf, risksOf, setupOf } from "./work";

/** One column of the comparison. */
export interface Option {
  readonly architecture: string;
  readonly title: Bilingual;
  readonly plan: Plan;
  /** What is built, components left out. */
  readonly resources: number;
  readonly cost: CostReport;
  /** Cost of a month beyond today's. */
  readonly deltaUsd: number;
  readonly availability: AvailabilityReport;
  readonly claim?: Claim;
  readonly broken: readonly BrokenClaim[];
  readonly setup: readonly Bilingual[];
  /** What only a person can do. */
  readonly needs: readonly Bilingual[];
  readonly risks: readonly Bilingual[];
}

export interface Comparison {
  readonly stack: string;
  readonly region: string;
  readonly today: Option;
  readonly options: readonly Option[];
}

export interface CompareOptions extends CostOptions, AvailabilityOptions {}

const TODAY: Bilingual = { en: "Today: one EC2 instance", ko: "현재: EC2 한 대" };

function optionOf(plan: Plan, today: CostReport | undefined, options: CompareOptions): Option {
  const cost = costOf(plan, options);
  const availability = availabilityOf(plan, options);
  const claim = claims.find((entry) => entry.architecture === plan.architecture);
  const deltaUsd = today ? Math.round((cost.totalUsd - today.totalUsd) * 100) / 100 : 0;
  const todayDatabaseUsd = today ? billed(today, /^rds/) : 0;
  return {
    architecture: plan.architecture,
    title: claim?.title ?? TODAY,
    plan,
    resources: built(plan).length,
    cost,
    deltaUsd,
    availability,
    ...(claim ? { claim } : {}),
    broken: claim ? brokenClaims({ claim, plan, cost, deltaUsd, availability, todayDatabaseUsd }) : [],
    setup: setupOf(plan),
    needs: needsOf(plan),
    risks: risksOf(plan),
  };
}

/**
 * Today's setup and the options side by side.
 * @param plans one plan for each architecture of the same stack
 */
export function compare(plans: readonly Plan[], options: CompareOptions = {}): Comparison {
  const [reference] = plans;
  if (!reference) throw new UserError("There is no plan to compare.");
  const today = todayPlan(reference);
  const first = optionOf(today, undefined, options);
  return {
    stack: reference.stack,
    region: first.cost.region,
    today: first,
    options: plans.map((plan) => optionOf(withExisting(plan, today), first.cost, options)),
  };
}
