import assert from "node:assert/strict";
import { StackBusy } from "../../../../../cli/commands/move/migrate/engine";
import type { Observation } from "../../../../../cli/commands/move/migrate/migrate-watcher";
import { Stopped } from "../../../../../cli/commands/move/migrate/run";
import { Interrupted } from "../../../../../cli/commands/move/migrate/stop";
import { at, FakeStack, Killed, migrate, pairs, stopped } from "./fake-stack";

describe("migrate: a run", () => {
  for (const [from, to] of pairs) {
    it(`${from} -> ${to}: killed at every moment, a further run completes it`, async () => {
      let moments = 0;
      for (let lives = 1; ; lives++) {
        const stack = new FakeStack(at(from));
        stack.lives = lives;
        try {
          await migrate(stack, { to });
        } catch (error) {
          assert.ok(error instanceof Killed, String(error));
          moments += 1;
          stack.lives = Number.POSITIVE_INFINITY;
          // Killed before the first change there is no migration yet.
          const done = stack.file.architecture === to && stack.file.from === undefined;
          if (!done) await migrate(stack, stack.file.from ? {} : { to });
          assert.deepEqual(
            { ...stack.file, revision: 0 },
            { ...at(to), revision: 0, canary: undefined, from: undefined },
          );
          assert.deepEqual(stack.live, { ...stack.file, from, canary: undefined });
          continue;
        }
        break;
      }
      assert.ok(moments > 40, `${moments} moments`);
    });

    it(`${from} -> ${to}: killed at every moment, --back returns`, async () => {
      for (let lives = 1; ; lives++) {
        const stack = new FakeStack(at(from));
        stack.lives = lives;
        try {
          await migrate(stack, { to });
          break;
        } catch (error) {
          assert.ok(error instanceof Killed, String(error));
        }
        stack.lives = Number.POSITIVE_INFINITY;
        if (stack.file.from === undefined) continue;
        await migrate(stack, { back: true });
        assert.equal(stack.file.architecture, from);
        assert.deepEqual([stack.file.canary, stack.file.from], [undefined, undefined]);
        assert.deepEqual([stack.live.architecture, stack.live.canary], [from, undefined]);
      }
    });
  }

  it("killed again and again it still arrives", async () => {
    const stack = new FakeStack(at("fargate"));
    let runs = 0;
    do {
      runs += 1;
      // Enough to get through one update and one watch, no more.
      stack.lives = 20;
      await migrate(stack, stack.file.from ? {} : { to: "vercel" }).catch((error) =>
        assert.ok(error instanceof Killed),
      );
    } while (stack.file.from !== undefined && runs < 50);
    assert.equal(stack.live.architecture, "vercel");
    assert.ok(runs > 3, `${runs} runs`);
  });

  const raisedAt = (stack: FakeStack, percent: number, sight: Partial<Observation>) => () =>
    ({ raised: [], undecided: [], ...(stack.live.percent >= percent ? sight : {}) }) as Observation;

  it("an alarm at 50 % goes back to 10 % by itself, and a further run goes on from there", async () => {
    const stack = new FakeStack(at("fargate"));
    stack.sight = raisedAt(stack, 50, { raised: ["vercel-errors"] });
    await assert.rejects(
      migrate(stack, { to: "vercel" }),
      stopped(
        /traffic was taken back: in alarm: vercel-errors[\s\S]*fargate has 90 % of the visitors, vercel 10 %[\s\S]*--back/,
      ),
    );
    assert.deepEqual(
      stack.applied.map(({ percent }) => percent),
      [0, 10, 50, 10],
    );
    assert.deepEqual(stack.live, stack.file);
    stack.sight = () => ({ raised: [], undecided: [] });
    await migrate(stack, {});
    assert.equal(stack.live.architecture, "vercel");
  });

  it("a tier that stops answering at 50 % gets nothing any more", async () => {
    const stack = new FakeStack(at("fargate"));
    stack.sight = raisedAt(stack, 50, { tier: "HTTP 503" });
    await assert.rejects(migrate(stack, { to: "vercel" }), stopped(/Live: fargate has all visitors/));
    assert.deepEqual(
      stack.applied.map(({ percent }) => percent),
      [0, 10, 50, 0],
    );
  });

  it("a tier that does not answer at the lower weights either goes to none", async () => {
    const stack = new FakeStack(at("fargate"));
    let raised = false;
    stack.sight = () => {
      if (stack.live.percent >= 50) raised = true;
      if (!raised) return { raised: [], undecided: [] };
      return stack.live.percent >= 50
        ? { raised: ["a"], undecided: [] }
        : { raised: [], undecided: [], tier: "HTTP 503" };
    };
    await assert.rejects(migrate(stack, { to: "vercel" }), stopped(/Live: fargate has all visitors/));
    assert.deepEqual(
      stack.applied.map(({ percent }) => percent),
      [0, 10, 50, 10, 0],
    );
  });

  it("one bad answer is no reason to go back", async () => {
    const stack = new FakeStack(at("fargate"));
    let looks = 0;
    stack.sight = () => ({ raised: [], undecided: [], ...(looks++ % 3 === 2 ? { tier: "time-out" } : {}) });
    await migrate(stack, { to: "vercel" });
    assert.equal(stack.live.architecture, "vercel");
  });

  it("a new tier that is not quiet gets no traffic", async () => {
    const stack = new FakeStack(at("fargate"));
    stack.sight = () => ({ raised: ["vercel-errors"], undecided: [] });
    await assert.rejects(
      migrate(stack, { to: "vercel" }),
      stopped(/in alarm: vercel-errors[\s\S]*Traffic was not moved by this[\s\S]*fargate has all visitors/),
    );
    assert.deepEqual(
      stack.applied.map(({ percent }) => percent),
      [0],
    );
  });

  it("who sees nothing moves nothing", async () => {
    const stack = new FakeStack(at("fargate"));
    stack.sight = raisedAt(stack, 10, { blind: "getaddrinfo ENOTFOUND" });
    await assert.rejects(
      migrate(stack, { to: "vercel" }),
      stopped(/cannot see[\s\S]*fargate has 90 % of the visitors, vercel 10 %/),
    );
    assert.equal(stack.live.percent, 10);
  });

  it("an update that fails at a share takes the share back", async () => {
    const stack = new FakeStack(at("fargate"));
    stack.fails = ({ percent }) => (percent === 50 ? "vercel is not ready" : undefined);
    await assert.rejects(migrate(stack, { to: "vercel" }), stopped(/vercel is not ready[\s\S]*vercel 10 %/));
    assert.deepEqual([stack.live.percent, stack.file.percent], [10, 10]);
  });

  it("an update that fails while it warms leaves the traffic alone", async () => {
    const stack = new FakeStack(at("fargate"));
    stack.fails = ({ canary }) => (canary ? "CapacityUnavailable" : undefined);
    await assert.rejects(migrate(stack, { to: "vercel" }), stopped(/CapacityUnavailable/));
    assert.equal(stack.applied.length, 0);
    stack.fails = () => undefined;
    await migrate(stack, { back: true });
    assert.equal(stack.file.canary, undefined);
  });

  it("says when going back fails too", async () => {
    const stack = new FakeStack(at("fargate"));
    let bad = false;
    stack.fails = ({ percent }) => {
      bad ||= percent === 50;
      return bad ? "Throttling" : undefined;
    };
    await assert.rejects(migrate(stack, { to: "vercel" }), stopped(/going back to 10 % failed as well/));
  });

  it("a swap whose new tier dies goes back to the old one, which is still there", async () => {
    const stack = new FakeStack(at("fargate"));
    stack.fails = ({ architecture, canary }) => {
      if (architecture !== "vercel" || !canary) return undefined;
      stack.sight = () => ({ raised: [], undecided: [], tier: "HTTP 502" });
      return "vercel does not answer";
    };
    await assert.rejects(migrate(stack, { to: "vercel" }), stopped(/Live: fargate has all visitors/));
    assert.deepEqual([stack.live.architecture, stack.live.canary, stack.live.percent], ["fargate", "vercel", 0]);
  });

  it("is refused by the engine's lock, says so, and leaves the file as it was", async () => {
    const stack = new FakeStack(at("fargate"));
    stack.busy = new StackBusy("the stack is currently locked by 1 lock(s)", false);
    await assert.rejects(
      migrate(stack, { to: "vercel" }),
      stopped(/Another update[\s\S]*locked by 1 lock[\s\S]*pulumi cancel/),
    );
    assert.deepEqual(stack.file, at("fargate"));
  });

  it("takes away a lock that a killed run of its own left, and no other", async () => {
    const stack = new FakeStack(at("fargate", { canary: "vercel", percent: 10, from: "fargate" }));
    stack.busy = new StackBusy("locked", true);
    await migrate(stack, {});
    assert.equal(stack.live.architecture, "vercel");
    const fresh = new FakeStack(at("fargate"));
    fresh.busy = new StackBusy("locked", true);
    await assert.rejects(migrate(fresh, { to: "vercel" }), Stopped);
  });

  it("stopped by a person in an update it ends there and moves nothing", async () => {
    const stack = new FakeStack(at("fargate"));
    stack.fails = ({ percent }) => {
      if (percent === 50) stack.stopping = true;
      return undefined;
    };
    await assert.rejects(migrate(stack, { to: "vercel" }), Interrupted);
    assert.deepEqual([stack.live.percent, stack.file.percent], [10, 50]);
    stack.stopping = false;
    stack.fails = () => undefined;
    await migrate(stack, {});
    assert.equal(stack.live.architecture, "vercel");
  });

  it("logs each step with its time", async () => {
    const stack = new FakeStack(at("fargate"));
    await migrate(stack, { to: "vercel" });
    const { entries } = stack;
    const done = entries.filter(({ state }) => state === "done");
    assert.deepEqual(done[3], { ...done[3], step: "watch vercel at 10 %", seconds: 30 });
    assert.ok(entries.every(({ time }) => /^\d{4}-.*Z$/.test(time)));
  });
});
