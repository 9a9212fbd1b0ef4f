import { isConcat, isRef, isUnknown, type PlanValue } from "../../core/plan-format";
import { fieldsOf, type Member, membersOf, type ProviderSchema, snake, type TfType } from "./schema";
import { NEWER_VALUES, PREFIXES, TYPES } from "./special-cases";

/** Terraform type of a Pulumi type token, or undefined if the provider's schema has none. */
export function terraformType(token: string, schema: ProviderSchema): string | undefined {
  const special = TYPES[token]?.type;
  if (special) return schema[special] && special;
  const [, module, name] = /^aws:([^/]+)\/([^:]+):/.exec(token) ?? [];
  if (!module || !name) return undefined;
  const prefixes = PREFIXES[module]?.prefixes ?? [`${snake(module)}_`, `${module.toLowerCase()}_`];
  return prefixes.map((prefix) => `aws_${prefix}${snake(name)}`).find((type) => schema[type]);
}

/** Literal text in Terraform's template language. */
export const escaped = (text: string) => text.replace(/[$%](?=\{)/g, "$&$&");

export const isAsset = (value: PlanValue): value is { readonly $asset: string } =>
  typeof value === "object" && value !== null && "$asset" in value && typeof value.$asset === "string";

export const isLeaf = (value: PlanValue) =>
  typeof value !== "object" || value === null || isRef(value) || isConcat(value) || isUnknown(value) || isAsset(value);

/** A value that only provider 6.x accepts, as the nearest one that 5.x accepts. */
export function olderValue(type: string | undefined, path: string, value: PlanValue): PlanValue {
  const row = NEWER_VALUES.find((one) => one.type === type && one.path === path && one.value === value);
  return row?.older ?? value;
}

/** How many values an input holds; an empty list or object is one. */
export function countInputs(value: PlanValue): number {
  if (isLeaf(value)) return 1;
  const parts = Object.values(value as Readonly<Record<string, PlanValue>>);
  return parts.length === 0 ? 1 : parts.reduce<number>((sum, part) => sum + countInputs(part), 0);
}

/** What stands below a member, and whether it is in a collection. */
export function shapeOf(member: Member): {
  readonly collection?: "list" | "set";
  readonly members?: ReadonlyMap<string, Member>;
} {
  if (member.kind === "block") {
    const collection = member.nesting === "set" ? "set" : member.nesting === "list" ? "list" : undefined;
    return { ...(collection && { collection }), members: membersOf(member.block) };
  }
  if (!Array.isArray(member.type)) return {};
  const [kind, of] = member.type;
  if (kind === "object") return { members: fieldsOf(of) };
  if (kind !== "list" && kind !== "set") return {};
  const element = of as TfType;
  const fields = Array.isArray(element) && element[0] === "object" ? fieldsOf(element[1]) : undefined;
  return { collection: kind, ...(fields && { members: fields }) };
}
