import type { Gates } from "./contract";
import { delegated } from "./delegated";
import { type Context, contextOf, type GateOptions } from "./gate-context";
import { live } from "./live";
import { migrated } from "./migration";
import { allowDeletion, hold } from "./protection";
import { NOTHING_LIVE } from "./reach";
import { ready } from "./ready";
import { renamed } from "./rename";
import { rolledOut } from "./rollout";
import { settled } from "./settled";

export type { Gates, RequestedTraffic, TrafficQuery } from "./contract";
export { disagreement } from "./disagreement";
export type { GateOptions } from "./gate-context";
export { losesVisitors, tiersToProve } from "./proof";
export { foundByHand, type LiveTraffic, mayReach } from "./reach";
export { outOfStep } from "./settled";
export { ifKnown, knownValue } from "./wait";

/** In the order in which an update comes to them. */
const gates = { live, delegated, migrated, hold, rolledOut, ready, renamed, settled, allowDeletion } satisfies {
  readonly [K in keyof Gates]: (context: Context) => Gates[K];
};

/** The gates of `pulumi up`. */
export function liveGates(options: GateOptions): Gates {
  const context = contextOf(options);
  return Object.fromEntries(Object.entries(gates).map(([name, gate]) => [name, gate(context)])) as unknown as Gates;
}

/** Gates of a preview: nothing is there to wait for. */
export const previewGates: Gates = {
  live: async () => NOTHING_LIVE,
  delegated: async () => {},
  migrated: async () => true,
  hold: async () => {},
  rolledOut: async () => {},
  ready: async () => {},
  renamed: async () => {},
  settled: async () => {},
  allowDeletion: async () => {},
};
