import type { Plan, PlannedResource, PlanValue } from "../../core/plan-format";
import { byUrn, number } from "../../core/plan-reader";
import { changesOf } from "./flip-changes";
import { dataTypes } from "./replacement";

/** What a change from one plan to another does to something that holds data. */
export interface DataChange {
  readonly what: "deleted" | "replaced" | "unprotected" | "shrunk";
  readonly name: string;
  readonly type: string;
  /** Property that forces the replacement, or that shrinks. */
  readonly property?: string;
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

/** A generated secret that nothing protects is made again without loss, and so are logs that are emptied with their bucket. */
const holdsData = ({ type, protect, custom, inputs }: PlannedResource) =>
  custom && (protect || (type in dataTypes && !type.startsWith("random:") && inputs.forceDestroy !== true));

/**
 * Whether going from one plan to another loses data: a resource that holds some is left out, made anew, unprotected, or made
 * smaller. Pure: what the live account holds beside the plans is asked by the program itself, in `pulumi preview`.
 */
export function dataChanges(before: Plan, after: Plan): DataChange[] {
  return changesOf(before, after).flatMap(({ urn, operation, because, retained }): DataChange[] => {
    const [old, now] = [byUrn(before).get(urn), byUrn(after).get(urn)];
    if (!old || !holdsData(old)) return [];
    const change = (what: DataChange["what"], property?: string): DataChange => ({
      what,
      name: old.name,
      type: old.type,
      ...(property ? { property } : {}),
      safeWay: safeWays[what],
    });
    if (!now) return operation === "delete" && !retained ? [change("deleted")] : [];
    return [
      ...because.map((key) => change("replaced", key)),
      ...grows.filter((key) => smaller(old.inputs[key], now.inputs[key])).map((key) => change("shrunk", key)),
      ...(weaker(old, now) ? [change("unprotected")] : []),
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
  return changes.map(({ what, name, type, property, safeWay }) => {
    const holds = dataTypes[type];
    return `${name}${holds ? `, which holds ${holds},` : ""} would be ${what}${property ? ` (${property})` : ""}. ${safeWay}`;
  });
}
