import { inWritingOrder, ruleWeights, type SlotName, type TrafficState } from "../../components/traffic-state";
import { type LiveTraffic, placesIn, ROUNDING, slotsOf, type Visitors, visitorsIn, visitorsOf } from "./reach";

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
