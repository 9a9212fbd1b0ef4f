import { z } from "zod";
import { sections } from "./schema";

/** One key of a stack's config, as a reader looks it up. */
export interface Setting {
  /** Without the project's namespace, for example `fargate.cpu`; `[]` stands for an entry of a list, `NAME` for a free key. */
  readonly key: string;
  readonly description: string;
  readonly allowed: string;
  /** A value, or a text that says what holds instead; undefined where the key is required or simply absent. */
  readonly default?: unknown;
  readonly required: boolean;
}

/** The part of JSON Schema that zod writes for our schemas, with the help that they carry. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly allowed?: string;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly { readonly const?: unknown }[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly propertyNames?: SchemaNode;
}

/** Every key of a stack's config, in the order of the schema; pure, from the schema alone. */
export function settingsReference(): Setting[] {
  return Object.entries(settingsSchema()).flatMap(([name, node]) => settingsOf(name, node, isRequired(node)));
}

/** What each section decides, as `Pulumi.yaml` declares it too. */
export function sectionDescriptions(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settingsSchema()).map(([name, { description = "" }]) => [name, description]),
  );
}

/** The sections of a stack's config as JSON Schema. */
export const settingsSchema = (): Readonly<Record<string, SchemaNode>> =>
  (z.toJSONSchema(z.object(sections), { io: "input", unrepresentable: "any" }) as SchemaNode).properties ?? {};

/** A section that has no default must be set. */
const isRequired = ({ default: fallback }: SchemaNode) => fallback === undefined;

function settingsOf(key: string, node: SchemaNode, required: boolean): Setting[] {
  if (node.properties) {
    // What an optional part needs is needed only where the part is there.
    const needed = new Set(node.required);
    return Object.entries(node.properties).flatMap(([name, inner]) =>
      settingsOf(`${key}.${name}`, inner, required && needed.has(name)),
    );
  }
  if (node.items?.properties) return [setting(key, node, required), ...settingsOf(`${key}[]`, node.items, false)];
  return [setting(key, node, required)];
}

function setting(key: string, node: SchemaNode, required: boolean): Setting {
  // A default that is no value stands in the description, as in a docstring.
  const [description = "", told] = (node.description ?? node.items?.description ?? "").split(/ ?@default /);
  const fallback = node.default ?? defaultAt(key) ?? told;
  return {
    key,
    description,
    allowed: node.allowed ?? allowedBy(node),
    ...(fallback === undefined ? {} : { default: fallback }),
    required,
  };
}

/** A default that JSON Schema does not show, since its value is converted first; only sections without a required key tell it. */
function defaultAt(key: string): unknown {
  const [section = "", ...path] = key.split(".");
  const parsed = sections[section as keyof typeof sections]?.safeParse({});
  return parsed?.success
    ? path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], parsed.data)
    : undefined;
}

function allowedBy({ type, enum: values, items, minimum, maximum }: SchemaNode): string {
  if (values) return values.join(", ");
  if (items) return `a list; each: ${items.allowed ?? allowedBy(items)}`;
  if (type === "number" || type === "integer") {
    // JSON Schema gives every integer the bounds of its representation.
    const to = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? ` to ${maximum}` : "";
    return minimum === undefined ? "a number" : `a number from ${minimum}${to}`;
  }
  return type === "boolean" ? "true or false" : type === "object" ? "an object" : "a text";
}
