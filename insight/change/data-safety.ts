import type { Plan, PlannedResource, PlanValue } from "../../core/plan-format";
import { byUrn, number } from "../../core/plan-reader";
import { type Change, changesOf } from "./flip-changes";

/** What a change from one plan to another does to something that holds data. */
export interface DataChange {
  readonly what: "deleted" | "replaced" | "unprotected" | "shrunk";
  readonly change: Change;
  /** Properties that force the replacement, or that shrink. */
  readonly properties: readonly string[];
  /** The way to the same end that keeps the data. */
  readonly safeWay: string;
}

/** Properties that may only grow. */
const grows = ["allocatedStorage", "maxAllocatedStorage"];

const HAND_OVER = "To hand it over: pulumi state unprotect, then pulumi state delete, which leave it on AWS.";
const ELSEWHERE =
  "Restore a snapshot into a second stack (database.mode restore), check it, and point the site there: docs/disaster-recovery.md.";

const safeWays: Readonly<Record<DataChange["what"], string>> = {
  deleted: HAND_OVER,
  replaced: ELSEWHERE,
  unprotected: "Leave the protection on: nothing but a deletion needs it off.",
  shrunk: "Storage never shrinks: pg_dump into a smaller database of a second stack.",
};

/** A generated secret that nothing protects is made again without loss, and the gates lead visitors from one record to another. */
const isKept = ({ type, stage, protect, holds }: Change) =>
  stage !== "switch" && (protect || (holds !== undefined && !type.startsWith("random:")));

/**
 * What loses data in going from one plan to another: a resource that holds some is left out, made anew, unprotected, or made
 * smaller. Pure: what the live account holds beside the plans is asked by the program itself, in `pulumi preview`.
 */
export const dataChanges = (before: Plan, after: Plan): DataChange[] =>
  lossesIn(changesOf(before, after), before, after);

/** The same of changes that are known already, from the plans or from a preview. */
export function lossesIn(changes: readonly Change[], before: Plan, after: Plan): DataChange[] {
  return changes.filter(isKept).flatMap((change): DataChange[] => {
    const { urn, operation, because, retained } = change;
    const loss = (what: DataChange["what"], properties: readonly string[] = []): DataChange => ({
      ...{ what, change, properties },
      safeWay: safeWays[what],
    });
    if (operation === "delete") return retained ? [] : [loss("deleted")];
    const replaced = operation === "replace" ? [loss("replaced", because)] : [];
    const [old, now] = [byUrn(before).get(urn), byUrn(after).get(urn)];
    if (!old || !now) return replaced;
    const shrunk = grows.filter((key) => smaller(old.inputs[key], now.inputs[key]));
    return [
      ...replaced,
      ...(shrunk.length > 0 ? [loss("shrunk", shrunk)] : []),
      ...(weaker(old, now) ? [loss("unprotected")] : []),
    ];
  });
}

function smaller(old: unknown, now: unknown): boolean {
  const [from, to] = [number(old), number(now)];
  return from !== undefined && to !== undefined && to < from;
}

/** Properties that guard data, and the value that does. */
const guards: Readonly<Record<string, PlanValue>> = {
  deletionProtection: true,
  skipFinalSnapshot: false,
  deleteAutomatedBackups: false,
};

function weaker(old: PlannedResource, now: PlannedResource): boolean {
  if (old.protect && !now.protect) return true;
  const gone = Object.entries(guards).some(([key, guard]) => old.inputs[key] === guard && now.inputs[key] !== guard);
  return (
    gone || ((number(old.inputs.backupRetentionPeriod) ?? 0) > 0 && number(now.inputs.backupRetentionPeriod) === 0)
  );
}

/** The changes as lines for a person. */
export function renderDataChanges(changes: readonly DataChange[]): string[] {
  return changes.map(({ what, change: { name, holds, protect }, properties, safeWay }) => {
    const held = holds ? `, which holds ${holds},` : "";
    const why = properties.length > 0 ? ` (${properties.join(", ")})` : "";
    const guard =
      protect && (what === "deleted" || what === "replaced")
        ? " It is protected, so the engine refuses the whole update."
        : "";
    return `${name}${held} would be ${what}${why}.${guard} ${safeWay}`;
  });
}
