import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { knownValue } from "../../../../stacks/gates";

describe("knownValue", () => {
  it("gives the value, and rejects for one that never comes, fails, or is unknown", async () => {
    assert.equal(await knownValue(pulumi.output("x"), "x", 1), "x");
    await assert.rejects(
      knownValue(pulumi.output(new Promise<string>(() => {})), "the end", 0.05),
      /the end: no answer/,
    );
    await assert.rejects(knownValue(pulumi.output(Promise.reject(new Error("refused"))), "it", 1), /refused/);
    await assert.rejects(knownValue(pulumi.output(pulumi.unknown as string), "the address", 1), /address is not known/);
  });
});
