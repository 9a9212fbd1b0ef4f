import assert from "node:assert/strict";
import type { Account, FoundDatabase, FoundInstance } from "../../../../cli/commands/setup/account-survey";
import { backendOf, storeCommands } from "../../../../cli/commands/setup/backend";
import { choose, type InitContext, type InitFlags } from "../../../../cli/commands/setup/init-choices";
import { stackFile } from "../../../../cli/commands/setup/init-file";
import { askNobody } from "../../../../cli/lib/prompt";
import { parseStackText } from "../../../../cli/lib/stack-files";
import { UserError } from "../../../../core/errors";
import { checkSettings } from "../../../../stacks/settings/settings-check";

const server = (id: string, changes: Partial<FoundInstance> = {}): FoundInstance => ({
  id,
  name: "web",
  type: "t3.medium",
  vpcId: "vpc-0a1b2c3d",
  securityGroupIds: ["sg-0a1b2c3d", "sg-0a1b2c3e"],
  publicIp: "203.0.113.10",
  elasticIp: true,
  user: "ubuntu",
  ...changes,
});
const database = (identifier: string, vpcId = "vpc-0a1b2c3d"): FoundDatabase => ({
  identifier,
  version: "16.4",
  instanceClass: "db.t4g.small",
  vpcId,
  securityGroupIds: ["sg-0a1b2c3f"],
  multiAz: false,
  storageGb: 50,
});
const secret = {
  arn: "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:iamvet/prod/database-url-AbCdEf",
  name: "iamvet/prod/database-url",
};
const account: Account = {
  instances: [server("i-0123456789abcdef0")],
  replaceable: [],
  databases: [database("iamvet-db")],
  zones: [
    { id: "Z1", name: "iamvet.kr", addresses: { "iamvet.kr": ["203.0.113.10"] } },
    { id: "Z2", name: "eu.iamvet.kr", addresses: {} },
  ],
  certificates: [],
  vpcs: [
    {
      id: "vpc-0a1b2c3d",
      isDefault: false,
      subnets: [
        { id: "subnet-0a1b2c3d", zone: "ap-northeast-2a", isPublic: true },
        { id: "subnet-0a1b2c3e", zone: "ap-northeast-2c", isPublic: false },
      ],
    },
  ],
  secrets: [secret],
  peered: [],
  unseen: [],
};

const context = (changes: Partial<Account> = {}): InitContext => ({
  stack: "prod",
  project: "iamvet",
  region: "ap-northeast-2",
  account: { ...account, ...changes },
  ask: askNobody,
  elsewhere: async () => [],
  environment: {},
  git: { email: "me@example.com" },
});
const email = { email: ["ops@iamvet.kr"] };
const chosen = (flags: InitFlags = {}, changes: Partial<Account> = {}) =>
  choose({ ...email, ...flags }, context(changes));
const refusal = async (flags: InitFlags, changes: Partial<Account> = {}) => {
  const error = await choose(flags, context(changes)).then(
    () => assert.fail("it was accepted"),
    (e: unknown) => e,
  );
  assert.ok(error instanceof UserError, String(error));
  return error.message;
};

describe("platform init", () => {
  it("takes what the account leaves no doubt about", async () => {
    const { instance, database: db, domain, architecture } = await chosen();
    assert.equal(architecture, "monitored-instance");
    assert.equal(instance?.id, "i-0123456789abcdef0");
    assert.deepEqual(domain, { name: "iamvet.kr", zoneName: "iamvet.kr", newZone: false });
    assert.equal(db.kind === "existing" && "arn" in db.secret && db.secret.arn, secret.arn);
  });

  it("writes a file that the settings accept, with a comment on each line, whatever the choices", async () => {
    const variants: [InitFlags, Partial<Account>][] = [
      [{}, {}],
      [{ healthPath: "/", language: "ko", processManager: "docker", appName: "shop" }, {}],
      [{ new: true, architecture: "fargate", database: "new", domain: "a.eu.iamvet.kr" }, {}],
      [
        {
          new: true,
          architecture: "vercel",
          database: "new",
          repository: "a/b",
          databaseAccess: "public-tls",
          domain: "x.io",
          newZone: true,
        },
        { vpcs: [] },
      ],
    ];
    for (const [flags, changes] of variants) {
      const choices = await chosen(flags, changes);
      const text = stackFile(choices, "iamvet", secret.arn);
      checkSettings("iamvet", "prod", parseStackText(text, "iamvet", "prod").config);
      const lines = text.split("\n");
      for (const [index, line] of lines.entries()) {
        if (!/^ +\S+: /.test(line) || line.trim().startsWith("#")) continue;
        assert.ok(line.includes(" # ") || lines[index - 1]?.trim().startsWith("# "), `no comment on: ${line}`);
      }
    }
  });

  it("finds the zone that lies nearest", async () => {
    assert.equal((await chosen({ domain: "shop.eu.iamvet.kr" })).domain.zoneName, "eu.iamvet.kr");
  });

  it("tells which of its values a person has to check", async () => {
    const text = stackFile(
      await chosen({}, { instances: [server("i-0123456789abcdef0", { elasticIp: false })] }),
      "iamvet",
      secret.arn,
    );
    assert.match(text, /# not an Elastic IP/);
    assert.match(text, /also has sg-0a1b2c3e/);
    assert.match(text, /NOT public.*subnet-0a1b2c3e/);
    assert.match(text, /\/home\/ubuntu\/\.pm2\/logs\/iamvet-out\.log/);
  });

  it("reaches a database in a VPC that is peered", async () => {
    const far = { databases: [database("iamvet-db", "vpc-0f0f0f0f")] };
    assert.match(await refusal({ ...email, database: "iamvet-db" }, far), /no peering joins them/);
    const { database: db } = await chosen({}, { ...far, peered: [["vpc-0f0f0f0f", "vpc-0a1b2c3d"]] });
    assert.equal(db.kind, "existing");
  });

  const wrong: [title: string, flags: InitFlags, changes: Partial<Account>, text: RegExp][] = [
    [
      "an instance that is not there",
      { instance: "i-0a1b2c3d" },
      {},
      /no running instance i-0a1b2c3d\. There is: i-0123456789abcdef0 \(web\)/,
    ],
    [
      "an instance without a public address",
      {},
      { instances: [{ ...server("i-0a1b2c3d"), publicIp: undefined as never }] },
      /no public address/,
    ],
    ["no instance", {}, { instances: [] }, /No EC2 instance that could be adopted.*give --new/],
    ["no architecture where there is no instance", { new: true }, {}, /--architecture fargate/],
    ["an architecture that does not exist", { architecture: "lambda" }, {}, /--architecture lambda: one of/],
    [
      "two databases",
      {},
      { databases: [database("a"), database("b")] },
      /--database a[\s\S]*--database b[\s\S]*--database new/,
    ],
    ["a database that is not there", { database: "x" }, {}, /no PostgreSQL instance "x" on RDS\. There is: iamvet-db/],
    [
      "no secret for the database",
      {},
      { secrets: [] },
      /DATABASE_URL=\.\.\. --create-secret {2}create iamvet\/prod\/database-url/,
    ],
    ["a secret that is not there", { databaseSecret: "x" }, {}, /no secret "x"/],
    ["a secret to create without a value", { createSecret: true }, {}, /set DATABASE_URL/],
    ["a network in one zone", {}, { vpcs: [{ ...account.vpcs[0], subnets: [] } as never] }, /needs two zones/],
    ["a name that no zone holds", { domain: "other.kr" }, {}, /No public hosted zone.*other\.kr.*--new-zone/],
    ["a language that is not spoken", { ...email, language: "fr" }, {}, /en, ko/],
    ["no address to tell", {}, {}, /give --email/],
  ];
  for (const [title, flags, changes, text] of wrong) {
    it(`says what to do about ${title}`, async () => assert.match(await refusal(flags, changes), text));
  }
});

describe("the backend of a state", () => {
  const of = (backend: string, provider?: string) =>
    backendOf(backend, provider, { project: "iamvet", account: "123456789012", region: "ap-northeast-2" });

  it("is Pulumi Cloud, S3 or a folder", () => {
    assert.deepEqual(of("cloud"), { url: "" });
    assert.equal(of("s3").url, "s3://iamvet-pulumi-123456789012-ap-northeast-2?region=ap-northeast-2");
    assert.equal(of("s3://mine").secretsProvider, "awskms://alias/iamvet-pulumi?region=ap-northeast-2");
    assert.deepEqual(of("file"), { url: "--local", secretsProvider: "passphrase" });
  });

  it("refuses what does not exist, and Pulumi Cloud's encryption elsewhere", () => {
    for (const [backend, provider] of [
      ["azure"],
      ["s3://X"],
      ["cloud", "vault"],
      ["s3", "default"],
      ["file", "default"],
    ]) {
      assert.throws(() => of(backend as string, provider), UserError);
    }
  });

  it("has commands that a shell reads as they are meant", () => {
    const { store } = of("s3");
    assert.ok(store);
    const encrypt = storeCommands(store).find((command) => command.includes("put-bucket-encryption"));
    assert.match(encrypt ?? "", /"KMSMasterKeyID":"'"\$KEY"'"/);
  });
});
