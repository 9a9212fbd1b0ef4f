import assert from "node:assert/strict";
import { FIXED, NAMED } from "../../../../stacks/adoption/kinds";
import { standingText } from "../../../../stacks/gates/stops";

describe("what is told of the operations that the engine was cut off in", () => {
  const told = (...pending: (readonly [what: string, type: string])[]) =>
    standingText({
      ...{ stack: "prod", project: "site", shares: undefined, back: false },
      pending: pending.map(([what, type]) => ({ what, type, name: "one" })),
    });
  const FINDS =
    "  aws resourcegroupstaggingapi get-resources --tag-filters Key=Project,Values=site Key=Stack,Values=prod";

  it("the next run is promised to look for what it does look for", () => {
    for (const type of [...Object.keys(FIXED), ...Object.keys(NAMED)]) {
      const text = told(["creating", type]);
      assert.match(text, /The next run asks AWS/);
      assert.doesNotMatch(text, /Nothing looks for/);
    }
    assert.doesNotMatch(told(["updating", "aws:kms/key:Key"]), /Nothing looks for/, "the engine knows of it");
  });

  it("and not for anything else that was being created: how to find it stands there instead", () => {
    for (const type of ["aws:wafv2/webAcl:WebAcl", "aws:kms/key:Key", "aws:lb/targetGroup:TargetGroup"]) {
      const text = told(["creating", type]);
      assert.ok(text.includes(`  creating ${type} one\nNothing looks for one: `), text);
      assert.ok(text.includes(`\n${FINDS}\n`), text);
      assert.doesNotMatch(text, /The next run asks AWS/);
    }
  });
});
