import type { Cloud } from "../engine/harness/cloud";
import { behind, reach, serverAt } from "../engine/harness/visits";
import { DOMAIN } from "../engine/harness/world";
import { type ModelWorld, NAMES, targetOf, weightOf } from "./world";

/** Where one record set leads: addresses, or whatever the load balancer's rule says at the time. */
type Lead = { readonly addresses: readonly string[] } | "balancer";

/** What Route 53 said for a while. */
interface Said {
  readonly leads: readonly { readonly lead: Lead; readonly weight: number; readonly ttl: number }[];
  /** Until when, in milliseconds; infinite for the latest. */
  until: number;
  /** Whether a person has made it so, and no update has come to its traffic since, where it writes down what it has found. */
  untold: boolean;
}

/** Shares are percents that were divided and multiplied. */
const ROUNDING = 1e-6;

/**
 * All visitors of one name at once, whatever resolver they come by as long as it keeps to TTL and drain: looks at the world after every
 * change, and writes down where they meet what is not there, or is led to without having proven itself in the update that leads them.
 */
export class Visitors {
  readonly violations: string[] = [];
  private readonly said: Said[] = [];
  /** Percent of the visitors by place when it began. */
  private before = new Map<string, number>();
  private identities = new Map<string, string>();
  /** When the update began that runs, in milliseconds. */
  private began = 0;
  private text = "[]";
  private kept = true;

  /** @param name that they ask for */
  constructor(
    private readonly name: string,
    private readonly drainSeconds: number,
  ) {}

  /** @param kept whether the file still knows their name: who asks for one that is given up is told that there is none */
  beginUpdate(world: ModelWorld, kept: boolean): void {
    this.began = world.now;
    this.kept = kept;
    this.before = sharesNow(world);
  }

  /**
   * What a person has changed needs no gate: nobody asks it of anything until it changes again. Where a person takes back what a person has
   * done, and no update has told of it meanwhile, nothing is left by which anybody could know what resolvers hold of it
   * (docs/flip.md says what to wait for): those are that person's visitors.
   */
  byHand(world: ModelWorld): void {
    const last = this.said.at(-1);
    this.listen(world, true);
    if (last?.untold && last !== this.said.at(-1)) this.said.splice(this.said.indexOf(last), 1);
    this.before = sharesNow(world);
    this.look(world);
  }

  /** @param changed name of the resource that has just changed, if that is why */
  look(world: ModelWorld, changed?: string): void {
    const last = this.said.at(-1);
    if (last && changed === "traffic-intent") last.untold = false;
    this.listen(world);
    if (!this.kept) return;
    this.checkHeld(world);
    this.checkRising(world, changed === "traffic-state");
  }

  /** Writes down what Route 53 says from now on. */
  private listen(world: ModelWorld, untold = false): void {
    const leads = leadsOf(world, this.name);
    const text = JSON.stringify(leads);
    if (text === this.text) return;
    this.text = text;
    const last = this.said.at(-1);
    if (last) last.until = world.now;
    // Where all weights are 0, Route 53 answers with any of them.
    const all = leads.every(({ weight }) => weight === 0) ? leads.map((one) => ({ ...one, weight: 1 })) : leads;
    this.said.push({ leads: all, until: Number.POSITIVE_INFINITY, untold });
  }

  /** Whom a resolver leads there finds somebody, with everything that he needs. */
  private checkHeld(world: ModelWorld): void {
    const held = this.said.flatMap(({ leads, until }) =>
      leads.filter(({ weight, ttl }) => weight > 0 && until + (ttl + this.drainSeconds) * 1000 > world.now),
    );
    const places = new Set(held.flatMap(({ lead }) => placesOf(lead, world).map(({ place }) => place)));
    if (held.some(({ lead }) => lead === "balancer") && world.rule().length === 0) {
      this.report(world, "visitors reach the load balancer, which has no rule for them");
    }
    for (const place of places) {
      const found = at(world, place);
      if ("error" in found) this.report(world, `visitors reach ${place}: ${found.error}`);
      else if (found.tier === "vercel") {
        if (!databaseIsPublic(world.cloud))
          this.report(world, "visitors reach vercel, which cannot reach its database");
      }
    }
  }

  /** Nobody is led where nothing has answered well since the update began. */
  private checkRising(world: ModelWorld, moved: boolean): void {
    const shares = sharesOf(this.said.at(-1)?.leads ?? [], world);
    const identities = new Map<string, string>();
    for (const [place, share] of shares) {
      const identity = serverAt(world.cloud, place)?.id ?? place;
      identities.set(place, identity);
      // Between two records a place that had visitors may have some more for a moment: what counts is where that ends.
      const before = this.before.get(place) ?? 0;
      const had = before > 0 && !moved ? 100 : before;
      const other = this.identities.get(place) !== undefined && this.identities.get(place) !== identity;
      if (!other && share <= had + ROUNDING) continue;
      const proven = world.health.answers.some(
        ({ target, healthy, time }) => target === place && healthy && time >= this.began,
      );
      if (!proven)
        this.report(world, `${share.toFixed(0)} % of the visitors are led to ${place}, which has not proven itself`);
    }
    this.identities = identities;
  }

  private report(world: ModelWorld, what: string): void {
    const text = `${what} (${((world.now - this.began) / 1000).toFixed(0)} s into the update)`;
    if (this.violations.length < 5) this.violations.push(text);
  }
}

/**
 * "If you set Weight to zero for all of the records in the group, traffic is routed to all resources with equal probability"
 * (docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-weighted.html).
 */
function leadsOf(world: ModelWorld, name: string): Said["leads"] {
  const records = world.records(name);
  const isEqual = records.every(({ inputs }) => weightOf(inputs) === 0);
  return records.map(({ inputs }) => {
    const target = targetOf(inputs);
    const lead: Lead = target.kind === "addresses" ? { addresses: target.ipv4 } : "balancer";
    return { lead, weight: isEqual ? 1 : weightOf(inputs), ttl: inputs.ttl ?? 60 };
  });
}

/** Percent of the visitors that are led to each place, by whichever of the site's names more of them are. */
function sharesNow(world: ModelWorld): Map<string, number> {
  const all = NAMES.flatMap((name) => [...sharesOf(leadsOf(world, name), world)]);
  return new Map(all.sort(([, a], [, b]) => a - b));
}

function at({ cloud, health }: ModelWorld, place: string) {
  return place.startsWith("arn:") ? behind(cloud, health, place) : reach(cloud, health, place, { host: DOMAIN });
}

/** The places of a lead, and their part of its visitors. */
function placesOf(lead: Lead, world: ModelWorld): { readonly place: string; readonly part: number }[] {
  if (lead !== "balancer") return lead.addresses.map((place) => ({ place, part: 1 / lead.addresses.length }));
  const groups = world.rule().filter(({ weight }) => weight > 0);
  const all = groups.reduce((sum, { weight }) => sum + weight, 0);
  return groups.map(({ arn, weight }) => ({ place: arn, part: weight / all }));
}

/** Percent of the visitors that are led to each place now. */
function sharesOf(leads: Said["leads"], world: ModelWorld): Map<string, number> {
  const all = leads.reduce((sum, { weight }) => sum + weight, 0);
  const shares = new Map<string, number>();
  for (const { lead, weight } of leads) {
    if (weight === 0) continue;
    for (const { place, part } of placesOf(lead, world)) {
      shares.set(place, (shares.get(place) ?? 0) + (part * weight * 100) / all);
    }
  }
  return shares;
}

const databaseIsPublic = (cloud: Cloud): boolean =>
  cloud.of("aws:rds/instance:Instance").every(({ inputs }) => inputs.publiclyAccessible === true) &&
  cloud
    .of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    .some(({ inputs }) => inputs.cidrIpv4 === "0.0.0.0/0" && inputs.fromPort === 5432);
