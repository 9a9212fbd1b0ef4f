import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** One run of a program: wall time, and the most memory that it held at once. */
export interface Run {
  readonly seconds: number;
  readonly peakMb: number;
  readonly stdout: string;
}

/** Peak memory of a running process as Linux counts it; 0 where there is no /proc. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Runs a program to its end. @throws Error with its last words if it fails. */
export function run(command: readonly string[], cwd: string, timeoutSeconds = 600): Promise<Run> {
  return new Promise((resolve, reject) => {
    const [program = "", ...args] = command;
    const started = process.hrtime.bigint();
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: timeoutSeconds * 1000 });
    let peakMb = 0;
    const watch = setInterval(() => {
      if (child.pid) peakMb = Math.max(peakMb, peakOf(child.pid));
    }, 10);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearInterval(watch);
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      if (code === 0) resolve({ seconds, peakMb, stdout });
      else reject(new Error(`${command.join(" ")} ended with ${signal ?? code}:\n${stderr.slice(-800)}`));
    });
  });
}

/** Half of the values are smaller. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** The median of several runs; a first one that warms the caches does not count. */
export async function measure(command: readonly string[], cwd: string, repeats: number): Promise<Run> {
  await run(command, cwd);
  const runs: Run[] = [];
  for (let i = 0; i < repeats; i++) runs.push(await run(command, cwd));
  return {
    seconds: median(runs.map((r) => r.seconds)),
    peakMb: median(runs.map((r) => r.peakMb)),
    stdout: runs.at(-1)?.stdout ?? "",
  };
}

/** Cost of one more unit, from a least-squares line through the points, and how well the line fits (1 is perfect). */
export function slope(points: readonly (readonly [x: number, y: number])[]): { perUnit: number; fit: number } {
  const n = points.length;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / n;
  const [mx, my] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const sxy = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  const sxx = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  const syy = points.reduce((sum, [, y]) => sum + (y - my) ** 2, 0);
  return { perUnit: sxy / sxx, fit: syy === 0 ? 1 : sxy ** 2 / (sxx * syy) };
}
