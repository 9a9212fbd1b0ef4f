import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { simulation } from "./bundle";
import type { Checked } from "./check";

/** Histories between two lines of progress. */
const STEP = 100;

/** What one process plays. */
interface Part {
  readonly runs: number;
  readonly seed: number;
  readonly without?: string;
  readonly names: boolean;
}

/**
 * `npm run test:histories -- --runs 10000 --seed 1 [--workers 2] [--without ready] [--names]`: random lives of a stack, on the real program
 * and gates.
 * Each worker plays a part of its own: the first one with the seed, each further one with the next.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "10000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      workers: { type: "string", default: String(availableParallelism()) },
      without: { type: "string" },
      names: { type: "boolean", default: false },
    },
  });
  const [runs, seed, workers] = [Number(values.runs), Number(values.seed), Number(values.workers)];
  const { without, names } = values;
  const { MENDS } = await simulation();
  if (without !== undefined && !MENDS[without]) {
    throw new Error(`--without takes one of ${Object.keys(MENDS).join(", ")} (got "${without}")`);
  }
  console.log(`${runs} histories, seed ${seed}, ${workers} workers${without ? `, without ${without}` : ""}`);
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  let done = 0;
  const progress = () => {
    if (++done % STEP === 0) console.log(`${done} of ${runs}, ${seconds()} s`);
  };
  const parts = Array.from(
    { length: workers },
    (_, index): Part => ({
      runs: Math.floor(runs / workers) + (index < runs % workers ? 1 : 0),
      seed: seed + index,
      names,
      ...(without ? { without } : {}),
    }),
  );
  const found = await Promise.all(parts.map((part) => inOwnProcess(part, progress)));
  const sum = (of: (one: Checked) => number) => found.reduce((all, one) => all + of(one), 0);
  const ends = [...new Set(found.flatMap((one) => Object.keys(one.ends)))].map(
    (end) => `${sum((one) => one.ends[end] ?? 0)} ${end}`,
  );
  console.log(
    `${sum((one) => one.runs)} histories, ${sum((one) => one.updates)} updates (${ends.join(", ")}), ${seconds()} s`,
  );
  const failures = found.flatMap(({ failure }) => failure ?? []);
  if (failures.length === 0) console.log("No violation.");
  // A run without a mend has to find what the mend is for.
  process.exitCode = failures.length > 0 === Boolean(without) ? 0 : 1;
}

/** The SDK keeps one program's state for a process. */
function inOwnProcess(part: Part, progress: () => void): Promise<Checked> {
  const child = fork(__filename, [], { execArgv: process.execArgv });
  child.send(part);
  return new Promise((resolve, reject) => {
    child.on("message", (told: Checked | "played") => {
      if (told === "played") return progress();
      // The other workers may go on for long.
      if (told.failure) console.log(`${failureText(told.failure)}\nFound by history ${told.runs} of a worker.`);
      resolve(told);
    });
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`a worker ended with ${code}`)));
  });
}

const failureText = ({ violations, history }: NonNullable<Checked["failure"]>): string =>
  `Violated:\n  ${violations.join("\n  ")}\nby the history\n${JSON.stringify(history, null, 2)}`;

/** What a worker does. */
async function work({ without, ...part }: Part): Promise<void> {
  process.env.VERCEL_API_TOKEN ??= "test";
  const { check, MENDS, onlyWhatVisitorsNeed, shortcuts } = await simulation();
  shortcuts();
  onlyWhatVisitorsNeed();
  const mend = without === undefined ? undefined : MENDS[without];
  const checked = await check({
    ...part,
    ...(mend ? { without: mend } : {}),
    progress: () => process.send?.("played"),
  });
  process.send?.(checked, () => process.disconnect());
}

const failed = (error: unknown) => {
  console.error(error);
  process.exitCode = 2;
};

if (process.send) process.once("message", (part: Part) => void work(part).catch(failed));
else void main().catch(failed);
