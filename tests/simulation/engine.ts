import * as pulumi from "@pulumi/pulumi";
import { RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb";
import * as runtime from "@pulumi/pulumi/runtime/settings";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { KnownResource } from "../../stacks/state";
import type { Call, Cloud, Properties, Stored } from "../engine/harness/cloud";
import { refusal } from "../engine/harness/refusals";
import { answerOf, replacing } from "../engine/harness/types";
import { ignoreRejections, ownRuntime, trackTimers } from "./apart";

/** Marks of special values in the engine's protocol (pulumi/sdk/nodejs/runtime/rpc.ts). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

export const PROJECT = "iamvet";
export const STACK = "test";
/** What `pulumi stack rename` makes of it. */
const RENAMED = "renamed";

/** One resource in the engine's state. */
interface Recorded {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
  readonly protect: boolean;
  /** Replaced, and to be deleted at the end of an update that ends well. */
  readonly replaced: boolean;
}

/** What the monitor reads of a registration. */
interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getObject(): { toJavaScript(): Properties } | undefined;
  getProtect(): boolean;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getDeletebeforereplace(): boolean;
}

/** Says by which id a resource is imported; undefined for one that is not. */
export type Adopts = (type: string, name: string, inputs: Properties) => Promise<string | undefined>;

interface Monitor {
  readonly resources: Map<string, { readonly urn: string; readonly id: string; readonly state: object }>;
  registerResource(request: Request, callback: (error: unknown, response?: RegisterResourceResponse) => void): void;
}

/**
 * Where an update is cut off: at which request to a provider, and whether that took effect and was recorded. `refused` is a
 * provider's error, the others are SIGKILL.
 */
export interface Cut {
  /** Its number, or what it is, as `delete traffic-catch-all`. */
  readonly at: number | string;
  readonly how: "refused" | "before" | "unrecorded" | "after";
}

/** How an update ended. */
export type Ended =
  | { readonly kind: "done" }
  /** The program threw. */
  | { readonly kind: "stopped"; readonly message: string }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "killed" };

/** What ends an update although the program has not. */
export class Over extends Error {
  constructor(readonly ended: Ended) {
    super(ended.kind);
  }
}

/**
 * The Pulumi engine as far as flips need it, in this process: it runs a program on the SDK's mock runtime and does what the real one
 * does with its requests, on the same stand-in of the providers. The engine suite holds it against the real one
 * (tests/engine/modelled.test.ts).
 *
 * - A resource is created, updated, or replaced where a property says so; a replaced one stays until the end, unless it says that it is
 *   to be deleted first. What is protected, and is to stay so, is not replaced.
 * - Deletions come last, and only after a program that ended well: dependents first, so backwards.
 * - A request that a provider refuses ends the update; what was recorded until then is the state.
 * - After SIGKILL the state has what was recorded.
 */
export class Engine {
  /** The stack's name. */
  stack = STACK;
  /** In the order in which they were registered, so that a resource stands behind what it depends on. */
  state: Recorded[] = [];
  /** Where the next update is cut off, by the request and its number. */
  cutAt: (request: { readonly op: Call["op"]; readonly name: string }, at: number) => Cut["how"] | undefined = () =>
    undefined;
  /** Creations that an update was killed in: the real engine keeps them until a refresh is told to clear them. */
  readonly pending: KnownResource[] = [];
  /** Whether an update has said, since the last refresh, that one before it was cut off in a request, and how a refresh helps. */
  unsure = false;
  private interrupted = false;
  /** The program's transform of resources, as far as anything depends on it. */
  adopts: Adopts = async () => undefined;
  private requests = 0;
  private end: (over: Over) => void = () => {};

  /**
   * @param takes lets time pass for a request, before it takes effect
   */
  constructor(
    readonly cloud: Cloud,
    private readonly takes: () => void = () => {},
  ) {}

  /** One `pulumi up`. */
  async up(program: () => Promise<unknown>, config: Readonly<Record<string, string>>): Promise<Ended> {
    this.requests = 0;
    this.unsure ||= this.interrupted;
    this.interrupted = false;
    const seen: Recorded[] = [];
    const over = new Promise<never>((_, reject) => {
      this.end = reject;
    });
    over.catch(() => {});
    const forget = [ownRuntime(), trackTimers(), ignoreRejections()];
    const ran = await Promise.race([this.run(program, config, seen), over]).then(
      () => undefined,
      (error: unknown) => error,
    );
    // Nothing of a program that was killed goes on, and nothing keeps it in memory.
    await new Promise(setImmediate);
    for (const one of forget) one();
    try {
      if (ran !== undefined) {
        if (ran instanceof Over) throw ran;
        return { kind: "stopped", message: ran instanceof Error ? ran.message : String(ran) };
      }
      await this.deleteUnseen(seen);
      return { kind: "done" };
    } catch (error) {
      if (error instanceof Over) return error.ended;
      throw error;
    } finally {
      // What was not registered stands behind what was, as in the engine's snapshot.
      const known = new Set(seen.map(keyOf));
      this.state = [...seen, ...this.state.filter((one) => !known.has(keyOf(one)))];
    }
  }

  /** SIGKILL where the program waits: it waits for ever. */
  kill(): Promise<never> {
    this.end(new Over({ kind: "killed" }));
    return new Promise(() => {});
  }

  /** `pulumi refresh`: the state says what the providers say. */
  refresh(): void {
    this.unsure = this.interrupted = false;
    this.state = this.state.flatMap((one) => {
      if (!one.custom || isElsewhere(one.type)) return [one];
      const found = this.cloud.resources.get(`${one.type}|${one.id}`);
      return found ? [{ ...one, inputs: found.inputs, outputs: found.outputs }] : [];
    });
  }

  /** `pulumi stack rename`, there and back. The URNs keep the first name, which nobody reads in them. */
  rename(): void {
    this.stack = this.stack === STACK ? RENAMED : STACK;
  }

  private async run(program: () => Promise<unknown>, config: Readonly<Record<string, string>>, seen: Recorded[]) {
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name }) => {
          throw new Error(`The program reads no resource: ${type} ${name}`);
        },
        call: ({ token, inputs }) => this.cloud.lookups[token]?.(inputs) ?? answerOf(token, inputs),
      },
      PROJECT,
      this.stack,
      false,
    );
    pulumi.runtime.setAllConfig({ ...config }, []);
    const declared = new Map<string, readonly string[]>();
    const monitor = runtime.getMonitor() as unknown as Monitor;
    let last: Promise<unknown> = Promise.resolve();
    monitor.registerResource = (request, callback) => {
      // One after the other: the real engine does some side by side, in an order that nobody promises.
      last = last.then(async () => {
        try {
          callback(null, this.respond(monitor, await this.register(request, declared, seen)));
        } catch (error) {
          this.end(error instanceof Over ? error : new Over({ kind: "failed", message: String(error) }));
          // The program waits for ever, as it does for an engine that is gone.
          await new Promise(() => {});
        }
      });
    };
    await pulumi.runtime.runInPulumiStack(async () => {
      pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
        declared.set(`${type} ${name}`, Object.keys(props));
        return { props, opts };
      });
      return program();
    });
    await (runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  }

  private respond(monitor: Monitor, { urn, id, outputs }: Recorded) {
    monitor.resources.set(urn, { urn, id, state: outputs });
    const response = new RegisterResourceResponse();
    response.setUrn(urn);
    response.setId(id);
    response.setObject(Struct.fromJavaScript(outputs as Parameters<typeof Struct.fromJavaScript>[0]));
    return response;
  }

  private async register(
    request: Request,
    declared: ReadonlyMap<string, readonly string[]>,
    seen: Recorded[],
  ): Promise<Recorded> {
    const [type, name] = [request.getType(), request.getName()];
    const urn = urnOf(request);
    const given = plain(request.getObject()?.toJavaScript() ?? {}) as Properties;
    const base = { urn, type, name, custom: request.getCustom(), protect: request.getProtect(), replaced: false };
    const old = await this.known(base, given);
    const inputs = { ...given };
    for (const path of request.getIgnorechangesList()) {
      const key = path.split(/[.[]/)[0] as string;
      if (old && key in old.inputs) inputs[key] = old.inputs[key];
      else if (old) delete inputs[key];
    }
    const put = (one: Recorded) => {
      seen.push(one);
      return this.complete(one, declared);
    };
    if (!base.custom) return put({ ...base, id: "", inputs, outputs: inputs });
    if (isElsewhere(type)) return put({ ...base, id: old?.id ?? `${name}-id`, inputs, outputs: inputs });

    const changed = old ? differing(old.inputs, inputs) : [];
    if (old && changed.length === 0) return put({ ...old, ...base, inputs });
    const replaceOn = new Set(request.getReplaceonchangesList().map((path) => path.split(/[.[]/)[0]));
    const replaces = changed.some((key) => replacing(type, key) || replaceOn.has(key));
    if (old && !replaces) {
      return this.request(
        { op: "update", one: old },
        () => this.cloud.update(urn, old.id, inputs),
        ({ outputs }) => put({ ...base, id: old.id, inputs, outputs }),
      );
    }
    // In the engine's words (pkg/resource/deploy/step_generator.go), as far as anybody reads them.
    if (old?.protect && base.protect) {
      const why = `unable to replace resource "${urn}" as it is currently marked for protection`;
      throw new Over({ kind: "failed", message: why });
    }
    if (old && request.getDeletebeforereplace()) await this.delete(old);
    return this.request(
      { op: "create", one: { ...base, inputs: given } },
      // A replacement ignores no changes (step_generator.go checks the goal's own properties for it).
      () => this.create(urn, given),
      ({ id, outputs }) => {
        if (old) this.replace(old);
        return put({ ...base, id, inputs: given, outputs });
      },
    );
  }

  /** What the state has, or what is imported in its place: read first, then updated like anything else (step_generator.go, `isImport`). */
  private async known(
    base: Omit<Recorded, "id" | "inputs" | "outputs">,
    given: Properties,
  ): Promise<Recorded | undefined> {
    const { type, name } = base;
    const old = this.state.find((one) => one.urn === base.urn && !one.replaced);
    const id = base.custom ? await this.adopts(type, name, given) : undefined;
    if (id === undefined || old?.id === id) return old;
    // A database is imported by its name.
    const found =
      this.cloud.resources.get(`${type}|${id}`) ?? this.cloud.of(type).find(({ outputs }) => outputs.identifier === id);
    if (!found) throw new Over({ kind: "failed", message: `resource '${id}' does not exist` });
    if (old) this.replace(old);
    const imported = { ...base, id: found.id, inputs: found.inputs, outputs: found.outputs };
    this.state = [...this.state, imported];
    return imported;
  }

  private replace(old: Recorded): void {
    this.state = this.state.map((one) => (one === old ? { ...one, replaced: true } : one));
  }

  /** What failed on its way is let go at once; the real engine would record it as tainted, and replace it with the next update. */
  private async create(urn: string, inputs: Properties): Promise<Stored> {
    const { resources } = this.cloud;
    const before = new Set(resources.keys());
    try {
      return await this.cloud.create(urn, inputs);
    } catch (error) {
      for (const key of resources.keys()) if (!before.has(key)) resources.delete(key);
      throw error;
    }
  }

  /** Outputs that the class declares and the stand-in does not tell have a text of their own. */
  private complete(one: Recorded, declared: ReadonlyMap<string, readonly string[]>): Recorded {
    const { type, name } = one;
    const outputs: Properties = { ...one.outputs };
    for (const key of declared.get(`${type} ${name}`) ?? []) outputs[key] ??= ABSENT[type]?.[key] ?? `${name}-${key}`;
    return { ...one, outputs };
  }

  /** One request to a provider: it may be the one that is cut off. */
  private async request<Result, Noted>(
    { op, one }: { readonly op: Call["op"]; readonly one: Pick<Recorded, "urn" | "type" | "name" | "inputs"> },
    effect: () => Promise<Result>,
    record: (result: Result) => Noted,
  ): Promise<Noted> {
    const how = this.cutAt({ op, name: one.name }, this.requests++);
    this.takes();
    if (how === "refused") throw new Over({ kind: "failed", message: `${op} ${one.name} was refused` });
    const killed = new Over({ kind: "killed" });
    this.interrupted = how === "before" || how === "unrecorded";
    if (how && op === "create") this.pending.push(one);
    if (how === "before") throw killed;
    const result = await effect().catch((error: unknown) => {
      const why = error instanceof Error ? error.message : error;
      throw new Over({ kind: "failed", message: `${op} ${one.name}: ${why}` });
    });
    if (how === "unrecorded") throw killed;
    const recorded = record(result);
    if (how === "after") throw killed;
    return recorded;
  }

  private async delete(one: Recorded): Promise<void> {
    // What another one has replaced was asked for it before (pulumi/pkg/resource/deploy/step.go, `DeleteStep.Apply`).
    if (one.protect && !one.replaced) throw new Over({ kind: "failed", message: `${one.name} is protected` });
    await this.request(
      { op: "delete", one },
      () => this.cloud.delete(one.urn, one.id),
      () => {
        this.state = this.state.filter((other) => other !== one);
      },
    );
  }

  /**
   * What is used is tried again behind the others: the real engine deletes side by side what does not hang together, and the provider tries
   * a target group again for minutes (terraform-provider-aws, internal/service/elbv2/target_group.go).
   */
  private async deleteUnseen(seen: readonly Recorded[]): Promise<void> {
    const known = new Set(seen.map(keyOf));
    const unseen = [...this.state].reverse().filter((one) => !known.has(keyOf(one)));
    const used: Recorded[] = [];
    for (const one of unseen) {
      if (!one.custom || isElsewhere(one.type)) this.state = this.state.filter((other) => other !== one);
      else if (refusal(this.cloud, { ...one, op: "delete" })?.match(/^(ResourceInUse|DependencyViolation)/))
        used.push(one);
      else await this.delete(one);
    }
    for (const one of used) await this.delete(one);
  }
}

/** Dynamic resources run code in a process of their own, which no visitor depends on here. */
const isElsewhere = (type: string) => type.startsWith("pulumi-nodejs:");

/** Lists and numbers among the outputs that nobody tells. */
const ABSENT: Readonly<Record<string, Properties>> = {
  "vercel:index/projectDomain:ProjectDomain": { verifications: [] },
};

const keyOf = ({ urn, id }: Recorded) => `${urn} ${id}`;

function urnOf(request: Request): string {
  const above = request.getParent().split("::")[2];
  const type = request.getType();
  const types = above === undefined || above === "pulumi:pulumi:Stack" ? type : `${above}$${type}`;
  return `urn:pulumi:${STACK}::${PROJECT}::${types}::${request.getName()}`;
}

function differing(olds: Properties, news: Properties): string[] {
  return [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
    (key) => JSON.stringify(olds[key]) !== JSON.stringify(news[key]),
  );
}

/** Without what the protocol wraps values in. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const object = value as Properties;
  if (object[SIGNATURE] === SECRET) return plain(object.value);
  if (object[SIGNATURE] !== undefined) return String(object.path ?? object.urn ?? "asset");
  const entries = Object.entries(object).filter(([key, item]) => item !== undefined && key !== "__provider");
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]));
}
