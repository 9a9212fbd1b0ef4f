import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Balancer, Numbers } from "./balancer";
import { endGroup, freePort, start, until } from "./processes";

/** Seconds a task has between SIGTERM and SIGKILL (components/tiers/fargate-service.ts). */
const STOP_SECONDS = 60;

/** One process of the app, as a task or a container runs it. */
export class Backend {
  child?: ChildProcess;
  port = 0;

  constructor(
    readonly slot: string,
    private readonly release: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  async start(): Promise<void> {
    this.port = await freePort();
    this.child = start(process.execPath, ["server.js"], {
      cwd: this.release,
      env: { ...this.env, PORT: String(this.port), HOSTNAME: "127.0.0.1" },
    });
  }

  signal(signal: NodeJS.Signals): void {
    // Does nothing where the process is gone already.
    this.child?.kill(signal);
  }

  /** SIGTERM, and SIGKILL when it takes too long: what ECS does. */
  async end(): Promise<void> {
    if (this.child) await endGroup(this.child, STOP_SECONDS * 1000);
  }
}

/** The processes behind the load balancer, and how they come and go in a rolling deployment. */
export class Fleet {
  backends: Backend[] = [];
  /** Seconds until a fresh process answered its first health check well, the slowest of all that were started. */
  startSeconds = 0;

  /** @param drains false ends a process without its leaving the load balancer first, to show that the drill notices */
  constructor(
    private readonly balancer: Balancer,
    private readonly numbers: Numbers,
    private readonly env: NodeJS.ProcessEnv,
    private readonly drains = true,
  ) {}

  /** As many processes as the plan wants, of one release, each with visitors once it is healthy. */
  async fresh(release: string, version: string): Promise<Backend[]> {
    const used = new Set(this.backends.map(({ slot }) => slot));
    const free = this.balancer.slots.filter((slot) => !used.has(slot)).slice(0, this.numbers.count);
    return Promise.all(free.map((slot) => this.bring(slot, release, version)));
  }

  /** Starts a process and lets visitors come once it is healthy. */
  async bring(slot: string, release: string, version: string): Promise<Backend> {
    const backend = new Backend(slot, release, {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      SITE_TIER: "fargate",
      SITE_VERSION: version,
      KEEP_ALIVE_TIMEOUT: keepAlive(),
      ...this.env,
    });
    const began = Date.now();
    await backend.start();
    if (!(await until(() => answers(backend.port, this.numbers.healthPath), 60_000, 100))) {
      backend.signal("SIGKILL");
      throw new Error(`The process in ${slot} does not answer`);
    }
    this.startSeconds = Math.max(this.startSeconds, Math.round((Date.now() - began) / 100) / 10);
    await this.balancer.register(slot, backend.port);
    const healthy = async () => (await this.balancer.state(slot)) === "healthy";
    if (!(await until(healthy, 90_000, 200))) throw new Error(`The process in ${slot} did not become healthy`);
    await this.balancer.open(slot);
    return backend;
  }

  /** Out of the load balancer, time for requests under way, then the end. */
  async leave(backend: Backend): Promise<void> {
    if (this.drains) {
      await this.balancer.drain(backend.slot);
      await sleep(this.numbers.drain * 1000);
    }
    await backend.end();
    await this.balancer.remove(backend.slot);
  }

  /** Ends what runs, also what was stopped by a signal. */
  kill(): void {
    for (const backend of this.backends) {
      backend.signal("SIGCONT");
      backend.signal("SIGKILL");
    }
  }
}

const answers = (port: number, path: string): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ ok }) => ok,
    () => false,
  );

/** As the image sets it. */
function keepAlive(): string {
  const found = /KEEP_ALIVE_TIMEOUT=(\d+)/.exec(
    readFileSync(join(__dirname, "..", "..", "..", "app", "Dockerfile"), "utf8"),
  );
  if (!found?.[1]) throw new Error("app/Dockerfile sets no KEEP_ALIVE_TIMEOUT");
  return found[1];
}
