import assert from "node:assert/strict";
import { planStack } from "../../../../cli/planner/planner";
import { isRef, type Plan } from "../../../../core/plan-format";
import { costOf } from "../../../../insight/cost/cost";

const found = {
  identifier: "iamvet-db",
  urlSecretArn: "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:iamvet-db-AbCdEf",
};

describe("the database and its backups in a plan", () => {
  let plan: Plan;
  let adopted: Plan;
  const named = (name: string, one = plan) => {
    const resource = one.resources.find((candidate) => candidate.name === name);
    assert.ok(resource, `${name} is in the plan`);
    return resource;
  };

  before(async function () {
    this.timeout(60_000);
    plan = await planStack("prod", {
      config: {
        database: { readReplica: true, enhancedMonitoring: 60, instanceClass: "db.t4g.medium", storageGb: 100 },
        monitoring: { level: "standard" },
        backups: { enabled: true, copyRegion: "ap-northeast-1", lock: "compliance", restoreTest: "weekly", hour: 22 },
      },
    });
    adopted = await planStack("prod", { config: { database: { mode: "import", ...found } } });
  });

  it("keeps the server's log for as long as the stack says: its group is there before the instance", () => {
    const group = named("database-log-postgresql");
    assert.equal(group.inputs.retentionInDays, 90);
    assert.ok(named("database-instance").dependencies.includes(group.urn));
    assert.match(JSON.stringify(group.inputs.name), /aws\/rds\/instance\/database-/);
  });

  it("forces TLS, logs what changes the schema, and keeps windows apart", () => {
    const parameters = named("database-parameters-18").inputs.parameters as { name: string; value: string }[];
    const value = (name: string) => parameters.find((one) => one.name === name)?.value;
    assert.deepEqual([value("rds.force_ssl"), value("log_statement")], ["1", "ddl"]);
    const { backupWindow, maintenanceWindow } = named("database-instance").inputs;
    assert.deepEqual([backupWindow, maintenanceWindow], ["17:00-18:00", "sun:18:30-sun:19:30"]);
  });

  it("derives the alarms' limits from class and size", () => {
    const threshold = (name: string) => named(`database-${name}`).inputs.threshold;
    assert.equal(threshold("memory"), Math.round(4 * 0.05 * 2 ** 30));
    assert.equal(threshold("storage"), 8 * 2 ** 30);
    assert.equal(threshold("connections"), 269);
    for (const name of ["cpu", "credits", "transactions", "logins", "lag"]) named(`database-${name}`);
    assert.match(JSON.stringify(named("database-transactions").inputs), /idle_in_transaction_max_time/);
    assert.match(String(named("database-failed-logins").inputs.pattern), /password authentication failed/);
  });

  it("lets the replica and enhanced monitoring cost something", () => {
    const { lines, unknown } = costOf(plan, { region: "ap-northeast-2" });
    const of = (resource: string) => lines.filter((line) => line.resource === resource).map(({ item }) => item);
    assert.ok(of("database-replica").some((item) => item.startsWith("db.t4g.medium")));
    assert.ok(
      of("database-replica").some((item) => item.startsWith("Storage")),
      "the primary's size is the replica's",
    );
    assert.ok(of("database-instance").some((item) => item.startsWith("Enhanced monitoring")));
    const weekly = lines.find(({ resource }) => resource === "backups-restore-test");
    assert.ok(weekly && Math.abs(weekly.quantity - (52 / 12) * 2) < 0.1, "twice an hour, each week");
    assert.deepEqual(
      unknown.filter(({ resource }) => /database|backups/.test(resource)),
      [],
    );
  });

  it("backs up each day, week and month, and copies each to the second region", () => {
    const rules = named("backups-plan").inputs.rules as unknown as {
      ruleName: string;
      schedule: string;
      lifecycle: { deleteAfter: number };
      copyActions: { destinationVaultArn: unknown; lifecycle: { deleteAfter: number } }[];
    }[];
    assert.deepEqual(
      rules.map(({ ruleName, schedule, lifecycle }) => [ruleName, schedule, lifecycle.deleteAfter]),
      [
        ["daily", "cron(0 22 ? * * *)", 35],
        ["weekly", "cron(0 22 ? * SUN *)", 90],
        ["monthly", "cron(0 22 1 * ? *)", 365],
      ],
    );
    for (const { copyActions } of rules) {
      assert.equal(copyActions[0]?.lifecycle.deleteAfter, 35);
      const target = copyActions[0]?.destinationVaultArn;
      assert.ok(isRef(target) && target.$ref.endsWith("::backups-copy-vault"));
    }
    assert.equal(named("backups-copy-vault").inputs.region, "ap-northeast-1");
    assert.equal(named("backups-copy-key").inputs.region, "ap-northeast-1");
    assert.deepEqual(
      ["backups-vault", "backups-copy-vault", "backups-copy-key"].map((name) => named(name).protect),
      [true, true, true],
    );
  });

  it("locks both vaults within the plan's own retentions", () => {
    for (const name of ["backups-lock", "backups-copy-lock"]) {
      const { minRetentionDays, maxRetentionDays, changeableForDays } = named(name).inputs;
      assert.deepEqual([minRetentionDays, maxRetentionDays, changeableForDays], [35, 365, 3]);
    }
  });

  it("alarms on failed, missing, uncopied and unrestorable backups", () => {
    const alarm = (name: string) => named(`backups-${name}`).inputs;
    assert.equal(alarm("missing").treatMissingData, "breaching");
    assert.equal(alarm("missing").metricName, "NumberOfBackupJobsCompleted");
    assert.equal(alarm("failed").metricName, "NumberOfBackupJobsFailed");
    assert.equal(alarm("copy-failed").metricName, "NumberOfCopyJobsFailed");
    assert.equal(alarm("restore-failed").metricName, "NumberOfRestoreJobsFailed");
  });

  it("adopts a database without a change: every input is left as AWS has it", () => {
    const { inputs, ignoreChanges, importId, protect } = named("database-instance", adopted);
    assert.equal(importId, "iamvet-db");
    assert.equal(protect, true);
    assert.deepEqual(
      Object.keys(inputs).filter((key) => !ignoreChanges.includes(key)),
      [],
    );
    assert.ok(adopted.notices.some(({ message }) => message.includes("database.takeOver true")));
    assert.ok(!adopted.resources.some(({ name }) => name === "database-password" || name === "database-subnets"));
  });
});
