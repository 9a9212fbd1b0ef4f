import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { record } from "../../../../cli/planner/plan-runtime";

class Thing extends pulumi.CustomResource {
  constructor(name: string, inputs: pulumi.Inputs, parent?: pulumi.Resource) {
    super("test:index:Thing", name, inputs, { parent });
  }
}

describe("the order of a plan", () => {
  it("is that of the program, whatever a registration waits for", async () => {
    const program = async () => {
      const part = new pulumi.ComponentResource("test:index:Part", "part");
      // As a function waits for its bundle, and what it is registered for waits for the function.
      const slow = new Thing("slow", { code: setTimeout(50, "code") }, part);
      new Thing("waits", { of: slow.id }, part);
      new Thing("quick", {});
      await setTimeout(5);
      new Thing("behind a gate", {});
    };
    const stack = { project: "iamvet", stack: "test", config: {}, secretKeys: [] };
    const { resources } = await record(program, stack);
    assert.deepEqual(
      resources.map(({ name }) => name),
      ["iamvet-test", "part", "slow", "waits", "quick", "behind a gate"],
    );
  });
});
