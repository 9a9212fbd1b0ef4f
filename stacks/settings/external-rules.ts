import { uptimeProblems } from "../../components/monitoring/uptime-plans";
import { DATABASE_URL_FORM, isDatabaseUrl } from "../../components/vercel/vercel-database";
import { vercelNodeProblems } from "../../components/vercel/vercel-node";
import { vercelPlanProblems, vercelRegions } from "../../components/vercel/vercel-plans";
import { uptimeCheckOf, vercelChoicesOf } from "../args/external";
import { type Rule, rule, tiersOf } from "./conflict";
import type { SectionName } from "./schema";
import { overlaps } from "./settings-fields";

/** Rules on Vercel and on the external check: what their plans allow, and what fits together. */
export const externalRules: readonly Rule<SectionName>[] = [
  rule(["vercel", "architecture", "traffic"], function* (settings) {
    if (!tiersOf(settings).includes("vercel")) return;
    const { repository, prebuilt, deployOnPush, regions, logDrain } = settings.vercel;
    const { databaseAccess, staticIps, peeredCidr } = settings.vercel;
    if (databaseAccess === "static-ips" && staticIps.length === 0) {
      yield {
        key: "vercel.staticIps",
        allowed: "the static addresses that Vercel shows in the project's Connectivity settings",
        fix: { value: '["203.0.113.7"]' },
      };
    }
    if (databaseAccess === "private-link" && !peeredCidr) {
      yield {
        key: "vercel.peeredCidr",
        allowed: "the address range of the Secure Compute network, with vercel.databaseAccess private-link",
        fix: { value: "10.1.0.0/16" },
      };
    }
    for (const [key, choice, value] of [
      ["staticIps", "databaseAccess", "static-ips"],
      ["peeredCidr", "databaseAccess", "private-link"],
      ["password", "protection", "password"],
    ] as const) {
      const [found, chosen] = [settings.vercel[key], settings.vercel[choice]];
      if (found === undefined || found.length === 0 || chosen === undefined || chosen === value) continue;
      yield {
        key: `vercel.${key}`,
        allowed: `nothing while vercel.${choice} is ${chosen}; it belongs to ${value}`,
        fix: "remove",
      };
    }
    if (!repository && !prebuilt) {
      yield {
        key: "vercel.repository",
        allowed: "the repository (owner/name) that Vercel builds, or vercel.prebuilt with what `vercel build` made",
        fix: { value: "owner/name" },
      };
    }
    if (repository && prebuilt) {
      yield {
        key: "vercel.prebuilt",
        allowed: "nothing while vercel.repository is set: Vercel builds the site, or takes it built",
        fix: "remove",
      };
    }
    if (prebuilt && deployOnPush) {
      yield {
        key: "vercel.deployOnPush",
        allowed: "false with vercel.prebuilt, which no push deploys",
        fix: { value: false },
      };
    }
    const unknown = regions.find((region) => !Object.values(vercelRegions).includes(region));
    if (unknown) {
      yield {
        key: `vercel.regions[${regions.indexOf(unknown)}]`,
        allowed: Object.values(vercelRegions).join(", "),
        fix: { value: "icn1" },
      };
    }
    const choices = { ...vercelChoicesOf(settings.vercel), ...(logDrain ? { logDrain } : {}) };
    const database = databaseAccess ? { database: { kind: databaseAccess } } : {};
    yield* vercelPlanProblems({ ...choices, ...database });
    yield* vercelNodeProblems(settings.vercel.nodeVersion);
    if (!databaseAccess) {
      yield {
        key: "vercel.databaseAccess",
        allowed:
          "static-ips (100 USD a month), public-tls (the database's port is open to the internet, with TLS " +
          "forced) or private-link (enterprise)",
        fix: { value: "static-ips" },
      };
    }
  }),

  rule(["vercel", "network", "architecture", "traffic"], function* (settings) {
    const { peeredCidr } = settings.vercel;
    const { vpc, cidr } = settings.network;
    if (!tiersOf(settings).includes("vercel") || vpc !== "new" || !peeredCidr || !overlaps(peeredCidr, cidr)) return;
    yield {
      key: "vercel.peeredCidr",
      allowed: `a range apart from network.cidr, which is ${cidr}: AWS peers no networks that overlap`,
      fix: { value: cidr.startsWith("10.") ? "172.16.0.0/16" : "10.1.0.0/16" },
    };
  }),

  rule(["uptime"], function* ({ uptime }) {
    yield* uptimeProblems(uptimeCheckOf(uptime));
    if (uptime.provider !== "uptimerobot" && uptime.contacts.length > 0) {
      yield {
        key: "uptime.contacts",
        allowed: `nothing while uptime.provider is ${uptime.provider}: contacts belong to an UptimeRobot account`,
        fix: "remove",
      };
    }
    if (uptime.provider !== "route53" && uptime.failureThreshold !== undefined) {
      yield {
        key: "uptime.failureThreshold",
        allowed: `nothing while uptime.provider is ${uptime.provider}: only route53 counts failures`,
        fix: "remove",
      };
    }
  }),

  rule(["vercel", "architecture", "traffic"], function* (settings) {
    const { protection } = settings.vercel;
    if (tiersOf(settings).includes("vercel") && protection === "password" && !settings.vercel.password) {
      yield {
        key: "vercel.password",
        allowed: "the password of the deployments, with vercel.protection password",
        fix: { value: "<password>" },
      };
    }
  }),

  rule(["vercel", "app", "architecture", "traffic"], function* (settings) {
    const { prebuilt, databaseAccess } = settings.vercel;
    const alone = tiersOf(settings).every((tier) => tier === "vercel");
    if (!alone || !prebuilt || !settings.app.migrate || !databaseAccess || databaseAccess === "public-tls") return;
    yield {
      key: "app.migrate",
      allowed:
        `false with vercel.prebuilt and vercel.databaseAccess ${databaseAccess}: no build on Vercel migrates, and ` +
        `the database cannot be reached from here. Run \`npx prisma migrate deploy\` where it can be, before each ` +
        "release",
      fix: { value: false },
    };
  }),

  rule(["vercel", "app", "secrets", "previewSecrets"], function* ({ vercel, app, secrets, previewSecrets }) {
    const twice = Object.keys(app.environment).find((key) => key in secrets);
    if (twice) {
      yield {
        key: `app.environment.${twice}`,
        found: "[hidden]",
        allowed: `nothing, as secrets.${twice} is set too: a variable is plain or secret`,
        fix: "remove",
      };
    }
    const previews = Object.keys(previewSecrets).length + Object.keys(vercel.previewEnvironment).length > 0;
    if (!previews) return;
    const wanted = ["DATABASE_URL", ...Object.keys(secrets)];
    for (const key of wanted.filter((name) => !(name in previewSecrets))) {
      yield {
        key: `previewSecrets.${key}`,
        allowed: "a value of its own for preview deployments, which must never meet production's",
        fix: { value: key === "DATABASE_URL" ? DATABASE_URL_FORM : "<value>" },
      };
    }
    if (previewSecrets.DATABASE_URL !== undefined && !isDatabaseUrl(previewSecrets.DATABASE_URL)) {
      yield {
        key: "previewSecrets.DATABASE_URL",
        allowed: "the URL of a PostgreSQL database, its password percent-encoded",
        fix: { value: DATABASE_URL_FORM },
      };
    }
    const foreign = [
      ...Object.keys(previewSecrets).flatMap((key) => (wanted.includes(key) ? [] : [`previewSecrets.${key}`])),
      ...Object.keys(vercel.previewEnvironment).flatMap((key) =>
        key in app.environment ? [] : [`vercel.previewEnvironment.${key}`],
      ),
    ];
    for (const key of foreign) {
      yield { key, found: "a name that production lacks", allowed: "the same names as in production", fix: "remove" };
    }
  }),
];
