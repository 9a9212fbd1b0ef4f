import assert from "node:assert/strict";
import { checkSettings, SettingsError } from "../../../../stacks/settings/settings-check";

const valid = {
  "iamvet:domain": { name: "iamvet.kr" },
  "iamvet:alerts": { emails: ["ops@iamvet.kr"] },
};

const onVercel = (vercel: Record<string, unknown>, further: Record<string, unknown> = {}) => ({
  "iamvet:architecture": "vercel",
  "iamvet:vercel": { repository: "a/b", databaseAccess: "public-tls", ...vercel },
  ...further,
});

const raw = (config: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(config).map(([key, v]) => [key, typeof v === "string" ? v : JSON.stringify(v)]));

const check = (config: Record<string, unknown>) => checkSettings("iamvet", "prod", raw({ ...valid, ...config }));

function problems(config: Record<string, unknown>) {
  try {
    check(config);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe("the settings of a stack", () => {
  it("fill in every default", () => {
    const settings = check({});
    assert.equal(settings.architecture, "monitored-instance");
    assert.equal(settings.instance.type, "t3.medium");
    assert.deepEqual([settings.haWebTier.min, settings.haWebTier.desired, settings.haWebTier.max], [1, 1, 3]);
    assert.equal(settings.domain.ttl, 60);
  });

  it("refuse a region that AWS lacks, with the one that was meant", () => {
    const [problem, ...others] = problems({ "aws:region": "ap-northeast2" });
    assert.deepEqual(others, []);
    assert.equal(problem?.key, "aws:region");
    assert.match(problem?.allowed ?? "", /did you mean ap-northeast-2\?/);
    assert.equal(problem?.fix, "pulumi config set --stack prod aws:region ap-northeast-2");
    assert.deepEqual(problems({ "aws:region": "ap-northeast-2" }), []);
    assert.equal(problems({ "aws:region": "us-gov-west-1" }).length, 1, "another partition has other ARNs");
  });

  const wrong: [title: string, config: Record<string, unknown>, key: string, text: RegExp][] = [
    [
      "an unknown architecture",
      { "iamvet:architecture": "lambda" },
      "iamvet:architecture",
      /monitored-instance, ha-web-tier, fargate or vercel/,
    ],
    ["an unknown key", { "iamvet:fargat": {} }, "iamvet:fargat", /did you mean iamvet:fargate/],
    [
      "an unknown key inside",
      { "iamvet:fargate": { memry: 1024 } },
      "iamvet:fargate.memry",
      /did you mean iamvet:fargate.memory/,
    ],
    [
      "a negative usage",
      { "iamvet:usage": { requestsPerMonth: -5 } },
      "iamvet:usage.requestsPerMonth",
      /^a number from 0$/,
    ],
    ["a share above 1", { "iamvet:usage": { vercelFunctionShare: 3 } }, "iamvet:usage.vercelFunctionShare", /0 to 1/],
    ["a country without its code", { "iamvet:usage": { smsCountry: "kr" } }, "iamvet:usage.smsCountry", /such as \+82/],
    ["a CPU size that Fargate lacks", { "iamvet:fargate": { cpu: 300 } }, "iamvet:fargate.cpu", /256, 512/],
    [
      "a CPU and memory pair that Fargate lacks",
      { "iamvet:fargate": { cpu: 256, memory: 4096 } },
      "iamvet:fargate.memory",
      /512, 1024, 2048/,
    ],
    ["min over max", { "iamvet:haWebTier": { min: 4 } }, "iamvet:haWebTier.min", /at most haWebTier.max/],
    ["desired out of range", { "iamvet:haWebTier": { desired: 9 } }, "iamvet:haWebTier.desired", /1 to 3/],
    [
      "a night with min over max",
      { "iamvet:fargate": { schedules: [{ schedule: "cron(0 22 * * ? *)", min: 3, max: 2 }] } },
      "iamvet:fargate.schedules[0].min",
      /at most its max, which is 2/,
    ],
    [
      "a schedule of crontab",
      { "iamvet:fargate": { schedules: [{ schedule: "0 22 * * *", min: 1, max: 2 }] } },
      "iamvet:fargate.schedules[0].schedule",
      /cron\(minute hour/,
    ],
    [
      "a time zone that nobody knows",
      { "iamvet:fargate": { schedules: [{ schedule: "rate(1 day)", timezone: "KST+9", min: 1, max: 2 }] } },
      "iamvet:fargate.schedules[0].timezone",
      /IANA/,
    ],
    [
      "a firewall mode that is none",
      { "iamvet:loadBalancer": { waf: "on" } },
      "iamvet:loadBalancer.waf",
      /off, count or block/,
    ],
    [
      "a rate limit that AWS lacks",
      { "iamvet:loadBalancer": { rateLimit: 5 } },
      "iamvet:loadBalancer.rateLimit",
      /from 10/,
    ],
    [
      "an image without tag or digest",
      { "iamvet:image": { uri: "repo.io/app" } },
      "iamvet:image.uri",
      /digest .* or with a tag/,
    ],
    ["tasks: min over max", { "iamvet:fargate": { min: 9, max: 2 } }, "iamvet:fargate.min", /at most fargate.max/],
    [
      "a canary that serves already",
      { "iamvet:architecture": "fargate", "iamvet:traffic": { canary: "fargate", percent: 5 } },
      "iamvet:traffic.canary",
      /another architecture/,
    ],
    ["a share without a canary", { "iamvet:traffic": { percent: 5 } }, "iamvet:traffic.percent", /0 while/],
    [
      "a share over 100",
      { "iamvet:traffic": { canary: "fargate", percent: 101 } },
      "iamvet:traffic.percent",
      /0 to 100/,
    ],
    [
      "a CNAME at the apex",
      { "iamvet:domain": { name: "iamvet.kr", record: "CNAME" } },
      "iamvet:domain.record",
      /apex/,
    ],
    [
      "a name outside its zone",
      { "iamvet:domain": { name: "iamvet.kr", zoneName: "other.kr" } },
      "iamvet:domain.zoneName",
      /holds iamvet.kr/,
    ],
    [
      "a retention that CloudWatch lacks",
      { "iamvet:logs": { retentionDays: 8 } },
      "iamvet:logs.retentionDays",
      /7, 14/,
    ],
    ["a wrong e-mail address", { "iamvet:alerts": { emails: ["ops"] } }, "iamvet:alerts.emails[0]", /e-mail/],
    ["no e-mail address", { "iamvet:alerts": { emails: [] } }, "iamvet:alerts.emails", /at least one/],
    [
      "a wrong phone number",
      { "iamvet:alerts": { emails: ["a@b.kr"], phones: ["010-1234"] } },
      "iamvet:alerts.phones[0]",
      /E\.164/,
    ],
    ["an image that moves", { "iamvet:image": { uri: "repo/app:latest" } }, "iamvet:image.uri", /other than latest/],
    [
      "an image given and built",
      { "iamvet:image": { uri: "repo.io/app:1", build: true }, "iamvet:app": { version: "1" } },
      "iamvet:image.build",
      /either given or built/,
    ],
    [
      "an Intel type for an ARM image",
      { "iamvet:architecture": "ha-web-tier", "iamvet:haWebTier": { instanceType: "t3.small" } },
      "iamvet:haWebTier.instanceType",
      /Graviton/,
    ],
    [
      "an instance id that is none",
      { "iamvet:existing": { instanceId: "web-1" } },
      "iamvet:existing.instanceId",
      /instance id/,
    ],
    [
      "an unknown process manager",
      { "iamvet:existing": { processManager: "forever" } },
      "iamvet:existing.processManager",
      /pm2, systemd or docker/,
    ],
    [
      "one subnet",
      { "iamvet:network": { vpc: "vpc-0123abcd", subnetIds: ["subnet-0123abcd"] } },
      "iamvet:network.subnetIds[1]",
      /at least two/,
    ],
    ["a port out of range", { "iamvet:app": { port: 80 } }, "iamvet:app.port", /1024 to 65535/],
    [
      "storage that shrinks",
      { "iamvet:database": { storageGb: 200, maxStorageGb: 100 } },
      "iamvet:database.maxStorageGb",
      /at least/,
    ],
    [
      "Vercel without a repository",
      { "iamvet:architecture": "vercel", "iamvet:vercel": { databaseAccess: "public-tls" } },
      "iamvet:vercel.repository",
      /owner\/name/,
    ],
    [
      "Vercel with a silent database",
      { "iamvet:architecture": "vercel", "iamvet:vercel": { repository: "a/b" } },
      "iamvet:vercel.databaseAccess",
      /public-tls/,
    ],
    [
      "a check faster than UptimeRobot's plan",
      { "iamvet:uptime": { provider: "uptimerobot", plan: "solo", intervalSeconds: 30, contacts: [{ id: 1 }] } },
      "iamvet:uptime.intervalSeconds",
      /Solo plan: 60 to 86400 s/,
    ],
    [
      "an interval that Route 53 lacks",
      { "iamvet:uptime": { provider: "route53", intervalSeconds: 60 } },
      "iamvet:uptime.intervalSeconds",
      /10 or 30 s/,
    ],
    [
      "business on UptimeRobot's free plan",
      { "iamvet:uptime": { provider: "uptimerobot", contacts: [{ id: 1 }] } },
      "iamvet:uptime.commercial",
      /non-commercial/,
    ],
    [
      "an UptimeRobot monitor that tells nobody",
      { "iamvet:uptime": { provider: "uptimerobot", commercial: false } },
      "iamvet:uptime.contacts",
      /reaches nobody/,
    ],
    [
      "a contact that is no id",
      { "iamvet:uptime": { contacts: [{ id: "ops" }] } },
      "iamvet:uptime.contacts[0].id",
      /id/,
    ],
    [
      "contacts of a provider that has none",
      { "iamvet:uptime": { provider: "route53", contacts: [{ id: 1 }] } },
      "iamvet:uptime.contacts",
      /UptimeRobot account/,
    ],
    [
      "a threshold that UptimeRobot does not know",
      { "iamvet:uptime": { failureThreshold: 2 } },
      "iamvet:uptime.failureThreshold",
      /only route53/,
    ],
    ["an unknown watcher", { "iamvet:uptime": { provider: "pingdom" } }, "iamvet:uptime.provider", /uptimerobot/],
    ["a budget of nothing", { "iamvet:budget": { monthlyUsd: 0 } }, "iamvet:budget.monthlyUsd", /from 1/],
    [
      "an alert below the budget",
      { "iamvet:budget": { actualPercents: [0] } },
      "iamvet:budget.actualPercents[0]",
      /1 to/,
    ],
    [
      "business on Vercel's Hobby plan",
      onVercel({ plan: "hobby" }),
      "iamvet:vercel.commercial",
      /Hobby: non-commercial/,
    ],
    [
      "static addresses on Hobby",
      onVercel({ plan: "hobby", commercial: false, databaseAccess: "static-ips", staticIps: ["203.0.113.7"] }),
      "iamvet:vercel.databaseAccess",
      /Hobby: public-tls; vercel\.plan pro/,
    ],
    ["an SLA without a contract", onVercel({ requiredSla: 0.9999 }), "iamvet:vercel.requiredSla", /plan enterprise/],
    [
      "a private network on Pro",
      onVercel({ databaseAccess: "private-link", peeredCidr: "10.1.0.0/16" }),
      "iamvet:vercel.databaseAccess",
      /plan enterprise/,
    ],
    [
      "skew protection on Hobby",
      onVercel({ plan: "hobby", commercial: false, skewProtection: "1 day" }),
      "iamvet:vercel.skewProtection",
      /plan pro/,
    ],
    [
      "a log drain on Hobby",
      onVercel({ plan: "hobby", commercial: false, logDrain: {} }),
      "iamvet:vercel.logDrain",
      /plan pro/,
    ],
    [
      "functions that run too long",
      onVercel({ plan: "hobby", commercial: false, functions: { maxSeconds: 400 } }),
      "iamvet:vercel.functions.maxSeconds",
      /1 to 300 s/,
    ],
    ["a region that Vercel lacks", onVercel({ regions: ["sel1"] }), "iamvet:vercel.regions[0]", /icn1/],
    ["a site both built and given", onVercel({ prebuilt: "app" }), "iamvet:vercel.prebuilt", /takes it built/],
    [
      "a push that deploys what is uploaded",
      onVercel({ repository: undefined, prebuilt: "app", deployOnPush: true }),
      "iamvet:vercel.deployOnPush",
      /false/,
    ],
    [
      "a password that is missing",
      onVercel({ protection: "password" }),
      "iamvet:vercel.password",
      /protection password/,
    ],
    [
      "a role for everything",
      onVercel({ oidc: { teamSlug: "acme", grants: [{ actions: ["s3:*"], resources: ["arn:aws:s3:::b"] }] } }),
      "iamvet:vercel.oidc.grants[0].actions[0]",
      /without \*/,
    ],
    [
      "a drain of nothing",
      onVercel({ logDrain: { samplingRate: 0 } }),
      "iamvet:vercel.logDrain.samplingRate",
      /above 0/,
    ],
    [
      "previews without a database of their own",
      onVercel({}, { "iamvet:previewSecrets": { KEY: "x" }, "iamvet:secrets": { KEY: "y" } }),
      "iamvet:previewSecrets.DATABASE_URL",
      /never meet production/,
    ],
    [
      "a preview database that is no URL",
      onVercel({}, { "iamvet:previewSecrets": { DATABASE_URL: "localhost" } }),
      "iamvet:previewSecrets.DATABASE_URL",
      /URL of a PostgreSQL database/,
    ],
    [
      "an entry that stands twice in a list",
      { "iamvet:alerts": { emails: ["a@iamvet.kr", "b@iamvet.kr", "a@iamvet.kr"] } },
      "iamvet:alerts.emails[2]",
      /alerts\.emails\[0\] is the same/,
    ],
    [
      "an entry that stands twice in a list inside a list",
      onVercel({
        oidc: {
          teamSlug: "acme",
          grants: [{ actions: ["s3:PutObject", "s3:PutObject"], resources: ["arn:aws:s3:::a"] }],
        },
      }),
      "iamvet:vercel.oidc.grants[0].actions[1]",
      /is the same/,
    ],
    [
      "a cron expression that names the day and the weekday",
      { "iamvet:fargate": { schedules: [{ schedule: "cron(0 22 * * * *)", min: 1, max: 2 }] } },
      "iamvet:fargate.schedules[0].schedule",
      /\? for day or weekday/,
    ],
    [
      "a rate of one in the plural",
      { "iamvet:fargate": { schedules: [{ schedule: "rate(1 hours)", min: 1, max: 2 }] } },
      "iamvet:fargate.schedules[0].schedule",
      /rate\(n/,
    ],
    [
      "a network that does not begin with its first address",
      { "iamvet:network": { vpc: "new", cidr: "10.20.5.0/16" } },
      "iamvet:network.cidr",
      /first address/,
    ],
    [
      "a network too small for a load balancer",
      { "iamvet:network": { vpc: "new", cidr: "10.20.0.0/24" } },
      "iamvet:network.cidr",
      /\/16 to \/23/,
    ],
    ["a network that is public", { "iamvet:network": { cidr: "172.32.0.0/16" } }, "iamvet:network.cidr", /private/],
    ["a load that nothing can keep", { "iamvet:fargate": { cpuTarget: 0 } }, "iamvet:fargate.cpuTarget", /from 1 to/],
    ["a tag that AWS keeps for itself", { "iamvet:tags": { "aws:team": "web" } }, "iamvet:tags.aws:team", /aws:/],
    ["a user that RDS keeps", { "iamvet:database": { username: "admin" } }, "iamvet:database.username", /admin/],
    [
      "a preview variable that production lacks",
      onVercel({ previewEnvironment: { EXTRA: "1" } }, { "iamvet:previewSecrets": { DATABASE_URL: "postgres://x" } }),
      "iamvet:vercel.previewEnvironment.EXTRA",
      /same names/,
    ],
    [
      "a variable that is plain and secret",
      { "iamvet:app": { environment: { KEY: "a" } }, "iamvet:secrets": { KEY: "b" } },
      "iamvet:app.environment.KEY",
      /plain or secret/,
    ],
    [
      "an apex that redirects by CNAME",
      onVercel(
        {},
        {
          "iamvet:domain": {
            name: "www.iamvet.kr",
            zoneName: "iamvet.kr",
            record: "CNAME",
            redirectFrom: ["iamvet.kr"],
          },
        },
      ),
      "iamvet:domain.redirectFrom[0]",
      /apex/,
    ],
    [
      "a site at www that redirects its apex, in a zone that nobody named",
      { "iamvet:domain": { name: "www.iamvet.kr", redirectFrom: ["iamvet.kr"] } },
      "iamvet:domain.zoneName",
      /the zone that holds www\.iamvet\.kr, iamvet\.kr/,
    ],
    [
      "addresses that nothing reads, since the database is open to all",
      onVercel({ staticIps: ["203.0.113.7"] }),
      "iamvet:vercel.staticIps",
      /belongs to static-ips/,
    ],
    [
      "a password that nothing asks for",
      onVercel({ password: "long enough" }),
      "iamvet:vercel.password",
      /belongs to password/,
    ],
    [
      "static addresses that are the internet",
      onVercel({ databaseAccess: "static-ips", staticIps: ["0.0.0.0/0"] }),
      "iamvet:vercel.staticIps[0]",
      /at most 256/,
    ],
    [
      "a peered network that is public",
      onVercel({ plan: "enterprise", databaseAccess: "private-link", peeredCidr: "0.0.0.0/0" }),
      "iamvet:vercel.peeredCidr",
      /private/,
    ],
    [
      "a peered network inside the site's own",
      onVercel(
        { plan: "enterprise", databaseAccess: "private-link", peeredCidr: "10.20.128.0/17" },
        { "iamvet:network": { vpc: "new" } },
      ),
      "iamvet:vercel.peeredCidr",
      /apart from network\.cidr, which is 10\.20\.0\.0\/16/,
    ],
    [
      "a Graviton server, whose system would be another",
      { "iamvet:instance": { type: "t4g.medium" } },
      "iamvet:instance.type",
      /x86_64/,
    ],
    [
      "an address of a server that visitors cannot reach",
      {
        "iamvet:existing": {
          instanceId: "i-0123456789abcdef0",
          securityGroupId: "sg-0a1b2c3d",
          addresses: ["172.31.4.5"],
        },
      },
      "iamvet:existing.addresses[0]",
      /public/,
    ],
    ["a tag by which the database is found", { "iamvet:tags": { Stack: "x" } }, "iamvet:tags.Stack", /not Project/],
    [
      "more tags than AWS takes",
      { "iamvet:tags": Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`key-${index}`, "a"])) },
      "iamvet:tags.key-40",
      /at most 40/,
    ],
    [
      "a variable of several lines",
      { "iamvet:app": { environment: { PEM: "a\nb" } } },
      "iamvet:app.environment.PEM",
      /one line/,
    ],
    [
      "a variable that the platform gives",
      { "iamvet:app": { environment: { PORT: "80" } } },
      "iamvet:app.environment.PORT",
      /app\.port/,
    ],
    [
      "a secret that the platform gives",
      { "iamvet:secrets": { DATABASE_URL: "postgresql://a:b@c/d" } },
      "iamvet:secrets.DATABASE_URL",
      /the database's secret/,
    ],
    [
      "a time that no calendar has",
      {
        "iamvet:database": {
          mode: "restore",
          engineVersion: "18",
          restore: { identifier: "a", time: "2026-13-45T09:30:00Z" },
        },
      },
      "iamvet:database.restore.time",
      /a time such as/,
    ],
    [
      "more redirects than a load balancer's rule takes",
      {
        "iamvet:architecture": "fargate",
        "iamvet:domain": {
          name: "iamvet.kr",
          redirectFrom: Array.from({ length: 6 }, (_, index) => `name-${index}.iamvet.kr`),
        },
      },
      "iamvet:domain.redirectFrom[5]",
      /at most 5/,
    ],
    ["text where an object belongs", { "iamvet:fargate": "big" }, "iamvet:fargate", /object/],
  ];
  for (const [title, config, key, text] of wrong) {
    it(`refuse ${title}`, () => {
      const found = problems(config);
      assert.deepEqual(
        found.map((problem) => problem.key),
        [key],
      );
      const [problem] = found;
      assert.match(problem?.allowed ?? "", text);
      assert.match(problem?.fix ?? "", /^pulumi config (set|rm) --stack prod/);
    });
  }

  it("report all mistakes of a stack together, also across settings", () => {
    const found = problems({
      "iamvet:architecture": "lambda",
      "iamvet:logs": { retentionDays: 8 },
      "iamvet:haWebTier": { min: 9 },
      "iamvet:alerts": { emails: ["ops"] },
      "iamvet:speed": 3,
    });
    assert.equal(found.length, 5);
  });

  it("never repeat a secret", () => {
    const [problem] = problems({ "iamvet:secrets": { API_KEY: 12345 } });
    assert.ok(!JSON.stringify(problem).includes("12345"));
    assert.match(problem?.fix ?? "", /--secret/);
  });

  it("say of a list that it is one, and mend it by its first entry", () => {
    for (const [config, allowed, fix] of [
      [
        { "iamvet:domain": { name: "iamvet.kr", redirectFrom: "www.iamvet.kr" } },
        "a list; each: a host name in lower case",
        "'iamvet:domain.redirectFrom[0]' iamvet.kr",
      ],
      [
        { "iamvet:alerts": { emails: ["ops@iamvet.kr"], phones: null } },
        "a list; each: a number in E.164 form: + country number",
        "'iamvet:alerts.phones[0]' '+821012345678'",
      ],
    ] as const) {
      const [problem] = problems(config);
      assert.equal(problem?.allowed, allowed);
      assert.ok(problem?.fix.endsWith(fix), problem?.fix);
    }
  });

  it("mend a text that the CLI stored as a number, and a number that a file has in quotes", () => {
    const set = "pulumi config set --stack prod";
    for (const [config, found, fix] of [
      [
        { "iamvet:app": { environment: { RETRIES: 5 } } },
        "5",
        `${set} --path --type string 'iamvet:app.environment.RETRIES' 5`,
      ],
      [
        { "iamvet:app": { version: 20261124 } },
        "20261124",
        `${set} --path --type string 'iamvet:app.version' 20261124`,
      ],
      [{ "iamvet:tags": { Beta: true } }, "true", `${set} --path --type string 'iamvet:tags.Beta' true`],
      [
        { "iamvet:secrets": { PIN: 12345 } },
        "[secret]",
        `${set} --secret --path --type string 'iamvet:secrets.PIN' '<value>'`,
      ],
      [{ "iamvet:fargate": { cpu: "1024" } }, '"1024"', `${set} --path 'iamvet:fargate.cpu' 1024`],
    ] as const) {
      const [problem] = problems(config);
      assert.deepEqual([problem?.found, problem?.fix], [found, fix]);
    }
  });

  it("take a mute that ends within a week, with its zone, and no other", () => {
    const muted = (muteUntil: string) => problems({ "iamvet:alerts": { emails: ["ops@iamvet.kr"], muteUntil } });
    const ahead = (ms: number) => new Date(Date.now() + ms).toISOString();
    assert.deepEqual(muted(ahead(3_600_000)), []);
    assert.deepEqual(muted(ahead(3_600_000).replace("Z", "+00:00")), []);
    for (const [wrong, allowed, fix] of [
      [ahead(-60_000), /a time to come/, /config rm .*alerts\.muteUntil/],
      [ahead(8 * 86_400_000), /at most 7 days ahead/, /config set .*alerts\.muteUntil' /],
      ["tomorrow", /ISO 8601/, /config set/],
      ["2099-01-01T00:00:00", /ISO 8601/, /config set/],
    ] as const) {
      const [problem, ...others] = muted(wrong);
      assert.deepEqual(others, []);
      assert.equal(problem?.key, "iamvet:alerts.muteUntil");
      assert.match(problem?.allowed ?? "", allowed);
      assert.match(problem?.fix ?? "", fix);
    }
  });

  it("take an https webhook, encrypted or not yet, and never repeat its address", () => {
    const hooked = (webhook: unknown) => problems({ "iamvet:alerts": { emails: ["ops@iamvet.kr"], webhook } });
    assert.deepEqual(hooked("https://hooks.slack.com/services/T0/B0/x"), []);
    assert.deepEqual(hooked("[secret]"), []);
    for (const wrong of ["http://hooks.slack.com/services/verysecret", "hooks.slack.com/verysecret", 7]) {
      const [problem] = hooked(wrong);
      assert.equal(problem?.key, "iamvet:alerts.webhook");
      assert.match(problem?.fix ?? "", /config set .*--secret .*alerts\.webhook/);
      assert.doesNotMatch(JSON.stringify(problem), /verysecret/);
    }
  });

  it("never repeat a password, and set it as a secret", () => {
    const [problem] = problems(onVercel({ protection: "password", password: "short" }));
    assert.equal(problem?.found, "[secret]");
    assert.match(problem?.fix ?? "", /--secret/);
  });

  it("name a list's element so that the command works", () => {
    const [problem] = problems({ "iamvet:alerts": { emails: [] } });
    assert.equal(problem?.fix, "pulumi config set --stack prod --path 'iamvet:alerts.emails[0]' ops@iamvet.kr");
  });

  it("accept a version that the CLI stored as a number", () => {
    assert.equal(check({ "iamvet:database": { engineVersion: 17 } }).database.engineVersion, "17");
  });
});
