import * as pulumi from "@pulumi/pulumi";
import { reason } from "../../core/errors";
import { dnsName, SLOTS, type Slot, type TrafficState, targetText } from "../../core/traffic-state";
import type { Gates, TrafficToSettle } from "./contract";
import type { Context } from "./gate-context";
import { readLive } from "./live";
import type { Names } from "./names";
import { probeUrl, visitorsProbe } from "./probe";
import { earlierThan, holdOf, type LiveTraffic, movedBetween, weightsText } from "./reach";
import { answersText } from "./ready";
import { bearer, notSettled, sharesOf, sharesText } from "./stops";
import { type Look, lookUntil, notYet, type Patience, seconds, sleepUntil } from "./wait";

export const settled =
  (context: Context): Gates["settled"] =>
  async (traffic) => {
    const { clock, drainSeconds, healthyCount, log } = context;
    const { query, before, now } = traffic;
    const started = clock.now();
    const after = await liveAsAsked(traffic, context);
    const stop = stopper(traffic, context, after);

    const hold = holdOf(before, now, started, drainSeconds);
    if (hold) {
      const what = `Waiting for resolvers to let go of the old answer (TTL ${hold.ttl} s + ${drainSeconds} s)`;
      await sleepUntil(hold.until, what, clock, log);
    }
    const until = context.patience();
    const dns = await serversAnswer(traffic, context, until);
    if (dns) stop(`the authoritative servers of ${query.name} do not answer with it.`, dns);
    const times = hold ? healthyCount : 1;
    const { visit, wrong } = await visitorsAnswer(traffic, context, times, until);
    if (wrong) stop(`${probeUrl(visit)} did not give ${answersText(times)} within ${context.timeoutSeconds} s.`, wrong);
    if (hold) {
      log(`${query.name}: ${sharesText(sharesOf(now))} (${seconds(clock.now() - started)} s after the change)`);
    }
  };

/** Ends the update with what stands and the ways on and back. */
const stopper =
  ({ now, before }: TrafficToSettle, { asked }: Context, after: LiveTraffic | undefined, drifted = false) =>
  (fault: string, why: string): never => {
    const stop = {
      ...{ now, before: before.state?.value, drifted, asked },
      moved: after && movedBetween(before, after),
      earlier: after && earlierThan(after, now),
    };
    throw new pulumi.RunError(notSettled(stop, fault, why));
  };

/** What is live behind the update, which must be what it asked for, whatever the engine believes. */
async function liveAsAsked(traffic: TrafficToSettle, context: Context): Promise<LiveTraffic> {
  const { query, now } = traffic;
  let after: LiveTraffic | undefined;
  const wrong = await lookUntil("Waiting for Route 53", 1, context.patience(), async () => {
    try {
      after = await readLive(query, context);
    } catch (error) {
      return notYet(reason(error));
    }
    const difference = outOfStep(after, now);
    return difference ? { done: false, why: difference, final: true } : { done: true };
  });
  if (!wrong && after) return after;
  const drifted = after !== undefined && wrong === outOfStep(after, now);
  const fault = drifted
    ? "Route 53 does not say what this stack's state says."
    : "AWS does not tell what is live, and what was before.";
  return stopper(traffic, context, after, drifted)(fault, wrong ?? "");
}

/** How what is live differs from what is wanted; undefined if it does not. */
export function outOfStep(live: LiveTraffic, wanted: TrafficState): string | undefined {
  for (const slot of SLOTS) {
    const { weight, target } = wanted.slots[slot];
    const record = live.records.find((one) => one.slot === slot);
    if (!record) return `there is no record "${slot}"`;
    const says = `${targetText(record.target)} with weight ${record.weight ?? 0}`;
    const should = `${targetText(target)} with weight ${weight}`;
    if (says !== should) return `the record "${slot}" points at ${says} instead of ${should}`;
  }
  if (wanted.rule) {
    const says = weightsText(live.ruleWeights);
    const should = weightsText(wanted.rule.weights);
    if (says !== should) return `the load balancer's rule divides traffic as ${says} instead of ${should}`;
  }
  return undefined;
}

/** Undefined once all authoritative servers answer with nothing but the targets that carry traffic. */
function serversAnswer(
  { query: { name }, now, nameServers }: TrafficToSettle,
  { names, question }: Context,
  until: Patience,
): Promise<string | undefined> {
  const serving = SLOTS.map((slot) => now.slots[slot]).filter(({ weight }) => weight > 0);
  return lookUntil("Waiting for the authoritative servers", 1, until, async () => {
    try {
      return await question(`DNS of ${name}`, lookAtServers(names, name, nameServers, serving));
    } catch (error) {
      return notYet(`${reason(error)}; is UDP port 53 open from here?`);
    }
  });
}

async function lookAtServers(
  names: Names,
  name: string,
  servers: readonly string[],
  serving: readonly Slot[],
): Promise<Look> {
  const asAlias = serving.every(({ target }) => target.kind === "cname");
  const allowed = new Set<string>();
  for (const { target } of serving) {
    if (target.kind === "cname") allowed.add(dnsName(target.name));
    else
      for (const one of target.kind === "addresses" ? target.ipv4 : await names.addresses(target.dnsName))
        allowed.add(one);
  }
  for (const server of servers) {
    const found = asAlias ? await names.aliases(name, [server]) : await names.addresses(name, [server]);
    if (found.length > 0 && found.every((one) => allowed.has(dnsName(one)))) continue;
    return notYet(`${server} answers ${found.join(", ") || "nothing"}, where ${[...allowed].join(", ")} was expected`);
  }
  return { done: true };
}

/** Asks the public URL, which has to be answered by a tier that has visitors. */
async function visitorsAnswer(
  { query, now, tiers }: TrafficToSettle,
  context: Context,
  times: number,
  until: Patience,
) {
  const to = bearer(now.slots);
  const withVisitors = SLOTS.map((slot) => now.slots[slot]).flatMap(({ share, tier }) => (share > 0 ? [tier] : []));
  const expected = tiers
    .filter(({ tier }) => withVisitors.includes(tier))
    .map(({ probe }) => ({ tier: probe.expectTier, version: probe.expectVersion }));
  const model = tiers.find(({ tier }) => tier === to)?.probe;
  if (!model) throw new Error(`settled() was not given the probe of ${to}`);
  const visit = visitorsProbe(model, query.name);
  const wrong = await lookUntil(`Waiting for https://${query.name} to answer`, times, until, (left) =>
    context.probe(visit, expected, left),
  );
  return { visit, wrong };
}
