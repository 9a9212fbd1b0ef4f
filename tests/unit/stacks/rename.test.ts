import assert from "node:assert/strict";
import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import { encodeTraffic, SLOTS, type Slot, type TrafficState } from "../../../core/traffic-state";
import { liveGates } from "../../../stacks/gates";
import type { LiveParameter, LiveRecord } from "../../../stacks/gates/live-aws";
import { holdOf, mayReach } from "../../../stacks/gates/reach";
import { type Rename, renameChanges, renameRecords } from "../../../stacks/gates/rename";
import { formerOf } from "../../../stacks/live/former";

const ZONE = "Z1";
const slot = (Name: string, SetIdentifier: string, Weight: number): ResourceRecordSet => ({
  Name: `${Name}.`,
  Type: "A",
  SetIdentifier,
  Weight,
  TTL: 30,
  ResourceRecords: [{ Value: "198.51.100.10" }],
});
const slots = (name: string) => [slot(name, "serving", 100), slot(name, "canary", 0)];
const alias = (Name: string, to: string): ResourceRecordSet => ({
  Name: `${Name}.`,
  Type: "A",
  AliasTarget: { HostedZoneId: ZONE, DNSName: `${to}.`, EvaluateTargetHealth: false },
});
const rename = (name: string, former: string, redirectFrom: readonly string[] = []): Rename => ({
  ...{ zoneId: ZONE, name, former, redirectFrom, leadsTo: ["198.51.100.10"] },
  type: "A",
});
const live = (zone: Readonly<Record<string, readonly ResourceRecordSet[]>>) => new Map(Object.entries(zone));
const told = (changes: ReturnType<typeof renameChanges>) =>
  changes.map(({ Action, ResourceRecordSet: set }) =>
    [
      Action,
      set?.Name?.replace(/\.$/, ""),
      set?.SetIdentifier ?? `->${set?.AliasTarget?.DNSName?.replace(/\.$/, "")}`,
    ].join(" "),
  );

describe("records of a site that gets another name", () => {
  it("change places with those of the name that redirected, in one batch", () => {
    const zone = live({ "a.example": slots("a.example"), "www.a.example": [alias("www.a.example", "a.example")] });
    assert.deepEqual(told(renameChanges(rename("www.a.example", "a.example", ["a.example"]), zone)), [
      "DELETE www.a.example ->a.example",
      "CREATE www.a.example serving",
      "CREATE www.a.example canary",
      "DELETE a.example serving",
      "DELETE a.example canary",
      "CREATE a.example ->www.a.example",
    ]);
  });

  it("go back when the change is taken back before the stack knows of it", () => {
    const zone = live({ "a.example": [alias("a.example", "www.a.example")], "www.a.example": slots("www.a.example") });
    assert.deepEqual(told(renameChanges(rename("a.example", "a.example", ["www.a.example"]), zone)), [
      "DELETE a.example ->www.a.example",
      "CREATE a.example serving",
      "CREATE a.example canary",
      "DELETE www.a.example serving",
      "DELETE www.a.example canary",
      "CREATE www.a.example ->a.example",
    ]);
  });

  it("of a name that is given up are left to the engine, which deletes last", () => {
    const zone = live({ "a.example": slots("a.example"), "b.example": [] });
    assert.deepEqual(told(renameChanges(rename("b.example", "a.example"), zone)), [
      "CREATE b.example serving",
      "CREATE b.example canary",
    ]);
  });

  it("that somebody else made are not touched", () => {
    const theirs = live({ "a.example": slots("a.example"), "b.example": [alias("b.example", "c.example")] });
    assert.deepEqual(renameChanges(rename("b.example", "a.example", ["a.example"]), theirs), []);
    const elsewhere = slots("c.example").map((set) => ({ ...set, ResourceRecords: [{ Value: "203.0.113.7" }] }));
    const other = live({ "a.example": slots("a.example"), "c.example": elsewhere });
    assert.deepEqual(renameChanges(rename("a.example", "a.example", ["c.example"]), other), []);
  });

  it("of a name that was given up, and is to redirect after all, redirect: the stack's lead where its others do", () => {
    const zone = live({ "a.example": slots("a.example"), "b.example": slots("b.example") });
    assert.deepEqual(told(renameChanges(rename("b.example", "b.example", ["a.example"]), zone)), [
      "DELETE a.example serving",
      "DELETE a.example canary",
      "CREATE a.example ->b.example",
    ]);
    const more = live({
      "b.example": slots("b.example"),
      "a.example": [...slots("a.example"), slot("a.example", "blue", 1)],
    });
    assert.deepEqual(
      renameChanges(rename("b.example", "b.example", ["a.example"]), more),
      [],
      "one is somebody else's",
    );
    const none = live({ "a.example": slots("a.example"), "b.example": [] });
    assert.deepEqual(renameChanges(rename("b.example", "b.example", ["a.example"]), none), [], "it would lead nowhere");
  });

  it("that an alias leads to which somebody made are another site's, unless they lead where the stack's do", () => {
    const theirs = slots("dr.example").map((set) => ({ ...set, ResourceRecords: [{ Value: "203.0.113.7" }] }));
    const zone = live({ "a.example": [alias("a.example", "dr.example")], "dr.example": theirs });
    assert.deepEqual(renameChanges(rename("a.example", "a.example"), zone), []);
    assert.deepEqual(renameChanges(rename("b.example", "a.example"), zone), []);
  });

  it("are read once, and written in no update that changes no name", async () => {
    const read: string[] = [];
    const zone = {
      sets: async (_: string, name: string) => {
        read.push(name);
        return name === "a.example" ? slots(name) : [];
      },
      change: async () => assert.fail("nothing is to be written"),
    };
    assert.deepEqual(await renameRecords(rename("a.example", "a.example", ["www.a.example"]), zone), []);
    assert.deepEqual(read, ["a.example", "www.a.example"]);
  });

  it("are found at a name that is to redirect, where the site's name itself does not change", async () => {
    const written: (readonly unknown[])[] = [];
    const zone = {
      sets: async (_: string, name: string) => slots(name),
      change: async (_: string, changes: readonly unknown[]) => void written.push(changes),
    };
    await renameRecords(rename("b.example", "b.example", ["a.example"]), zone);
    assert.equal(written[0]?.length, 3);
  });
});

describe("a site whose name changes, before its records do", () => {
  const target = (name: string) => ({ kind: "alias" as const, dnsName: name, zoneId: ZONE });
  const at = (address: string) => ({ kind: "addresses" as const, ipv4: [address] });
  const slotsAt = SLOTS.map((slot, index) => ({
    slot,
    weight: 100 - index * 100,
    ttl: 30,
    target: at("198.51.100.1"),
  }));
  const look = (records: Readonly<Record<string, readonly LiveRecord[]>>) =>
    liveGates({
      region: "ap-northeast-2",
      aws: {
        records: async (_, name) => records[name] ?? [],
        parameter: async () => undefined,
        history: async () => [],
        rule: async () => undefined,
      },
    }).live(
      {
        ...{ zoneId: ZONE, name: "www.a.example", parameters: { intent: "/i", state: "/s" } },
        former: { name: "a.example", zoneId: ZONE },
      },
      { stack: "prod", architecture: "vercel" },
    );
  const redirect = { ttl: 60, target: target("a.example") };

  it("has its visitors where the stack knows it, and where the change was made before an update was cut off", async () => {
    assert.deepEqual((await look({ "a.example": slotsAt, "www.a.example": [redirect] })).records, slotsAt);
    assert.deepEqual((await look({ "a.example": slotsAt })).records, slotsAt);
    const made = { "a.example": [{ ttl: 60, target: target("www.a.example") }], "www.a.example": slotsAt };
    assert.deepEqual((await look(made)).records, slotsAt);
  });

  it("does not get one that somebody else has", async () => {
    const theirs = { ttl: 60, target: at("203.0.113.7") };
    await assert.rejects(
      look({ "a.example": slotsAt, "www.a.example": [theirs] }),
      /www\.a\.example is live with a simple record/,
    );
  });
});

describe("the parameters of a stack that was renamed", () => {
  const HOUR = 3_600_000;
  const state = (tier: string, address: string, ttl: number): TrafficState => {
    const slot = { tier, target: { kind: "addresses" as const, ipv4: [address] } };
    const [serving, canary]: [Slot, Slot] = [
      { ...slot, share: 100, weight: 100 },
      { ...slot, share: 0, weight: 0 },
    ];
    return { revision: 0, ttl, slots: { serving, canary } };
  };
  const [server, vercel] = [state("monitored-instance", "198.51.100.1", 3600), state("vercel", "198.51.100.2", 60)];
  const now = 100 * HOUR;
  const told = (value: TrafficState, version: number, ago: number) => ({
    ...{ value: encodeTraffic(value, version), version, modified: now - ago, now },
  });
  /** Killed behind the flip and before the old ones were deleted. */
  const histories: Readonly<Record<string, readonly LiveParameter[]>> = {
    "/old/intent": [told(vercel, 11, 50 * HOUR), told(server, 12, 40 * HOUR)],
    "/old/state": [told(vercel, 11, 50 * HOUR), told(server, 12, 40 * HOUR)],
    "/new/intent": [told(vercel, 1, 90_000)],
    "/new/state": [told(vercel, 1, 60_000)],
  };
  const gates = liveGates({
    region: "ap-northeast-2",
    clock: { now: () => now, sleep: async () => {} },
    aws: {
      records: async () => SLOTS.map((slot) => ({ slot, ttl: 60, ...vercel.slots[slot] })),
      parameter: async () => undefined,
      history: async (name) => histories[name] ?? [],
      rule: async () => undefined,
    },
  });

  it("tell on what resolvers hold by those of its former name, and the latest by its own", async () => {
    const live = await gates.live(
      {
        ...{ zoneId: ZONE, name: "a.example", parameters: { intent: "/new/intent", state: "/new/state" } },
        leaving: { intent: ["/old/intent"], state: ["/old/state"] },
      },
      { stack: "new", architecture: "vercel" },
    );
    assert.equal(live.state?.value?.slots.serving.tier, "vercel");
    assert.equal(mayReach(live, "monitored-instance", 60), true);
    assert.deepEqual(holdOf(live, vercel, now, 60), { ttl: 3600, until: now - 60_000 + 3_660_000 });
  });
});

describe("what a stack called things before", () => {
  const known = (type: string, name: string, inputs: Readonly<Record<string, unknown>>) => ({
    urn: `urn:pulumi:prod::iamvet::iamvet:index:Traffic$${type}::${name}`,
    type,
    inputs,
  });
  const parameter = (name: string) => known("aws:ssm/parameter:Parameter", name, { name: `/iamvet/old/${name}` });

  it("is in its state, by names that a rename of the stack and of the site leave alone", () => {
    const record = known("aws:route53/record:Record", "traffic-serving", {
      ...{ name: "a.example", zoneId: ZONE, records: ["198.51.100.10"] },
    });
    assert.deepEqual(formerOf([record, parameter("traffic-intent"), parameter("traffic-state")]), {
      site: { name: "a.example", zoneId: ZONE },
      leadsTo: ["198.51.100.10"],
      zones: [ZONE],
      parameters: { intent: "/iamvet/old/traffic-intent", state: "/iamvet/old/traffic-state" },
      leaving: { intent: [], state: [] },
    });
  });

  it("and what an update was cut off in giving up is apart, wherever it stands in the state", () => {
    const left = (name: string) => ({ ...parameter(name), delete: true });
    const now = (name: string) => known("aws:ssm/parameter:Parameter", name, { name: `/iamvet/new/${name}` });
    const names = ["traffic-intent", "traffic-state"];
    for (const state of [
      [...names.map(left), ...names.map(now)],
      [...names.map(now), ...names.map(left)],
    ]) {
      const { parameters, leaving } = formerOf(state);
      assert.deepEqual(parameters, { intent: "/iamvet/new/traffic-intent", state: "/iamvet/new/traffic-state" });
      assert.deepEqual(leaving, { intent: ["/iamvet/old/traffic-intent"], state: ["/iamvet/old/traffic-state"] });
    }
  });

  it("is in the zones of both records, where an update was cut off between them", () => {
    const record = (slot: string, zoneId: string, gone = false) => ({
      ...known("aws:route53/record:Record", `traffic-${slot}`, {
        name: "a.example",
        zoneId,
        records: ["198.51.100.10"],
      }),
      ...(gone && { delete: true }),
    });
    assert.deepEqual(formerOf([record("serving", "Z2"), record("canary", ZONE)]).zones, ["Z2", ZONE]);
    assert.deepEqual(formerOf([record("serving", "Z2"), record("serving", ZONE, true)]).zones, ["Z2"]);
  });

  it("is nothing in a stack that has no traffic yet, or half of it", () => {
    const nothing = { leadsTo: [], zones: [], leaving: { intent: [], state: [] } };
    assert.deepEqual(formerOf([]), nothing);
    assert.deepEqual(formerOf([parameter("traffic-intent")]), nothing);
  });
});
