// Runs the project's program for the engine, over the SDK's own protocol files: the CLI's own host for Node.js is a part of its
// releases, which no package registry has. It hands the engine's address to the SDK's `run`, as that host does, except what this
// project has no use for: installing packages, debugging, and calls of the engine that block (the SDK has done without since 3.0).
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const grpc = require("@grpc/grpc-js");
const { LanguageRuntimeService } = require("@pulumi/pulumi/proto/language_grpc_pb");
const {
  GetRequiredPackagesResponse,
  LanguageHandshakeResponse,
  RunResponse,
} = require("@pulumi/pulumi/proto/language_pb");
const { PluginInfo } = require("@pulumi/pulumi/proto/plugin_pb");

/** Exit code of a program that has told its user already. */
const TOLD = 32;
let engine = process.argv.at(-1);
const running = new Set();

const answer = (make) => (call, done) =>
  Promise.resolve(make(call.request, call)).then((value) => done(null, value), done);

const host = {
  handshake: answer((request) => {
    engine = request.getEngineAddress() || engine;
    return new LanguageHandshakeResponse();
  }),
  // Plugins are found when a resource of theirs is registered.
  getRequiredPackages: answer(() => new GetRequiredPackagesResponse()),
  getPluginInfo: answer(() => new PluginInfo()),
  run: answer((request, call) => run(request, call)),
};

/** The program to its end, and what the engine is to say of it. */
function run(request, call) {
  const info = request.getInfo();
  const folder = info.getProgramDirectory();
  const flags = {
    monitor: request.getMonitorAddress(),
    engine,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info.getRootDirectory(),
    stack: request.getStack(),
    pwd: folder,
    parallel: String(request.getParallel()),
  };
  const args = Object.entries(flags).flatMap(([name, value]) => (value ? [`--${name}`, value] : []));
  if (request.getDryrun()) args.push("--dry-run");
  const { nodeargs = "" } = info.getOptions()?.toJavaScript() ?? {};
  const script = createRequire(join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/run");
  const config = request
    .getConfigMap()
    .toArray()
    .map(([key, value]) => [key.replace(":", ":config:"), value]);
  const env = {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(config)),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
  };
  const child = spawn(
    process.execPath,
    [...nodeargs.split(/\s+/).filter(Boolean), script, ...args, info.getEntryPoint(), ...request.getArgsList()],
    {
      env,
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  running.add(child);
  call.on("cancelled", () => child.kill("SIGINT"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      running.delete(child);
      const response = new RunResponse();
      if (code === TOLD) response.setBail(true);
      else if (code !== 0) response.setError(`Program exited with non-zero exit code: ${code ?? signal}`);
      resolve(response);
    });
  });
}

// The engine asks for 400 MB at once, as the SDK does.
const size = 1024 * 1024 * 400;
const server = new grpc.Server({ "grpc.max_receive_message_length": size, "grpc.max_send_message_length": size });
server.addService(LanguageRuntimeService, host);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit();
  });
}
