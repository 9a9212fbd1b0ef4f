import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { movesTraffic, violations, WALK, waitOf } from "./harness/checks";
import { signal } from "./harness/processes";
import { tierOf } from "./harness/services";
import { type Project, projectFor, STACK, settings } from "./harness/stack";

describe("the flip on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => project?.stop());
  afterEach(() => project.calm());

  /** Runs `up` and returns what it did. */
  const up = async (config: Record<string, unknown>, ...args: string[]) => {
    project.configure(config);
    const { cloud, services } = project;
    const calls = cloud.calls.length;
    const answers = services.health.answers.length;
    const started = Date.now();
    const { code, output } = await project.up(...args);
    return {
      code,
      output,
      seconds: (Date.now() - started) / 1000,
      calls: cloud.calls.slice(calls),
      answers: services.health.answers.slice(answers),
    };
  };

  it("first up: builds the site without waiting for a TTL that nobody holds", async () => {
    const { code, output, calls } = await up(settings("monitored-instance"));
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /let go of the old answer/);
    assert.ok(calls.some(({ name }) => name === "traffic-serving"));
  });

  it("second up: changes nothing and waits for nothing", async () => {
    const { code, output, calls } = await up(settings("monitored-instance"));
    assert.equal(code, 0, output);
    assert.deepEqual(
      calls.map(({ op, name }) => `${op} ${name}`),
      [],
    );
    // The first up's TTL may not be over yet: it was a creation, so the remainder is waited for at most.
    assert.ok((output.match(/let go/g) ?? []).length <= 6, output);
    const third = await up(settings("monitored-instance"));
    assert.doesNotMatch(third.output, /let go/, "the TTL is long over");
  });

  for (const [step, to] of WALK.slice(1).entries()) {
    const from = WALK[step] as string;
    it(`flips ${from} -> ${to}`, async () => {
      const { code, output, calls, answers } = await up(settings(to));
      assert.equal(code, 0, output);
      assert.deepEqual(violations(calls, answers, { from, to, seconds: waitOf(from) }), []);
    });
  }

  it("a gate that fails leaves the old tier alone, on the first try, on the second, and with --continue-on-error", async () => {
    project.services.health.sick.add("vercel");
    for (const args of [[], [], ["--continue-on-error"]]) {
      const { code, output, calls } = await up(settings("vercel"), ...args);
      assert.notEqual(code, 0);
      assert.match(output, /vercel is not ready/);
      assert.match(output, /Traffic has not moved: monitored-instance serves as before\. Nothing was deleted/);
      assert.deepEqual(calls.filter(movesTraffic), []);
      assert.deepEqual(
        calls.filter(({ op }) => op === "delete"),
        [],
      );
      assert.deepEqual(
        calls.filter(({ urn }) => tierOf(urn) === "monitored-instance"),
        [],
      );
    }
  });

  it("and goes back by the config line alone", async () => {
    const { code, output, calls } = await up(settings("monitored-instance"));
    assert.equal(code, 0, output);
    assert.ok(calls.some(({ op, urn }) => op === "delete" && tierOf(urn) === "vercel"));
    assert.deepEqual(
      calls.filter((call) => movesTraffic(call)),
      [],
    );
  });

  it("a tier that turns bad once traffic has moved keeps both alive, twice; repaired, it goes on without moving again", async () => {
    const { health } = project.services;
    project.cloud.after = ({ name, op }) => {
      if (name === "traffic-state" && op === "update") health.sick.add("vercel");
    };
    for (const moved of [true, false]) {
      const { code, output, calls } = await up(settings("vercel"));
      assert.notEqual(code, 0);
      assert.match(
        output,
        moved
          ? /Traffic has moved to vercel.*Both sides are live and nothing was deleted/s
          : /Traffic points at vercel, where this update did not move it.*Nothing was deleted/s,
      );
      const back = "pulumi config set --stack test iamvet:architecture monitored-instance && pulumi up --stack test";
      assert.ok(output.includes(`To go back: \`${back}\``), output);
      assert.doesNotMatch(output, moved ? /did not move/ : /has moved|Both sides are live/);
      assert.equal(calls.some(movesTraffic), moved);
      assert.deepEqual(
        calls.filter(({ op }) => op === "delete"),
        [],
      );
    }
    health.sick.clear();
    const { code, output, calls } = await up(settings("vercel"));
    assert.equal(code, 0, output);
    assert.deepEqual(
      calls.filter((call) => movesTraffic(call)),
      [],
    );
    assert.ok(calls.some(({ op, urn }) => op === "delete" && tierOf(urn) === "monitored-instance"));
  });

  it("a create that fails in the middle of a flip changes nothing for visitors", async () => {
    project.cloud.before = (op, type) => {
      if (op === "create" && type === "aws:ecs/service:Service") throw new Error("CapacityUnavailable");
    };
    const broken = await up(settings("fargate"));
    assert.notEqual(broken.code, 0);
    assert.match(broken.output, /CapacityUnavailable/);
    assert.deepEqual(broken.calls.filter(movesTraffic), []);
    assert.deepEqual(
      broken.calls.filter(({ op }) => op === "delete"),
      [],
    );
    project.cloud.before = () => {};
    const { code, output, calls, answers } = await up(settings("fargate"));
    assert.equal(code, 0, output);
    assert.deepEqual(violations(calls, answers, { from: "vercel", to: "fargate", seconds: waitOf("vercel") }), []);
  });

  it("killed between the records and their parameter, it is repaired and still waits in full", async () => {
    project.configure(settings("vercel"));
    const before = project.cloud.calls.length;
    const { child, done } = project.start(
      "pulumi",
      "up",
      "--yes",
      "--skip-preview",
      "--stack",
      STACK,
      "--non-interactive",
    );
    project.cloud.after = async ({ name, op }) => {
      if (name !== "traffic-serving" || op !== "update") return;
      signal(child, "SIGKILL");
      await done;
    };
    await done;
    project.cloud.after = () => {};
    const killed = project.cloud.calls.slice(before);
    assert.ok(
      killed.some(({ name }) => name === "traffic-serving"),
      "it was killed where it should be",
    );
    await project.must("cancel", "--yes", "--stack", STACK);
    // The record was updated, and the state does not know: the engine asks the cloud.
    await project.must("refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", STACK);
    const { code, output } = await up(settings("vercel"));
    assert.equal(code, 0, output);
    const { answers } = project.services.health;
    const flip = { from: "fargate", to: "vercel", seconds: waitOf("fargate") };
    assert.deepEqual(violations(project.cloud.calls.slice(before), answers, flip), []);
  });

  describe("without a gate the checks above see it", () => {
    const without = (gate: "ready" | "settled") => {
      const path = join(project.folder, "index.ts");
      const program = readFileSync(path, "utf8").replace(
        "return await deploySite(config, gates);",
        `return await deploySite(config, { ...gates, ${gate}: async () => {} });`,
      );
      const root = join(__dirname, "../..");
      rmSync(path);
      writeFileSync(path, program.replaceAll('from "./', `from "${root}/`));
    };
    it("without ready: traffic moves to a tier that never answered", async () => {
      without("ready");
      const { calls, answers } = await up(settings("fargate"));
      const found = violations(calls, answers, { from: "vercel", to: "fargate", seconds: 0 });
      assert.ok(found.includes("traffic moved before fargate had answered its probe"), found.join("\n"));
    });
    it("without settled: the old tier goes while resolvers hold it", async () => {
      const path = join(project.folder, "index.ts");
      writeFileSync(path, readFileSync(path, "utf8").replace("ready: async", "settled: async"));
      // Longer than a busy machine takes by itself.
      const drainSeconds = 1200;
      const config = settings("vercel");
      const { calls, answers } = await up({ ...config, "iamvet:gates": { ...config["iamvet:gates"], drainSeconds } });
      const found = violations(calls, answers, { from: "fargate", to: "vercel", seconds: 60 + drainSeconds });
      assert.ok(
        found.some((one) => /was deleted -?[\d.]+ s after traffic had moved, not 1260/.test(one)),
        found.join("\n"),
      );
    });
  });
});
