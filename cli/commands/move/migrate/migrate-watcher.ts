import { reason } from "../../../../core/errors";
import type { Probe } from "../../../../core/web-tier";
import { visitorsProbe } from "../../../../stacks/gates/probe";
import type { Architecture } from "../../../../stacks/settings/schema";
import type { Watch, WatchedAlarm } from "../../../../stacks/watch";

/** What one look at the site said. */
export interface Observation {
  /** Serious alarms of the new tier and of the database that are raised. */
  readonly raised: readonly string[];
  /** Its alarms that tell nothing yet. */
  readonly undecided: readonly string[];
  /** What is wrong with its answer to a probe; undefined if nothing is. */
  readonly tier?: string;
  /** What is wrong with the answer of the public URL. */
  readonly site?: string;
  /** Why this machine cannot see; then the rest tells nothing. */
  readonly blind?: string;
}

/** State of alarms by name: `OK`, `ALARM` or `INSUFFICIENT_DATA`. */
export type AlarmStates = (names: readonly string[]) => Promise<ReadonlyMap<string, string>>;
/** What is wrong with a tier's answer; undefined if nothing is. */
export type Ask = (probe: Probe, expected: readonly Probe[]) => Promise<string | undefined>;

/** Alarms that say that visitors suffer; a nearly full disk or used-up CPU credits do not. */
const isSerious = ({ severity, subject }: WatchedAlarm) =>
  severity === "page" || subject === "errors" || subject === "latency";

/** The database's serious alarms that are raised before anything is moved: they say nothing about the new tier. */
export async function raisedBefore({ database }: Watch, states: AlarmStates): Promise<ReadonlySet<string>> {
  const names = database.alarms.filter(isSerious).map(({ name }) => name);
  const found = await states(names);
  return new Set(names.filter((name) => found.get(name) === "ALARM"));
}

/**
 * One look at the tier that is moved to: its alarms and the database's, its own probe and the public URL. The old tier's alarms
 * are no reason to send it more traffic, so they are not asked for.
 * @param known alarms of the database that are no news
 */
export async function lookAt(
  watch: Watch,
  target: Architecture,
  states: AlarmStates,
  ask: Ask,
  known: ReadonlySet<string> = new Set(),
): Promise<Observation> {
  const tier = watch.tiers[target];
  if (!tier) return { raised: [], undecided: [], tier: `${target} is not deployed` };
  const own = tier.alarms.filter(isSerious).map(({ name }) => name);
  const shared = watch.database.alarms.filter((alarm) => isSerious(alarm) && !known.has(alarm.name));
  const serious = [...own, ...shared.map(({ name }) => name)];
  const visit = visitorsProbe(tier.probe, watch.query.name);
  try {
    const [found, wrong, outside] = await Promise.all([
      states(serious),
      ask(tier.probe, [tier.probe]),
      ask(
        visit,
        Object.values(watch.tiers).map(({ probe }) => probe),
      ),
    ]);
    const are = (state: string) => serious.filter((one) => (found.get(one) ?? "INSUFFICIENT_DATA") === state);
    return {
      raised: are("ALARM"),
      undecided: are("INSUFFICIENT_DATA").filter((name) => own.includes(name)),
      ...(wrong ? { tier: wrong } : {}),
      ...(outside ? { site: outside } : {}),
    };
  } catch (error) {
    return { raised: [], undecided: [], blind: reason(error) };
  }
}

/** What a stretch of watching came to. */
export type Verdict =
  | { readonly good: true }
  /** @property answers whether the new tier answers its probe */
  | { readonly good: false; readonly why: string; readonly answers: boolean; readonly blind: boolean };

export interface Patience {
  readonly seconds: number;
  /** Looks in a row that make a bad answer certain; an alarm is certain at once. */
  readonly times: number;
  readonly intervalSeconds: number;
  readonly now: () => number;
  /** Ends early when a person stops the run. */
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly say: (line: string) => void;
}

const bad = (why: string, answers: boolean, blind = false): Verdict => ({ good: false, why, answers, blind });

/** Watches for a while; ends at once when it goes wrong. */
export async function watchOver(look: () => Promise<Observation>, patience: Patience): Promise<Verdict> {
  const until = patience.now() + patience.seconds * 1000;
  let tier = 0;
  let site = 0;
  let blind = 0;
  for (;;) {
    const seen = await look();
    tier = seen.tier ? tier + 1 : 0;
    site = seen.site ? site + 1 : 0;
    blind = seen.blind ? blind + 1 : 0;
    // Whoever sees nothing must not move anything: the network of this machine may be what is down.
    if (seen.blind && blind >= patience.times) return bad(`this machine cannot see: ${seen.blind}`, true, true);
    if (seen.raised.length > 0) return bad(`in alarm: ${seen.raised.join(", ")}`, seen.tier === undefined);
    if (seen.tier && tier >= patience.times) return bad(`the new tier does not answer well: ${seen.tier}`, false);
    if (seen.site && site >= patience.times) return bad(`the public URL does not answer well: ${seen.site}`, true);
    const unsure = seen.tier ?? seen.site ?? seen.blind;
    if (unsure) patience.say(`looks again: ${unsure}`);
    const left = until - patience.now();
    if (left <= 0 && !unsure) return { good: true };
    await patience.sleep(Math.min(patience.intervalSeconds * 1000, Math.max(left, 1000)));
  }
}

/** Seconds that alarms without data are waited for, before silence counts as quiet. */
const UNDECIDED_SECONDS = 300;

/**
 * Waits until the new tier is quiet before it gets traffic: it answers, and its alarms have made up their minds. A new alarm may
 * be raised for some minutes, where a missing value counts as a bad one.
 */
export async function untilQuiet(look: () => Promise<Observation>, patience: Patience): Promise<Verdict> {
  const started = patience.now();
  const until = started + patience.seconds * 1000;
  let inARow = 0;
  let said = "";
  for (;;) {
    const seen = await look();
    const waiting = seen.undecided.length > 0 && patience.now() - started < UNDECIDED_SECONDS * 1000;
    const why =
      seen.blind ??
      seen.tier ??
      seen.site ??
      (seen.raised.length > 0
        ? `in alarm: ${seen.raised.join(", ")}`
        : waiting
          ? `no verdict yet: ${seen.undecided.join(", ")}`
          : undefined);
    inARow = why ? 0 : inARow + 1;
    if (inARow >= patience.times) return { good: true };
    if (why && patience.now() >= until) return bad(why, seen.tier === undefined, seen.blind !== undefined);
    if (why && why !== said) patience.say(`waits until the new tier is quiet: ${why}`);
    said = why ?? "";
    await patience.sleep(patience.intervalSeconds * 1000);
  }
}
