import assert from "node:assert/strict";
import { leaveOut } from "../../cli/plan-shortcuts";
import { planStack } from "../../cli/planner";
import { architectures } from "../../stacks/settings";

describe("the shortcuts of a plan", () => {
  for (const architecture of architectures) {
    it(`leave the plan of ${architecture} as the whole SDK makes it`, async () => {
      const quick = await planStack("prod", { architecture });
      // Taken here, so that they can be put back when the plan has begun.
      const putBack = leaveOut();
      try {
        const whole = await planStack("prod", { architecture, prepare: putBack });
        assert.deepEqual(byUrn(quick), byUrn(whole));
        assert.deepEqual(quick.outputs, whole.outputs);
      } finally {
        putBack();
      }
    });
  }
});

/** The order of registrations depends on how many promises were in the way. */
const byUrn = (plan: Awaited<ReturnType<typeof planStack>>) =>
  new Map(plan.resources.map((resource) => [resource.urn, resource]));
