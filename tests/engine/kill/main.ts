import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { missing, PROGRAM } from "../harness/stack";
import { FAMILIES, type Family } from "./families";
import { isWrong, page, type Result } from "./page";
import { Progress, type Tried } from "./progress";
import { type Case, caseText, kindsIn, shuffled, widely } from "./requests";
import type { Answer, Order } from "./worker";

const ROOT = resolve(__dirname, "../../..");
/** Ignored by git. */
const PROGRESS = join(ROOT, ".kill-progress.jsonl");
const PAGE = join(ROOT, "docs/killed.md");
/** Minutes in which the kinds have to be through: CI waits for them. */
const KINDS_MINUTES = 7;
/** What a machine that is too busy makes of an update. */
const LATE = /tim(ed|e)[ -]?out|did not (come|answer)|no answer|within \d+ s/i;
/** Changes at a time: one that is killed takes about one core, one that begins where it was stopped waits most of its time. */
const AT_A_TIME = { killed: 2, copied: 6 };

/** Where the stacks lie: in memory where there is enough, since the engine writes a state some hundred times a flip. */
function scratch(): string {
  const [shared, least] = ["/dev/shm", 1024 ** 3];
  try {
    const { bavail, bsize } = statfsSync(shared);
    return bavail * bsize > least ? shared : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** A family's process, which begins with the first question. */
class Worker {
  private started?: ChildProcess;

  constructor(
    readonly family: Family,
    readonly copied: boolean,
  ) {}

  private get child(): ChildProcess {
    if (this.started) return this.started;
    const child = fork(join(__dirname, "worker.ts"), [this.family, ...(this.copied ? ["copied"] : [])], {
      env: { ...process.env, TMPDIR: scratch() },
    });
    // One that is gone between two kills is begun anew, and must not end the run of the others.
    child.on("error", () => {});
    child.once("exit", () => {
      if (this.started === child) this.started = undefined;
    });
    this.started = child;
    return child;
  }

  private next(): Promise<Answer> {
    const { child } = this;
    return new Promise((resolve) => {
      const gone = (code: number | null, signal: string | null) =>
        resolve({ failed: `${this.family}: its process has ended with ${signal ?? code}` });
      child.once("exit", gone);
      child.once("message", (answer: Answer) => {
        child.off("exit", gone);
        resolve(answer);
      });
    });
  }

  /** What can be killed. */
  async cases(): Promise<readonly Case[]> {
    const answer = await this.next();
    if ("cases" in answer) return answer.cases;
    throw new Error("failed" in answer ? answer.failed : "an outcome came first");
  }

  async kill(one: Case): Promise<Answer> {
    // A process that had to be begun anew tells first what it has.
    if (!this.started) await this.cases();
    const answer = this.next();
    this.child.send({ kill: one } satisfies Order);
    return answer;
  }

  /** Ends the process; the next question begins another one. */
  end(): void {
    if (this.started?.connected) this.started.disconnect();
    this.started = undefined;
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

/** Files of the program in which a commit is another one than what is there. */
const differing = (commit: string): string[] =>
  git("diff", "--name-only", commit, "HEAD", "--", ...PROGRAM)
    .split("\n")
    .filter(Boolean);

/** What a commit has to be killed. */
function tree(commit: string): Tried {
  const program = createHash("sha256")
    .update(git("ls-tree", commit, ...PROGRAM))
    .digest("hex");
  return { commit: git("rev-parse", "--short", commit), program: program.slice(0, 12) };
}

/**
 * `test:engine -- --kill` kills once for each kind of request within some minutes; `-- --kill all` at every request, goes on where an
 * earlier run ended, and writes the page. `--minutes <number>` ends a run in time (0 only writes the page), `--family <name>` takes one,
 * `--also <commit>` counts what was whole on another commit, and says so on the page, and
 * `--case <text>` kills one as the run has printed it, and prints what the updates after it said.
 * @returns the exit code
 */
export async function kill(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      minutes: { type: "string" },
      family: { type: "string", multiple: true },
      case: { type: "string", multiple: true },
      also: { type: "string", multiple: true, default: [] },
    },
  });
  const why = missing();
  if (why) {
    console.log(`0 passed, 0 failed, 1 skipped: ${why}`);
    return 0;
  }
  const every = positionals[0] === "all";
  if (every && git("status", "--porcelain", "--", ...PROGRAM))
    throw new Error("The program differs from its commit, which the page would name: commit first.");
  const what = tree("HEAD");
  const minutes = Number(values.minutes ?? (every ? Number.POSITIVE_INFINITY : KINDS_MINUTES));
  const until = Date.now() + minutes * 60_000;
  const also = values.also.map((commit) => tree(commit).program);
  const progress = new Progress(what, every ? PROGRESS : undefined, also);
  const families = (Object.keys(FAMILIES) as Family[]).filter((one) => values.family?.includes(one) ?? true);
  const turn = gate(AT_A_TIME[every ? "copied" : "killed"]);

  const broken: Family[] = [];
  const late: (() => Promise<unknown>)[] = [];
  const results = await Promise.all(
    families.map(async (family): Promise<Result> => {
      const worker = new Worker(family, every);
      let chosen: readonly Case[] = [];
      try {
        const all = shuffled(await turn(() => worker.cases()), what.commit);
        chosen = every ? widely(all) : kindsIn(all);
        if (values.case) chosen = all.filter((one) => values.case?.includes(caseText(one)));
        console.log(`${family}: ${chosen.length} kills`);
        for (const one of chosen) {
          if (progress.has(family, one)) continue;
          await turn(async () => {
            if (Date.now() > until || (await tried(worker, one, progress, values.case !== undefined))) return;
            late.push(() => tried(worker, one, progress, true).finally(() => worker.end()));
          });
        }
      } catch (error) {
        broken.push(family);
        console.log(`✗ ${family}: ${error instanceof Error ? error.message : error}`);
      } finally {
        worker.end();
      }
      return { family, all: chosen, entries: progress.of(family) };
    }),
  );
  // What was only too slow is tried again alone, since a machine that does other things proves nothing.
  for (const again of late) if (Date.now() < until) await again();
  const done = results.map(({ family, all }) => ({ family, all, entries: progress.of(family) }));
  if (every) writeFileSync(PAGE, page(done, differing, new Date().toISOString().slice(0, 10)));
  return told(done, broken.length);
}

/** Kills once and writes down what became of it. @returns false where it was only too slow, and is to be tried again alone */
async function tried(worker: Worker, one: Case, progress: Progress, last: boolean): Promise<boolean> {
  const answer = await worker.kill(one);
  if (!("outcome" in answer)) {
    worker.end();
    const why = "failed" in answer ? answer.failed : "it began anew";
    if (last) throw new Error(why);
    console.log(`- ${why}: ${caseText(one)} is tried again at the end`);
    return false;
  }
  const { family, copied } = worker;
  const { wrong, seconds } = answer.outcome;
  const isLate = wrong.length > 0 && wrong.every((why) => LATE.test(why));
  console.log(`${isWrong(answer.outcome) ? "✗" : "✓"} ${family}: ${caseText(one)}, ${seconds} s`);
  for (const why of wrong) console.log(`    ${why}`);
  if (wrong.length > 0) console.log(answer.output);
  if (isLate && !last) return false;
  progress.add({ family, case: one, copied, outcome: answer.outcome });
  return true;
}

function told(results: readonly Result[], broken: number): number {
  const sum = (of: (one: Result) => number) => results.reduce((all, one) => all + of(one), 0);
  const failed = sum(({ entries }) => entries.filter(({ outcome }) => isWrong(outcome)).length);
  const made = sum(({ entries }) => entries.length);
  const left = sum(({ all }) => all.length) - made;
  console.log(`${made - failed} passed, ${failed} failed, ${left} left out`);
  return failed + broken > 0 ? 1 : 0;
}
