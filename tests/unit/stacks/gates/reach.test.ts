import assert from "node:assert/strict";
import type { TrafficState } from "../../../../core/traffic-state";
import type { LiveRecord } from "../../../../stacks/gates/live-aws";
import { losesVisitors } from "../../../../stacks/gates/proof";
import {
  answersOf,
  foundByHand,
  holdOf,
  type Intended,
  type LiveTraffic,
  mayReach,
  type Reached,
} from "../../../../stacks/gates/reach";

const DRAIN = 60;
const NOW = 1_000_000_000;

const slot = (tier: string, ip: string, weight: number) => ({
  tier,
  weight,
  share: weight,
  target: { kind: "addresses" as const, ipv4: [ip] },
});
const ADDRESSES: Readonly<Record<string, string>> = { vercel: "198.51.100.1", fargate: "198.51.100.2" };
const of = (tier: string, ttl = 60, canary = slot(tier, ADDRESSES[tier] as string, 0)): TrafficState => ({
  revision: 0,
  ttl,
  slots: { serving: slot(tier, ADDRESSES[tier] as string, 100 - canary.weight), canary },
});
const recordsOf = ({ ttl, slots }: TrafficState): LiveRecord[] =>
  (["serving", "canary"] as const).map((name) => ({ slot: name, ttl, ...slots[name] }));

/** One change of traffic: when it was asked for and when it was reached, in seconds before now; cut off if it was not. */
interface Change {
  readonly to: TrafficState;
  readonly asked: number;
  readonly reached?: number;
}

/** What is read after some changes; the records are where the last one led, unless they are given. */
function liveAfter(changes: readonly Change[], records = recordsOf((changes.at(-1) as Change).to)): LiveTraffic {
  const intents = changes.map(
    ({ to, asked }, i): Intended => ({ version: i + 1, value: to, modified: NOW - asked * 1000 }),
  );
  const states = changes.flatMap(({ to, reached }, i): Reached[] =>
    reached === undefined ? [] : [{ intent: i + 1, value: to, modified: NOW - reached * 1000 }],
  );
  const [intent, state] = [intents.at(-1), states.at(-1)];
  return {
    at: NOW,
    records,
    ...(intent && { intent }),
    ...(state && { state }),
    ...answersOf({ records }, intents, states),
  };
}

/** Seconds that remain of a hold. */
const remains = (live: LiveTraffic, now: TrafficState) => {
  const hold = holdOf(live, now, NOW, DRAIN);
  return hold ? (hold.until - NOW) / 1000 : 0;
};

describe("what visitors can still reach", () => {
  const [vercel, fargate] = [of("vercel"), of("fargate")];
  const long = { to: vercel, asked: 90_000, reached: 89_990 };
  const reached = (live: LiveTraffic) => ["vercel", "fargate"].filter((tier) => mayReach(live, tier, DRAIN));

  it("is who serves, and whom resolvers hold for TTL and drain after visitors were led away", () => {
    assert.deepEqual(reached(liveAfter([long])), ["vercel"]);
    const left = (seconds: number) => liveAfter([long, { to: fargate, asked: seconds + 10, reached: seconds }]);
    assert.deepEqual(reached(left(119)), ["vercel", "fargate"]);
    assert.deepEqual(reached(left(121)), ["fargate"]);
    assert.equal(remains(left(50), fargate), 70);
    assert.equal(remains(left(121), fargate), 0);
  });
  it("is either side of a change that was cut off, for as long as it stays so", () => {
    const cut = { to: fargate, asked: 80_000 };
    for (const records of [recordsOf(vercel), recordsOf(fargate)]) {
      assert.deepEqual(reached(liveAfter([long, cut], records)), ["vercel", "fargate"]);
      assert.equal(remains(liveAfter([long, cut], records), fargate), 60 + DRAIN);
    }
    const back = liveAfter([long, cut, { to: vercel, asked: 200, reached: 190 }]);
    assert.deepEqual(reached(back), ["vercel"]);
  });
  it("counts the TTL with which an answer was given, though it was lowered since", () => {
    const lowered = (seconds: number) =>
      liveAfter([
        { to: of("vercel", 3600), asked: 90_000, reached: 89_990 },
        { to: vercel, asked: seconds + 10, reached: seconds },
      ]);
    assert.equal(remains(lowered(600), fargate), 3600 + DRAIN - 600);
    assert.equal(remains(lowered(3600), fargate), 60 + DRAIN);
  });
  it("lets a tier lose what an update led to it that was cut off, whatever the latest state says", () => {
    const ten = of("vercel", 60, slot("fargate", ADDRESSES.fargate as string, 10));
    const none = of("vercel", 60, slot("fargate", ADDRESSES.fargate as string, 0));
    const warm = { to: none, asked: 80_000, reached: 79_990 };
    const loses = (live: LiveTraffic, next = none) =>
      ["vercel", "fargate"].filter((tier) => losesVisitors(live, next, tier));
    for (const records of [recordsOf(none), recordsOf(ten)]) {
      assert.deepEqual(loses(liveAfter([warm, { to: ten, asked: 70_000 }], records)), ["fargate"]);
    }
    // The way back was cut off too.
    const back = { to: none, asked: 60_000 };
    assert.deepEqual(loses(liveAfter([warm, { to: ten, asked: 70_000 }, back])), ["fargate"]);
    // By hand.
    assert.deepEqual(loses(liveAfter([warm], recordsOf(ten))), ["fargate"]);
  });
  it("lets no tier off that keeps its visitors, has had none, or gets more", () => {
    const none = of("vercel", 60, slot("fargate", ADDRESSES.fargate as string, 0));
    const ten = of("vercel", 60, slot("fargate", ADDRESSES.fargate as string, 10));
    assert.equal(losesVisitors(liveAfter([{ to: none, asked: 80_000, reached: 79_990 }]), none, "fargate"), false);
    assert.equal(losesVisitors(liveAfter([{ to: none, asked: 80_000, reached: 79_990 }]), ten, "fargate"), false);
    const gone = liveAfter([long, { to: ten, asked: 500, reached: 490 }, { to: none, asked: 50, reached: 40 }]);
    assert.equal(losesVisitors(gone, none, "fargate"), false);
    assert.equal(losesVisitors(liveAfter([], []), vercel, "vercel"), false);
  });
  it("takes a change that says what is so already for no change", () => {
    const again = liveAfter([long, { to: { ...vercel, revision: 1 }, asked: 5, reached: 4 }]);
    assert.equal(remains(again, vercel), 0);
  });
  it("does not take a state of parameters that were deleted since for one that left anything behind", () => {
    const records = recordsOf(fargate);
    const states = [{ intent: 7, value: vercel, modified: NOW - 90_000_000 }];
    const intents = [{ version: 1, value: vercel, modified: NOW - 10_000 }];
    const live: LiveTraffic = { at: NOW, records, ...answersOf({ records }, intents, states) };
    assert.ok(mayReach(live, "vercel", DRAIN));
  });
  it("is a tier that a record names without a weight, which somebody may give back by hand", () => {
    const moved = of("vercel", 60, slot("fargate", ADDRESSES.fargate as string, 100));
    assert.deepEqual(reached(liveAfter([{ to: moved, asked: 90_000, reached: 89_990 }])), ["vercel", "fargate"]);
  });
  it("may be any tier where the records lead to what no parameter names", () => {
    const records = recordsOf(vercel);
    assert.ok(mayReach({ at: NOW, records, ...answersOf({ records }, [], []) }, "vercel", DRAIN));
  });

  describe("by hand", () => {
    const split = { ...fargate, slots: { serving: fargate.slots.serving, canary: slot("vercel", "198.51.100.1", 0) } };
    const changed = (records: readonly LiveRecord[], state: TrafficState = split) =>
      liveAfter([{ to: state, asked: 90_000, reached: 89_990 }], [...records]);
    const weighted = recordsOf(split).map((record) => ({ ...record, weight: 50 }));
    const slow = recordsOf(split).map((record) => ({ ...record, ttl: 3600 }));

    it("is what the records say, whatever updates wrote", () => {
      assert.deepEqual(reached(changed(weighted)), ["vercel", "fargate"]);
      assert.equal(remains(changed(slow), vercel), 3600 + DRAIN);
    });
    it("is found once, and counts as given until an update has led away from it", () => {
      assert.equal(foundByHand(changed(recordsOf(split)), split), undefined);
      const found = foundByHand(changed(weighted), split);
      assert.deepEqual(found, {
        at: NOW,
        ttl: 60,
        tiers: ["fargate", "vercel"],
        visitors: { "198.51.100.1": 50, "198.51.100.2": 50 },
      });
      const written = { ...split, ...(found ? { found } : {}) };
      assert.equal(foundByHand(changed(weighted, written), split), found, "the same is no further change");
      const cut = liveAfter([{ to: written, asked: 9, reached: 8 }], recordsOf(split));
      assert.deepEqual(reached(cut), ["vercel", "fargate"], "resolvers hold it, though the records are whole");
      assert.equal(remains(cut, split), 60 + DRAIN);
    });
    it("is not what an update asks for anyway, as when records were adopted", () => {
      const records = recordsOf(vercel);
      const live: LiveTraffic = { at: NOW, records, ...answersOf({ records }, [], []) };
      assert.equal(foundByHand(live, vercel), undefined);
      assert.equal(foundByHand(live, of("vercel", 30))?.ttl, 60);
    });
  });
});
