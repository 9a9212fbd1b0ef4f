import { DnsZone } from "../../components/traffic/dns-zone";
import type { StackConfig } from "../config";
import { type Gates, ifKnown, knownValue, type LiveTraffic, type TrafficQuery } from "../gates";
import { forUpdate, updating } from "../operation";
import { refuseNames, refuseZone } from "./barred";
import { type Former, formerOf } from "./former";

/** Where a site's traffic is, and what is live of it before an update. */
export interface LiveSite {
  readonly zone: DnsZone;
  /** Where to look, but for the zone, which may be yet to be made. */
  readonly query: Omit<TrafficQuery, "zoneId">;
  readonly former: Former;
  /** A new name was given up before the stack knew of it: its records have their former form again. */
  readonly takenBack: boolean;
  /** Undefined in a preview, which waits for nothing. */
  readonly before?: LiveTraffic;
}

/**
 * Registers the zone and reads what is live.
 * @throws where the stack file, its zone or its names would lead to what no `up` cures
 */
export async function readLiveSite(config: StackConfig, gates: Gates): Promise<LiveSite> {
  const { settings, stack, project, known = [] } = config;
  const { domain, traffic } = settings;
  const parameters = { intent: `/${project}/${stack}/traffic-intent`, state: `/${project}/${stack}/traffic-state` };
  const query = { name: domain.name, parameters };
  const former = formerOf(known);
  if (forUpdate()) await refuseZone(known, config);
  const zone = new DnsZone("dns", { name: domain.zoneName ?? domain.name, create: domain.zone === "new" });
  if (forUpdate()) refuseNames(known, config, await ifKnown(zone.zoneId));
  const site = { zone, query, former, takenBack: former.site?.name === domain.name };
  if (!updating()) return site;

  if (site.takenBack) await renameSite(config, gates, site);
  const asked = {
    ...query,
    ...(former.site && { former: former.site }),
    // A stack that was renamed has written them under its former name.
    parameters: former.parameters ?? parameters,
    leaving: former.leaving,
    zoneId: await knownValue(zone.zoneId, "the hosted zone"),
  };
  const before = await gates.live(asked, {
    ...{ stack, project, architecture: settings.architecture, revision: traffic.revision },
    ...(traffic.from && { from: traffic.from }),
    ...(traffic.canary && { canary: { tier: traffic.canary, percent: traffic.percent } }),
  });
  return { ...site, before };
}

/** Before traffic is registered, the site's names have records of the right form; of another zone the engine takes care. */
export async function renameSite(
  { settings }: StackConfig,
  gates: Gates,
  { former: { site, leadsTo }, zone }: LiveSite,
): Promise<void> {
  const zoneId = await knownValue(zone.zoneId, "the hosted zone");
  if (zoneId !== site?.zoneId) return;
  const { name, redirectFrom, record } = settings.domain;
  await gates.renamed({ zoneId, name, former: site.name, leadsTo, redirectFrom, type: record });
}

/**
 * Whether the records may be protected: the engine replaces nothing that is, and a record of another zone is another record. One of
 * another name is made by {@link renameSite} and imported, which no preview does.
 */
export async function mayProtect({ former: { site, zones }, query, zone }: LiveSite): Promise<boolean> {
  const zoneId = await ifKnown(zone.zoneId);
  return zones.every((one) => one === zoneId) && (updating() || site === undefined || site.name === query.name);
}
