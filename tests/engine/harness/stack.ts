import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { VercelStandIn } from "../../standins/vercel";
import { Cloud } from "./cloud";
import { type Services, startServices } from "./services";
import { clock, DOMAIN, dns, REGION, rewind, SPEED, worldNow } from "./world";

const REPOSITORY = resolve(__dirname, "../../..");
const PROVIDERS = ["aws", "awsx", "random", "vercel", "docker-build"];
export const STACK = "test";
/** What a person runs; of its packages the lock file decides. */
export const PROGRAM = [
  ...["Pulumi.yaml", "index.ts", "package.json", "package-lock.json", "tsconfig.json", "node_modules"],
  ...["core", "stacks", "components", "runbooks", "functions", "cli", "insight", "output", "policy", "app"],
];

/** Why the suite cannot run here; undefined if it can. */
export function missing(): string | undefined {
  const has = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: "ignore" }).status === 0;
  if (!has("pulumi", "version"))
    return "the pulumi CLI is not on PATH: PATH=$(tests/engine/cli/build.sh):$PATH npm run test:engine builds it (pulumi.com/docs/install)";
  if (!has("openssl", "version")) return "openssl is not on PATH";
  return undefined;
}

/**
 * A project for a suite; where the engine cannot run, the suite is skipped and says why.
 * @param config of a stack that is live when the suite begins; a function, since the addresses of servers are known only then.
 *   @default none
 */
export async function projectFor(
  suite: Mocha.Context,
  config?: () => Readonly<Record<string, unknown>>,
): Promise<Project> {
  const why = missing();
  if (why) {
    console.log(`    engine suite skipped: ${why}`);
    suite.skip();
  }
  const project = await Project.start();
  if (!config) return project;
  project.configure(config());
  const { code, output } = await project.up();
  if (code === 0) return project;
  project.stop();
  throw new Error(output);
}

/** What the engine remembers. */
export interface StackState {
  readonly resources: readonly {
    readonly urn: string;
    readonly type: string;
    readonly id?: string;
    readonly external?: boolean;
    readonly protect?: boolean;
  }[];
  readonly pending: readonly { readonly type: string; readonly resource: { readonly urn: string } }[];
}

export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

/** The project in a folder of its own, with a file backend, and a cloud of its own around it. */
export class Project {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  private constructor(
    readonly cloud: Cloud,
    readonly services: Services,
    readonly vercel: VercelStandIn,
    folder: string,
    addresses: { readonly providers: number; readonly vercel: string },
  ) {
    this.folder = join(folder, "project");
    for (const part of ["project", "backend", "home", "bin"]) mkdirSync(join(folder, part));
    for (const part of PROGRAM) this.link(part);
    for (const provider of PROVIDERS) {
      // The engine starts a plugin and reads its port from the first line; all lead to the cloud in the tests' process.
      const plugin = join(folder, "bin", `pulumi-resource-${provider}`);
      const real = provider === "awsx" ? process.env.ENGINE_AWSX_PLUGIN : undefined;
      const run = real ? `exec "${real}" "$@"` : `echo ${addresses.providers}\nexec sleep 100000`;
      writeFileSync(plugin, `#!/bin/sh\n${run}\n`);
      chmodSync(plugin, 0o755);
    }
    nameVersion(join(folder, "bin"));
    this.env = {
      ...process.env,
      PATH: `${join(folder, "bin")}${delimiter}${process.env.PATH}`,
      PULUMI_HOME: join(folder, "home"),
      // Without the metadata each of its files is replaced at once or not at all, as S3 and Pulumi Cloud keep a state.
      PULUMI_BACKEND_URL: `file://${join(folder, "backend")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "true",
      // A plugin that were not found here must not be looked for elsewhere.
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      NODE_OPTIONS: fastWorld(__dirname),
      NODE_EXTRA_CA_CERTS: services.caFile,
      ENGINE_SPEED: String(SPEED),
      ENGINE_EPOCH: String(clock.epoch),
      ENGINE_PORTS: JSON.stringify(services.ports),
      AWS_ENDPOINT_URL: `http://127.0.0.1:${services.apiPort}`,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      VERCEL_API_TOKEN: "test",
      VERCEL_API_URL: addresses.vercel,
      NO_COLOR: "1",
    };
  }

  static async start(): Promise<Project> {
    const folder = mkdtempSync(join(tmpdir(), "platform-engine-"));
    const cloud = new Cloud();
    const services = await startServices(cloud, folder);
    const txt = (name: string) =>
      cloud.of("aws:route53/record:Record").find(({ inputs }) => inputs.type === "TXT" && inputs.name === name)?.inputs
        .records[0];
    const vercel = new VercelStandIn("test", undefined, txt);
    vercel.deployments = () =>
      cloud.of("vercel:index/deployment:Deployment").map(({ id, inputs: { ref } }) => ({
        id,
        readyState: "READY",
        ...(typeof ref === "string" ? { sha: ref } : {}),
      }));
    const addresses = { providers: await cloud.start(), vercel: await vercel.start() };
    const project = new Project(cloud, services, vercel, folder, addresses);
    await project.must("stack", "init", STACK);
    return project;
  }

  stop(): void {
    this.cloud.stop();
    this.services.stop();
    void this.vercel.stop();
    rmSync(resolve(this.folder, ".."), { recursive: true, force: true });
  }

  /** @returns brings back the stack's state and file and everything around them, the time among it, as often as it is called */
  save(): () => void {
    const [backend, kept] = [resolve(this.folder, "../backend"), mkdtempSync(resolve(this.folder, "../saved-"))];
    const file = join(this.folder, `Pulumi.${STACK}.yaml`);
    const { vercel, cloud } = this;
    const [text, time, took] = [readFileSync(file, "utf8"), worldNow(), cloud.save()];
    const [certificates, orders] = [[...vercel.certificates], [...vercel.orders]];
    // The engine keeps the file that it replaces, and never reads it.
    cpSync(backend, kept, { recursive: true, filter: (path) => !path.endsWith(".bak") });
    return () => {
      rmSync(backend, { recursive: true, force: true });
      cpSync(kept, backend, { recursive: true });
      this.write(text);
      vercel.certificates.splice(0, Number.POSITIVE_INFINITY, ...certificates);
      vercel.orders.splice(0, Number.POSITIVE_INFINITY, ...orders);
      this.services.health.answers.length = 0;
      took();
      rewind(time);
      this.env.ENGINE_EPOCH = String(clock.epoch);
    };
  }

  /** The stack's state as the backend's file has it. */
  state(): StackState {
    const path = resolve(this.folder, "../backend/.pulumi/stacks");
    const [file = ""] = readdirSync(path, { recursive: true, encoding: "utf8" }).filter((one) =>
      one.endsWith(`${STACK}.json`),
    );
    const { latest } = JSON.parse(readFileSync(join(path, file), "utf8")).checkpoint;
    return { resources: latest?.resources ?? [], pending: latest?.pending_operations ?? [] };
  }

  /** Nothing is held up, nothing is ill. */
  calm(): void {
    const { cloud, services } = this;
    cloud.before = cloud.after = () => {};
    services.health.sick.clear();
    services.health.raised.clear();
    services.health.deadPorts.clear();
  }

  private link(part: string): void {
    symlinkSync(join(REPOSITORY, part), join(this.folder, part));
  }

  /** Starts a command in the project's folder; `done` gives its output, standard output and error mixed. */
  start(command: string, ...args: string[]): { child: ChildProcess; done: Promise<Finished> } {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    const add = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on("data", add);
    child.stderr.on("data", add);
    const done = new Promise<Finished>((finish) => child.on("close", (code) => finish({ code, output })));
    return { child, done };
  }

  pulumi(...args: string[]): Promise<Finished> {
    return this.start("pulumi", ...args, "--non-interactive").done;
  }

  /** What a message tells a person to run; of an update, without its questions. */
  shell(command: string): Promise<Finished> {
    return this.start(
      "sh",
      "-c",
      command.replace(/^pulumi (up|refresh|destroy)\b/, "pulumi $1 --yes --skip-preview --non-interactive"),
    ).done;
  }

  async must(...args: string[]): Promise<string> {
    const { code, output } = await this.pulumi(...args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}\n${output}`);
    return output;
  }

  up(...args: string[]): Promise<Finished> {
    return this.pulumi("up", "--yes", "--skip-preview", "--stack", STACK, ...args);
  }

  /** Writes a stack's file. */
  write(text: string, stack = STACK): void {
    writeFileSync(join(this.folder, `Pulumi.${stack}.yaml`), text);
  }

  /** Writes a stack's whole config. */
  configure(config: Readonly<Record<string, unknown>>, stack = STACK): void {
    const path = join(this.folder, `Pulumi.${STACK}.yaml`);
    const salt = /^encryptionsalt: .*$/m.exec(readFileSync(path, "utf8"))?.[0] ?? "";
    const entries = Object.entries({ "aws:region": REGION, ...config });
    const lines = entries.map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`);
    this.write([salt, "config:", ...lines, ""].join("\n"), stack);
  }
}

/** The commands of the CLI that a message prints, once each. */
export const commandsIn = (output: string): string[] => [
  ...new Set(output.split("\n").flatMap((line) => /^ +(pulumi .*)$/.exec(line)?.[1] ?? [])),
];

/** What brings the world's speed to every Node; an address, since Node splits its options at spaces. */
export const fastWorld = (folder: string): string => `--import ${pathToFileURL(join(folder, "fast.mjs")).href}`;

/** A CLI that was built from source tells no version, without which the Automation API refuses it. */
function nameVersion(bin: string): void {
  const told = spawnSync("pulumi", ["version"], { encoding: "utf8" }).stdout.trim();
  if (/^v?\d+\.\d+\.\d+/.test(told)) return;
  const real = spawnSync("sh", ["-c", "command -v pulumi"], { encoding: "utf8" }).stdout.trim();
  const path = join(bin, "pulumi");
  writeFileSync(path, `#!/bin/sh\n[ "$1" = version ] && exec echo v3.260.0\nexec "${real}" "$@"\n`);
  chmodSync(path, 0o755);
}

/** A stack of one architecture, with what every architecture needs, so that a flip changes one line. */
export const settings = (architecture: string, further: Readonly<Record<string, unknown>> = {}) => ({
  "iamvet:architecture": architecture,
  "iamvet:domain": { name: DOMAIN, ttl: 30 },
  "iamvet:app": { version: "v1" },
  "iamvet:alerts": { emails: ["ops@iamvet.example"] },
  "iamvet:image": { uri: `123456789012.dkr.ecr.${REGION}.amazonaws.com/site:v1` },
  "iamvet:instance": { release: { url: "s3://releases/v1.tgz", sha256: "0".repeat(64) } },
  "iamvet:vercel": { repository: "iamvet/site", databaseAccess: "public-tls" },
  "iamvet:gates": {
    healthyCount: 2,
    intervalSeconds: 1,
    timeoutSeconds: 120,
    drainSeconds: 20,
    resolvers: [dns.server],
  },
  ...further,
});
