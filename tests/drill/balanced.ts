import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Balancer, type Numbers, numbersOfThePlan } from "./harness/balancer";
import type { Visit } from "./harness/client";
import { type Backend, Fleet } from "./harness/fleet";
import { Postgres } from "./harness/postgres";
import { until } from "./harness/processes";
import { buildRelease } from "./harness/site";
import { Traffic } from "./harness/traffic";

/** Requests a second of the visitors, unless another rate is asked for. */
export const BALANCED_RATE = 200;
/** Seconds that a part may take to warm up. */
const CALM_LIMIT = 90;
/** Milliseconds after which a visitor gives up. */
const PATIENCE = 8_000;

/** Protections that can be left out, to show that the drill notices. */
export const PROTECTIONS = {
  drain: "an old process is ended without leaving the load balancer first",
  "start-first": "old processes leave before new ones are healthy",
  checks: "the load balancer asks nobody whether they are well",
} as const;
export type Protection = keyof typeof PROTECTIONS;

/** What one part of the drill showed. */
export interface BalancedRow {
  readonly part: string;
  readonly requests: number;
  readonly lost: number;
  /** Of those, sent when the target was out already. */
  readonly lostAfter: number;
  /** Seconds from the fault until the load balancer sent nobody there any more; undefined if it never did. */
  readonly outAfter?: number;
  /** Seconds from the mending until it was healthy again. */
  readonly backAfter?: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly problems: readonly string[];
}

export interface Balanced {
  readonly numbers: Numbers;
  /** Requests a second. */
  readonly rate: number;
  /** Seconds until a fresh process answered its first health check well, the slowest of all. */
  readonly startSeconds: number;
  readonly rows: readonly BalancedRow[];
}

export interface BalancedOptions {
  readonly without: readonly Protection[];
  /** Requests a second. */
  readonly rate: number;
  readonly say: (text: string) => void;
}

/** The drill of several processes behind a load balancer: a release under load, and three ways in which one process fails. */
export async function balanced({ without, rate, say }: BalancedOptions): Promise<Balanced> {
  const numbers = await numbersOfThePlan();
  const release = await buildRelease(say);
  const drill = new Drill(release, numbers, new Set(without), rate, say);
  const leave = () => void drill.stop().then(() => process.exit(130));
  process.once("SIGINT", leave).once("SIGTERM", leave);
  try {
    say(`starting PostgreSQL, ${numbers.count} processes of the app, and HAProxy`);
    await drill.start();
    const rows: BalancedRow[] = [];
    for (const part of [drill.roll, drill.kill, drill.hang, drill.slow]) {
      const row = await part.call(drill);
      rows.push(row);
      say(`  ${row.part}: ${row.problems.length === 0 ? "ok" : `FAILED: ${row.problems.join("; ")}`}`);
    }
    return { numbers, rate, startSeconds: drill.fleet.startSeconds, rows };
  } finally {
    process.off("SIGINT", leave).off("SIGTERM", leave);
    await drill.stop();
  }
}

class Drill {
  private readonly dir = mkdtempSync(join(tmpdir(), "drill-"));
  private readonly postgres = new Postgres(join(this.dir, "postgres"));
  private readonly balancer: Balancer;
  fleet!: Fleet;
  private traffic?: Traffic;
  private parts = 0;
  private from = 0;

  constructor(
    private readonly release: string,
    private readonly numbers: Numbers,
    private readonly without: ReadonlySet<Protection>,
    private readonly rate: number,
    private readonly say: (text: string) => void,
  ) {
    // Twice the tasks, as a rolling deployment may run.
    const slots = Array.from({ length: numbers.count * 2 }, (_, index) => `t${index + 1}`);
    this.balancer = new Balancer(this.dir, numbers, slots, !without.has("checks"), { PATH: process.env.PATH });
  }

  async start(): Promise<void> {
    await this.postgres.start();
    await this.postgres.migrate(join(__dirname, "..", "..", "app", "prisma", "migrations"));
    await this.balancer.start();
    const env = { DATABASE_URL: this.postgres.url };
    this.fleet = new Fleet(this.balancer, this.numbers, env, !this.without.has("drain"));
    this.fleet.backends = await this.fleet.fresh(this.release, "v1");
  }

  async stop(): Promise<void> {
    await this.traffic?.stop();
    this.fleet?.kill();
    await this.balancer.stop();
    await this.postgres.stop("immediate").catch(() => {});
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** A release: new processes beside the old ones, then the old ones drain and end, all of it under load. */
  async roll(): Promise<BalancedRow> {
    return this.part("rolling replacement", async (problems) => {
      const old = this.fleet.backends;
      const leaveAll = () => Promise.all(old.map((backend) => this.fleet.leave(backend)));
      if (this.without.has("start-first")) await leaveAll();
      const fresh = await this.fleet.fresh(this.release, "v2");
      this.fleet.backends = [...old, ...fresh];
      if (!this.without.has("start-first")) await leaveAll();
      this.fleet.backends = fresh;
      await sleep(2_000);
      if (this.answers().some((visit) => visit.status !== 200)) problems.push("a deploy may lose no request");
      return {};
    });
  }

  async kill(): Promise<BalancedRow> {
    return this.fault("one process is killed", (backend) => backend.signal("SIGKILL"));
  }

  async hang(): Promise<BalancedRow> {
    return this.fault("one process hangs", (backend) => backend.signal("SIGSTOP"));
  }

  /** Answers within the check's time-out: the load balancer keeps such a target, and the latency alarm is what tells of it. */
  async slow(): Promise<BalancedRow> {
    return this.part("one process is slow", async (problems) => {
      const [backend] = this.fleet.backends as [Backend];
      const { timeout, unhealthyThreshold, interval, latencyAlarm } = this.numbers;
      const pause = (timeout - 1.5) * 1000;
      const end = Date.now() + (unhealthyThreshold + 1) * interval * 1000;
      const states = new Set<string>();
      while (Date.now() < end) {
        backend.signal("SIGSTOP");
        await sleep(pause);
        backend.signal("SIGCONT");
        // As long again, or it could not catch up: that would be a process that fails.
        await sleep(pause);
        states.add(await this.balancer.state(backend.slot));
      }
      if (states.has("unhealthy")) problems.push("it was taken out although it answered within the check's time-out");
      const p95 = percentile(this.answers(), 95);
      if (p95 < latencyAlarm * 1000)
        problems.push(`p95 was ${p95} ms: the latency alarm (${latencyAlarm} s) is silent`);
      if (this.answers().some((visit) => visit.status !== 200)) problems.push("a slow answer is no lost one");
      return {};
    });
  }

  /** Breaks one process, waits until the load balancer has it out, and puts another in its place. */
  private fault(part: string, inject: (backend: Backend) => void): Promise<BalancedRow> {
    return this.part(part, async (problems) => {
      const [backend] = this.fleet.backends as [Backend];
      const { interval, timeout, unhealthyThreshold, healthyThreshold } = this.numbers;
      const t0 = Date.now();
      inject(backend);
      // An interval may just have begun, and HAProxy counts the next one from the end of a check that waited for its time-out.
      const limit = interval + unhealthyThreshold * (interval + timeout) + 1;
      const out = await until(async () => (await this.balancer.state(backend.slot)) === "unhealthy", limit * 1000, 200);
      const outAt = Date.now();
      if (!out) problems.push(`it still got visitors after ${limit} s`);
      await sleep(5_000);
      backend.signal("SIGCONT");
      backend.signal("SIGKILL");
      await this.balancer.remove(backend.slot);
      const mended = Date.now();
      this.fleet.backends = [...this.fleet.backends.slice(1), await this.fleet.bring(backend.slot, this.release, "v2")];
      const backAfter = (Date.now() - mended) / 1000;
      if (backAfter > (healthyThreshold + 1) * interval + 15) problems.push(`its successor took ${backAfter} s`);
      await sleep(1_000);
      const lostAfter = out ? this.answers().filter(({ at, status }) => at > outAt && status !== 200).length : 0;
      if (lostAfter > 0) problems.push(`${lostAfter} requests were lost after it was out`);
      return { ...(out ? { outAfter: seconds(outAt - t0) } : {}), backAfter: seconds(backAfter * 1000), lostAfter };
    });
  }

  /** Runs one part with visitors of its own. */
  private async part(name: string, work: (problems: string[]) => Promise<Partial<BalancedRow>>): Promise<BalancedRow> {
    this.parts += 1;
    this.say(`${name}: ${this.rate} requests a second`);
    this.traffic = new Traffic({
      port: this.balancer.port,
      path: "/api/notes",
      rate: this.rate,
      id: `balanced-${this.parts}`,
      timeout: PATIENCE,
    });
    const problems: string[] = [];
    this.from = 0;
    if (!(await until(() => this.calm(), CALM_LIMIT * 1000))) {
      const load = loadavg()[0]?.toFixed(1);
      throw new Error(
        `This machine does not serve ${this.rate} requests a second even without a fault (load average ` +
          `${load}), so the drill would tell of the machine. Run it when nothing else runs, or with a ` +
          "lower --rate.",
      );
    }
    this.from = Date.now();
    const found = await work(problems);
    await this.traffic.stop();
    const visits = this.answers();
    const lost = visits.filter(({ status }) => status !== 200);
    if (lost.length > 0) this.say(`  lost: ${summary(lost)}`);
    return {
      part: name,
      requests: visits.length,
      lost: lost.length,
      lostAfter: 0,
      p50: percentile(visits, 50),
      p95: percentile(visits, 95),
      problems,
      ...found,
    };
  }

  /** Visits of this part, without its warm-up. */
  private answers(): readonly Visit[] {
    return (this.traffic?.visits ?? []).filter(({ at }) => at >= this.from);
  }

  /** Three seconds in which every request was answered well and soon: what is lost later is lost by what the drill does. */
  private calm(): boolean {
    const now = Date.now();
    const recent = this.answers().filter(({ at }) => at > now - 4_000 && at < now - 1_000);
    return (
      recent.length >= this.rate * 2.5 &&
      recent.every(({ status, milliseconds }) => status === 200 && milliseconds < 1_000)
    );
  }
}

function percentile(visits: readonly Visit[], percent: number): number {
  const sorted = visits.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}

/** What the lost requests got, by count. */
function summary(lost: readonly Visit[]): string {
  const counts = new Map<string, number>();
  for (const { status, error } of lost) {
    const what = status === 0 ? (error ?? "no answer") : String(status);
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${count} x ${what}`).join(", ");
}

const seconds = (milliseconds: number): number => Math.round(milliseconds / 100) / 10;
