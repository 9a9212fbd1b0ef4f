import { createHash } from "node:crypto";
import {
  isConcat,
  isRef,
  isUnknown,
  type Plan,
  type PlannedResource,
  type PlanValue,
  type Ref,
  SECRET,
} from "../../core/plan-format";
import { countInputs, escaped, isAsset, isLeaf, olderValue, shapeOf, terraformType } from "./convert-values";
import { foreignOutput, SECRET_DUMMY, unknownDummy, unknownInText } from "./dummies";
import { type BlockSchema, fieldsOf, type Member, membersOf, type ProviderSchema, type TfType } from "./schema";
import { AUTO_NAMES, NEWER, RENAMES } from "./special-cases";

/** An input that did not reach Terraform. */
export interface Unmapped {
  readonly urn: string;
  readonly type: string;
  readonly path: string;
  readonly reason: string;
  /** How many values stand below the path. */
  readonly inputs: number;
}

/** A plan as Terraform JSON, and what was lost on the way. */
export interface Conversion {
  /** Contents of `main.tf.json`. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Files that the document refers to, by name. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Address in Terraform, for example `aws_lb.site`, by URN. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Resources of other providers, replaced by dummy values. */
  readonly foreign: readonly PlannedResource[];
  /** Count of all values in the inputs of the resources of AWS. */
  readonly inputs: number;
  /** Inputs that could not be mapped: fewer is better. */
  readonly unmapped: readonly Unmapped[];
  /** Inputs that only a newer provider knows. */
  readonly newer: readonly Unmapped[];
}

/** Where the plan is to be checked. */
export interface Target {
  /** Exact version of hashicorp/aws. */
  readonly version: string;
  /** Region of the stack, for example `ap-northeast-2`. */
  readonly region: string;
  /** Further arguments of the provider block, for every region. */
  readonly provider?: Readonly<Record<string, unknown>>;
}

/** An empty zip archive: Terraform wants a file to be there, and the code in it is tested elsewhere. */
const EMPTY_ZIP = Buffer.from("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==", "base64");

/** Writes a plan as Terraform JSON for the provider whose schema is given. */
export function convert(plan: Plan, schema: ProviderSchema, target: Target): Conversion {
  return new Converter(plan, schema, target).run();
}

class Converter {
  private readonly byUrn: ReadonlyMap<string, PlannedResource>;
  private readonly types = new Map<string, string>();
  private readonly addresses = new Map<string, string>();
  private readonly files = new Map<string, Buffer>();
  private readonly unmapped: Unmapped[] = [];
  private readonly newer: Unmapped[] = [];
  private readonly variables: Record<string, unknown> = {};
  private readonly locals: Record<string, unknown> = {};
  private readonly regions = new Set<string>();
  private inputs = 0;
  /** The resource that is being converted. */
  private current!: PlannedResource;

  constructor(
    plan: Plan,
    private readonly schema: ProviderSchema,
    private readonly target: Target,
  ) {
    this.byUrn = new Map(plan.resources.map((resource) => [resource.urn, resource]));
  }

  run(): Conversion {
    const custom = [...this.byUrn.values()].filter((resource) => resource.custom);
    const foreign = custom.filter((resource) => !/^aws:[a-z]/.test(resource.type));
    const own = custom.filter((resource) => /^aws:[a-z]/.test(resource.type));
    for (const resource of own) this.register(resource);

    const blocks: Record<string, Record<string, unknown>> = {};
    for (const resource of own) {
      const type = this.types.get(resource.urn);
      const address = this.addresses.get(resource.urn);
      this.current = resource;
      this.inputs += Object.values(resource.inputs).reduce<number>((sum, value) => sum + countInputs(value), 0);
      if (!type || !address) {
        this.lose("", resource.inputs, `no Terraform type for ${resource.type}`);
        continue;
      }
      blocks[type] ??= {};
      blocks[type][address.slice(type.length + 1)] = this.resource(resource, type);
    }

    const provider = (region: string) => ({ region, ...this.target.provider });
    return {
      document: {
        terraform: { required_providers: { aws: { source: "hashicorp/aws", version: this.target.version } } },
        provider: {
          aws: [
            provider(this.target.region),
            ...[...this.regions].map((region) => ({ alias: region, ...provider(region) })),
          ],
        },
        ...(Object.keys(this.variables).length > 0 && { variable: this.variables }),
        ...(Object.keys(this.locals).length > 0 && { locals: this.locals }),
        resource: blocks,
      },
      files: this.files,
      addresses: this.addresses,
      foreign,
      inputs: this.inputs,
      unmapped: this.unmapped,
      newer: this.newer,
    };
  }

  private register(resource: PlannedResource): void {
    const type = terraformType(resource.type, this.schema);
    if (!type) return;
    const name = resource.name.replace(/[^A-Za-z0-9_-]/g, "_").replace(/^(?=[^A-Za-z_])/, "_");
    const taken = new Set(this.addresses.values());
    const suffix = taken.has(`${type}.${name}`) ? `_${hash(resource.urn)}` : "";
    this.types.set(resource.urn, type);
    this.addresses.set(resource.urn, `${type}.${name}${suffix}`);
  }

  private resource(resource: PlannedResource, type: string): Record<string, unknown> {
    const block = this.schema[type] as BlockSchema;
    const { region, ...inputs } = resource.inputs;
    const ownRegion = membersOf(block).get("region");
    const native = ownRegion?.kind === "value" && ownRegion.settable;
    const body = this.block(native ? resource.inputs : inputs, block, "", type);
    if (region !== undefined && !native) this.placeIn(region, body);
    this.nameLikePulumi(resource, type, block, body);

    const dependsOn = resource.dependencies.flatMap((urn) => this.addresses.get(urn) ?? []);
    if (dependsOn.length > 0) body.depends_on = [...new Set(dependsOn)];
    const ignored = resource.ignoreChanges.flatMap((path) => this.ignored(path, block, type) ?? []);
    if (ignored.length > 0) body.lifecycle = { ignore_changes: ignored };
    return body;
  }

  /** Provider 6.x knows a region on each resource; 5.x takes it from a provider configuration, of which there may be several. */
  private placeIn(region: PlanValue, body: Record<string, unknown>): void {
    if (typeof region !== "string") {
      this.lose("region", region, "a region that is known only after deployment");
    } else if (region !== this.target.region) {
      this.regions.add(region);
      body.provider = `aws.${region}`;
    }
  }

  private nameLikePulumi(
    resource: PlannedResource,
    type: string,
    block: BlockSchema,
    body: Record<string, unknown>,
  ): void {
    const { argument = "name", max, lower } = AUTO_NAMES[type] ?? { max: 255 };
    const member = membersOf(block).get(RENAMES[type]?.[argument] ? argument : camelArgument(argument));
    if (member?.kind !== "value" || !member.settable || member.type !== "string") return;
    if (body[argument] !== undefined || body[`${argument}_prefix`] !== undefined) return;
    const suffix = `-${hash(resource.urn).slice(0, 7)}`;
    const name = `${resource.name.slice(0, max - suffix.length)}${suffix}`;
    body[argument] = lower ? name.toLowerCase() : name;
  }

  private ignored(path: string, block: BlockSchema, type: string): string | undefined {
    const [head = "", ...rest] = path.split(/(?=[.[])/);
    const member = this.member(head, block, type);
    if (!member) {
      this.lose(`ignoreChanges.${path}`, path, `no argument ${path} to ignore`);
      return undefined;
    }
    return member.name + rest.join("");
  }

  private lose(path: string, value: PlanValue, reason: string): void {
    const { urn, type } = this.current;
    const known = this.types.get(urn) ?? type;
    const newer = NEWER.find((row) => row.type.test(known) && row.path.test(path));
    const entry = { urn, type, path, reason: newer?.reason ?? reason, inputs: countInputs(value) };
    (newer ? this.newer : this.unmapped).push(entry);
  }

  private member(name: string, block: BlockSchema, type?: string): Member | undefined {
    const renamed = type && RENAMES[type]?.[name]?.name;
    if (!renamed) return membersOf(block).get(name);
    return [...membersOf(block).values()].find((member) => member.name === renamed);
  }

  private block(
    inputs: Readonly<Record<string, PlanValue>>,
    block: BlockSchema,
    path: string,
    type?: string,
  ): Record<string, unknown> {
    const body: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(inputs)) {
      if (value === null) continue;
      const here = path ? `${path}.${name}` : name;
      const member = this.member(name, block, type);
      if (!member) this.lose(here, value, `the provider's ${this.target.version} schema has no such argument`);
      else if (member.kind === "value" && !member.settable) this.lose(here, value, "the provider computes it");
      else if (member.kind === "value")
        body[member.name] = this.value(olderValue(type, here, value), member.type, here);
      else body[member.name] = this.nested(value, member.block, here);
    }
    return body;
  }

  /** A block may stand several times (a list in Pulumi) or once (flattened into an object). */
  private nested(value: PlanValue, block: BlockSchema, path: string): unknown {
    const items = Array.isArray(value) ? value : [value];
    return items.flatMap((item: PlanValue, index: number) => {
      const here = Array.isArray(value) ? `${path}[${index}]` : path;
      if (!isLeaf(item)) return [this.block(item as Readonly<Record<string, PlanValue>>, block, here)];
      this.lose(here, item, "a block is not a value");
      return [];
    });
  }

  private value(value: PlanValue, type: TfType, path: string): unknown {
    if (value === null) return null;
    if (isUnknown(value)) return this.variable(path, type);
    if (typeof type === "string") return this.primitive(value, type, path);
    const [kind, of] = type;
    if ((kind === "list" || kind === "set") && !Array.isArray(value)) {
      // A reference to a whole list stays a reference; anything else is a list that Pulumi flattened.
      return isRef(value) && this.isCollection(value)
        ? this.text(value, path)
        : [this.value(value, of as TfType, path)];
    }
    if (isLeaf(value)) return this.text(value, path);
    if (kind === "list" || kind === "set") {
      return (value as readonly PlanValue[]).map((item, index) => this.value(item, of as TfType, `${path}[${index}]`));
    }
    if (kind === "tuple") {
      return (value as readonly PlanValue[]).map((item, index) =>
        this.value(item, (of as readonly TfType[])[index] ?? "dynamic", `${path}[${index}]`),
      );
    }
    const entries = Object.entries(value as Readonly<Record<string, PlanValue>>);
    if (kind === "map") {
      return Object.fromEntries(
        entries.map(([key, item]) => [escaped(key), this.value(item, of as TfType, `${path}.${key}`)]),
      );
    }
    return this.object(entries, of as Readonly<Record<string, TfType>>, path);
  }

  /** Terraform wants every field of an object, the absent ones as null. */
  private object(
    entries: readonly (readonly [string, PlanValue])[],
    fields: Readonly<Record<string, TfType>>,
    path: string,
  ): Record<string, unknown> {
    const body: Record<string, unknown> = Object.fromEntries(Object.keys(fields).map((name) => [name, null]));
    const members = fieldsOf(fields);
    for (const [name, value] of entries) {
      const member = members.get(name);
      if (member?.kind === "value") body[member.name] = this.value(value, member.type, `${path}.${name}`);
      else this.lose(`${path}.${name}`, value, `the provider's ${this.target.version} schema has no such field`);
    }
    return body;
  }

  private primitive(value: PlanValue, type: string, path: string): unknown {
    if (isAsset(value)) return this.file(value.$asset, path);
    if (isLeaf(value)) return this.text(value, path);
    // A flattened list of one: @pulumi/aws gives an object or list where Terraform wants a string only for JSON documents.
    return type === "dynamic" ? this.plain(value, path) : this.json(value, path);
  }

  private plain(value: PlanValue, path: string): unknown {
    if (isLeaf(value)) return this.text(value, path);
    if (Array.isArray(value)) return value.map((item: PlanValue) => this.plain(item, path));
    return Object.fromEntries(
      Object.entries(value as Readonly<Record<string, PlanValue>>).map(([key, item]) => [
        escaped(key),
        this.plain(item, path),
      ]),
    );
  }

  /** A document given as an object: JSON text whose references are interpolated. */
  private json(value: PlanValue, path: string): string {
    if (isRef(value) || isConcat(value) || isUnknown(value)) return `"${this.text(value, path)}"`;
    if (Array.isArray(value)) return `[${value.map((item: PlanValue) => this.json(item, path)).join(",")}]`;
    if (typeof value !== "object" || value === null) return escaped(JSON.stringify(value));
    const entries = Object.entries(value as Readonly<Record<string, PlanValue>>);
    return `{${entries.map(([key, item]) => `${escaped(JSON.stringify(key))}:${this.json(item, path)}`).join(",")}}`;
  }

  private text(value: PlanValue, path: string): unknown {
    if (value === SECRET) return SECRET_DUMMY;
    if (typeof value === "string") return escaped(value);
    if (isRef(value)) return `\${${this.expression(value, path)}}`;
    if (isUnknown(value)) return this.variable(path, "string");
    if (!isConcat(value)) return value;
    const parts = value.$concat;
    return parts
      .map((part, at) => (isUnknown(part) ? unknownInText(parts[at - 1]) : String(this.text(part, path))))
      .join("");
  }

  private variable(path: string, type: TfType): string {
    const name = `unknown_${hash(`${this.current.urn}#${path}`)}`;
    this.variables[name] = {
      description: `${this.current.name}.${path}, which only AWS knows`.replace(/[$%](?=\{)/g, "$&$&"),
      default: unknownDummy(path, type),
    };
    return `\${var.${name}}`;
  }

  /** Assets are built at deployment; a check of the plan needs a file to be there, and nothing that is in it. */
  private file(asset: string, path: string): string {
    const name = `asset-${hash(`${this.current.urn}#${path}#${asset}`)}`;
    this.files.set(name, EMPTY_ZIP);
    return `\${path.module}/${name}`;
  }

  private expression(ref: Ref, path: string): string {
    const resource = this.byUrn.get(ref.$ref);
    const address = this.addresses.get(ref.$ref);
    if (ref.property === "urn") return JSON.stringify(ref.$ref);
    if (resource && address) return this.attribute(address, this.types.get(ref.$ref) as string, ref.property, path);
    if (!resource?.custom) this.lose(path, "", `refers to ${ref.$ref}, which is no resource of the plan`);
    const name = `foreign_${hash(`${ref.$ref}#${ref.property}`)}`;
    this.locals[name] = foreignOutput(resource?.type ?? "", ref.property);
    return `local.${name}`;
  }

  private isCollection(ref: Ref): boolean {
    const type = this.types.get(ref.$ref);
    const [head = "", ...rest] = ref.property.split(/[.[]/);
    const member = type && rest.length === 0 && this.member(head, this.schema[type] as BlockSchema, type);
    return !!member && (member.kind === "block" || (Array.isArray(member.type) && member.type[0] !== "map"));
  }

  /** Walks `domainValidationOptions[0].resourceRecordName` along the schema. */
  private attribute(address: string, type: string, property: string, path: string): string {
    const segments = property.match(/[^.[\]]+/g) ?? [];
    let expression = address;
    let members: ReadonlyMap<string, Member> | undefined = membersOf(this.schema[type] as BlockSchema);
    for (let index = 0; index < segments.length; index++) {
      const segment = unquoted(segments[index] as string);
      const renamed: string | undefined = index === 0 ? RENAMES[type]?.[segment]?.name : undefined;
      const member: Member | undefined = renamed
        ? [...(members?.values() ?? [])].find((candidate) => candidate.name === renamed)
        : members?.get(segment);
      if (!member) {
        if (members) this.lose(path, "", `${type} has no attribute ${property}`);
        expression += /^\d+$/.test(segment) ? `[${segment}]` : `[${JSON.stringify(segment)}]`;
        members = undefined;
        continue;
      }
      expression += `.${member.name}`;
      const shape = shapeOf(member);
      members = shape.members;
      if (!shape.collection || index === segments.length - 1) continue;
      const next = segments[index + 1] as string;
      const indexed = /^\d+$/.test(next);
      if (indexed) index++;
      // A set has no order: Terraform wants a list before it can be indexed. A block that Pulumi flattened is the first of one.
      expression = `${shape.collection === "set" ? `tolist(${expression})` : expression}[${indexed ? next : 0}]`;
    }
    return expression;
  }
}

const unquoted = (segment: string) => segment.replace(/^["']|["']$/g, "");

const camelArgument = (argument: string) => argument.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 10);
