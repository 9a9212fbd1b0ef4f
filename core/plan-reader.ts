import { UserError } from "./errors";
import { isRef, type Plan, type PlannedResource, type PlanValue } from "./plan-format";

/** Reads plans: plain functions over inputs whose values may be references, unknowns or absent. */

export type Inputs = Readonly<Record<string, PlanValue | undefined>>;

export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
export const flag = (value: unknown): boolean => value === true || value === "true";
export const list = (value: unknown): readonly PlanValue[] => (Array.isArray(value) ? value : []);

/** A number, also where the provider takes it as a string (`cpu: "256"`). */
export function number(value: unknown): number | undefined {
  const parsed = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof parsed === "number" && Number.isFinite(parsed) ? parsed : undefined;
}

/** An object that is neither a list nor a reference. */
export function record(value: unknown): Inputs {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Inputs) : {};
}

/** Whether a type is a component's, ours or awsx's, or the engine's own: nothing that is built. */
export const isComponent = (type: string): boolean => /^(iamvet|awsx|pulumi):/.test(type);

/** What is built, without components. */
export const built = (plan: Plan): PlannedResource[] => plan.resources.filter((resource) => resource.custom);

/** All resources of one type. */
export const ofType = (plan: Plan, type: string): PlannedResource[] =>
  plan.resources.filter((resource) => resource.type === type);

const indexes = new WeakMap<Plan, Map<string, PlannedResource>>();

/** Resources by URN; built once for each plan, so that looking things up stays linear in the plan's size. */
export function byUrn(plan: Plan): Map<string, PlannedResource> {
  let index = indexes.get(plan);
  if (!index) {
    index = new Map(plan.resources.map((resource) => [resource.urn, resource]));
    indexes.set(plan, index);
  }
  return index;
}

/**
 * An older plan in the URNs of a newer one: a resource that moved under another parent, or was renamed with an alias, is the same
 * resource for the engine.
 */
export function withUrnsFrom(newer: Plan, older: Plan): Plan {
  const now = new Map(
    newer.resources.flatMap(({ urn, aliases = [] }) => aliases.map((alias) => [alias, urn] as const)),
  );
  return JSON.parse(JSON.stringify(older), (_, value) => now.get(value) ?? value) as Plan;
}

/** The stacks that two sets of plans both have, each with its older plan in the URNs of the newer one. */
export const inBoth = (before: readonly Plan[], after: readonly Plan[]): (readonly [older: Plan, newer: Plan])[] =>
  after.flatMap((plan) => {
    const old = before.find(({ stack }) => stack === plan.stack);
    return old ? [[withUrnsFrom(plan, old), plan] as const] : [];
  });

/** The resource that a value refers to. */
export function target(plan: Plan, value: unknown): PlannedResource | undefined {
  return isRef(value) ? byUrn(plan).get(value.$ref) : undefined;
}

/** Every resource that a value refers to, however deep: in lists, objects and composed strings. */
export function references(value: unknown): string[] {
  if (isRef(value)) return [value.$ref];
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(references);
  return [];
}

/** Whether a resource refers to another one in its inputs. */
export const refersTo = (resource: PlannedResource, urn: string): boolean => references(resource.inputs).includes(urn);

/** The zones of the plan's subnets, in alphabetical order. */
export function zones(plan: Plan, subnets: readonly unknown[]): string[] {
  const names = subnets.map((subnet) => {
    const found = target(plan, subnet);
    return found ? (text(found.inputs.availabilityZone) ?? found.urn) : JSON.stringify(subnet);
  });
  return [...new Set(names)].sort();
}

/**
 * The region of a plan: of its provider, or of its subnets' zones.
 * @throws Error if nothing in the plan tells.
 */
export function planRegion(plan: Plan): string {
  for (const resource of plan.resources) {
    const region = resource.type === "pulumi:providers:aws" ? text(resource.inputs.region) : undefined;
    if (region) return region;
  }
  for (const resource of plan.resources) {
    const zone = text(resource.inputs.availabilityZone)?.match(/^([a-z]{2}(?:-[a-z]+)+-\d)[a-z]$/);
    if (zone?.[1]) return zone[1];
  }
  throw new UserError(`The plan of ${plan.stack} does not tell its region: set aws:region in the stack's config.`);
}
