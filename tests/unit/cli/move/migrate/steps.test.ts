import assert from "node:assert/strict";
import {
  lastGood,
  nextStep,
  type Position,
  stepsTo,
  targetOf,
  turnBack,
} from "../../../../../cli/commands/move/migrate/steps";
import type { Architecture } from "../../../../../stacks/settings/schema";
import { at, pairs, STEPS } from "./fake-stack";

describe("migrate: steps", () => {
  for (const [from, to] of pairs) {
    it(`${from} -> ${to}: warm, shares, swap, retire`, () => {
      const steps = stepsTo(at(from), to, STEPS);
      assert.deepEqual(
        steps.map(({ kind, to: { architecture, canary, percent } }) => [kind, architecture, canary, percent]),
        [
          ["warm", from, to, 0],
          ["shift", from, to, 10],
          ["shift", from, to, 50],
          ["shift", from, to, 100],
          ["swap", to, from, 0],
          ["retire", to, undefined, 0],
          [from === "vercel" ? "close" : "finish", to, undefined, 0],
        ],
      );
      assert.deepEqual(
        steps.map(({ to: { revision } }) => revision),
        [8, 9, 10, 11, 12, 13, 13],
        "each change that an update applies has a number of its own",
      );
      for (const { kind, to: position } of steps) {
        assert.equal(
          targetOf(position),
          kind === "finish" || kind === "close" ? undefined : to,
          "the file alone says where it leads",
        );
      }
    });

    it(`${from} -> ${to}: from every position there is a way on and a way back`, () => {
      for (const { to: position } of stepsTo(at(from), to, STEPS)) {
        if (targetOf(position) === undefined) continue;
        const end = (target: Architecture, start: Position, steps: number[]) =>
          stepsTo(start, target, steps).at(-1)?.to;
        const arrived = { canary: undefined, percent: 0, from: undefined };
        assert.deepEqual({ ...end(to, position, STEPS), revision: 0 }, { architecture: to, ...arrived, revision: 0 });
        const back = turnBack(position);
        assert.equal(targetOf(back), from);
        assert.deepEqual({ ...end(from, back, [100]), revision: 0 }, { architecture: from, ...arrived, revision: 0 });
        const turned = { canary: position.canary ?? from, percent: position.percent };
        assert.deepEqual(turnBack(back), { ...position, ...turned }, "and back again");
      }
    });
  }

  it("goes on from a share that is no step", () => {
    assert.equal(nextStep(at("fargate", { canary: "vercel", percent: 30 }), "vercel", STEPS)?.to.percent, 50);
    assert.equal(nextStep(at("fargate", { canary: "vercel", percent: 70 }), "vercel", [10, 50])?.to.percent, 100);
  });

  it("has nothing to do where the target serves alone", () => {
    assert.equal(nextStep(at("fargate"), "fargate", STEPS), undefined);
  });

  it("goes back from a retirement to the tier that it moves away from, which is built again if it has gone", () =>
    assert.deepEqual(lastGood(at("vercel", { from: "fargate" }), "vercel", STEPS, false), {
      ...at("fargate", { canary: "vercel", from: "fargate" }),
      revision: 8,
    }));

  it("goes back to the weights before, to none for a tier that does not answer", () => {
    const half = at("fargate", { canary: "vercel", percent: 50, from: "fargate" });
    assert.equal(lastGood(half, "vercel", STEPS, true)?.percent, 10);
    assert.equal(lastGood(half, "vercel", STEPS, false)?.percent, 0);
    assert.equal(lastGood({ ...half, percent: 10 }, "vercel", STEPS, true)?.percent, 0);
    assert.equal(lastGood({ ...half, percent: 0 }, "vercel", STEPS, false), undefined, "there is nothing to take back");
    const swapped = at("vercel", { canary: "fargate", from: "fargate" });
    assert.equal(lastGood(swapped, "vercel", STEPS, true), undefined);
    assert.deepEqual(lastGood(swapped, "vercel", STEPS, false), { ...half, percent: 0, revision: 8 });
  });
});
