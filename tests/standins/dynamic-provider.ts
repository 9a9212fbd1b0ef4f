import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";

// The engine's own protocol: the package has no other door to what the CLI calls.
const load = createRequire(__filename);
const rpc = load("@pulumi/pulumi/proto/provider_grpc_pb");
const messages = load("@pulumi/pulumi/proto/provider_pb");
const { Struct } = load("google-protobuf/google/protobuf/struct_pb");

type Properties = Record<string, unknown>;

/**
 * Runs a dynamic resource's provider as the engine does: serialised by the SDK, deserialised in the real dynamic provider's
 * own process (`@pulumi/pulumi/cmd/dynamic-provider`), and called by gRPC.
 */
export class DynamicProvider {
  /** Everything that the process printed. */
  output = "";

  private constructor(
    private readonly process: ChildProcess,
    // biome-ignore lint/suspicious/noExplicitAny: generated client without usable types
    private readonly client: any,
    private readonly code: string,
  ) {}

  /** @param config the stack's config, as `configure` reads it */
  static async start(
    provider: pulumi.dynamic.ResourceProvider,
    config: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>>,
  ): Promise<DynamicProvider> {
    const { text } = await pulumi.runtime.serializeFunction(() => provider);
    const started = spawn(process.execPath, [load.resolve("@pulumi/pulumi/cmd/dynamic-provider"), "127.0.0.1:1"], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const lines = createInterface({ input: started.stdout });
    const [port] = (await once(lines, "line", { signal: AbortSignal.timeout(15_000) })) as [string];
    const client = new rpc.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const running = new DynamicProvider(started, client, text);
    lines.on("line", (line) => {
      running.output += `${line}\n`;
    });
    started.stderr.on("data", (chunk) => {
      running.output += chunk;
    });
    const request = new messages.ConfigureRequest();
    request.setArgs(Struct.fromJavaScript(config));
    await running.call("configure", request);
    return running;
  }

  async stop(): Promise<void> {
    this.client.close();
    this.process.kill();
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "exit");
  }

  /** What the provider refuses, as `property: reason`. */
  async check(news: Properties): Promise<string[]> {
    const request = new messages.CheckRequest();
    request.setOlds(this.struct({}));
    request.setNews(this.struct(news));
    const failures: { getProperty(): string; getReason(): string }[] = (
      await this.call("check", request)
    ).getFailuresList();
    return failures.map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
  }

  /** The id and what the engine would write to the state, the provider's code included. */
  async create(inputs: Properties): Promise<{ id: string; state: Properties }> {
    const request = new messages.CreateRequest();
    request.setProperties(this.struct(inputs));
    const answer = await this.call("create", request);
    return { id: answer.getId(), state: answer.getProperties().toJavaScript() };
  }

  async diff(id: string, olds: Properties, news: Properties): Promise<{ changes: boolean; replaces: string[] }> {
    const request = new messages.DiffRequest();
    request.setId(id);
    request.setOlds(this.struct(olds));
    request.setNews(this.struct(news));
    const answer = await this.call("diff", request);
    return {
      changes: answer.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: answer.getReplacesList(),
    };
  }

  async update(id: string, olds: Properties, news: Properties): Promise<Properties> {
    const request = new messages.UpdateRequest();
    request.setId(id);
    request.setOlds(this.struct(olds));
    request.setNews(this.struct(news));
    return (await this.call("update", request)).getProperties().toJavaScript();
  }

  async delete(id: string, state: Properties): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setId(id);
    request.setProperties(this.struct(state));
    await this.call("delete", request);
  }

  private struct(properties: Properties) {
    return Struct.fromJavaScript({ ...properties, __provider: this.code });
  }

  // biome-ignore lint/suspicious/noExplicitAny: generated messages without usable types
  private call(method: string, request: unknown): Promise<any> {
    return new Promise((resolve, reject) => {
      this.client[method](request, (error: Error | null, answer: unknown) => (error ? reject(error) : resolve(answer)));
    });
  }
}
