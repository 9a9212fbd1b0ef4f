import { cureOf, operationText, type Share, type Standing, standingText } from "../../../../stacks/gates/stops";
import type { Architecture } from "../../../../stacks/settings/schema";
import { type Engine, StackBusy, UpdateFailed } from "./engine";
import type { Journal } from "./journal";
import { type Observation, type Patience, untilQuiet, type Verdict, watchOver } from "./migrate-watcher";
import { hasVisitors, lastGood, nextStep, type Position, type Step, stepText } from "./steps";
import { Interrupted } from "./stop";

/** What a run works on; tests bring their own. */
export interface World {
  readonly engine: Engine;
  /** The stack's file. */
  readonly file: { write(position: Position): void };
  /** One look at the tier that is moved to, by what the latest update has put out. */
  readonly look: () => Promise<Observation>;
  /** Who has the visitors now; undefined if AWS does not tell. */
  readonly live: () => Promise<readonly Share[] | undefined>;
  readonly journal: Journal;
  readonly now: () => number;
  /** @throws {Interrupted} as soon as a person stops the run */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Whether a person has asked to stop. */
  readonly stopping: () => boolean;
}

export interface RunOptions {
  readonly stack: string;
  readonly project: string;
  readonly target: Architecture;
  readonly position: Position;
  /** Shares of traffic in percent, rising, the last one 100. */
  readonly steps: readonly number[];
  /** Seconds that each share is watched. */
  readonly bakeSeconds: number;
  /** Whether an earlier run was stopped, so that what the file says may not be applied yet. */
  readonly resumes: boolean;
  /** A way back goes at once, and is not undone by itself. */
  readonly back: boolean;
  readonly patience: { readonly times: number; readonly intervalSeconds: number; readonly timeoutSeconds: number };
}

/** A run that ended before its end, in an order that the next one continues; the message is all that a person needs. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  /** @param tookBack whether traffic was taken back from the new tier */
  constructor(
    message: string,
    readonly tookBack: boolean,
  ) {
    super(message);
  }
}

/** Takes the steps that are left, one after the other. */
export async function run(options: RunOptions, world: World): Promise<void> {
  const { target, steps, back, resumes } = options;
  let at = options.position;
  if (resumes) await repair(options, world);
  if (!back && (resumes || at.canary)) await takeUp(at, options, world);
  for (let step = nextStep(at, target, steps); step; step = nextStep(at, target, steps)) {
    await take(step, at, options, world);
    at = step.to;
  }
}

/** Begins where an earlier run ended. A tier that has turned bad since gives its visitors back before anything waits for it. */
async function takeUp(at: Position, options: RunOptions, world: World): Promise<void> {
  const { target } = options;
  if (hasVisitors(at, target)) {
    const verdict = await world.journal.record(
      `look at ${target}`,
      () => watchOver(world.look, patienceFor(0, options, world)),
      troubleIn,
    );
    if (!verdict.good) await fallBack(at, verdict, options, world);
  }
  await world.journal.record("apply what the file says", async () => {
    // Whether the file's latest change was applied in full is not known, and to apply it again does no harm.
    await applied(at, options, world, undefined);
  });
  await prove(at, options, world);
}

async function take(step: Step, before: Position, options: RunOptions, world: World): Promise<void> {
  await world.journal.record(stepText(step, options.target), async () => {
    // Only behind it is the migration done: whoever kills it there goes on with it.
    if (step.kind === "close") await applied(before, options, world, undefined);
    world.file.write(step.to);
    if (step.kind !== "close" && step.kind !== "finish") await applied(step.to, options, world, before);
  });
  if (step.kind === "warm" || step.kind === "shift") await prove(step.to, options, world);
}

/** One update to a position; one that fails takes traffic back where any is at stake. */
async function applied(at: Position, options: RunOptions, world: World, before: Position | undefined): Promise<void> {
  try {
    await update(options, world, before);
  } catch (error) {
    if (!(error instanceof UpdateFailed)) throw error;
    await afterFailure(at, error.message, options, world);
  }
}

const troubleIn = (seen: Verdict) => (seen.good ? undefined : seen.why);

const patienceFor = (seconds: number, { patience }: RunOptions, { now, sleep, journal }: World): Patience => ({
  times: patience.times,
  intervalSeconds: patience.intervalSeconds,
  seconds,
  now,
  sleep,
  say: journal.say,
});

/** Before traffic the new tier must be quiet; with traffic it is watched. */
async function prove(at: Position, options: RunOptions, world: World): Promise<void> {
  const { target, back, bakeSeconds, patience } = options;
  if (back || at.canary !== target) return;
  const trial = at.percent > 0;
  const looking = patienceFor(trial ? bakeSeconds : patience.timeoutSeconds, options, world);
  const verdict = await world.journal.record(
    trial ? `watch ${target} at ${at.percent} %` : `wait until ${target} is quiet`,
    () => (trial ? watchOver(world.look, looking) : untilQuiet(world.look, looking)),
    troubleIn,
  );
  if (!verdict.good) await fallBack(at, verdict, options, world);
}

/** Goes to the last good weights, and ends the run. */
async function fallBack(
  at: Position,
  verdict: Extract<Verdict, { good: false }>,
  options: RunOptions,
  world: World,
): Promise<never> {
  const { target, steps } = options;
  const to = verdict.blind ? undefined : lastGood(at, target, steps, verdict.answers);
  if (!to) throw await stopped([verdict.why, "Traffic was not moved by this."], false, options, world);
  await world.journal.record(`go back to ${to.percent} % for ${target}: ${verdict.why}`, async () => {
    world.file.write(to);
    try {
      await update(options, world, undefined, true);
    } catch (error) {
      if (!(error instanceof UpdateFailed)) throw error;
      const why = [
        `${target} went wrong (${verdict.why}), and going back to ${to.percent} % failed as well:`,
        indented(error.message),
        `The stack's file says where to go back to; \`pulumi up --stack ${options.stack}\` tries again.`,
      ];
      throw await stopped(why, false, options, world, error.message);
    }
  });
  if (to.percent > 0) {
    const now = await world.look();
    if (now.tier) return fallBack(to, { good: false, why: now.tier, answers: false, blind: false }, options, world);
  }
  throw await stopped(
    // A retirement that was cut off may have deleted some of the old tier, which the way back has built again.
    [
      `${target} went wrong, and traffic was taken back: ${verdict.why}`,
      ...(at.canary ? ["Nothing was deleted."] : []),
    ],
    true,
    options,
    world,
  );
}

/** An update failed: with traffic at stake, what the new tier says now decides where the weights go. */
async function afterFailure(at: Position, why: string, options: RunOptions, world: World): Promise<never> {
  const { target, back } = options;
  const lines = ["The update failed:", indented(why)];
  if (!back && hasVisitors(at, target)) {
    const seen = await watchOver(world.look, patienceFor(0, options, world));
    const verdict = { good: false as const, why: lines.join("\n"), answers: seen.good || seen.answers, blind: false };
    if ((seen.good || !seen.blind) && lastGood(at, target, options.steps, verdict.answers)) {
      return fallBack(at, verdict, options, world);
    }
  }
  throw await stopped(lines, false, options, world, why);
}

/** The end of a run, with what is live by now and both ways. @param error the engine's, for which there may be a cure */
async function stopped(
  lines: readonly string[],
  tookBack: boolean,
  options: RunOptions,
  world: World,
  error?: string,
): Promise<Stopped> {
  const cure = error === undefined ? undefined : cureOf(error, options.stack);
  return new Stopped(
    [...lines, ...(cure ? [cure] : []), standingText(await standing(options, world))].join("\n"),
    tookBack,
  );
}

/** Where the stack stands now. What cannot be asked is said to be unknown: a message must not fail for it. */
export async function standing(
  { stack, project, back }: Pick<RunOptions, "stack" | "project" | "back">,
  { live, engine }: Pick<World, "live" | "engine">,
): Promise<Standing> {
  const [shares, pending] = await Promise.all([live(), engine.pending().catch(() => [])]);
  return { stack, project, shares, pending, back: !back };
}

/**
 * One update by the engine.
 * @param before position before this step; a step that the engine did not even begin is taken out of the file again
 * @param waits whether an update of somebody else is waited for: what takes traffic back has to come through
 */
async function update(options: RunOptions, world: World, before: Position | undefined, waits = false): Promise<void> {
  try {
    await alone(() => world.engine.up(`platform migrate to ${options.target}`), options, world, waits);
  } catch (error) {
    if (error instanceof Stopped && before !== undefined) world.file.write(before);
    throw error;
  }
}

/** What an update was killed in, the engine asks the cloud about. */
async function repair(options: RunOptions, world: World): Promise<void> {
  const pending = await world.engine.pending();
  if (pending.length === 0) return;
  await world.journal.record("repair what an update was killed in", async () => {
    for (const operation of pending) world.journal.say(operationText(operation));
    try {
      await alone(() => world.engine.repair(), options, world);
    } catch (error) {
      if (!(error instanceof UpdateFailed)) throw error;
      throw await stopped(["The repair failed:", indented(error.message)], false, options, world, error.message);
    }
  });
}

/** Runs what takes the engine's lock. A lock that a killed run left on this machine is taken away. */
async function alone(work: () => Promise<unknown>, options: RunOptions, world: World, waits = false): Promise<void> {
  const until = world.now() + (waits ? options.patience.timeoutSeconds * 1000 : 0);
  let unlocked = false;
  for (;;) {
    try {
      await work();
      break;
    } catch (error) {
      if (error instanceof UpdateFailed && world.stopping()) throw new Interrupted();
      if (!(error instanceof StackBusy)) throw error;
      if (error.abandoned && options.resumes && !unlocked) {
        unlocked = true;
        world.journal.say("the engine's lock was left by a process that is gone: it is taken away");
        await world.engine.unlock();
      } else if (world.now() < until) {
        world.journal.say("another update of this stack is running: its end is waited for");
        await world.sleep(options.patience.intervalSeconds * 1000);
      } else throw await stopped(busyText(error.message, options.stack), false, options, world);
    }
  }
  if (world.stopping()) throw new Interrupted();
}

const busyText = (why: string, stack: string): string[] => [
  "Another update of this stack is running, and the engine lets only one in at a time.",
  indented(why),
  `Wait for it to end. If it was killed: \`pulumi cancel --stack ${stack}\`, then run this again.`,
];

const indented = (text: string) => text.replace(/^/gm, "  ");
