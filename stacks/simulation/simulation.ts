import { seeded } from "../../core/random";
import { SLOTS, type TrafficState } from "../../core/traffic-state";
import { tiersToProve } from "../gates/proof";
import { answersOf, holdOf, type LiveTraffic } from "../gates/reach";

/**
 * Requests that a flip loses, over many flips. Who has to answer before traffic moves, and when the old tier may go, is asked of what the
 * gates ask (stacks/gates/proof.ts and reach.ts). Made up are times of AWS, and resolvers. What fails when, the histories play
 * (tests/simulation): there every resolver keeps to TTL and drain, here some overstay.
 */

/** Who asks, how often, and through what. */
export interface Visitors {
  readonly requestsPerSecond: number;
  /** Caches between the visitors and Route 53, each with an equal share of the visitors. */
  readonly resolvers: number;
  /** Share of them that keep an answer beyond its TTL, 0 to 1. */
  readonly overstayShare: number;
  /** Mean of how much longer those keep it, in seconds (exponentially distributed). */
  readonly overstaySeconds: number;
}

/**
 * 8.74 % of resolvers extend TTL: Bhowmick et al., "TTL Violation of DNS Resolvers in the Wild", PAM 2023
 * (ttl-violation-study.github.io). By how much they do is an assumption.
 */
export const RESOLVERS = { resolvers: 100, overstayShare: 0.0874, overstaySeconds: 600 } as const;

/** Longest times in seconds, of which a flip takes any part: a new tier starts, and a change reaches all of Route 53's servers. */
const LONGEST = { start: 180, propagation: 60 } as const;
/** Route 53's servers of a zone. */
const SERVERS = 4;

/** Requests that found no tier, by cause. */
export interface Loss {
  /** The new tier did not answer yet. */
  readonly unready: number;
  /** The old tier was deleted. */
  readonly gone: number;
}

/** One flip, in seconds after it began. */
export interface Flip {
  readonly ttl: number;
  /** When traffic may move. */
  readonly moved: number;
  /** When the new tier answers. */
  readonly ready: number;
  /** When each of Route 53's servers learns of the change. */
  readonly learned: readonly number[];
  /** When the old tier is gone. */
  readonly deleted: number;
}

/** What is taken away to show what it is for. */
const VARIANTS = ["both", "without ready", "without settled"] as const;

/** One way to set the gates, over all flips. */
export interface SimulationRow {
  readonly gates: (typeof VARIANTS)[number];
  readonly drainSeconds: number;
  /** Lost requests a flip. */
  readonly mean: number;
  /** In the worst flip of twenty. */
  readonly p95: number;
  /** The mean by cause. */
  readonly by: Loss;
  /** Flips in which a resolver that keeps to TTL could send visitors to a tier that did not serve. */
  readonly exposed: number;
  /** Mean seconds from when traffic may move until the old tier may go. */
  readonly keptSeconds: number;
}

export interface SimulationOptions {
  /** TTL of the site's records, in seconds. */
  readonly ttl: number;
  /** `gates.drainSeconds` of the stack. */
  readonly drainSeconds: number;
  /** Others to try beside it. */
  readonly drains: readonly number[];
  readonly visitors: Visitors;
  /** Flips a row. */
  readonly flips: number;
  /** The same seed gives the same report. */
  readonly seed: number;
}

/** Plays flips and counts what they lose: as a function of `drain`, and with either gate taken away. */
export function simulateFlips(options: SimulationOptions): SimulationRow[] {
  const { drainSeconds, drains } = options;
  const all = [...new Set([...drains, drainSeconds])].sort((a, b) => a - b);
  const [both, ...without] = VARIANTS;
  return [
    ...all.map((drain) => row(both, drain, options)),
    ...without.map((gates) => row(gates, drainSeconds, options)),
  ];
}

function row(
  gates: SimulationRow["gates"],
  drainSeconds: number,
  { ttl, visitors, flips: count, seed }: SimulationOptions,
): SimulationRow {
  // The same flips and the same visitors in every row, so that only the gates make the difference.
  const flips = Array.from({ length: count }, (_, index) =>
    playFlip(gates, ttl, drainSeconds, seeded(seed * 1_000_003 + index)),
  );
  const losses = flips.map((flip, index) => lossOf(flip, visitors, seeded(seed * 104_729 + index)));
  const sums = losses.map(({ unready, gone }) => unready + gone).sort((a, b) => a - b);
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / count;
  return {
    gates,
    drainSeconds,
    mean: mean(sums),
    p95: sums[Math.min(count - 1, Math.floor(count * 0.95))] ?? 0,
    by: { unready: mean(losses.map(({ unready }) => unready)), gone: mean(losses.map(({ gone }) => gone)) },
    exposed: flips.filter(isExposed).length,
    keptSeconds: mean(flips.map(({ moved, deleted }) => deleted - moved)),
  };
}

/** A site that has served from one tier for a day, and moves to another. */
function playFlip(gates: SimulationRow["gates"], ttl: number, drainSeconds: number, random: () => number): Flip {
  const ready = random() * LONGEST.start;
  const propagation = random() * LONGEST.propagation;
  const [before, next] = [served(servedBy("old", ttl)), servedBy("new", ttl)];
  const proves = gates !== "without ready" && tiersToProve(before, next).includes("new");
  const moved = proves ? ready : 0;
  const changed = (moved + propagation) * 1000;
  const until = gates === "without settled" ? undefined : holdOf(before, next, changed, drainSeconds)?.until;
  const learned = Array.from({ length: SERVERS }, () => moved + random() * propagation);
  return { ttl, moved, ready, learned, deleted: (until ?? changed) / 1000 };
}

const servedBy = (tier: string, ttl: number): TrafficState => {
  const slot = (weight: number) => ({
    tier,
    weight,
    share: weight,
    target: { kind: "addresses", ipv4: [tier] } as const,
  });
  return { revision: 0, ttl, slots: { serving: slot(100), canary: slot(0) } };
};

const DAY = 86_400_000;

/** What is live of a state that was reached a day ago. */
function served(value: TrafficState): LiveTraffic {
  const records = SLOTS.map((slot) => ({ slot, ttl: value.ttl, ...value.slots[slot] }));
  const written = { value, modified: -DAY };
  const answers = answersOf({ records }, [{ ...written, version: 1 }], [{ ...written, intent: 1 }]);
  return { at: 0, records, intent: { value }, state: { value }, ...answers };
}

/** Whether a resolver that keeps to TTL can lead a visitor to a tier that does not serve. */
const isExposed = ({ ttl, ready, learned, deleted }: Flip): boolean =>
  ready > Math.min(...learned) || deleted < Math.max(...learned) + ttl;

/**
 * Requests lost. A resolver has fetched the old answer some time before its server learned better, and leaves it when it is used up.
 * Requests come evenly, so that their number is the rate times the time.
 */
export function lossOf({ ttl, ready, learned, deleted }: Flip, visitors: Visitors, random: () => number): Loss {
  const { requestsPerSecond, resolvers, overstayShare, overstaySeconds } = visitors;
  const rate = requestsPerSecond / resolvers;
  let [unready, gone] = [0, 0];
  for (let resolver = 0; resolver < resolvers; resolver++) {
    const overstay = random() < overstayShare ? -Math.log(1 - random()) * overstaySeconds : 0;
    const leaves = (learned[Math.floor(random() * learned.length)] ?? 0) + random() * (ttl + overstay);
    unready += Math.max(0, ready - leaves) * rate;
    gone += Math.max(0, leaves - deleted) * rate;
  }
  return { unready, gone };
}
