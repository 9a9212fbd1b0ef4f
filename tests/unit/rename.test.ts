import assert from "node:assert/strict";
import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import { formerOf } from "../../stacks/former";
import { type Rename, renameChanges, renameRecords } from "../../stacks/gates/rename";

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
  ...{ zoneId: ZONE, name, former, redirectFrom },
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
    const other = live({ "a.example": slots("a.example"), "c.example": slots("c.example") });
    assert.deepEqual(renameChanges(rename("a.example", "a.example", ["c.example"]), other), []);
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
    assert.deepEqual(read, ["a.example"]);
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
    const record = known("aws:route53/record:Record", "traffic-serving", { name: "a.example", zoneId: ZONE });
    assert.deepEqual(formerOf([record, parameter("traffic-intent"), parameter("traffic-state")]), {
      site: { name: "a.example", zoneId: ZONE },
      parameters: { intent: "/iamvet/old/traffic-intent", state: "/iamvet/old/traffic-state" },
    });
  });

  it("is nothing in a stack that has no traffic yet, or half of it", () => {
    assert.deepEqual(formerOf([]), {});
    assert.deepEqual(formerOf([parameter("traffic-intent")]), {});
  });
});
