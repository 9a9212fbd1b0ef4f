import assert from "node:assert/strict";
import type { TrafficState } from "../../../../core/traffic-state";
import { disagreement } from "../../../../stacks/gates";
import type { LiveRecord } from "../../../../stacks/gates/live-aws";
import { asLive, at, empty, NAME, recordsOf, traffic } from "./fixtures";

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
