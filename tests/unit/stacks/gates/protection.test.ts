import assert from "node:assert/strict";
import { liveGates } from "../../../../stacks/gates";
import type { KnownResource } from "../../../../stacks/state";
import { combinations, planOf } from "../../../provider/combinations";

const BALANCER = "aws:lb/loadBalancer:LoadBalancer";
const SERVER = "aws:ec2/instance:Instance";
const known = (type: string, id: string): KnownResource => ({ urn: `urn:pulumi:a::b::${type}::x`, type, id });

describe("the protection of what serves", () => {
  const gatesFor = (before: readonly KnownResource[]) => {
    const said: string[] = [];
    const log: string[] = [];
    const gates = liveGates({
      region: "ap-northeast-2",
      known: before,
      log: (message) => log.push(message),
      protection: async ({ id }, on) => {
        if (id === "gone") throw new Error("InvalidInstanceID.NotFound");
        said.push(`${id} ${on ? "on" : "off"}`);
      },
    });
    return { gates, said, log };
  };

  it("is turned on for what stays, and is left alone where nobody wants it or it has just been made", async () => {
    const { gates, said } = gatesFor([known(BALANCER, "old"), known(SERVER, "i-1")]);
    await gates.hold([
      { type: BALANCER, id: "old", wanted: false },
      { type: SERVER, id: "i-1", wanted: true },
      { type: SERVER, id: "i-2", wanted: true },
    ]);
    assert.deepEqual(said, ["i-1 on"]);
  });

  it("holds nothing up where AWS has lost what it is of, and tells what takes that over", async () => {
    const { gates, said, log } = gatesFor([known(SERVER, "gone"), known(BALANCER, "old")]);
    await gates.hold([
      { type: SERVER, id: "gone", wanted: true },
      { type: BALANCER, id: "old", wanted: true },
    ]);
    assert.deepEqual(said, ["old on"]);
    assert.match(log.join("\n"), /gone could not be protected .*InvalidInstanceID\.NotFound.*`pulumi refresh`/);
  });

  it("is lifted for what the program has no more, one that was made anew and one that is gone included", async () => {
    const { gates, said } = gatesFor([
      known(SERVER, "i-2"),
      known(SERVER, "gone"),
      known(BALANCER, "old"),
      known(SERVER, "i-1"),
      known("aws:x", "y"),
    ]);
    await gates.allowDeletion([
      { type: SERVER, id: "i-2", wanted: true },
      { type: SERVER, id: "i-3", wanted: true },
    ]);
    assert.deepEqual(said, ["old off", "i-1 off"]);
  });

  it("in the state: the site's records, and what names the database and its last snapshot", async function () {
    this.timeout(120_000);
    const { resources } = await planOf(combinations[0] as (typeof combinations)[number]);
    const guarded = new Set(resources.filter(({ protect }) => protect).map(({ name }) => name));
    for (const name of ["traffic-serving", "traffic-canary", "database-identifier", "database-final-snapshot"]) {
      assert.ok(guarded.has(name), name);
    }
  });
});
