import type { TrafficState } from "../../core/traffic-state";
import type { Probe } from "../../core/web-tier";
import type { GateOptions, Gates, LiveTraffic } from "../gates";
import type { AwsReader } from "../gates/live-aws";

/**
 * A world in which the real gates run on a clock of their own: Route 53 with several servers that learn of a change one after
 * the other, two SSM parameters, tiers that start slowly or fall ill, and an engine that keeps its state, fails and is killed.
 * What it leaves behind is a history, out of which `simulation.ts` reads who was sent where.
 */

/** The code under test, handed in so that insight stays free of the engine. */
export interface GateCode {
  readonly liveGates: (options: GateOptions) => Gates;
  /** Which tiers the program proves before traffic moves. */
  readonly tiersToProve: (before: LiveTraffic, wanted: Pick<TrafficState, "slots">) => readonly string[];
  readonly encodeTraffic: (state: TrafficState, intent?: number) => string;
}

/** Numbers from 0 up to 1. */
export type Random = () => number;

/** One tier, from the moment it is created until it is deleted; each creation has an address of its own. */
export interface TierLifetime {
  readonly tier: string;
  readonly address: string;
  /** Milliseconds; infinite if it never comes up. */
  readonly ready: number;
  readonly sick: readonly { readonly from: number; readonly to: number }[];
  deleted: number;
}

/** What one of Route 53's servers says of one record set, from a moment on. */
export interface DnsAnswer {
  readonly server: number;
  readonly slot: "serving" | "canary";
  readonly at: number;
  readonly weight: number;
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

export interface History {
  readonly lifetimes: readonly TierLifetime[];
  /** In the order of time for each server and slot. */
  readonly dnsAnswers: readonly DnsAnswer[];
  /** How each update ended, in a word. */
  readonly updates: readonly string[];
  readonly end: number;
}

/** How a tier behaves after it is created, in milliseconds. */
export interface Behaviour {
  readonly startsAfter: number;
  /** Illnesses, from and to after it is up. */
  readonly sick: readonly { readonly from: number; readonly to: number }[];
}

/** What is asked of one update, and where it goes wrong. */
export interface Update {
  readonly serving: string;
  readonly canary?: { readonly tier: string; readonly percent: number };
  /** Seconds. */
  readonly ttl: number;
  /** Number of the step that fails, counted over everything that takes time; undefined for none. */
  readonly failsAt?: number;
  /**
   * `refused`: the step does nothing and the update ends. `forgotten`: it is done, and the engine is killed before it has noted
   * so. `killed`: it is done and noted, and the engine is killed.
   */
  readonly failure?: "refused" | "forgotten" | "killed";
  /** Seconds until somebody tries again. */
  readonly pause: number;
}

export interface Conditions {
  readonly code: GateCode;
  readonly random: Random;
  readonly behaviour: (tier: string, random: Random) => Behaviour;
  readonly gates?: Partial<Pick<GateOptions, "healthyCount" | "intervalSeconds" | "timeoutSeconds" | "drainSeconds">>;
  /** Longest time for a change to reach all of Route 53's servers, in seconds. @default 60 */
  readonly propagation?: number;
}

const SERVERS = ["ns-1", "ns-2", "ns-3", "ns-4"];
const NAME = "site.example";
const SLOTS = ["serving", "canary"] as const;
const PARAMETERS = { intent: "/intent", state: "/state" };

/** The engine is gone, or a call of a provider failed: nothing of the program goes on. */
class Ended extends Error {}

type Slots = TrafficState["slots"];
interface RecordSet {
  readonly weight: number;
  readonly address: string;
  readonly ttl: number;
}

export class World {
  private now = 0;
  private readonly lifetimes: TierLifetime[] = [];
  private readonly dnsAnswers: DnsAnswer[] = [];
  private readonly updates: string[] = [];
  private readonly records = new Map<string, RecordSet>();
  /** All versions of the parameters, the latest one last. */
  private readonly parameters = new Map<string, { value: string; version: number; modified: number }[]>();
  /** What the engine believes to be there, by resource. */
  private readonly noted = new Map<string, string>();
  /** The machine's own resolver, which keeps to TTL. */
  private cached?: { readonly address: string; readonly until: number };
  private update!: Update;
  private revision = 0;
  private step = 0;

  constructor(private readonly conditions: Conditions) {}

  get history(): History {
    const { lifetimes, dnsAnswers, updates, now: end } = this;
    return { lifetimes, dnsAnswers, updates, end };
  }

  /** Time passes without an update. */
  wait(seconds: number): void {
    this.now += seconds * 1000;
  }

  /** One `pulumi up`, with the order of stacks/site.ts. */
  async up(update: Update): Promise<void> {
    this.update = update;
    this.step = 0;
    this.revision++;
    try {
      await this.program();
      this.updates.push("done");
    } catch (error) {
      this.updates.push(error instanceof Ended ? error.message : "stopped by a gate");
    }
    this.wait(update.pause);
  }

  private async program(): Promise<void> {
    const { conditions, update } = this;
    const { serving, canary } = update;
    const gates = conditions.code.liveGates(this.gateOptions());
    const query = { zoneId: "Z", name: NAME, parameters: PARAMETERS };
    const before = await gates.live(query, {
      stack: "s",
      architecture: serving,
      revision: this.revision,
      ...(canary ? { canary } : {}),
    });
    const tiers = [...new Set([serving, canary?.tier ?? serving])];
    for (const tier of tiers) this.build(tier);

    const percent = canary?.percent ?? 0;
    const slot = (tier: string, weight: number) => ({
      tier,
      weight,
      share: weight,
      target: { kind: "addresses" as const, ipv4: [this.life(tier).address] },
    });
    const slots: Slots = { serving: slot(serving, 100 - percent), canary: slot(canary?.tier ?? serving, percent) };
    const rising = conditions.code.tiersToProve(before, { slots });
    const served = before.state?.value?.slots.serving.tier;
    for (const tier of tiers.filter((one) => rising.includes(one))) {
      await gates.ready({ tier, probe: this.probe(tier), ...(served ? { serving: served } : {}) });
    }

    const now: TrafficState = { revision: this.revision, ttl: update.ttl, slots };
    this.put(PARAMETERS.intent, conditions.code.encodeTraffic(now));
    for (const name of SLOTS) this.point(name, slots[name].weight, this.life(slots[name].tier).address);
    const version = this.parameters.get(PARAMETERS.intent)?.length;
    this.put(PARAMETERS.state, conditions.code.encodeTraffic(now, version));

    await gates.settled({
      query,
      before,
      now,
      nameServers: SERVERS,
      tiers: tiers.map((tier) => ({ tier, probe: this.probe(tier) })),
    });
    for (const tier of this.built()) if (!tiers.includes(tier)) this.remove(tier);
  }

  /** A step of the engine: it takes time, and may be the one that fails. */
  private does(seconds: number, key: string, value: string, effect: () => void): void {
    const fails = this.step++ === this.update.failsAt ? this.update.failure : undefined;
    this.now += seconds * 1000;
    if (fails === "refused") throw new Ended("a call failed");
    effect();
    if (fails !== "forgotten") this.noted.set(key, value);
    if (fails) throw new Ended("killed");
  }

  private build(tier: string): void {
    if (this.noted.get(`tier ${tier}`) === "built") return;
    this.does(this.between(5, 60), `tier ${tier}`, "built", () => {
      const { startsAfter, sick } = this.conditions.behaviour(tier, this.conditions.random);
      const ready = this.now + startsAfter;
      // A creation that the engine forgot is made again, with an address of its own; the first one is never found again.
      this.lifetimes.push({
        tier,
        address: `192.0.2.${this.lifetimes.length + 1}`,
        ready,
        sick: sick.map(({ from, to }) => ({ from: ready + from, to: ready + to })),
        deleted: Number.POSITIVE_INFINITY,
      });
    });
  }

  private remove(tier: string): void {
    this.does(this.between(1, 60), `tier ${tier}`, "gone", () => {
      this.life(tier).deleted = this.now;
    });
  }

  private put(name: string, value: string): void {
    if (this.noted.get(name) === value) return;
    this.does(1, name, value, () => {
      const versions = this.parameters.get(name) ?? [];
      this.parameters.set(name, [...versions, { value, version: versions.length + 1, modified: this.now }]);
    });
  }

  /** Route 53 takes a change at once, its servers learn of it one by one, and the provider returns when all have. */
  private point(slot: "serving" | "canary", weight: number, address: string): void {
    const record = { weight, address, ttl: this.update.ttl };
    const value = JSON.stringify(record);
    if (this.noted.get(slot) === value) return;
    const lag = this.between(1, this.conditions.propagation ?? 60);
    const from = this.now;
    this.does(lag, slot, value, () => {
      this.records.set(slot, record);
      for (const server of SERVERS.keys()) {
        this.dnsAnswers.push({ server, slot, at: from + this.conditions.random() * lag * 1000, ...record });
      }
    });
  }

  private gateOptions(): GateOptions {
    const { random, gates } = this.conditions;
    const aws: AwsReader = {
      records: async () =>
        SLOTS.flatMap((slot) => {
          const record = this.records.get(slot);
          if (!record) return [];
          const { weight, ttl, address } = record;
          return [{ slot, weight, ttl, target: { kind: "addresses" as const, ipv4: [address] } }];
        }),
      parameter: async (name) => (await aws.history(name)).at(-1),
      history: async (name) => (this.parameters.get(name) ?? []).map((one) => ({ ...one, now: this.now })),
      rule: async () => undefined,
    };
    return {
      region: "r",
      ...gates,
      log: () => {},
      clock: {
        now: () => this.now,
        sleep: async (milliseconds) => {
          const fails = this.step++ === this.update.failsAt;
          this.now += fails ? random() * milliseconds : Math.max(1, milliseconds);
          if (fails) throw new Ended("killed");
        },
      },
      aws,
      names: {
        addresses: async (name, servers) => {
          if (name !== NAME) return [name];
          const server = servers ? SERVERS.indexOf(servers[0] as string) : Math.floor(random() * SERVERS.length);
          if (servers) return [answerOf(viewsOf(this.dnsAnswers)[server] ?? [], this.now, random).address];
          if (!this.cached || this.cached.until <= this.now) {
            const { address, ttl } = answerOf(viewsOf(this.dnsAnswers)[server] ?? [], this.now, random);
            this.cached = { address, until: this.now + ttl * 1000 };
          }
          return [this.cached.address];
        },
        aliases: async () => [],
        delegation: async () => [],
      },
      ask: async (_, address) => {
        const life = this.lifetimes.find((one) => one.address === address);
        return life && stateOf(life, this.now) === "serving"
          ? { status: 200, body: JSON.stringify({ status: "ok", tier: life.tier }) }
          : { error: "connect ECONNREFUSED" };
      },
    };
  }

  private probe(tier: string): Probe {
    const { address } = this.life(tier);
    return {
      connectTo: address,
      port: 443,
      servername: NAME,
      host: NAME,
      path: "/",
      headers: {},
      expectTier: tier,
    };
  }

  /** The tiers that the engine knows of. */
  private built(): string[] {
    return [...new Set(this.lifetimes.map(({ tier }) => tier))].filter(
      (tier) => this.noted.get(`tier ${tier}`) === "built",
    );
  }

  /** The latest creation of a tier. */
  private life(tier: string): TierLifetime {
    return this.lifetimes.filter((one) => one.tier === tier).at(-1) as TierLifetime;
  }

  private between(from: number, to: number): number {
    return from + this.conditions.random() * (to - from);
  }
}

/** Whether a life answers at a moment, or why not. */
function stateOf(life: TierLifetime, at: number): "unready" | "serving" | "sick" | "gone" {
  if (at < life.ready) return "unready";
  if (at >= life.deleted) return "gone";
  return life.sick.some(({ from, to }) => at >= from && at < to) ? "sick" : "serving";
}

/** What a server says from a moment on: its record sets that have weight. */
interface View {
  readonly at: number;
  readonly said: readonly DnsAnswer[];
}

/** The views of each server, latest first. */
export function viewsOf(dnsAnswers: readonly DnsAnswer[]): View[][] {
  const views: View[][] = [];
  for (const said of [...dnsAnswers].sort((a, b) => a.at - b.at)) {
    const own = views[said.server] ?? [];
    views[said.server] = own;
    const others = (own[0]?.said ?? []).filter(({ slot }) => slot !== said.slot);
    own.unshift({ at: said.at, said: said.weight > 0 ? [...others, said] : others });
  }
  return views;
}

/** What a server answers at a moment: one of its record sets, by weight. */
export function answerOf(views: readonly View[], at: number, random: Random): DnsAnswer {
  const said = (views.find((view) => view.at <= at) ?? views.at(-1))?.said ?? [];
  let left = random() * said.reduce((sum, { weight }) => sum + weight, 0);
  for (const one of said) {
    left -= one.weight;
    if (left < 0) return one;
  }
  return said.at(-1) as DnsAnswer;
}
