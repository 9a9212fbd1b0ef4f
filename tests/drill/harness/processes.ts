import { type ChildProcess, execFile, type SpawnOptions, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

export const run = promisify(execFile);

/** A free TCP port on this machine. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

/** Starts a process in a group of its own, so that {@link endGroup} ends its children too. */
export function start(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(command, args, { stdio: "ignore", detached: true, ...options });
}

/** Ends a process group that {@link start} made: SIGTERM, then SIGKILL after `patience` milliseconds. */
export async function endGroup(child: ChildProcess, patience = 3_000): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  signalGroup(child.pid, "SIGTERM");
  if ((await Promise.race([ended, sleep(patience, "late")])) === "late") signalGroup(child.pid, "SIGKILL");
  await ended;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Already gone.
  }
}

/** Ids of this machine's processes whose environment holds `variable=value`: how a drill tells its own from all others. */
export function processesOf(variable: string, value: string): { pid: number; command: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
        if (!environment.includes(`${variable}=${value}`)) return [];
        return [
          { pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim() },
        ];
      } catch {
        return [];
      }
    });
}

/** Asks `probe` every `every` milliseconds until it is true; false after `limit` milliseconds. */
export async function until(probe: () => Promise<boolean> | boolean, limit: number, every = 100): Promise<boolean> {
  const end = Date.now() + limit;
  for (;;) {
    if (await probe()) return true;
    if (Date.now() >= end) return false;
    await sleep(every);
  }
}

/** A file's text, or nothing where it cannot be read. */
export function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Ids of the direct children of a process. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => / [A-Z] (\d+)/.exec(readIfThere(`/proc/${name}/stat`))?.[1] === String(pid))
    .map(Number);
}
