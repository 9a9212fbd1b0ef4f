/**
 * The plan of a stack as `platform plan --json` prints it: a stable contract, and the only thing that cost, availability,
 * recovery, flips and the provider tests are computed from.
 */
export interface Plans {
  readonly stacks: readonly Plan[];
}

/** What `pulumi up` would build for one stack. */
export interface Plan {
  readonly stack: string;
  readonly project: string;
  readonly architecture: string;
  /** In the order in which the program makes them; components included. */
  readonly resources: readonly PlannedResource[];
  readonly outputs: Readonly<Record<string, PlanValue>>;
  /** What a person still has to supply or confirm. */
  readonly notices: readonly Notice[];
}

/** One resource or component. */
export interface PlannedResource {
  readonly urn: string;
  /** Pulumi type token, for example `aws:ec2/instance:Instance`. */
  readonly type: string;
  readonly name: string;
  /** URN of the parent; undefined only for the stack itself. */
  readonly parent?: string;
  readonly inputs: Readonly<Record<string, PlanValue>>;
  readonly protect: boolean;
  /** URNs, explicit `dependsOn` and those that follow from inputs. */
  readonly dependencies: readonly string[];
  /** `false` for components, whose children are what is built. */
  readonly custom: boolean;
  /** Properties whose change in the program is not sent to AWS. */
  readonly ignoreChanges: readonly string[];
  /** Properties whose change makes a new one beside the old, where AWS would update it in place. @default none */
  readonly replaceOnChanges?: readonly string[];
  /** A value with which the resource is made anew, for example the id of the instance that it belongs to. @default none */
  readonly replacementTrigger?: PlanValue;
  /** `true` if a removal from the program leaves the resource on AWS. */
  readonly retainOnDelete: boolean;
  /** Id of an existing object that the resource adopts. */
  readonly importId?: string;
  /** URNs that the resource may have had before, by which the engine finds it in the state of an older stack. */
  readonly aliases?: readonly string[];
}

/** A notice is information in a plan; `blocking` ones are an error in `pulumi up`. */
export interface Notice {
  readonly blocking: boolean;
  readonly message: string;
}

export type PlanValue =
  | string
  | number
  | boolean
  | null
  | readonly PlanValue[]
  | Ref
  | Concat
  | Unknown
  | AssetValue
  | { readonly [key: string]: PlanValue };

/** A value that comes from another resource of the plan; `property` is `id`, `urn` or an output, with dots and brackets inside. */
export interface Ref {
  readonly $ref: string;
  readonly property: string;
}

/** A string composed of literals, references and unknowns. */
export interface Concat {
  readonly $concat: readonly (string | Ref | Unknown)[];
}

/** A value that only AWS knows. */
export interface Unknown {
  readonly $unknown: true;
}

/** A file or text that is uploaded: its path, or its SHA-256 where it is inline. */
export interface AssetValue {
  readonly $asset: string;
}

/** What stands in a plan where a secret would be. */
export const SECRET = "[secret]";

export const isRef = (value: unknown): value is Ref => isObject(value) && typeof value.$ref === "string";
export const isConcat = (value: unknown): value is Concat => isObject(value) && Array.isArray(value.$concat);
export const isUnknown = (value: unknown): value is Unknown => isObject(value) && value.$unknown === true;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
