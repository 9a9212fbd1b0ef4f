import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { attempt, LIMITS, podman, type Ran } from "./tools";

/** The parts of an ECS container definition that say how a container runs. */
export interface ContainerDefinition {
  readonly image: string;
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
  readonly user?: string;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly secrets: readonly { readonly name: string; readonly valueFrom: string }[];
  readonly readonlyRootFilesystem?: boolean;
  readonly mountPoints?: readonly { readonly containerPath: string }[];
  readonly linuxParameters?: {
    readonly initProcessEnabled?: boolean;
    readonly tmpfs?: readonly { containerPath: string; size: number; mountOptions?: readonly string[] }[];
  };
  readonly portMappings?: readonly { readonly containerPort: number }[];
  readonly stopTimeout?: number;
  readonly healthCheck?: {
    readonly command: readonly string[];
    readonly interval: number;
    readonly timeout: number;
    readonly retries: number;
    readonly startPeriod: number;
  };
}

/** A task of one container. */
export interface TaskOptions {
  readonly definition: ContainerDefinition;
  /** CPU units and MiB of the task. */
  readonly cpu: number;
  readonly memory: number;
  /** Values of the definition's secrets. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly network: string;
  /** The task's own address in that network. */
  readonly address: string;
  /** Options of podman for what is not ECS', such as names of other machines. */
  readonly further: readonly string[];
  /** Folder for the task's volumes. */
  readonly folder: string;
}

let count = 0;

/**
 * A task as ECS runs it on Fargate, by podman. What Fargate does by itself, and where it says so:
 * - `HOSTNAME` is the task's own host name (`ip-10-0-1-2.REGION.compute.internal`), over the image's ENV and the definition's
 *   environment; not documented, seen by many (vercel/next.js discussions; Next.js then listens on that address alone);
 * - a volume without a source is a folder of root, 0755 (developer guide, "Use bind mounts with Amazon ECS"); an image's own `VOLUME`
 *   would change that, and is not modelled: no image here has one;
 * - `tmpfs` is as in `docker run --tmpfs` (API reference, LinuxParameters; on Fargate since January 2026);
 * - a read-only root is read-only everywhere else.
 */
export class Task {
  readonly name = `iamvet-test-${process.pid}-${++count}`;
  /** Verdicts of the health check, in order. */
  readonly checks: boolean[] = [];

  constructor(readonly options: TaskOptions) {}

  private get arguments(): string[] {
    const { definition, cpu, memory, secrets, network, address, further, folder } = this.options;
    const { linuxParameters = {}, mountPoints = [] } = definition;
    const hostname = `ip-${address.replaceAll(".", "-")}.ap-northeast-2.compute.internal`;
    const environment = [
      ...definition.environment.map(({ name, value }) => `${name}=${value}`),
      ...definition.secrets.map(({ name }) => `${name}=${secrets[name] ?? "secret"}`),
      `HOSTNAME=${hostname}`,
    ];
    const volume = () => {
      const made = mkdtempSync(join(folder, "volume-"));
      mkdirSync(join(made, "data"), { mode: 0o755 });
      return join(made, "data");
    };
    return [
      ...[
        "--name",
        this.name,
        "--pull=never",
        "--network",
        network,
        "--ip",
        address,
        "--hostname",
        hostname,
        ...LIMITS,
      ],
      ...["--cpus", String(cpu / 1024), "--memory", `${memory}m`],
      ...environment.flatMap((one) => ["--env", one]),
      // podman would mount writable folders of its own over a read-only root.
      ...(definition.readonlyRootFilesystem ? ["--read-only", "--read-only-tmpfs=false"] : []),
      ...(linuxParameters.initProcessEnabled ? ["--init"] : []),
      ...mountPoints.flatMap(({ containerPath }) => ["--volume", `${volume()}:${containerPath}`]),
      ...(linuxParameters.tmpfs ?? []).flatMap(({ containerPath, size, mountOptions = [] }) => [
        "--tmpfs",
        [`${containerPath}:notmpcopyup`, `size=${size}m`, ...mountOptions].join(),
      ]),
      ...(definition.user ? ["--user", definition.user] : []),
      ...(definition.workingDirectory ? ["--workdir", definition.workingDirectory] : []),
      ...further,
      definition.image,
      ...(definition.command ?? []),
    ];
  }

  /** Runs the task to its end. */
  async run(): Promise<Ran> {
    return attempt("podman", ["--runtime", "runc", "run", "--rm", ...this.arguments]);
  }

  /** Starts the task, and asks its health check from then on as ECS does. */
  async start(): Promise<void> {
    await podman("run", "--detach", ...this.arguments);
  }

  /** Runs a command in the container. */
  exec(command: readonly string[]): Promise<Ran> {
    return attempt("podman", ["--runtime", "runc", "exec", this.name, ...command]);
  }

  async logs(): Promise<string> {
    return (await attempt("podman", ["logs", this.name])).output;
  }

  /**
   * Waits for ECS' verdict (API reference, HealthCheck): one success is HEALTHY; failures count after `startPeriod`, and `retries` of
   * them in a row are UNHEALTHY.
   *
   * @returns the verdict, and seconds after the start
   */
  async verdict(): Promise<{ readonly status: "HEALTHY" | "UNHEALTHY"; readonly seconds: number }> {
    const { healthCheck } = this.options.definition;
    if (!healthCheck) throw new Error("no health check");
    const { interval, retries, startPeriod } = healthCheck;
    const started = Date.now();
    const seconds = () => (Date.now() - started) / 1000;
    for (let failures = 0; failures < retries; ) {
      await sleep(interval * 1000);
      if (await this.check()) return { status: "HEALTHY", seconds: seconds() };
      if (seconds() > startPeriod) failures++;
    }
    return { status: "UNHEALTHY", seconds: seconds() };
  }

  /** The health check once. */
  async check(): Promise<boolean> {
    const { command = [], timeout = 5 } = this.options.definition.healthCheck ?? {};
    const [kind, ...rest] = command;
    const whole = kind === "CMD-SHELL" ? ["/bin/sh", "-c", ...rest] : rest;
    const asked = this.exec(whole).then(({ code }) => code === 0);
    const answer = await Promise.race([asked, sleep(timeout * 1000, false)]);
    this.checks.push(answer);
    return answer;
  }

  /** SIGTERM, and SIGKILL after `stopTimeout`, as ECS ends a task. */
  async stop(): Promise<{ readonly seconds: number; readonly code: number }> {
    const started = Date.now();
    await podman("stop", "--time", String(this.options.definition.stopTimeout ?? 30), this.name);
    const seconds = (Date.now() - started) / 1000;
    const code = Number(await podman("inspect", "--format", "{{.State.ExitCode}}", this.name));
    return { seconds, code };
  }

  async remove(): Promise<void> {
    await attempt("podman", ["rm", "--force", "--time", "0", this.name]);
  }
}
