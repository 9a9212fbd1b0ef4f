import { createRequire } from "node:module";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";

/** What the host tells once it listens. */
export type Listening = { readonly port: number };
/** What it is told before each update: when the world began (harness/world.ts). */
export type Told = { readonly epoch: string };

const ROOT = join(__dirname, "../../..");
const fromRoot = createRequire(join(ROOT, "index.ts"));
// The SDK has them, and no types of them.
const { LanguageServer } = fromRoot("@pulumi/pulumi/automation/server");
const state = fromRoot("@pulumi/pulumi/runtime/state");

/**
 * One state of the SDK for the process, anew for each update, as a program in a process of its own has it: of one that is kept for what
 * follows from a call (AsyncLocalStorage) a hook, which the engine calls, knows nothing.
 */
state.withLocalStorage = (run: () => unknown) => {
  const { resourcePackages, resourceModules } = state.getGlobalStore();
  Object.assign(globalThis, {
    globalStore: Object.assign(new state.LocalStore(), { resourcePackages, resourceModules }),
  });
  return run();
};

/** Loads the program anew, so that no update knows of the one before; packages stay, and what V8 has made of them. */
function program(): Promise<Record<string, unknown> | undefined> {
  for (const file of Object.keys(fromRoot.cache)) {
    if (file.startsWith(ROOT) && !file.includes("node_modules")) delete fromRoot.cache[file];
  }
  return fromRoot(join(ROOT, "index.ts"))();
}

/**
 * The program for one update after the other in one process, as the Automation API hosts one that is a function (`pulumi up --client`): a
 * process of its own for each takes most of its time to load the SDK.
 */
const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(LanguageRuntimeService as never, new LanguageServer(program));
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.send?.({ port } satisfies Listening);
});
process.on("message", ({ epoch }: Told) => {
  process.env.ENGINE_EPOCH = epoch;
});
process.once("disconnect", () => process.exit());
