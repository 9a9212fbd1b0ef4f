import * as pulumi from "@pulumi/pulumi";
import { Uptime } from "../components/monitoring/uptime";
import type { WebTier } from "../core/web-tier";
import { tiers as architectures } from "./architectures";
import { uptimeCheckOf } from "./args/external";
import { type Balancing, createBalancing } from "./balancing";
import { createCiAccess } from "./ci";
import type { StackConfig } from "./config";
import { createFoundation, type Foundation } from "./foundation";
import { type Gates, knownValue, mayReach } from "./gates";
import { noteKept } from "./gates/protection";
import { guardDatabase } from "./live/database-guard";
import { readLiveSite } from "./live/live-site";
import { Migrations } from "./migrations";
import { keysIn, type Notice, noticesFor, outputCommand } from "./notices";
import { observe } from "./observability";
import { checkPlacement } from "./placement";
import { tiersOf } from "./settings/conflict";
import { switchTraffic } from "./switch";
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
  const { settings, stack } = config;
  tagEverything(settings.tags);
  const kept = noteKept();
  await guardDatabase(config);
  await checkPlacement(config);

  const site = await readLiveSite(config, gates);
  const { zone, before } = site;
  const vercelReachable = before !== undefined && mayReach(before, "vercel", settings.gates.drainSeconds);
  const notices = noticesFor(settings, { stack, vercelReachable, ...keysIn(inConfig) });
  const foundation = createFoundation(config, zone, vercelReachable);
  const ci = createCiAccess(config, foundation);
  if (before) {
    if (zone.nameServers) {
      const nameServers = await knownValue(zone.nameServers, "the name servers of the new zone");
      await gates.delegated({ name: zone.name, nameServers });
    }
    await stopAt(notices, stack, { imageRepository: foundation.repository.url, appSecret: foundation.secrets.arn });
  }

  const balancing = createBalancing(config, foundation);
  const { loadBalancer } = balancing;
  const tiers = await buildTiers(config, foundation, balancing, gates);
  if (before) await gates.hold(await kept());
  const isProtected = await switchTraffic(config, gates, site, { ...balancing, foundation, tiers });
  if (before) await gates.allowDeletion(await kept());

  // Last: before traffic is there, whoever looks from outside would find nobody and raise an alarm.
  const { uptime, app, domain, logs } = settings;
  const externalCheck = new Uptime("uptime", {
    check: uptimeCheckOf(uptime),
    domain: domain.name,
    healthPath: app.healthPath,
    ...(uptime.keyword ? { keyword: uptime.keyword } : {}),
    region: config.region,
    alarmActions: foundation.alarmActions,
    logRetentionDays: logs.retentionDays,
  });
  const observed = observe(config, foundation, {
    tiers,
    parts: [externalCheck, loadBalancer, foundation.database, foundation.backups].filter((part) => part !== undefined),
    trafficParameter: site.query.parameters.state,
  });
  return {
    url: `https://${domain.name}`,
    architecture: settings.architecture,
    ...(loadBalancer ? { loadBalancer: loadBalancer.dnsName } : {}),
    ...Object.assign({}, ...tiers.map((tier) => tier.outputs)),
    ...foundationOutputs(foundation),
    ...(ci ? { ciPreviewRole: ci.previewRoleArn, ciDeployRole: ci.deployRoleArn } : {}),
    ...observed,
    watch: watchOf(
      zone.zoneId.apply((zoneId) => ({ ...site.query, zoneId })),
      foundation.database,
      tiers,
    ),
    nextSteps: [...notices.map(({ message }) => message), ...(isProtected || !before ? [] : [PROTECT_AGAIN])],
  };
}

/** What serves, and the canary where there is one; a release's migrations run before the first of them rolls it out. */
async function buildTiers(
  config: StackConfig,
  foundation: Foundation,
  { loadBalancer }: Balancing,
  gates: Gates,
): Promise<readonly WebTier[]> {
  const { settings, project, stack } = config;
  const migrations = new Migrations(gates, {
    release: pulumi.interpolate`${foundation.image} ${foundation.database.endpoint}`,
    parameter: `/${project}/${stack}/migrated`,
  });
  const built: WebTier[] = [];
  for (const name of tiersOf(settings)) {
    const context = {
      ...{ config, foundation },
      ...(loadBalancer && { loadBalancer }),
      ...(settings.app.migrate && { beforeRollout: migrations.beforeRollout }),
    };
    built.push(await architectures[name].build(context));
  }
  await migrations.finish(built);
  return built;
}

const foundationOutputs = ({ alerts, assets, backups, database, repository, secrets }: Foundation) => ({
  alertTopic: alerts.topics.page,
  appSecret: secrets.arn,
  assetBucket: assets.name,
  databaseEndpoint: database.endpoint,
  databaseIdentifier: database.identifier,
  databaseSecret: database.urlSecretArn,
  imageRepository: repository.url,
  ...(database.replicaEndpoint ? { replicaEndpoint: database.replicaEndpoint } : {}),
  ...backups?.outputs,
});

const PROTECT_AGAIN =
  "The site's records are in another zone than before, and are not protected yet: run `pulumi up` once more, which protects them.";

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
