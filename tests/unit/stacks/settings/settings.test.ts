import assert from "node:assert/strict";
import { problems, settingsOf } from "./fixtures";

describe("the settings of a stack", () => {
  it("fill in every default", () => {
    const settings = settingsOf();
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

  it("report all mistakes of a stack together, also across settings", () => {
    const found = problems({
      architecture: "lambda",
      logs: { retentionDays: 8 },
      haWebTier: { min: 9 },
      alerts: { emails: ["ops"] },
      speed: 3,
    });
    assert.equal(found.length, 5);
  });

  it("never repeat a secret", () => {
    const [problem] = problems({ secrets: { API_KEY: 12345 } });
    assert.ok(!JSON.stringify(problem).includes("12345"));
    assert.match(problem?.fix ?? "", /--secret/);
  });

  it("say of a list that it is one, and mend it by its first entry", () => {
    for (const [config, allowed, fix] of [
      [
        { domain: { name: "iamvet.kr", redirectFrom: "www.iamvet.kr" } },
        "a list; each: a host name in lower case",
        "'iamvet:domain.redirectFrom[0]' iamvet.kr",
      ],
      [
        { alerts: { emails: ["ops@iamvet.kr"], phones: null } },
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
      [{ app: { environment: { RETRIES: 5 } } }, "5", `${set} --path --type string 'iamvet:app.environment.RETRIES' 5`],
      [{ app: { version: 20261124 } }, "20261124", `${set} --path --type string 'iamvet:app.version' 20261124`],
      [{ tags: { Beta: true } }, "true", `${set} --path --type string 'iamvet:tags.Beta' true`],
      [{ secrets: { PIN: 12345 } }, "[secret]", `${set} --secret --path --type string 'iamvet:secrets.PIN' '<value>'`],
      [{ fargate: { cpu: "1024" } }, '"1024"', `${set} --path 'iamvet:fargate.cpu' 1024`],
    ] as const) {
      const [problem] = problems(config);
      assert.deepEqual([problem?.found, problem?.fix], [found, fix]);
    }
  });

  it("take a mute that ends within a week, with its zone, and no other", () => {
    const muted = (muteUntil: string) => problems({ alerts: { emails: ["ops@iamvet.kr"], muteUntil } });
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
    const hooked = (webhook: unknown) => problems({ alerts: { emails: ["ops@iamvet.kr"], webhook } });
    assert.deepEqual(hooked("https://hooks.slack.com/services/T0/B0/x"), []);
    assert.deepEqual(hooked("[secret]"), []);
    for (const wrong of ["http://hooks.slack.com/services/verysecret", "hooks.slack.com/verysecret", 7]) {
      const [problem] = hooked(wrong);
      assert.equal(problem?.key, "iamvet:alerts.webhook");
      assert.match(problem?.fix ?? "", /config set .*--secret .*alerts\.webhook/);
      assert.doesNotMatch(JSON.stringify(problem), /verysecret/);
    }
  });

  it("name a list's element so that the command works", () => {
    const [problem] = problems({ alerts: { emails: [] } });
    assert.equal(problem?.fix, "pulumi config set --stack prod --path 'iamvet:alerts.emails[0]' ops@iamvet.kr");
  });

  it("accept a version that the CLI stored as a number", () => {
    assert.equal(settingsOf({ database: { engineVersion: 17 } }).database.engineVersion, "17");
  });
});
