import type { Architecture, Settings } from "../../../../stacks/settings/schema";

/**
 * Where a migration is. All of it stands in the stack's file, so a run that was stopped at any point is continued by the next
 * one from the file alone.
 */
export interface Position {
  /** Tier of the record `serving`. */
  readonly architecture: Architecture;
  /** Tier of the record `canary`. */
  readonly canary?: Architecture;
  /** Share of traffic that the canary has, 0 to 100. */
  readonly percent: number;
  /** What is moved away from; undefined while no migration is under way. */
  readonly from?: Architecture;
  /** Counts the changes; an update whose number is lower than the live one is refused. */
  readonly revision: number;
}

/** Where the stack's file says that it is. */
export const positionOf = ({ architecture, traffic: { canary, percent, from, revision } }: Settings): Position => ({
  ...{ architecture, percent, revision },
  ...(canary && { canary }),
  ...(from && { from }),
});

/**
 * One change of the stack's file, and the update after it: `warm` builds the new tier without traffic, `shift` gives it a share,
 * `swap` makes it the one of the record `serving`, `retire` lets go of the old one, `finish` only tidies the file. `close` is a `finish`
 * with one more update before it: the database keeps the public address that Vercel needs as long as a record names Vercel, so through
 * `retire` too.
 */
export interface Step {
  readonly kind: "warm" | "shift" | "swap" | "retire" | "close" | "finish";
  readonly to: Position;
}

/** Where a migration that is under way leads; undefined if none is. */
export function targetOf({ architecture, canary, from }: Position): Architecture | undefined {
  if (from === undefined) return undefined;
  return architecture === from ? canary : architecture;
}

/** The other way round: what is moved away from becomes what is moved to. */
export function turnBack(position: Position): Position {
  const target = targetOf(position);
  if (target === undefined || position.from === undefined) return position;
  // The old tier may be going already: it is warmed again, and kept if it is still there.
  const canary = position.canary ?? position.from;
  return { ...position, canary, from: target };
}

/** The next step to a tier, by the position alone; undefined when there is nothing left to do. */
export function nextStep(at: Position, target: Architecture, steps: readonly number[]): Step | undefined {
  const to = (change: Partial<Position>): Position => ({ ...at, ...change, revision: at.revision + 1 });
  const from = at.from ?? (at.architecture === target ? at.canary : at.architecture);
  if (at.architecture !== target) {
    if (at.canary === undefined) return { kind: "warm", to: to({ canary: target, percent: 0, from }) };
    if (at.percent < 100) {
      return { kind: "shift", to: to({ percent: steps.find((step) => step > at.percent) ?? 100, from }) };
    }
    return { kind: "swap", to: to({ architecture: target, canary: at.architecture, percent: 0, from }) };
  }
  if (at.canary !== undefined && at.percent > 0) return { kind: "shift", to: to({ percent: 0, from }) };
  if (at.canary !== undefined) return { kind: "retire", to: to({ canary: undefined, percent: 0, from }) };
  if (at.from === undefined) return undefined;
  return { kind: at.from === "vercel" ? "close" : "finish", to: { ...at, from: undefined } };
}

/** All steps that are left. */
export function stepsTo(position: Position, target: Architecture, steps: readonly number[]): Step[] {
  const found: Step[] = [];
  let at = position;
  for (let step = nextStep(at, target, steps); step; step = nextStep(at, target, steps)) {
    found.push(step);
    at = step.to;
  }
  return found;
}

/** Whether the tier that is moved to has traffic beside the old one, so that its health decides whether to go on. */
const isTrial = (at: Position, target: Architecture): boolean => at.canary === target && at.percent > 0;

/** Whether the tier that is moved to has visitors, so that a failure of it is theirs. */
export const hasVisitors = (at: Position, target: Architecture): boolean =>
  at.architecture === target || isTrial(at, target);

/**
 * Where to go when a step went wrong: the last weights that were good. They are none if the new tier does not even answer.
 * Undefined if there is no lower weight, or no old tier to give it to.
 */
export function lastGood(
  at: Position,
  target: Architecture,
  steps: readonly number[],
  answers: boolean,
): Position | undefined {
  const revision = at.revision + 1;
  if (isTrial(at, target)) {
    const lower = answers ? (steps.findLast((step) => step < at.percent) ?? 0) : 0;
    return { ...at, percent: lower, revision };
  }
  // Swapped: with a tier that answers there is nothing better to go back to. An old tier that has begun to go is built again first, as
  // the gate before traffic asks it.
  const old = at.canary ?? at.from;
  if (at.architecture === target && old !== undefined && !answers) {
    return { ...at, architecture: old, canary: target, percent: 0, revision };
  }
  return undefined;
}

/** A step as it is written for people. */
export function stepText({ kind, to }: Step, target: Architecture): string {
  switch (kind) {
    case "warm":
      return `build ${target} beside ${to.architecture}, without traffic`;
    case "shift":
      return to.canary === target ? `${to.percent} % to ${target}` : `all traffic to ${to.architecture}`;
    case "swap":
      return `${target} takes the place of ${to.canary}`;
    case "retire":
      return "delete the old tier";
    case "close":
      return "take away the database's public address, which Vercel needed";
    case "finish":
      return "note in the stack's file that it is done";
  }
}
