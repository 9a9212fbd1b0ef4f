import assert from "node:assert/strict";
import { StackBusy } from "../../../../../cli/commands/move/migrate/engine";
import type { Observation } from "../../../../../cli/commands/move/migrate/migrate-watcher";
import { Stopped } from "../../../../../cli/commands/move/migrate/run";
import type { Position } from "../../../../../cli/commands/move/migrate/steps";
import { at, FakeStack, migrate, stopped } from "./fake-stack";

describe("migrate: a run", () => {
  describe("resumed, with a new tier that has turned bad since, gives its visitors back before anything else", () => {
    const bad: Observation = { raised: [], undecided: [], tier: "HTTP 503" };
    const places: [string, Position][] = [
      ["at 50 %", at("fargate", { canary: "vercel", percent: 50, from: "fargate" })],
      ["at 100 %", at("fargate", { canary: "vercel", percent: 100, from: "fargate" })],
      ["after the swap", at("vercel", { canary: "fargate", from: "fargate" })],
      ["while the old tier is retired", at("vercel", { from: "fargate" })],
    ];
    for (const [where, place] of places) {
      it(where, async () => {
        const stack = new FakeStack(place);
        stack.sight = () => bad;
        await assert.rejects(migrate(stack, {}), (error: Error) => {
          assert.ok(error instanceof Stopped && error.tookBack, String(error));
          assert.match(error.message, /traffic was taken back: the new tier does not answer well: HTTP 503/);
          assert.match(error.message, /Live: fargate has all visitors/);
          return true;
        });
        assert.deepEqual(
          stack.applied.map(({ architecture, canary, percent }) => [architecture, canary, percent]),
          [["fargate", "vercel", 0]],
          "the first update is the way back",
        );
      });
    }

    it("and one in alarm goes to the share before", async () => {
      const stack = new FakeStack(at("fargate", { canary: "vercel", percent: 50, from: "fargate" }));
      stack.sight = () => ({ raised: stack.live.percent === 50 ? ["vercel-errors"] : [], undecided: [] });
      await assert.rejects(migrate(stack, {}), stopped(/Live: fargate has 90 % of the visitors, vercel 10 %/));
    });

    it("and waits for an update of somebody else, rather than leave them there", async () => {
      const stack = new FakeStack(at("fargate", { canary: "vercel", percent: 100, from: "fargate" }));
      stack.sight = () => bad;
      stack.busy = new StackBusy("locked", false);
      const world = stack.world();
      let slept = 0;
      const sleep = async (milliseconds: number) => {
        if (++slept > 5) stack.busy = undefined;
        return world.sleep(milliseconds);
      };
      await assert.rejects(
        migrate(stack, {}, {}, { ...world, sleep }),
        (error: Error) => error instanceof Stopped && error.tookBack,
      );
      assert.equal(stack.live.percent, 0);
    });

    it("and says so with the update's own error where the file cannot be applied", async () => {
      const stack = new FakeStack(at("fargate", { canary: "vercel", percent: 50, from: "fargate" }));
      stack.fails = ({ percent }) => (percent === 50 ? "Throttling" : undefined);
      await assert.rejects(migrate(stack, {}), stopped(/Throttling[\s\S]*vercel 10 %/));
    });
  });

  it("names the refresh where only that cures, and what the engine was cut off in", async () => {
    const stack = new FakeStack(at("fargate"));
    stack.fails = () => {
      stack.pending = [{ what: "creating", type: "vercel:index/project:Project", name: "vercel-project" }];
      return "deleting urn: NoSuchHostedZone";
    };
    await assert.rejects(
      migrate(stack, { to: "vercel" }),
      stopped(
        new RegExp(
          "`pulumi refresh --stack test` takes over what is live[^]*" +
            "cut off in the midst of:\\n {2}creating vercel:index/project:Project vercel-project\\n",
        ),
      ),
    );
  });
});
