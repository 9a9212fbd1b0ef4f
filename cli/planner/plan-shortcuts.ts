import * as pulumi from "@pulumi/pulumi";
import { version as installed } from "@pulumi/pulumi/version";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** Version of the SDK whose inner functions these are. With any other nothing is left out, and a plan takes three times as long. */
const KNOWN = "3.248.0";

/**
 * Leaves out what the SDK does for a real run alone, and what took two thirds of a plan's time. The plans are the same with it
 * and without it, which a test compares. Returns what puts it back.
 */
export function leaveOut(version = installed): () => void {
  if (version !== KNOWN) return () => {};
  const restores = [
    // The stack of every promise, for telling which one leaked.
    replace(require("@pulumi/pulumi/runtime/debuggable"), "debuggablePromise", (promise: unknown) => promise),
    // The code of dynamic providers, which no plan shows.
    replace(require("@pulumi/pulumi/runtime/closure/serializeClosure"), "serializeFunction", async () => noCode),
    // The place in the program where a resource is made.
    replace(pulumi.Resource, "stackTrace", () => []),
    // The wire's encoding of values, which reach the same process.
    replace(Struct, "fromJavaScript", unencoded),
    // An output for each property of each resource, twelve promises apiece, of which one in twenty is read.
    replace(require("@pulumi/pulumi/runtime/rpc"), "transferProperties", outputsWhenRead),
  ];
  return () => {
    for (const restore of restores) restore();
  };
}

/** Looks like an encoded value, as a whole and field by field. */
const unencoded = (value: object): Struct =>
  Object.assign(new Struct(), {
    toJavaScript: () => value,
    getFieldsMap: () =>
      new Map(
        Object.entries(value).map(([key, field]) => [
          key,
          { toJavaScript: () => field, getStringValue: () => field, getStructValue: () => unencoded(field) },
        ]),
      ),
  });

const noCode = { text: "", exportName: "handler", containsSecrets: false };

function replace(owner: object, name: string, value: unknown): () => void {
  const members = owner as Record<string, unknown>;
  const original = members[name];
  members[name] = value;
  return () => {
    members[name] = original;
  };
}

/** What the SDK tells of a property once its resource is registered. */
type Answer = [value: unknown, isKnown: boolean, isSecret: boolean, dependencies?: pulumi.Resource[], error?: Error];

const Output = pulumi.Output as unknown as new (
  resource: pulumi.Resource,
  value: Promise<unknown>,
  isKnown: Promise<boolean>,
  isSecret: Promise<boolean>,
  dependencies: Promise<pulumi.Resource[]>,
) => pulumi.Output<unknown>;

/** As `transferProperties` of the SDK, but an output is made by the first who reads it. */
function outputsWhenRead(onto: pulumi.Resource, label: string, properties: object) {
  const resolvers: Record<string, (...answer: Answer) => void> = {};
  for (const name of Object.keys(properties)) {
    if (name === "id" || name === "urn") continue;
    if (Object.hasOwn(onto, name)) throw new Error(`Property '${name}' is already initialized on target '${label}`);
    const property = new Property(onto);
    Object.defineProperty(onto, name, {
      configurable: true,
      enumerable: true,
      get: property.read.bind(property),
      set: property.write.bind(property),
    });
    resolvers[name] = property.settle.bind(property);
  }
  return resolvers;
}

/** One property of one resource. */
class Property {
  private answer: Answer | undefined;
  private waiting: ((answer: Answer) => void) | undefined;
  private value: unknown;

  constructor(private readonly owner: pulumi.Resource) {}

  settle(...answer: Answer): void {
    this.answer = answer;
    this.waiting?.(answer);
  }

  write(value: unknown): void {
    this.value = value;
  }

  read(): unknown {
    this.value ??= this.output();
    return this.value;
  }

  private output(): pulumi.Output<unknown> {
    const told = new Promise<Answer>((resolve) => {
      if (this.answer) resolve(this.answer);
      else this.waiting = resolve;
    }).then((answer) => {
      const [, , , , error] = answer;
      if (error) throw error;
      return answer;
    });
    return new Output(
      this.owner,
      told.then(([value]) => value),
      told.then(([, isKnown]) => isKnown),
      told.then(([, , isSecret]) => isSecret),
      told.then(([, , , dependencies = []]) => dependencies),
    );
  }
}
