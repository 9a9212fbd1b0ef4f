import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";

/** Time, as the gates see it: tests bring their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Keeps the process alive while it waits: a program whose event loop runs empty ends well, and the engine would delete. */
  sleep(milliseconds: number): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  sleep,
};

/** What one look at something says: done, not yet (and why), or never (and why). */
export type Look = { readonly done: true } | { readonly done: false; readonly why: string; readonly final?: boolean };

export const notYet = (why: string): Look => ({ done: false, why });
export const never = (why: string): Look => ({ done: false, why, final: true });

/** Lines of output that a failure shows. */
export const SHOWN_LINES = 15;

/** The end of what a program printed, as a part of a message. */
export const indent = (text: string): string =>
  withoutPasswords(text)
    .trimEnd()
    .split("\n")
    .slice(-SHOWN_LINES)
    .map((line) => `  | ${line}`)
    .join("\n");

/** Prisma prints host and database only; a URL in some other program's error would hold the password. */
const withoutPasswords = (text: string) => text.replace(/\b(\w+:\/\/[^\s:/@]+):[^\s@]+@/g, "$1:***@");

export interface Patience {
  readonly clock: Clock;
  /** Seconds between two looks. */
  readonly intervalSeconds: number;
  /** Time at which patience ends, in milliseconds of the clock. */
  readonly deadline: number;
  readonly log: (message: string) => void;
}

/** Seconds between two lines of progress. */
const PROGRESS_SECONDS = 10;

/**
 * Looks until `times` looks in a row say "done". Returns undefined then, otherwise the reason of the last look that did not.
 * A final "never" ends it at the second time in a row: the first one may come from an answer that is not consistent yet.
 */
export async function lookUntil(
  what: string,
  times: number,
  patience: Patience,
  look: (remainingMs: number) => Promise<Look>,
): Promise<string | undefined> {
  const { clock, deadline, intervalSeconds, log } = patience;
  const started = clock.now();
  let spoken = started;
  let inARow = 0;
  let finals = 0;
  let last = "it was not asked, as no time was left";
  for (;;) {
    const remaining = deadline - clock.now();
    if (remaining <= 0) return last;
    const seen = await look(remaining);
    if (seen.done) {
      finals = 0;
      inARow += 1;
      if (inARow >= times) return undefined;
      last = `it was good ${inARow} times in a row, and ${times} are asked for`;
    } else {
      inARow = 0;
      finals = seen.final ? finals + 1 : 0;
      last = seen.why;
      if (finals >= 2) return last;
    }
    if (clock.now() - spoken >= PROGRESS_SECONDS * 1000) {
      spoken = clock.now();
      const state = seen.done ? `good ${inARow} of ${times} times` : seen.why;
      log(`${what}: ${seconds(spoken - started)} s, ${state} (gives up in ${seconds(deadline - spoken)} s)`);
    }
    await clock.sleep(Math.max(0, Math.min(intervalSeconds * 1000, deadline - clock.now())));
  }
}

/** Sleeps to a moment, with a line of progress every ten seconds. */
export async function sleepUntil(until: number, what: string, clock: Clock, log: (message: string) => void) {
  for (let left = until - clock.now(); left > 0; left = until - clock.now()) {
    log(`${what}: ${seconds(left)} s to go`);
    await clock.sleep(Math.min(left, PROGRESS_SECONDS * 1000));
  }
}

/** The promise's value, or an error once the time is over. The timer also keeps the process alive. */
export function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer within ${seconds(milliseconds)} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * The value of an output, once it is known. Outputs of a resource that the engine refused never settle, and an output of a
 * resource that failed under `--continue-on-error` settles as unknown; both are errors here, so that no gate is passed on
 * the strength of a value that is not there.
 * @param what names the value in the error
 * @param timeoutSeconds @default 3600, longer than any resource's own time limit
 * @throws after the time limit, when the output rejects, and when it is unknown: never call this in a preview
 */
export async function knownValue<T>(
  output: pulumi.Output<T>,
  what: string,
  timeoutSeconds = 3600,
): Promise<pulumi.Unwrap<T>> {
  // `promise` and `isKnown` are on every Output at run time; the public type leaves them out.
  const inner = pulumi.output(output) as unknown as { promise(): Promise<pulumi.Unwrap<T>>; isKnown: Promise<boolean> };
  const [value, known] = await within(timeoutSeconds * 1000, what, Promise.all([inner.promise(), inner.isKnown]));
  if (!known) throw new pulumi.RunError(`${what} is not known, because something that it depends on failed.`);
  return value;
}

/** The value of an output if it is known, as a look-up's is in a preview; undefined in a plan that asks no account. */
export async function ifKnown<T>(output: pulumi.Output<T>): Promise<pulumi.Unwrap<T> | undefined> {
  const inner = pulumi.output(output) as unknown as { promise(): Promise<pulumi.Unwrap<T>>; isKnown: Promise<boolean> };
  const value = await inner.promise();
  return (await inner.isKnown) ? value : undefined;
}

/** Whether AWS has refused a call for good. Where it is busy, or something else is under way, asking again may answer otherwise. */
export function refused(error: unknown): boolean {
  const { $fault, name = "" } = (error ?? {}) as { readonly $fault?: string; readonly name?: string };
  return $fault === "client" && !/throttl|TooManyRequests|RequestLimit|InProgress|TryAgain|Contention/i.test(name);
}

/** Makes something at its first use. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

export const seconds = (milliseconds: number): number => Math.max(0, Math.round(milliseconds / 1000));
