import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { seeded } from "../../insight/random";
import { readStack } from "../../stacks/config";
import { type Gates, liveGates } from "../../stacks/gates";
import { cureOf } from "../../stacks/gates/stops";
import { deploySite } from "../../stacks/site";
import { tierOf } from "../engine/services";
import { settings } from "../engine/stack";
import { DOMAIN, REGION } from "../engine/world";
import { type Cut, type Ended, Engine, STACK } from "./engine";
import { Visitors } from "./visitors";
import { ModelWorld } from "./world";

/** Takes a mend out of the program, to see what it is for: the gates as they would be without it. */
export type Without = (gates: Gates, world: ModelWorld) => Gates;

/** What the stack's file says. */
export interface File {
  readonly architecture: string;
  readonly canary?: { readonly tier: string; readonly percent: number };
  readonly ttl: number;
  /** Another one makes new target groups, and a new server, beside what serves. */
  readonly port: number;
  /** Whether the section `vercel` stands in the file where no tier of it does. */
  readonly section: boolean;
}

/** One thing that happens to a stack. */
export type Event =
  | {
      readonly kind: "up";
      readonly file: File;
      /** A request that is cut off, or a wait. */
      readonly cut?: Cut;
      readonly killAtWait?: number;
      /** Tiers that do not answer well while it runs. */
      readonly sick: readonly string[];
      /** A port at which the app does not listen while it runs. */
      readonly deadPort?: number | undefined;
      /** AWS tells lists in another order. */
      readonly reordered: boolean;
      /** What the machine's clock is ahead, in seconds. */
      readonly skew: number;
    }
  | { readonly kind: "hand"; readonly slot: "serving" | "canary"; readonly weight?: number; readonly ttl?: number }
  | { readonly kind: "refresh" }
  | { readonly kind: "wait"; readonly seconds: number };

export interface History {
  readonly seed: number;
  readonly events: readonly Event[];
}

const DRAIN = 20;
const TIERS = ["monitored-instance", "ha-web-tier", "fargate", "vercel"] as const;

const tier = fc.constantFrom(...TIERS);
const file = fc.record(
  {
    architecture: tier,
    canary: fc.record({ tier, percent: fc.constantFrom(0, 10, 50, 100) }),
    ttl: fc.constantFrom(30, 60, 300),
    port: fc.constantFrom(3000, 3001),
    section: fc.boolean(),
  },
  { requiredKeys: ["architecture", "ttl", "port", "section"] },
);
const up = fc.record(
  {
    kind: fc.constant("up" as const),
    file: file.map(
      ({ canary, ...rest }): File => ({
        ...rest,
        ...(canary && canary.tier !== rest.architecture ? { canary } : {}),
      }),
    ),
    cut: fc.record({
      at: fc.nat(45),
      how: fc.constantFrom("refused" as const, "before" as const, "unrecorded" as const, "after" as const),
    }),
    killAtWait: fc.nat(20),
    sick: fc.subarray([...TIERS], { maxLength: 1 }),
    deadPort: fc.constantFrom(undefined, undefined, undefined, 3000, 3001),
    reordered: fc.boolean(),
    skew: fc.constantFrom(0, -3600, 5, 86_400),
  },
  { requiredKeys: ["kind", "file", "sick", "reordered", "skew"] },
);
const hand = fc.record(
  {
    kind: fc.constant("hand" as const),
    slot: fc.constantFrom("serving" as const, "canary" as const),
    weight: fc.constantFrom(0, 50, 100),
    ttl: fc.constantFrom(30, 3600),
  },
  { requiredKeys: ["kind", "slot"] },
);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: up as fc.Arbitrary<Event> },
  { weight: 1, arbitrary: hand as fc.Arbitrary<Event> },
  { weight: 1, arbitrary: fc.constant({ kind: "refresh" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.constantFrom(1, 40, 700) }) },
);

/** Lives of a stack: some updates, with what goes wrong in them. */
export const histories: fc.Arbitrary<History> = fc.record({
  seed: fc.nat(),
  events: fc.array(event, { minLength: 2, maxLength: 6 }),
});

/** What a history came to. */
export interface Played {
  readonly violations: readonly string[];
  readonly ends: readonly Ended["kind"][];
}

/** Plays a history, and brings the stack to an end as its messages say. */
export async function play({ seed, events }: History, without: Without = (gates) => gates): Promise<Played> {
  const { random } = Math;
  Math.random = seeded(seed);
  try {
    const stack = new Stack(without);
    for (const one of events) await stack.happens(one);
    await stack.finish(events.some(({ kind }) => kind === "hand"));
    return { violations: stack.violations, ends: stack.ends };
  } finally {
    Math.random = random;
  }
}

/** Seconds that a request takes, at most. */
const REQUEST_SECONDS = 20;

class Stack {
  readonly ends: Ended["kind"][] = [];
  private readonly visitors = new Visitors(DRAIN);
  private readonly world = new ModelWorld((world, name) => this.visitors.look(world, name));
  private readonly engine = new Engine(this.world.cloud, () => this.world.pass(Math.random() * REQUEST_SECONDS));
  private revision = 0;
  private file: File = { architecture: "monitored-instance", ttl: 60, port: 3000, section: true };

  constructor(private readonly without: Without) {
    this.world.kill = () => this.engine.kill();
  }

  get violations(): readonly string[] {
    return this.visitors.violations;
  }

  async happens(event: Event): Promise<void> {
    switch (event.kind) {
      case "wait":
        return this.world.pass(event.seconds);
      case "refresh":
        return this.engine.refresh();
      case "hand":
        return this.byHand(event);
      case "up": {
        for (const one of event.sick) this.world.health.sick.add(one);
        if (event.deadPort) this.world.health.deadPorts.add(event.deadPort);
        this.world.skew = event.skew * 1000;
        const { getSubnets } = SUBNETS;
        if (event.reordered)
          this.world.cloud.lookups[getSubnets] = () => ({ id: REGION, ids: [...SUBNETS.ids].reverse() });
        await this.up(event.file, event.cut, event.killAtWait);
        this.world.health.sick.clear();
        this.world.health.deadPorts.clear();
        delete this.world.cloud.lookups[getSubnets];
      }
    }
  }

  /** What people do with a stack that is in their way: what the message says, and nothing else. */
  async finish(touched: boolean): Promise<void> {
    let ended = await this.up(this.file);
    for (let attempt = 0; ended.kind !== "done" && attempt < 4; attempt++) {
      const said = "message" in ended ? wayOn(ended) : "up";
      if (said === undefined) break;
      if (typeof said === "number") this.revision = said;
      else if (said === "refresh") this.engine.refresh();
      ended = await this.up(this.file);
    }
    if (ended.kind !== "done") {
      this.visitors.violations.push(`stuck: ${ended.kind} ${"message" in ended ? ended.message : ""}`);
      return;
    }
    // What the foundation kept for those on their way goes with the next update, and then nothing is left to do. After a change by hand
    // that is the update which forgets of it.
    let more: readonly string[] = [];
    for (let update = touched ? 3 : 2; update > 0; update--) {
      const calls = this.world.cloud.calls.length;
      await this.up(this.file);
      more = this.world.cloud.calls.slice(calls).map(({ op, name }) => `${op} ${name}`);
      if (more.length === 0) break;
    }
    if (more.length > 0) this.visitors.violations.push(`a further update still changes something: ${more.join(", ")}`);
    this.checkWhole();
  }

  private checkWhole(): void {
    const { cloud } = this.world;
    const wanted = new Set([this.file.architecture, ...(this.file.canary ? [this.file.canary.tier] : [])]);
    const found = new Set([...cloud.resources.values()].flatMap(({ urn }) => tierOf(urn) ?? []));
    const texts = [wanted, found].map((tiers) => [...tiers].sort().join(", "));
    if (texts[0] !== texts[1]) this.visitors.violations.push(`${texts[1]} are there instead of ${texts[0]}`);
    for (const [type, input] of Object.entries(PROTECTED)) {
      for (const { id, inputs } of cloud.of(type)) {
        if (inputs[input] !== true) this.visitors.violations.push(`${id} serves without its deletion protection`);
      }
    }
    const open = cloud.of("aws:rds/instance:Instance").map(({ inputs }) => inputs.publiclyAccessible);
    if (open.length !== 1 || open[0] !== wanted.has("vercel")) {
      this.visitors.violations.push(`the database's public address is ${open} with ${texts[0]}`);
    }
  }

  private async up(file: File, cut?: Cut, killAtWait?: number): Promise<Ended> {
    this.file = file;
    const { world } = this;
    world.beginUpdate(killAtWait);
    this.visitors.beginUpdate(world);
    const known = [...this.engine.state];
    const program = async () => {
      const config = { ...readStack(), known };
      const live = liveGates({ ...config.settings.gates, known, ...world.gateOptions(Math.random) });
      // What AWS and Vercel tell of a rollout has tests of its own; here one goes back where its tier is sick.
      const gates: Gates = {
        ...live,
        rolledOut: async ({ tier }) => {
          if (world.health.sick.has(tier)) throw new pulumi.RunError(`${tier}: run \`pulumi up\` again`);
        },
      };
      return deploySite(config, this.without(gates, world));
    };
    this.engine.cutAt = ({ op, name }, at) => (cut && [at, `${op} ${name}`].includes(cut.at) ? cut.how : undefined);
    const ended = await this.engine.up(program, configOf(file, this.revision));
    this.ends.push(ended.kind);
    return ended;
  }

  private byHand({ slot, weight, ttl }: Extract<Event, { kind: "hand" }>): void {
    const record = this.world.records().find(({ inputs }) => inputs.setIdentifier === slot);
    if (!record) return;
    record.inputs = {
      ...record.inputs,
      ...(weight === undefined ? {} : { weightedRoutingPolicies: [{ weight }] }),
      ...(ttl === undefined || record.inputs.aliases ? {} : { ttl }),
    };
    this.visitors.byHand(this.world);
  }
}

/**
 * What a message tells a person to do before another `pulumi up`: a new `traffic.revision`, a refresh, or nothing; undefined if it names no
 * way at all. What a provider says is no message of ours: whoever reads it tries again, or looks up what the guide says of it.
 */
function wayOn({ kind, message }: Ended & { readonly message: string }): number | "refresh" | "up" | undefined {
  const revision = /traffic\.revision (\d+) && pulumi up/.exec(message)?.[1];
  if (revision) return Number(revision);
  const text = kind === "failed" ? (cureOf(message, STACK) ?? "`pulumi up`") : message;
  if (/`pulumi refresh\b/.test(text)) return "refresh";
  return /`pulumi up\b/.test(text) ? "up" : undefined;
}

/** What refuses its deletion while it serves. */
const PROTECTED = {
  "aws:lb/loadBalancer:LoadBalancer": "enableDeletionProtection",
  "aws:ec2/instance:Instance": "disableApiTermination",
};

const SUBNETS = {
  getSubnets: "aws:ec2/getSubnets:getSubnets",
  ids: ["subnet-0000000000000000a", "subnet-0000000000000000b"],
};

function configOf({ architecture, canary, ttl, port, section }: File, revision: number): Record<string, string> {
  const { "iamvet:vercel": vercel, ...rest } = settings(architecture, {
    "aws:region": REGION,
    "iamvet:domain": { name: DOMAIN, ttl },
    "iamvet:app": { version: "v1", port },
    "iamvet:gates": { healthyCount: 2, intervalSeconds: 10, timeoutSeconds: 60, drainSeconds: DRAIN },
    "iamvet:traffic": { revision, ...(canary ? { canary: canary.tier, percent: canary.percent } : {}) },
  });
  const needed = section || architecture === "vercel" || canary?.tier === "vercel";
  return Object.fromEntries(
    Object.entries({ ...rest, ...(needed ? { "iamvet:vercel": vercel } : {}) }).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
