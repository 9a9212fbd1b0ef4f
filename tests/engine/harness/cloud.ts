import * as grpc from "@grpc/grpc-js";
import * as services from "@pulumi/pulumi/proto/provider_grpc_pb";
import { provider } from "./provider";
import { allocated, goesWith, refusal } from "./refusals";
import { Rollouts } from "./rollouts";
import { outputsOf } from "./types";
import { worldNow } from "./world";

// biome-ignore lint/suspicious/noExplicitAny: what providers are sent is as untyped as JSON, and the tests read deep into it
export type Properties = Record<string, any>;

/** One call of the engine to a provider. */
export interface Call {
  readonly op: "create" | "update" | "delete";
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** World time in milliseconds, at which the call took effect. */
  readonly time: number;
  readonly inputs: Properties;
  readonly before?: Properties;
}

export interface Stored {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly id: string;
  inputs: Properties;
  outputs: Properties;
  /** World time of the latest change. */
  modified: number;
}

/**
 * Stands in for AWS, Vercel and the other providers: it keeps what the real engine creates, with realistic outputs and
 * replacement rules, and writes every call down with its time. It lives in the process of the tests, so that it survives an
 * engine that is killed.
 */
export class Cloud {
  readonly calls: Call[] = [];
  readonly resources = new Map<string, Stored>();
  /** What migrations were run for: task definitions and boot parameters. */
  readonly migrations: string[] = [];
  migrationsFail = false;
  /** Zones that somebody has deleted. */
  readonly lostZones = new Set<string>();
  /** Look-ups that a test answers in its own way, by token. */
  readonly lookups: Record<string, (args: Properties) => Properties> = {};
  /** How releases go, behind the provider's back. */
  readonly rollouts = new Rollouts(this);
  /** Called before an operation takes effect; what it throws is the provider's error. */
  before: (op: Call["op"], type: string, name: string) => Promise<void> | void = () => {};
  /** Called after an operation took effect, and before the engine knows. */
  after: (call: Call) => Promise<void> | void = () => {};
  /** Called when something was begun by an API of AWS, for example `StartInstanceRefresh v2`. */
  began: (what: string) => void = () => {};
  /** Called around each request to an API of AWS, before it takes effect and before its answer goes out. @param app by its user agent */
  asked: (action: string, phase: "before" | "after", app?: string) => Promise<void> | void = () => {};
  private serial = 0;
  private server?: grpc.Server;

  /** @param now the world's clock, in milliseconds */
  constructor(readonly now: () => number = worldNow) {}

  /** @returns the port on which all providers listen */
  async start(): Promise<number> {
    const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
    server.addService(services.ResourceProviderService as never, provider(this) as never);
    this.server = server;
    return new Promise((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      ),
    );
  }

  stop(): void {
    this.server?.forceShutdown();
  }

  of(type: string): Stored[] {
    return [...this.resources.values()].filter((one) => one.type === type);
  }

  /** A resource by its id; a database is imported by its name. */
  find(type: string, id: string): Stored | undefined {
    return this.resources.get(this.key(type, id)) ?? this.of(type).find(({ outputs }) => outputs.identifier === id);
  }

  /** @returns brings back everything that the cloud holds now, as often as it is called */
  save(): () => void {
    const [calls, migrations, serial] = [[...this.calls], [...this.migrations], this.serial];
    // What a resource holds is replaced as a whole.
    const kept = [...this.resources].map(([key, one]) => [key, { ...one }] as const);
    const rollouts = this.rollouts.save();
    return () => {
      this.calls.splice(0, Number.POSITIVE_INFINITY, ...calls);
      this.migrations.splice(0, Number.POSITIVE_INFINITY, ...migrations);
      this.serial = serial;
      this.resources.clear();
      this.lostZones.clear();
      for (const [key, one] of kept) this.resources.set(key, { ...one });
      rollouts();
    };
  }

  private key = (type: string, id: string) => `${type}|${id}`;

  private record(op: Call["op"], urn: string, inputs: Properties, before?: Properties): Call {
    const { type, name } = parts(urn);
    const call = { op, urn, type, name, time: this.now(), inputs, ...(before && { before }) };
    this.calls.push(call);
    return call;
  }

  async create(urn: string, inputs: Properties): Promise<Stored> {
    const { type, name } = parts(urn);
    await this.before("create", type, name);
    this.refuse("create", type, inputs);
    this.serial += 1;
    const { id, ...outputs } = { ...outputsOf(type, name, inputs, this.serial, undefined), ...allocated(this, type) };
    // A record that may be overwritten is one request of Route 53, UPSERT.
    if (this.resources.has(this.key(type, id)) && !inputs.allowOverwrite)
      throw new Error(`${type} ${id} already exists`);
    const stored = { urn, type, name, id, inputs, outputs: { ...inputs, ...outputs }, modified: this.now() };
    this.resources.set(this.key(type, id), stored);
    const call = this.record("create", urn, inputs);
    this.rollouts.applied("create", stored, {});
    await this.after(call);
    return stored;
  }

  async update(urn: string, id: string, inputs: Properties): Promise<Stored> {
    const { type, name } = parts(urn);
    await this.before("update", type, name);
    const stored = this.resources.get(this.key(type, id));
    if (!stored) throw new Error(`${type} ${id} is not there`);
    this.refuse("update", type, inputs, id);
    const { id: _, ...outputs } = outputsOf(type, name, inputs, this.serial, stored.outputs);
    const old = stored.inputs;
    stored.inputs = inputs;
    stored.outputs = { ...stored.outputs, ...inputs, ...outputs };
    stored.modified = this.now();
    const call = this.record("update", urn, inputs, old);
    this.rollouts.applied("update", stored, old);
    await this.after(call);
    return stored;
  }

  async delete(urn: string, id: string): Promise<void> {
    const { type, name } = parts(urn);
    await this.before("delete", type, name);
    const stored = this.resources.get(this.key(type, id));
    if (!stored) return;
    this.refuse("delete", type, stored.inputs, id);
    if (type === "aws:s3/bucket:Bucket" && !stored.inputs.forceDestroy) throw new Error(`BucketNotEmpty: ${id}`);
    this.resources.delete(this.key(type, id));
    for (const one of goesWith(this, type, id)) this.resources.delete(this.key(one.type, one.id));
    await this.after(this.record("delete", urn, {}, stored.inputs));
  }

  private refuse(op: Call["op"], type: string, inputs: Properties, id?: string): void {
    const why = refusal(this, { op, type, inputs, ...(id === undefined ? {} : { id }) });
    if (why) throw new Error(why);
  }
}

export function parts(urn: string): { type: string; name: string } {
  const [, , path = "", name = ""] = urn.split("::");
  return { type: path.split("$").at(-1) ?? "", name };
}
