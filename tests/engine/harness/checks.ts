import type { Call } from "./cloud";
import { type Answered, tierOf } from "./services";
import { DOMAIN, SPEED } from "./world";

/** What holds data or is reached by name: no flip may replace or delete it. */
const DATA = /^aws:(rds|secretsmanager|route53\/zone|ecr|sns\/topic:|acm\/certificate:)|^random:/;

/** The calls that move visitors. */
export const movesTraffic = ({ type, name, inputs, before }: Call): boolean =>
  (type === "aws:route53/record:Record" && (inputs.name ?? before?.name) === DOMAIN && name.startsWith("traffic-")) ||
  (type === "aws:lb/listenerRule:ListenerRule" && name === "traffic-catch-all");

const TTL = 60;
const DRAIN = 20;

/** A walk over all twelve changes of architecture, each once. */
export const WALK = [
  "monitored-instance",
  "ha-web-tier",
  "monitored-instance",
  "fargate",
  "monitored-instance",
  "vercel",
  "ha-web-tier",
  "fargate",
  "ha-web-tier",
  "vercel",
  "fargate",
  "vercel",
  "monitored-instance",
] as const;

/** Seconds between the latest change and the first deletion: TTL of the old side's addresses is 30, of a load balancer's alias 60. */
export const waitOf = (from: string) => (from === "ha-web-tier" || from === "fargate" ? TTL : 30) + DRAIN;

/** What a call of one of the two parameters around the records says; undefined for any other call. */
function traffic({ name, inputs, op }: Call, parameter: "traffic-intent" | "traffic-state") {
  return name === parameter && op !== "delete"
    ? (JSON.parse(inputs.value) as { slots: Record<"serving" | "canary", { tier: string; share: number }> }).slots
    : undefined;
}

/** The shares of `serving` and `canary` that updates have ended with, one after the other: `90/10`. */
export function shares(calls: readonly Call[]): string[] {
  const all = calls.flatMap((call) => {
    const slots = traffic(call, "traffic-state");
    return slots ? [`${slots.serving.share}/${slots.canary.share}`] : [];
  });
  return all.filter((one, index) => one !== all[index - 1]);
}

/** The first call that gives a tier traffic. */
function firstFor(tier: string, calls: readonly Call[]): number {
  let wanted = true;
  for (const call of calls) {
    const slots = traffic(call, "traffic-intent");
    if (slots) wanted = Object.values(slots).some((slot) => slot.tier === tier && slot.share > 0);
    else if (wanted && movesTraffic(call) && call.op !== "delete") return call.time;
  }
  return Number.POSITIVE_INFINITY;
}

/** The calls until visitors had left a tier for good; what moves records afterwards, as a swap of the slots does, moves nobody. */
function untilLeft(tier: string, calls: readonly Call[]): readonly Call[] {
  const states = calls.flatMap((call, index) => {
    const slots = traffic(call, "traffic-state");
    return slots ? [{ index, has: Object.values(slots).some((slot) => slot.tier === tier && slot.share > 0) }] : [];
  });
  const left = states.findLastIndex(({ has }) => has) + 1;
  return calls.slice(0, states[left]?.index);
}

export interface Flip {
  readonly from: string;
  readonly to: string;
  /** Seconds that the gate must leave between the latest change of traffic and the first deletion. */
  readonly seconds: number;
}

/** What is wrong with a flip, by its call log; empty if nothing is. */
export function violations(
  calls: readonly Call[],
  answers: readonly Answered[],
  { from, to, seconds }: Flip,
): string[] {
  const found: string[] = [];
  const moves = calls.filter((call) => movesTraffic(call) && call.op !== "delete");
  const first = firstFor(to, calls);
  const last = Math.max(...moves.map(({ time }) => time));
  const left = Math.max(
    ...untilLeft(from, calls)
      .filter((call) => moves.includes(call))
      .map(({ time }) => time),
  );
  if (moves.length === 0) found.push("traffic did not move");
  for (const { type, name, op } of calls) {
    if (DATA.test(type) && op === "delete") found.push(`data resource ${name} was deleted`);
    if (op === "delete" && /^traffic-(serving|canary|state|intent)$/.test(name)) found.push(`${name} was deleted`);
  }
  const proven = answers.some(({ tier, time, healthy }) => tier === to && healthy && time <= first);
  if (!proven) found.push(`traffic moved before ${to} had answered its probe`);
  const visited = answers.some(({ tier, time, healthy, probe }) => tier === to && healthy && !probe && time >= last);
  if (!visited) found.push(`nobody asked the public URL after traffic had moved`);
  const deletes = calls.filter(
    ({ op, urn, name }) => op === "delete" && (tierOf(urn) === from || name.startsWith("load-balancer")),
  );
  if (!deletes.some(({ urn }) => tierOf(urn) === from)) found.push(`${from} was not retired`);
  for (const { name, time } of deletes) {
    // One timer of the program may fire this much early, in the world's time.
    const waited = (time - left + 2 * SPEED) / 1000;
    if (!(waited >= seconds))
      found.push(`${name} was deleted ${waited.toFixed(1)} s after visitors had left it, not ${seconds}`);
  }
  return found;
}
