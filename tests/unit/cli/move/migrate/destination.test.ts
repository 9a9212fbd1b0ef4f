import assert from "node:assert/strict";
import { destinationOf, parseSteps, parseTime } from "../../../../../cli/commands/move/migrate/destination";
import { type Position, stepsTo } from "../../../../../cli/commands/move/migrate/steps";
import { UserError } from "../../../../../core/errors";
import type { Architecture } from "../../../../../stacks/settings/schema";
import { at, STEPS } from "./fake-stack";

describe("migrate: what is asked", () => {
  const wrong: [string, Position, { to?: Architecture; back?: boolean }, RegExp][] = [
    ["target = current", at("fargate"), { to: "fargate" }, /fargate serves test already/],
    ["no target", at("fargate"), {}, /Say where to: .*--to monitored-instance \| ha-web-tier \| vercel/],
    ["back from nothing", at("fargate"), { back: true }, /No migration of test is under way/],
    [
      "a third tier while one is under way",
      at("fargate", { canary: "vercel", percent: 10, from: "fargate" }),
      { to: "ha-web-tier" },
      /from fargate to vercel is under way; ha-web-tier is neither/,
    ],
    ["somebody's canary", at("fargate", { canary: "vercel", percent: 10 }), { to: "ha-web-tier" }, /Take it out first/],
  ];
  for (const [what, position, asked, message] of wrong) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => destinationOf(position, { back: false, ...asked }, "test"),
        (error) => {
          assert.ok(error instanceof UserError);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  it("takes a running canary over, and takes it out again", () => {
    const position = at("fargate", { canary: "vercel", percent: 10 });
    const on = destinationOf(position, { to: "vercel", back: false }, "test");
    assert.deepEqual([on.back, stepsTo(on.position, on.target, STEPS)[0]?.to.percent], [false, 50]);
    const out = destinationOf(position, { to: "fargate", back: false }, "test");
    assert.deepEqual(
      stepsTo(out.position, out.target, [100]).map(({ kind, to }) => [kind, to.percent]),
      [
        ["shift", 0],
        ["retire", 0],
        ["close", 0],
      ],
    );
  });

  it("--to the tier that is moved away from is the way back", () => {
    const position = at("fargate", { canary: "vercel", percent: 50, from: "fargate" });
    assert.equal(destinationOf(position, { to: "fargate", back: false }, "test").back, true);
    assert.equal(destinationOf(position, { to: "vercel", back: false }, "test").back, false);
  });

  it("reads steps and times, and says what is allowed", () => {
    assert.deepEqual(parseSteps("5, 25,100"), [5, 25, 100]);
    assert.deepEqual(["45s", "10m", "1h"].map(parseTime), [45, 600, 3600]);
    for (const text of ["", "10,50", "50,10,100", "0,100", "10,10,100", "10,1e2", "10;100", "-5,100", "200"]) {
      assert.throws(() => parseSteps(text), UserError, text);
    }
    for (const text of ["", "10", "10 min", "m", "-1m", "1.5h"]) assert.throws(() => parseTime(text), UserError, text);
  });
});
