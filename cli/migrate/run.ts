import type { Architecture } from "../../stacks/settings";
import { type Engine, StackBusy, UpdateFailed } from "./engine";
import type { Journal } from "./journal";
import { isTrial, lastGood, nextStep, type Position, type Step, stepText } from "./steps";
import { Interrupted } from "./stop";
import { type Patience, type Sight, untilQuiet, type Verdict, watchOver } from "./watcher";

/** What a run works on; tests bring their own. */
export interface World {
  readonly engine: Engine;
  /** The stack's file. */
  readonly file: { text(): string; write(position: Position): void; restore(text: string): void };
  /** One look at the tier that is moved to, by what the latest update has put out. */
  readonly look: () => Promise<Sight>;
  readonly journal: Journal;
  readonly now: () => number;
  /** @throws {Interrupted} as soon as a person stops the run */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Whether a person has asked to stop. */
  readonly stopping: () => boolean;
}

export interface RunOptions {
  readonly stack: string;
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
}

/** Takes the steps that are left, one after the other. */
export async function run(options: RunOptions, world: World): Promise<void> {
  const { target, steps, back, resumes } = options;
  let at = options.position;
  if (resumes) await repair(options, world);
  if (!back && (resumes || at.canary)) {
    // Whether the file's latest change was applied in full is not known, and to apply it again does no harm.
    await world.journal.record("apply what the file says", () => update(options, world, undefined));
    await prove(options, world, at);
  }
  for (let step = nextStep(at, target, steps); step; step = nextStep(at, target, steps)) {
    await take(step, options, world);
    at = step.to;
  }
}

async function take(step: Step, options: RunOptions, world: World): Promise<void> {
  const { target } = options;
  const before = world.file.text();
  await world.journal.record(stepText(step, target), async () => {
    world.file.write(step.to);
    if (step.kind === "finish") return;
    try {
      await update(options, world, before);
    } catch (error) {
      if (!(error instanceof UpdateFailed)) throw error;
      await afterFailure(step, error.message, options, world);
    }
  });
  if (step.kind === "warm" || step.kind === "shift") await prove(options, world, step.to);
}

/** Before traffic the new tier must be quiet; with traffic it is watched. */
async function prove(options: RunOptions, world: World, at: Position): Promise<void> {
  const { target, back, bakeSeconds, patience } = options;
  if (back || at.canary !== target) return;
  const { times, intervalSeconds, timeoutSeconds } = patience;
  const looking: Patience = {
    times,
    intervalSeconds,
    seconds: at.percent > 0 ? bakeSeconds : timeoutSeconds,
    now: world.now,
    sleep: world.sleep,
    say: world.journal.say,
  };
  const what = at.percent > 0 ? `watch ${target} at ${at.percent} %` : `wait until ${target} is quiet`;
  const verdict = await world.journal.record(
    what,
    () => (at.percent > 0 ? watchOver(world.look, looking) : untilQuiet(world.look, looking)),
    (seen) => (seen.good ? undefined : seen.why),
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
  if (!to) {
    const where = at.percent > 0 ? `${target} keeps its ${at.percent} %` : "Traffic has not moved";
    throw new Stopped([verdict.why, `${where}. Nothing was deleted.`, onward(options)].join("\n"));
  }
  await world.journal.record(`go back to ${to.percent} % for ${target}: ${verdict.why}`, async () => {
    world.file.write(to);
    try {
      await update(options, world, undefined);
    } catch (error) {
      if (!(error instanceof UpdateFailed)) throw error;
      throw new Stopped(
        [
          `${target} went wrong (${verdict.why}), and going back to ${to.percent} % failed as well:`,
          indented(error.message),
          "Nothing was deleted. The stack's file says where to go back to; `pulumi up` tries again.",
          onward(options),
        ].join("\n"),
      );
    }
  });
  if (to.percent > 0) {
    const now = await world.look();
    if (now.tier) return fallBack(to, { good: false, why: now.tier, answers: false, blind: false }, options, world);
  }
  throw new Stopped(
    [
      `${target} went wrong, and traffic was taken back: ${verdict.why}`,
      `${target} has ${to.percent} % of the traffic, ${to.architecture} the rest. Nothing was deleted.`,
      onward(options),
    ].join("\n"),
  );
}

/** An update failed: with traffic at stake, what the new tier says now decides where the weights go. */
async function afterFailure(step: Step, why: string, options: RunOptions, world: World): Promise<never> {
  const { target, back, patience } = options;
  const lines = ["The update failed:", indented(why)];
  if (!back && (isTrial(step.to, target) || step.kind === "swap")) {
    const { times, intervalSeconds } = patience;
    const { now, sleep, journal } = world;
    const seen = await watchOver(world.look, { times, intervalSeconds, seconds: 0, now, sleep, say: journal.say });
    const verdict = { good: false as const, why: lines.join("\n"), answers: seen.good || seen.answers, blind: false };
    if ((seen.good || !seen.blind) && lastGood(step.to, target, options.steps, verdict.answers)) {
      return fallBack(step.to, verdict, options, world);
    }
  }
  throw new Stopped([...lines, onward(options)].join("\n"));
}

/**
 * One update by the engine.
 * @param before text of the file before this step; a step that the engine did not even begin is taken out of the file again
 */
async function update(options: RunOptions, world: World, before: string | undefined): Promise<void> {
  try {
    await alone(() => world.engine.up(`platform migrate to ${options.target}`), options, world);
  } catch (error) {
    if (error instanceof Stopped && before !== undefined) world.file.restore(before);
    throw error;
  }
}

/** What an update was killed in, the engine asks the cloud about. */
async function repair(options: RunOptions, world: World): Promise<void> {
  const pending = await world.engine.pending();
  if (pending.length === 0) return;
  await world.journal.record("repair what an update was killed in", async () => {
    for (const operation of pending) world.journal.say(operation);
    const created = pending.filter((operation) => operation.startsWith("creating "));
    if (created.length > 0)
      world.journal.say("what was being created may exist without the stack knowing: look for it");
    await alone(() => world.engine.repair(), options, world);
  });
}

/** Runs what takes the engine's lock. A lock that a killed run left on this machine is taken away. */
async function alone(work: () => Promise<unknown>, options: RunOptions, world: World): Promise<void> {
  try {
    await work().catch(async (error: unknown) => {
      if (!(error instanceof StackBusy && error.abandoned && options.resumes)) throw error;
      world.journal.say("the engine's lock was left by a process that is gone: it is taken away");
      await world.engine.unlock();
      await work();
    });
  } catch (error) {
    if (error instanceof StackBusy) throw new Stopped(busyText(error.message, options.stack));
    if (error instanceof UpdateFailed && world.stopping()) throw new Interrupted();
    throw error;
  }
  if (world.stopping()) throw new Interrupted();
}

const busyText = (why: string, stack: string): string =>
  [
    "Another update of this stack is running, and the engine lets only one in at a time. Nothing was changed by this run.",
    indented(why),
    `Wait for it to end. If it was killed: \`pulumi cancel --stack ${stack}\`, then run this again.`,
  ].join("\n");

export function onward({ stack, target, back }: Pick<RunOptions, "stack" | "target" | "back">): string {
  const command = `platform migrate --stack ${stack}`;
  return [`To go on: \`${command} --to ${target}\`.`, ...(back ? [] : [`To return: \`${command} --back\`.`])].join(
    "\n",
  );
}

const indented = (text: string) => text.replace(/^/gm, "  ");
