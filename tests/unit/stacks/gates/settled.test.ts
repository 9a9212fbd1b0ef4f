import assert from "node:assert/strict";
import { encodeTraffic, type TrafficState } from "../../../../core/traffic-state";
import { type GateOptions, type LiveTraffic, liveGates, outOfStep } from "../../../../stacks/gates";
import type { AwsReader } from "../../../../stacks/gates/live-aws";
import { asLive, clockAt, empty, ok, probe, query, recordsOf, TO_SERVER, toFargate, traffic, world } from "./fixtures";

describe("gate: settled", () => {
  const old = traffic("monitored-instance", "198.51.100.1");
  const now = traffic("fargate", "198.51.100.2");
  const tiers = [{ tier: "fargate", probe: probe("fargate", "198.51.100.2") }];
  const settle = (options: GateOptions, before: LiveTraffic) =>
    liveGates(options).settled({ query, before, now, nameServers: ["ns-1"], tiers });

  const waited = async (before: LiveTraffic) => {
    const clock = clockAt();
    const started = clock.now();
    await settle(world(now, now, clock).options, before);
    return (clock.now() - started) / 1000;
  };
  // Three healthy answers five seconds apart after the wait.
  const FULL = 60 + 60 + 10;

  it("waits TTL and drain after a change", async () => assert.equal(await waited(asLive(old)), FULL));
  it("does not wait when the records matched and have been so for long: a plain second up", async () =>
    assert.equal(await waited(asLive(now)), 0));
  it("does not wait on a first up: nobody has an old answer", async () => assert.equal(await waited(empty), 0));
  it("waits in full when somebody had changed the record by hand, and this update put it back", async () =>
    assert.equal(await waited(asLive(now, { records: recordsOf(old) })), FULL));

  /** The message with which the gate ends, after `live` has seen the file that asks for fargate. */
  const message = async (options: GateOptions, before: LiveTraffic): Promise<string> => {
    const gates = liveGates(options);
    await gates.live(query, toFargate);
    const error = await gates.settled({ query, before, now, nameServers: ["ns-1"], tiers }).then(
      () => assert.fail("it let go"),
      (caught: Error) => caught,
    );
    assert.doesNotMatch(error.message, /<[^>]*>/, "real values, no places to fill in");
    return error.message;
  };
  const rejects = async (options: GateOptions, pattern: RegExp) => {
    const said = await message(options, asLive(old));
    assert.match(said, pattern);
    assert.match(said, /Traffic has moved to fargate/);
    assert.match(said, /Both sides are live and nothing was deleted/);
    assert.match(said, /To go on: repair it, then `pulumi up --stack prod`/);
    assert.ok(said.endsWith(`To go back: ${TO_SERVER}, which moves traffic back.`), said);
  };

  it("says that nothing has moved where Route 53 has something else than the engine believes, and names the refresh", async () => {
    const said = await message(world(old, now).options, asLive(old));
    assert.match(said, /^Traffic has not moved: monitored-instance has all visitors/);
    assert.match(said, /points at 198\.51\.100\.1 with weight 100 instead of 198\.51\.100\.2/);
    assert.match(
      said,
      /To go on: `pulumi refresh --stack prod`, which takes over what is live, then `pulumi up --stack prod`/,
    );
    assert.doesNotMatch(said, /has moved|Both sides/);
  });
  it("does not say whether traffic has moved when AWS does not tell, and says which right is missing", async () => {
    const { options } = world(now);
    const { history: told } = options.aws as AwsReader;
    // The two parameters are read by `live`, and then no more.
    let readings = 2;
    const history = async (name: string) => {
      if (readings-- > 0) return told(name);
      throw new Error("not authorized to perform: ssm:GetParameterHistory");
    };
    const said = await message({ ...options, aws: { ...(options.aws as AwsReader), history } }, asLive(old));
    assert.match(said, /^Whether traffic has moved to fargate is not known: AWS does not tell/);
    assert.match(said, /\n.*ssm:GetParameterHistory/);
    assert.ok(said.includes(TO_SERVER), said);
  });
  it("says on a second failing up that it moved nothing, and what served before the first", async () => {
    const { options } = world(now);
    const told = (state: TrafficState, version: number) => ({
      ...{ value: encodeTraffic(state, version), version, modified: 0, now: 0 },
    });
    const aws = { ...(options.aws as AwsReader), history: async () => [told(old, 1), told(now, 2)] };
    const dead = { ...options, aws, ask: async () => ({ error: "connect ECONNREFUSED" }) };
    const said = await message(dead, asLive(now));
    assert.match(said, /^Traffic points at fargate, where this update did not move it/);
    assert.match(said, /Nothing was deleted/);
    assert.doesNotMatch(said, /has moved|Both sides are live/);
    assert.ok(
      said.endsWith(
        `To go back: ${TO_SERVER}, which moves traffic back and builds monitored-instance anew if it is gone.`,
      ),
      said,
    );
  });
  it("says on a first up that nothing was there before, and offers no way back", async () => {
    const dead = { ...world(now).options, ask: async () => ({ error: "connect ECONNREFUSED" }) };
    const said = await message(dead, empty);
    assert.match(said, /^Traffic points at fargate, for the first time[\s\S]*Nothing was there before/);
    assert.doesNotMatch(said, /To go back|has moved|Both sides/);
  });
  it("fails when an authoritative server still gives the old answer", () => {
    const { options } = world(now);
    const names = { ...(options.names as NonNullable<GateOptions["names"]>), addresses: async () => ["198.51.100.1"] };
    return rejects({ ...options, names }, /ns-1 answers 198\.51\.100\.1, where 198\.51\.100\.2 was expected/);
  });
  it("says of other targets of one tier that these have moved, and how they go back", () => {
    const { options } = world(now);
    const dead = { ...options, ask: async () => ({ error: "connect ECONNREFUSED" }) };
    return assert.rejects(settle(dead, asLive(traffic("fargate", "198.51.100.1"))), (error: Error) => {
      assert.match(error.message, /moved to other targets of fargate \(198\.51\.100\.2 instead of 198\.51\.100\.1\)/);
      assert.match(error.message, /To go back: undo the change that made new targets of fargate, and `pulumi up/);
      return true;
    });
  });
  it("tells two target groups of one name apart", () => {
    const weights = (id: string) => ({ [`arn:aws:elasticloadbalancing:r:1:targetgroup/fargate/${id}`]: 100 });
    const wanted = { ...now, rule: { arn: "rule", weights: weights("2") } };
    assert.equal(outOfStep({ ...asLive(now), ruleWeights: weights("2") }, wanted), undefined);
    assert.match(
      outOfStep({ ...asLive(now), ruleWeights: weights("1") }, wanted) ?? "",
      /fargate\/1: 100 instead of fargate\/2/,
    );
  });
  it("fails when the public name is answered by the old tier", () =>
    rejects(
      { ...world(now).options, ask: async () => ok("monitored-instance") },
      /https:\/\/iamvet\.kr.*did not give 3/s,
    ));
});
