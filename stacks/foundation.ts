import * as pulumi from "@pulumi/pulumi";
import { Backups } from "../components/database/backups";
import { Database } from "../components/database/database";
import type { AppEnvironment } from "../components/foundation/app-environment";
import { AppSecrets } from "../components/foundation/app-secrets";
import { Budget } from "../components/foundation/budget";
import { ImageBuild } from "../components/foundation/image-build";
import { ImageRepository } from "../components/foundation/image-repository";
import { Network, type NetworkArgs } from "../components/foundation/network";
import type { AlarmActions } from "../components/monitoring/alarm";
import { Alerts } from "../components/monitoring/alerts";
import { dashboardUrl } from "../components/monitoring/dashboard";
import { AssetBucket } from "../components/traffic/asset-bucket";
import { Certificate } from "../components/traffic/certificate";
import type { DnsZone } from "../components/traffic/dns-zone";
import { describeVercelDatabase, type VercelDatabaseAccess } from "../components/vercel/vercel-database";
import { vercelAccessOf } from "./args/external";
import { backupsOf, databaseOf } from "./args/storage-args";
import { BUILD_SECRET, buildArgs } from "./build-args";
import type { StackConfig } from "./config";
import { defaultNetwork } from "./placement";
import { tiersOf } from "./settings/conflict";
import { dockerPlatforms, type Settings } from "./settings/schema";
import { ownTags } from "./tags";

/** What never changes when the architecture does: the same URNs in every option. */
export interface Foundation {
  readonly network: Network;
  readonly zone: DnsZone;
  readonly certificate: Certificate;
  readonly alerts: Alerts;
  readonly alarmActions: AlarmActions;
  readonly database: Database;
  /** AWS Backup, where the settings ask for it. */
  readonly backups?: Backups;
  readonly secrets: AppSecrets;
  readonly repository: ImageRepository;
  /** Built files of the releases, which outlive their images. */
  readonly assets: AssetBucket;
  /** The image that the tiers run; unknown in a preview before one is given. */
  readonly image: pulumi.Output<string>;
  /** The app's environment by reference. */
  readonly environment: AppEnvironment;
  /** The app's secret environment by value, for Vercel. */
  readonly secretValues: Readonly<Record<string, pulumi.Output<string>>>;
  readonly vercelAccess: VercelDatabaseAccess;
}

/** Releases kept in the repository, of whatever number of manifests: some weeks of them to go back to. */
const KEPT_IMAGES = 30;

/** Stands for an artifact that a person has yet to name: unknown in a preview, and an update stops before it is used. */
export const notGiven = (): pulumi.Output<string> => pulumi.output(pulumi.unknown as unknown as string);

/**
 * Registers the foundation. Nothing in here may depend on the architecture's name, but for who may reach the database.
 * @param zone the site's zone, from which what is live was read first
 * @param vercelReachable whether visitors may still reach Vercel, which needs the database's public address as long as that may be:
 *   the foundation is updated before traffic moves, so the address goes with the first update after
 */
export function createFoundation(config: StackConfig, zone: DnsZone, vercelReachable = false): Foundation {
  const { settings } = config;
  const { domain } = settings;

  const network = new Network("network", networkOf(settings));
  const alerts = new Alerts("alerts", settings.alerts);
  const repository = new ImageRepository("image", {
    keep: KEPT_IMAGES,
    ...(settings.app.version ? { running: settings.app.version } : {}),
  });
  const assets = new AssetBucket("assets", { domain: domain.name });
  const secrets = new AppSecrets("app", { values: config.secrets });
  const vercelAccess = vercelAccessOf(settings.vercel);
  const onVercel = tiersOf(settings).includes("vercel");
  // A paging alarm speaks through "site is down" (components/monitoring/site-alarms.ts), so that one outage pages once.
  const alarmActions = { page: [], warning: [alerts.topics.warning], dashboard: dashboardUrl(config.region) };
  const database = new Database(
    "database",
    databaseOf(settings, network, alarmActions, {
      publiclyAccessible: onVercel && describeVercelDatabase(vercelAccess).publiclyAccessible,
      // The settings may not tell any more whether it has one.
      keepAccess: !onVercel && vercelReachable,
    }),
  );
  const backups = settings.backups.enabled
    ? new Backups("backups", { ...backupsOf(settings), databaseArn: database.arn, alarmActions })
    : undefined;
  const certificate = new Certificate("certificate", {
    domain: domain.name,
    alternativeNames: domain.redirectFrom,
    zoneId: zone.zoneId,
  });

  const { monthlyUsd, ...percents } = settings.budget;
  if (monthlyUsd) {
    new Budget("budget", { monthlyUsd, ...percents, topicArn: alerts.topics.warning, tags: ownTags() });
  }

  return {
    network,
    zone,
    certificate,
    alerts,
    alarmActions,
    database,
    ...(backups ? { backups } : {}),
    secrets,
    repository,
    assets,
    image: imageOf(settings, repository, secrets),
    environment: {
      // The version only makes a changed URL a change of what runs, which is then rolled out.
      plain: { ...settings.app.environment, DATABASE_LOGIN_VERSION: database.urlVersion },
      secrets: { ...secrets.references, DATABASE_URL: database.urlReference },
    },
    secretValues: { ...secrets.values, DATABASE_URL: database.url },
    vercelAccess,
  };
}

function networkOf({ network: { vpc, subnetIds, cidr, zones } }: Settings): NetworkArgs {
  if (vpc === "new") return { create: { cidr, zones } };
  return { adopt: vpc === "default" ? defaultNetwork() : { vpcId: vpc, subnetIds: [...subnetIds] } };
}

/** The image that was given, the one that is built now, or none yet. */
function imageOf({ image, app }: Settings, repository: ImageRepository, secrets: AppSecrets): pulumi.Output<string> {
  if (image.uri) return pulumi.output(image.uri);
  if (!image.build) return notGiven();
  return new ImageBuild("image-build", {
    context: APP_FOLDER,
    repositoryUrl: repository.url,
    tag: app.version ?? "",
    platforms: dockerPlatforms[image.platform],
    buildArgs: buildArgs(app, app.version ?? ""),
    secrets: { [BUILD_SECRET]: secrets.serverActionsKey },
  }).uri;
}

/** The app's folder in the project. */
export const APP_FOLDER = "app";
