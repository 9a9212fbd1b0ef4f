import { z } from "zod";
import { VERSION, VERSION_ALLOWED, versionFrom } from "../components/version";
import { usageSchema } from "../insight/usage";
import { backupsSchema, databaseSchema } from "./settings-database";
import {
  choice,
  flag,
  help,
  host,
  isPrivate,
  listed,
  path,
  pathOf,
  percentage,
  percents,
  range,
  target,
  text,
  variables,
  whole,
} from "./settings-fields";
import { uptimeSettings, vercelSettings } from "./settings-outside";

/** The four ways to serve the site; the first is the one a team has today. */
export const architectures = ["monitored-instance", "ha-web-tier", "fargate", "vercel"] as const;
export type Architecture = (typeof architectures)[number];

/** Retention values that CloudWatch Logs accepts, in days (PutRetentionPolicy). */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** CPU units -> memory in MiB that Fargate offers with them (ECS developer guide, "Task CPU and memory"). */
export const fargateSizes: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: gib(1, 4),
  1024: gib(2, 8),
  2048: gib(4, 16),
  4096: gib(8, 30),
  8192: gib(16, 60, 4),
  16384: gib(32, 120, 8),
};

function gib(from: number, to: number, step = 1): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, i) => (from + i * step) * 1024);
}

/** A schedule of Application Auto Scaling: a cron names the day or the weekday, and a rate of one is singular. */
const SCHEDULE = new RegExp(
  [
    /cron\(\S+ \S+ (\? \S+ (?!\?)\S+|(?!\?)\S+ \S+ \?) \S+\)/,
    /at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)/,
    /rate\((1 (minute|hour|day)|(?!1 )[1-9]\d* (minutes|hours|days))\)/,
  ]
    .map(({ source }) => `^${source}$`)
    .join("|"),
);

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What Docker calls each `image.platform`. */
export const dockerPlatforms = {
  arm64: ["linux/arm64"],
  x86_64: ["linux/amd64"],
  multi: ["linux/arm64", "linux/amd64"],
} as const;

/** The whole config of a stack, one entry a key. Every default stands here and nowhere else. */
export const sections = {
  architecture: choice(architectures, "What serves the site. Changing it moves the site, behind gates.").default(
    "monitored-instance",
  ),

  domain: help(
    z.strictObject({
      name: host("The site's name; its URL is https://<name>."),
      zoneName: host("The Route 53 zone that holds the name. @default the name itself").optional(),
      zone: choice(
        ["existing", "new"],
        "Whether the hosted zone exists. A new one stops the first update until it is delegated.",
      ).default("existing"),
      redirectFrom: z.array(host("A further name that redirects to the site.")).default([]),
      record: choice(
        ["A", "CNAME"],
        "Type of the site's record. CNAME only for a subdomain that Vercel alone serves, now and later.",
      ).default("A"),
      ttl: whole(30, 300, "Seconds that resolvers may hold the site's address; a flip waits that long.", 60).default(
        60,
      ),
    }),
    "Where the site is found.",
    "an object with at least name",
    '{"name": "iamvet.kr"}',
  ),

  app: z
    .strictObject({
      port: whole(1024, 65535, "Port on which the app listens behind Nginx or the load balancer.", 3000).default(3000),
      healthPath: text(
        /^\/[\w\-./~]*$/,
        "Path that answers 200 when the app and its database work, else 503.",
        "a path that starts with /",
        "/api/health-external",
      ).default("/api/health-external"),
      version: help(
        z.string().regex(VERSION),
        "Release that should run; a gate compares it with the answer. @default the image's digest",
        VERSION_ALLOWED,
        "2026-11-24",
        versionFrom,
      ).optional(),
      environment: variables("Plain environment of the app, the same in every architecture.").default({}),
      migrate: flag("Run `prisma migrate deploy` once per release, before traffic moves.").default(true),
      serverActionsKey: choice(
        ["own", "shared"],
        "Whether the key of Server Actions is the stack's own, or one that environments share, given in secrets: only then can a release be promoted from another stack instead of being built anew.",
      ).default("own"),
    })
    .prefault({})
    .describe("What runs: port, health path, release, plain environment."),

  secrets: variables("Secret environment of the app; set each with `pulumi config set --secret --path`.").default({}),

  image: z
    .strictObject({
      uri: text(
        /^[^\s@:]+(:\d+)?(\/[^\s@:]+)+(@sha256:[0-9a-f]{64}|:(?!latest$)\w[\w.-]{0,127})$/,
        "Image of the app for ha-web-tier and fargate.",
        "a repository with a digest (@sha256:...) or with a tag other than latest",
        "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/iamvet@sha256:...",
      ).optional(),
      build: flag("Build ./app with Docker during `pulumi up` and push it.").default(false),
      platform: choice(["arm64", "x86_64", "multi"], "CPU architecture the image is built for.").default("arm64"),
    })
    .prefault({})
    .describe("The container image that ha-web-tier and fargate run."),

  alerts: help(
    z.strictObject({
      emails: z
        .array(
          help(z.email(), "Receives every alert; must confirm the subscription.", "an e-mail address", "ops@iamvet.kr"),
        )
        .min(1)
        .meta({
          description: "E-mail addresses that are told.",
          allowed: "a list of at least one e-mail address",
          example: '["ops@iamvet.kr"]',
        }),
      phones: z
        .array(
          text(
            /^\+[1-9]\d{7,14}$/,
            "Receives pages by SMS.",
            "a number in E.164 form: + country number",
            "+821012345678",
          ),
        )
        .default([]),
      language: choice(["en", "ko"], "Language of messages and incident reports.").default("en"),
      muteUntil: help(
        z.iso.datetime({ offset: true }),
        "Until when nobody is told, for maintenance: at most 7 days ahead. Recovery goes on.",
        "a time to come in ISO 8601 with its zone",
        "2026-11-27T03:00:00+09:00",
      ).optional(),
      webhook: text(
        /^(https:\/\/[\w.-]+\.[a-z]{2,}(:\d+)?\/\S+|\[secret\])$/,
        "Slack-compatible incoming webhook that gets every alert; it is a secret, set it with `--secret`.",
        "an https:// address, as a secret",
        "https://hooks.slack.com/services/...",
      ).optional(),
    }),
    "Who is told.",
    "an object with at least emails",
    '{"emails": ["ops@iamvet.kr"]}',
  ),

  recovery: z
    .strictObject({
      maxPerHour: whole(
        0,
        99,
        "Recovery runs that act within an hour before a person is called; 0 turns it off.",
        3,
      ).default(3),
      recheckMinutes: whole(
        1,
        60,
        "Minutes between two looks at the site from outside, which cost 0.06 USD a month at 5 before Lambda's free tier.",
        5,
      ).default(5),
    })
    .prefault({})
    .describe("How often the recovery of a server may act."),

  monitoring: z
    .strictObject({
      level: choice(
        ["basic", "standard"],
        "basic watches a server and its database within CloudWatch's ten free alarms; standard adds the rest at 0.10 USD each, and composite alarms that page at 0.50 USD.",
      ).default("basic"),
    })
    .prefault({})
    .describe("How many alarms there are."),

  loadBalancer: z
    .strictObject({
      deletionProtection: flag(
        "Refuse deletion by hand and by `pulumi destroy`. A flip that passed its gates may still delete it.",
      ).default(true),
      waf: choice(
        ["off", "count", "block"],
        "AWS WAF with AWS's rule groups and a rate limit, 9 USD a month and 0.60 USD a million requests. count refuses nothing: begin with it.",
      ).default("off"),
      rateLimit: whole(
        10,
        2_000_000_000,
        "Requests of one address in five minutes beyond which the WAF refuses it.",
        2000,
      ).default(2000),
      accessLogDays: whole(1, 3650, "Days that access logs are kept.", 90).default(90),
    })
    .prefault({})
    .describe("The load balancer of ha-web-tier and fargate."),

  network: z
    .strictObject({
      vpc: text(
        /^(default|new|vpc-[0-9a-f]{8,17})$/,
        "The VPC. Changing it later would move the database: choose before the first update.",
        "default, new, or the id of an existing VPC",
        "default",
      ).default("default"),
      subnetIds: z
        .array(
          text(/^subnet-[0-9a-f]{8,17}$/, "A public subnet of the existing VPC.", "a subnet id", "subnet-0a1b2c3d"),
        )
        .default([]),
      // Smaller ones would leave subnets too small for a load balancer, which wants a /27.
      cidr: range(
        "Address range of a new VPC.",
        "a private IPv4 range from /16 to /23, written by its first address",
        "10.20.0.0/16",
        (cidr) => /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.).*\/(1[6-9]|2[0-3])$/.test(cidr),
      ).default("10.20.0.0/16"),
      zones: whole(2, 4, "Availability zones that a new VPC spans.", 2).default(2),
    })
    .prefault({})
    .describe("The VPC. Choose before the first update: the database cannot move."),

  database: databaseSchema.prefault({}).describe("The database, which no architecture touches."),

  backups: backupsSchema
    .prefault({})
    .describe("Backups beside RDS' own: vault, copies in a second region, restore tests."),

  existing: z
    .strictObject({
      instanceId: text(
        /^i-[0-9a-f]{8}([0-9a-f]{9})?$/,
        "The EC2 instance that serves today; it is watched and recovered, never replaced.",
        "an EC2 instance id",
        "i-0123456789abcdef0",
      ).optional(),
      securityGroupId: text(
        /^sg-[0-9a-f]{8,17}$/,
        "Its security group.",
        "a security group id",
        "sg-0a1b2c3d",
      ).optional(),
      processManager: choice(["pm2", "systemd", "docker"], "What keeps the app running on it.").default("pm2"),
      appName: text(
        /^[\w.@-]{1,64}$/,
        "Name of the app in PM2, of its unit or container.",
        "letters, digits, . _ @ -",
        "iamvet",
      ).default("iamvet"),
      appUser: text(/^[a-z_][a-z0-9_-]{0,31}$/, "Unix user that runs the app.", "a user name", "ec2-user").default(
        "ec2-user",
      ),
      ecosystem: pathOf(
        "PM2's or compose's description of the app, to start it from. Default: ecosystem.config.js, with docker compose.yaml, in `app` of appUser's home.",
        "/home/ec2-user/app/ecosystem.config.js",
      ).optional(),
      processPath: text(
        /^\/[\w./?=&-]*$/,
        "Path that answers 200 while the process lives, database or not. Default: app.healthPath; then the log and the database tell.",
        "a path",
        "/api/health",
      ).optional(),
      appPattern: text(
        /^[\w.|\\: /()-]{1,128}$/,
        "Regular expression by which the agent counts the app's processes on their command lines. Default: that of Next.js. With several apps on one server: one that fits this app alone, else the alarm waits until none of them lives.",
        "a regular expression without quotes",
        "/srv/shop/server\\.js",
      ).optional(),
      accessLog: path("Nginx's access log, in the format `combined`.", "/var/log/nginx/access.log"),
      errorLog: path("Nginx's error log.", "/var/log/nginx/error.log"),
      appLog: pathOf(
        "The app's log. Default: PM2's of appName in appUser's home.",
        "/home/ec2-user/.pm2/logs/iamvet-out.log",
      ).optional(),
      appErrorLog: pathOf(
        "The app's error log. Default: PM2's of appName in appUser's home.",
        "/home/ec2-user/.pm2/logs/iamvet-error.log",
      ).optional(),
      addresses: z
        .array(
          help(
            z.ipv4().refine((address) => !isPrivate(address)),
            "Its public address.",
            "a public IPv4 address",
            "203.0.113.10",
          ),
        )
        .default([]),
    })
    .prefault({})
    .describe("The EC2 instance that serves today: watched and recovered, never replaced."),

  instance: z
    .strictObject({
      type: text(/^[a-z][a-z0-9-]*\.[a-z0-9]+$/, "EC2 instance type.", "an EC2 instance type", "t3.medium").default(
        "t3.medium",
      ),
      volumeGb: whole(10, 1000, "Root volume, gp3.", 20).default(20),
      securityUpdates: choice(
        ["weekly", "off"],
        "Security updates of its packages, Saturdays at 18:00 UTC, never with a reboot; an adopted server is left to its owner.",
      ).default("weekly"),
      release: z
        .strictObject({
          url: text(
            /^s3:\/\/[a-z0-9.-]{3,63}\/\S+\.(tgz|tar\.gz)$/,
            "Built release of the app, as `npm run platform -- release` uploads it.",
            "an s3:// URL of a .tar.gz",
            "s3://iamvet-releases/site-2026-11-24.tar.gz",
          ),
          sha256: text(
            /^[0-9a-f]{64}$/,
            "SHA-256 of the archive; another content is not installed.",
            "64 hex digits",
            "0".repeat(64),
          ),
        })
        .optional(),
    })
    .prefault({})
    .describe("A new instance of monitored-instance."),

  haWebTier: z
    .strictObject({
      instanceType: text(
        /^[a-z][a-z0-9-]*\.[a-z0-9]+$/,
        "EC2 instance type.",
        "an EC2 instance type",
        "t4g.small",
      ).default("t4g.small"),
      min: whole(1, 100, "Fewest instances; 2 survive the loss of a zone without an outage.", 1).default(1),
      max: whole(1, 100, "Most instances.", 3).default(3),
      desired: whole(1, 100, "Instances at the start; afterwards the autoscaler decides.", 1).default(1),
      volumeGb: whole(10, 1000, "Root volume, gp3.", 20).default(20),
      ami: text(
        /^ami-[0-9a-f]{8,17}$/,
        "Amazon Linux 2023 image to stay with; a newer one is else rolled out like a release. @default the newest at each up",
        "an AMI id",
        "ami-0123456789abcdef0",
      ).optional(),
      cpuTarget: target("CPU percent that autoscaling keeps.", 60).default(60),
      requestsPerTarget: whole(10, 1_000_000, "Requests per minute and instance that autoscaling keeps.", 2000).default(
        2000,
      ),
    })
    .prefault({})
    .describe("Sizes and limits of ha-web-tier."),

  fargate: z
    .strictObject({
      cpu: help(
        z.union(Object.keys(fargateSizes).map((n) => z.literal(Number(n)))),
        "CPU units of a task; 1024 are one vCPU.",
        listed(Object.keys(fargateSizes)),
        512,
      ).default(512),
      memory: whole(
        512,
        122_880,
        "Memory of a task in MiB; the pair with cpu must be one that Fargate has.",
        1024,
      ).default(1024),
      min: whole(1, 100, "Fewest tasks; 2 survive the loss of a zone without an outage.", 2).default(2),
      max: whole(1, 100, "Most tasks.", 4).default(4),
      cpuTarget: target("CPU percent that autoscaling keeps.", 60).default(60),
      memoryTarget: target("Memory percent that autoscaling keeps.", 75).default(75),
      requestsPerTarget: whole(10, 1_000_000, "Requests per minute and task that autoscaling keeps.", 2000).default(
        2000,
      ),
      schedules: z
        .array(
          z.strictObject({
            schedule: text(
              SCHEDULE,
              "When the size begins to hold.",
              "cron(minute hour day month weekday year) with ? for day or weekday, at(yyyy-mm-ddThh:mm:ss) or rate(n minutes|hours|days)",
              "cron(0 22 * * ? *)",
            ),
            timezone: help(
              z.string().refine(isTimeZone),
              "Time zone of the schedule.",
              "an IANA time zone, for example Asia/Seoul",
              "Asia/Seoul",
            ).default("UTC"),
            min: whole(
              0,
              100,
              "Fewest tasks from then on; 0 lets the site go to sleep only if nothing else scales it.",
              1,
            ),
            max: whole(1, 100, "Most tasks from then on.", 2),
          }),
        )
        .default([])
        .meta({
          description: "Sizes by the clock, for example fewer tasks at night.",
          allowed: "a list of {schedule, timezone, min, max}",
          example: '[{"schedule": "cron(0 22 * * ? *)", "timezone": "Asia/Seoul", "min": 1, "max": 2}]',
        }),
      spotPercent: percentage("Share of tasks above `min` that run on Fargate Spot.", 0).default(0),
      containerInsights: choice(
        ["disabled", "enabled", "enhanced"],
        "Container Insights; its metrics are charged as custom metrics.",
      ).default("disabled"),
      exec: flag("ECS Exec: a shell in a task, its sessions logged.").default(false),
    })
    .prefault({})
    .describe("Sizes and limits of fargate."),

  vercel: vercelSettings.describe("Plan, source and database access of vercel."),

  previewSecrets: variables(
    "Secret environment of Vercel's preview deployments; set each with `pulumi config set --secret --path`.",
  ).default({}),

  uptime: uptimeSettings.describe("The check from outside."),

  traffic: z
    .strictObject({
      canary: choice(architectures, "A second tier that gets a share of traffic.").optional(),
      percent: percentage("Share of traffic that the canary gets.", 10).default(0),
      from: choice(
        architectures,
        "What `platform migrate` is moving away from while it is under way; it writes and removes it.",
      ).optional(),
      revision: whole(0, 1_000_000, "Step counter that `platform migrate` writes; leave it alone.", 0).default(0),
    })
    .prefault({})
    .describe("A canary and its share of the visitors."),

  gates: z
    .strictObject({
      healthyCount: whole(1, 100, "Healthy answers in a row that open a gate.", 3).default(3),
      intervalSeconds: whole(1, 60, "Seconds between two probes.", 5).default(5),
      timeoutSeconds: whole(10, 3600, "Seconds after which a gate gives up.", 900).default(900),
      drainSeconds: whole(
        0,
        86_400,
        "Seconds that the old tier stays beyond the TTL, for resolvers that overstay.",
        60,
      ).default(60),
      resolvers: z
        .array(
          text(
            /^\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?$/,
            "DNS server that shows the public view, where this machine's own does not.",
            "an IPv4 address, with a port if it is not 53",
            "1.1.1.1",
          ),
        )
        .default([]),
    })
    .prefault({})
    .describe("Patience of the gates."),

  logs: z
    .strictObject({
      retentionDays: help(
        z.union(retentionDays.map((n) => z.literal(n))),
        "Days that logs are kept.",
        listed(retentionDays),
        30,
      ).default(30),
    })
    .prefault({})
    .describe("How long logs are kept."),

  ci: z
    .strictObject({
      repository: text(
        /^[\w.@-]+\/[\w.@-]+$/,
        "GitHub repository whose workflows deploy the stack without keys, as its OIDC tokens name it; without it no role is made.",
        "owner/name; owner@id/name@id for a repository made after June 2026, as its OIDC settings show",
        "iamvet/site",
      ).optional(),
      environment: text(
        /^[\w.-]{1,255}$/,
        "GitHub environment whose jobs may deploy. @default the stack's name",
        "letters, digits, . _ and -",
        "prod",
      ).optional(),
      branch: text(
        /^[\w./-]{1,255}$/,
        "Branch that is deployed, and looked at for drift.",
        "the name of a branch",
        "main",
      ).default("main"),
      provider: choice(
        ["new", "existing"],
        "Whether the stack makes IAM's provider for GitHub. An account has one: existing in its second stack.",
      ).default("new"),
      stateBucket: text(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        "Bucket of the Pulumi state, where it is on S3.",
        "the name of a bucket",
        "iamvet-pulumi-123456789012-ap-northeast-2",
      ).optional(),
      stateKeyArn: text(
        /^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/,
        "KMS key that encrypts the stack's secrets.",
        "the ARN of a key (not of its alias)",
        "arn:aws:kms:ap-northeast-2:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab",
      ).optional(),
      releaseBucket: text(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        "Bucket for releases of the app, where a server of the stack runs them.",
        "the name of a bucket",
        "iamvet-releases",
      ).optional(),
    })
    .prefault({})
    .describe("Deployment from GitHub without keys."),

  budget: z
    .strictObject({
      monthlyUsd: whole(
        1,
        1_000_000,
        "USD a month: an AWS Budget tells the warning topic, and the policy pack warns when a plan passes it.",
        100,
      ).optional(),
      actualPercents: percents("Percents of the budget that were spent, at which somebody is told.").default([80, 100]),
      forecastPercents: percents("Percents of the budget that the month's forecast passes.").default([100]),
    })
    .prefault({})
    .describe("What the stack may cost."),

  usage: usageSchema.prefault({}).describe("Assumptions of the cost estimate: requests, GB, logs."),

  tags: help(
    z.record(
      text(
        // The stack's database is found again by its own three: a change of them would take its guard away.
        /^(?!aws:|(?:Project|Stack|ManagedBy)$)[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/u,
        "key",
        "1 to 128 letters, digits, spaces and _ . : / = + - @, not beginning with aws: and not Project, Stack or ManagedBy",
        "team",
      ),
      text(
        /^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u,
        "value",
        "at most 256 letters, digits, spaces and _ . : / = + - @",
        "web",
      ),
    ),
    "Tags on everything, beside Project, Stack and ManagedBy.",
    "an object of key: text",
    '{"team": "web"}',
  ).default({}),
};

type Sections = typeof sections;
export type SectionName = keyof Sections;

/** A stack's config, checked and complete: every default filled in. */
export type Settings = { readonly [K in SectionName]: z.output<Sections[K]> };
