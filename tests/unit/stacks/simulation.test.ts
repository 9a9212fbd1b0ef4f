import assert from "node:assert/strict";
import { lossOf, RESOLVERS, type SimulationRow, simulateFlips } from "../../../stacks/simulation/simulation";

describe("what a flip loses", () => {
  const visitors = { ...RESOLVERS, requestsPerSecond: 10 };
  const options = { ttl: 60, drainSeconds: 60, drains: [0, 300, 3600], visitors, flips: 100, seed: 1 };
  const rows = simulateFlips(options);
  const rowOf = (which: SimulationRow["gates"], drain = 60, found = rows) =>
    found.find(({ gates, drainSeconds }) => gates === which && drainSeconds === drain) as SimulationRow;

  it("falls with drain, for resolvers that overstay; the rest lose nothing", () => {
    const both = rows.filter(({ gates }) => gates === "both");
    assert.deepEqual(
      both.map(({ drainSeconds }) => drainSeconds),
      [0, 60, 300, 3600],
    );
    for (const [i, { drainSeconds, exposed, by }] of both.entries()) {
      assert.deepEqual([exposed, by.unready], [0, 0], `drain ${drainSeconds}`);
      if (i > 0) assert.ok(by.gone < (both[i - 1]?.by.gone as number), `drain ${drainSeconds}`);
    }
    assert.ok(rowOf("both", 0).by.gone > 50 && rowOf("both", 3600).by.gone < 5);
  });

  it("is much more without either gate, by the cause that the gate is for", () => {
    const { by } = rowOf("both");
    assert.ok(rowOf("without ready").by.unready > 2 * by.gone);
    assert.ok(rowOf("without settled").by.gone > 1.4 * by.gone);
    for (const which of ["without ready", "without settled"] as const) assert.ok(rowOf(which).exposed > 50, which);
  });

  it("comes with how long the old tier is kept once traffic may move: propagation, TTL and drain", () => {
    // Records take a minute at most to be everywhere, and half of it on average.
    for (const { gates, drainSeconds, keptSeconds } of rows) {
      const least = gates === "without settled" ? 0 : 60 + drainSeconds;
      const over = keptSeconds - least;
      assert.ok(over > 20 && over < 40, `${gates}, drain ${drainSeconds}: ${keptSeconds} s`);
    }
    assert.equal(rowOf("without ready").keptSeconds, rowOf("both").keptSeconds);
  });

  it("is nothing where every resolver keeps to TTL, and the gates are why", () => {
    const strict = simulateFlips({ ...options, visitors: { ...visitors, overstayShare: 0 } });
    for (const drain of [0, 60]) assert.equal(rowOf("both", drain, strict).mean, 0, `drain ${drain}`);
    assert.ok(rowOf("without settled", 60, strict).by.gone > 0);
  });

  it("is the same for the same seed, and another for another", () => {
    assert.deepEqual(simulateFlips(options), rows);
    assert.notDeepEqual(simulateFlips({ ...options, seed: 2 }), rows);
  });

  it("counts what a resolver sends to a tier that is gone, or not up yet, to the second", () => {
    const flip = { ttl: 60, moved: 0, learned: [50] };
    const one = { ...visitors, resolvers: 1, overstayShare: 0 };
    // Fetched half a TTL before its server learned better, an answer is used until 80 s.
    const half = () => 0.5;
    assert.deepEqual(lossOf({ ...flip, ready: 0, deleted: 75 }, one, half), { unready: 0, gone: 50 });
    assert.deepEqual(lossOf({ ...flip, ready: 82, deleted: 300 }, one, half), { unready: 20, gone: 0 });
    assert.deepEqual(lossOf({ ...flip, ready: 0, deleted: 300 }, one, half), { unready: 0, gone: 0 });
  });
});
