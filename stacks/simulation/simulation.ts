import { UserError } from "../../core/errors";
import { seeded } from "../../core/random";
import {
  answerOf,
  type Behaviour,
  type Conditions,
  type DnsAnswer,
  type GateCode,
  type History,
  type Random,
  type TierLifetime,
  type Update,
  viewsOf,
  World,
} from "./simulation-world";

/** Requests that a flip loses, out of many flips on the real gates' code with resolvers, failures and crashes that are made up. */

/** A time in which a resolver that keeps to TTL can send a visitor to a tier that does not serve. */
export interface Exposure {
  readonly kind: "unready" | "gone";
  readonly tier: string;
  /** Milliseconds. */
  readonly from: number;
  readonly to: number;
}

/**
 * Every such time in a history, without sampling: an answer may be fetched until the server learns better, and used for TTL from
 * then on. With both gates there is none, whatever fails when. A tier that falls ill after it was proven is no exposure: no gate
 * can foresee that.
 */
export function exposuresOf({ lifetimes, dnsAnswers, end }: History): Exposure[] {
  const byAddress = new Map(lifetimes.map((life) => [life.address, life]));
  return dnsAnswers.flatMap((said): Exposure[] => {
    const life = byAddress.get(said.address);
    if (said.weight === 0 || !life) return [];
    const next = dnsAnswers.find(
      ({ server, slot, at }) => server === said.server && slot === said.slot && at > said.at,
    );
    const until = next ? next.at + said.ttl * 1000 : end;
    return [
      ...(life.ready > said.at
        ? [{ kind: "unready" as const, tier: life.tier, from: said.at, to: Math.min(life.ready, until) }]
        : []),
      ...(life.deleted < until
        ? [{ kind: "gone" as const, tier: life.tier, from: Math.max(said.at, life.deleted), to: until }]
        : []),
    ];
  });
}

/** Who asks, how often, and through what. */
export interface Visitors {
  readonly requestsPerSecond: number;
  /** Caches between the visitors and Route 53, each with an equal share of the visitors. */
  readonly resolvers: number;
  /** Share of them that keep an answer beyond its TTL. */
  readonly overstayShare: number;
  /** Mean of how much longer those keep it, in seconds (exponentially distributed). */
  readonly overstaySeconds: number;
}

/** Requests that found no tier, by cause. */
export interface Loss {
  /** The tier had never answered yet. */
  readonly unready: number;
  /** The tier was deleted. */
  readonly gone: number;
  /** The tier fell ill after it had been proven. */
  readonly sick: number;
}

/**
 * Requests lost between two moments. Each resolver asks when a visitor comes and its answer is used up; while it holds an answer, its
 * visitors go there. Requests come evenly, so their number is the rate times the time, and need no sampling.
 * @param from milliseconds
 */
export function lossOf(history: History, visitors: Visitors, random: Random, from: number, to: number): Loss {
  const { requestsPerSecond, resolvers, overstayShare, overstaySeconds } = visitors;
  const byAddress = new Map(history.lifetimes.map((life) => [life.address, life]));
  const views = viewsOf(history.dnsAnswers);
  const last = Math.max(...history.dnsAnswers.map(({ at }) => at));
  const rate = requestsPerSecond / resolvers / 1000;
  const exponential = (mean: number) => -Math.log(1 - random()) * mean;
  const loss = { unready: 0, gone: 0, sick: 0 };
  for (let resolver = 0; resolver < resolvers; resolver++) {
    const overstay = random() < overstayShare ? exponential(overstaySeconds) : 0;
    // What it holds at the beginning it has fetched some time before.
    let at = from - random() * overstay * 1000;
    while (at < to) {
      const said: DnsAnswer = answerOf(views[Math.floor(random() * views.length)] ?? [], at, random);
      const life = byAddress.get(said.address) as TierLifetime;
      // Nothing changes any more, and it has arrived where all is well.
      if (at > last && life.deleted === Number.POSITIVE_INFINITY && life.sick.length === 0 && at > life.ready) break;
      const until = at + (said.ttl + overstay) * 1000;
      for (const [kind, lost] of lostBetween(life, Math.max(at, from), Math.min(until, to))) loss[kind] += lost * rate;
      at = until + exponential(1 / rate);
    }
  }
  return loss;
}

function lostBetween(life: TierLifetime, from: number, to: number): (readonly [keyof Loss, number])[] {
  const overlap = (a: number, b: number) => Math.max(0, Math.min(to, b) - Math.max(from, a));
  const ill = life.sick.reduce((sum, { from: a, to: b }) => sum + overlap(a, Math.min(b, life.deleted)), 0);
  return [
    ["unready", overlap(Number.NEGATIVE_INFINITY, life.ready)],
    ["gone", overlap(life.deleted, Number.POSITIVE_INFINITY)],
    ["sick", ill],
  ];
}

/** Takes gates away, to show what they are for. */
export const without = (code: GateCode, ...gates: readonly ("ready" | "settled")[]): GateCode => ({
  ...code,
  liveGates: (options) => ({
    ...code.liveGates(options),
    ...Object.fromEntries(gates.map((gate) => [gate, async () => {}])),
  }),
});

export interface SimulationOptions {
  readonly code: GateCode;
  /** TTL of the site's records, in seconds. @default 60 */
  readonly ttl?: number;
  readonly gates?: Conditions["gates"];
  readonly visitors?: Partial<Visitors>;
  /** Values of `gates.drainSeconds` to try, beside the stack's own. @default 0, 60, 300, 900, 3600 */
  readonly drains?: readonly number[];
  /** Flips a row. @default 200 */
  readonly flips?: number;
  /** The same seed gives the same report. @default 1 */
  readonly seed?: number;
}

/** One way to set the gates, over all flips. */
export interface SimulationRow {
  readonly gates: "both" | "without ready" | "without settled";
  readonly drainSeconds: number;
  /** Lost requests a flip. */
  readonly mean: number;
  readonly p95: number;
  /** The mean by cause. */
  readonly by: Loss;
  /** Flips in which a resolver that keeps to TTL could send visitors to a tier that did not serve. */
  readonly exposed: number;
  /** Flips that ended with the new tier serving, after up to three tries. */
  readonly done: number;
  /** Mean seconds from the first `up` to the end of the last. */
  readonly seconds: number;
}

export interface SimulationReport {
  readonly seed: number;
  readonly flips: number;
  readonly ttl: number;
  readonly visitors: Visitors;
  readonly rows: readonly SimulationRow[];
}

/**
 * 8.74 % of resolvers extend TTL: Bhowmick et al., "TTL Violation of DNS Resolvers in the Wild", PAM 2023
 * (ttl-violation-study.github.io). By how much they do is an assumption.
 */
export const VISITORS: Visitors = {
  requestsPerSecond: 10,
  resolvers: 100,
  overstayShare: 0.0874,
  overstaySeconds: 600,
};

/**
 * One flip in ten meets a tier that never comes up; one in five a failure or a crash at some step; one in five a TTL that was
 * lowered to a tenth just before, by an update that was killed. Assumptions, to have them seen.
 */
const NEVER = 0.1;
const FAILURE = 0.2;
const LOWERED = 0.2;

/** A tier that starts within three minutes, or never, and may fall ill later on. */
function usual(_: string, random: Random): Behaviour {
  const startsAfter = random() < NEVER ? Number.POSITIVE_INFINITY : random() * 180_000;
  const from = random() * 1_800_000;
  return { startsAfter, sick: random() < 0.05 ? [{ from, to: from + random() * 120_000 }] : [] };
}

/**
 * Plays flips and counts what they lose: as a function of `drain`, and with either gate taken away.
 * @throws UserError for a share, a rate or a count that makes no sense
 */
export async function simulateFlips(options: SimulationOptions): Promise<SimulationReport> {
  const visitors = { ...VISITORS, ...options.visitors };
  const { code, ttl = 60, flips = 200, seed = 1 } = options;
  check(visitors, flips);
  const own = options.gates?.drainSeconds ?? 60;
  const drains = [...new Set([...(options.drains ?? [0, 60, 300, 900, 3600]), own])].sort((a, b) => a - b);
  const play = (gates: SimulationRow["gates"], drainSeconds: number, variant: GateCode) =>
    row(gates, { ...options.gates, drainSeconds }, { code: variant, ttl, flips, seed, visitors });
  const rows: SimulationRow[] = [];
  for (const drain of drains) rows.push(await play("both", drain, code));
  rows.push(await play("without ready", own, without(code, "ready")));
  rows.push(await play("without settled", own, without(code, "settled")));
  return { seed, flips, ttl, visitors, rows };
}

function check({ requestsPerSecond, resolvers, overstayShare, overstaySeconds }: Visitors, flips: number): void {
  const wrong = (what: string, allowed: string, found: number) => {
    throw new UserError(`${what} must be ${allowed} (got ${found}).`);
  };
  if (!(requestsPerSecond > 0)) wrong("The rate of requests", "above 0", requestsPerSecond);
  if (!(overstayShare >= 0 && overstayShare <= 1))
    wrong("The share of resolvers that overstay", "from 0 to 1", overstayShare);
  if (!(overstaySeconds >= 0)) wrong("The time that resolvers overstay", "0 or more seconds", overstaySeconds);
  for (const [what, count] of [
    ["The number of flips", flips],
    ["The number of resolvers", resolvers],
  ] as const)
    if (!Number.isInteger(count) || count < 1) wrong(what, "a whole number above 0", count);
}

interface Play {
  readonly code: GateCode;
  readonly ttl: number;
  readonly flips: number;
  readonly seed: number;
  readonly visitors: Visitors;
}

async function row(
  gates: SimulationRow["gates"],
  times: NonNullable<Conditions["gates"]>,
  { code, ttl, flips, seed, visitors }: Play,
): Promise<SimulationRow> {
  const losses: Loss[] = [];
  let exposed = 0;
  let done = 0;
  let seconds = 0;
  for (let flip = 0; flip < flips; flip++) {
    // The same flips and the same visitors in every row, so that only the gates make the difference.
    const random = seeded(seed * 1_000_003 + flip);
    const history = await playFlip({ code, random, behaviour: usual, gates: times }, ttl, seeded(seed * 7919 + flip));
    const from = history.start;
    // Until hardly anybody holds the old answer any more.
    const to = history.end + (ttl + visitors.overstaySeconds * 6) * 1000;
    losses.push(lossOf(history, visitors, seeded(seed * 104_729 + flip), from, to));
    if (exposuresOf(history).length > 0) exposed++;
    if (history.updates.at(-1) === "done" && history.flipped) done++;
    seconds += (history.end - from) / 1000 / flips;
  }
  const sums = losses.map(({ unready, gone, sick }) => unready + gone + sick).sort((a, b) => a - b);
  const mean = (pick: (loss: Loss) => number) => losses.reduce((sum, loss) => sum + pick(loss), 0) / flips;
  return {
    gates,
    drainSeconds: times.drainSeconds ?? 60,
    mean: mean(({ unready, gone, sick }) => unready + gone + sick),
    p95: sums[Math.min(flips - 1, Math.floor(flips * 0.95))] ?? 0,
    by: { unready: mean(({ unready }) => unready), gone: mean(({ gone }) => gone), sick: mean(({ sick }) => sick) },
    exposed,
    done,
    seconds,
  };
}

/** A site that serves, then a flip: tried up to three times, and taken back if it does not come to an end. */
async function playFlip(conditions: Conditions, ttl: number, luck: Random) {
  const settled = { startsAfter: 0, sick: [] };
  const world = new World({
    ...conditions,
    behaviour: (tier, random) => (tier === "old" ? settled : conditions.behaviour(tier, random)),
  });
  const lowered = luck() < LOWERED;
  await world.up({ serving: "old", ttl: lowered ? 10 * ttl : ttl, pause: 86_400 });
  const start = world.history.end;
  if (lowered) await world.up({ serving: "old", ttl, failsAt: Math.floor(luck() * 8), failure: "killed", pause: 0 });
  const to = (serving: string): Update => ({
    serving,
    ttl,
    pause: 0,
    ...(luck() < FAILURE
      ? {
          failsAt: Math.floor(luck() * 40),
          failure: (["refused", "forgotten", "killed"] as const)[Math.floor(luck() * 3)],
        }
      : {}),
  });
  let flipped = false;
  for (let attempt = 0; attempt < 3 && !flipped; attempt++) {
    await world.up(to("new"));
    flipped = world.history.updates.at(-1) === "done";
    if (!flipped) world.wait(luck() * 300);
  }
  if (!flipped) await world.up(to("old"));
  return { ...world.history, start, flipped };
}
