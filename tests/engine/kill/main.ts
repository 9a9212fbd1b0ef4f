import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { missing } from "../stack";
import { FAMILIES, type Family } from "./families";
import { isWrong, page, type Result } from "./page";
import { Progress } from "./progress";
import { type Case, casesOf, caseText, kindsIn, type Request, widely } from "./requests";
import type { Answer, Order } from "./worker";

const ROOT = resolve(__dirname, "../../..");
/** Ignored by git. */
const PROGRESS = join(ROOT, ".kill-progress.jsonl");
const PAGE = join(ROOT, "docs/killed.md");
/** Minutes in which the kinds have to be through: CI waits for them. */
const KINDS_MINUTES = 7;
/** Flips at a time; each takes about one core. */
const AT_A_TIME = 2;

/** A family's process. */
class Worker {
  private readonly child: ChildProcess;

  constructor(readonly family: Family) {
    this.child = fork(join(__dirname, "worker.ts"), [family]);
  }

  private next = (): Promise<Answer> =>
    new Promise((resolve) => {
      const gone = () => resolve({ failed: `${this.family}: its process has ended` });
      this.child.once("exit", gone);
      this.child.once("message", (answer: Answer) => {
        this.child.off("exit", gone);
        resolve(answer);
      });
    });

  async requests(): Promise<readonly Request[]> {
    const answer = await this.next();
    if ("requests" in answer) return answer.requests;
    throw new Error("failed" in answer ? answer.failed : "an outcome came first");
  }

  kill(one: Case): Promise<Answer> {
    const answer = this.next();
    this.child.send({ kill: one } satisfies Order);
    return answer;
  }

  end(): void {
    if (this.child.connected) this.child.disconnect();
  }
}

/** Lets so many in at a time, in the order in which they came. */
function gate(places: number) {
  const waiting: (() => void)[] = [];
  let free = places;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free === 0) await new Promise<void>((go) => waiting.push(go));
    else free -= 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

const git = (...args: string[]) => execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();

/**
 * `test:engine -- --kill` kills once for each kind of request within some minutes; `-- --kill all` at every request, goes on where an earlier
 * run ended, and writes the page. `--minutes <number>` ends a run in time, `--family <name>` takes one.
 * @returns the exit code
 */
export async function kill(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { minutes: { type: "string" }, family: { type: "string", multiple: true } },
  });
  const why = missing();
  if (why) {
    console.log(`0 passed, 0 failed, 1 skipped: ${why}`);
    return 0;
  }
  const every = positionals[0] === "all";
  const commit = git("rev-parse", "--short", "HEAD");
  const minutes = Number(values.minutes ?? (every ? Number.POSITIVE_INFINITY : KINDS_MINUTES));
  const until = Date.now() + minutes * 60_000;
  const progress = new Progress(commit, every ? PROGRESS : undefined);
  const families = (Object.keys(FAMILIES) as Family[]).filter((one) => values.family?.includes(one) ?? true);
  const turn = gate(AT_A_TIME);

  const results = await Promise.all(
    families.map(async (family): Promise<Result> => {
      const { worker, requests } = await turn(() => begun(family));
      try {
        const all = casesOf(requests, commit);
        const chosen = every ? widely(all) : kindsIn(all);
        console.log(`${family}: ${requests.length} requests, ${chosen.length} kills`);
        for (const one of chosen) {
          if (progress.has(family, one)) continue;
          await turn(async () => {
            if (Date.now() < until) await tried(worker, one, progress);
          });
        }
        return { family, all: chosen.length, entries: progress.of(family) };
      } finally {
        worker.end();
      }
    }),
  );
  if (every) writeFileSync(PAGE, page(results, commit, new Date().toISOString().slice(0, 10)));
  return told(results);
}

async function begun(family: Family) {
  const worker = new Worker(family);
  return { worker, requests: await worker.requests() };
}

async function tried(worker: Worker, one: Case, progress: Progress): Promise<void> {
  const answer = await worker.kill(one);
  if (!("outcome" in answer)) throw new Error("failed" in answer ? answer.failed : "it began anew");
  progress.add(worker.family, one, answer.outcome);
  const { wrong, seconds } = answer.outcome;
  console.log(`${isWrong(answer.outcome) ? "✗" : "✓"} ${worker.family}: ${caseText(one)}, ${seconds} s`);
  for (const why of wrong) console.log(`    ${why}`);
}

function told(results: readonly Result[]): number {
  const sum = (of: (one: Result) => number) => results.reduce((all, one) => all + of(one), 0);
  const failed = sum(({ entries }) => entries.filter(({ outcome }) => isWrong(outcome)).length);
  const made = sum(({ entries }) => entries.length);
  const left = sum(({ all }) => all) - made;
  console.log(`${made - failed} passed, ${failed} failed, ${left} left out`);
  return failed > 0 ? 1 : 0;
}
