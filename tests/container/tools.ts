import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(__dirname, "..", "..");
export const APP = join(ROOT, "app");
/** What is made once and kept, beside the images in the storage of podman and buildah. */
export const CACHE = join(ROOT, ".cache", "container");
mkdirSync(CACHE, { recursive: true });

/** Debian's commands that the suite runs, by the package that brings them. */
const NEEDED = {
  ...{ podman: "podman", buildah: "buildah", runc: "runc", catatonit: "catatonit", debootstrap: "debootstrap" },
  ...{ psql: "postgresql", openssl: "openssl", jq: "jq" },
};

/** Why the suite cannot run on this machine, if so. */
export function missing(): string | undefined {
  if (process.getuid?.() !== 0) return "containers are built and run as root here";
  const path = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  const packages = Object.entries(NEEDED)
    .filter(([command]) => !path.some((folder) => existsSync(join(folder, command))))
    .map(([, name]) => name);
  return packages.length > 0 ? `apt-get install ${packages.join(" ")}` : undefined;
}

export const say = (text: string) => process.stdout.write(`    ${text}\n`);

/** Does what may take a while: says so, and how long it took. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  const slow = setTimeout(() => say(`${what} ...`), 2_000);
  try {
    return await work();
  } finally {
    clearTimeout(slow);
    const seconds = (Date.now() - started) / 1000;
    if (seconds > 2) say(`${what}: ${seconds.toFixed(0)} s`);
  }
}

export interface Ran {
  readonly code: number;
  /** What it said on its standard output. */
  readonly stdout: string;
  /** What it said on both outputs. */
  readonly output: string;
}

/** Runs a command to its end, whatever that is. */
export function attempt(command: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv } = {}) {
  return new Promise<Ran>((done, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: options.env ?? process.env });
    let [stdout, output] = ["", ""];
    child.stdout.on("data", (data) => (stdout += data));
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
    child.on("error", reject);
    child.on("close", (code) => done({ code: code ?? -1, stdout, output }));
  });
}

/** Runs a command and returns what it prints. @throws Error with its last words when it fails */
export async function run(command: string, args: readonly string[], options = {}): Promise<string> {
  const { code, stdout, output } = await attempt(command, args, options);
  if (code !== 0)
    throw new Error(`${command} ${args.slice(0, 3).join(" ")} ended with ${code}: ${output.slice(-3000)}`);
  return stdout.trim();
}

/** crun refuses machines with hybrid cgroups; runc takes them. */
export const podman = (...args: string[]) => run("podman", ["--runtime", "runc", ...args]);

/** Options of every container: runc refuses podman's own limits where they are above the machine's; health checks are asked here. */
export const LIMITS = ["--no-healthcheck", "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"];

/** `ARG NODE_VERSION` of a Dockerfile, and the name that its `FROM` makes of it. */
export function baseOf(dockerfile: string): { readonly node: string; readonly image: string } {
  const text = readFileSync(dockerfile, "utf8");
  const node = /^ARG NODE_VERSION=(\S+)/m.exec(text)?.[1];
  const from = /^FROM (\S+) AS base/m.exec(text)?.[1];
  if (!node || !from) throw new Error(`${dockerfile} has no ARG NODE_VERSION or no FROM ... AS base`);
  return { node, image: `docker.io/library/${from.replace(/\$\{?NODE_VERSION\}?/, node)}` };
}
