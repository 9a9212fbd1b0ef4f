import { OUTAGES, type Outage } from "../../core/faults";
import type { Plan } from "../../core/plan-format";
import { courses } from "./courses";
import type { Facts, RecoveryStep } from "./recovery-steps";
import { shapeOf } from "./shape";
import { type RecoveryOptions, timingsWith } from "./timings";

/** What a fault means for the visitors, and for how long. */
export interface FaultRecovery {
  readonly fault: Outage;
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

/**
 * Detection and recovery for every fault, computed from what is in the plan: alarm periods, health checks, runbook steps,
 * zones. What no plan tells comes from {@link timings}.
 */
export function recoveryOf(plan: Plan, options: RecoveryOptions = {}): FaultRecovery[] {
  const facts: Facts = { plan, t: timingsWith(options), ...shapeOf(plan) };
  return OUTAGES.map((fault) => {
    const { steps, ...course } = courses[fault](facts);
    const sum = (phase: RecoveryStep["phase"]) =>
      steps.filter((step) => step.phase === phase).reduce((total, { seconds }) => total + seconds, 0);
    const [detectionSeconds, recoverySeconds] = [sum("detection"), sum("recovery")];
    const totalSeconds = detectionSeconds + recoverySeconds;
    return { fault, detectionSeconds, recoverySeconds, totalSeconds, steps, ...course };
  });
}
