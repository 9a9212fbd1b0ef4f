import * as pulumi from "@pulumi/pulumi";
import { Uptime } from "../components/monitoring/uptime";
import { AssetServer } from "../components/traffic/asset-server";
import { DnsZone } from "../components/traffic/dns-zone";
import { LoadBalancer } from "../components/traffic/load-balancer";
import { desiredTraffic, Traffic, type WantedTraffic } from "../components/traffic/traffic";
import type { TrafficState } from "../core/traffic-state";
import type { WebTier } from "../core/web-tier";
import { tiers as architectures } from "./architectures";
import { refuseNames, refuseZone } from "./barred";
import { createCiAccess } from "./ci";
import type { StackConfig } from "./config";
import { uptimeCheckOf } from "./external";
import { type Former, formerOf } from "./former";
import { createFoundation, type Foundation } from "./foundation";
import type { Gates } from "./gates";
import { foundByHand, ifKnown, knownValue, type LiveTraffic, losesVisitors, mayReach, tiersToProve } from "./gates";
import { guardDatabase } from "./gates/database-guard";
import { noteKept } from "./gates/protection";
import { Migrations } from "./migrations";
import { keysIn, type Notice, noticesFor, outputCommand } from "./notices";
import { observe } from "./observability";
import { forUpdate, updating } from "./operation";
import { checkPlacement } from "./placement";
import type { Settings } from "./settings/schema";
import { tiersOf } from "./settings/settings-rules";
import { tagEverything } from "./tags";
import { watchOf } from "./watch";

/** What `pulumi stack output` shows. */
export interface SiteOutputs {
  readonly url: string;
  readonly architecture: string;
  readonly databaseEndpoint: pulumi.Output<string>;
  readonly alertTopic: pulumi.Output<string>;
  readonly imageRepository: pulumi.Output<string>;
  /** Where `platform release` keeps the built files of releases. */
  readonly assetBucket: pulumi.Output<string>;
  /** Secret with the app's secret environment; the build of an image needs one key of it. */
  readonly appSecret: pulumi.Output<string>;
  readonly nextSteps: readonly string[];
  readonly [further: string]: unknown;
}

/**
 * Foundation, tiers, traffic, in this order and with the gates between: the engine deletes an old tier only after a program that
 * ended well, so whatever throws in here leaves what serves untouched.
 */
export async function deploySite(config: StackConfig, gates: Gates): Promise<SiteOutputs> {
  const { settings, stack, project } = config;
  const { domain, traffic } = settings;
  const preview = !updating();
  tagEverything(settings.tags);
  const kept = noteKept();
  await guardDatabase(config);

  await checkPlacement(config);
  const query = {
    name: domain.name,
    parameters: { intent: `/${project}/${stack}/traffic-intent`, state: `/${project}/${stack}/traffic-state` },
  };
  const former = formerOf(config.known ?? []);
  const { leaving } = former;
  // A stack that was renamed has written them under its former name.
  const written = former.parameters ?? query.parameters;
  const asked = forUpdate();
  if (asked) await refuseZone(config.known ?? [], config);
  const zone = new DnsZone("dns", { name: domain.zoneName ?? domain.name, create: domain.zone === "new" });
  if (asked) refuseNames(config.known ?? [], config, await ifKnown(zone.zoneId));
  // A new name that was taken back before the stack knew of it.
  const takenBack = former.site?.name === domain.name;
  if (!preview && takenBack) await renameSite(gates, settings, former, zone);
  const before = preview
    ? undefined
    : await gates.live(
        {
          ...query,
          ...(former.site && { former: former.site }),
          parameters: written,
          leaving,
          zoneId: await knownValue(zone.zoneId, "the hosted zone"),
        },
        {
          stack,
          project,
          architecture: settings.architecture,
          revision: traffic.revision,
          ...(traffic.from ? { from: traffic.from } : {}),
          ...(traffic.canary ? { canary: { tier: traffic.canary, percent: traffic.percent } } : {}),
        },
      );
  const names = tiersOf(settings);
  const vercelReachable = before !== undefined && mayReach(before, "vercel", settings.gates.drainSeconds);
  const notices = noticesFor(settings, { stack, vercelReachable, ...keysIn(inConfig) });
  const foundation = createFoundation(config, zone, vercelReachable);
  const ci = createCiAccess(config, foundation);
  if (zone.nameServers && !preview) {
    await gates.delegated({
      name: zone.name,
      nameServers: await knownValue(zone.nameServers, "the name servers of the new zone"),
    });
  }
  if (!preview) {
    await stopAt(notices, stack, { imageRepository: foundation.repository.url, appSecret: foundation.secrets.arn });
  }

  const loadBalancer = names.some((name) => architectures[name].balanced)
    ? new LoadBalancer("load-balancer", {
        vpcId: foundation.network.vpcId,
        subnetIds: foundation.network.webSubnetIds,
        certificateArn: foundation.certificate.arn,
        domain: domain.name,
        redirectFrom: domain.redirectFrom,
        ...balancerSettings(settings),
        alarmActions: foundation.alarmActions,
      })
    : undefined;
  const assetServer =
    loadBalancer &&
    new AssetServer("asset-server", {
      bucket: foundation.assets,
      loadBalancer,
      domain: domain.name,
      probeToken: foundation.secrets.probeToken,
      logRetentionDays: settings.logs.retentionDays,
    });
  const migrations = new Migrations(gates, {
    release: pulumi.interpolate`${foundation.image} ${foundation.database.endpoint}`,
    parameter: `/${project}/${stack}/migrated`,
  });
  const built: WebTier[] = [];
  for (const name of names) {
    built.push(
      await architectures[name].build({
        config,
        foundation,
        ...(loadBalancer ? { loadBalancer } : {}),
        ...(settings.app.migrate ? { beforeRollout: migrations.beforeRollout } : {}),
      }),
    );
  }
  await migrations.finish(built);
  if (before) await gates.hold(await kept());
  const [serving, canary] = built as [WebTier, WebTier?];

  const wanted: WantedTraffic = {
    ttl: domain.ttl,
    serving,
    ...(canary ? { canary: { tier: canary, percent: traffic.percent } } : {}),
    revision: traffic.revision,
  };
  const next = before && (await knownValue(desiredTraffic(wanted), "the targets of the tiers"));
  if (before && next) {
    for (const tier of built) if (!losesVisitors(before, next, tier.tier)) await witness(gates, tier);
    await proveTiers(gates, before, built, next);
  }
  const found = before && next && foundByHand(before, next);

  if (before && !takenBack) await renameSite(gates, settings, former, zone);
  const protect = await mayProtect(former, domain.name, zone);
  const moved = new Traffic("traffic", {
    ...wanted,
    ...(found ? { found } : {}),
    zoneId: zone.zoneId,
    domain: domain.name,
    redirectFrom: domain.redirectFrom,
    recordType: domain.record,
    protect,
    ...(loadBalancer ? { loadBalancer } : {}),
    parameters: query.parameters,
    behind: [...served(foundation), loadBalancer, assetServer, ...built].filter(pulumi.Resource.isInstance),
  });
  if (before) {
    await gates.settled({
      query: { ...query, zoneId: await knownValue(zone.zoneId, "the hosted zone") },
      before,
      now: await knownValue(moved.state, "the traffic that was asked for"),
      nameServers: await knownValue(zone.servers, "the name servers of the zone"),
      tiers: await Promise.all(built.map(probed)),
    });
  }

  if (before) await gates.allowDeletion(await kept());

  // Last: before traffic is there, whoever looks from outside would find nobody and raise an alarm.
  const externalCheck = new Uptime("uptime", {
    check: uptimeCheckOf(settings.uptime),
    domain: domain.name,
    healthPath: settings.app.healthPath,
    ...(settings.uptime.keyword ? { keyword: settings.uptime.keyword } : {}),
    region: config.region,
    alarmActions: foundation.alarmActions,
    logRetentionDays: settings.logs.retentionDays,
  });

  const observed = observe(config, foundation, {
    tiers: built,
    parts: [externalCheck, loadBalancer, foundation.database, foundation.backups].filter((part) => part !== undefined),
    trafficParameter: query.parameters.state,
  });
  return {
    url: `https://${domain.name}`,
    architecture: settings.architecture,
    ...(loadBalancer ? { loadBalancer: loadBalancer.dnsName } : {}),
    ...Object.assign({}, ...built.map((tier) => tier.outputs)),
    databaseEndpoint: foundation.database.endpoint,
    databaseIdentifier: foundation.database.identifier,
    ...(foundation.database.replicaEndpoint ? { replicaEndpoint: foundation.database.replicaEndpoint } : {}),
    ...(foundation.backups ? foundation.backups.outputs : {}),
    databaseSecret: foundation.database.urlSecretArn,
    ...(ci ? { ciPreviewRole: ci.previewRoleArn, ciDeployRole: ci.deployRoleArn } : {}),
    ...observed,
    alertTopic: foundation.alerts.topics.page,
    imageRepository: foundation.repository.url,
    assetBucket: foundation.assets.name,
    watch: watchOf(
      zone.zoneId.apply((zoneId) => ({ ...query, zoneId })),
      foundation.database,
      built,
    ),
    appSecret: foundation.secrets.arn,
    nextSteps: [...notices.map(({ message }) => message), ...(protect || preview ? [] : [PROTECT_AGAIN])],
  };
}

/**
 * Whether the records may be protected: the engine replaces nothing that is, and a record of another zone is another record. One of
 * another name is made by {@link renameSite} and imported, which no preview does.
 */
async function mayProtect({ site, zones }: Former, name: string, zone: DnsZone): Promise<boolean> {
  const zoneId = await ifKnown(zone.zoneId);
  return zones.every((one) => one === zoneId) && (updating() || site === undefined || site.name === name);
}

const PROTECT_AGAIN =
  "The site's records are in another zone than before, and are not protected yet: run `pulumi up` once more, which protects them.";

/** Before traffic is registered, the site's names have records of the right form; of another zone the engine takes care. */
async function renameSite(gates: Gates, { domain }: Settings, { site, said }: Former, zone: DnsZone) {
  const zoneId = await knownValue(zone.zoneId, "the hosted zone");
  if (zoneId !== site?.zoneId) return;
  const { name, redirectFrom, record } = domain;
  await gates.renamed({ zoneId, name, former: site.name, said, redirectFrom, type: record });
}

/** Gate after a release: what runs in a tier is what was asked, whether it has visitors or not. */
async function witness(gates: Gates, { tier, rollout }: WebTier): Promise<void> {
  if (rollout) await gates.rolledOut({ tier, rollout: await knownValue(rollout, `the rollout of ${tier}`) });
}

/** Gate before traffic moves: every tier that gets more of it at one of its targets must answer first. */
async function proveTiers(
  gates: Gates,
  before: LiveTraffic,
  built: readonly WebTier[],
  next: TrafficState,
): Promise<void> {
  const rising = tiersToProve(before, next);
  for (const tier of built) {
    if (rising.includes(tier.tier)) await gates.ready(await probed(tier));
  }
}

function balancerSettings({ loadBalancer: { waf, rateLimit, ...further }, monitoring }: Settings) {
  return { ...further, alarmLevel: monitoring.level, ...(waf === "off" ? {} : { firewall: { mode: waf, rateLimit } }) };
}

/** Parts of the foundation that visitors need, whichever tier serves. */
function served(foundation: Foundation): pulumi.Resource[] {
  const { network, zone, certificate, database, secrets, repository, assets } = foundation;
  return [network, zone, certificate, database, secrets, repository, assets];
}

async function probed(tier: WebTier) {
  const balanced = tier.targetGroupArn !== undefined;
  return { tier: tier.tier, balanced, probe: await knownValue(tier.probe, `the probe of ${tier.tier}`) };
}

/** What blocks ends an update here, with the foundation built; a preview goes on and shows it among the next steps. */
async function stopAt(
  notices: readonly Notice[],
  stack: string,
  outputs: Readonly<Record<string, pulumi.Output<string>>>,
): Promise<void> {
  const blocking = notices.filter(({ blocking }) => blocking).map(({ message }) => message);
  if (blocking.length === 0) return;
  let text = `${blocking.join("\n\n")}\n\nNothing was switched and nothing was deleted.`;
  for (const [name, output] of Object.entries(outputs)) {
    const command = outputCommand(stack, name);
    if (text.includes(command)) text = text.replaceAll(command, await knownValue(output, name));
  }
  throw new pulumi.RunError(text);
}

/** Whether the stack's config has a key such as `vercel:apiToken`; its value is not looked at. */
function inConfig(full: string): boolean {
  const [namespace = "", key = ""] = full.split(":");
  return new pulumi.Config(namespace).getSecret(key) !== undefined;
}
