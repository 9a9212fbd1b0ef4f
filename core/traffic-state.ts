import type { TrafficTarget } from "./web-tier";

/** TTL of an alias of a load balancer, in seconds, which Route 53 decides. Source: Route 53 developer guide, 2026-11. */
export const ALIAS_TTL = 60;

/** The two record sets of the site's name. Both exist from the first day, and no flip deletes either. */
export const SLOTS = ["serving", "canary"] as const;
export type SlotName = (typeof SLOTS)[number];

/** What one record set says. */
export interface Slot {
  /** Architecture that stands behind the target. */
  readonly tier: string;
  /** Route 53 weight; the two slots add up to 100. */
  readonly weight: number;
  /**
   * Percent of the visitors that get there, by DNS or by the load balancer's rule: two tiers behind the load balancer are one
   * address, so the rule divides them while DNS says 100 and 0. The two slots add up to 100.
   */
  readonly share: number;
  readonly target: TrafficTarget;
  /** ARN of the target group behind the load balancer's alias: two of one tier are two places. */
  readonly group?: string;
}

/** How the catch-all rule of the shared load balancer divides requests. */
export interface RuleState {
  readonly arn: string;
  /** Weight by target group ARN. */
  readonly weights: Readonly<Record<string, number>>;
}

/** What an update found live that none had written: a change by hand. */
export interface FoundTraffic {
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** Longest TTL of the records, in seconds. */
  readonly ttl: number;
  readonly tiers: readonly string[];
  /** Percent of the visitors by place. */
  readonly visitors: Readonly<Record<string, number>>;
}

/**
 * Where the site's traffic goes. The same value is written to two SSM parameters around every change, since Route 53 tells
 * no record's age: **intent**, which the records and the rule depend on, and **state**, which depends on them. So the state
 * parameter's `LastModifiedDate` is never earlier than the last change of a record, and that is how old an answer in a
 * resolver's cache can be.
 */
export interface TrafficState {
  /**
   * Counts the steps of `platform migrate`. A stack file with a lower number than the live one is out of date.
   * @default 0
   */
  readonly revision: number;
  /** Seconds that a resolver may keep an answer: the records' TTL, 60 for an alias. */
  readonly ttl: number;
  readonly slots: Readonly<Record<SlotName, Slot>>;
  /** Undefined while no tier behind a load balancer is deployed. */
  readonly rule?: RuleState;
  /** What the update that wrote this led the visitors away from, where that was nobody's. */
  readonly found?: FoundTraffic;
}

/**
 * Text of a traffic parameter.
 * @param intent version of the intent parameter, for the state parameter only: the two belong together, and a state that
 *   carries an older version was written before the latest change began.
 */
export function encodeTraffic(state: TrafficState, intent?: number): string {
  const slot = ({ tier, weight, share, target, group }: Slot) => ({
    tier,
    weight,
    share,
    target: canonical(target),
    ...(group && { group }),
  });
  return JSON.stringify({
    revision: state.revision,
    ttl: state.ttl,
    slots: { serving: slot(state.slots.serving), canary: slot(state.slots.canary) },
    ...(state.rule && { rule: { arn: state.rule.arn, weights: sorted(state.rule.weights) } }),
    ...(state.found && { found: state.found }),
    ...(intent !== undefined && { intent }),
  });
}

/** Reads what {@link encodeTraffic} wrote; undefined for anything else. */
export function decodeTraffic(text: string): { state: TrafficState; intent?: number } | undefined {
  try {
    const { intent, ...state } = JSON.parse(text);
    return typeof state.slots?.serving?.tier === "string" && typeof state.slots?.canary?.tier === "string"
      ? { state, intent }
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The order in which the two records are written: one that has weight comes first. With both weights at 0 in between, Route 53 would
 * answer with either target.
 */
export const inWritingOrder = (weights: Readonly<Record<SlotName, number>>): readonly SlotName[] =>
  weights.serving > 0 ? SLOTS : [...SLOTS].reverse();

/** Weight by target group with which the load balancer's rule serves the slots; undefined if none of them is behind it. */
export function ruleWeights({ serving, canary }: TrafficState["slots"]): RuleState["weights"] | undefined {
  if (serving.group && canary.group && serving.group !== canary.group) {
    return { [serving.group]: serving.share, [canary.group]: canary.share };
  }
  const group = serving.group ?? canary.group;
  return group === undefined ? undefined : { [group]: 100 };
}

/** DNS names are compared without the root's dot and without case; Route 53 adds the one and lowers the other. */
export const dnsName = (name: string): string => name.toLowerCase().replace(/\.$/, "");

function canonical(target: TrafficTarget): TrafficTarget {
  switch (target.kind) {
    case "alias":
      return { kind: "alias", dnsName: dnsName(target.dnsName), zoneId: target.zoneId };
    case "cname":
      return { kind: "cname", name: dnsName(target.name) };
    case "addresses":
      return { kind: "addresses", ipv4: [...target.ipv4].sort() };
  }
}

/** A target as messages show it; equal texts are equal targets. */
export const targetText = (target: TrafficTarget): string =>
  target.kind === "alias"
    ? dnsName(target.dnsName)
    : target.kind === "cname"
      ? dnsName(target.name)
      : [...target.ipv4].sort().join(", ");

const sorted = (weights: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(weights).sort(([a], [b]) => (a < b ? -1 : 1)));
