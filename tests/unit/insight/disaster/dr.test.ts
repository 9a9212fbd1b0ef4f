import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DOCS, disasterDocs, disasterPlans, renderDisasterPlan } from "../../../../cli/commands/look/dr";
import { loadPlanner } from "../../../../cli/planner/load";
import { planStack } from "../../../../cli/planner/planner";
import { type DisasterPlan, disasterPlan, type Scenario } from "../../../../insight/disaster/disaster-plan";

const REGION = "ap-northeast-2";
const found = {
  identifier: "iamvet-db",
  urlSecretArn: "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:iamvet-db-AbCdEf",
};

describe("disaster recovery", () => {
  let prod: DisasterPlan;
  let staging: DisasterPlan;

  before(async function () {
    this.timeout(60_000);
    const plans = await disasterPlans(await loadPlanner(), ["prod", "staging"]);
    [prod, staging] = plans as [DisasterPlan, DisasterPlan];
  });

  const scenario = ({ scenarios }: DisasterPlan, id: string): Scenario => {
    const one = scenarios.find((candidate) => candidate.id === id);
    assert.ok(one, `${id} is in the plan`);
    return one;
  };
  const commands = ({ actions }: Scenario) => actions.flatMap(({ commands = [] }) => commands).join("\n");

  it("knows every disaster, with what it costs, why, and what to do", () => {
    for (const plan of [prod, staging]) {
      assert.deepEqual(
        plan.scenarios.map(({ id }) => id),
        [
          ...["instance-lost", "zone-lost", "region-lost", "database-host-lost", "table-dropped", "database-deleted"],
          ...["bad-deploy", "bad-migration", "dns-lost", "password-leaked"],
        ],
      );
      for (const { id, rpo, rto, actions } of plan.scenarios) {
        assert.ok(rpo.from && rto.from, `${id} says where its figures come from`);
        assert.ok(rpo.seconds !== undefined || rpo.note, id);
        assert.ok(actions.length > 0, id);
        assert.doesNotMatch(JSON.stringify(actions), /undefined|\[object/, id);
      }
    }
  });

  it("follows the plan: Multi-AZ, copies and windows make the difference between the stacks", () => {
    assert.equal(scenario(prod, "zone-lost").rpo.seconds, 0);
    assert.equal(scenario(staging, "zone-lost").rpo.seconds, 300);
    assert.match(
      scenario(staging, "zone-lost").gaps[0]?.mend ?? "",
      /--stack staging --path iamvet:database.multiAz true/,
    );
    assert.equal(scenario(prod, "region-lost").rpo.seconds, 25 * 3600);
    assert.equal(scenario(staging, "region-lost").rpo.seconds, undefined);
    assert.match(scenario(staging, "region-lost").rpo.note ?? "", /no copy of the data/);
    assert.match(scenario(staging, "region-lost").gaps[0]?.mend ?? "", /backups.copyRegion ap-northeast-1/);
    assert.equal(scenario(prod, "database-deleted").rpo.seconds, 300);
  });

  it("restores the region's data elsewhere by a stack config that this project takes", async () => {
    const text = commands(scenario(prod, "region-lost"));
    const settings = [...text.matchAll(/config set --stack prod-dr.*? --path iamvet:database\.(\S+) (\S+)/g)];
    const database: Record<string, unknown> = {};
    for (const [, key = "", value = ""] of settings) {
      if (key === "restore.snapshot")
        database.restore = { snapshot: "arn:aws:rds:ap-northeast-1:123456789012:snapshot:awsbackup:job-1" };
      else database[key] = value;
    }
    assert.deepEqual(Object.keys(database), ["mode", "engineVersion", "restore"]);
    const plan = await planStack("prod", { config: { database } });
    const instance = plan.resources.find(({ name }) => name === "database-instance");
    assert.match(String(instance?.inputs.snapshotIdentifier), /awsbackup/);
    assert.equal(instance?.inputs.username, undefined);
    assert.match(text, /aws:region ap-northeast-1/);
    assert.match(text, /config rm --stack prod-dr --path iamvet:backups\.copyRegion/);
  });

  it("releases by the one command that builds as the Dockerfile asks, and names the version with what runs", async () => {
    const again = commands(scenario(prod, "region-lost"));
    assert.match(
      again,
      /pulumi up --stack prod-dr\n[\s\S]*change-resource-record-sets[\s\S]*release --stack prod-dr --release-version "\$VERSION"/,
    );
    assert.match(again, /config rm --stack prod-dr --path iamvet:image\.uri\n/);
    assert.match(commands(scenario(prod, "bad-deploy")), /release --stack prod --release-version <version before>$/m);
    assert.match(commands(scenario(staging, "bad-deploy")), /<version before> --bucket <bucket>$/m);
    // Without the version the gate waits for the one that went; without a secret app/Dockerfile builds nothing.
    for (const { scenarios } of [prod, staging])
      for (const one of scenarios)
        assert.doesNotMatch(commands(one), /config set .*(image\.uri|instance\.release)|docker buildx/);
  });

  it("names the tier's own commands in each architecture", async function () {
    this.timeout(60_000);
    for (const [architecture, text] of [
      ["monitored-instance", /start-instances/],
      ["ha-web-tier", /describe-scaling-activities/],
      ["vercel", /vercel inspect/],
    ] as const) {
      const plan = disasterPlan(await planStack("staging", { architecture }), REGION);
      assert.match(commands(scenario(plan, "instance-lost")), text);
      if (architecture === "vercel") assert.match(commands(scenario(plan, "dns-lost")), /architecture fargate/);
    }
  });

  it("claims nothing for a database of somebody else", async () => {
    const plan = disasterPlan(
      await planStack("staging", { config: { database: { mode: "existing", ...found } } }),
      REGION,
    );
    const { rpo } = scenario(plan, "database-deleted");
    assert.equal(rpo.seconds, undefined);
    assert.match(rpo.note ?? "", /not this stack's/);
    assert.match(scenario(plan, "password-leaked").actions[0]?.what ?? "", /whoever owns the database/);
    assert.deepEqual(scenario(plan, "zone-lost").gaps, []);
  });

  it("rotates the password by the resource that holds it", () => {
    assert.match(commands(scenario(prod, "password-leaked")), /--replace 'urn:pulumi:prod::.*::database-password'/);
  });

  it("prints a table and the commands", () => {
    const text = renderDisasterPlan(prod);
    assert.match(text, /The region is lost/);
    assert.match(text, /25 h/);
    assert.match(text, /force-failover/);
  });

  it("is what docs/disaster-recovery.md says; `npm run platform -- dr --docs` writes it anew", () => {
    const stale = readFileSync(DOCS, "utf8") !== disasterDocs([prod, staging]);
    assert.equal(stale, false, "docs/disaster-recovery.md is out of date: npm run platform -- dr --docs");
  });
});
