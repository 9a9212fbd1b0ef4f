import * as pulumi from "@pulumi/pulumi";
import { decodeTraffic, dnsName, SLOTS, type SlotName, type TrafficState, targetText } from "../../core/traffic-state";
import type { Probe, TrafficTarget } from "../../core/web-tier";
import type { KnownResource } from "../state";
import { type AwsReader, type LiveParameter, type LiveRecord, liveAws } from "./live-aws";
import { liveRunner, type MigrationRunner, type MigrationStep, runMigration } from "./migration";
import { liveNames, type Names } from "./names";
import { type Answer, ask, askAll, type Expected, probeUrl, visitorsProbe } from "./probe";
import { guardedIn, guardianOf, type Kept, liveProtection, type Protection } from "./protection";
import { answersOf, earlierThan, holdOf, type LiveTraffic, movedBetween, NOTHING_LIVE, weightsText } from "./reach";
import { liveZone, type Rename, renameRecords, type Zone } from "./rename";
import { type RolloutCloud, rollOut, type TierToRollOut } from "./rollout";
import { liveRollouts } from "./rollout/aws";
import { meetRule } from "./rule";
import {
  type Asked,
  bearer,
  migrateCommand,
  notReady,
  notSettled,
  refreshCommand,
  setCommand,
  sharesOf,
  sharesText,
  upCommand,
} from "./stops";
import {
  type Clock,
  type Look,
  lookUntil,
  never,
  notYet,
  refused,
  seconds,
  sleepUntil,
  systemClock,
  within,
} from "./wait";

export { losesVisitors, tiersToProve } from "./proof";
export { foundByHand, type LiveTraffic, mayReach } from "./reach";
export { ifKnown, knownValue } from "./wait";

/**
 * What a program waits for between two registrations. It is a plain object that the site is given, so tests bring their own.
 *
 * Order in the program, which is the whole of a flip's safety, as the engine deletes last and only after a program that
 * ended well:
 *
 * 1. `live` first of all (and `renamed` before it where a new name was taken back): it refuses a stack file that disagrees with what is
 *    live, before anything but the zone is registered, and tells what visitors may reach, from which the foundation takes nothing away;
 * 2. foundation and tiers are registered and `hold` what serves; `migrated` before a tier rolls a release out, and `rolledOut` for every
 *    tier after it;
 * 3. `ready` for each of {@link tiersToProve};
 * 4. `renamed`, and traffic is registered: intent parameter, then the rule, then the records, then the state parameter;
 * 5. `settled`, `allowDeletion` of a load balancer or a server that is to go, and the program ends.
 *
 * None is called in a preview.
 */
export interface Gates {
  /**
   * A new zone answers for nothing until its registrar points at it.
   * @throws with the name servers to enter, at once if the delegation differs: waiting for a person is no update
   */
  delegated(zone: { readonly name: string; readonly nameServers: readonly string[] }): Promise<void>;
  /** Returns when the records of the site's names have the form that they need: another name may redirect now, or serve. */
  renamed(rename: Rename): Promise<void>;
  /**
   * What is live before this update.
   * @throws if the stack file disagrees with it in a way that no change of `architecture` explains, and says what to keep
   */
  live(query: TrafficQuery, requested: RequestedTraffic): Promise<LiveTraffic>;
  /**
   * Returns when the release's migrations were applied, now or by an update before; false if nothing can run them yet.
   * @throws when they fail; the release has not been rolled out by then
   */
  migrated(step: MigrationStep): Promise<boolean>;
  /**
   * Returns when what runs is what was asked, whether the tier has visitors or not. Begins an instance refresh and a server's release,
   * and begins again what was rolled back before this update.
   * @throws as soon as the rollout has gone back or failed, and after `timeoutSeconds`; traffic has not moved by then
   */
  rolledOut(tier: TierToRollOut): Promise<void>;
  /**
   * Returns when the tier answered its probe well `healthyCount` times in a row.
   * @throws after `timeoutSeconds`; traffic has not moved by then
   */
  ready(tier: TierToProve): Promise<void>;
  /**
   * Returns when no resolver holds the old answer any more, and the authoritative servers and the public URL answer from
   * where traffic points now. Returns at once, after one look, if nothing has moved for long enough.
   * @throws after `timeoutSeconds`; traffic has moved by then, and nothing is deleted
   */
  settled(traffic: TrafficToSettle): Promise<void>;
  /**
   * Turns on what protects a load balancer and a server against deletion, where it is off though the program wants it: an update that
   * was taken back behind {@link allowDeletion} has left it so, and neither the engine nor a plan sees it. What cannot be protected is
   * told.
   */
  hold(kept: readonly Kept[]): Promise<void>;
  /**
   * Lifts the same protection of what the stack had before this update and has no more, as the engine deletes it next. Behind `settled`:
   * the protection is against a hand, other tools and `pulumi destroy`, and a flip that passed its gates is what it has to let by.
   */
  allowDeletion(kept: readonly Kept[]): Promise<void>;
}

/** Where to look for the site's traffic. */
export interface TrafficQuery {
  readonly zoneId: string;
  /** The site's name. */
  readonly name: string;
  /** What the stack knew it by: the records are there until {@link Gates.renamed}. @default the same */
  readonly former?: { readonly name: string; readonly zoneId: string };
  /** Names of the two parameters around the records (see {@link TrafficState}). */
  readonly parameters: { readonly intent: string; readonly state: string };
  /** Names of the same that an update before was cut off in giving up: what they tell is earlier. @default none */
  readonly leaving?: { readonly intent: readonly string[]; readonly state: readonly string[] };
}

/** What the stack file asks for. */
export interface RequestedTraffic extends Asked {
  /** `traffic.revision` of the stack file. @default 0 */
  readonly revision?: number;
}

export interface TierToProve {
  readonly tier: string;
  readonly probe: Probe;
  /** Whether visitors get to it by the load balancer's rule. @default false */
  readonly balanced?: boolean;
}

export interface TrafficToSettle {
  readonly query: TrafficQuery;
  /** Answer of {@link Gates.live} at the start of this update. */
  readonly before: LiveTraffic;
  /** What the records say now. */
  readonly now: TrafficState;
  /** Authoritative servers of the zone. */
  readonly nameServers: readonly string[];
  /** Every tier that is deployed; the public URL must answer from one that has weight. */
  readonly tiers: readonly { readonly tier: string; readonly probe: Probe }[];
}

export interface GateOptions {
  /** Healthy answers in a row. @default 3 */
  readonly healthyCount?: number;
  /** Seconds between two looks. @default 5 */
  readonly intervalSeconds?: number;
  /** Seconds after which a gate gives up; the wait for TTL and drain is not counted. @default 900 */
  readonly timeoutSeconds?: number;
  /**
   * Seconds that are waited on top of TTL, for resolvers and clients that keep an answer for too long. Requests of those
   * that keep it longer still are lost when the old tier goes: `stacks/simulation/simulation.ts` shows how many. @default 60
   */
  readonly drainSeconds?: number;
  /** DNS servers for the public view, as `address` or `address:port`, where the machine's own do not show it. @default the system's */
  readonly resolvers?: readonly string[];
  readonly region: string;
  /** What the stack knew before this update. @default nothing */
  readonly known?: readonly KnownResource[];
  /** AWS profile of the stack. @default the SDK's chain */
  readonly profile?: string;
  /** Receives a line of progress at most every ten seconds. @default the update's log */
  readonly log?: (message: string) => void;
  /** Parts that tests replace. */
  readonly clock?: Clock;
  readonly names?: Names;
  readonly aws?: AwsReader;
  readonly migrations?: MigrationRunner;
  readonly rollouts?: RolloutCloud;
  readonly protection?: Protection;
  readonly zone?: Zone;
  readonly ask?: (probe: Probe, address: string, timeoutMs: number) => Promise<Answer>;
}

/** Defaults of the stack's `gates` section. */
const GATE_DEFAULTS = { healthyCount: 3, intervalSeconds: 5, timeoutSeconds: 900, drainSeconds: 60 } as const;

/** By another name a parameter counts its versions anew; more than any counts. */
const RENAMED = 1e9;
/** Longest time for one probe, in milliseconds. */
const PROBE_MS = 10_000;
/** Longest time for one question to AWS or DNS, retries included. */
const QUESTION_MS = 60_000;

/** Gates of a preview: nothing is there to wait for. */
export const previewGates: Gates = {
  delegated: async () => {},
  renamed: async () => {},
  live: async () => NOTHING_LIVE,
  migrated: async () => true,
  rolledOut: async () => {},
  ready: async () => {},
  settled: async () => {},
  hold: async () => {},
  allowDeletion: async () => {},
};

/** The gates of `pulumi up`. */
export function liveGates(options: GateOptions): Gates {
  const { healthyCount, intervalSeconds, timeoutSeconds, drainSeconds } = { ...GATE_DEFAULTS, ...defined(options) };
  const clock = options.clock ?? systemClock;
  const names = options.names ?? liveNames(options.resolvers);
  const aws = options.aws ?? liveAws(options.region, options.profile);
  const account = { region: options.region, ...(options.profile && { profile: options.profile }) };
  const runner = options.migrations ?? liveRunner(account);
  const rollouts = options.rollouts ?? liveRollouts(account);
  const began = clock.now();
  const protect = options.protection ?? liveProtection(account);
  const zone = options.zone ?? liveZone(account);
  const askOnce = options.ask ?? ask;
  const log = options.log ?? ((message: string) => void pulumi.log.info(message));
  // What `live` was given and has found: the messages of the gates after it are computed from both.
  let asked: Asked | undefined;
  let found: LiveTraffic | undefined;
  const patience = () => ({ clock, intervalSeconds, log, deadline: clock.now() + timeoutSeconds * 1000 });
  const question = <T>(what: string, promise: Promise<T>) => within(QUESTION_MS, what, promise);

  /** Asks one address of a probe's target; names are resolved for every try. */
  const probeOnce = async (probe: Probe, expected: readonly Expected[], remainingMs: number): Promise<Look> => {
    const limit = Math.max(1000, Math.min(PROBE_MS, remainingMs));
    try {
      const wrong = await question(`an answer of ${probe.connectTo}`, askAll(probe, expected, limit, names, askOnce));
      return wrong ? notYet(wrong) : { done: true };
    } catch (error) {
      return notYet(reason(error));
    }
  };

  const readLive = async (query: TrafficQuery): Promise<LiveTraffic> => {
    const [records, intents, states] = await question(
      `the live traffic of ${query.name}`,
      Promise.all([
        recordsOf(query),
        historyOf(query.parameters.intent, query.leaving?.intent),
        historyOf(query.parameters.state, query.leaving?.state),
      ]),
    );
    const latest = (versions: readonly Version[]) =>
      versions.reduce<Version | undefined>((a, b) => (a && a.version > b.version ? a : b), undefined);
    const [intent, state] = [latest(intents), latest(states)];
    const rule = state?.value?.rule;
    const live = {
      records,
      ...(rule && { ruleWeights: await question("the live weights of the load balancer", aws.rule(rule.arn)) }),
    };
    const told = (versions: readonly Version[]) =>
      versions.flatMap(({ value, ...version }) => (value ? [{ ...version, value }] : []));
    return {
      at: clock.now(),
      ...live,
      ...(intent && { intent }),
      ...(state && { state }),
      ...answersOf(live, told(intents), told(states)),
    };
  };

  /** The records of the name at which visitors are: the former one, until they have got the form of the site's new name. */
  const recordsOf = async ({ zoneId, name, former }: TrafficQuery): Promise<readonly LiveRecord[]> => {
    const now = await aws.records(zoneId, name);
    if (!former || (former.name === name && former.zoneId === zoneId)) return now;
    const slots = (await aws.records(former.zoneId, former.name)).filter(({ slot }) => slot !== undefined);
    if (slots.length === 0) return now;
    const redirects = ({ target }: LiveRecord) => target.kind === "alias" && target.dnsName === dnsName(former.name);
    return [...slots, ...now.filter((record) => record.slot === undefined && !redirects(record))];
  };

  /** Versions of a parameter, behind those that it had by other names. */
  const historyOf = async (name: string, leaving: readonly string[] = []): Promise<Version[]> => {
    const earlier = (await Promise.all(leaving.map((one) => aws.history(one)))).flat().map(versionOf);
    const before = ({ version, intent, ...rest }: Version) => ({
      ...{ ...rest, version: version - RENAMED, intent: intent - RENAMED },
    });
    return [...earlier.map(before), ...(await aws.history(name)).map(versionOf)];
  };

  type Version = ReturnType<typeof versionOf>;
  /** One version of a traffic parameter. Its age is told on this machine's clock, so that it can be compared with it. */
  const versionOf = ({ value, version, modified, now }: LiveParameter) => {
    const decoded = decodeTraffic(value);
    return {
      version,
      value: decoded?.state,
      intent: decoded?.intent ?? 0,
      modified: clock.now() - (now - modified),
    };
  };

  return {
    async delegated({ name, nameServers }) {
      const wanted = new Set(nameServers.map(dnsName));
      let found: readonly string[] = [];
      let why = "";
      try {
        found = (await question(`the delegation of ${name}`, names.delegation(name))).map(dnsName);
      } catch (error) {
        why = ` (${reason(error)})`;
      }
      if (found.length > 0 && found.every((server) => wanted.has(server))) return;
      throw new pulumi.RunError(
        [
          `The zone ${name} is not delegated to Route 53 yet${why}.`,
          `  The internet finds: ${found.length > 0 ? found.join(", ") : "no name servers"}`,
          "  Enter these name servers where the domain is registered:",
          ...nameServers.map((server) => `    ${server}`),
          "Nothing was switched and nothing was deleted. Run `pulumi up` again when the change is visible",
          `(\`dig NS ${name} +short\`); that can take up to two days, as the old delegation is cached.`,
        ].join("\n"),
      );
    },

    async renamed(rename) {
      const changes = await question(`the records of ${rename.name}`, renameRecords(rename, zone));
      if (changes.length > 0) log(`The records of ${rename.name} and ${rename.former} have the form of their new part`);
    },

    async live(query, requested) {
      const live = await readLive(query);
      [asked, found] = [requested, live];
      const problem = disagreement(live, requested, query.name);
      if (problem) throw new pulumi.RunError(problem);
      return live;
    },

    migrated: (step) =>
      runMigration(step, patience(), runner, async () => (await aws.parameter(step.parameter))?.value),

    rolledOut: (tier) =>
      rollOut(tier, rollouts, began, patience(), async (look) => {
        try {
          return await question("the state of the rollout", look());
        } catch (error) {
          return (refused(error) ? never : notYet)(reason(error));
        }
      }),

    async ready({ tier, probe, balanced }) {
      if (balanced) await question("the load balancer's rule", meetRule(options.known ?? [], aws.rule, asked));
      const give = (what: string, why: string): never => {
        const [before, intent] = [found?.state?.value, found?.intent?.value];
        const rest = notReady({ tier, before, intent, asked });
        throw new pulumi.RunError([`${tier} is not ready: ${what}`, `  ${why}`, ...rest].join("\n"));
      };
      const until = patience();
      const expected = [{ tier: probe.expectTier, version: probe.expectVersion }];
      const why = await lookUntil(`Waiting for ${tier} to answer`, healthyCount, until, (left) =>
        probeOnce(probe, expected, left),
      );
      if (why) {
        const looks = `${answersText(healthyCount)} within ${timeoutSeconds} s`;
        give(`${probeUrl(probe)} did not give ${looks}. The last answer:`, why);
      }
    },

    async settled({ query, before, now, nameServers, tiers }) {
      const started = clock.now();
      const to = bearer(now.slots);
      let drifted = false;
      const give = (fault: string, why: string): never => {
        const stop = {
          now,
          before: before.state?.value,
          moved: after && movedBetween(before, after),
          earlier: after && earlierThan(after, now),
          drifted,
          asked,
        };
        throw new pulumi.RunError(notSettled(stop, fault, why));
      };

      // What Route 53 has must be what this update asked for, whatever the engine believes.
      let after: LiveTraffic | undefined;
      const moved = await lookUntil("Waiting for Route 53", 1, patience(), async () => {
        try {
          after = await readLive(query);
        } catch (error) {
          return notYet(reason(error));
        }
        const wrong = outOfStep(after, now);
        return wrong ? { done: false, why: wrong, final: true } : { done: true };
      });
      if (moved || !after) {
        drifted = after !== undefined && moved === outOfStep(after, now);
        const fault = drifted
          ? "Route 53 does not say what this stack's state says."
          : "AWS does not tell what is live, and what was before.";
        return give(fault, moved ?? "");
      }

      const hold = holdOf(before, now, started, drainSeconds);
      if (hold) {
        await sleepUntil(
          hold.until,
          `Waiting for resolvers to let go of the old answer (TTL ${hold.ttl} s + ${drainSeconds} s)`,
          clock,
          log,
        );
      }

      const changed = hold !== undefined;
      const times = changed ? healthyCount : 1;
      const until = patience();
      const serving = SLOTS.map((slot) => now.slots[slot]).filter(({ weight }) => weight > 0);

      const dns = await lookUntil("Waiting for the authoritative servers", 1, until, async () => {
        try {
          return await question(`DNS of ${query.name}`, lookAtServers(names, query.name, nameServers, serving));
        } catch (error) {
          return notYet(`${reason(error)}; is UDP port 53 open from here?`);
        }
      });
      if (dns) give(`the authoritative servers of ${query.name} do not answer with it.`, dns);

      const tiersWithVisitors = new Set(
        SLOTS.filter((slot) => now.slots[slot].share > 0).map((slot) => now.slots[slot].tier),
      );
      const expected = tiers
        .filter(({ tier }) => tiersWithVisitors.has(tier))
        .map(({ probe }) => ({ tier: probe.expectTier, version: probe.expectVersion }));
      const model = tiers.find(({ tier }) => tier === to)?.probe;
      if (!model) throw new Error(`settled() was not given the probe of ${to}`);
      const visit = visitorsProbe(model, query.name);
      const seen = await lookUntil(`Waiting for https://${query.name} to answer`, times, until, (left) =>
        probeOnce(visit, expected, left),
      );
      if (seen) give(`${probeUrl(visit)} did not give ${answersText(times)} within ${timeoutSeconds} s.`, seen);
      if (changed) {
        log(`${query.name}: ${sharesText(sharesOf(now))} (${seconds(clock.now() - started)} s after the change)`);
      }
    },

    ...guardianOf({
      ...{ guarded: guardedIn(options.known ?? []), protect, question, log },
      refresh: () => refreshCommand(asked?.stack),
    }),
  };
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

/**
 * Why a stack file must not be applied to what is live, and what to do about it; undefined if it may. A changed
 * `architecture` is a flip and always may. What may not, unless the file says that it knows by a higher `traffic.revision`:
 * a file from before the latest step of a migration, a file that does not name the tier of a running canary, and weights
 * that somebody changed in Route 53 by hand.
 */
export function disagreement(live: LiveTraffic, requested: RequestedTraffic, name: string): string | undefined {
  const simple = live.records.find((record) => record.slot === undefined);
  if (simple) {
    return [
      `${name} is live with a simple record (${targetText(simple.target)}), beside which weighted records cannot exist.`,
      `Take it over without an interruption: \`platform adopt-dns --stack ${requested.stack}\`. Nothing was changed.`,
    ].join("\n");
  }
  const state = live.state?.value;
  if (!state) return undefined;
  const revision = requested.revision ?? 0;
  if (revision > state.revision) return undefined;

  const { serving, canary } = state.slots;
  const isLive = `live:  ${serving.tier} ${serving.share} %, ${canary.tier} ${canary.share} % (traffic.revision ${state.revision})`;
  const wanted = requested.canary ?? { tier: requested.architecture, percent: 0 };
  const asks =
    `file:  ${requested.architecture} ${100 - wanted.percent} %, ${wanted.tier} ${wanted.percent} % ` +
    `(traffic.revision ${revision})`;
  const target = canary.share > 0 ? canary.tier : serving.tier;
  const onward = `\`${migrateCommand(requested.stack)} --to ${target}\`, which goes on.`;
  const named = (percent: number) =>
    `\`${setCommand(requested, "traffic.canary", canary.tier)} && ${setCommand(requested, "traffic.percent", percent)}\``;
  const stop = (what: string, keepLive: string, first: readonly string[] = []) => {
    const file = [...first, setCommand(requested, "traffic.revision", state.revision + 1), upCommand(requested.stack)];
    return [
      what,
      `  ${isLive}`,
      `  ${asks}`,
      "Nothing was changed. Decide which of the two to keep:",
      `- what is live: ${keepLive}`,
      `- the file: \`${file.join(" && ")}\`.`,
    ].join("\n");
  };

  if (revision < state.revision) {
    return stop(
      `The stack file of ${requested.stack} is older than what is live: \`platform migrate\` has moved on since.`,
      `take the stack file that \`platform migrate\` wrote (pull it, or ask who ran it), or run ${onward}`,
    );
  }
  if (canary.share > 0 && canary.tier !== requested.architecture && canary.tier !== requested.canary?.tier) {
    return stop(
      `${canary.tier} has ${canary.share} % of the traffic, and the stack file of ${requested.stack} does not name it.`,
      `${named(canary.share)}, or ${onward}`,
    );
  }
  // The latest update wrote its intent or its state; after a crash some of the weights may be at the one and some at the other.
  const known = [state, live.intent?.value ?? state];
  const asked = [100 - wanted.percent, wanted.percent];
  const found = SLOTS.map((slot) => live.records.find((record) => record.slot === slot)?.weight);
  const explained = found.every((weight, i) =>
    known.some(({ slots }) => slots[SLOTS[i] as SlotName].weight === weight),
  );
  if (found.every((weight) => weight !== undefined) && !explained && !found.every((weight, i) => weight === asked[i])) {
    return stop(
      `The weights of ${name} in Route 53 are ${found.join(" and ")}, which no update of ${requested.stack} ` +
        "wrote: they were changed by hand.",
      `${named(Number(found[1]))}, then \`${upCommand(requested.stack)}\`.`,
      // The engine writes nothing of which it does not know that it has changed.
      [refreshCommand(requested.stack)],
    );
  }
  return undefined;
}

/** Do all authoritative servers answer with nothing but the targets that carry traffic? */
async function lookAtServers(
  names: Names,
  name: string,
  servers: readonly string[],
  serving: readonly { readonly target: TrafficTarget }[],
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

const answersText = (times: number) => (times === 1 ? "a healthy answer" : `${times} healthy answers in a row`);

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));
const defined = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
