import { z } from "zod";
import { defaultNodeVersion, lastingNodeVersions } from "../../../components/vercel/vercel-node";
import { choice, flag, help, isPrivate, listOf, range, text, variables, whole } from "../settings-fields";

/** Settings of what is outside AWS: Vercel, and whoever looks at the site. */

const bitsOf = (cidr: string) => Number(cidr.split("/")[1]);
const branch = /^[\w./-]{1,255}$/;

/** Option 4. What the chosen plan does not allow is refused by the rules across settings. */
export const vercelSettings = z
  .strictObject({
    plan: choice(["hobby", "pro", "enterprise"], "Vercel plan; hobby is for non-commercial use only.").default("pro"),
    commercial: flag("Whether the site earns money or belongs to a business, which the Hobby plan forbids.").default(
      true,
    ),
    teamId: text(/^team_\w+$/, "Vercel team.", "a team id", "team_AbC123").optional(),
    requiredSla: help(
      z.number().min(0).max(1),
      "Availability that must be promised by contract: a plan without it is refused.",
      "a share of time from 0 to 1",
      0.9999,
    ).optional(),
    repository: text(/^[\w.-]+\/[\w.-]+$/, "Repository that Vercel builds.", "owner/name", "iamvet/site").optional(),
    gitHost: choice(
      ["github", "gitlab", "bitbucket"],
      "Where the repository is; Vercel's app must be installed there.",
    ).default("github"),
    productionBranch: text(branch, "Branch of production.", "a branch's name", "main").default("main"),
    ref: text(
      branch,
      "Commit or branch to deploy; `platform release` sets it to the commit that it releases. @default the production branch",
      "a commit or a branch",
      "main",
    ).optional(),
    deployOnPush: flag(
      "Whether a push to the production branch goes live by itself; then no gate can check which release runs.",
    ).default(false),
    prebuilt: text(
      /^[\w./-]+$/,
      "Directory with the `.vercel/output` of `vercel build`, instead of a repository.",
      "a path",
      "app",
    ).optional(),
    rootDirectory: text(
      /^(?!\/)[\w./-]*$/,
      "Directory of the app in the repository.",
      "a relative path",
      "app",
    ).default("app"),
    buildCommand: help(
      // Vercel takes 256 characters, of which the migration before it needs some.
      z.string().min(1).max(180),
      "Build command, after the migrations (app.migrate). @default npx prisma generate && npx next build",
      "a shell command",
      "npm run build",
    ).optional(),
    // Which of them Vercel still has is a rule, as that ends on a day.
    nodeVersion: text(
      /^\d+\.x$/,
      "Node.js of build and functions; `engines.node` of the app's package.json wins over it.",
      lastingNodeVersions.join(" or "),
      defaultNodeVersion,
    ).default(defaultNodeVersion),
    regions: listOf(
      text(/^[a-z]{3}\d$/, "A region of the functions.", "a Vercel region id", "icn1"),
      0,
      "Regions of the functions. @default the one beside the database",
      "a list of Vercel region ids",
      '["icn1"]',
    ).default([]),
    functions: z
      .strictObject({
        maxSeconds: whole(1, 800, "Longest run of a function; billed while it lasts.", 60).default(60),
        cpu: choice(
          ["standard", "performance", "standard_legacy"],
          "CPU of a function; performance is about 2 vCPU and 4 GB.",
        ).default("standard"),
      })
      .prefault({}),
    protection: choice(
      ["standard", "none", "password", "all"],
      "Who may open the deployments' own addresses. all covers the site's domain too.",
    ).default("standard"),
    password: help(
      z.string().min(8),
      "Password of the deployments, with protection password; a secret.",
      "a text of at least 8 characters",
      "<password>",
    ).optional(),
    skewProtection: choice(
      ["30 minutes", "4 hours", "12 hours", "1 day", "7 days"],
      "How long old pages keep talking to their own release; needs Pro. @default Vercel's own, which is on where the plan has it",
    ).optional(),
    allVariablesSensitive: flag("For teams whose policy demands that every variable is sensitive.").default(false),
    previewEnvironment: variables(
      "Plain environment of preview deployments; keys that are missing have production's value.",
    ).default({}),
    oidc: z
      .strictObject({
        teamSlug: text(
          /^[a-z0-9-]+$/,
          "The team's name in Vercel's URLs.",
          "the last part of vercel.com/<team>",
          "acme",
        ),
        environments: listOf(
          choice(["production", "preview", "development"], "An environment whose functions may take the role."),
          1,
          "Environments whose functions may take the role.",
          "a list of production, preview or development",
          '["production"]',
        ).default(["production"]),
        providerArn: text(
          /^arn:aws[\w-]*:iam::\d{12}:oidc-provider\/oidc\.vercel\.com\/[a-z0-9-]+$/,
          "The account's provider for this team, where another stack made one.",
          "the ARN of an IAM identity provider",
          "arn:aws:iam::123456789012:oidc-provider/oidc.vercel.com/acme",
        ).optional(),
        grants: listOf(
          z.strictObject({
            actions: listOf(
              text(/^[a-z0-9-]+:\w+$/, "An action.", "service:Action, without *", "s3:PutObject"),
              1,
              "What the functions may do.",
              "a list of actions, without *",
              '["s3:PutObject"]',
            ),
            resources: listOf(
              text(/^arn:aws[\w-]*:\S+$/, "A resource.", "an ARN", "arn:aws:s3:::iamvet-uploads/*"),
              1,
              "To what.",
              "a list of ARNs",
              '["arn:aws:s3:::iamvet-uploads/*"]',
            ),
          }),
          0,
          "What the role may do; nothing without an entry.",
          "a list of objects with actions and resources",
          '[{"actions": ["s3:PutObject"], "resources": ["arn:aws:s3:::iamvet-uploads/*"]}]',
        ).default([]),
      })
      .optional(),
    logDrain: z
      .strictObject({
        samplingRate: help(
          z.number().gt(0).max(1),
          "Share of log lines that are sent.",
          "above 0, at most 1",
          1,
        ).default(1),
      })
      .optional(),
    databaseAccess: choice(
      ["static-ips", "public-tls", "private-link"],
      "How Vercel reaches the database. public-tls opens its port to the internet, with TLS forced.",
    ).optional(),
    staticIps: z
      .array(
        help(
          // A wider range would be public-tls under another name.
          z.union([
            z.ipv4(),
            range("Several of them.", "an IPv4 range", "203.0.113.0/28", (cidr) => bitsOf(cidr) >= 24),
          ]),
          "A static outbound address of the Vercel project.",
          "an IPv4 address, or a range of at most 256 (/24) written by its first address",
          "203.0.113.7",
        ),
      )
      .default([]),
    peeredCidr: range(
      "Address range of the Vercel Secure Compute network.",
      "a private IPv4 range, /12 or smaller, written by its first address",
      "10.1.0.0/16",
      (cidr) => isPrivate(cidr) && bitsOf(cidr) >= 12,
    ).optional(),
    connectionLimit: whole(1, 100, "Database connections of one function instance.", 3).default(3),
    poolTimeoutSeconds: whole(1, 300, "Seconds that a query waits for a free connection.", 10).default(10),
    connectTimeoutSeconds: whole(1, 60, "Seconds to wait for the database to accept a connection.", 5).default(5),
  })
  .prefault({});

/** The external check, the same for every architecture. */
export const uptimeSettings = z
  .strictObject({
    provider: choice(
      ["none", "route53", "uptimerobot"],
      "Who looks at the site from outside. route53 costs about 3 USD a month; uptimerobot needs an account.",
    ).default("none"),
    plan: choice(["free", "solo", "team", "enterprise"], "Plan of the UptimeRobot account.").default("free"),
    commercial: flag(
      "Whether the site earns money or belongs to a business, which UptimeRobot's free plan forbids.",
    ).default(true),
    intervalSeconds: whole(
      10,
      86_400,
      "Seconds between two checks. @default 30 with route53, the shortest of the plan's usual ones with uptimerobot",
      300,
    ).optional(),
    failureThreshold: whole(1, 10, "Failed checks in a row that count as an outage; route53 only.", 3).optional(),
    keyword: help(
      z.string().min(1).max(255),
      'Text that a healthy answer contains. @default the "status":"ok" of the sample app',
      "a text of 1 to 255 characters",
      "healthy",
    ).optional(),
    contacts: z
      .array(
        z.strictObject({
          id: help(
            // `pulumi config set` stores an id as a number.
            z.preprocess((v) => (typeof v === "number" ? String(v) : v), z.string().regex(/^\d+$/)),
            "Id of an alert contact or an integration of the UptimeRobot account.",
            "the id of a contact, digits only",
            "1234567",
          ),
          threshold: whole(0, 60, "Minutes that an outage lasts before the first message; paid plans.", 0).optional(),
          recurrence: whole(0, 60, "Minutes between reminders, 0 for none; paid plans.", 0).optional(),
        }),
      )
      .meta({
        description: "Whom UptimeRobot itself tells.",
        allowed: "a list of objects with the id of a contact",
        example: '[{"id": "1234567"}]',
      })
      .default([]),
  })
  .prefault({});
