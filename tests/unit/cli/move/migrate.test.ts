import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { destinationOf, parseSteps, parseTime } from "../../../../cli/commands/move/migrate/destination";
import { StackBusy } from "../../../../cli/commands/move/migrate/engine";

import { Stopped } from "../../../../cli/commands/move/migrate/run";
import { claim } from "../../../../cli/commands/move/migrate/running";
import { StackEdit } from "../../../../cli/commands/move/migrate/stack-edit";
import {
  lastGood,
  nextStep,
  type Position,
  positionOf,
  stepsTo,
  targetOf,
  turnBack,
} from "../../../../cli/commands/move/migrate/steps";
import { Interrupted } from "../../../../cli/commands/move/migrate/stop";
import {
  lookAt,
  type Observation,
  raisedBefore,
  untilQuiet,
  watchOver,
} from "../../../../cli/commands/move/migrate/watcher";
import { UserError } from "../../../../core/errors";
import type { Probe } from "../../../../core/web-tier";
import type { Architecture } from "../../../../stacks/settings/schema";
import type { Watch } from "../../../../stacks/watch";
import { contextOf } from "../../insight/fixtures";
import { at, FakeStack, Killed, migrate, pairs, STEPS, stopped } from "./migrate-stack";

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

describe("migrate: what it sees", () => {
  const probe = (connectTo: string): Probe => ({
    connectTo,
    port: 443,
    servername: "iamvet.kr",
    host: "iamvet.kr",
    path: "/health",
    headers: { "x-site-probe": "hidden" },
  });
  const alarm = (name: string, severity: "page" | "warning", subject: "errors" | "capacity" | "latency") => ({
    name,
    severity,
    subject,
  });
  const watch: Watch = {
    query: { zoneId: "Z", name: "iamvet.kr", parameters: { intent: "/i", state: "/s" } },
    database: { identifier: "db", alarms: [alarm("full", "page", "capacity")] },
    tiers: {
      vercel: {
        probe: probe("vercel"),
        alarms: [
          alarm("down", "page", "capacity"),
          alarm("slow", "warning", "latency"),
          alarm("disk", "warning", "capacity"),
        ],
      },
      fargate: { probe: probe("fargate"), alarms: [alarm("old", "page", "errors")] },
    },
  };
  const all = (state: string) => async (names: readonly string[]) => new Map(names.map((name) => [name, state]));

  it("asks for the new tier's serious alarms only, for its own answer and for the public one", async () => {
    const asked: string[] = [];
    const sight = await lookAt(watch, "vercel", all("ALARM"), async ({ connectTo, headers }) => {
      asked.push(`${connectTo} ${Object.keys(headers)}`);
      return undefined;
    });
    assert.deepEqual(sight, { raised: ["down", "slow", "full"], undecided: [] });
    assert.deepEqual(asked, ["vercel x-site-probe", "iamvet.kr "]);
  });

  it("passes over alarms of the database that were raised before", async () => {
    const known = await raisedBefore(watch, all("ALARM"));
    const sight = await lookAt(watch, "vercel", all("ALARM"), async () => undefined, known);
    assert.deepEqual(sight.raised, ["down", "slow"]);
  });

  it("cannot see when CloudWatch cannot be asked, whatever the answers are", async () => {
    const none = async () => {
      throw new Error("ENOTFOUND");
    };
    assert.equal((await lookAt(watch, "vercel", none, async () => "no answer")).blind, "ENOTFOUND");
  });

  const patience = (seconds: number) => {
    let now = 0;
    const sleep = async (milliseconds: number) => {
      now += milliseconds;
    };
    return { seconds, times: 2, intervalSeconds: 5, now: () => now, sleep, say: () => {} };
  };

  it("waits for alarms that tell nothing yet, five minutes at most", async () => {
    const waits = patience(900);
    assert.deepEqual(await untilQuiet(async () => ({ raised: [], undecided: ["down"] }), waits), { good: true });
    assert.ok(waits.now() >= 300_000 && waits.now() < 320_000, `${waits.now()}`);
  });

  it("watches to the end, and no longer", async () => {
    const waits = patience(60);
    assert.deepEqual(await watchOver(async () => ({ raised: [], undecided: [] }), waits), { good: true });
    assert.equal(waits.now(), 60_000);
  });

  it("does not end a watch on a bad answer that is not certain yet", async () => {
    const waits = patience(10);
    let looks = 0;
    const verdict = await watchOver(
      async () => ({ raised: [], undecided: [], ...(++looks >= 3 ? { site: "HTTP 502" } : {}) }),
      waits,
    );
    assert.deepEqual(verdict, {
      good: false,
      why: "the public URL does not answer well: HTTP 502",
      answers: true,
      blind: false,
    });
  });
});

describe("migrate: the stack's file", () => {
  it("is read as the program reads it, with the same defaults", () => {
    const under = { canary: "vercel", percent: 10, from: "fargate" } as const;
    const { settings } = contextOf({ architecture: "fargate", traffic: under });
    assert.deepEqual(positionOf(settings), at("fargate", { ...under, revision: 0 }));
    assert.deepEqual(positionOf(contextOf().settings), at("monitored-instance", { revision: 0 }));
  });

  const folder = mkdtempSync(join(tmpdir(), "migrate-"));
  const path = join(folder, "Pulumi.prod.yaml");
  after(() => rmSync(folder, { recursive: true }));
  const text = [
    "# Production",
    "encryptionsalt: v1:abc",
    "config:",
    "  aws:region: ap-northeast-2",
    "  iamvet:architecture: fargate # since May",
    "  iamvet:domain:",
    "    name: iamvet.kr",
    "    redirectFrom: [www.iamvet.kr]",
    "  # sizes",
    '  iamvet:secrets: {KEY: {secure: "v1:x"}}',
    "",
  ].join("\n");
  const open = (content = text) => {
    writeFileSync(path, content);
    return new StackEdit(folder, "prod", "iamvet");
  };

  it("writes the position and leaves everything else, comments included", () => {
    const edit = open();
    edit.write(at("fargate", { canary: "vercel", percent: 10, from: "fargate" }));
    const added = "  iamvet:traffic:\n    canary: vercel\n    percent: 10\n    from: fargate\n    revision: 7\n";
    assert.equal(readFileSync(path, "utf8"), text + added);
    edit.write(at("vercel", { revision: 12 }));
    assert.equal(
      readFileSync(path, "utf8"),
      `${text.replace("architecture: fargate", "architecture: vercel")}  iamvet:traffic:\n    revision: 12\n`,
    );
    assert.deepEqual(readdirSync(folder), ["Pulumi.prod.yaml"], "nothing is left beside it");
  });

  it("writes the architecture where the file names none", () => {
    open("config:\n  aws:region: x\n").write(at("vercel"));
    assert.match(readFileSync(path, "utf8"), /iamvet:architecture: vercel/);
  });

  it("writes into a file without a config, and into keys without the project's name", () => {
    open("encryptionsalt: v1:abc\n").write(at("vercel"));
    assert.match(
      readFileSync(path, "utf8"),
      /config:\n {2}iamvet:architecture: vercel\n {2}iamvet:traffic:\n {4}revision: 7/,
    );
    open("config:\n  architecture: fargate\n").write(at("vercel"));
    assert.match(readFileSync(path, "utf8"), /^config:\n {2}architecture: vercel\n/);
  });

  it("keeps what somebody else has changed meanwhile, as a release does", () => {
    const edit = open();
    writeFileSync(path, text.replace("name: iamvet.kr", "name: iamvet.kr\n    ttl: 60"));
    edit.write(at("vercel"));
    assert.match(readFileSync(path, "utf8"), /architecture: vercel # since May[\s\S]*ttl: 60/);
  });

  it("does not write over a position that somebody else has changed", () => {
    const edit = open();
    const changed = text.replace("architecture: fargate", "architecture: ha-web-tier");
    writeFileSync(path, changed);
    assert.throws(() => edit.write(at("vercel")), /The architecture or the traffic in .* was changed by somebody else/);
    assert.equal(readFileSync(path, "utf8"), changed);
  });

  it("is claimed by one run at a time; a run that is gone does not count", () => {
    const release = claim(path);
    assert.throws(() => claim(path), /Another `platform migrate`/);
    release();
    claim(path)();
  });
});
