import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { encodeTraffic, ruleWeights, type TrafficState } from "../../../../core/traffic-state";
import type { Probe } from "../../../../core/web-tier";
import {
  disagreement,
  type GateOptions,
  knownValue,
  type LiveTraffic,
  liveGates,
  outOfStep,
  tiersToProve,
} from "../../../../stacks/gates";
import type { AwsReader, LiveRecord } from "../../../../stacks/gates/live-aws";
import type { Answer } from "../../../../stacks/gates/probe";
import { answersOf, NOTHING_LIVE } from "../../../../stacks/gates/reach";
import { judgeGroup } from "../../../../stacks/gates/rollout/group";
import { judgeService } from "../../../../stacks/gates/rollout/service";

const NAME = "iamvet.kr";
const query = { zoneId: "Z1", name: NAME, parameters: { intent: "/i", state: "/s" } };

/** A clock that only sleeping moves. */
function clockAt(start = 1_000_000) {
  let now = start;
  return {
    now: () => now,
    sleep: async (ms: number) => {
      now += Math.max(ms, 1);
    },
  };
}

const probe = (tier: string, connectTo: string): Probe => ({
  connectTo,
  port: 443,
  servername: NAME,
  host: NAME,
  path: "/api/health-external",
  headers: { "x-probe": "hidden" },
  expectTier: tier,
  expectVersion: "v2",
});

const ok = (tier: string, version = "v2"): Answer => ({
  status: 200,
  body: JSON.stringify({ status: "ok", tier, version }),
});

const at = (tier: string, ip: string, weight: number) => ({
  tier,
  weight,
  share: weight,
  target: { kind: "addresses" as const, ipv4: [ip] },
});

const traffic = (tier: string, ip: string, canary = at(tier, ip, 0)): TrafficState => ({
  revision: 0,
  ttl: 60,
  slots: { serving: at(tier, ip, 100 - canary.weight), canary },
});

const recordsOf = (state: TrafficState): LiveRecord[] =>
  (["serving", "canary"] as const).map((slot) => ({
    slot,
    ttl: state.ttl,
    weight: state.slots[slot].weight,
    target: state.slots[slot].target,
  }));

/** AWS as the records and the two parameters say. */
function world(live: TrafficState, state = live, clock = clockAt()) {
  const said: string[] = [];
  const asked: string[] = [];
  const parameter = async (name: string) =>
    name === "/i"
      ? { value: encodeTraffic(live), version: 1, modified: 0, now: clock.now() }
      : { value: encodeTraffic(state, 1), version: 1, modified: 0, now: clock.now() };
  const aws: AwsReader = {
    records: async () => recordsOf(live),
    parameter,
    history: async (name) => [await parameter(name)],
    rule: async () => undefined,
  };
  const options: GateOptions = {
    region: "ap-northeast-2",
    clock,
    aws,
    log: (message) => void said.push(message),
    names: {
      addresses: async (name) => {
        asked.push(name);
        const { serving, canary } = live.slots;
        const heaviest = canary.weight > serving.weight ? canary : serving;
        return name === NAME && heaviest.target.kind === "addresses" ? heaviest.target.ipv4 : [name];
      },
      aliases: async () => [],
      delegation: async () => ["ns-1.awsdns.com", "NS-2.awsdns.com."],
    },
    ask: async () => ok(live.slots.serving.tier),
  };
  return { options, said, asked, clock };
}

const empty = NOTHING_LIVE;

/**
 * What `live` reads where the parameters say one thing and the records perhaps another.
 * @param intent what the latest update was about to do, if it was killed before it had done it
 */
function asLive(
  state: TrafficState,
  { intent = state, records = recordsOf(state), modified = 0, rule = ruleWeights(state.slots) }: AsLive = {},
): LiveTraffic {
  const live = { records, ...(rule && { ruleWeights: rule }) };
  const intents = [state, ...(intent === state ? [] : [intent])].map((value, i) => ({
    value,
    version: i + 1,
    modified,
  }));
  return {
    at: 1_000_000,
    ...live,
    intent: { value: intent },
    state: { value: state },
    ...answersOf(live, intents, [{ value: state, intent: 1, modified }]),
  };
}
interface AsLive {
  readonly intent?: TrafficState;
  readonly records?: readonly LiveRecord[];
  readonly modified?: number;
  readonly rule?: Readonly<Record<string, number>> | undefined;
}
/** What a stack's file asks for that flips to Fargate, and the way back from there. */
const toFargate = { stack: "prod", project: "iamvet", architecture: "fargate" };
const TO_SERVER = "`pulumi config set --stack prod iamvet:architecture monitored-instance && pulumi up --stack prod`";

describe("gate: delegated", () => {
  const gates = liveGates(world(traffic("fargate", "198.51.100.1")).options);

  it("opens when the registrar names the zone's own servers, whatever their spelling", () =>
    gates.delegated({ name: NAME, nameServers: ["NS-1.awsdns.com.", "ns-2.awsdns.com"] }));

  it("says which name servers to enter, and that nothing happened", async () => {
    await assert.rejects(gates.delegated({ name: NAME, nameServers: ["ns-7.awsdns.org"] }), (error: Error) => {
      assert.ok(pulumi.RunError.isInstance(error));
      assert.match(error.message, /ns-7\.awsdns\.org/);
      assert.match(error.message, /internet finds: ns-1\.awsdns\.com/);
      assert.match(error.message, /Nothing was switched and nothing was deleted/);
      return true;
    });
  });
});

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

describe("rollouts", () => {
  const ecs = { kind: "ecs", cluster: "c", service: "s", taskDefinition: "td:2" } as const;
  const primary = {
    status: "PRIMARY",
    taskDefinition: "td:2",
    rolloutState: "COMPLETED" as const,
    desiredCount: 2,
    runningCount: 2,
  };
  const service = (...deployments: object[]) => ({ status: "ACTIVE", deployments });

  it("ECS: done when all tasks of the definition run and none of another", () => {
    assert.deepEqual(judgeService(ecs, service(primary)), { done: true });
    assert.equal(judgeService(ecs, service({ ...primary, runningCount: 1 })).done, false);
    assert.equal(
      judgeService(ecs, service(primary, { status: "ACTIVE", taskDefinition: "td:1", runningCount: 1 })).done,
      false,
    );
    assert.equal(judgeService(ecs, service({ ...primary, desiredCount: 0, runningCount: 0 })).done, false);
    assert.equal(judgeService(ecs, undefined).done, false);
  });

  const group = {
    kind: "autoscaling",
    group: "g",
    launchTemplate: "lt",
    version: "3",
    warmupSeconds: 1,
    alarms: [],
  } as const;
  const instance = (Version: string, LifecycleState = "InService") => ({
    InstanceId: "i",
    AvailabilityZone: "a",
    ProtectedFromScaleIn: false,
    HealthStatus: "Healthy",
    LifecycleState: LifecycleState as "InService",
    LaunchTemplate: { LaunchTemplateId: "lt", Version },
  });
  const asg = (...Instances: ReturnType<typeof instance>[]) => ({ DesiredCapacity: 2, Instances }) as never;

  it("Auto Scaling: done when every instance has the version and no refresh is under way", () => {
    const both = asg(instance("3"), instance("3"));
    assert.deepEqual(judgeGroup(group, both), { done: true });
    assert.equal(judgeGroup(group, both, { Status: "InProgress" }).done, false);
    assert.equal(judgeGroup(group, asg(instance("3"), instance("2"))).done, false);
    assert.equal(judgeGroup(group, asg(instance("3"), instance("3", "Pending"))).done, false);
  });

  it("Auto Scaling: an old failed refresh says nothing once all instances are right, and is final otherwise", () => {
    const failed = { Status: "RollbackSuccessful" as const, StatusReason: "alarm" };
    assert.deepEqual(judgeGroup(group, asg(instance("3"), instance("3")), failed), { done: true });
    const look = judgeGroup(group, asg(instance("2"), instance("2")), failed);
    assert.ok(!look.done && look.final && /alarm/.test(look.why));
  });
});

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

describe("what has to be proven", () => {
  const live = (state: TrafficState, intent = state) => asLive(state, { intent });
  const a = traffic("vercel", "198.51.100.1");
  const split = (share: number) => traffic("vercel", "198.51.100.1", at("fargate", "198.51.100.2", share));

  it("is every tier that gets more than it has", () => {
    assert.deepEqual(tiersToProve(empty, a), ["vercel"]);
    assert.deepEqual(tiersToProve(live(a), a), []);
    assert.deepEqual(tiersToProve(live(a), split(10)), ["fargate"]);
    assert.deepEqual(tiersToProve(live(split(10)), split(50)), ["fargate"]);
    assert.deepEqual(tiersToProve(live(split(50)), split(10)), ["vercel"]);
  });
  const balancer = { kind: "alias", dnsName: "lb.example", zoneId: "Z" } as const;
  const group = (tier: string, name: string, share = 0) => ({
    tier,
    weight: 0,
    share,
    target: balancer,
    group: `arn/${name}/1`,
  });
  const balanced = (serving: ReturnType<typeof group>, canary = { ...serving, share: 0 }) =>
    ({
      revision: 0,
      ttl: 60,
      slots: { serving: { ...serving, weight: 100, share: 100 - canary.share }, canary },
    }) as TrafficState;
  const ruled = (state: TrafficState, intent = state, rule = ruleWeights(state.slots)) =>
    asLive(state, { intent, rule });
  const old = balanced(group("fargate", "old"));

  it("is another target group of a tier, another address of its server, and one more beside the first", () => {
    assert.deepEqual(tiersToProve(ruled(old), old), []);
    assert.deepEqual(tiersToProve(ruled(old), balanced(group("fargate", "new"))), ["fargate"]);
    const server = (...ipv4: string[]) => {
      const slot = {
        tier: "monitored-instance",
        weight: 100,
        share: 100,
        target: { kind: "addresses" as const, ipv4 },
      };
      return { revision: 0, ttl: 60, slots: { serving: slot, canary: { ...slot, weight: 0, share: 0 } } };
    };
    const [one, two] = ["198.51.100.1", "198.51.100.2"] as const;
    assert.deepEqual(tiersToProve(live(server(one, two)), server(two, one)), []);
    assert.deepEqual(tiersToProve(live(server(one)), server(two)), ["monitored-instance"]);
    assert.deepEqual(tiersToProve(live(server(one)), server(one, two)), ["monitored-instance"]);
    assert.deepEqual(tiersToProve(live(server(one, two)), server(one)), ["monitored-instance"]);
  });
  it("is what the live rule does not lead to, whatever the parameters say, and after a crash either of their sides", () => {
    const next = balanced(group("fargate", "new"));
    assert.deepEqual(tiersToProve(ruled(next, next, ruleWeights(old.slots)), next), ["fargate"], "changed by hand");
    assert.deepEqual(
      tiersToProve(ruled(old, next, ruleWeights(next.slots)), next),
      ["fargate"],
      "killed before the state",
    );
    assert.deepEqual(tiersToProve(ruled(next), next), []);
    assert.deepEqual(tiersToProve(asLive(next, { rule: {} }), next), ["fargate"], "the rule is gone");
  });
  it("is a tier that only the rule leads to, for those whom resolvers still send to the load balancer", () => {
    const both = balanced(group("fargate", "a"), group("ha-web-tier", "b", 10));
    const away = {
      ...both,
      slots: { serving: at("vercel", "198.51.100.3", 100), canary: { ...group("ha-web-tier", "b"), weight: 0 } },
    };
    assert.deepEqual(tiersToProve(ruled(both), away as TrafficState), ["vercel", "ha-web-tier"]);
  });
  it("takes the rule of a state from before groups were written down", () => {
    const former = (state: TrafficState) => {
      const { group: _, ...slot } = state.slots.serving;
      const slots = { serving: slot, canary: { ...slot, weight: 0, share: 0 } };
      return { ...state, slots, rule: { arn: "rule", weights: ruleWeights(state.slots) ?? {} } };
    };
    const { rule: _, ...intent } = former(old);
    assert.deepEqual(tiersToProve(ruled(former(old), intent, ruleWeights(old.slots)), old), []);
    assert.deepEqual(
      tiersToProve(ruled(former(old), intent, ruleWeights(old.slots)), balanced(group("fargate", "new"))),
      ["fargate"],
    );
  });
  it("counts nothing as proven that a crashed update was about to do", () =>
    assert.deepEqual(tiersToProve(live(a, split(50)), split(50)), ["fargate"]));
});

describe("a stack file that disagrees with what is live", () => {
  const split = { ...traffic("vercel", "198.51.100.1", at("fargate", "198.51.100.2", 50)), revision: 3 };
  const live = (state: TrafficState, records = recordsOf(state)) => asLive(state, { records });
  const wish = { stack: "prod", architecture: "vercel", revision: 3 };
  const canary = (percent: number) => ({ tier: "fargate", percent });

  it("may flip, walk a canary, promote it, or set it to nothing", () => {
    const plain = live({ ...traffic("vercel", "198.51.100.1"), revision: 3 });
    assert.equal(disagreement(empty, wish, NAME), undefined);
    assert.equal(disagreement(plain, wish, NAME), undefined);
    assert.equal(disagreement(plain, { ...wish, architecture: "fargate" }, NAME), undefined);
    assert.equal(disagreement(live(split), { ...wish, canary: canary(100) }, NAME), undefined);
    assert.equal(disagreement(live(split), { ...wish, canary: canary(0) }, NAME), undefined);
    assert.equal(disagreement(live(split), { ...wish, architecture: "fargate" }, NAME), undefined);
  });
  it("stops a file from before the latest step of a migration", () =>
    assert.match(
      disagreement(live(split), { ...wish, revision: 2, canary: canary(10) }, NAME) ?? "",
      /older than what is live.*revision 4/s,
    ));
  it("stops a file that does not name the running canary", () =>
    assert.match(
      disagreement(live(split), wish, NAME) ?? "",
      /fargate has 50 % of the traffic.*does not name it.*Decide which/s,
    ));
  it("stops when weights were changed by hand, unless the file asks for them", () => {
    const byHand = recordsOf(split).map((record) => ({ ...record, weight: record.slot === "canary" ? 80 : 20 }));
    assert.match(
      disagreement(live(split, byHand), { ...wish, canary: canary(50) }, NAME) ?? "",
      /20 and 80.*changed by hand/s,
    );
    assert.equal(disagreement(live(split, byHand), { ...wish, canary: canary(80) }, NAME), undefined);
  });
  it("goes on when the file says that it is the newer one", () =>
    assert.equal(disagreement(live(split), { ...wish, revision: 4 }, NAME), undefined));
  it("sends a name that is live with a simple record to adopt-dns", () => {
    const simple: LiveRecord = { ttl: 300, target: { kind: "addresses", ipv4: ["198.51.100.9"] } };
    assert.match(disagreement({ ...empty, records: [simple] }, wish, NAME) ?? "", /platform adopt-dns --stack prod/);
  });
});

describe("knownValue", () => {
  it("gives the value, and rejects for one that never comes, fails, or is unknown", async () => {
    assert.equal(await knownValue(pulumi.output("x"), "x", 1), "x");
    await assert.rejects(
      knownValue(pulumi.output(new Promise<string>(() => {})), "the end", 0.05),
      /the end: no answer/,
    );
    await assert.rejects(knownValue(pulumi.output(Promise.reject(new Error("refused"))), "it", 1), /refused/);
    await assert.rejects(knownValue(pulumi.output(pulumi.unknown as string), "the address", 1), /address is not known/);
  });
});
