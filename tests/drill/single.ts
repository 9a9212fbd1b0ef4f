import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Automation, type Run, TIMER } from "./automation";
import { FAULTS, type Fault, random } from "./faults";
import type { Visit } from "./harness/client";
import { until } from "./harness/processes";
import { buildRelease, DOMAIN, Site } from "./harness/site";
import { Tail, Traffic } from "./harness/traffic";
import { bySecond, type Mark, type Second } from "./picture";

/** Requests a second of the visitors. */
export const RATE = 20;
/** Seconds after which an undetected fault is left to the scheduled recheck. */
const RECHECK_AFTER = 6;

/** What one fault showed. */
export interface Row {
  readonly fault: string;
  readonly injected: string;
  /** Check that noticed, or `recheck`, and seconds until then. */
  readonly detectedBy: string;
  readonly detectedAfter: number;
  /** Steps of the automation that changed something, and what the server's own timer did after it. */
  readonly did: readonly string[];
  /** Seconds from the fault until all checks were good for the last time. */
  readonly healthyAfter?: number;
  readonly requests: number;
  readonly lost: number;
  /** Answers that the client and the server's log tell differently; undefined where the log could not be written. */
  readonly disagreements?: number;
  readonly cause: string;
  readonly outcomes: readonly string[];
  /** Why the row does not pass. */
  readonly problems: readonly string[];
  /** What visitors met, second by second, and what happened when; times in seconds since the drill's first request. */
  readonly seconds: readonly Second[];
  readonly marks: readonly Mark[];
}

export interface SingleOptions {
  readonly seed: number;
  readonly disabled: readonly string[];
  readonly say: (text: string) => void;
}

/** The drill of one instance: every fault once, in an order that the seed decides. */
export async function single({ seed, disabled, say }: SingleOptions): Promise<Row[]> {
  const release = await buildRelease(say);
  const site = new Site();
  let automation: Automation | undefined;
  const leave = () => void site.stop().then(() => process.exit(130));
  process.once("SIGINT", leave).once("SIGTERM", leave);
  try {
    say("starting PostgreSQL, PM2 with the app, and Nginx");
    await site.start(release);
    automation = new Automation({
      record: join(site.dir, "aws"),
      env: { ...site.env, HEALTH_TIMEOUT: "3", CONFIRM: "1" },
      disabled,
      command: {
        AppPort: String(site.appPort),
        AppUser: "root",
        Ecosystem: join(release, "ecosystem.config.cjs"),
        SiteUrl: `https://${DOMAIN}:${site.port}`,
        NginxConf: site.nginxConf,
        LogFiles: ["app.log", "app-error.log", "access.log", "error.log"]
          .map((file) => join(site.logs, file))
          .join(" "),
        AppErrorLog: join(site.logs, "app-error.log"),
        HealthWait: "15",
      },
    });
    // The first look of the timer, at a healthy site, arms it.
    await automation.timer();
    const next = random(seed);
    const pick = <T>(choices: readonly T[]) => choices[Math.floor(next() * choices.length)] as T;
    const rows: Row[] = [];
    const started = Date.now();
    const left = [...FAULTS];
    while (left.length > 0) {
      const fault = pick(left);
      left.splice(left.indexOf(fault), 1);
      say(`fault ${rows.length + 1} of ${FAULTS.length}`);
      const row = await drill(site, automation, fault, pick, rows.length, started);
      rows.push(row);
      say(
        row.problems.length === 0
          ? `  ${row.cause}: healthy after ${row.healthyAfter} s`
          : `  FAILED: ${row.problems.join("; ")}`,
      );
      // A fault that the recovery could not mend ends the drill: what follows would be another fault on top of it.
      if (row.healthyAfter === undefined) break;
      automation.anHourPasses();
    }
    return rows;
  } finally {
    process.off("SIGINT", leave).off("SIGTERM", leave);
    automation?.stop();
    await site.stop();
  }
}

async function drill(
  site: Site,
  automation: Automation,
  fault: Fault,
  pick: <T>(c: readonly T[]) => T,
  number: number,
  started: number,
): Promise<Row> {
  const tail = new Tail(join(site.logs, "access.log"));
  const traffic = new Traffic({
    port: site.port,
    path: "/api/notes",
    servername: DOMAIN,
    caFile: join(site.dir, "cert", "fullchain.pem"),
    rate: RATE,
    id: `drill-${number}`,
    timeout: 5_000,
  });
  const monitor = new Monitor(site);
  try {
    if (!(await until(() => traffic.visits.length >= RATE, 15_000))) throw new Error("the client sends nothing");
    monitor.alarm = undefined;
    const injected = await fault.inject(site, pick);
    const t0 = Date.now();
    const seconds = (time: number) => Math.max(0, Math.round((time - t0) / 100) / 10);
    const restarts = fault.mend ? await site.restarts() : 0;

    // From here on nothing knows which fault it is: alarms start the recovery, or else the scheduled recheck does.
    await until(() => monitor.alarm !== undefined, RECHECK_AFTER * 1000);
    const { check, at } = monitor.alarm ?? { check: "recheck", at: Date.now() };
    const { runs, problems, healed } = await recovered(site, automation, fault, check, restarts);
    const healthy = await until(() => monitor.quietFor(1_500), 15_000);
    if (fault.mend && healthy) runs.push(await automation.run("recheck"));
    if (!healthy) problems.push(`not healthy in the end: ${monitor.bad().join(", ")}`);
    const beyond = new Set(runs.flatMap((run) => run.notDrilled));
    if (beyond.size > 0) problems.push(`came to ${[...beyond].join(", ")}, which needs AWS`);
    const cause = runs[0]?.cause ?? "unknown";
    if (!fault.causes.includes(cause)) problems.push(`reported ${cause} for "${fault.name}"`);

    const visits = await traffic.stop();
    // A full volume takes no lines.
    const disagreements = cause === "disk-full" ? undefined : disagree(visits, tail.stop());
    if (disagreements) problems.push(`client and server log disagree about ${disagreements} requests`);
    return {
      fault: fault.name,
      injected,
      detectedBy: check,
      detectedAfter: seconds(at),
      did: [
        ...runs.flatMap((run) => run.steps).filter((name) => CHANGES.has(name)),
        ...[...healed.matchAll(/healthy again by (.*)/g)].map(([, remedies]) => `${TIMER}: ${remedies}`),
      ],
      healthyAfter: healthy ? seconds(monitor.lastBad ?? t0) : undefined,
      requests: visits.length,
      lost: visits.filter((visit) => visit.status !== 200).length,
      disagreements,
      cause,
      outcomes: runs.map((run) => run.outcome),
      problems,
      seconds: bySecond(visits, started),
      marks: [
        { at: (t0 - started) / 1000, kind: "fault", text: fault.name },
        { at: (at - started) / 1000, kind: "recovery", text: check },
        ...(healthy
          ? [{ at: ((monitor.lastBad ?? t0) - started) / 1000, kind: "healthy" as const, text: fault.name }]
          : []),
      ],
    };
  } finally {
    tail.stop();
    await monitor.stop();
    await traffic.stop();
  }
}

/** What the automation and then the server's own timer do, before and after what only a person mends is mended. */
async function recovered(site: Site, automation: Automation, fault: Fault, check: string, restarts: number) {
  const runs: Run[] = [await automation.run(check)];
  const problems: string[] = [];
  // What the automation leaves, which does nothing while the site answers, the server's own timer heals within the minute.
  const healed = await automation.timer();
  if (fault.mend) {
    if (runs[0]?.outcome !== "waiting") problems.push(`the recovery did not wait but was ${runs[0]?.outcome}`);
    runs.push(await automation.run("recheck"));
    const more = (await site.restarts()) - restarts;
    if (more > 0) problems.push(`the app was restarted ${more} times while the database was away`);
    await fault.mend(site);
  }
  return { runs, problems, healed };
}

const CHANGES = new Set(["freeDisk", "restartApp", "restartNginx", "reboot", "stop"]);

/** Requests of which the client got another answer than the server's log says. Without an answer there is nothing to compare. */
export function disagree(visits: readonly Visit[], lines: readonly string[]): number {
  const logged = new Map<string, number>();
  for (const line of lines) {
    const match = /" (\d{3}) \d+ .* id=(\S+) /.exec(line);
    if (match?.[2]) logged.set(match[2], Number(match[1]));
  }
  return visits.filter((visit) => visit.status !== 0 && logged.get(visit.id) !== visit.status).length;
}

/** The alarms of the plan, on this machine: what they watch is asked four times a second instead of once a minute. */
class Monitor {
  /** First check that went bad, and when. */
  alarm?: { check: string; at: number };
  lastBad?: number;
  private readonly failing = new Map<string, number>();
  private stopped = false;
  private readonly watching: Promise<void>;

  constructor(private readonly site: Site) {
    this.watching = this.watch();
  }

  bad(): string[] {
    return [...this.failing.keys()];
  }

  quietFor(milliseconds: number): boolean {
    return this.failing.size === 0 && Date.now() - (this.lastBad ?? 0) > milliseconds;
  }

  stop(): Promise<void> {
    this.stopped = true;
    return this.watching;
  }

  private async watch(): Promise<void> {
    while (!this.stopped) {
      this.note("disk-used", (await this.site.logVolumeUsed().catch(() => 0)) < 95, 1);
      this.note("nginx-process-count", this.site.nginxProcess() !== undefined, 1);
      this.note("app-process-count", this.site.appProcesses().length > 0, 1);
      this.note("site-health", await this.site.healthy(), 2);
      await sleep(100);
    }
  }

  private note(check: string, good: boolean, times: number): void {
    if (good) {
      this.failing.delete(check);
      return;
    }
    const count = (this.failing.get(check) ?? 0) + 1;
    this.failing.set(check, count);
    this.lastBad = Date.now();
    if (count >= times) this.alarm ??= { check, at: Date.now() };
  }
}
