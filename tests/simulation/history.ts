import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { seeded } from "../../core/random";
import { adoption, leftovers } from "../../stacks/adoption";
import { readStack } from "../../stacks/config";
import { type Gates, liveGates } from "../../stacks/gates";
import { cureOf } from "../../stacks/gates/stops";
import { deploySite } from "../../stacks/site";
import { tierOf } from "../engine/harness/services";
import { settings } from "../engine/harness/stack";
import { DOMAIN, REGION } from "../engine/harness/world";
import { type Cut, type Ended, Engine } from "./engine";
import { COSTLY, deleteAsTold, hear, kindsIn } from "./leftovers";
import { Visitors } from "./visitors";
import { ModelWorld, NAMES, type Turn } from "./world";

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
  /** The site's name. @default the first one */
  readonly name?: (typeof NAMES)[number];
  /** Whether the other name redirects to it. @default false */
  readonly redirects?: boolean;
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
      /** Requests and waits behind which they turn sick. @default they are sick from its beginning */
      readonly sickAfter?: number;
      /** A port at which the app does not listen while it runs. */
      readonly deadPort?: number | undefined;
      /** AWS tells lists in another order. */
      readonly reordered: boolean;
      /** What the machine's clock is ahead, in seconds. */
      readonly skew: number;
    }
  | { readonly kind: "hand"; readonly slot: "serving" | "canary"; readonly weight?: number; readonly ttl?: number }
  | { readonly kind: "refresh" }
  /** The stack gets another name, or its first one back. */
  | { readonly kind: "rename" }
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
    name: fc.constantFrom(...NAMES),
    redirects: fc.boolean(),
  },
  { requiredKeys: ["architecture", "ttl", "port", "section"] },
);
/** @param names whether the site's name changes, too, and what redirects to it */
const updates = (names: boolean) =>
  fc.record(
    {
      kind: fc.constant("up" as const),
      file: file.map(
        ({ canary, name, redirects, ...rest }): File => ({
          ...rest,
          ...(names ? { ...(name && { name }), ...(redirects && { redirects }) } : {}),
          ...(canary && canary.tier !== rest.architecture ? { canary } : {}),
        }),
      ),
      cut: fc.record({
        at: fc.nat(45),
        how: fc.constantFrom("refused" as const, "before" as const, "unrecorded" as const, "after" as const),
      }),
      killAtWait: fc.nat(20),
      sick: fc.subarray([...TIERS], { maxLength: 1 }),
      sickAfter: fc.nat(60),
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
const events = (names: boolean): fc.Arbitrary<Event> =>
  fc.oneof(
    { weight: 8, arbitrary: updates(names) as fc.Arbitrary<Event> },
    { weight: 1, arbitrary: hand as fc.Arbitrary<Event> },
    { weight: 1, arbitrary: fc.constant({ kind: "refresh" as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: "rename" as const }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.constantFrom(1, 40, 700) }) },
  );

/**
 * Lives of a stack: some updates, with what goes wrong in them.
 * @param names whether the site's name changes as well: at random that still finds histories that end in a stack nobody cures
 */
export const histories = (names: boolean): fc.Arbitrary<History> =>
  fc.record({
    seed: fc.nat(),
    events: fc.array(events(names), { minLength: 2, maxLength: 6 }),
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
    await stack.finish(events.some(({ kind }) => kind === "hand" || kind === "rename"));
    return { violations: stack.violations, ends: stack.ends };
  } finally {
    Math.random = random;
  }
}

/** Seconds that a request takes, at most. */
const REQUEST_SECONDS = 20;

class Stack {
  readonly ends: Ended["kind"][] = [];
  private readonly visitors = NAMES.map((name) => new Visitors(name, DRAIN));
  private readonly world = new ModelWorld((world, name) => {
    for (const one of this.visitors) one.look(world, name);
  });
  private readonly wrong: string[] = [];
  private readonly engine = new Engine(this.world.cloud, () => this.world.pass(Math.random() * REQUEST_SECONDS));
  /** What the program has said beside. */
  private readonly said: string[] = [];
  private revision = 0;
  private file: File = { architecture: "monitored-instance", ttl: 60, port: 3000, section: true };

  constructor(private readonly without: Without) {
    this.world.kill = () => this.engine.kill();
  }

  get violations(): readonly string[] {
    return [...this.visitors.flatMap(({ violations }) => violations), ...this.wrong];
  }

  async happens(event: Event): Promise<void> {
    switch (event.kind) {
      case "wait":
        return this.world.pass(event.seconds);
      case "refresh":
        return this.engine.refresh();
      case "rename":
        return this.engine.rename();
      case "hand":
        return this.byHand(event);
      case "up": {
        const { sick, sickAfter } = event;
        if (sickAfter === undefined) for (const one of sick) this.world.health.sick.add(one);
        if (event.deadPort) this.world.health.deadPorts.add(event.deadPort);
        this.world.skew = event.skew * 1000;
        const { getSubnets } = SUBNETS;
        if (event.reordered)
          this.world.cloud.lookups[getSubnets] = () => ({ id: REGION, ids: [...SUBNETS.ids].reverse() });
        await this.up(
          event.file,
          event.cut,
          event.killAtWait,
          sickAfter === undefined ? undefined : { after: sickAfter, sick },
        );
        this.world.endUpdate();
        this.world.health.sick.clear();
        this.world.health.deadPorts.clear();
        delete this.world.cloud.lookups[getSubnets];
      }
    }
  }

  /** What people do with a stack that is in their way: what the message says, and nothing else. */
  async finish(touched: boolean): Promise<void> {
    const wanted = this.file;
    let ended = await this.up(this.file);
    for (let attempt = 0; (ended.kind !== "done" || this.engine.unsure) && attempt < 5; attempt++) {
      const said = this.engine.unsure
        ? ["pulumi refresh", "pulumi up"]
        : "message" in ended
          ? commandsIn(ended, this.engine.stack)
          : ["pulumi up"];
      if (said.length === 0) break;
      deleteAsTold(this.world.cloud, this.said);
      for (const command of said) ended = (await this.obey(command)) ?? ended;
      // "Change the name back when it has ended."
      if (ended.kind === "done" && this.file !== wanted) ended = await this.up(wanted);
    }
    if (ended.kind !== "done") {
      this.wrong.push(`stuck: ${ended.kind} ${"message" in ended ? ended.message : ""}`);
      return;
    }
    deleteAsTold(this.world.cloud, this.said);
    // What the foundation kept for those on their way goes with the next update, and then nothing is left to do. After a change by hand
    // that is the update which forgets of it, and after a name that was set back the one which writes it again; after a first update that
    // was cut off, whose records no state explains, the one which explains them.
    let more: readonly string[] = [];
    for (let update = touched ? 4 : 3; update > 0; update--) {
      const calls = this.world.cloud.calls.length;
      // Nobody runs it again within a TTL.
      this.world.pass(600);
      await this.up(this.file);
      more = this.world.cloud.calls.slice(calls).map(({ op, name }) => `${op} ${name}`);
      if (more.length === 0) break;
    }
    if (more.length > 0) this.wrong.push(`a further update still changes something: ${more.join(", ")}`);
    this.checkWhole();
  }

  /** One command of a message. @returns how it ended, if it is an update */
  private async obey(command: string): Promise<Ended | undefined> {
    const [, path, value] = /^pulumi config set --stack \S+ --path '\S+:domain\.(\S+)' (\S+)$/.exec(command) ?? [];
    const revision = /^pulumi config set --stack \S+ --path \S+:traffic\.revision (\d+)$/.exec(command)?.[1];
    if (path === "name") this.file = { ...this.file, name: value as (typeof NAMES)[number], redirects: false };
    else if (path === "redirectFrom[0]") this.file = { ...this.file, redirects: true };
    else if (revision !== undefined) this.revision = Number(revision);
    else if (/^pulumi refresh( --stack \S+)?$/.test(command)) this.engine.refresh();
    else if (/^pulumi up( --stack \S+)?$/.test(command)) return this.up(this.file);
    else if (new RegExp(`^pulumi stack rename \\S+ --stack ${this.engine.stack}$`).test(command)) this.engine.rename();
    else this.wrong.push(`nobody can do what a message says: ${command}`);
    return undefined;
  }

  private checkWhole(): void {
    const { cloud } = this.world;
    const wanted = new Set([this.file.architecture, ...(this.file.canary ? [this.file.canary.tier] : [])]);
    const known = new Set(this.engine.state.map(({ type, id }) => `${type}|${id}`));
    for (const [key, { type }] of cloud.resources) {
      if (COSTLY.includes(type) && !known.has(key)) this.wrong.push(`${key} is there, and nobody is told`);
    }
    const found = new Set(this.engine.state.flatMap(({ urn, custom }) => (custom ? (tierOf(urn) ?? []) : [])));
    const texts = [wanted, found].map((tiers) => [...tiers].sort().join(", "));
    if (texts[0] !== texts[1]) this.wrong.push(`${texts[1]} are there instead of ${texts[0]}`);
    for (const [type, input] of Object.entries(PROTECTED)) {
      for (const { id, inputs } of cloud.of(type)) {
        if (inputs[input] !== true) this.wrong.push(`${id} serves without its deletion protection`);
      }
    }
    const open = cloud.of("aws:rds/instance:Instance").map(({ inputs }) => inputs.publiclyAccessible);
    if (open.length !== 1 || open[0] !== wanted.has("vercel")) {
      this.wrong.push(`the database's public address is ${open} with ${texts[0]}`);
    }
  }

  private async up(file: File, cut?: Cut, killAtWait?: number, turn?: Turn): Promise<Ended> {
    this.file = file;
    const { world } = this;
    world.beginUpdate(killAtWait, turn);
    const names = namesIn(file);
    for (const [index, one] of this.visitors.entries()) one.beginUpdate(world, names.includes(NAMES[index] as string));
    const known = this.engine.state.map(({ replaced, ...one }) => ({ ...one, delete: replaced }));
    const [account, kinds] = [{ region: REGION }, kindsIn(world)];
    const before = { known, pending: [...this.engine.pending] };
    const program = async () => {
      const config = { ...readStack(), known };
      const live = liveGates({ ...config.settings.gates, known, ...world.gateOptions(Math.random) });
      const gates: Gates = {
        ...live,
        // Vercel is asked by its own API, which has tests of its own.
        rolledOut: async (tier) => {
          if (tier.rollout.kind !== "vercel") return live.rolledOut(tier);
          if (world.health.sick.has(tier.tier)) throw new pulumi.RunError("To go on: run `pulumi up` again");
        },
      };
      const tellLeftovers = leftovers(account, before, kinds);
      await deploySite(config, this.without(gates, world));
      await tellLeftovers();
    };
    this.engine.cutAt = ({ op, name }, at) => (cut && [at, `${op} ${name}`].includes(cut.at) ? cut.how : undefined);
    const adopt = adoption(account, before, kinds);
    this.engine.adopts = async (type, name, props) => {
      const taken = await adopt({ custom: true, type, name, props, opts: {} });
      return (taken?.opts as pulumi.CustomResourceOptions | undefined)?.import as string | undefined;
    };
    this.said.length = 0;
    const restore = hear(this.said);
    const ended = await this.engine.up(program, configOf(file, this.revision));
    restore();
    this.ends.push(ended.kind);
    return ended;
  }

  private byHand({ slot, weight, ttl }: Extract<Event, { kind: "hand" }>): void {
    const record = NAMES.flatMap((name) => this.world.records(name)).find(
      ({ inputs }) => inputs.setIdentifier === slot,
    );
    if (!record) return;
    record.inputs = {
      ...record.inputs,
      ...(weight === undefined ? {} : { weightedRoutingPolicies: [{ weight }] }),
      ...(ttl === undefined || record.inputs.aliases ? {} : { ttl }),
    };
    for (const one of this.visitors) one.byHand(this.world);
  }
}

/**
 * The commands that a message names to go on with what the file says, in their order; none if it names no way at all. What it says of a
 * case ("; if a part of it is gone ...") is not done without the case. What a provider says is no message of ours: whoever reads it tries
 * again, behind what the guide's cure for it says.
 */
function commandsIn({ kind, message }: Ended & { readonly message: string }, stack: string): string[] {
  const text = kind === "failed" ? `To go on: ${cureOf(message, stack) ?? ""} \`pulumi up\`` : message;
  const lines = text.split("\n");
  const way = lines.findLast((line) => /^(To go on|- the file):/.test(line));
  if (way === undefined) return lines.flatMap((line) => /^ {2}(pulumi .*)$/.exec(line)?.[1] ?? []);
  const [always = ""] = way.split("; if ");
  return [...always.matchAll(/`([^`]*)`/g)].flatMap(([, command = ""]) => command.split(" && "));
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

/** Names of the site that its file knows: its own, then the one that redirects to it. */
const namesIn = ({ name = NAMES[0], redirects = false }: File): string[] => [
  name,
  ...(redirects ? NAMES.filter((one) => one !== name) : []),
];

function configOf(
  { architecture, canary, ttl, port, section, ...named }: File,
  revision: number,
): Record<string, string> {
  const [name, ...redirectFrom] = namesIn({ architecture, ttl, port, section, ...named });
  const { "iamvet:vercel": vercel, ...rest } = settings(architecture, {
    "aws:region": REGION,
    "iamvet:domain": { name, zoneName: DOMAIN, ttl, redirectFrom },
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
