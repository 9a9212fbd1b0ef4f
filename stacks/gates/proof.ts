import { ruleWeights, SLOTS, type Slot, type TrafficState, targetText } from "../../components/traffic-state";
import type { TrafficTarget } from "../../components/web-tier";
import type { LiveTraffic } from "../gates";

/** Weight by target group. */
type Weights = Readonly<Record<string, number>>;

/** The places at which one record set's visitors end: each address, or each target group behind the load balancer's alias. */
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

interface Share {
  readonly target: TrafficTarget;
  readonly weight?: number;
}

/** Percent of the visitors by place. */
type Visitors = ReadonlyMap<string, number>;
const NOBODY: Visitors = new Map();

/** As records and rule divide them. */
function visitorsOf(records: readonly Share[], rule: Weights = {}): Visitors {
  const all = records.reduce((sum, { weight = 0 }) => sum + weight, 0);
  const found = new Map<string, number>();
  for (const { target, weight = 0 } of records) {
    if (weight === 0) continue;
    for (const { place, share } of placesOf(target, rule)) {
      found.set(place, (found.get(place) ?? 0) + (share * weight * 100) / all);
    }
  }
  return found;
}

const recordsOf = ({ slots }: Pick<TrafficState, "slots">): Slot[] => SLOTS.map((slot) => slots[slot]);

/**
 * Tiers that must answer before traffic moves: those that get more visitors than they have at one of the very targets to which these
 * are led. Names do not count: another target group of a tier, another address of its server are as unproven as another tier.
 *
 * What a target has is the least of what is live and of what the two parameters say: a crash may have left the records at either side
 * of the latest change, and only what all of them gave was proven by an update that came through. The rule is changed before the
 * records, so it also counts what it does to the visitors whom the old records lead to the load balancer.
 */
export function tiersToProve(before: LiveTraffic, wanted: Pick<TrafficState, "slots">): string[] {
  const rule = ruleWeights(wanted.slots);
  const next = visitorsOf(recordsOf(wanted), rule);
  const between = visitorsOf(before.records, rule);
  const live = visitorsOf(before.records, before.ruleWeights);
  const state = before.state?.value;
  const intent = before.intent?.value ?? state;
  // Values of an earlier version name no groups; its state names the rule's.
  const saidOf = (side: TrafficState | undefined) =>
    side ? visitorsOf(recordsOf(side), ruleWeights(side.slots) ?? state?.rule?.weights) : NOBODY;
  const had = [live, saidOf(state), saidOf(intent)];
  const at = (visitors: Visitors, place: string) => visitors.get(place) ?? 0;
  const rises = (place: string) =>
    at(next, place) > Math.min(...had.map((side) => at(side, place))) + ROUNDING ||
    at(between, place) > at(live, place) + ROUNDING;
  const placesIn = ({ target, group }: Slot) => placesOf(target, group === undefined ? {} : { [group]: 1 });
  const rising = recordsOf(wanted).filter((slot) => placesIn(slot).some(({ place }) => rises(place)));
  return [...new Set(rising.map(({ tier }) => tier))];
}

/** Shares are percents that were divided and multiplied. */
const ROUNDING = 1e-6;
