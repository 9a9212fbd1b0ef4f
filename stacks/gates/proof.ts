import { inWritingOrder, ruleWeights, type SlotName, type TrafficState } from "../../core/traffic-state";
import {
  givenNow,
  type LiveTraffic,
  placesIn,
  ROUNDING,
  slotsOf,
  type Visitors,
  visitorsIn,
  visitorsOf,
} from "./reach";
import { sharesOf } from "./stops";

const NOBODY: Visitors = new Map();

/**
 * Tiers that must answer before traffic moves: those that get more visitors than they have at one of the very targets to which these
 * are led. Names do not count: another target group of a tier, another address of its server are as unproven as another tier.
 *
 * What a target has is the least of what is live and of what the two parameters say: a crash may have left the records at either side
 * of the latest change, and only what all of them gave was proven by an update that came through. The rule is changed first, then
 * one record, then the other, so it also counts what each of them does to the visitors whom the others still lead as before.
 */
export function tiersToProve(before: LiveTraffic, wanted: Pick<TrafficState, "slots">): string[] {
  const next = visitorsIn(wanted);
  const rule = ruleWeights(wanted.slots);
  const { serving, canary } = wanted.slots;
  const [first] = inWritingOrder({ serving: serving.weight, canary: canary.weight }) as [SlotName];
  const others = before.records.filter(({ slot }) => slot !== first);
  const between = [before.records, [wanted.slots[first], ...others]].map((records) => visitorsOf(records, rule));
  const live = before.told?.visitors ?? NOBODY;
  const state = before.state?.value;
  const intent = before.intent?.value ?? state;
  const saidOf = (side: TrafficState | undefined) => (side ? visitorsIn(side, state?.rule?.weights) : NOBODY);
  const had = [live, saidOf(state), saidOf(intent)];
  const at = (visitors: Visitors, place: string) => visitors.get(place) ?? 0;
  const rises = (place: string) =>
    at(next, place) > Math.min(...had.map((side) => at(side, place))) + ROUNDING ||
    between.some((step) => at(step, place) > at(live, place) + ROUNDING);
  const rising = slotsOf(wanted).filter((slot) => placesIn(slot).some(rises));
  return [...new Set(rising.map(({ tier }) => tier))];
}

/**
 * Whether a tier is about to have fewer visitors than it may have now: what fails in it must not hold up the way out of it. It may have
 * what an update before has led to it and was cut off in, which the latest state does not tell. A tier that has had nobody is not one of
 * them, even at 0 %: what it is asked to run has to run.
 */
export function losesVisitors(before: LiveTraffic, next: Pick<TrafficState, "slots">, tier: string): boolean {
  const [state, intent] = [before.state?.value, before.intent?.value];
  const shareIn = (side: Pick<TrafficState, "slots">) => sharesOf(side).find((one) => one.tier === tier)?.share ?? 0;
  const known = [next, state, intent].filter((side) => side !== undefined);
  const places = new Set(known.flatMap(slotsOf).flatMap((slot) => (slot.tier === tier ? placesIn(slot) : [])));
  const sharesAt = (visitors: Visitors) => [...places].reduce((sum, place) => sum + (visitors.get(place) ?? 0), 0);
  // A state of an earlier version names no groups, so its places are not known.
  const had = [...known.slice(1).map(shareIn), ...givenNow(before).map(sharesAt)];
  return had.some((share) => share > shareIn(next) + ROUNDING);
}
