import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { leaveOut } from "../../../../cli/planner/plan-shortcuts";
import { planStack } from "../../../../cli/planner/planner";
import { architectures } from "../../../../stacks/settings/schema";

describe("the shortcuts of a plan", () => {
  it("are taken with the version of the SDK that is installed, and with no other", () => {
    const { stackTrace } = pulumi.Resource as unknown as { stackTrace: unknown };
    const now = () => (pulumi.Resource as unknown as { stackTrace: unknown }).stackTrace;
    leaveOut("3.999.0");
    assert.equal(now(), stackTrace);
    const putBack = leaveOut();
    assert.notEqual(now(), stackTrace);
    putBack();
    assert.equal(now(), stackTrace);
  });

  for (const architecture of architectures) {
    it(`leave the plan of ${architecture} as the whole SDK makes it`, async () => {
      const quick = await planStack("prod", { architecture });
      // Taken here, so that they can be put back when the plan has begun.
      const putBack = leaveOut();
      try {
        const whole = await planStack("prod", { architecture, prepare: putBack });
        assert.deepEqual(quick.resources, whole.resources);
        assert.deepEqual(quick.outputs, whole.outputs);
      } finally {
        putBack();
      }
    });
  }
});
