import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as services from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { construct } from "./construct";
import { allocated, policiesOf, ROLE, refusal } from "./refusals";
import { Rollouts } from "./rollouts";
import { answerOf, outputsOf, replacing } from "./types";
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
  /** Called around each request to an API of AWS, before it takes effect and before its answer goes out; `app` as its user agent names it. */
  asked: (action: string, phase: "before" | "after", app?: string) => Promise<void> | void = () => {};
  private serial = 0;
  private server?: grpc.Server;

  /** @param now the world's clock, in milliseconds */
  constructor(readonly now: () => number = worldNow) {}

  /** @returns the port on which all providers listen */
  async start(): Promise<number> {
    const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });
    server.addService(services.ResourceProviderService as never, this.handlers() as never);
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
    if (type === ROLE) for (const one of policiesOf(this, id)) this.resources.delete(this.key(one.type, one.id));
    await this.after(this.record("delete", urn, {}, stored.inputs));
  }

  private refuse(op: Call["op"], type: string, inputs: Properties, id?: string): void {
    const why = refusal(this, { op, type, inputs, ...(id === undefined ? {} : { id }) });
    if (why) throw new Error(why);
  }

  private handlers() {
    const unary =
      <Request, Response>(handle: (request: Request) => Promise<Response> | Response) =>
      async (call: { request: Request }, done: (error: unknown, response?: Response) => void) => {
        try {
          done(null, await handle(call.request));
        } catch (error) {
          done({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
        }
      };
    const unimplemented = (_: unknown, done: (error: unknown) => void) => done({ code: grpc.status.UNIMPLEMENTED });
    return {
      handshake: unimplemented,
      parameterize: unimplemented,
      getSchema: unimplemented,
      getMapping: unimplemented,
      getMappings: unimplemented,
      construct: unary(construct),
      call: unimplemented,
      streamInvoke: unimplemented,
      attach: unary(() => new Empty()),
      cancel: unary(() => new Empty()),
      getPluginInfo: unary(() => {
        const info = new PluginInfo();
        info.setVersion("99.0.0");
        return info;
      }),
      checkConfig: unary((request: messages.CheckRequest) => checked(request)),
      diffConfig: unary(() => new messages.DiffResponse()),
      configure: unary((request: messages.ConfigureRequest) => {
        const response = new messages.ConfigureResponse();
        response.setSupportspreview(true);
        // What constructs components must take secrets; the others here take plain values.
        response.setAcceptsecrets(request.getType() === "pulumi:providers:awsx");
        return response;
      }),
      check: unary((request: messages.CheckRequest) => checked(request)),
      diff: unary((request: messages.DiffRequest) => {
        const olds = plain(request.getOldInputs() ?? request.getOlds());
        const news = plain(request.getNews());
        const ignored = new Set(request.getIgnorechangesList().map((path) => path.split(/[.[]/)[0]));
        const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
          (key) => !ignored.has(key) && JSON.stringify(olds[key]) !== JSON.stringify(news[key]),
        );
        const response = new messages.DiffResponse();
        const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
        response.setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE);
        response.setDiffsList(changed);
        response.setReplacesList(changed.filter((key) => replacing(parts(request.getUrn()).type, key)));
        return response;
      }),
      create: unary(async (request: messages.CreateRequest) => {
        const inputs = plain(request.getProperties());
        const response = new messages.CreateResponse();
        if (request.getPreview()) {
          response.setProperties(Struct.fromJavaScript(inputs));
          return response;
        }
        const stored = await this.create(request.getUrn(), inputs);
        response.setId(stored.id);
        response.setProperties(Struct.fromJavaScript(stored.outputs));
        return response;
      }),
      update: unary(async (request: messages.UpdateRequest) => {
        const inputs = plain(request.getNews());
        const response = new messages.UpdateResponse();
        const outputs = request.getPreview()
          ? { ...plain(request.getOlds()), ...inputs, ...unknownVersion(parts(request.getUrn()).type) }
          : (await this.update(request.getUrn(), request.getId(), inputs)).outputs;
        response.setProperties(Struct.fromJavaScript(outputs));
        return response;
      }),
      delete: unary(async (request: messages.DeleteRequest) => {
        await this.delete(request.getUrn(), request.getId());
        return new Empty();
      }),
      read: unary((request: messages.ReadRequest) => {
        const response = new messages.ReadResponse();
        const { type } = parts(request.getUrn());
        // A database is imported by its name.
        const stored =
          this.resources.get(this.key(type, request.getId())) ??
          this.of(type).find(({ outputs }) => outputs.identifier === request.getId());
        if (!stored) return response;
        response.setId(stored.id);
        response.setInputs(Struct.fromJavaScript(stored.inputs));
        response.setProperties(Struct.fromJavaScript(stored.outputs));
        return response;
      }),
      invoke: unary((request: messages.InvokeRequest) => {
        const response = new messages.InvokeResponse();
        const [token, args] = [request.getTok(), plain(request.getArgs())];
        response.setReturn(Struct.fromJavaScript(this.lookups[token]?.(args) ?? answerOf(token, args)));
        return response;
      }),
    };
  }
}

/** A parameter's version is known only after its update. */
const unknownVersion = (type: string): Properties =>
  type === "aws:ssm/parameter:Parameter" ? { version: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" } : {};

function checked(request: messages.CheckRequest): messages.CheckResponse {
  const response = new messages.CheckResponse();
  response.setInputs(request.getNews());
  return response;
}

const plain = (struct: Struct | undefined): Properties =>
  (struct?.toJavaScript() ?? {}) as Record<string, JavaScriptValue> as Properties;

export function parts(urn: string): { type: string; name: string } {
  const [, , path = "", name = ""] = urn.split("::");
  return { type: path.split("$").at(-1) ?? "", name };
}
