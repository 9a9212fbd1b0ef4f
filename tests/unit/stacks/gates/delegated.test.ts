import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { liveGates } from "../../../../stacks/gates";
import { NAME, traffic, world } from "./fixtures";

describe("gate: delegated", () => {
  const gates = liveGates(world(traffic("fargate", "198.51.100.1")).options);

  it("opens when the registrar names the zone's own servers, whatever their spelling", () =>
    gates.delegated({ name: NAME, nameServers: ["NS-1.awsdns.com.", "ns-2.awsdns.com"] }));

  it("says which name servers to enter, and that nothing happened", async () => {
    await assert.rejects(gates.delegated({ name: NAME, nameServers: ["ns-7.awsdns.org"] }), (error: Error) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.match(error.message, /ns-7\.awsdns\.org/);
      assert.match(error.message, /internet finds: ns-1\.awsdns\.com/);
      assert.match(error.message, /Nothing was switched and nothing was deleted/);
      return true;
    });
  });
});
