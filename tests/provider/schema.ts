/**
 * The provider's own schema as `terraform providers schema -json` prints it, and how @pulumi/aws names what stands in it.
 * Pulumi's bridge derives its names from this schema by rules: camelCase, plural names for lists, and blocks that may stand
 * only once flattened into one object. The same rules are applied forward here, so that no name is guessed backward.
 */

/** A Terraform type: a primitive's name, or a constructor with its argument. */
export type TfType =
  | string
  | readonly ["list" | "set" | "map", TfType]
  | readonly ["object", Readonly<Record<string, TfType>>]
  | readonly ["tuple", readonly TfType[]];

interface AttributeSchema {
  readonly type?: TfType;
  readonly nested_type?: {
    readonly attributes: Readonly<Record<string, AttributeSchema>>;
    readonly nesting_mode: Nesting;
  };
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly computed?: boolean;
}

type Nesting = "single" | "list" | "set" | "map" | "group";

/** The arguments of a resource, or of one block in it. */
export interface BlockSchema {
  readonly attributes?: Readonly<Record<string, AttributeSchema>>;
  readonly block_types?: Readonly<Record<string, { readonly nesting_mode: Nesting; readonly block: BlockSchema }>>;
}

/** Terraform resource type -> its arguments. */
export type ProviderSchema = Readonly<Record<string, BlockSchema>>;

/** One argument as Terraform knows it: a value of some type, or a block with arguments of its own. */
export type Member =
  | {
      readonly kind: "value";
      readonly name: string;
      readonly type: TfType;
      readonly settable: boolean;
      readonly required: boolean;
    }
  | { readonly kind: "block"; readonly name: string; readonly nesting: Nesting; readonly block: BlockSchema };

/** `targetGroupArn` -> `target_group_arn`. */
export const snake = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();

/** `target_group_arn` -> `targetGroupArn`. */
export const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** English plurals, as far as names in AWS need them: `policy`, `metric_query`, `address`, `alias`, `index`, `tag`. */
export function plural(name: string): string {
  if (/[^aeiou]y$/.test(name) || /query$/.test(name)) return name.replace(/y$/, "ies");
  if (/(ss|us|is|ias|x|ch|sh)$/.test(name)) return `${name}es`;
  return name.endsWith("s") ? name : `${name}s`;
}

function typeOf(attribute: AttributeSchema): TfType {
  const nested = attribute.nested_type;
  if (!nested) return attribute.type ?? "dynamic";
  const fields = Object.entries(nested.attributes).map(([name, field]) => [name, typeOf(field)] as const);
  const object = ["object", Object.fromEntries(fields)] as const;
  return nested.nesting_mode === "list" || nested.nesting_mode === "set" || nested.nesting_mode === "map"
    ? [nested.nesting_mode, object]
    : object;
}

const isCollection = (member: Member) =>
  member.kind === "block" || (Array.isArray(member.type) && (member.type[0] === "list" || member.type[0] === "set"));

function byPulumiName(members: readonly Member[]): ReadonlyMap<string, Member> {
  const plurals = members.filter(isCollection).map((member) => [camel(plural(member.name)), member] as const);
  // An exact name wins over a plural one: `alias` and `aliases` may both exist.
  return new Map([...plurals, ...members.map((member) => [camel(member.name), member] as const)]);
}

const ofBlock = new WeakMap<BlockSchema, ReadonlyMap<string, Member>>();

/** The arguments of a block by the names that @pulumi/aws gives them. */
export function membersOf(block: BlockSchema): ReadonlyMap<string, Member> {
  const known = ofBlock.get(block);
  if (known) return known;
  const members = byPulumiName([
    ...Object.entries(block.attributes ?? {}).map(([name, attribute]) => ({
      kind: "value" as const,
      name,
      type: typeOf(attribute),
      settable: attribute.required === true || attribute.optional === true,
      required: attribute.required === true,
    })),
    ...Object.entries(block.block_types ?? {}).map(([name, nested]) => ({
      kind: "block" as const,
      name,
      nesting: nested.nesting_mode,
      block: nested.block,
    })),
  ]);
  ofBlock.set(block, members);
  return members;
}

/** The fields of an object type by the names that @pulumi/aws gives them. */
export const fieldsOf = (fields: Readonly<Record<string, TfType>>): ReadonlyMap<string, Member> =>
  byPulumiName(
    Object.entries(fields).map(([name, type]) => ({ kind: "value", name, type, settable: true, required: false })),
  );
