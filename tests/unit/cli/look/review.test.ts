import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reviewCommand, reviewDocument } from "../../../../cli/commands/look/review";
import { planStack } from "../../../../cli/planner/planner";
import type { Plan } from "../../../../core/plan-format";
import { toMarkdown } from "../../../../output/markdown";
import { contextOf } from "../../insight/fixtures";

const reviewOf = (...args: Parameters<typeof reviewDocument>) => toMarkdown(reviewDocument(...args), 2);

describe("platform review", function () {
  this.timeout(60_000);

  it("tells cost, resources and verdict of each stack that changes", async () => {
    const reviewed = (one: Plan[], other: Plan[]) => reviewOf(one, other, () => contextOf());
    const before = await planStack("prod");
    const after = await planStack("prod", { architecture: "ha-web-tier" });
    const text = reviewed([before], [after]);
    assert.match(text, /### prod: fargate → ha-web-tier/);
    assert.match(text, /\| \d+ created, \d+ updated, 0 replaced, \d+ deleted \| \$?[\d.]+/);
    assert.match(text, /^\+ aws:autoscaling\/group:Group/m);
    assert.ok(!text.includes("\u001b"));
    assert.match(reviewed([before], [before]), /### prod: no change/);
    assert.match(reviewed([before], []), /its file is gone/);
    assert.match(reviewed([], [after]), /prod: new/);
  });

  it("judges a move by the stack's own settings, as `flip` does", async () => {
    const before = await planStack("prod");
    const after = await planStack("prod", { architecture: "ha-web-tier" });
    const own = { app: { environment: { LOG_LEVEL: "info" } }, gates: { drainSeconds: 7200 } };
    const text = reviewOf([before], [after], () => contextOf(own));
    assert.match(text, /The variable of the stack's config/);
    assert.match(text, /2 h {2}and those that overstay a little/);
  });

  it("prints no mark of a page or of Markdown in the terminal", async () => {
    const folder = mkdtempSync(join(tmpdir(), "review-"));
    const { log } = console;
    const said: string[] = [];
    try {
      for (const [name, architecture] of [
        ["before", "fargate"],
        ["after", "ha-web-tier"],
      ] as const) {
        const plan = await planStack("prod", { architecture });
        writeFileSync(join(folder, name), JSON.stringify({ stacks: [plan] }));
      }
      console.log = (text: string) => said.push(text);
      await reviewCommand().parseAsync([join(folder, "before"), join(folder, "after")], { from: "user" });
    } finally {
      console.log = log;
      rmSync(folder, { recursive: true });
    }
    assert.match(said.join("\n"), /changed resources\n {4}[+~±-] aws:/);
    assert.doesNotMatch(said.join("\n"), /<\/?(summary|details)|```|^#|\*\*|\| ---/m);
  });
});
