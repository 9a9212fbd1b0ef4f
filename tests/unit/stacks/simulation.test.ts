import assert from "node:assert/strict";
import fc from "fast-check";
import { seeded } from "../../../core/random";
import { encodeTraffic } from "../../../core/traffic-state";
import { liveGates, tiersToProve } from "../../../stacks/gates";
import type { AwsReader } from "../../../stacks/gates/live-aws";
import {
  exposuresOf,
  lossOf,
  type SimulationReport,
  type SimulationRow,
  simulateFlips,
  VISITORS,
  without,
} from "../../../stacks/simulation/simulation";
import {
  type Behaviour,
  type GateCode,
  type History,
  type Update,
  World,
} from "../../../stacks/simulation/simulation-world";

/** The gates of `pulumi up`. */
const code: GateCode = { liveGates, tiersToProve, encodeTraffic };

const forgets = (aws: AwsReader): AwsReader => ({
  ...aws,
  history: async (name) => (await aws.history(name)).slice(-1),
});
/** Gates that know of the latest version of a parameter only. */
const forgetful: GateCode = {
  ...code,
  liveGates: (options) => liveGates({ ...options, ...(options.aws ? { aws: forgets(options.aws) } : {}) }),
};

const tier = fc.constantFrom("monitored-instance", "fargate", "vercel");
const update = fc.record(
  {
    serving: tier,
    ttl: fc.constantFrom(30, 60, 300),
    canary: fc.record({ tier, percent: fc.constantFrom(0, 10, 50, 100) }),
    failsAt: fc.nat(60),
    failure: fc.constantFrom("refused" as const, "forgotten" as const, "killed" as const),
    pause: fc.constantFrom(0, 5, 45, 90, 600),
  },
  { requiredKeys: ["serving", "ttl", "failure", "pause"] },
);
const behaviour = fc.record({
  startsAfter: fc.constantFrom(0, 20_000, 90_000, Number.POSITIVE_INFINITY),
  sick: fc.array(
    fc.record({ from: fc.nat(400_000), for: fc.constantFrom(5_000, 60_000, 1_000_000) }).map((one) => ({
      from: one.from,
      to: one.from + one.for,
    })),
    { maxLength: 2 },
  ),
});
/** A life of a stack: what was asked of it, how its tiers behaved, and the dice. */
const story = fc.record({
  seed: fc.nat(),
  drainSeconds: fc.constantFrom(0, 60),
  updates: fc.array(update, { minLength: 2, maxLength: 6 }),
  behaviours: fc.array(behaviour, { minLength: 1, maxLength: 6 }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

async function play(gates: GateCode, { seed, drainSeconds, updates, behaviours }: Story): Promise<History> {
  let built = 0;
  const world = new World({
    code: gates,
    random: seeded(seed),
    behaviour: () => behaviours[built++ % behaviours.length] as Behaviour,
    gates: { healthyCount: 2, intervalSeconds: 10, timeoutSeconds: 120, drainSeconds },
  });
  for (const { canary, ...rest } of updates) {
    await world.up({ ...rest, ...(canary && canary.tier !== rest.serving ? { canary } : {}) } as Update);
  }
  return world.history;
}

const exposed = (gates: GateCode, runs: number) =>
  fc.check(
    fc.asyncProperty(story, async (one) => {
      assert.deepEqual(exposuresOf(await play(gates, one)), []);
    }),
    { numRuns: runs, seed: 20261126 },
  );

describe("the flip, simulated", () => {
  it("sends no visitor of a resolver that keeps to TTL to a tier that does not serve, whatever fails when", async function () {
    this.timeout(60_000);
    const { failed, counterexample } = await exposed(code, 2000);
    assert.equal(failed, false, JSON.stringify(counterexample));
  });

  it("comes through with the new tier often enough to have tested something", async () => {
    const ends = { done: 0, other: 0 };
    for (const one of fc.sample(story, { numRuns: 100, seed: 1 })) {
      for (const end of (await play(code, one)).updates) ends[end === "done" ? "done" : "other"]++;
    }
    assert.ok(ends.done > 50 && ends.other > 50, JSON.stringify(ends));
  });

  it("would not if a lowered TTL were taken for the one that resolvers hold", async function () {
    this.timeout(60_000);
    const { failed } = await exposed(forgetful, 2000);
    assert.equal(failed, true);
  });

  for (const gate of ["ready", "settled"] as const) {
    it(`would not without the gate "${gate}"`, async () => {
      const { failed } = await exposed(without(code, gate), 300);
      assert.equal(failed, true);
    });
  }
});

describe("what a flip loses", () => {
  const gates = { healthyCount: 3, intervalSeconds: 5, timeoutSeconds: 300 };
  const simulate = (more: object = {}) => simulateFlips({ code, gates, flips: 40, drains: [0, 300, 3600], ...more });
  let report: SimulationReport;
  before(async () => {
    report = await simulate();
  });
  const rowOf = ({ rows }: SimulationReport, which: SimulationRow["gates"], drain = 60) =>
    rows.find(({ gates: one, drainSeconds }) => one === which && drainSeconds === drain) as SimulationRow;

  it("falls with drain, for resolvers that overstay; the rest lose nothing", () => {
    const both = report.rows.filter((row) => row.gates === "both");
    assert.deepEqual(
      both.map(({ drainSeconds }) => drainSeconds),
      [0, 60, 300, 3600],
    );
    for (const [i, row] of both.entries()) {
      assert.equal(row.exposed, 0, `drain ${row.drainSeconds}`);
      assert.equal(row.by.unready, 0);
      if (i > 0) assert.ok(row.by.gone < (both[i - 1]?.by.gone as number), `drain ${row.drainSeconds}`);
    }
    assert.ok(rowOf(report, "both", 0).by.gone > 50);
    assert.ok(rowOf(report, "both", 3600).by.gone < 5);
  });

  it("is much more without either gate, by the cause that the gate is for", () => {
    const both = rowOf(report, "both");
    assert.ok(rowOf(report, "without ready").by.unready > 5 * both.by.gone);
    assert.ok(rowOf(report, "without settled").by.gone > 1.4 * both.by.gone);
    assert.ok(rowOf(report, "without ready").exposed > 10 && rowOf(report, "without settled").exposed > 5);
  });

  it("is more where a lowered TTL is taken for the one that resolvers hold", async () => {
    const row = rowOf(await simulate({ code: forgetful, drains: [] }), "both");
    assert.ok(row.exposed > 0, `${row.exposed} flips`);
    assert.ok(row.by.gone > rowOf(report, "both").by.gone);
  });

  it("is nothing but illness where every resolver keeps to TTL, and the gates are why", async () => {
    const strict = await simulate({ visitors: { overstayShare: 0 }, drains: [0], flips: 20 });
    for (const drain of [0, 60]) {
      const { gone, unready } = rowOf(strict, "both", drain).by;
      assert.equal(gone + unready, 0, `drain ${drain}`);
    }
    assert.ok(rowOf(strict, "without settled").by.gone > 0);
  });

  it("is the same for the same seed, and another for another", async () => {
    const few = { flips: 5, drains: [] };
    const first = await simulate(few);
    assert.deepEqual(await simulate(few), first);
    assert.notDeepEqual((await simulate({ ...few, seed: 2 })).rows, first.rows);
  });

  it("counts what a resolver sends to a tier that is gone, to the second", () => {
    const life = { ready: 0, sick: [], deleted: Number.POSITIVE_INFINITY };
    const history: History = {
      lifetimes: [
        { tier: "old", address: "a", ...life, deleted: 100_000 },
        { tier: "new", address: "b", ...life },
      ],
      dnsAnswers: [
        { server: 0, slot: "serving", at: 0, weight: 100, address: "a", ttl: 60 },
        { server: 0, slot: "serving", at: 50_000, weight: 100, address: "b", ttl: 60 },
      ],
      updates: [],
      end: 300_000,
    };
    // Fetched before 50 s, an answer is used until 110 s at the latest: ten seconds too long.
    assert.deepEqual(exposuresOf(history), [{ kind: "gone", tier: "old", from: 100_000, to: 110_000 }]);
    // One resolver asks at 0 and holds for 60 s + nothing: it asks anew at 60 s and never meets the gap.
    const all = { ...VISITORS, requestsPerSecond: 10, resolvers: 1, overstayShare: 0 };
    assert.equal(lossOf(history, all, () => 0, 0, 300_000).gone, 0);
    // Asked first at 45 s it holds the old answer until 105 s: five seconds of ten requests.
    assert.equal(Math.round(lossOf(history, all, () => 0, 45_000, 300_000).gone), 50);
  });

  for (const [visitors, message] of [
    [{ requestsPerSecond: 0 }, /rate of requests must be above 0/],
    [{ overstayShare: 1.5 }, /from 0 to 1/],
    [{ resolvers: 2.5 }, /whole number above 0/],
  ] as const) {
    it(`takes no ${Object.keys(visitors)} of ${Object.values(visitors)}`, () =>
      assert.rejects(simulate({ visitors }), message));
  }
});
