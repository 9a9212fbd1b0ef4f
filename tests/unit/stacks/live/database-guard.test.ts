import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  type Backup,
  conflictsWithBackup,
  conflictsWithLive,
  type LiveDatabase,
} from "../../../../stacks/live/database-conflicts";
import { guardDatabase } from "../../../../stacks/live/database-guard";
import { settingsOf } from "../settings/fixtures";

const live: LiveDatabase = {
  identifier: "database-0a1b2c3d",
  engine: "postgres",
  engineVersion: "17.6",
  dbName: "iamvet",
  masterUsername: "iamvet",
  allocatedStorage: 60,
  storageEncrypted: true,
  vpcId: "vpc-0a1b2c3d",
};
const backup: Backup = {
  name: "iamvet-final",
  engine: "postgres",
  engineVersion: "17.6",
  encrypted: true,
  allocatedStorage: 60,
};

const settings = (database: Record<string, unknown>, further: object = {}) =>
  settingsOf({
    database: { ...(database.mode === "existing" ? {} : { engineVersion: "17" }), ...database },
    ...further,
  });

describe("the guard of the live database", () => {
  const told = (database: Record<string, unknown>, change: Partial<LiveDatabase> = {}) =>
    conflictsWithLive(settings(database), { ...live, ...change }, "vpc-0a1b2c3d").map(
      ({ key, allowed }) => `${key}: ${allowed}`,
    );

  it("lets pass what keeps it", () => {
    assert.deepEqual(told({}), []);
    assert.deepEqual(told({ instanceClass: "db.m7g.large", multiAz: true, storageGb: 80, backupDays: 35 }), []);
    assert.deepEqual(told({ engineVersion: "18", allowMajorUpgrade: true }), []);
    assert.deepEqual(told({ engineVersion: "17.9" }), []);
  });

  const refused: [string, Record<string, unknown>, Partial<LiveDatabase>, RegExp][] = [
    ["another name", { name: "shop" }, {}, /^database\.name: iamvet, .*CREATE DATABASE/],
    ["another user", { username: "root" }, {}, /^database\.username: iamvet, .*CREATE ROLE/],
    [
      "an older major version",
      { engineVersion: "16" },
      {},
      /^database\.engineVersion: 17.*no older version.*mode restore/,
    ],
    ["an older minor version", { engineVersion: "17.5" }, {}, /^database\.engineVersion: 17, or 17\.6/],
    [
      "a newer major version without leave",
      { engineVersion: "18" },
      {},
      /create-db-snapshot.*allowMajorUpgrade true for one update/,
    ],
    ["less storage", { maxStorageGb: 50 }, {}, /^database\.maxStorageGb: at least 60.*never shrinks/],
    ["encryption afterwards", {}, { storageEncrypted: false }, /copy-db-snapshot --kms-key-id/],
    ["another engine", {}, { engine: "mysql" }, /runs mysql/],
    ["another network", {}, { vpcId: "vpc-other" }, /^network\.vpc: vpc-other/],
    ["the way back from a restore", {}, { dbName: "" }, /^database\.mode: restore/],
  ];
  for (const [title, database, change, text] of refused) {
    it(`refuses ${title}`, () => {
      const [line, ...more] = told(database, change);
      assert.deepEqual(more, []);
      assert.match(line ?? "", text);
    });
  }

  it("asks nothing of a restored database but what can change", () => {
    const restored = { mode: "restore", restore: { snapshot: "iamvet-final" }, name: "iamvet", username: "other" };
    assert.deepEqual(told(restored, { dbName: "" }), []);
  });

  describe("of what a database is made from", () => {
    const restore = { mode: "restore", restore: { snapshot: "iamvet-final" } };
    const cases: [string, Record<string, unknown>, Partial<Backup>, RegExp][] = [
      [
        "a snapshot of another engine",
        {},
        { engine: "mysql" },
        /restore\.snapshot: a backup of PostgreSQL; this one is of mysql/,
      ],
      ["another major version", { engineVersion: "18" }, {}, /engineVersion: 17.*restore first/],
      ["a snapshot that is not encrypted", {}, { encrypted: false }, /copy-db-snapshot/],
      ["less storage than the snapshot", { storageGb: 20 }, {}, /storageGb: at least 60/],
    ];
    it("lets a fitting one pass", () => assert.deepEqual(conflictsWithBackup(settings(restore), backup), []));
    for (const [title, database, change, text] of cases) {
      it(`refuses ${title}`, () => {
        const lines = conflictsWithBackup(settings({ ...restore, ...database }), { ...backup, ...change });
        assert.match(lines.map(({ key, allowed }) => `${key}: ${allowed}`).join("\n"), text);
      });
    }
  });

  describe("in the program", () => {
    const reply = (answers: Readonly<Record<string, object>>) =>
      pulumi.runtime.setMocks(
        {
          newResource: () => assert.fail("nothing may be registered"),
          call: ({ token }) => answers[token.split(":")[2] ?? ""] ?? {},
        },
        "iamvet",
        "prod",
        true,
      );
    const instance = { ...live, dbInstanceIdentifier: live.identifier, dbSubnetGroup: "subnets", tags: {} };
    const guard = (database: Record<string, unknown>, network: Record<string, unknown> = {}) =>
      guardDatabase({
        project: "iamvet",
        stack: "prod",
        region: "ap-northeast-2",
        settings: settings(database, { network }),
        secrets: {},
        previewSecrets: {},
      });
    const owned = {
      getInstances: { instanceIdentifiers: [live.identifier] },
      getInstance: instance,
      getSubnetGroup: { vpcId: "vpc-0a1b2c3d" },
      getVpc: { id: "vpc-0a1b2c3d", tags: {} },
    };

    it("refuses before anything is registered, with the command and the safe way, and no stack trace", async () => {
      await reply(owned);
      await assert.rejects(guard({ name: "shop", username: "root" }), (error: Error) => {
        assert.ok(pulumi.RunError.isInstance(error));
        assert.match(error.message, /The config of stack prod has 2 problems/);
        assert.match(error.message, /found {4}shop/);
        assert.match(error.message, /pulumi config set --stack prod --path 'iamvet:database.name' iamvet/);
        return true;
      });
    });

    it("passes where settings and database agree, and where the stack has none yet", async () => {
      await reply(owned);
      await guard({});
      await reply({ getInstances: { instanceIdentifiers: [] } });
      await guard({ name: "shop" });
    });

    it("passes over a read replica", async () => {
      await reply({ ...owned, getInstance: { ...instance, replicateSourceDb: "database-0a1b2c3d" } });
      await guard({ name: "shop" });
    });

    it("refuses to leave the stack's own database behind", async () => {
      await reply(owned);
      const elsewhere = {
        mode: "existing",
        identifier: "another-db",
        urlSecretArn: "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:db-AbCdEf",
      };
      await assert.rejects(guard(elsewhere), /database-0a1b2c3d belongs to this stack.*pulumi state unprotect/);
    });

    it("refuses another network, new or not", async () => {
      await reply(owned);
      await assert.rejects(guard({}, { vpc: "new" }), /iamvet:network\.vpc/);
      await reply({ ...owned, getVpc: { id: "vpc-0a1b2c3d", tags: { Project: "iamvet", Stack: "prod" } } });
      await guard({}, { vpc: "new" });
    });

    it("asks for the snapshot before a first restore", async () => {
      await reply({ getInstances: { instanceIdentifiers: [] }, getSnapshot: { ...backup, engine: "oracle-se2" } });
      await assert.rejects(
        guard({ mode: "restore", restore: { snapshot: "iamvet-final" } }),
        /a backup of PostgreSQL; this one is of oracle-se2/,
      );
    });
  });
});
