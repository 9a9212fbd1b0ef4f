import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/**
 * Sends a signal to a command that `Project.start` began and to all that it began: the engine puts the program and each provider into a
 * process group of its own, and they would outlive it; the session is one.
 */
export function signal({ pid }: ChildProcess, what: NodeJS.Signals): void {
  for (const one of readdirSync("/proc")) {
    if (!/^\d+$/.test(one) || sessionOf(one) !== pid) continue;
    try {
      process.kill(Number(one), what);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Session of a process: the fourth field after its name, which may hold any character (man 5 proc). */
function sessionOf(id: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]);
  } catch {
    return undefined;
  }
}
