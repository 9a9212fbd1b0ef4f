import { type Plan, type PlannedResource, SECRET } from "../../core/plan-format";
import { byUrn, isComponent, references } from "../../core/plan-reader";
import { dataTypes, leftToAws, replacing } from "./replacement";

/** What the engine does to one resource. */
export type Operation = "create" | "update" | "replace" | "delete" | "keep";

/**
 * When it does so: `build` beside what serves, `switch` between the two gates, `finish` behind them, `retire` last of all, after
 * a program that ended well.
 */
export type Stage = "build" | "switch" | "finish" | "retire";

/** One resource in a flip. */
export interface Change {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly operation: Operation;
  readonly stage: Stage;
  /** Names of the properties that differ; empty for creations and deletions. */
  readonly properties: readonly string[];
  /** Those of them that force the replacement. */
  readonly because: readonly string[];
  readonly protect: boolean;
  /** What it holds that cannot be made again; undefined for what can. */
  readonly holds?: string;
  /** The program lets go of it, and it stays on AWS. */
  readonly retained: boolean;
}

/** One step of `pulumi preview --json`, reduced to what a flip needs. */
export interface PreviewStep {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly protect: boolean;
  readonly retained: boolean;
  readonly diff: readonly string[];
  readonly replaces: readonly string[];
}

const TRAFFIC = "iamvet:index:Traffic";
const nameOf = (urn: string) => urn.split("::").at(-1) ?? urn;

/** Logs that the balancer writes are emptied and deleted with it; any other bucket is somebody's files. */
const holdsOf = (type: string, inputs: PlannedResource["inputs"]) =>
  type === "aws:s3/bucket:Bucket" && inputs.forceDestroy === true ? undefined : dataTypes[type];

/** Text by which two inputs are compared; the order of an object's keys does not matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** The outermost component that a resource belongs to. */
export function rootOf(plan: Plan, resource: PlannedResource): PlannedResource {
  const parent = resource.parent === undefined ? undefined : byUrn(plan).get(resource.parent);
  return !parent || parent.type === "pulumi:pulumi:Stack" ? resource : rootOf(plan, parent);
}

/** Where in the program a resource is registered: before its gates, between them, or behind. */
function stageOf(plan: Plan): (urn: string) => "build" | "switch" | "finish" {
  const order = new Map(plan.resources.map(({ urn }, index) => [urn, index]));
  const traffic = plan.resources.findIndex(({ type }) => type === TRAFFIC);
  return (urn) => {
    const resource = byUrn(plan).get(urn);
    // A step of the engine for something that no plan holds: it is on the way out, or a provider.
    if (!resource || traffic < 0) return "build";
    const root = rootOf(plan, resource);
    if (root.type === TRAFFIC) return "switch";
    return (order.get(root.urn) ?? 0) > traffic ? "finish" : "build";
  };
}

/** The properties that differ, and those that follow because what they refer to is replaced. */
function differing(before: PlannedResource, after: PlannedResource, replaced: ReadonlySet<string>): string[] {
  const keys = new Set([...Object.keys(before.inputs), ...Object.keys(after.inputs)]);
  const ignored = after.ignoreChanges.map((path) => path.split(/[.[\]]+/).filter(Boolean));
  return [...keys].filter((key) => {
    if (!(key in after.inputs) && leftToAws(after.type, key)) return false;
    const paths = ignored.filter(([first]) => first === key).map(([, ...rest]) => rest);
    const [was, will] = [before, after].map(({ inputs }) =>
      canonical(paths.reduce<unknown>((value, path) => without(value, path), inputs[key])),
    );
    if (was !== will) return true;
    return paths.every((path) => path.length > 0) && references(after.inputs[key]).some((urn) => replaced.has(urn));
  });
}

/** A value without what a path of `ignoreChanges` names, where `*` is every element. */
function without(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return undefined;
  if (typeof value !== "object" || value === null) return value;
  const part = (name: string, old: unknown) => (key === "*" || key === name ? without(old, rest) : old);
  return Array.isArray(value)
    ? value.map((old, index) => part(String(index), old))
    : Object.fromEntries(Object.entries(value).map(([name, old]) => [name, part(name, old)]));
}

/** What forces a replacement: AWS cannot change it in place, or the program wants the new one beside the old. */
function forcing(
  before: PlannedResource,
  { type, replaceOnChanges = [], replacementTrigger }: PlannedResource,
  properties: readonly string[],
  replaced: ReadonlySet<string>,
): string[] {
  const trigger =
    replacementTrigger !== undefined &&
    before.replacementTrigger !== undefined &&
    (canonical(before.replacementTrigger) !== canonical(replacementTrigger) ||
      references(replacementTrigger).some((urn) => replaced.has(urn)));
  const wanted = properties.filter((key) => replaceOnChanges.includes(key));
  return [...new Set([...replacing(type, properties), ...wanted, ...(trigger ? ["replacementTrigger"] : [])])];
}

/** What a flip does to every resource, read off the two plans, in the program's order. */
export function changesOf(before: Plan, after: Plan): Change[] {
  const stage = stageOf(after);
  const replaced = new Set<string>();
  const changes: Change[] = [];
  for (const resource of after.resources) {
    const { urn, type, name, inputs, custom } = resource;
    if (!custom) continue;
    const old = byUrn(before).get(urn);
    const properties = old ? differing(old, resource, replaced) : [];
    // The parameters around the records name the tiers, in a value that a plan does not show.
    const hidden =
      old && stage(urn) === "switch" && inputs.value === SECRET && before.architecture !== after.architecture;
    if (hidden && properties.length === 0) properties.push("value");
    const because = old ? forcing(old, resource, properties, replaced) : [];
    if (because.length > 0) replaced.add(urn);
    changes.push({
      urn,
      type,
      name,
      operation: !old ? "create" : because.length > 0 ? "replace" : properties.length > 0 ? "update" : "keep",
      stage: stage(urn),
      properties,
      because,
      // What was protected stays so until an update has taken the protection away.
      protect: old?.protect ?? resource.protect,
      ...held(type, old?.inputs ?? inputs),
      retained: false,
    });
  }
  // The engine deletes what depends on others first.
  for (const { urn, type, name, inputs, custom, protect, retainOnDelete } of [...before.resources].reverse()) {
    if (!custom || byUrn(after).has(urn)) continue;
    changes.push({
      urn,
      type,
      name,
      operation: "delete",
      stage: "retire",
      properties: [],
      because: [],
      protect,
      ...held(type, inputs),
      retained: retainOnDelete,
    });
  }
  return changes;
}

function held(type: string, inputs: PlannedResource["inputs"]): { holds?: string } {
  const holds = holdsOf(type, inputs);
  return holds ? { holds } : {};
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  create: "create",
  import: "create",
  update: "update",
  replace: "replace",
  "create-replacement": "replace",
  "import-replacement": "replace",
  delete: "delete",
  "discard-replaced": "delete",
  "remove-pending-replace": "delete",
  same: "keep",
  read: "keep",
  refresh: "keep",
};

/** What a flip does, read off a preview of the real state. A replacement comes as several steps of one URN and is told once. */
export function changesOfPreview(steps: readonly PreviewStep[], before: Plan, after: Plan): Change[] {
  const stage = stageOf(after);
  const custom = (urn: string) => (byUrn(after).get(urn) ?? byUrn(before).get(urn))?.custom ?? true;
  const byStep = new Map<string, Change>();
  for (const { op, urn, type, protect, retained, diff, replaces } of steps) {
    const operation = OPERATIONS[op];
    if (!operation || isComponent(type) || !custom(urn)) continue;
    const known = byStep.get(urn);
    const planned = byUrn(before).get(urn) ?? byUrn(after).get(urn);
    byStep.set(urn, {
      urn,
      type,
      name: nameOf(urn),
      operation: known?.operation === "replace" ? "replace" : operation,
      stage: operation === "delete" ? "retire" : stage(urn),
      properties: known && known.properties.length > 0 ? known.properties : diff,
      because: known && known.because.length > 0 ? known.because : replaces,
      protect: protect || (known?.protect ?? false),
      ...held(type, planned?.inputs ?? {}),
      retained,
    });
  }
  return [...byStep.values()];
}
