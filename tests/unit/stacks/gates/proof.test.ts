import assert from "node:assert/strict";
import { ruleWeights, type TrafficState } from "../../../../core/traffic-state";
import { tiersToProve } from "../../../../stacks/gates";
import { asLive, at, empty, traffic } from "./fixtures";

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
