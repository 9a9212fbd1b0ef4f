import { type ChildProcess, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endGroup, freePort, run, start, until } from "../drill/harness/processes";

const has = (command: string, ...args: string[]) => spawnSync(command, args, { stdio: "ignore" }).status === 0;
const where = (command: string) => spawnSync("sh", ["-c", `command -v ${command}`], { encoding: "utf8" }).stdout.trim();

/**
 * The real `docker buildx` with a BuildKit, and a real registry on this machine. BuildKit is that of the Docker engine where one runs,
 * else `buildkitd` from PATH with runc; both build `docker buildx build` of `platform release` as they would anywhere.
 */
export class Docker {
  readonly folder = mkdtempSync(join(tmpdir(), "release-docker-"));
  registry = "";
  private readonly running: ChildProcess[] = [];

  /** Why it is not to be had here; undefined if it is. */
  static missing(): string | undefined {
    if (!has("docker", "--version")) return "docker's command line is not on PATH";
    if (!where("docker-registry")) return "no registry: apt-get install docker-registry";
    if (!has("docker", "buildx", "version") && !where("docker-buildx")) return "docker has no buildx";
    if (!has("docker", "info") && !where("buildkitd")) return "neither a Docker engine nor buildkitd is here";
    return undefined;
  }

  /** Environment of a command that uses it. */
  get env(): Record<string, string> {
    const config = join(this.folder, "config");
    return { DOCKER_CONFIG: config, ...(has("docker", "info") ? {} : { BUILDX_BUILDER: "release" }) };
  }

  async start(): Promise<void> {
    const port = await freePort();
    this.registry = `127.0.0.1:${port}`;
    const config = join(this.folder, "registry.yml");
    writeFileSync(
      config,
      JSON.stringify({
        version: "0.1",
        log: { level: "error" },
        storage: { filesystem: { rootdirectory: join(this.folder, "registry") } },
        http: { addr: this.registry },
      }),
    );
    this.running.push(start("docker-registry", ["serve", config]));
    const plugins = join(this.folder, "config/cli-plugins");
    mkdirSync(plugins, { recursive: true });
    if (where("docker-buildx")) symlinkSync(where("docker-buildx"), join(plugins, "docker-buildx"));
    if (!has("docker", "info")) {
      const socket = `unix://${this.folder}/buildkit.sock`;
      const worker = ["--oci-worker-binary", "runc", "--oci-worker-net", "host", "--containerd-worker=false"];
      this.running.push(start("buildkitd", ["--root", join(this.folder, "buildkit"), "--addr", socket, ...worker]));
      await run("docker", ["buildx", "create", "--name", "release", "--driver", "remote", socket], {
        env: { ...process.env, DOCKER_CONFIG: join(this.folder, "config") },
      });
    }
    const ready = async () =>
      (await fetch(`http://${this.registry}/v2/`).catch(() => undefined))?.ok === true &&
      (await run("docker", ["buildx", "inspect", "--bootstrap"], { env: { ...process.env, ...this.env } }).catch(
        () => undefined,
      )) !== undefined;
    if (!(await until(ready, 60_000))) throw new Error("the registry or BuildKit did not start");
  }

  /** Digest of what a tag names; undefined where there is none. */
  async digest(repository: string, tag: string): Promise<string | undefined> {
    const accept = ["application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"].join(",");
    const answer = await fetch(`http://${this.registry}/v2/${repository}/manifests/${tag}`, { headers: { accept } });
    return answer.ok ? (answer.headers.get("docker-content-digest") ?? undefined) : undefined;
  }

  async stop(): Promise<void> {
    for (const child of this.running) await endGroup(child);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
