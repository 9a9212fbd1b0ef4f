import { uptimeLimits } from "../components/monitoring/uptime-plans";
import { describeVercelDatabase } from "../components/vercel/vercel-database";
import { vercelNodeNotice } from "../components/vercel/vercel-node";
import { vercelPlanNotice } from "../components/vercel/vercel-plans";
import { uptimeCheckOf, vercelAccessOf } from "./args/external";
import { buildArgs } from "./build-args";
import { isProduction, tiersOf } from "./settings/conflict";
import { unusedOf } from "./settings/database-rules";
import { dockerPlatforms, type Settings } from "./settings/schema";

/** What a person still has to supply or to do. A blocking one is information in a plan and an error in `pulumi up`. */
export interface Notice {
  readonly blocking: boolean;
  readonly message: string;
}

/** What is outside the settings and decides whether `up` can work. */
export interface Surroundings {
  readonly stack: string;
  /** Visitors may still reach Vercel, as far as is known. @default false */
  readonly vercelReachable?: boolean;
  /** A Vercel token is in the environment or in the stack's config. */
  readonly vercelToken: boolean;
  /** The same of an UptimeRobot API key. */
  readonly uptimeRobotKey: boolean;
  /** Whether a secret's value only stands for one that the stack's file holds encrypted. @default not known */
  readonly isEncrypted?: (value: string) => boolean;
}

/** What is there of the keys of services outside AWS. */
export function keysIn(inConfig: (key: string) => boolean): Pick<Surroundings, "vercelToken" | "uptimeRobotKey"> {
  return {
    vercelToken: Boolean(process.env.VERCEL_API_TOKEN) || inConfig("vercel:apiToken"),
    uptimeRobotKey: Boolean(process.env.UPTIMEROBOT_API_KEY) || inConfig("uptimerobot:apiKey"),
  };
}

interface Rule {
  readonly blocking: boolean;
  readonly when: (settings: Settings, around: Surroundings) => boolean;
  readonly message: (settings: Settings, around: Surroundings) => string;
}

/** The command that prints one of the stack's outputs. An update that stops has no outputs yet, so it puts the value there. */
export const outputCommand = (stack: string, name: string): string => `$(pulumi stack output ${name} --stack ${stack})`;

const imageTier = (settings: Pick<Settings, "architecture" | "traffic">) =>
  tiersOf(settings).find((tier) => tier === "ha-web-tier" || tier === "fargate");
const uses = (settings: Settings, tier: "vercel" | "monitored-instance") => tiersOf(settings).includes(tier);

/** What comes with alarms of its own, beside those of server and database that are free. */
function alarmsBeyond({ backups, uptime, traffic, database }: Omit<Settings, "monitoring">): string {
  const parts = [
    ["backups.enabled", backups.enabled],
    ["uptime.provider", uptimeLimits(uptimeCheckOf(uptime)).reportsToAws],
    ["traffic.canary", traffic.canary !== undefined],
    ["database.readReplica", database.readReplica],
  ].flatMap(([key, on]) => (on ? [key] : []));
  return parts.length > 0 ? ` Not free are the alarms that come with ${parts.join(", ")}: 0.10 USD a month each.` : "";
}

/** Settings that are secrets and that anybody can read in the stack's file. */
function inClear(
  { secrets, previewSecrets, alerts, vercel }: Settings,
  { isEncrypted = () => true }: Surroundings,
): string[] {
  const values: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
    secrets,
    previewSecrets,
    alerts: { webhook: alerts.webhook },
    vercel: { password: vercel.password },
  };
  return Object.entries(values).flatMap(([section, entries]) =>
    Object.entries(entries).flatMap(([name, value]) =>
      value === undefined || isEncrypted(value) ? [] : [`${section}.${name}`],
    ),
  );
}

/** As `platform release` gives them; the shell fills in the tag. */
const buildArgsOf = (app: Settings["app"]): string =>
  Object.entries(buildArgs(app, "$TAG"))
    .map(([name, value]) => `--build-arg ${name}=${value === "$TAG" ? value : `'${value.replaceAll("'", "'\\''")}'`}`)
    .join(" ");

const rules: readonly Rule[] = [
  {
    blocking: true,
    when: (settings) => imageTier(settings) !== undefined && !settings.image.uri && !settings.image.build,
    message: ({ app, image, ...settings }, { stack }) =>
      [
        "No image of the app is given. `pulumi up` builds the foundation and the repository, then stops. Release " +
          "the app, which updates the stack:",
        `  npm run platform -- release --stack ${stack} --release-version $(git rev-parse --short HEAD) --also ${imageTier(settings)}`,
        "or push the image and name it, for `migrate` to move the visitors:",
        // The gates ask every tier for the version that the stack's file names.
        `  REPOSITORY=${outputCommand(stack, "imageRepository")} TAG=${app.version ?? "$(git rev-parse --short HEAD)"}`,
        '  aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY%%/*}"',
        `  export KEY=$(aws secretsmanager get-secret-value --secret-id ${outputCommand(stack, "appSecret")} ` +
          "--query SecretString --output text | jq -r .NEXT_SERVER_ACTIONS_ENCRYPTION_KEY)",
        `  docker buildx build --push --platform ${dockerPlatforms[image.platform].join(",")} --secret ` +
          `id=server-actions-key,env=KEY ${buildArgsOf(app)} -t "$REPOSITORY:$TAG" app`,
        `  pulumi config set --stack ${stack} --path iamvet:image.uri "$REPOSITORY:$TAG"`,
        `or let \`up\` build it, with app.version as its tag: pulumi config set --stack ${stack} --path iamvet:image.build true`,
      ].join("\n"),
  },
  {
    blocking: true,
    when: (settings) =>
      uses(settings, "monitored-instance") && !settings.existing.instanceId && !settings.instance.release,
    message: ({ ci }, { stack }) =>
      [
        "No release of the app is given for the new instance. `pulumi up` builds the foundation, then stops. " +
          "Release the app into a bucket of yours:",
        `  npm run platform -- release --stack ${stack} --release-version $(git rev-parse --short HEAD) --also ` +
          `monitored-instance${ci.releaseBucket ? "" : " --bucket <bucket>"}`,
      ].join("\n"),
  },
  {
    blocking: true,
    when: (settings, { vercelToken }) => uses(settings, "vercel") && !vercelToken,
    message: (_, { stack }) =>
      [
        "No Vercel token is given. Create one at vercel.com/account/tokens, then:",
        `  pulumi config set --stack ${stack} --secret vercel:apiToken`,
        "or set VERCEL_API_TOKEN.",
      ].join("\n"),
  },
  {
    blocking: true,
    when: ({ uptime }, { uptimeRobotKey }) => uptime.provider === "uptimerobot" && !uptimeRobotKey,
    message: (_, { stack }) =>
      [
        "No API key of UptimeRobot is given. It is the main API key under Integrations, API in UptimeRobot:",
        `  pulumi config set --stack ${stack} --secret uptimerobot:apiKey`,
        "or set UPTIMEROBOT_API_KEY.",
      ].join("\n"),
  },
  {
    blocking: false,
    when: (settings) => settings.alerts.emails.length > 0,
    message: ({ alerts }) =>
      `Confirm the e-mail subscriptions: AWS sends two messages (page, warning) to ${alerts.emails.join(", ")}; ` +
      "nothing arrives before that.",
  },
  {
    blocking: false,
    when: (settings) => settings.alerts.phones.length > 0,
    message: ({ alerts }) =>
      `SMS starts in a sandbox: verify ${alerts.phones.join(", ")} in the SNS console, or ask AWS to move the account out of it.`,
  },
  {
    blocking: false,
    when: (settings) => uses(settings, "monitored-instance"),
    message: ({ monitoring, ...settings }) =>
      monitoring.level === "basic"
        ? "The server's alarms (system check, instance check, app and Nginx processes, memory, disk, errors, the " +
          "watcher itself) and the database's two stay within CloudWatch's ten free ones, and the watcher within " +
          "Lambda's. Charged beside the server are the secrets in Secrets Manager at 0.40 USD a month each, and " +
          "some 0.02 USD a recovery run. monitoring.level standard adds heartbeat, CPU, credits, error lines and " +
          `more at 0.10 USD a month each, and composite alarms at 0.50 USD.${alarmsBeyond(settings)}`
        : "monitoring.level standard watches heartbeat, CPU, credits and error lines too: beyond the account's ten " +
          "free alarms each costs 0.10 USD a month, a composite one 0.50 USD.",
  },
  {
    blocking: false,
    when: (settings, around) => inClear(settings, around).length > 0,
    message: (settings, around) =>
      [
        `Secrets stand in Pulumi.${around.stack}.yaml in clear, for everybody who reads the file. Encrypt them:`,
        ...inClear(settings, around).map(
          (path) => `  pulumi config set --stack ${around.stack} --secret --path iamvet:${path} <value>`,
        ),
      ].join("\n"),
  },
  {
    blocking: false,
    when: (settings) => tiersOf(settings).every((tier) => tier === "vercel") && settings.uptime.provider === "none",
    message: (_, { stack }) =>
      "Nothing pages when the site is down: on Vercel only the external check sees it. Turn it on: pulumi config " +
      `set --stack ${stack} --path iamvet:uptime.provider route53`,
  },
  {
    blocking: false,
    when: ({ alerts }) => alerts.muteUntil !== undefined,
    message: ({ alerts }) =>
      `Alerts are muted until ${alerts.muteUntil}: nobody is told of an outage before. Recovery goes on.`,
  },
  {
    blocking: false,
    when: (settings, { vercelReachable }) =>
      vercelReachable === true &&
      !uses(settings, "vercel") &&
      (settings.database.mode === "managed" || settings.database.mode === "restore"),
    message: () =>
      "If the database has a public address for Vercel, the next `pulumi up` takes it away, once no resolver " +
      "leads to Vercel (or to an address that no update of this stack wrote) any more.",
  },
  {
    blocking: false,
    when: (settings) => settings.domain.zone === "new",
    message: ({ domain }) =>
      `The zone ${domain.zoneName ?? domain.name} is new: the first \`up\` stops with its name servers. Enter ` +
      `them at the registrar and run \`up\` again.`,
  },
  {
    blocking: false,
    when: (settings) => settings.network.vpc.startsWith("vpc-"),
    message: ({ network }) =>
      `The subnets ${network.subnetIds.join(", ")} must be public (a route to an internet gateway).`,
  },
  {
    blocking: false,
    when: (settings) =>
      settings.database.mode === "managed" &&
      !settings.database.multiAz &&
      tiersOf(settings).some(
        (tier) =>
          (tier === "fargate" && settings.fargate.min > 1) || (tier === "ha-web-tier" && settings.haWebTier.min > 1),
      ),
    message: () =>
      "The tier survives the loss of a zone, and its database does not: database.multiAz adds a standby in a " +
      "second zone, at twice the instance's price (`platform compare` shows it).",
  },
  {
    blocking: false,
    when: (settings) => uses(settings, "vercel"),
    message: ({ vercel }) => {
      const { exposure, monthlyUsd, steps } = describeVercelDatabase(vercelAccessOf(vercel));
      const cost = monthlyUsd > 0 ? [`Vercel charges about ${monthlyUsd} USD a month for it.`] : [];
      return [`EXPOSURE, vercel.databaseAccess ${vercel.databaseAccess}: ${exposure}`, ...cost, ...steps].join(" ");
    },
  },
  {
    blocking: false,
    when: (settings) =>
      uses(settings, "vercel") &&
      (settings.database.mode === "existing" || settings.database.mode === "import") &&
      settings.vercel.databaseAccess !== "private-link",
    message: ({ database }) =>
      `The ${database.mode === "import" ? "adopted" : "existing"} database keeps its own address and parameters: ` +
      "Vercel reaches it only with a public address and must meet TLS there. Set rds.force_ssl to 1 in its " +
      `parameter group, then: aws rds modify-db-instance --db-instance-identifier ${database.identifier} ` +
      "--publicly-accessible",
  },
  {
    blocking: false,
    when: (settings) => uses(settings, "vercel"),
    message: ({ vercel }) =>
      [vercelPlanNotice(vercel.plan), vercelNodeNotice(vercel.nodeVersion)].filter(Boolean).join(" "),
  },
  {
    blocking: false,
    when: () => true,
    message: ({ uptime }) => uptimeLimits(uptimeCheckOf(uptime)).notice,
  },
  {
    blocking: false,
    when: ({ budget }) => budget.monthlyUsd !== undefined,
    message: () =>
      "Activate the cost allocation tags Project and Stack in the Billing console a day after the first `up`: the " +
      "budget counts nothing before that.",
  },
  {
    blocking: false,
    when: ({ database }) => unusedOf(database).length > 0,
    message: ({ database }) =>
      `The stack only uses the database (database.mode existing): ${unusedOf(database).join(", ")} of \`database\` change nothing of it.`,
  },
  {
    blocking: false,
    when: ({ database }) => database.mode === "import" && !database.takeOver,
    message: (_, { stack }) =>
      `The database is adopted with its present settings: \`up\` changes nothing of it, and nothing may be ` +
      "changed with it (the policy pack may want a protection that it lacks: that comes next). Then let the stack " +
      `bring it tags, deletion protection and a final snapshot: pulumi config set --stack ${stack} --path ` +
      "iamvet:database.takeOver true",
  },
  {
    blocking: false,
    when: ({ database }) => database.mode === "restore",
    message: () =>
      "The database is made from the backup once: user and database name are the backup's, the password is new. " +
      "Leave database.mode restore as it is afterwards.",
  },
  {
    blocking: false,
    when: ({ database }) => database.blueGreen,
    message: () =>
      "With database.blueGreen an upgrade deletes the old instance without a final snapshot, and can drop its " +
      "automated snapshots: take one by hand first, and run `up` twice, which brings the deletion protection back " +
      "(docs/disaster-recovery.md).",
  },
  {
    blocking: false,
    when: ({ database }) => database.allowMajorUpgrade,
    message: () =>
      "database.allowMajorUpgrade is true: an upgrade has no way back but a snapshot taken before. Set it back after the update.",
  },
  {
    blocking: false,
    when: ({ database }, { stack }) => database.applyImmediately && isProduction(stack),
    message: () =>
      "database.applyImmediately is true in a production stack: a change of the database's class or version " +
      "restarts it at once, not in its maintenance window.",
  },
  {
    blocking: false,
    when: (settings) => !settings.database.applyImmediately && settings.database.mode !== "existing",
    message: () =>
      "Changes of the database's class or Multi-AZ wait for its maintenance window (database.applyImmediately is " +
      "false); public access and rules change at once.",
  },
];

/** Everything that a person has to know or do for this stack, what blocks first. */
export function noticesFor(settings: Settings, around: Surroundings): Notice[] {
  return rules
    .filter(({ when }) => when(settings, around))
    .map(({ blocking, message }) => ({ blocking, message: message(settings, around) }));
}
