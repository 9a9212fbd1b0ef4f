import assert from "node:assert/strict";
import { liveGates } from "../../../../stacks/gates";
import type { Answer } from "../../../../stacks/gates/probe";
import { ok, probe, query, TO_SERVER, toFargate, traffic, world } from "./fixtures";

describe("gate: ready", () => {
  const tier = { tier: "fargate", probe: probe("fargate", "198.51.100.1"), serving: "monitored-instance" };

  it("wants healthy answers in a row, and counts anew after a bad one", async () => {
    const { options, clock } = world(traffic("fargate", "198.51.100.1"));
    const answers = [
      ok("fargate"),
      ok("fargate"),
      { status: 502, body: "" },
      ok("fargate"),
      ok("fargate"),
      ok("fargate"),
    ];
    let asked = 0;
    const started = clock.now();
    await liveGates({ ...options, ask: async () => answers[asked++] as Answer }).ready(tier);
    assert.equal(asked, 6);
    assert.equal(clock.now() - started, 25_000);
  });

  const failing = async (answer: Answer, expected: RegExp) => {
    const { options, clock, said } = world(traffic("monitored-instance", "198.51.100.9"));
    const started = clock.now();
    const gates = liveGates({ ...options, timeoutSeconds: 60, ask: async () => answer });
    await gates.live(query, toFargate);
    await assert.rejects(gates.ready(tier), (error: Error) => {
      assert.match(error.message, expected);
      assert.match(error.message, /https:\/\/iamvet\.kr\/api\/health-external at 198\.51\.100\.1/);
      assert.match(error.message, /Traffic has not moved: monitored-instance serves as before\. Nothing was deleted/);
      assert.ok(error.message.endsWith(`To go back: ${TO_SERVER}, which removes fargate.`), error.message);
      assert.doesNotMatch(error.message, /hidden/, "the probe's header is a secret");
      return true;
    });
    assert.ok(clock.now() - started <= 60_000);
    assert.ok(
      said.length >= 4 && said.length <= 6,
      `progress about every ten seconds, not ${said.length} lines a minute`,
    );
  };
  it("takes no answer from the old tier", () =>
    failing(ok("monitored-instance"), /answer of fargate at v2 was expected/));
  it("takes no answer of another version", () => failing(ok("fargate", "v1"), /"version":"v1"/));
  it("takes no 200 that says it is not well", () =>
    failing({ status: 200, body: '{"status":"unhealthy"}' }, /unhealthy/));
  it("tells the error of the connection", () => failing({ error: "connect ECONNREFUSED" }, /ECONNREFUSED/));
  it("survives an answer that is no JSON", () => failing({ status: 200, body: "<html>" }, /HTTP 200 <html>/));

  it("takes a plain 200 of a server whose app does not tell its tier", async () => {
    const { expectTier, expectVersion, ...rest } = tier.probe;
    await liveGates({
      ...world(traffic("fargate", "198.51.100.1")).options,
      ask: async () => ({ status: 200, body: "up" }),
    }).ready({ ...tier, probe: rest });
  });
});
