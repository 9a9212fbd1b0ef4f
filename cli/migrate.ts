import { Command, Option } from "commander";
import pc from "picocolors";
import { duration } from "../insight/format";
import { type Architecture, architectures } from "../stacks/settings";
import type { Watch } from "../stacks/watch";
import { alarmStates, asker, snapshotDatabase } from "./migrate/cloud";
import { type Destination, destinationOf, parseSteps, parseTime } from "./migrate/destination";
import type { Engine } from "./migrate/engine";
import { Journal } from "./migrate/journal";
import { checkWay, preflight, type Ready, readStack, type Stack } from "./migrate/preflight";
import { onward, run, Stopped } from "./migrate/run";
import { claim } from "./migrate/running";
import { StackEdit } from "./migrate/stack-edit";
import { stepsTo, stepText } from "./migrate/steps";
import { Interrupted, Stop } from "./migrate/stop";
import { verdictOn } from "./migrate/verdict";
import { lookAt } from "./migrate/watcher";
import { withProgress } from "./progress";
import { inFolder, UsageError } from "./stack-files";

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
      "Move a live site to another architecture in steps, watching it, and back by itself if it goes wrong. Stopped at any point, it goes on where it was",
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
    .action(migrate);
}

async function migrate(options: Options): Promise<void> {
  const steps = options.back ? [100] : parseSteps(options.steps);
  const bakeSeconds = parseTime(options.bake);
  const folder = options.cwd;
  const stack = readStack(folder, options.stack);
  const edit = new StackEdit(folder, options.stack, stack.file.project);
  const destination = destinationOf(edit.position(stack.settings.architecture), options, options.stack);
  const way = destination.back ? [100] : steps;
  checkWay(stack, destination, way);

  const release = claim(stack.path);
  const stop = new Stop();
  const looking = <T>(work: () => Promise<T>) => stop.race(withProgress("Looking at the stack", work));
  try {
    const journal = new Journal(Date.now, (line) => console.log(line), options.json);
    const { openEngine } = await import("./migrate/engine");
    const engine = await looking(() => openEngine(folder, options.stack, journal.say));
    const ready = await looking(() => preflight(stack, destination, engine));
    const fresh = !destination.resumes && !destination.back;
    const verdict = fresh ? await looking(() => verdictOn(folder, options.stack, destination.target)) : [];
    if (!options.json) console.log(planText(stack, destination, way, bakeSeconds, ready, verdict));
    await agreed(options);
    await begin({ options, stack, edit, destination, way, bakeSeconds, engine, ready, journal, stop });
  } catch (error) {
    if (error instanceof Interrupted) {
      console.error(`Stopped. The stack is in order.\n${onward({ ...destination, stack: options.stack })}`);
      process.exitCode = 130;
    } else if (error instanceof Stopped) {
      console.error(pc.red(error.message));
      process.exitCode = 1;
    } else throw error;
  } finally {
    stop.forget();
    release();
  }
}

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
      look: () => lookAt(watch, destination.target, states, ask, ready.known),
      journal,
      now: Date.now,
      sleep: (milliseconds) => stop.sleep(milliseconds),
      stopping: () => stop.asked,
    },
  );
  if (!options.json) {
    const { target } = destination;
    console.log(
      `\n${target} serves ${settings.domain.name}. Commit Pulumi.${options.stack}.yaml: a stack file from before would be refused.`,
    );
  }
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
    throw new UsageError(`Nobody is there to say yes. Add --yes to begin: platform migrate --stack ${stack} ... --yes`);
  }
  const { confirm, isCancel } = await import("@clack/prompts");
  const answer = await confirm({ message: "Begin?", initialValue: false });
  if (isCancel(answer) || !answer) throw new UsageError("Nothing was changed.");
}
