import assert from "node:assert/strict";
import { reviewDocument } from "../../../../cli/commands/look/review";
import { planStack } from "../../../../cli/planner/planner";
import { isRef, type Plan, type PlannedResource } from "../../../../core/plan-format";
import { inBoth } from "../../../../core/plan-reader";
import { changesOf } from "../../../../insight/change/flip-changes";
import { insideOf } from "../../../../insight/change/inside";
import { toMarkdown } from "../../../../output/markdown";
import { contextOf } from "../fixtures";

const reviewOf = (...args: Parameters<typeof reviewDocument>) => toMarkdown(reviewDocument(...args), 2);

const IMAGE = `123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/iamvet@sha256:${"0".repeat(64)}`;
const WORKLOAD = { fargate: "fargate-service", "ha-web-tier": "ha-web-tier-group" } as const;
const TIERS = ["fargate", "ha-web-tier"] as const;

describe("a change inside a tier", function () {
  this.timeout(60_000);
  const plan = (architecture: string, config: Record<string, unknown> = {}) =>
    planStack("prod", { architecture, config: { image: { uri: IMAGE }, ...config } });
  const named = (one: Plan, name: string): PlannedResource => {
    const found = one.resources.find((resource) => resource.name === name);
    assert.ok(found, `${name} is in the plan`);
    return found;
  };
  /** Whether one resource is registered behind another, by however many between. */
  const behind = (one: Plan, name: string, other: string): boolean => {
    const { urn } = named(one, other);
    const { dependencies } = named(one, name);
    const near = one.resources.filter((resource) => dependencies.includes(resource.urn));
    return dependencies.includes(urn) || near.some((resource) => behind(one, resource.name, other));
  };
  const byName = (before: Plan, after: Plan) =>
    new Map(changesOf(before, after).map((change) => [change.name, change] as const));

  it("is found in an earlier plan in which the tier had another parent", async () => {
    const [before, after] = [await plan("fargate"), await plan("fargate", { app: { port: 3001 } })];
    const { urn } = named(before, "fargate-targets");
    const former = `${urn}-of-former-parent`;
    const earlier: Plan = JSON.parse(JSON.stringify(before).replaceAll(`"${urn}"`, `"${former}"`));
    const now = {
      ...after,
      resources: after.resources.map((one) => (one.urn === urn ? { ...one, aliases: [former] } : one)),
    };
    assert.deepEqual(insideOf(changesOf(earlier, now), earlier, now), []);
    const [[old, same] = []] = inBoth([earlier], [now]);
    assert.match(
      insideOf(changesOf(old as Plan, same as Plan), old as Plan, now).join(),
      /replaced beside what serves/,
    );
  });

  for (const tier of TIERS) {
    it(`${tier}: the rule stands behind who serves, the records behind the rule, and the state behind all`, async () => {
      for (const one of [
        await plan(tier),
        await plan(tier, {
          traffic: { canary: "vercel", percent: 10 },
          vercel: { repository: "a/b", databaseAccess: "public-tls" },
        }),
      ]) {
        assert.ok(behind(one, "traffic-catch-all", "traffic-intent"));
        assert.ok(behind(one, "traffic-catch-all", WORKLOAD[tier]));
        for (const record of ["traffic-serving", "traffic-canary"]) {
          assert.ok(behind(one, record, "traffic-catch-all"), record);
          assert.ok(behind(one, "traffic-state", record), record);
        }
        assert.ok(behind(one, WORKLOAD[tier], `${tier}-probe`), "AWS takes no group that no rule leads to");
      }
    });

    it(`${tier}: another port replaces what serves, and takes nothing from it`, async () => {
      const [before, after] = [await plan(tier), await plan(tier, { app: { port: 3001 } })];
      const changes = byName(before, after);
      const doing = (name: string) => changes.get(name)?.operation;
      for (const name of [`${tier}-targets`, WORKLOAD[tier], `${tier}-errors`, `${tier}-scale-on-cpu`]) {
        assert.equal(doing(name), "replace", name);
      }
      // Rules of a security group stand by their port.
      for (const rule of [`${tier}-from-balancer`, `${tier}-to-targets`]) {
        assert.deepEqual([doing(`${rule}-3000`), doing(`${rule}-3001`)], ["delete", "create"], rule);
      }
      // The rules are led over in place: the probe's at once, the visitors' behind the gate.
      assert.deepEqual(
        ["probe", "catch-all"].map((rule) => {
          const change = changes.get(rule === "probe" ? `${tier}-probe` : `traffic-${rule}`);
          return [change?.operation, change?.stage];
        }),
        [
          ["update", "build"],
          ["update", "switch"],
        ],
      );
      const said = insideOf([...changes.values()], before, after);
      assert.equal(said.length, 1);
      assert.match(
        said[0] as string,
        new RegExp(`^${tier} is replaced beside what serves, behind the gates \\(port changes\\)`),
      );
      const review = reviewOf([before], [after], () => contextOf());
      assert.match(review, /### prod: .*, safe, with a replacement of what serves/);
      assert.ok(review.includes(said[0] as string));
      assert.match(review, /both at once cost \$\d/);
    });
  }

  it("another path of the health check judges new targets, never those of the release that serves", async () => {
    for (const tier of TIERS) {
      const [before, after] = [await plan(tier), await plan(tier, { app: { healthPath: "/api/health" } })];
      const changes = byName(before, after);
      for (const name of [`${tier}-targets`, WORKLOAD[tier]])
        assert.equal(changes.get(name)?.operation, "replace", name);
      assert.equal(changes.get("traffic-catch-all")?.stage, "switch");
    }
  });

  it("a change that replaces nothing of what serves is not said to", async () => {
    const [before, after] = [await plan("fargate"), await plan("fargate", { fargate: { memory: 2048 } })];
    assert.deepEqual(insideOf(changesOf(before, after), before, after), []);
    const review = reviewOf([before], [after], () => contextOf());
    assert.doesNotMatch(review, /replacement of what serves/);
  });

  it("a server stays for another subnet, and another one has another address, alarms and a recovery of its own", async () => {
    const release = { release: { url: "s3://releases/v1.tgz", sha256: "0".repeat(64) } };
    const before = await plan("monitored-instance", { existing: {}, instance: release });
    const server = named(before, "monitored-instance-instance");
    assert.ok(server.ignoreChanges.includes("subnetId"));
    for (const name of [
      "address",
      "address-of",
      "recovery-automation",
      "recovery-watcher-on-alarm",
      "recovery-watcher-state",
      "recovery-watcher-function",
      "recovery-automation-role",
    ]) {
      const { replacementTrigger } = named(before, `monitored-instance-${name}`);
      assert.ok(isRef(replacementTrigger) && replacementTrigger.$ref === server.urn, name);
    }
    // Asked for: nothing in the settings replaces it.
    const another = { ...server, inputs: { ...server.inputs, keyName: "a-key" } };
    const after = { ...before, resources: before.resources.map((one) => (one === server ? another : one)) };
    const changes = byName(before, after);
    for (const name of ["instance", "address", "address-of", "recovery-automation", "system-check"]) {
      assert.equal(changes.get(`monitored-instance-${name}`)?.operation, "replace", name);
    }
    assert.deepEqual(
      ["traffic-serving", "traffic-canary"].map((name) => changes.get(name)?.operation),
      ["update", "update"],
    );
    const said = insideOf([...changes.values()], before, after);
    assert.equal(said.length, 1);
    assert.match(
      said[0] as string,
      /^monitored-instance .*an address of its own.*resolvers let go within \d+ s.*its disk/,
    );
  });

  it("another type of the server is an interruption, and said to be one", async () => {
    const release = { release: { url: "s3://releases/v1.tgz", sha256: "0".repeat(64) } };
    const server = (type: string) => plan("monitored-instance", { existing: {}, instance: { ...release, type } });
    const review = reviewOf([await server("t3.small")], [await server("t3.large")], () => contextOf());
    assert.match(review, /about 120 s/);
    assert.match(review, /monitored-instance-instance serves and is interrupted at once: EC2 stops it/);
  });
});
