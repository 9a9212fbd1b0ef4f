import { z } from "zod";
import { usageSchema } from "../../core/usage";
import { VERSION, VERSION_ALLOWED, versionFrom } from "../../core/version";
import { domainSettings, networkSettings } from "./sections/addresses";
import { loadBalancerSettings } from "./sections/balancer";
import { ciSettings } from "./sections/delivery";
import { fargateSettings } from "./sections/fargate";
import { alertSettings, budgetSettings, logSettings, tagSettings } from "./sections/people";
import { backupsSchema, databaseSchema } from "./sections/storage";
import { uptimeSettings, vercelSettings } from "./sections/vendors";
import {
  choice,
  flag,
  help,
  isPrivate,
  path,
  pathOf,
  percentage,
  target,
  text,
  variables,
  whole,
} from "./settings-fields";

/** The four ways to serve the site; the first is the one a team has today. */
export const architectures = ["monitored-instance", "ha-web-tier", "fargate", "vercel"] as const;
export type Architecture = (typeof architectures)[number];

/** What Docker calls each `image.platform`. */
export const dockerPlatforms = {
  arm64: ["linux/arm64"],
  x86_64: ["linux/amd64"],
  multi: ["linux/arm64", "linux/amd64"],
} as const;

/** The whole config of a stack, one entry a key. Every default stands here or in `sections/`, and nowhere else. */
export const sections = {
  architecture: choice(architectures, "What serves the site. Changing it moves the site, behind gates.").default(
    "monitored-instance",
  ),

  domain: domainSettings,

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
        "Whether the key of Server Actions is the stack's own, or one that environments share, given in secrets: " +
          "only then can a release be promoted from another stack instead of being built anew.",
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

  alerts: alertSettings,

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
        "basic watches a server and its database within CloudWatch's ten free alarms; standard adds the rest at " +
          "0.10 USD each, and composite alarms that page at 0.50 USD.",
      ).default("basic"),
    })
    .prefault({})
    .describe("How many alarms there are."),

  loadBalancer: loadBalancerSettings,

  network: networkSettings,

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
        "PM2's or compose's description of the app, to start it from. Default: ecosystem.config.js, with docker " +
          "compose.yaml, in `app` of appUser's home.",
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
        "Regular expression by which the agent counts the app's processes on their command lines. Default: that " +
          "of Next.js. With several apps on one server: one that fits this app alone, else the alarm waits until " +
          "none of them lives.",
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

  fargate: fargateSettings,

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

  logs: logSettings,

  ci: ciSettings,

  budget: budgetSettings,

  usage: usageSchema.prefault({}).describe("Assumptions of the cost estimate: requests, GB, logs."),

  tags: tagSettings,
};

type Sections = typeof sections;
export type SectionName = keyof Sections;

/** A stack's config, checked and complete: every default filled in. */
export type Settings = { readonly [K in SectionName]: z.output<Sections[K]> };
