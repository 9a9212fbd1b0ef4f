import { join } from "node:path";
import { Command, Option } from "commander";
import pc from "picocolors";
import { reason, UserError } from "../../../core/errors";
import { duration } from "../../../output/format";
import { standingText } from "../../../stacks/gates/stops";
import { type Architecture, architectures } from "../../../stacks/settings/schema";
import type { Watch } from "../../../stacks/watch";
import { withProgress } from "../../lib/progress";
import { inFolder } from "../../lib/stack-files";
import { alarmStates, asker, snapshotDatabase } from "./migrate/cloud";
import { type Destination, destinationOf, parseSteps, parseTime } from "./migrate/destination";
import type { Engine } from "./migrate/engine";
import { Journal, lineOf, logIn } from "./migrate/journal";
import { lookAt } from "./migrate/migrate-watcher";
import { checkWay, preflight, type Ready, readStack, type Stack } from "./migrate/preflight";
import { run, Stopped, standing } from "./migrate/run";
import { claim } from "./migrate/running";
import { StackEdit } from "./migrate/stack-edit";
import { positionOf, stepsTo, stepText } from "./migrate/steps";
import { Interrupted, Stop } from "./migrate/stop";
import { verdictOn } from "./migrate/verdict";

interface Options {
  readonly stack: string;
  readonly to?: Architecture;
  readonly steps: string;
  readonly bake: string;
  readonly back: boolean;
  readonly yes: boolean;
  readonly snapshot: boolean;
  readonly json: boolean;
  readonly cwd: string;
}

/** `platform migrate`: moves a live site to another architecture step by step. */
export function migrateCommand(): Command {
  return new Command("migrate")
    .description(
      "Move a live site to another architecture in steps, watching it, and back by itself if it goes wrong. " +
        "Stopped at any point, it goes on where it was",
    )
    .requiredOption("-s, --stack <name>", "the stack to migrate")
    .addOption(new Option("--to <architecture>", "where to; left out, it goes on").choices([...architectures]))
    .option("--steps <percents>", "shares of traffic that the new tier gets, one after the other", "10,50,100")
    .option("--bake <time>", "how long each share is watched: 30s, 10m, 1h", "10m")
    .option("--back", "return from a migration that is under way", false)
    .option("--no-snapshot", "make no snapshot of the database first")
    .option("-y, --yes", "do not ask before it begins", false)
    .option("--json", "print the log as JSON, one entry a line", false)
    .addOption(inFolder())
    .addHelpText(
      "after",
      [
        "",
        "Exit code 0: done. 1: the new tier went wrong, and traffic was taken back. " +
          "2: wrong input, or something is missing; nothing was begun.",
        "3: stopped on the way; the message says where, and both ways. 130: interrupted. " +
          "Each run adds to migrate-<stack>.log in the folder.",
      ].join("\n"),
    )
    .action((options: Options) => {
      const state = { begun: false };
      return migrate(options, state).catch((error: unknown) => {
        throw state.begun ? error : notBegun(error);
      });
    });
}

async function migrate(options: Options, state: { begun: boolean }): Promise<void> {
  const steps = options.back ? [100] : parseSteps(options.steps);
  const bakeSeconds = parseTime(options.bake);
  const folder = options.cwd;
  const stack = readStack(folder, options.stack);
  const edit = new StackEdit(folder, options.stack, stack.file.project);
  const destination = destinationOf(positionOf(stack.settings), options, options.stack);
  const way = destination.back ? [100] : steps;
  checkWay(stack, destination, way);

  const release = claim(stack.path);
  const stop = new Stop();
  const looking = <T>(work: () => Promise<T>) => stop.race(withProgress("Looking at the stack", work));
  try {
    const file = join(folder, `migrate-${options.stack}.log`);
    const log = logIn(file);
    const journal = new Journal(Date.now, (entry) => {
      log(entry);
      const { trace: _, ...told } = entry;
      if (options.json) console.log(JSON.stringify(told));
      else if (entry.state !== "ended") console.log(lineOf(entry));
    });
    const { openEngine } = await import("./migrate/engine");
    const engine = await looking(() => openEngine(folder, options.stack, journal.say));
    const ready = await looking(() => preflight(stack, destination, engine));
    const fresh = !destination.resumes && !destination.back;
    const verdict = fresh ? await looking(() => verdictOn(folder, options.stack, destination.target)) : [];
    if (!options.json) console.log(planText(stack, destination, way, bakeSeconds, ready, verdict));
    await agreed(options);
    state.begun = true;
    await toTheEnd({ options, stack, edit, destination, way, bakeSeconds, engine, ready, journal, stop });
    if (!options.json) console.log(pc.dim(`Log: ${file}`));
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    console.error("Stopped. Nothing was changed.");
    process.exitCode = CODES.interrupted;
  } finally {
    stop.forget();
    release();
  }
}

/** Whatever keeps a migration from beginning is told as a mistake is: only one that was under way can have gone wrong. */
const notBegun = (error: unknown) =>
  error instanceof UserError ? error : new UserError(`${reason(error)}\nNothing was begun.`, { cause: error });

/** How a migration ends, as its help tells. Mistakes of the caller, before anything is begun, end with 2 like those of every command. */
const CODES = { done: 0, wentBack: 1, stopped: 3, interrupted: 130 } as const;

interface Begin {
  readonly options: Options;
  readonly stack: Stack;
  readonly edit: StackEdit;
  readonly destination: Destination;
  readonly way: readonly number[];
  readonly bakeSeconds: number;
  readonly engine: Engine;
  readonly ready: Ready;
  readonly journal: Journal;
  readonly stop: Stop;
}

/** From the first change on: whatever happens, a person is told where the stack stands. */
async function toTheEnd(all: Begin): Promise<void> {
  const { options, stack, destination, engine, ready, journal } = all;
  try {
    await begin(all);
    const { target } = destination;
    const done =
      `${target} serves ${stack.settings.domain.name}. ` +
      `Commit Pulumi.${options.stack}.yaml: a stack file from before would be refused.`;
    journal.end(CODES.done, done);
    if (!options.json) console.log(`\n${done}`);
  } catch (error) {
    const code =
      error instanceof Interrupted
        ? CODES.interrupted
        : error instanceof Stopped && error.tookBack
          ? CODES.wentBack
          : CODES.stopped;
    const message = await endText(error, { ...stack.file, back: destination.back }, { ...ready, engine });
    journal.end(code, message, isForeseen(error) ? undefined : (error as Error).stack);
    console.error(code === CODES.interrupted ? message : pc.red(message));
    process.exitCode = code;
  }
}

const isForeseen = (error: unknown) =>
  error instanceof Stopped || error instanceof Interrupted || error instanceof UserError;

/** What a person reads at the end of a run that did not arrive. */
async function endText(error: unknown, where: Parameters<typeof standing>[0], world: Parameters<typeof standing>[1]) {
  if (error instanceof Stopped) return error.message;
  const now = await standing(where, world);
  const inOrder = now.shares !== undefined && now.pending.length === 0;
  const why = error instanceof Interrupted ? `Stopped.${inOrder ? " The stack is in order." : ""}` : reason(error);
  return `${why}\n${standingText(now)}`;
}

async function begin(all: Begin): Promise<void> {
  const { options, stack, edit, destination, way, bakeSeconds, engine, ready, journal, stop } = all;
  const { settings } = stack;
  stop.onInterrupt = () => engine.interrupt();

  if (options.snapshot && !destination.resumes && !destination.back) {
    const time = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
    const parts = [stack.file.project, options.stack, "before", destination.target, time];
    const name = parts
      .join("-")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-");
    await journal.record(`database snapshot ${name}`, () =>
      stop.race(snapshotDatabase(ready.access, ready.watch.database.identifier, name)),
    );
  }

  const ask = asker(settings.gates.resolvers);
  const states = alarmStates(ready.access);
  let watch: Watch = ready.watch;
  await run(
    {
      stack: options.stack,
      project: stack.file.project,
      target: destination.target,
      position: destination.position,
      steps: way,
      bakeSeconds,
      resumes: destination.resumes,
      back: destination.back,
      patience: {
        times: settings.gates.healthyCount,
        intervalSeconds: settings.gates.intervalSeconds,
        timeoutSeconds: settings.gates.timeoutSeconds,
      },
    },
    {
      engine: {
        ...engine,
        async up(message) {
          watch = (await engine.up(message)) ?? watch;
          return watch;
        },
      },
      file: edit,
      async look() {
        const seen = await lookAt(watch, destination.target, states, ask, ready.known);
        if (!seen.tier && !seen.site) return seen;
        // Somebody else's update may have released another version meanwhile: its outputs say what has to answer.
        const latest = await engine.watch().catch(() => undefined);
        if (!latest || JSON.stringify(latest) === JSON.stringify(watch)) return seen;
        watch = latest;
        return lookAt(watch, destination.target, states, ask, ready.known);
      },
      live: ready.live,
      journal,
      now: Date.now,
      sleep: (milliseconds) => stop.sleep(milliseconds),
      stopping: () => stop.asked,
    },
  );
}

/** What is going to happen, before a person is asked. */
function planText(
  { file, settings }: Stack,
  { position, target, back, resumes }: Destination,
  way: readonly number[],
  bakeSeconds: number,
  { access }: Ready,
  verdict: readonly string[],
): string {
  const steps = stepsTo(position, target, way);
  const { drainSeconds } = settings.gates;
  const wait = Math.max(settings.domain.ttl, 60) + drainSeconds;
  const trials = back ? 0 : steps.filter(({ kind, to }) => kind === "shift" && to.canary === target).length;
  const least = steps.length * wait + trials * bakeSeconds;
  const serving = position.percent > 50 ? position.canary : position.architecture;
  return [
    `${pc.bold(file.stack)}  ${settings.domain.name}  account ${access.account}, ${access.region}`,
    `${serving} serves; ${back ? "back to" : "to"} ${pc.bold(target)}${resumes ? ", going on where the last run was stopped" : ""}`,
    "",
    ...steps.map((step, index) => {
      const trial = !back && step.kind === "shift" && step.to.canary === target;
      return `  ${index + 1}  ${stepText(step, target)}${trial ? `, then watch for ${duration(bakeSeconds)}` : ""}`;
    }),
    "",
    ...verdict,
    `Time      at least ${duration(least)}: each change of traffic waits up to ${duration(wait)} for resolvers, beside what AWS takes`,
    "",
  ].join("\n");
}

async function agreed({ yes, json, stack }: Options): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || json) {
    throw new UserError(`Nobody is there to say yes. Add --yes to begin: platform migrate --stack ${stack} ... --yes`);
  }
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({ message: "Begin?", initialValue: false });
  if (isCancel(answer)) throw new Interrupted();
  if (!answer) throw new UserError("Nothing was changed.");
}
