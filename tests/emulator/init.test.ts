import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  GetBucketEncryptionCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { planStack } from "../../cli/planner/planner";
import { emulator, projectFolder, REGION, platform as runPlatform } from "./cli";
import type { Moto } from "./moto";
import { Seed } from "./seed";

describe("platform init against an account on the emulator", function () {
  this.timeout(120_000);
  let moto: Moto;
  let seed: Seed;
  let folder: string;

  before(async function () {
    moto = await emulator(this);
  });
  after(() => moto?.stop());

  beforeEach(async () => {
    await moto.reset();
    seed = new Seed(moto.endpoint, REGION);
    folder = projectFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const platform = (args: string[], env?: Record<string, string>) => runPlatform(moto, folder, args, env);
  const init = (...flags: string[]) =>
    platform(["init", "--yes", "--stack", "prod", "--backend", "file", "--email", "ops@example.com", ...flags]);
  const file = () => readFileSync(join(folder, "Pulumi.prod.yaml"), "utf8");

  /** The site of the brief: one instance, one database, one zone. */
  async function today() {
    const { vpcId, subnetIds } = await seed.vpc();
    const web = await seed.securityGroup(vpcId, "web");
    const data = await seed.securityGroup(vpcId, "data");
    const server = await seed.instance(subnetIds[0] as string, web, "web");
    await seed.database("iamvet-db", subnetIds, data);
    await seed.zone("iamvet.kr", { "iamvet.kr": server.ip });
    const secret = await seed.secret("iamvet/database-url", '{"DATABASE_URL": "postgresql://x"}');
    return { vpcId, subnetIds, web, data, server, secret };
  }

  it("writes a stack that plans without an edit", async () => {
    const { vpcId, subnetIds, web, data, server, secret } = await today();
    const { code, stdout, stderr } = await init("--database-secret", "iamvet/database-url");
    assert.equal(code, 0, stderr);
    assert.match(stderr, new RegExp(`instances +web, t3.medium, ${server.ip.replaceAll(".", "\\.")}`));
    assert.match(stdout, /Written: .*Pulumi\.prod\.yaml/);
    assert.match(stdout, /platform -- attach --stack prod/);
    for (const line of file()
      .split("\n")
      .filter((text) => /^\s+\S+:/.test(text))) {
      const above = file().split("\n")[file().split("\n").indexOf(line) - 1] ?? "";
      assert.ok(line.includes(" # ") || above.trim().startsWith("#"), `no comment on: ${line}`);
    }
    const plan = await planStack("prod", { folder });
    const watched = plan.resources.filter(({ type }) => type === "aws:cloudwatch/metricAlarm:MetricAlarm");
    assert.ok(watched.some(({ inputs }) => JSON.stringify(inputs.dimensions ?? {}).includes(server.id)));
    assert.ok(
      !plan.resources.some(({ type }) => type === "aws:ec2/instance:Instance" || type === "aws:rds/instance:Instance"),
    );
    for (const value of [vpcId, ...subnetIds, web, data, secret, server.ip]) assert.ok(file().includes(value), value);
    // The other architectures plan from the same file.
    for (const architecture of ["ha-web-tier", "fargate"]) await planStack("prod", { folder, architecture });
  });

  it("never replaces a file unasked, and keeps its secrets when it may", async () => {
    await today();
    const path = join(folder, "Pulumi.prod.yaml");
    writeFileSync(
      path,
      "secretsprovider: awskms://alias/x\nencryptedkey: abc\nconfig:\n  iamvet:secrets:\n    AUTH:\n   " +
        "   secure: v1:xyz\n  iamvet:architecture: vercel\n",
    );
    const refused = await init("--database-secret", "iamvet/database-url");
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /exists\. Replace it\?.*--overwrite/);
    assert.match(file(), /vercel/);
    const replaced = await init("--database-secret", "iamvet/database-url", "--overwrite");
    assert.equal(replaced.code, 0, replaced.stderr);
    assert.match(file(), /secretsprovider: awskms:\/\/alias\/x\nencryptedkey: abc\n/);
    assert.match(file(), /secure: v1:xyz/);
    assert.match(file(), /architecture: monitored-instance/);
    await planStack("prod", { folder });
  });

  it("asks which of two instances, and names the flag where nobody can be asked", async () => {
    const { subnetIds, web } = await today();
    const second = await seed.instance(subnetIds[0] as string, web, "worker");
    const { code, stderr } = await init("--database-secret", "iamvet/database-url");
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`--instance ${second.id}  worker`));
    assert.match(stderr, /\(iamvet\.kr\)/, "the one that the name points at is told");
    assert.ok(!existsSync(join(folder, "Pulumi.prod.yaml")));
  });

  it("says that there is no instance, and where there are some", async () => {
    const elsewhere = new Seed(moto.endpoint, "us-west-2");
    const { vpcId, subnetIds } = await elsewhere.vpc();
    await elsewhere.instance(subnetIds[0] as string, await elsewhere.securityGroup(vpcId, "web"), "web");
    const { code, stderr } = await init();
    assert.equal(code, 2);
    assert.match(stderr, /No EC2 instance that could be adopted runs in ap-northeast-2.*us-west-2: give --region/);
  });

  it("does not adopt what an Auto Scaling group would replace", async () => {
    const { vpcId, subnetIds } = await seed.vpc();
    const group = await seed.securityGroup(vpcId, "web");
    // AWS keeps the prefix `aws:` for itself; the emulator lets it be set.
    const { id } = await seed.instance(subnetIds[0] as string, group, "web", { "aws:autoscaling:groupName": "g" });
    const { code, stderr } = await init("--instance", id);
    assert.equal(code, 2);
    assert.match(stderr, /Auto Scaling group/);
  });

  it("says that the database is in another VPC", async () => {
    const { vpcId, subnetIds } = await seed.vpc();
    const server = await seed.instance(subnetIds[0] as string, await seed.securityGroup(vpcId, "web"), "web");
    await seed.zone("iamvet.kr", { "iamvet.kr": server.ip });
    const other = await seed.vpc("10.9.0.0/16");
    await seed.database("iamvet-db", other.subnetIds, await seed.securityGroup(other.vpcId, "data"));
    for (const flags of [[], ["--database", "iamvet-db"]]) {
      const { code, stderr } = await init(...flags);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`iamvet-db is in ${other.vpcId}, the instance ${server.id} in ${vpcId}`));
    }
    const { code, stderr } = await init("--database", "new");
    assert.equal(code, 0, stderr);
    await planStack("prod", { folder });
  });

  it("creates the state's bucket and key, and the secret, when told to", async () => {
    await today();
    const { code, stdout, stderr } = await platform(
      [
        "init",
        "--yes",
        "--stack",
        "prod",
        "--backend",
        "s3",
        "--create",
        "--create-secret",
        "--email",
        "ops@example.com",
      ],
      { DATABASE_URL: "postgresql://iamvet:hunter2@db:5432/iamvet" },
    );
    assert.equal(code, 0, stderr);
    assert.ok(!`${stdout}${stderr}`.includes("hunter2"), "the secret is shown");
    const Bucket = /pulumi login 's3:\/\/([^?]+)\?region=ap-northeast-2'/.exec(stdout)?.[1];
    assert.match(stdout, /--secrets-provider 'awskms:\/\/alias\/iamvet-pulumi\?region=ap-northeast-2'/);
    const s3 = new S3Client({ ...seed.config, forcePathStyle: true });
    assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, "Enabled");
    const { PublicAccessBlockConfiguration: closed } = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    assert.ok(Object.values(closed ?? {}).every((value) => value === true));
    const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    assert.equal(
      ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
      "aws:kms",
    );
    const { SecretString } = await new SecretsManagerClient(seed.config).send(
      new GetSecretValueCommand({ SecretId: "iamvet/prod/database-url" }),
    );
    assert.match(SecretString ?? "", /hunter2/);
    assert.ok(!file().includes("hunter2"));
    await planStack("prod", { folder });

    // A second run takes what is there.
    const again = await platform([
      "init",
      "--yes",
      "--stack",
      "prod",
      "--backend",
      "s3",
      "--create",
      "--overwrite",
      "--email",
      "ops@example.com",
      "--database-secret",
      "iamvet/prod/database-url",
    ]);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /bucket \S+ was there/);
  });

  it("prints the commands of the bucket and the key where it may not create them", async () => {
    await today();
    const { code, stdout, stderr } = await platform([
      "init",
      "--yes",
      "--stack",
      "prod",
      "--backend",
      "s3://my-state",
      "--email",
      "ops@example.com",
      "--database-secret",
      "iamvet/database-url",
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /aws s3api create-bucket --bucket my-state --region ap-northeast-2/);
    assert.match(stdout, /aws kms create-alias/);
  });

  it("plans a site without an instance", async () => {
    await seed.zone("iamvet.kr");
    const { code, stderr } = await init(
      "--new",
      "--architecture",
      "fargate",
      "--domain",
      "www.iamvet.kr",
      "--database",
      "new",
    );
    assert.equal(code, 0, stderr);
    assert.equal((await planStack("prod", { folder })).architecture, "fargate");
  });

  it("says in one message and in 5 s that there are no credentials, and that the region is wrong", async () => {
    for (const [env, message] of [
      [{ AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" }, /^No AWS credentials were found/],
      [{ AWS_REGION: "ap-northeast-9" }, /^AWS has no region "ap-northeast-9"/],
    ] as const) {
      const started = Date.now();
      const { code, stderr } = await platform(["init", "--yes", "--stack", "prod"], env);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
      // Besides the 5 s, Node and TypeScript have to start.
      assert.ok(Date.now() - started < 9_000);
    }
  });
});
