import { grantPolicy } from "../components/aws/iam";
import { FargateService } from "../components/tiers/fargate-service";
import { HaWebTier } from "../components/tiers/ha-web-tier";
import { MonitoredInstance } from "../components/tiers/monitored-instance";
import type { LoadBalancer } from "../components/traffic/load-balancer";
import type { VercelAppArgs } from "../components/vercel/vercel-app";
import { describeVercelDatabase } from "../components/vercel/vercel-database";
import { artifactVersion, UNVERSIONED } from "../core/version";
import type { BeforeRollout, WebTier } from "../core/web-tier";
import { pathsOf } from "./args/existing";
import { vercelChoicesOf } from "./args/external";
import type { StackConfig } from "./config";
import { rulesByName } from "./database-ranges";
import { APP_FOLDER, type Foundation, notGiven } from "./foundation";
import type { Architecture, Settings } from "./settings/schema";

/** What a tier is built from. */
export interface TierContext {
  readonly config: StackConfig;
  readonly foundation: Foundation;
  /** There if any tier of the stack wants it. */
  readonly loadBalancer?: LoadBalancer;
  /** Runs a release's migrations before it is rolled out. */
  readonly beforeRollout?: BeforeRollout;
}

interface Entry {
  /** Whether the tier stands behind the shared load balancer. */
  readonly balanced: boolean;
  /** Whether it runs the app's image. */
  readonly image: boolean;
  readonly build: (context: TierContext) => WebTier | Promise<WebTier>;
}

/** One entry an architecture: the place to add a fifth. */
export const tiers: Readonly<Record<Architecture, Entry>> = {
  "monitored-instance": {
    balanced: false,
    image: false,
    build: ({ config: { settings }, foundation }) => {
      const { existing, instance, domain, alerts, recovery, monitoring } = settings;
      const paths = pathsOf(existing);
      return new MonitoredInstance("monitored-instance", {
        ...common(settings, foundation),
        alarmLevel: monitoring.level,
        recoveryTopicArn: foundation.alerts.topics.warning,
        maxRecoveriesPerHour: recovery.maxPerHour,
        recheckMinutes: recovery.recheckMinutes,
        server: existing.instanceId
          ? {
              existing: {
                instanceId: existing.instanceId,
                securityGroupId: existing.securityGroupId ?? "",
                addresses: existing.addresses,
                processes: {
                  processManager: existing.processManager,
                  appName: existing.appName,
                  appUser: existing.appUser,
                  ecosystem: paths.ecosystem,
                  nginxConf: "/etc/nginx/nginx.conf",
                  logFiles: [existing.accessLog, existing.errorLog, paths.appLog, paths.appErrorLog],
                  appErrorLog: paths.appErrorLog,
                  processPath: existing.processPath ?? settings.app.healthPath,
                },
                logFiles: { access: existing.accessLog, error: existing.errorLog, app: paths.appLog },
                ...(existing.appPattern ? { appPattern: existing.appPattern } : {}),
              },
            }
          : {
              create: {
                subnetId: foundation.network.webSubnetIds.apply((ids) => ids[0] as string),
                type: instance.type,
                volumeGb: instance.volumeGb,
                securityUpdates: instance.securityUpdates === "weekly",
                release: instance.release ?? { url: notGiven(), sha256: notGiven() },
                environment: foundation.environment,
                migrate: settings.app.migrate,
                version: settings.app.version ?? artifactVersion(instance.release?.url),
                ...(domain.redirectFrom[0] ? { redirectFrom: domain.redirectFrom[0] } : {}),
                zoneId: foundation.zone.zoneId,
                acmeEmail: alerts.emails[0] as string,
              },
            },
      });
    },
  },

  "ha-web-tier": {
    balanced: true,
    image: true,
    build: (context) => {
      const { haWebTier } = context.config.settings;
      return new HaWebTier("ha-web-tier", { ...balanced(context), ...haWebTier });
    },
  },

  fargate: {
    balanced: true,
    image: true,
    build: (context) => {
      const { fargate, image } = context.config.settings;
      return new FargateService("fargate", {
        ...balanced(context),
        ...fargate,
        cpuArchitecture: image.platform === "x86_64" ? "X86_64" : "ARM64",
      });
    },
  },

  vercel: {
    balanced: false,
    image: false,
    // Loaded only where it is used: the provider's module is needed by this architecture alone.
    build: async (context) => {
      const { VercelApp } = await import("../components/vercel/vercel-app");
      return new VercelApp("vercel", vercelArgs(context));
    },
  },
};

/** What Vercel is told: the plan's choices, where the code comes from, and the environment of every architecture. */
function vercelArgs({ config, foundation }: TierContext): VercelAppArgs {
  const { settings, region } = config;
  const { vercel, domain, app, logs } = settings;
  const { repository, prebuilt, ref, buildCommand, oidc, logDrain, allVariablesSensitive } = vercel;
  const { connectionLimit, poolTimeoutSeconds, connectTimeoutSeconds } = vercel;
  const { previewSecrets, vercelPassword } = config;
  const previews = Object.keys(previewSecrets).length > 0;
  return {
    ...vercelChoicesOf(vercel),
    domain: domain.name,
    redirectFrom: domain.redirectFrom,
    recordType: domain.record,
    zoneId: foundation.zone.zoneId,
    source: prebuilt
      ? { kind: "prebuilt", path: prebuilt }
      : {
          kind: "repository",
          type: vercel.gitHost,
          repo: repository ?? "",
          productionBranch: vercel.productionBranch,
          deployOnPush: vercel.deployOnPush,
          ...(ref ? { ref } : {}),
        },
    rootDirectory: vercel.rootDirectory,
    ...(buildCommand ? { buildCommand } : {}),
    ...migrationOf(settings, foundation),
    openDatabase: (parent) =>
      [...rulesByName(describeVercelDatabase(foundation.vercelAccess).ingress, config.known)].map(
        ([name, { cidr, description }]) => foundation.database.admitRange(name, cidr, description, { parent }),
      ),
    nodeVersion: vercel.nodeVersion,
    databaseRegion: region,
    environment: { ...app.environment },
    secrets: foundation.secretValues,
    ...(previews
      ? {
          preview: {
            environment: { ...app.environment, ...vercel.previewEnvironment },
            // What the platform generates is production's own unless the previews have one too.
            secrets: { ...foundation.secretValues, ...previewSecrets },
          },
        }
      : {}),
    allVariablesSensitive,
    version: app.version ?? UNVERSIONED,
    healthPath: app.healthPath,
    database: { ...foundation.vercelAccess, connectionLimit, poolTimeoutSeconds, connectTimeoutSeconds },
    ...(vercelPassword ? { protectionPassword: vercelPassword } : {}),
    ...(oidc
      ? {
          oidc: {
            teamSlug: oidc.teamSlug,
            environments: oidc.environments,
            ...(oidc.providerArn ? { providerArn: oidc.providerArn } : {}),
            ...(oidc.grants.length > 0 ? { policy: grantPolicy(oidc.grants) } : {}),
          },
        }
      : {}),
    ...(logDrain
      ? { logDrain: { ...logDrain, alarmActions: foundation.alarmActions, logRetentionDays: logs.retentionDays } }
      : {}),
  };
}

/** Who migrates for Vercel: its own build; for a site that comes built this machine, where it can reach the database. */
function migrationOf({ app, vercel }: Settings, { secretValues }: Foundation): Pick<VercelAppArgs, "migrate"> {
  if (!app.migrate) return {};
  if (!vercel.prebuilt) return { migrate: "build" };
  const databaseUrl = secretValues.DATABASE_URL;
  return vercel.databaseAccess === "public-tls" && databaseUrl ? { migrate: { folder: APP_FOLDER, databaseUrl } } : {};
}

function common({ app, domain, logs }: Settings, foundation: Foundation) {
  return {
    vpcId: foundation.network.vpcId,
    subnetIds: foundation.network.webSubnetIds,
    database: foundation.database,
    domain: domain.name,
    port: app.port,
    healthPath: app.healthPath,
    logRetentionDays: logs.retentionDays,
    alarmActions: foundation.alarmActions,
  };
}

function balanced({ config: { settings }, foundation, loadBalancer, beforeRollout }: TierContext) {
  if (!loadBalancer) throw new Error("A balanced tier was asked for without a load balancer");
  return {
    ...common(settings, foundation),
    loadBalancer,
    image: foundation.image,
    repositoryArns: [foundation.repository.arn, ...repositoryOf(settings.image.uri)],
    version: settings.app.version ?? foundation.image.apply(artifactVersion),
    environment: foundation.environment,
    alarmLevel: settings.monitoring.level,
    probeToken: foundation.secrets.probeToken,
    ...(beforeRollout ? { beforeRollout } : {}),
  };
}

/** The repository of an image on ECR, which may be another stack's: production runs the digest that staging proved. */
function repositoryOf(uri = ""): string[] {
  const [, account, region, name] = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)/.exec(uri) ?? [];
  return name ? [`arn:aws:ecr:${region}:${account}:repository/${name}`] : [];
}
