import assert from "node:assert/strict";
import { violations, waitOf } from "../harness/checks";
import type { Call } from "../harness/cloud";
import { Migrating, type Moment } from "../harness/migrating";
import { tierOf } from "../harness/services";
import { type Project, projectFor, settings } from "../harness/stack";

/** One pair of each family, by what moves its visitors first at a share and at the swap; ENGINE_PAIRS=all takes all. */
const FAMILIES = [
  { from: "fargate", to: "vercel", share: "traffic-serving", swap: "traffic-serving" },
  { from: "monitored-instance", to: "fargate", share: "traffic-serving", swap: "traffic-serving" },
  // The load balancer's rule gives the same shares before and after the swap.
  { from: "ha-web-tier", to: "fargate", share: "traffic-catch-all", swap: "traffic-intent" },
] as const;

for (const { from, to, share, swap } of process.env.ENGINE_PAIRS === "all" ? FAMILIES : FAMILIES.slice(0, 1)) {
  describe(`platform migrate ${from} -> ${to}: SIGKILL at every step, and a further run goes on`, () => {
    let project: Project;
    let migrating: Migrating;
    before(async function () {
      project = await projectFor(this, () => settings(from));
      migrating = new Migrating(project);
      project.services.health.answers.length = 0;
    });
    after(() => project?.stop());

    const is = (name: string) => (call: Call) => call.name === name && call.op === "update";
    const seen: Call[] = [];
    const moments: [string, Moment][] = [
      ["while the database is copied", { line: /database snapshot/ }],
      ["while the new tier is built", { call: ({ urn, op }) => op === "create" && tierOf(urn) === to }],
      ["while it waits for the new tier to be quiet", { line: new RegExp(`wait until ${to} is quiet`) }],
      ["between the intent of 10 % and what gives it", { call: is("traffic-intent") }],
      ["in the midst of what gives 10 %", { call: is(share) }],
      ["while it watches 10 %", { line: new RegExp(`watch ${to} at 10 %`) }],
      ["while resolvers let go, at 100 %", { line: new RegExp(`100 % to ${to}[\\s\\S]*let go of the old answer`) }],
      ["while it watches 100 %", { line: new RegExp(`watch ${to} at 100 %`) }],
      ["in the midst of the swap", { call: is(swap) }],
      ["between the swap and the retirement", { line: /✓ apply what the file says/ }],
      ["while the old tier is deleted", { call: ({ op, urn }) => op === "delete" && tierOf(urn) === from }],
    ];
    for (const [index, [what, when]] of moments.entries()) {
      it(what, async () => {
        // Nothing is under way before the first change of the file.
        const where = index <= 1 ? ["--to", to] : [];
        const { calls } = await migrating.killed(when, "--steps", "10,100", ...where);
        seen.push(...calls);
        if (index < moments.length - 1) {
          const gone = calls.filter(({ op, urn }) => op === "delete" && tierOf(urn) === from);
          assert.deepEqual(gone, [], "the old tier is there until the end");
        }
        const slots = project.cloud.of("aws:route53/record:Record").filter(({ name }) => /serving|canary/.test(name));
        assert.equal(slots.length, 2, "both records are there, whatever happened");
        assert.ok(
          slots.some(({ inputs }) => inputs.weightedRoutingPolicies[0].weight > 0),
          "one of them has weight",
        );
      });
    }

    it("and the last run completes it", async () => {
      const { code, output, calls } = await migrating.run("--steps", "10,100");
      assert.equal(code, 0, output);
      seen.push(...calls);
      const flip = { from, to, seconds: waitOf(from) };
      assert.deepEqual(violations(seen, project.services.health.answers, flip), []);
      assert.doesNotMatch(migrating.file(), /canary|from:/);
      const plain = await project.up();
      assert.equal(plain.code, 0, plain.output);
      assert.match(plain.output, /unchanged/);
    });
  });
}
