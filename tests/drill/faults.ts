import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endGroup, readIfThere, run, start, until } from "./harness/processes";
import type { Site } from "./harness/site";

/** Picks one of several, reproducibly. */
export type Pick = <T>(choices: readonly T[]) => T;

/** Something that breaks a site. */
export interface Fault {
  readonly name: string;
  /** What a report may name as the cause. */
  readonly causes: readonly string[];
  /** Breaks the site; `pick` chooses between the ways in which it may break. Returns what was done, in words. */
  readonly inject: (site: Site, pick: Pick) => Promise<string>;
  /** What only a person can mend; the recovery must wait for it, and not restart the app meanwhile. */
  readonly mend?: (site: Site) => Promise<void>;
}

/** A generator of numbers in [0, 1) that repeats for a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const FAULTS: readonly Fault[] = [
  {
    name: "the app's process is killed",
    causes: ["app-killed"],
    inject: async (site) => {
      for (const pid of site.appProcesses()) process.kill(pid, "SIGKILL");
      return "kill -9 of node";
    },
  },
  {
    name: "PM2 is stopped",
    causes: ["app-stopped", "process-manager-stopped"],
    inject: async (site, pick) => {
      const args = pick([["stop", "site"], ["kill"]]);
      await run("pm2", args, { env: site.env });
      return `pm2 ${args.join(" ")}`;
    },
  },
  {
    name: "Nginx is stopped",
    causes: ["nginx-stopped"],
    inject: async (site, pick) => {
      if (pick([true, false])) {
        site.killNginx();
        return "kill -9 of Nginx";
      }
      await run("nginx", ["-c", site.nginxConf, "-s", "stop"], { env: site.env });
      return "nginx -s stop";
    },
  },
  {
    name: "the app hangs",
    causes: ["app-hanging"],
    inject: async (site) => {
      await evaluate(site, "while (true) {}");
      return "its event loop is blocked";
    },
  },
  {
    name: "the log volume is full",
    causes: ["disk-full"],
    inject: async (site, pick) => {
      const log = pick(["app.log", "access.log"]);
      await flood(join(site.logs, log));
      return `${log} fills it`;
    },
  },
  {
    name: "memory is exhausted",
    causes: ["out-of-memory"],
    inject: async (site) => {
      await evaluate(
        site,
        "globalThis.leak = []; setInterval(() => { for (let i = 0; i < 3e4; i++) leak.push([i, {}]); }, 5)",
      );
      return "the app's heap grows to its limit";
    },
  },
  {
    name: "the database is stopped",
    causes: ["database-unavailable"],
    inject: async (site, pick) => {
      const mode = pick(["fast", "immediate"] as const);
      await site.postgres.stop(mode);
      return `pg_ctl stop --mode ${mode}`;
    },
    mend: (site) => site.postgres.up(),
  },
];

/** Runs code inside the app's process by the inspector that SIGUSR1 opens in every Node.js process; the app has no such door. */
async function evaluate(site: Site, code: string): Promise<void> {
  const pid = site.appProcesses()[0];
  if (!pid) throw new Error("the app does not run");
  const before = addresses(site).length;
  process.kill(pid, "SIGUSR1");
  if (!(await until(() => addresses(site).length > before, 5_000))) throw new Error("the app's inspector did not open");
  const client = start(process.execPath, ["inspect", addresses(site).at(-1) ?? ""], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ready = new Promise<void>((done) =>
    client.stdout?.on("data", (data) => String(data).includes("debug>") && done()),
  );
  await Promise.race([ready, sleep(5_000)]);
  client.stdin?.write(`exec(${JSON.stringify(code)})\n`);
  await sleep(500);
  await endGroup(client, 500);
}

function addresses(site: Site): string[] {
  // In cluster mode the runtime's own words go to PM2's log.
  return [...readIfThere(join(site.dir, "pm2", "pm2.log")).matchAll(/listening on ws:\/\/([\d.:]+)\//g)].map(
    (match) => match[1] ?? "",
  );
}

/** Lets a log grow until its volume is full, as a program that logs in a loop does. */
async function flood(file: string): Promise<void> {
  const line = `${new Date().toISOString()} something went wrong, and I will say so for ever\n`.repeat(4_000);
  for (let written = 0; written < 1_000; written++) {
    try {
      appendFileSync(file, line);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") return;
      throw error;
    }
  }
  throw new Error(`${file} grew without end`);
}
