import assert from "node:assert/strict";
import { problems, type Refusal, refuse } from "./fixtures";

const onVercel = (vercel: object, further: object = {}): object => ({
  ...{ architecture: "vercel", vercel: { repository: "a/b", databaseAccess: "public-tls", ...vercel } },
  ...further,
});

const wrong: readonly Refusal[] = [
  [
    "an unknown architecture",
    { architecture: "lambda" },
    "architecture",
    /monitored-instance, ha-web-tier, fargate or vercel/,
  ],
  ["a share above 1", { usage: { vercelFunctionShare: 3 } }, "usage.vercelFunctionShare", /0 to 1/],
  [
    "Vercel without a repository",
    { architecture: "vercel", vercel: { databaseAccess: "public-tls" } },
    "vercel.repository",
    /owner\/name/,
  ],
  [
    "Vercel with a silent database",
    { architecture: "vercel", vercel: { repository: "a/b" } },
    "vercel.databaseAccess",
    /public-tls/,
  ],
  [
    "a check faster than UptimeRobot's plan",
    { uptime: { provider: "uptimerobot", plan: "solo", intervalSeconds: 30, contacts: [{ id: 1 }] } },
    "uptime.intervalSeconds",
    /Solo plan: 60 to 86400 s/,
  ],
  [
    "an interval that Route 53 lacks",
    { uptime: { provider: "route53", intervalSeconds: 60 } },
    "uptime.intervalSeconds",
    /10 or 30 s/,
  ],
  [
    "business on UptimeRobot's free plan",
    { uptime: { provider: "uptimerobot", contacts: [{ id: 1 }] } },
    "uptime.commercial",
    /non-commercial/,
  ],
  [
    "an UptimeRobot monitor that tells nobody",
    { uptime: { provider: "uptimerobot", commercial: false } },
    "uptime.contacts",
    /reaches nobody/,
  ],
  ["a contact that is no id", { uptime: { contacts: [{ id: "ops" }] } }, "uptime.contacts[0].id", /id/],
  [
    "contacts of a provider that has none",
    { uptime: { provider: "route53", contacts: [{ id: 1 }] } },
    "uptime.contacts",
    /UptimeRobot account/,
  ],
  [
    "a threshold that UptimeRobot does not know",
    { uptime: { failureThreshold: 2 } },
    "uptime.failureThreshold",
    /only route53/,
  ],
  ["an unknown watcher", { uptime: { provider: "pingdom" } }, "uptime.provider", /uptimerobot/],
  ["business on Vercel's Hobby plan", onVercel({ plan: "hobby" }), "vercel.commercial", /Hobby: non-commercial/],
  [
    "static addresses on Hobby",
    onVercel({ plan: "hobby", commercial: false, databaseAccess: "static-ips", staticIps: ["203.0.113.7"] }),
    "vercel.databaseAccess",
    /Hobby: public-tls; vercel\.plan pro/,
  ],
  ["an SLA without a contract", onVercel({ requiredSla: 0.9999 }), "vercel.requiredSla", /plan enterprise/],
  [
    "a private network on Pro",
    onVercel({ databaseAccess: "private-link", peeredCidr: "10.1.0.0/16" }),
    "vercel.databaseAccess",
    /plan enterprise/,
  ],
  [
    "skew protection on Hobby",
    onVercel({ plan: "hobby", commercial: false, skewProtection: "1 day" }),
    "vercel.skewProtection",
    /plan pro/,
  ],
  ["a log drain on Hobby", onVercel({ plan: "hobby", commercial: false, logDrain: {} }), "vercel.logDrain", /plan pro/],
  [
    "functions that run too long",
    onVercel({ plan: "hobby", commercial: false, functions: { maxSeconds: 400 } }),
    "vercel.functions.maxSeconds",
    /1 to 300 s/,
  ],
  ["a region that Vercel lacks", onVercel({ regions: ["sel1"] }), "vercel.regions[0]", /icn1/],
  ["a site both built and given", onVercel({ prebuilt: "app" }), "vercel.prebuilt", /takes it built/],
  [
    "a push that deploys what is uploaded",
    onVercel({ repository: undefined, prebuilt: "app", deployOnPush: true }),
    "vercel.deployOnPush",
    /false/,
  ],
  ["a password that is missing", onVercel({ protection: "password" }), "vercel.password", /protection password/],
  [
    "a role for everything",
    onVercel({ oidc: { teamSlug: "acme", grants: [{ actions: ["s3:*"], resources: ["arn:aws:s3:::b"] }] } }),
    "vercel.oidc.grants[0].actions[0]",
    /without \*/,
  ],
  ["a drain of nothing", onVercel({ logDrain: { samplingRate: 0 } }), "vercel.logDrain.samplingRate", /above 0/],
  [
    "previews without a database of their own",
    onVercel({}, { previewSecrets: { KEY: "x" }, secrets: { KEY: "y" } }),
    "previewSecrets.DATABASE_URL",
    /never meet production/,
  ],
  [
    "a preview database that is no URL",
    onVercel({}, { previewSecrets: { DATABASE_URL: "localhost" } }),
    "previewSecrets.DATABASE_URL",
    /URL of a PostgreSQL database/,
  ],
  [
    "an entry that stands twice in a list inside a list",
    onVercel({
      oidc: {
        teamSlug: "acme",
        grants: [{ actions: ["s3:PutObject", "s3:PutObject"], resources: ["arn:aws:s3:::a"] }],
      },
    }),
    "vercel.oidc.grants[0].actions[1]",
    /is the same/,
  ],
  [
    "a preview variable that production lacks",
    onVercel({ previewEnvironment: { EXTRA: "1" } }, { previewSecrets: { DATABASE_URL: "postgres://x" } }),
    "vercel.previewEnvironment.EXTRA",
    /same names/,
  ],
  [
    "an apex that redirects by CNAME",
    onVercel(
      {},
      { domain: { name: "www.iamvet.kr", zoneName: "iamvet.kr", record: "CNAME", redirectFrom: ["iamvet.kr"] } },
    ),
    "domain.redirectFrom[0]",
    /apex/,
  ],
  [
    "addresses that nothing reads, since the database is open to all",
    onVercel({ staticIps: ["203.0.113.7"] }),
    "vercel.staticIps",
    /belongs to static-ips/,
  ],
  ["a password that nothing asks for", onVercel({ password: "long enough" }), "vercel.password", /belongs to password/],
  [
    "static addresses that are the internet",
    onVercel({ databaseAccess: "static-ips", staticIps: ["0.0.0.0/0"] }),
    "vercel.staticIps[0]",
    /at most 256/,
  ],
  [
    "a peered network that is public",
    onVercel({ plan: "enterprise", databaseAccess: "private-link", peeredCidr: "0.0.0.0/0" }),
    "vercel.peeredCidr",
    /private/,
  ],
  [
    "a peered network inside the site's own",
    onVercel(
      { plan: "enterprise", databaseAccess: "private-link", peeredCidr: "10.20.128.0/17" },
      { network: { vpc: "new" } },
    ),
    "vercel.peeredCidr",
    /apart from network\.cidr, which is 10\.20\.0\.0\/16/,
  ],
];

describe("the settings of Vercel and of the external check", () => {
  refuse(wrong);

  it("never repeat a password, and set it as a secret", () => {
    const [problem] = problems(onVercel({ protection: "password", password: "short" }));
    assert.equal(problem?.found, "[secret]");
    assert.match(problem?.fix ?? "", /--secret/);
  });
});
