import * as pulumi from "@pulumi/pulumi";
import { desiredTraffic, Traffic, type WantedTraffic } from "../components/traffic/traffic";
import type { TrafficState } from "../core/traffic-state";
import type { WebTier } from "../core/web-tier";
import type { Balancing } from "./balancing";
import type { StackConfig } from "./config";
import type { Foundation } from "./foundation";
import { foundByHand, type Gates, knownValue, type LiveTraffic, losesVisitors, tiersToProve } from "./gates";
import { type LiveSite, mayProtect, renameSite } from "./live/live-site";

/** What visitors are led to. */
interface Serving extends Balancing {
  readonly foundation: Foundation;
  /** The tier that serves, and the canary where there is one. */
  readonly tiers: readonly WebTier[];
}

/**
 * Leads the visitors to the tiers: each that gets more of them has answered before, and resolvers hold no other answer behind.
 * @returns whether the site's records are protected
 */
export async function switchTraffic(
  config: StackConfig,
  gates: Gates,
  site: LiveSite,
  { foundation, tiers, loadBalancer, assetServer }: Serving,
): Promise<boolean> {
  const { domain, traffic } = config.settings;
  const { before, query, zone } = site;
  const [serving, canary] = tiers as [WebTier, WebTier?];
  const wanted: WantedTraffic = {
    ttl: domain.ttl,
    serving,
    ...(canary && { canary: { tier: canary, percent: traffic.percent } }),
    revision: traffic.revision,
  };
  const next = before && (await knownValue(desiredTraffic(wanted), "the targets of the tiers"));
  if (before && next) await proveTiers(gates, before, tiers, next);
  const found = before && next && foundByHand(before, next);

  if (before && !site.takenBack) await renameSite(config, gates, site);
  const protect = await mayProtect(site);
  const moved = new Traffic("traffic", {
    ...wanted,
    ...(found && { found }),
    zoneId: zone.zoneId,
    domain: domain.name,
    redirectFrom: domain.redirectFrom,
    recordType: domain.record,
    protect,
    ...(loadBalancer && { loadBalancer }),
    parameters: query.parameters,
    behind: [...neededByAll(foundation), loadBalancer, assetServer, ...tiers].filter(pulumi.Resource.isInstance),
  });
  if (before) {
    await gates.settled({
      query: { ...query, zoneId: await knownValue(zone.zoneId, "the hosted zone") },
      before,
      now: await knownValue(moved.state, "the traffic that was asked for"),
      nameServers: await knownValue(zone.servers, "the name servers of the zone"),
      tiers: await Promise.all(tiers.map(probed)),
    });
  }
  return protect;
}

/**
 * Before traffic moves, what runs in a tier that loses none of its visitors is what was asked, and every tier that gets more of them
 * at one of its targets answers.
 */
async function proveTiers(gates: Gates, before: LiveTraffic, tiers: readonly WebTier[], next: TrafficState) {
  for (const { tier, rollout } of tiers) {
    if (!rollout || losesVisitors(before, next, tier)) continue;
    await gates.rolledOut({ tier, rollout: await knownValue(rollout, `the rollout of ${tier}`) });
  }
  const rising = tiersToProve(before, next);
  for (const tier of tiers) if (rising.includes(tier.tier)) await gates.ready(await probed(tier));
}

async function probed({ tier, probe, targetGroupArn }: WebTier) {
  return { tier, balanced: targetGroupArn !== undefined, probe: await knownValue(probe, `the probe of ${tier}`) };
}

/** Parts of the foundation that visitors need, whichever tier serves. */
function neededByAll({
  network,
  zone,
  certificate,
  database,
  secrets,
  repository,
  assets,
}: Foundation): pulumi.Resource[] {
  return [network, zone, certificate, database, secrets, repository, assets];
}
