import type { Call } from "./cloud";
import { type Answered, tierOf } from "./services";
import { DOMAIN, SPEED } from "./world";

/** What holds data or is reached by name: no flip may replace or delete it. */
const DATA = /^aws:(rds|secretsmanager|route53\/zone|ecr|sns\/topic:|acm\/certificate:)|^random:/;

/** The calls that move visitors. */
export const movesTraffic = ({ type, name, inputs, before }: Call): boolean =>
  (type === "aws:route53/record:Record" && (inputs.name ?? before?.name) === DOMAIN && name.startsWith("traffic-")) ||
  (type === "aws:lb/listenerRule:ListenerRule" && name === "traffic-catch-all");

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
  const first = Math.min(...moves.map(({ time }) => time));
  const last = Math.max(...moves.map(({ time }) => time));
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
    const waited = (time - last + 2 * SPEED) / 1000;
    if (!(waited >= seconds))
      found.push(`${name} was deleted ${waited.toFixed(1)} s after traffic had moved, not ${seconds}`);
  }
  return found;
}
