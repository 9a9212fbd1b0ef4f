import assert from "node:assert/strict";
import { connectionLimit, isKnownClass, isKnownVersion, memoryGib } from "../../../../components/database/rds-catalog";
import { noticesFor } from "../../../../stacks/notices";
import { dailyWindow, overlap, weeklyWindow } from "../../../../stacks/settings/windows";
import { problems, type Refusal, refuse, settingsOf } from "./fixtures";

const found = {
  identifier: "iamvet-db",
  urlSecretArn: "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:iamvet-db-AbCdEf",
};

describe("the settings of the database", () => {
  const wrong: readonly Refusal[] = [
    [
      "no backups in production",
      { database: { backupDays: 0 } },
      "database.backupDays",
      /from 7 to 35/,
      /backupDays' 7$/,
    ],
    ["few backups in production", { database: { backupDays: 6 } }, "database.backupDays", /from 7 to 35/, / 7$/],
    ["too many backup days", { database: { backupDays: 36 } }, "database.backupDays", /0 to 35/, / 7$/],
    [
      "windows that overlap",
      { database: { backupWindow: "02:00-03:00", maintenanceWindow: "tue:02:30-tue:03:30" } },
      "database.maintenanceWindow",
      /apart from database.backupWindow/,
      /sun:03:30-sun:04:30/,
    ],
    [
      "windows that overlap at the week's end",
      { database: { backupWindow: "23:45-00:45", maintenanceWindow: "sun:00:00-sun:01:00" } },
      "database.maintenanceWindow",
      /apart/,
      /sun:01:15/,
    ],
    [
      "a maintenance window against the default backup window",
      { database: { maintenanceWindow: "wed:17:30-wed:18:30" } },
      "database.maintenanceWindow",
      /17:00-18:00 every day/,
      /sun:18:30/,
    ],
    ["a short window", { database: { backupWindow: "02:00-02:20" } }, "database.backupWindow", /30 minutes/, /17:00/],
    ["a window that is none", { database: { backupWindow: "2-3" } }, "database.backupWindow", /hh:mm-hh:mm/, /17:00/],
    [
      "a class of a family that is none",
      { database: { instanceClass: "db.t9.huge" } },
      "database.instanceClass",
      /t4g/,
      /db\.t4g\.micro/,
    ],
    [
      "a size that the family lacks",
      { database: { instanceClass: "db.t4g.8xlarge" } },
      "database.instanceClass",
      /db\.t4g comes as micro/,
      /micro/,
    ],
    [
      "an engine version that is none",
      { database: { engineVersion: "18.77" } },
      "database.engineVersion",
      /18\.1 to 18\.\d/,
      /18$/,
    ],
    ["another engine's version", { database: { engineVersion: "8.0" } }, "database.engineVersion", /14 to 18/, /18$/],
    [
      "a password in plain config",
      { database: { password: "hunter2" } },
      "database.password",
      /generated/,
      /config rm/,
    ],
    [
      "a database URL in the environment",
      { app: { environment: { DATABASE_URL: "x" } } },
      "app.environment.DATABASE_URL",
      /by reference/,
      /config rm/,
    ],
    [
      "a password inside an environment variable",
      { app: { environment: { REDIS: "redis://u:hunter2@cache:6379" } } },
      "app.environment.REDIS",
      /belongs into secrets/,
      /config rm/,
    ],
    [
      "storage that shrinks",
      { database: { storageGb: 50, maxStorageGb: 40 } },
      "database.maxStorageGb",
      /at least/,
      /50/,
    ],
    [
      "an adopted database without its URL",
      { database: { mode: "import", identifier: "iamvet-db" } },
      "database.urlSecretArn",
      /mode import/,
      /set/,
    ],
    [
      "a restore without a source",
      { database: { mode: "restore", engineVersion: "18" } },
      "database.restore",
      /mode restore/,
      /restore\.snapshot/,
    ],
    [
      "a restore without a version",
      { database: { mode: "restore", restore: { snapshot: "a" } } },
      "database.engineVersion",
      /version of the backup/,
      /set/,
    ],
    [
      "a restore from two sources",
      { database: { mode: "restore", engineVersion: "18", restore: { snapshot: "a", identifier: "b" } } },
      "database.restore",
      /one source/,
      /set/,
    ],
    [
      "a time with a snapshot",
      { database: { mode: "restore", engineVersion: "18", restore: { snapshot: "a", time: "2026-11-24T09:30:00Z" } } },
      "database.restore.time",
      /holds one moment/,
      /config rm/,
    ],
    [
      "a restore in another mode",
      { database: { restore: { snapshot: "a" } } },
      "database.restore",
      /belongs to restore/,
      /config rm/,
    ],
    [
      "a replica of a database of somebody else",
      { database: { mode: "existing", ...found, readReplica: true } },
      "database.readReplica",
      /belongs to managed/,
      /rm/,
    ],
    [
      "a database that is named and would be left alone, beside a new and empty one",
      { database: { identifier: "iamvet-db" } },
      "database.identifier",
      /belongs to existing and import/,
      /config rm/,
    ],
    [
      "a monitoring that an adopted database does not get",
      { database: { mode: "import", ...found, takeOver: true, enhancedMonitoring: 60 } },
      "database.enhancedMonitoring",
      /belongs to managed and restore/,
      /config rm/,
    ],
    [
      "blue/green with a replica",
      { database: { blueGreen: true, readReplica: true } },
      "database.blueGreen",
      /replicas/,
      /false/,
    ],
    [
      "a copy into the same region",
      { "aws:region": "ap-northeast-2", backups: { enabled: true, copyRegion: "ap-northeast-2" } },
      "backups.copyRegion",
      /other than the stack's/,
      /ap-northeast-1/,
    ],
    ["a lock without a vault", { backups: { lock: "compliance" } }, "backups.lock", /no vault/, /config rm/],
    ["a backup inside RDS' own window", { backups: { enabled: true, hour: 16 } }, "backups.hour", /apart from/, / 21$/],
    [
      "a monitoring interval that RDS lacks",
      { database: { enhancedMonitoring: 7 } },
      "database.enhancedMonitoring",
      /0, 1, 5/,
      /60/,
    ],
  ];
  refuse(wrong);

  it("want no backups at all in no stack, and less in one that is no production", () => {
    assert.equal(problems({ database: { backupDays: 0 } }, "staging")[0]?.key, "iamvet:database.backupDays");
    assert.deepEqual(problems({ database: { backupDays: 1 } }, "staging"), []);
  });

  it("let a class and a version pass that the list does not know, if asked to", () => {
    const newer = { instanceClass: "db.m11g.large", engineVersion: "18.9" };
    assert.equal(problems({ database: newer }).length, 2);
    assert.deepEqual(problems({ database: { ...newer, unlisted: true } }), []);
  });

  it("need no security group of a database that exists", () => {
    assert.deepEqual(problems({ database: { mode: "existing", ...found } }), []);
    assert.deepEqual(problems({ database: { mode: "import", ...found } }), []);
  });

  it("say which of them change nothing of a database that the stack only uses", () => {
    const used = { mode: "existing", ...found };
    const messages = (database: object) =>
      noticesFor(settingsOf({ database }), { stack: "prod", vercelToken: true, uptimeRobotKey: true })
        .map(({ message }) => message)
        .filter((message) => /only uses the database/.test(message));
    assert.match(messages({ ...used, multiAz: true, storageGb: 50 })[0] ?? "", /: storageGb, multiAz of/);
    assert.deepEqual(messages(used), []);
    assert.deepEqual(messages({ multiAz: true }), []);
  });

  it("mend each of them by the command that they name", () => {
    let tried = 0;
    for (const [title, sections] of wrong) {
      const command = problems(sections)[0]?.fix ?? "";
      const match = /--path (?:--type string )?'iamvet:([\w.]+)' '?([^'<]+?)'?$/.exec(command);
      const [section = "", field = "", inner] = match?.[1]?.split(".") ?? [];
      if (!match?.[2] || !section) continue;
      const text = command.includes("--type string") || !/^(\d+|true|false)$/.test(match[2]);
      const value = text ? match[2] : JSON.parse(match[2]);
      const mended = {
        ...Object(sections[section as keyof typeof sections]),
        [field]: inner ? { [inner]: value } : value,
      };
      assert.deepEqual(problems({ ...sections, [section]: mended }), [], title);
      tried++;
    }
    assert.ok(tried >= 15, `${tried} commands tried`);
  });
});

describe("windows", () => {
  it("meet or not, also past midnight and past the week's end", () => {
    const meet = (backup: string, maintenance: string) =>
      dailyWindow(backup).some((day) => overlap(day, weeklyWindow(maintenance)));
    assert.equal(meet("02:00-03:00", "sun:03:00-sun:04:00"), false);
    assert.equal(meet("02:00-03:01", "sun:03:00-sun:04:00"), true);
    assert.equal(meet("23:30-00:30", "thu:00:00-thu:00:30"), true);
    assert.equal(meet("00:10-00:40", "sat:23:30-sun:00:30"), true);
    assert.equal(meet("01:00-02:00", "sat:23:30-sun:00:30"), false);
  });
});

describe("the catalog of RDS", () => {
  it("knows memory and connections of a class", () => {
    assert.deepEqual(["db.t4g.micro", "db.t4g.medium", "db.m7g.large", "db.r7g.2xlarge"].map(memoryGib), [1, 4, 8, 64]);
    assert.equal(connectionLimit("db.t4g.micro"), 84);
    assert.equal(connectionLimit("db.r7g.16xlarge"), 5000);
    assert.equal(memoryGib("db.t9.huge"), undefined);
  });

  it("knows what RDS offers", () => {
    assert.deepEqual(["db.t4g.small", "db.r8g.48xlarge", "db.t4g.4xlarge", "db.x.y"].map(isKnownClass), [
      true,
      true,
      false,
      false,
    ]);
    assert.deepEqual(["18", "18.1", "18.0", "13", "17.9"].map(isKnownVersion), [true, true, false, false, true]);
  });
});
