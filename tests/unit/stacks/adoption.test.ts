import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { ResourceTransformArgs } from "@pulumi/pulumi";
import { adoption } from "../../../stacks/adoption";
import { FIXED, type Fixed } from "../../../stacks/adoption/kinds";
import type { KnownResource } from "../../../stacks/state";
import { ownTags } from "../../../stacks/tags";

/** Somebody's database, as RDS describes it (API reference, DescribeDBInstances, example of the response). */
const DESCRIBED = `<DescribeDBInstancesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeDBInstancesResult><DBInstances>
<DBInstance><DBInstanceIdentifier>production</DBInstanceIdentifier>
<TagList><Tag><Key>Project</Key><Value>old</Value></Tag></TagList></DBInstance>
</DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>`;

describe("a database that an update meets", () => {
  let server: Server;
  let asked = 0;
  const said: string[] = [];
  // An import of it cannot be written to.
  const loud = createRequire(__filename)("@pulumi/pulumi/log") as Record<"error" | "warn", (message: string) => void>;
  const kept = { error: loud.error, warn: loud.warn, env: { ...process.env } };
  before(async () => {
    server = createServer((_, response) => {
      asked += 1;
      response.setHeader("content-type", "text/xml").end(DESCRIBED);
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    });
    loud.error = loud.warn = (message) => said.push(message);
  });
  after(() => {
    Object.assign(loud, { error: kept.error, warn: kept.warn });
    process.env = kept.env;
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    said.length = asked = 0;
  });

  /** The first `up`: the state knows nothing of it. */
  const meet = (opts: object) =>
    adoption(
      { region: "ap-northeast-2" },
      { known: [], pending: [] },
    )({
      type: "aws:rds/instance:Instance",
      name: "database-instance",
      custom: true,
      props: { identifier: "production" },
      opts,
    } as ResourceTransformArgs);

  it("and that it imports is neither looked at nor spoken of", async () => {
    assert.equal(await meet({ import: "production", protect: true }), undefined);
    assert.deepEqual([said, asked], [[], 0]);
  });

  it("and that is somebody else's is shown, by no command that deletes it", async () => {
    assert.equal(await meet({ import: "" }), undefined);
    assert.equal(asked, 1);
    assert.match(said.join("\n"), /the database production is there already, and it is not this stack's/);
    assert.match(said.join("\n"), /aws rds describe-db-instances --db-instance-identifier production/);
    assert.doesNotMatch(said.join("\n"), /delete/);
  });
});

describe("a server that an update meets, which the stack does not know", () => {
  const loud = createRequire(__filename)("@pulumi/pulumi/log") as Record<"warn", (message: string) => void>;
  const kept = loud.warn;
  const said: string[] = [];
  before(() => {
    loud.warn = (message) => said.push(message);
  });
  after(() => {
    loud.warn = kept;
  });
  const known = (type: string, inputs: KnownResource["inputs"], marked = false): KnownResource => ({
    ...{ type, urn: `urn:pulumi:new::project::${type}::one`, id: "one", ...(inputs && { inputs }) },
    ...(marked && { delete: true }),
  });
  // The SDK has one project for a process, which other tests set.
  const project = () => ownTags().Project;
  const tagged = (Stack: string) => ({ Project: project(), Stack, ManagedBy: "pulumi" });
  const meet = async (before: readonly KnownResource[], Stack: string, pending: readonly KnownResource[] = []) => {
    said.length = 0;
    const named = {
      all: async () => [{ id: "i-1", tags: tagged(Stack) }],
      remove: () => "aws ec2 terminate-instances",
    };
    const kinds = { fixed: {}, named: { "aws:ec2/instance:Instance": named }, history: async () => [] };
    const transform = adoption({ region: "ap-northeast-2" }, { known: before, pending }, kinds);
    const args = { type: "aws:ec2/instance:Instance", name: "server", custom: true, props: {}, opts: {} };
    await transform(args as ResourceTransformArgs);
    return said.join("\n");
  };
  const parameter = (stack: string, marked = false) =>
    known("aws:ssm/parameter:Parameter", { name: `/${project()}/${stack}/traffic-intent` }, marked);

  it("is another stack's where the database that was imported from it still bears that stack's tags", async () => {
    const imported = known("aws:rds/instance:Instance", { tags: tagged("old") });
    assert.equal(await meet([imported, parameter("new")], "old"), "");
  });

  it("is the stack's own where it bears a name that the stack had", async () => {
    for (const before of [[parameter("old")], [parameter("new"), parameter("old", true)]]) {
      assert.match(await meet(before, "old"), /i-1 .* is there from an update that was interrupted/);
    }
  });

  const creating = (type: string, name: string): KnownResource => ({
    ...{ type, urn: `urn:pulumi:old::project::${type}::${name}`, inputs: { tags: tagged("old") } },
  });

  it("is another stack's where it bears the name under which the stack was killed in making something else", async () => {
    const others = [
      creating("aws:cloudwatch/logGroup:LogGroup", "server"),
      creating("aws:ec2/instance:Instance", "one"),
    ];
    assert.equal(await meet([parameter("new")], "old", others), "");
  });

  it("may be another stack's where it bears the name under which the stack was killed in making it", async () => {
    const text = await meet([parameter("new")], "old", [creating("aws:ec2/instance:Instance", "server")]);
    assert.match(text, /^i-1 .*Stack=old.*another stack's/);
    assert.doesNotMatch(text, /terminate/);
  });

  it("and the account's one identity provider is taken over by today's name alone", async () => {
    const type = "aws:iam/openIdConnectProvider:OpenIdConnectProvider";
    const words = createRequire(__filename)("@pulumi/pulumi/log") as Record<
      "error" | "info",
      (message: string) => void
    >;
    const { error, info } = words;
    words.error = words.info = (message) => said.push(message);
    const take = async (Stack: string) => {
      said.length = 0;
      const find = async () => ({ id: "arn:aws:iam::1:oidc-provider/github", tags: tagged(Stack) });
      const kinds = { fixed: { [type]: { ...(FIXED[type] as Fixed), find } }, named: {}, history: async () => [] };
      const known = [parameter("old"), parameter("new")];
      const transform = adoption({ region: "us-east-1" }, { known, pending: [creating(type, "provider")] }, kinds);
      const props = { url: "https://token.actions.githubusercontent.com" };
      const args = { type, name: "provider", custom: true, props, opts: {} };
      return (await transform(args as ResourceTransformArgs))?.opts;
    };
    try {
      assert.equal(await take("old"), undefined);
      assert.match(said.join("\n"), /it is not this stack's[\s\S]*list-open-id-connect-provider-tags/);
      assert.doesNotMatch(said.join("\n"), /delete-open-id/);
      assert.deepEqual(await take(ownTags().Stack), { import: "arn:aws:iam::1:oidc-provider/github" });
    } finally {
      Object.assign(words, { error, info });
    }
  });
});
