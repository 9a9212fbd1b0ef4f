import { replacing } from "../../insight/change/replacement";
import type { Conflict } from "../settings/conflict";
import type { Settings } from "../settings/schema";
import { withDefaults } from "../settings/sections/storage";

/** What of a live instance a change of settings could not keep. */
export interface LiveDatabase {
  readonly identifier: string;
  readonly engine: string;
  /** `major.minor`. */
  readonly engineVersion: string;
  readonly dbName: string;
  readonly masterUsername: string;
  readonly allocatedStorage: number;
  readonly storageEncrypted: boolean;
  readonly vpcId: string;
}

/** What a database is about to be made from. */
export interface Backup {
  readonly name: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly encrypted: boolean;
  readonly allocatedStorage: number;
}

/** The safe way to data under other settings: never a replacement in place. */
const ELSEWHERE =
  "Safe way: restore a snapshot into a second stack (database.mode restore), check it, and point the site there; " +
  "see docs/disaster-recovery.md";

const majorOf = (version: string) => Number(version.split(".")[0]);
const minorOf = (version: string) => Number(version.split(".")[1] ?? Number.POSITIVE_INFINITY);

const conflict = (path: string, allowed: string, value: unknown, found?: unknown): Conflict => ({
  ...{ key: `database.${path}`, allowed, fix: { value } },
  ...(found === undefined ? {} : { found }),
});

/** Why the settings may not ask for another value of a property that replaces the instance. */
const replaced: Readonly<Record<string, (live: LiveDatabase) => Conflict>> = {
  dbName: ({ dbName, identifier }) =>
    dbName
      ? conflict(
          "name",
          `${dbName}, the name in the live database ${identifier}: another one would replace it. ` +
            "Safe way: CREATE DATABASE by SQL beside it, and pg_dump",
          dbName,
        )
      : conflict(
          "mode",
          `restore, as long as ${identifier} lives: it was made from a backup, and mode managed would replace it`,
          "restore",
        ),
  username: ({ masterUsername, identifier }) =>
    conflict(
      "username",
      `${masterUsername}, the master user of ${identifier}: another one would replace it. Safe way: CREATE ROLE by SQL`,
      masterUsername,
    ),
  storageEncrypted: ({ identifier }) =>
    conflict(
      "mode",
      `import or existing for ${identifier}, which is not encrypted: encrypting it would replace it. ` +
        "Safe way: copy a snapshot with a key (aws rds copy-db-snapshot --kms-key-id alias/aws/rds) and restore " +
        "the copy into a second stack",
      "import",
    ),
};

/**
 * Settings that would replace the live database, that RDS would refuse, or that would do nothing.
 * @param vpcId the VPC that `network.vpc` stands for; undefined where it is yet to be made
 */
export function conflictsWithLive(
  { database }: Pick<Settings, "database">,
  live: LiveDatabase,
  vpcId?: string,
): Conflict[] {
  const { identifier, engine, allocatedStorage } = live;
  const { mode, name, username, allowMajorUpgrade } = database;
  if (engine !== "postgres") {
    return [conflict("identifier", `an instance of PostgreSQL; this one runs ${engine}`, "<identifier>", identifier)];
  }
  const adopted = mode === "import";
  const follows = adopted && !database.takeOver;
  const { engineVersion, maxStorageGb } = adopted ? database : withDefaults(database);
  const found: Conflict[] = [];
  if (!adopted) {
    // What a restored one is called, and by whom it is used, is the backup's.
    const changed = Object.entries({
      ...(mode === "managed" && { dbName: name !== live.dbName, username: username !== live.masterUsername }),
      storageEncrypted: !live.storageEncrypted,
    }).flatMap(([property, differs]) => (differs ? [property] : []));
    found.push(...replacing("aws:rds/instance:Instance", changed).flatMap((key) => replaced[key]?.(live) ?? []));
    if (vpcId !== live.vpcId) {
      found.push({
        key: "network.vpc",
        found: vpcId ?? "new",
        allowed: `${live.vpcId}, where ${identifier} is: another network would take its subnets and security group away. ${ELSEWHERE}`,
        fix: { value: live.vpcId },
      });
    }
  }
  if (follows) return found;
  if (engineVersion) found.push(...versionConflicts(engineVersion, live, allowMajorUpgrade));
  if (maxStorageGb && maxStorageGb < allocatedStorage) {
    const allowed =
      `at least ${allocatedStorage}, which ${identifier} has: storage never shrinks. ` +
      "Safe way: pg_dump into a smaller database of a second stack";
    found.push(conflict("maxStorageGb", allowed, allocatedStorage, maxStorageGb));
  }
  return found;
}

function versionConflicts(wanted: string, live: LiveDatabase, allowMajorUpgrade: boolean): Conflict[] {
  const { identifier, engineVersion: runs } = live;
  const [from, to] = [majorOf(runs), majorOf(wanted)];
  const refused = (allowed: string) => [conflict("engineVersion", allowed, String(from), wanted)];
  if (to < from || (to === from && minorOf(wanted) < minorOf(runs))) {
    return refused(
      `${from}, or ${runs} and newer: ${identifier} runs ${runs}, and RDS goes back to no older version. ${ELSEWHERE}`,
    );
  }
  if (to === from || allowMajorUpgrade) return [];
  const snapshot = `--db-instance-identifier ${identifier} --db-snapshot-identifier ${identifier}-before-${to}`;
  return refused(
    `${from}, the major version of ${identifier}. To upgrade: take a snapshot (aws rds create-db-snapshot ${snapshot}), ` +
      "set database.allowMajorUpgrade true for one update, and set it back; the site is down for minutes, and only the snapshot leads back",
  );
}

/** What makes a backup unfit for the settings. */
export function conflictsWithBackup({ database }: Pick<Settings, "database">, backup: Backup): Conflict[] {
  const { name, engine, engineVersion, encrypted, allocatedStorage } = backup;
  const source = database.restore?.snapshot ? "restore.snapshot" : "restore.identifier";
  if (engine !== "postgres") {
    return [conflict(source, `a backup of PostgreSQL; this one is of ${engine}`, "<backup of PostgreSQL>")];
  }
  const major = String(majorOf(engineVersion));
  const { storageGb = allocatedStorage } = database;
  const copy =
    `aws rds copy-db-snapshot --source-db-snapshot-identifier ${name} ` +
    "--target-db-snapshot-identifier <copy> --kms-key-id alias/aws/rds";
  return [
    ...(majorOf(database.engineVersion ?? "") === majorOf(engineVersion)
      ? []
      : [conflict("engineVersion", `${major}, the major version of ${name}: restore first, upgrade then`, major)]),
    ...(encrypted ? [] : [conflict(source, `an encrypted backup. Copy it with a key first: ${copy}`, "<copy>")]),
    ...(storageGb >= allocatedStorage
      ? []
      : [
          conflict(
            "storageGb",
            `at least ${allocatedStorage}, the size of ${name}: storage never shrinks`,
            allocatedStorage,
          ),
        ]),
  ];
}
