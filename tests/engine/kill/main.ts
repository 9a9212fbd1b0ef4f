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

/** A family's process, which begins with the first question. */
class Worker {
  private started?: ChildProcess;

  constructor(readonly family: Family) {}

  private get child(): ChildProcess {
    this.started ??= fork(join(__dirname, "worker.ts"), [this.family]);
    return this.started;
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
    if (this.started?.connected) this.started.disconnect();
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

  const broken: Family[] = [];
  const results = await Promise.all(
    families.map(async (family): Promise<Result> => {
      const worker = new Worker(family);
      let chosen: readonly Case[] = [];
      try {
        const requests = await turn(() => worker.requests());
        const all = casesOf(requests, commit);
        chosen = every ? widely(all) : kindsIn(all);
        console.log(`${family}: ${requests.length} requests, ${chosen.length} kills`);
        for (const one of chosen) {
          if (progress.has(family, one)) continue;
          await turn(async () => {
            if (Date.now() < until) await tried(worker, one, progress);
          });
        }
      } catch (error) {
        broken.push(family);
        console.log(`✗ ${family}: ${error instanceof Error ? error.message : error}`);
      } finally {
        worker.end();
      }
      return { family, all: chosen.length, entries: progress.of(family) };
    }),
  );
  if (every) writeFileSync(PAGE, page(results, commit, new Date().toISOString().slice(0, 10)));
  return told(results, broken.length);
}

async function tried(worker: Worker, one: Case, progress: Progress): Promise<void> {
  const answer = await worker.kill(one);
  if (!("outcome" in answer)) throw new Error("failed" in answer ? answer.failed : "it began anew");
  progress.add(worker.family, one, answer.outcome);
  const { wrong, seconds } = answer.outcome;
  console.log(`${isWrong(answer.outcome) ? "✗" : "✓"} ${worker.family}: ${caseText(one)}, ${seconds} s`);
  for (const why of wrong) console.log(`    ${why}`);
}

function told(results: readonly Result[], broken: number): number {
  const sum = (of: (one: Result) => number) => results.reduce((all, one) => all + of(one), 0);
  const failed = sum(({ entries }) => entries.filter(({ outcome }) => isWrong(outcome)).length);
  const made = sum(({ entries }) => entries.length);
  const left = sum(({ all }) => all) - made;
  console.log(`${made - failed} passed, ${failed} failed, ${left} left out`);
  return failed + broken > 0 ? 1 : 0;
}
