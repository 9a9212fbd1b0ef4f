import {
  type FoundTraffic,
  ruleWeights,
  SLOTS,
  type Slot,
  type TrafficState,
  targetText,
} from "../../core/traffic-state";
import type { TrafficTarget } from "../../core/web-tier";
import type { LiveRecord } from "./live-aws";

/**
 * What visitors can still reach, out of what is live and of what updates have written around every change: pure functions, which all
 * gates ask. Every moment is in milliseconds of this machine's clock.
 */

/** What was live before an update. */
export interface LiveTraffic {
  /** When it was read. */
  readonly at: number;
  readonly records: readonly LiveRecord[];
  /** Weights of the rule that the state parameter names. */
  readonly ruleWeights?: Weights;
  /** What the latest update was about to do. */
  readonly intent?: { readonly value?: TrafficState };
  /** What the latest update had done. */
  readonly state?: { readonly value?: TrafficState };
  /** Tiers that the records name, whatever their weights; {@link ANY} for a place that no parameter names. */
  readonly named?: readonly string[];
  /** What Route 53 tells; undefined for a name without records. */
  readonly told?: Answer;
  /** What it has told by the parameters around each change. */
  readonly asked: readonly Answer[];
  /** What updates before had done, in their order. */
  readonly reached: readonly TrafficState[];
}

/** Nothing is live: a site that is yet to be made. */
export const NOTHING_LIVE: LiveTraffic = { at: 0, records: [], asked: [], reached: [] };

/** One way in which Route 53 has divided the visitors. */
export interface Answer {
  readonly visitors: Visitors;
  /** Tiers to which it led; {@link ANY} for a place that no parameter names. */
  readonly tiers: readonly string[];
  /** Seconds for which a resolver keeps it. */
  readonly ttl: number;
  /** Until when it may have been given; infinite while it is. */
  readonly given: number;
}

/** Stands for a tier that is not known, which may be any. */
const ANY = "*";

/** One version of the parameter that is written before the records change. */
export interface Intended {
  readonly version: number;
  readonly value: TrafficState;
  readonly modified: number;
}

/** One version of the parameter that is written after the records have changed. */
export interface Reached {
  /** Version of the other parameter that it was written for. */
  readonly intent: number;
  readonly value: TrafficState;
  readonly modified: number;
}

/** Weight by target group. */
export type Weights = Readonly<Record<string, number>>;

/** Percent of the visitors by place: each address, or each target group behind the load balancer's alias. */
export type Visitors = ReadonlyMap<string, number>;

/** The places at which one record set's visitors end, and their part of them. */
function placesOf(target: TrafficTarget, rule: Weights): { readonly place: string; readonly share: number }[] {
  if (target.kind === "addresses") {
    return target.ipv4.map((place) => ({ place, share: 1 / target.ipv4.length }));
  }
  if (target.kind === "cname") return [{ place: targetText(target), share: 1 }];
  const all = Object.values(rule).reduce((sum, weight) => sum + weight, 0);
  // Without a rule the load balancer answers 503 itself: nobody ends anywhere.
  return Object.entries(rule).flatMap(([group, weight]) =>
    all > 0 ? [{ place: behind(target, group), share: weight / all }] : [],
  );
}

/** A target group of one load balancer is another place than the same one behind another. */
const behind = (target: TrafficTarget, group: string) => `${targetText(target)} ${group}`;

/** The places of one slot, whether it has visitors or not. */
export const placesIn = ({ target, group }: Slot): string[] =>
  placesOf(target, group === undefined ? {} : { [group]: 1 }).map(({ place }) => place);

/**
 * Where records and rule lead the visitors. Where all weights are 0, Route 53 answers with any of the records
 * (docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-weighted.html).
 */
export function visitorsOf(
  records: readonly { readonly target: TrafficTarget; readonly weight?: number }[],
  rule: Weights = {},
): Visitors {
  const none = records.every(({ weight = 0 }) => weight === 0);
  const weighted = records.map(({ target, weight = 0 }) => ({ target, weight: none ? 1 : weight }));
  const all = weighted.reduce((sum, { weight }) => sum + weight, 0);
  const found = new Map<string, number>();
  for (const { target, weight } of weighted) {
    if (weight === 0) continue;
    for (const { place, share } of placesOf(target, rule)) {
      found.set(place, (found.get(place) ?? 0) + (share * weight * 100) / all);
    }
  }
  return found;
}

export const slotsOf = ({ slots }: Pick<TrafficState, "slots">): Slot[] => SLOTS.map((slot) => slots[slot]);

/**
 * Where a state leads the visitors.
 * @param rule weights of the live rule: a state of an earlier version names no groups
 */
export const visitorsIn = (state: Pick<TrafficState, "slots">, rule?: Weights): Visitors =>
  visitorsOf(slotsOf(state), ruleWeights(state.slots) ?? rule);

/** Shares are percents that were divided and multiplied. */
export const ROUNDING = 1e-6;

const sameVisitors = (a: Visitors, b: Visitors): boolean =>
  a.size === b.size && [...a].every(([place, share]) => Math.abs((b.get(place) ?? 0) - share) < ROUNDING);

/**
 * The answers that Route 53 gives, and has given by the parameters. An intent's answer is given until a state is written for a later
 * intent, as the records have left it behind then; before that some of them may still be at it, as an update that was killed leaves
 * them. A lowered TTL does not shorten what was handed out before it.
 */
export function answersOf(
  { records, ruleWeights: rule }: Pick<LiveTraffic, "records" | "ruleWeights">,
  intents: readonly Intended[],
  states: readonly Reached[],
): Pick<LiveTraffic, "named" | "told" | "asked" | "reached"> {
  const written: Intended[] = [...intents, ...states.map(({ intent, ...state }) => ({ ...state, version: intent }))];
  // A parameter that was deleted counts its versions anew, so the moment counts too.
  const givenUntil = ({ version, modified }: Intended) =>
    Math.min(
      Number.POSITIVE_INFINITY,
      ...states.flatMap((state) => (state.intent > version && state.modified >= modified ? [state.modified] : [])),
    );
  const asked = written.flatMap((one): Answer[] => {
    const { ttl, found } = one.value;
    const given = givenUntil(one);
    const tiers = slotsOf(one.value).flatMap(({ tier, share }) => (share > 0 ? [tier] : []));
    return [
      { visitors: visitorsIn(one.value, rule), tiers, ttl, given },
      ...(found ? [{ ...found, visitors: new Map(Object.entries(found.visitors)), given }] : []),
    ];
  });
  const reached = states.map(({ value }) => value);
  if (records.length === 0) return { asked, reached };
  const visitors = visitorsOf(records, rule);
  const tierAt = new Map(
    written.flatMap(({ value }) => slotsOf(value).flatMap((slot) => placesIn(slot).map((place) => [place, slot.tier]))),
  );
  const tiersAt = (places: Iterable<string>) => [...new Set([...places].map((place) => tierAt.get(place) ?? ANY))];
  const tiers = tiersAt(visitors.keys());
  const named = tiersAt(records.flatMap(({ target }) => placesOf(target, rule ?? {})).map(({ place }) => place));
  const ttl = Math.max(...records.map((record) => record.ttl));
  return { asked, reached, named, told: { visitors, tiers, ttl, given: Number.POSITIVE_INFINITY } };
}

/** The latest state of updates before that led visitors elsewhere than traffic does now; undefined if none did. */
export const earlierThan = ({ reached, ruleWeights: rule }: LiveTraffic, now: TrafficState): TrafficState | undefined =>
  reached.findLast((state) => !sameVisitors(visitorsIn(state, rule), visitorsIn(now)));

const NOBODY: Visitors = new Map();

/** Whether an update has led visitors elsewhere. */
export const movedBetween = (before: LiveTraffic, after: LiveTraffic): boolean =>
  !sameVisitors(before.told?.visitors ?? NOBODY, after.told?.visitors ?? NOBODY);

const allOf = ({ asked, told }: LiveTraffic): readonly Answer[] => (told ? [...asked, told] : asked);

/** Where visitors are led by what Route 53 may say now: one way, or each side of the changes that were cut off. */
export const givenNow = (live: LiveTraffic): readonly Visitors[] =>
  allOf(live).flatMap(({ visitors, given }) => (given === Number.POSITIVE_INFINITY ? [visitors] : []));

/** When the last resolver that keeps to TTL has let go of an answer, and those that overstay a little. */
const heldUntil = ({ given, ttl }: Answer, drainSeconds: number) => given + (ttl + drainSeconds) * 1000;

/**
 * Whether visitors may reach a tier at the moment at which traffic was read: what it needs must stay. A record that names it is enough:
 * a hand that gives the record its weight back has to find somebody there.
 */
export const mayReach = (live: LiveTraffic, tier: string, drainSeconds: number): boolean =>
  [live.named ?? [], ...allOf(live).flatMap((one) => (heldUntil(one, drainSeconds) > live.at ? [one.tiers] : []))]
    .flat()
    .some((known) => known === tier || known === ANY);

/**
 * The longest hold that resolvers have on an answer which divides the visitors in another way than traffic does now; undefined if
 * there is none any more.
 * @param changed the latest moment at which the records can have changed: they have certainly left all other answers at it
 */
export function holdOf(live: LiveTraffic, now: TrafficState, changed: number, drainSeconds: number) {
  const wanted = visitorsIn(now);
  return allOf(live)
    .filter(({ visitors }) => !sameVisitors(visitors, wanted))
    .map((answer) => ({ ttl: answer.ttl, given: Math.min(answer.given, changed) }))
    .map(({ ttl, given }) => ({ ttl, until: given + (ttl + drainSeconds) * 1000 }))
    .filter(({ until }) => until > changed)
    .sort((a, b) => b.until - a.until)[0];
}

/**
 * What is live without an update having written it, as somebody has changed records or rule by hand. It is written down with the
 * change that follows: if that is killed, resolvers would hold what nothing tells of any more.
 */
export function foundByHand(live: LiveTraffic, wanted: TrafficState): FoundTraffic | undefined {
  const { at, told, records, ruleWeights: rule } = live;
  const latest = live.intent?.value;
  const known = [wanted, live.state?.value, latest].flatMap((state) => state ?? []);
  const wrote = (record: LiveRecord) =>
    known.some((state) =>
      slotsOf(state).some(
        ({ target, weight }) =>
          targetText(target) === targetText(record.target) && weight === record.weight && record.ttl <= state.ttl,
      ),
    );
  const ruled = known.some(
    (state) => weightsText(ruleWeights(state.slots) ?? state.rule?.weights) === weightsText(rule),
  );
  if (!told || (records.every(wrote) && (rule === undefined || ruled))) return undefined;
  const found = foundOf(told, at);
  const again = latest?.found && JSON.stringify({ ...latest.found, at }) === JSON.stringify(found);
  return again ? latest.found : found;
}

const foundOf = ({ visitors, tiers, ttl }: Answer, at: number): FoundTraffic => ({
  at,
  ttl,
  tiers: [...new Set(tiers)].sort(),
  visitors: Object.fromEntries([...visitors].sort(([a], [b]) => (a < b ? -1 : 1))),
});

/** Weights as a message shows them; equal texts are equal weights. */
export const weightsText = (weights: Weights | undefined): string =>
  weights
    ? Object.entries(weights)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([group, weight]) => `${groupText(group)}: ${weight}`)
        .join(", ")
    : "nothing";

/** Name and id of a target group. */
export const groupText = (arn: string): string => arn.split("/").slice(1).join("/") || arn;
