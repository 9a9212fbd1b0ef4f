import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adoptDnsCommand } from "../../../../cli/commands/move/adopt-dns";
import { askNobody } from "../../../../cli/lib/prompt";
import { planStack } from "../../../../cli/planner/planner";
import { UserError } from "../../../../core/errors";
import { Route53, type StoredRecord } from "../../../standins/route53";

const ZONE = "Z0123456789ABCDEFGHIJ";
const a = (Name: string, value = "203.0.113.10", more: Partial<StoredRecord> = {}): StoredRecord => ({
  Name,
  Type: "A",
  TTL: 300,
  ResourceRecords: [{ Value: value }],
  ...more,
});
const alias = (Name: string, DNSName: string, HostedZoneId = "ZWKZPGTI48KDX", health = true): StoredRecord => ({
  Name,
  Type: "A",
  AliasTarget: { HostedZoneId, DNSName, EvaluateTargetHealth: health },
});

const config = {
  "aws:region": "ap-northeast-2",
  "iamvet:architecture": "monitored-instance",
  "iamvet:domain": { name: "iamvet.kr" },
  "iamvet:alerts": { emails: ["ops@iamvet.kr"] },
  "iamvet:existing": {
    instanceId: "i-0123456789abcdef0",
    securityGroupId: "sg-0123456789abcdef0",
    addresses: ["203.0.113.10"],
  },
};

describe("platform adopt-dns", () => {
  const environment = { ...process.env };
  let route53: Route53;
  let folder: string;
  let said: string[];
  const log = console.log;

  before(async () => {
    route53 = await Route53.start();
  });
  after(() => route53.stop());
  beforeEach(() => {
    for (const key of Object.keys(process.env)) if (key.startsWith("AWS_")) delete process.env[key];
    Object.assign(process.env, route53.env);
    folder = mkdtempSync(join(tmpdir(), "adopt-dns-"));
    writeFileSync(join(folder, "Pulumi.yaml"), readFileSync(join(__dirname, "../../../../Pulumi.yaml")));
    configure({});
    Object.assign(route53, { pageSize: 100, status: "INSYNC", beforeChange: () => {} });
    route53.batches.length = 0;
    route53.zones = [{ id: ZONE, name: "iamvet.kr" }];
    route53.records = [a("iamvet.kr."), a("other.iamvet.kr.", "198.51.100.1")];
    said = [];
    console.log = (line: string) => void said.push(String(line));
  });
  afterEach(() => {
    console.log = log;
    rmSync(folder, { recursive: true, force: true });
    for (const key of Object.keys(process.env)) if (key.startsWith("AWS_")) delete process.env[key];
    Object.assign(process.env, environment);
  });

  const configure = (further: Readonly<Record<string, unknown>>) =>
    writeFileSync(join(folder, "Pulumi.test.yaml"), JSON.stringify({ config: { ...config, ...further } }));
  const run = (args: readonly string[] = ["--yes"], confirm = askNobody.confirm) =>
    adoptDnsCommand(async () => ({ ...askNobody, confirm })).parseAsync(["--stack", "test", "--cwd", folder, ...args], {
      from: "user",
    });
  const refuses = (message: RegExp, args?: readonly string[], confirm?: typeof askNobody.confirm) =>
    assert.rejects(run(args, confirm), (error: Error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, message);
      assert.deepEqual(route53.batches, []);
      return true;
    });
  const live = (name = "iamvet.kr.") => route53.records.filter(({ Name }) => Name === name);
  const written = (what: RegExp) => readdirSync(folder).filter((file) => what.test(file));
  const undoFile = () => join(folder, written(/Z\.json$/)[0] as string);

  it("makes a simple record two weighted ones at the same target, in one batch", async () => {
    await run();
    assert.equal(route53.batches.length, 1);
    assert.deepEqual(live(), [
      {
        Name: "iamvet.kr.",
        Type: "A",
        SetIdentifier: "serving",
        Weight: 100,
        TTL: 60,
        ResourceRecords: [{ Value: "203.0.113.10" }],
      },
      {
        Name: "iamvet.kr.",
        Type: "A",
        SetIdentifier: "canary",
        Weight: 0,
        TTL: 60,
        ResourceRecords: [{ Value: "203.0.113.10" }],
      },
    ]);
    assert.equal(live("other.iamvet.kr.").length, 1);
    assert.match(said.join("\n"), /- DELETE.*simple {2}203\.0\.113\.10 {2}TTL 300 s/);
    assert.match(said.join("\n"), /hold the old answer for 5 min/);
    // Words behind a command are a comment, as it is copied whole.
    assert.match(said.join("\n"), /^ *pulumi preview --stack test --diff +# the records must show no change/m);
  });

  it("writes what `pulumi up` would write: nothing is left for it to change", async () => {
    await run();
    const plan = await planStack("test", { folder });
    for (const record of live()) {
      const planned = plan.resources.find(({ name }) => name === `traffic-${record.SetIdentifier}`)?.inputs;
      assert.deepEqual(
        planned?.records,
        record.ResourceRecords?.map(({ Value }) => Value),
      );
      assert.equal(planned?.ttl, record.TTL);
      assert.equal(planned?.type, record.Type);
      assert.equal(planned?.setIdentifier, record.SetIdentifier);
      assert.deepEqual(planned?.weightedRoutingPolicies, [{ weight: record.Weight }]);
    }
  });

  it("keeps an alias an alias, without health evaluation", async () => {
    route53.records = [alias("iamvet.kr.", "site-1.ap-northeast-2.elb.amazonaws.com.")];
    await run();
    assert.deepEqual(
      live().map(({ AliasTarget, TTL }) => [AliasTarget?.DNSName, AliasTarget?.EvaluateTargetHealth, TTL]),
      Array(2).fill(["site-1.ap-northeast-2.elb.amazonaws.com.", false, undefined]),
    );
  });

  it("keeps all addresses of a record that has several", async () => {
    route53.records = [
      a("iamvet.kr.", "", { ResourceRecords: [{ Value: "203.0.113.10" }, { Value: "203.0.113.11" }] }),
    ];
    await run();
    assert.deepEqual(live()[1]?.ResourceRecords, [{ Value: "203.0.113.10" }, { Value: "203.0.113.11" }]);
  });

  it("keeps a CNAME where the stack's records are of that type", async () => {
    configure({
      "iamvet:architecture": "vercel",
      "iamvet:existing": undefined,
      "iamvet:vercel": { repository: "iamvet/site", databaseAccess: "public-tls" },
      "iamvet:domain": { name: "www.iamvet.kr", zoneName: "iamvet.kr", record: "CNAME" },
    });
    route53.records = [
      { Name: "www.iamvet.kr.", Type: "CNAME", TTL: 60, ResourceRecords: [{ Value: "cname.vercel-dns.com" }] },
    ];
    await run();
    assert.deepEqual(
      live("www.iamvet.kr.").map(({ Type, Weight }) => [Type, Weight]),
      [
        ["CNAME", 100],
        ["CNAME", 0],
      ],
    );
  });

  it("shows the batch and changes nothing before somebody agrees", async () => {
    await refuses(/Nobody can be asked here: give --yes/, []);
    assert.match(said.join("\n"), /\+ CREATE.*"serving" weight 100/);
    await refuses(/Nothing was changed/, [], async () => false);
    assert.deepEqual(written(/json$/), []);
    await run([], async () => true);
    assert.equal(route53.batches.length, 1);
  });

  it("leaves a file by which it is undone", async () => {
    const before = structuredClone(route53.records);
    await run();
    await run(["--yes", "--undo", undoFile()]);
    const byName = (x: StoredRecord, y: StoredRecord) => (x.Name < y.Name ? -1 : 1);
    assert.deepEqual([...route53.records].sort(byName), before.sort(byName));
  });

  it("does not undo once traffic has moved, or twice", async () => {
    await run();
    const file = undoFile();
    const adopted = route53.records;
    route53.records = adopted.map((one) => (one.SetIdentifier === "serving" ? { ...one, Weight: 90 } : one));
    route53.batches.length = 0;
    await refuses(/have changed since.*weight 90/s, ["--yes", "--undo", file]);
    route53.records = adopted;
    await run(["--yes", "--undo", file]);
    route53.batches.length = 0;
    await refuses(/undone already/, ["--yes", "--undo", file]);
  });

  for (const [content, message] of [
    [undefined, /There is no file/],
    ["{", /is no file that/],
    ["[]", /is no file that/],
    [
      '{"what": "platform adopt-dns", "stack": "prod", "zoneId": "Z1", "changes": [{}]}',
      /is about the stack prod, not test/,
    ],
    [`{"what": "platform adopt-dns", "stack": "test", "zoneId": "Z1", "changes": [{}]}`, /is about the zone Z1/],
  ] as const) {
    it(`does not undo by ${content ?? "a file that is not there"}`, async () => {
      const file = join(folder, "undo.json");
      if (content !== undefined) writeFileSync(file, content);
      await refuses(message, ["--yes", "--undo", file]);
    });
  }

  it("is done where the records are weighted already, and still gives the import", async () => {
    await run();
    route53.batches.length = 0;
    said = [];
    await run([]);
    assert.deepEqual(route53.batches, []);
    assert.match(said.join("\n"), /weighted already/);
    assert.match(said.join("\n"), /pulumi import --stack test --file/);
  });

  it("writes an import under the component's URN, by the ids of the provider", async () => {
    configure({ "iamvet:domain": { name: "iamvet.kr", redirectFrom: ["www.iamvet.kr"] } });
    route53.records = [a("iamvet.kr."), a("www.iamvet.kr.")];
    await run();
    const { resources } = JSON.parse(readFileSync(join(folder, "adopt-dns-test-import.json"), "utf8"));
    assert.deepEqual(
      resources.map(({ version, ...rest }: { version?: string }) => rest),
      [
        { type: "iamvet:index:Traffic", name: "traffic", component: true },
        {
          type: "aws:route53/record:Record",
          name: "traffic-serving",
          id: `${ZONE}_iamvet.kr_A_serving`,
          parent: "traffic",
        },
        {
          type: "aws:route53/record:Record",
          name: "traffic-canary",
          id: `${ZONE}_iamvet.kr_A_canary`,
          parent: "traffic",
        },
        {
          type: "aws:route53/record:Record",
          name: "traffic-www.iamvet.kr",
          id: `${ZONE}_www.iamvet.kr_A`,
          parent: "traffic",
        },
      ],
    );
    const plan = await planStack("test", { folder });
    for (const { name } of resources)
      assert.ok(
        plan.resources.some((one) => one.name === name),
        name,
      );
  });

  describe("names that redirect", () => {
    beforeEach(() => configure({ "iamvet:domain": { name: "iamvet.kr", redirectFrom: ["www.iamvet.kr"] } }));
    const wanted = alias("www.iamvet.kr.", "iamvet.kr.", ZONE, false);

    for (const [what, record] of [
      ["the same address", a("www.iamvet.kr.")],
      ["a CNAME of the site", { ...a("www.iamvet.kr.", "iamvet.kr"), Type: "CNAME" }],
      ["an alias of the site with health evaluation", alias("www.iamvet.kr.", "iamvet.kr.", ZONE, true)],
    ] as const) {
      it(`come along from ${what}, in the same batch, and back`, async () => {
        route53.records = [a("iamvet.kr."), record];
        await run();
        assert.equal(route53.batches.length, 1);
        assert.deepEqual(live("www.iamvet.kr."), [wanted]);
        await run(["--yes", "--undo", undoFile()]);
        assert.deepEqual(live("www.iamvet.kr."), [record]);
        assert.deepEqual(live(), [a("iamvet.kr.")]);
      });
    }

    it("stay where they are what the stack wants", async () => {
      route53.records = [a("iamvet.kr."), wanted];
      await run();
      assert.deepEqual(live("www.iamvet.kr."), [wanted]);
      assert.equal((route53.batches[0] as unknown[]).length, 3);
    });

    it("are not taken from another place", async () => {
      route53.records = [a("iamvet.kr."), a("www.iamvet.kr.", "198.51.100.7")];
      await refuses(/www\.iamvet\.kr.*leads somewhere else: A 198\.51\.100\.7/s);
    });
  });

  const beside = (...records: StoredRecord[]) => [a("iamvet.kr."), ...records];
  for (const [what, records, message] of [
    ["no record of the name", [a("other.iamvet.kr.")], /has no A, AAAA or CNAME record.*pulumi up/s],
    ["a name that only ends alike", [a("iamvet.kr.example.")], /nothing to take over/],
    ["an AAAA record", beside({ ...a("iamvet.kr.", "2001:db8::1"), Type: "AAAA" }), /visitors with IPv6.*aws route53/s],
    ["a CNAME", [{ ...a("iamvet.kr.", "old.example.com"), Type: "CNAME" }], /CNAME of old\.example\.com.*of type A/s],
    [
      "weighted records of somebody else",
      [
        a("iamvet.kr.", "1.2.3.4", { SetIdentifier: "blue", Weight: 1 }),
        a("iamvet.kr.", "1.2.3.5", { SetIdentifier: "green", Weight: 9 }),
      ],
      /routing policy of somebody else: A "blue" \(weighted\), A "green"/,
    ],
    ["latency records", [a("iamvet.kr.", "1.2.3.4", { SetIdentifier: "seoul", Region: "ap-northeast-2" })], /latency/],
    [
      "half of the two",
      [a("iamvet.kr.", "1.2.3.4", { SetIdentifier: "serving", Weight: 100 })],
      /not the other of serving and canary/,
    ],
  ] as const) {
    it(`refuses ${what}, and says what to do`, async () => {
      route53.records = [...records];
      await refuses(message);
      assert.deepEqual(written(/json$/), []);
    });
  }

  it("refuses an A record where the stack wants CNAMEs", async () => {
    configure({
      "iamvet:architecture": "vercel",
      "iamvet:existing": undefined,
      "iamvet:vercel": { repository: "iamvet/site", databaseAccess: "public-tls" },
      "iamvet:domain": { name: "www.iamvet.kr", zoneName: "iamvet.kr", record: "CNAME" },
    });
    route53.records = [a("www.iamvet.kr.")];
    await refuses(/has an A record.*domain\.record A/s);
  });

  for (const [zones, message] of [
    [[], /has no public hosted zone iamvet\.kr/],
    [[{ id: ZONE, name: "iamvet.kr", private: true }], /has no public hosted zone/],
    [[{ id: ZONE, name: "iamvet.kr.com" }], /has no public hosted zone/],
    [
      [
        { id: ZONE, name: "iamvet.kr" },
        { id: "Z2", name: "iamvet.kr" },
      ],
      /several public hosted zones/,
    ],
  ] as const) {
    it(`refuses ${zones.length} zones of which none is the one`, async () => {
      route53.zones = [...zones];
      await refuses(message);
    });
  }

  it("refuses a zone that the stack is to create", async () => {
    configure({ "iamvet:domain": { name: "iamvet.kr", zone: "new" } });
    await refuses(/domain\.zone new/);
  });

  it("reads all pages of a name", async () => {
    route53.pageSize = 1;
    route53.records = [a("iamvet.kr."), { ...a("iamvet.kr.", "2001:db8::1"), Type: "AAAA" }, a("www.iamvet.kr.")];
    await refuses(/AAAA record/);
  });

  it("changes nothing if somebody else was quicker, and leaves no undo file", async () => {
    route53.beforeChange = () => {
      route53.records = [a("iamvet.kr.", "198.51.100.9")];
    };
    await refuses(/does not take the batch.*do not match the current values.*Nothing was changed/s);
    assert.deepEqual(written(/json$/), []);
    assert.deepEqual(live(), [a("iamvet.kr.", "198.51.100.9")]);
  });

  it("prints JSON alone for machines", async () => {
    await run(["--yes", "--json"]);
    assert.equal(said.length, 1);
    const { kind, target, changes, imports } = JSON.parse(said[0] as string);
    assert.deepEqual([kind, target, changes.length, imports.resources.length], ["change", "203.0.113.10", 3, 3]);
  });
});
