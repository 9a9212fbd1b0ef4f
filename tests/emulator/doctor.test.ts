import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { emulator, platform, projectFolder, REGION } from "./cli";
import type { Moto } from "./moto";
import { Seed } from "./seed";

interface Report {
  readonly error: number;
  readonly checks: readonly { check: string; status: string; found: string; mend?: string }[];
}

describe("platform doctor and attach against an account on the emulator", function () {
  this.timeout(180_000);
  let moto: Moto;
  let seed: Seed;
  let folder: string;
  let server: { id: string; ip: string };

  before(async function () {
    moto = await emulator(this);
  });
  after(() => moto?.stop());

  beforeEach(async () => {
    await moto.reset();
    seed = new Seed(moto.endpoint, REGION);
    folder = projectFolder();
    const { vpcId, subnetIds } = await seed.vpc();
    const web = await seed.securityGroup(vpcId, "web");
    const data = await seed.securityGroup(vpcId, "data");
    server = await seed.instance(subnetIds[0] as string, web, "web");
    await seed.database("iamvet-db", subnetIds, data);
    await seed.zone("iamvet.kr", { "iamvet.kr": server.ip });
    const secret = await seed.secret("iamvet/database-url", "{}");
    stackFile({
      instanceId: server.id,
      securityGroupId: web,
      address: server.ip,
      database: `{mode: existing, identifier: iamvet-db, securityGroupId: ${data}, urlSecretArn: "${secret}"}`,
    });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function stackFile(values: Record<"instanceId" | "securityGroupId" | "address" | "database", string>) {
    const { instanceId, securityGroupId, address, database } = values;
    writeFileSync(
      join(folder, "Pulumi.prod.yaml"),
      [
        "config:",
        `  aws:region: ${REGION}`,
        "  iamvet:domain: {name: iamvet.kr}",
        "  iamvet:alerts: {emails: [ops@iamvet.kr, late@iamvet.kr], phones: ['+821012345678']}",
        `  iamvet:existing: {instanceId: ${instanceId}, securityGroupId: ${securityGroupId}, addresses: [${address}]}`,
        `  iamvet:database: ${database}`,
        "",
      ].join("\n"),
    );
  }

  async function examined(env?: Record<string, string>) {
    const { code, stdout, stderr } = await platform(moto, folder, ["doctor", "--stack", "prod", "--json"], env);
    assert.ok(stdout.startsWith("{"), stderr);
    const report = JSON.parse(stdout) as Report;
    const line = (check: string) => report.checks.filter((found) => found.check === check);
    return { code, report, line };
  }

  it("tells what is there, what waits and what is missing, and its exit code says whether it is enough", async () => {
    await seed.subscription("alerts-page-0a1b2c3", "ops@iamvet.kr");
    const { code, report, line } = await examined();
    assert.equal(code, 1);
    assert.equal(report.error > 0, true);
    assert.match(line("AWS identity")[0]?.found ?? "", /ap-northeast-2/);
    assert.equal(line("config")[0]?.status, "ok");
    assert.deepEqual(
      [line("existing instance")[0]?.status, line("existing instance")[0]?.mend],
      ["warning", "pulumi up --stack prod, then: platform attach --stack prod"],
    );
    assert.match(
      line("existing database")
        .map(({ found }) => found)
        .join(),
      /can be deleted by one call/,
    );
    assert.match(line("alert e-mail")[1]?.found ?? "", /late@iamvet\.kr is subscribed by the next/);
    assert.match(line("certificate")[0]?.found ?? "", /none for iamvet\.kr yet/);
    assert.match(line("what a flip would lose")[0]?.found ?? "", /--inspect/);
    for (const { status, mend, check } of report.checks) {
      assert.equal(Boolean(mend), status === "warning" || status === "error", `${check}: what to do`);
    }
  });

  it("tells of an instance, a database and an address that are not those of the account", async () => {
    stackFile({
      instanceId: "i-0a1b2c3d4e5f60718",
      securityGroupId: "sg-0a1b2c3d",
      address: "203.0.113.9",
      database:
        "{mode: existing, identifier: nope, securityGroupId: sg-0a1b2c3d, urlSecretArn: " +
        '"arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:x-AbCdEf"}',
    });
    const { code, line } = await examined();
    assert.equal(code, 1);
    assert.match(line("existing instance")[0]?.found ?? "", /has no instance i-0a1b2c3d4e5f60718/);
    assert.match(line("existing database")[0]?.found ?? "", /has no RDS instance nope/);
  });

  it("goes on without credentials, and tells of it once", async () => {
    const { code, line, report } = await examined({ AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" });
    assert.equal(code, 1);
    assert.match(line("AWS identity")[0]?.found ?? "", /^No AWS credentials were found/);
    assert.equal(report.checks.filter(({ found }) => /credentials/.test(found)).length, 1);
    assert.equal(line("quotas")[0]?.status, "skipped");
  });

  it("attaches the stack's profile after showing it, and takes nothing away from another", async () => {
    await seed.profile("site-profile");
    await seed.profile("of-somebody-else");
    const attach = (...flags: string[]) =>
      platform(moto, folder, ["attach", "--stack", "prod", "--profile-name", "site-profile", ...flags]);

    const shown = await attach("--dry-run");
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, new RegExp(`Attach site-profile to ${server.id}[\\s\\S]*no restart`));
    const unasked = await attach();
    assert.equal(unasked.code, 2);
    assert.match(unasked.stderr, /--yes/);
    assert.equal(await seed.profileOf(server.id), undefined, "it was attached unasked");

    const done = await attach("--yes");
    assert.equal(done.code, 0, done.stderr);
    assert.match((await seed.profileOf(server.id)) ?? "", /\/site-profile$/);
    const again = await attach("--yes");
    assert.match(again.stdout, /has the profile site-profile already/);

    const other = await platform(moto, folder, [
      "attach",
      "--stack",
      "prod",
      "--profile-name",
      "of-somebody-else",
      "--yes",
    ]);
    assert.equal(other.code, 2);
    assert.match(other.stderr, /has another instance profile, \S+\/site-profile\. It is left alone/);
    assert.match((await seed.profileOf(server.id)) ?? "", /\/site-profile$/);
  });

  it("prints the command of the attachment without credentials, and says when there is no such profile or instance", async () => {
    const args = ["attach", "--stack", "prod", "--profile-name", "site-profile", "--yes"];
    const without = await platform(moto, folder, args, { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" });
    assert.equal(without.code, 2);
    assert.match(
      without.stderr,
      new RegExp(`aws ec2 associate-iam-instance-profile .*--instance-id ${server.id} .*Name=site-profile`),
    );
    const missing = await platform(moto, folder, args);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /no instance profile site-profile/);
  });
});
