import { spawn } from "node:child_process";

/** How a program ended. */
export interface Ran {
  /** Undefined if there is no such program; 1 too for one that was killed. */
  readonly code?: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Beside this process's own. Secrets go by it or by `input`, never among the arguments. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** What a person sees as it comes, instead of it being handed out. */
  readonly shown?: readonly ("stdout" | "stderr")[];
  /** Seconds after which it is stopped. @default none */
  readonly limit?: number;
}

/** Runs a program to its end. Whatever the end is, it is the answer. */
export const run = (program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  new Promise((resolve) => {
    const { cwd, env, input, shown = [], limit } = options;
    // Not spawn's own `timeout`: where there is no such program, its timer would hold this process for as long.
    const signal = limit === undefined ? undefined : AbortSignal.timeout(limit * 1000);
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      signal,
      stdio: [
        input === undefined ? "ignore" : "pipe",
        ...(["stdout", "stderr"] as const).map((stream) => (shown.includes(stream) ? "inherit" : "pipe")),
      ],
    });
    const taken = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream]?.setEncoding("utf8").on("data", (part: string) => {
        taken[stream] += part;
      });
    }
    child.once("error", () =>
      resolve(signal?.aborted ? { code: 1, stdout: taken.stdout, stderr: `it was stopped after ${limit} s` } : taken),
    );
    child.once("close", (code) => resolve({ code: code ?? 1, ...taken }));
    child.stdin?.end(input);
  });

/** Runs the user's own `pulumi`. */
export const runPulumi = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  run("pulumi", args, { ...options, env: { PULUMI_SKIP_UPDATE_CHECK: "true", ...options.env } });
