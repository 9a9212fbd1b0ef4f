import { architectures } from "../../stacks/settings/schema";
import { ACCOUNT, IMAGE, REGION } from "./dummies";

type Config = Readonly<Record<string, unknown>>;

export const released = {
  image: { uri: IMAGE },
  instance: { release: { url: "s3://iamvet-releases/site-2026-11-24.tar.gz", sha256: "0".repeat(64) } },
};

const found = {
  identifier: "iamvet-db",
  securityGroupId: "sg-0a1b2c3d4e5f60718",
  urlSecretArn: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:iamvet-db-AbCdEf`,
};
export const existingDatabase: Config = { database: { mode: "existing", ...found } };

/** Optional parts of the site, each of which is tried with and without; without is the base of its architecture. */
export const parts: readonly {
  readonly name: string;
  readonly architectures: readonly string[];
  readonly config: Config;
}[] = [
  {
    name: "multi-az database",
    architectures: ["fargate"],
    config: { database: { multiAz: true, backupDays: 35, enhancedMonitoring: 10 } },
  },
  {
    name: "watched by Route 53, with a budget",
    architectures: ["vercel", "monitored-instance"],
    config: { uptime: { provider: "route53", intervalSeconds: 10 }, budget: { monthlyUsd: 50 } },
  },
  {
    name: "watched by UptimeRobot",
    architectures: ["ha-web-tier"],
    config: { uptime: { provider: "uptimerobot", plan: "team" } },
  },
  {
    name: "database adopted as it is",
    architectures: ["monitored-instance"],
    config: { database: { mode: "import", ...found } },
  },
  {
    name: "database adopted and taken over",
    architectures: ["fargate"],
    config: { database: { mode: "import", ...found, takeOver: true, multiAz: true, instanceClass: "db.m7g.large" } },
  },
  {
    name: "database restored from a snapshot",
    architectures: ["fargate"],
    config: { database: { mode: "restore", engineVersion: "17", restore: { snapshot: "iamvet-final-0a1b2c3d" } } },
  },
  {
    name: "database restored to a point in time",
    architectures: ["ha-web-tier"],
    config: {
      database: {
        mode: "restore",
        engineVersion: "18",
        blueGreen: true,
        enhancedMonitoring: 30,
        restore: { identifier: "iamvet-db", time: "2026-11-24T09:30:00Z" },
      },
    },
  },
  {
    name: "replica, enhanced monitoring, every alarm",
    architectures: ["monitored-instance"],
    config: { database: { readReplica: true, enhancedMonitoring: 60 }, monitoring: { level: "standard" } },
  },
  {
    name: "backups in one region, locked for ever",
    architectures: ["vercel"],
    config: { backups: { enabled: true, lock: "compliance", weeklyDays: 0, restoreTest: "weekly" } },
  },
  {
    name: "database restored from a backup in another region",
    architectures: ["fargate"],
    config: {
      database: {
        mode: "restore",
        engineVersion: "18",
        restore: {
          automatedBackupArn: `arn:aws:rds:${REGION}:${ACCOUNT}:auto-backup:ab-${"a1b2c3d4".repeat(4)}`,
          time: "2026-11-24T09:30:00Z",
        },
      },
    },
  },
  {
    name: "app, recovery and database of one's own",
    architectures: ["monitored-instance"],
    config: {
      app: {
        port: 8080,
        healthPath: "/healthz",
        version: "2026-11-24",
        migrate: false,
        environment: { LEVEL: "info" },
      },
      domain: { name: "staging.iamvet.kr", zoneName: "iamvet.kr", ttl: 300 },
      recovery: { maxPerHour: 5, recheckMinutes: 1 },
      instance: { ...released.instance, type: "t3.large", volumeGb: 50, securityUpdates: "off" },
      database: {
        name: "shop",
        username: "owner",
        engineVersion: "17",
        instanceClass: "db.m7g.large",
        unlisted: true,
        storageGb: 100,
        maxStorageGb: 500,
        backupWindow: "16:00-16:30",
        maintenanceWindow: "mon:18:00-mon:18:30",
        autoMinorUpgrade: false,
        allowMajorUpgrade: true,
        applyImmediately: true,
      },
    },
  },
  {
    name: "group and backups of one's own",
    architectures: ["ha-web-tier"],
    config: {
      haWebTier: {
        instanceType: "t4g.medium",
        min: 2,
        max: 6,
        desired: 3,
        volumeGb: 40,
        cpuTarget: 50,
        requestsPerTarget: 500,
      },
      network: { vpc: "new", cidr: "10.99.0.0/20", zones: 4 },
      backups: {
        enabled: true,
        hour: 3,
        dailyDays: 7,
        weeklyDays: 30,
        monthlyDays: 400,
        copyRegion: "ap-northeast-1",
        copyDays: 10,
      },
      logs: { retentionDays: 400 },
      loadBalancer: { deletionProtection: false, waf: "block", rateLimit: 500, accessLogDays: 30 },
    },
  },
  {
    name: "scaling, uptime and budget of one's own",
    architectures: ["fargate"],
    config: {
      fargate: {
        min: 1,
        max: 8,
        cpuTarget: 40,
        memoryTarget: 60,
        requestsPerTarget: 500,
        schedules: [
          { schedule: "cron(0 8 ? * MON-FRI *)", timezone: "Asia/Seoul", min: 3, max: 8 },
          { schedule: "cron(0 20 ? * MON-FRI *)", timezone: "Asia/Seoul", min: 1, max: 2 },
        ],
      },
      uptime: {
        provider: "uptimerobot",
        plan: "team",
        commercial: true,
        intervalSeconds: 60,
        keyword: "ok",
        contacts: [{ id: "123456", threshold: 5, recurrence: 10 }],
      },
      budget: { monthlyUsd: 100, actualPercents: [50, 100], forecastPercents: [120] },
      traffic: { from: "fargate", revision: 3 },
      tags: { Team: "web", CostCenter: "42" },
    },
  },
  {
    name: "watched by Route 53 with a keyword",
    architectures: ["ha-web-tier"],
    config: { uptime: { provider: "route53", failureThreshold: 5, keyword: "ok" } },
  },
  {
    name: "a subdomain by CNAME",
    architectures: ["vercel"],
    config: {
      domain: { name: "www.iamvet.kr", zoneName: "iamvet.kr", record: "CNAME" },
      previewSecrets: { DATABASE_URL: "postgresql://preview" },
      ...vercel("public-tls", {
        commercial: true,
        teamId: "team_AbC123",
        requiredSla: 0.999,
        gitHost: "github",
        productionBranch: "release",
        ref: "release",
        deployOnPush: true,
        rootDirectory: "web",
        buildCommand: "npx next build",
        nodeVersion: "24.x",
        regions: ["hnd1"],
        functions: { maxSeconds: 30, cpu: "performance" },
        protection: "password",
        password: "not-a-real-secret",
        skewProtection: "1 day",
        allVariablesSensitive: true,
        previewEnvironment: { LOG_LEVEL: "debug" },
        connectionLimit: 5,
        poolTimeoutSeconds: 20,
        connectTimeoutSeconds: 10,
      }),
    },
  },
  {
    name: "watched by Route 53 from the region of its metrics",
    architectures: ["ha-web-tier"],
    config: { "aws:region": "us-east-1", uptime: { provider: "route53" } },
  },
  { name: "oldest postgres", architectures: ["ha-web-tier"], config: { database: { engineVersion: "14" } } },
  { name: "new network", architectures: architectures, config: { network: { vpc: "new", zones: 3 } } },
  {
    name: "network of its own owner",
    architectures: ["fargate"],
    config: {
      network: { vpc: "vpc-0a1b2c3d4e5f60718", subnetIds: ["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"] },
    },
  },
  {
    name: "new zone",
    architectures: ["ha-web-tier"],
    config: { domain: { name: "iamvet.kr", zone: "new", redirectFrom: ["www.iamvet.kr"] } },
  },
  {
    name: "server that exists",
    architectures: ["monitored-instance"],
    config: {
      existing: {
        instanceId: "i-0123456789abcdef0",
        securityGroupId: "sg-0a1b2c3d4e5f60718",
        addresses: ["203.0.113.10"],
      },
    },
  },
  {
    name: "server that exists, under Docker",
    architectures: ["monitored-instance"],
    config: {
      existing: {
        instanceId: "i-0123456789abcdef0",
        securityGroupId: "sg-0a1b2c3d4e5f60718",
        addresses: ["203.0.113.10"],
        processManager: "docker",
        appName: "shop",
        appUser: "ubuntu",
        ecosystem: "/srv/shop/ecosystem.config.js",
        accessLog: "/srv/shop/logs/access.log",
        errorLog: "/srv/shop/logs/error.log",
        appLog: "/srv/shop/logs/out.log",
        appErrorLog: "/srv/shop/logs/err.log",
      },
      app: { port: 8080, healthPath: "/" },
    },
  },
  {
    name: "secrets",
    architectures: ["fargate", "monitored-instance"],
    config: { secrets: { SESSION_KEY: "a", PAYMENT_KEY: "b" } },
  },
  {
    name: "sms",
    architectures: ["fargate"],
    config: {
      alerts: {
        emails: ["ops@iamvet.kr"],
        phones: ["+821012345678"],
        language: "ko",
        muteUntil: new Date(Date.now() + 3_600_000).toISOString(),
        webhook: "https://hooks.example.com/services/T0/B0/abc",
      },
    },
  },
  {
    name: "muted, with a webhook",
    architectures: ["fargate", "monitored-instance"],
    config: {
      monitoring: { level: "standard" },
      alerts: {
        emails: ["ops@iamvet.kr"],
        muteUntil: new Date(Date.now() + 3_600_000).toISOString(),
        webhook: "https://hooks.slack.com/services/T0/B0/x",
      },
    },
  },
  {
    name: "image built at up",
    architectures: ["fargate"],
    config: { image: { build: true }, app: { version: "1" } },
  },
  {
    name: "x86 images",
    architectures: ["fargate", "ha-web-tier"],
    config: { image: { uri: IMAGE, platform: "x86_64" }, haWebTier: { instanceType: "t3.small" } },
  },
  {
    name: "spot, exec and insights",
    architectures: ["fargate"],
    config: { fargate: { spotPercent: 50, exec: true, containerInsights: "enhanced", cpu: 1024, memory: 2048 } },
  },
  {
    name: "firewall and no protection",
    architectures: ["ha-web-tier"],
    config: { loadBalancer: { waf: "block", rateLimit: 500, deletionProtection: false, accessLogDays: 30 } },
  },
  {
    name: "every alarm, sizes by the clock",
    architectures: ["fargate"],
    config: {
      monitoring: { level: "standard" },
      loadBalancer: { waf: "count" },
      fargate: { schedules: [{ schedule: "cron(0 22 * * ? *)", timezone: "Asia/Seoul", min: 1, max: 2 }] },
    },
  },
  {
    name: "every alarm, no migrations",
    architectures: ["ha-web-tier"],
    config: { monitoring: { level: "standard" }, app: { migrate: false } },
  },
  {
    name: "static addresses",
    architectures: ["vercel"],
    config: vercel("static-ips", { staticIps: ["203.0.113.7"] }),
  },
  {
    name: "role without keys and log drain",
    architectures: ["vercel"],
    config: vercel("public-tls", {
      oidc: {
        teamSlug: "acme",
        environments: ["production", "preview"],
        providerArn: `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.vercel.com/acme`,
        grants: [{ actions: ["s3:PutObject"], resources: ["arn:aws:s3:::iamvet-uploads/*"] }],
      },
      logDrain: { samplingRate: 0.5 },
      skewProtection: "4 hours",
      protection: "all",
    }),
  },
  {
    name: "built elsewhere",
    architectures: ["vercel"],
    config: { vercel: { plan: "pro", prebuilt: "app", databaseAccess: "public-tls", skewProtection: "12 hours" } },
  },
  {
    name: "private link",
    architectures: ["vercel"],
    config: vercel("private-link", { peeredCidr: "10.1.0.0/16", skewProtection: "30 minutes" }),
  },
  {
    name: "deployed by GitHub Actions",
    architectures: ["fargate"],
    config: {
      ci: {
        repository: "iamvet/site",
        stateBucket: "iamvet-pulumi-state",
        stateKeyArn: `arn:aws:kms:${REGION}:${ACCOUNT}:key/0a1b2c3d-0000-4000-8000-0123456789ab`,
        releaseBucket: "iamvet-releases",
        environment: "production",
        branch: "release",
        provider: "existing",
      },
    },
  },
  ...architectures.flatMap((canary) =>
    architectures
      .filter((serving) => serving !== canary)
      .map((serving) => ({
        name: `canary ${canary}`,
        architectures: [serving],
        config: { traffic: { canary, percent: 10 } },
      })),
  ),
];

function vercel(databaseAccess: string, further: Config): Config {
  return { vercel: { plan: "enterprise", repository: "iamvet/site", databaseAccess, ...further } };
}
