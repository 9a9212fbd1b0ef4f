import type { Disaster } from "../../core/faults";
import type { Plan } from "../../core/plan-format";
import { type FaultRecovery, recoveryOf } from "../availability/fault-recovery";
import { type DataFacts, dataFacts } from "./dr-facts";
import { scenarios } from "./dr-scenarios";

/** How much data, or how much time, a disaster costs at most. */
export interface Objective {
  /** Undefined where nothing in the plan bounds it. */
  readonly seconds?: number;
  /** What it means, where the figure alone would mislead. */
  readonly note?: string;
  /** Where the figure comes from: a resource of the plan, a published figure of AWS, or an assumption. */
  readonly from: string;
}

/** One thing to do, in order. */
export interface Action {
  readonly what: string;
  /** Commands as they are typed; what only the day knows stands in angle brackets. */
  readonly commands?: readonly string[];
}

/** Something that the plan lacks, and the setting that brings it. */
export interface Gap {
  readonly lacks: string;
  readonly mend: string;
}

/** A disaster, what it costs, and what to do. */
export interface Scenario {
  readonly id: Disaster;
  readonly title: string;
  /** Recovery point objective: the newest data that may be lost. */
  readonly rpo: Objective;
  /** Recovery time objective: until the site serves again. */
  readonly rto: Objective;
  /** Whether the site comes back without a person. */
  readonly automatic: boolean;
  readonly actions: readonly Action[];
  readonly gaps: readonly Gap[];
}

export interface DisasterPlan {
  readonly stack: string;
  readonly architecture: string;
  readonly region: string;
  readonly scenarios: readonly Scenario[];
}

/** What a scenario is written from. */
export interface Context extends DataFacts {
  readonly plan: Plan;
  readonly stack: string;
  readonly recovery: (fault: FaultRecovery["fault"]) => FaultRecovery;
}

/**
 * What each disaster costs a stack, and how it is survived, from what the plan really contains. Pure.
 *
 * @param region the stack's `aws:region`
 */
export function disasterPlan(plan: Plan, region: string): DisasterPlan {
  const recoveries = new Map(recoveryOf(plan).map((one) => [one.fault, one]));
  const context: Context = {
    ...dataFacts(plan, region),
    plan,
    stack: plan.stack,
    recovery: (fault) => recoveries.get(fault) as FaultRecovery,
  };
  return {
    stack: plan.stack,
    architecture: plan.architecture,
    region,
    scenarios: scenarios.map(({ id, title, write }) => ({ id, title, ...write(context) })),
  };
}
