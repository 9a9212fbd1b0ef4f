import { z } from "zod";
import { awsRegions } from "../regions";
import { choice, flag, help, text, whole } from "../settings-fields";

/** Intervals of enhanced monitoring that RDS offers, in seconds (CreateDBInstance, MonitoringInterval). */
const monitoringIntervals = [0, 1, 5, 10, 15, 30, 60] as const;

/** Words that RDS for PostgreSQL refuses as a name: its own users, and what SQL reserves. */
const reserved = "(?!(admin|rdsadmin|all|default|group|order|select|table|user)$)";

const clock = "([01]\\d|2[0-3]):[0-5]\\d";
const weekday = "(mon|tue|wed|thu|fri|sat|sun)";
const region = (description: string) =>
  help(
    z.string().refine((name) => awsRegions.includes(name)),
    description,
    "an AWS region other than the stack's",
    "ap-northeast-1",
  );

/**
 * Settings of a database that the stack creates, where the stack's config says nothing. Of one that it adopts, what is not set
 * stays as it is.
 */
export const newDatabase = {
  engineVersion: "18",
  instanceClass: "db.t4g.micro",
  storageGb: 20,
  maxStorageGb: 100,
  multiAz: false,
  backupDays: 7,
  backupWindow: "17:00-18:00",
  maintenanceWindow: "sun:18:30-sun:19:30",
  enhancedMonitoring: 0,
  autoMinorUpgrade: true,
} as const;

/** The `database` section of a stack's config. */
export const databaseSchema = z.strictObject({
  mode: choice(
    ["managed", "existing", "import", "restore"],
    "managed creates the database; existing only refers to it; import adopts it with its present settings; " +
      "restore makes it from a snapshot or a point in time.",
  ).default("managed"),
  identifier: text(
    /^[a-z](?!.*--)([a-z0-9-]{0,61}[a-z0-9])?$/,
    "Identifier of the RDS instance that is referred to or adopted.",
    "the DB instance identifier",
    "iamvet-db",
  ).optional(),
  securityGroupId: text(
    /^sg-[0-9a-f]{8,17}$/,
    "Security group of a database that exists, to which rules for the tiers are added. @default its first one, looked up",
    "a security group id",
    "sg-0a1b2c3d",
  ).optional(),
  urlSecretArn: text(
    /^arn:aws[\w-]*:secretsmanager:[\w-]+:\d{12}:secret:\S+$/,
    "Secrets Manager secret of a database that exists, with the key DATABASE_URL.",
    "the ARN of a secret",
    "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:iamvet-db-AbCdEf",
  ).optional(),
  takeOver: flag(
    "After an import: bring the adopted database tags, deletion protection, a final snapshot and the settings " +
      "given here. The update that adopts it must change nothing.",
  ).default(false),
  restore: z
    .strictObject({
      snapshot: text(
        /^(arn:aws[\w-]*:rds:[\w-]+:\d{12}:snapshot:\S+|[A-Za-z][\w:-]{0,254})$/,
        "DB snapshot, also one that AWS Backup made, in the stack's region.",
        "a snapshot's identifier or ARN",
        "iamvet-final-0a1b2c3d",
      ).optional(),
      identifier: text(
        /^[a-z](?!.*--)([a-z0-9-]{0,61}[a-z0-9])?$/,
        "Instance whose automated backups hold the point in time.",
        "the DB instance identifier",
        "iamvet-db",
      ).optional(),
      automatedBackupArn: text(
        /^arn:aws[\w-]*:rds:[\w-]+:\d{12}:auto-backup:\S+$/,
        "Automated backups of an instance that is gone, or that were replicated to this region.",
        "the ARN of an automated backup",
        "arn:aws:rds:ap-northeast-1:123456789012:auto-backup:ab-0a1b2c3d",
      ).optional(),
      time: help(
        z.iso.datetime({ precision: 0 }),
        "Point in time in UTC. @default the latest that can be restored",
        "a time such as 2026-11-24T09:30:00Z",
        "2026-11-24T09:30:00Z",
      ).optional(),
    })
    .optional(),
  engineVersion: help(
    // `pulumi config set` stores 18 as a number.
    z.preprocess((v) => (typeof v === "number" ? String(v) : v), z.string().regex(/^1[4-8](\.\d+)?$/)),
    `PostgreSQL version of a new database; one that exists keeps its own. @default ${newDatabase.engineVersion}`,
    "a major version from 14 to 18, or major.minor",
    "18",
  ).optional(),
  instanceClass: text(
    /^db\.[a-z0-9-]+\.[a-z0-9]+$/,
    `Instance class; a change restarts the database. One that exists keeps its own. @default ${newDatabase.instanceClass}`,
    "an RDS instance class",
    "db.t4g.micro",
  ).optional(),
  unlisted: flag(
    "Accept a class or minor version that AWS has and this project's list of them does not know yet.",
  ).default(false),
  name: text(
    new RegExp(`^${reserved}[a-z][a-z0-9_]{0,62}$`),
    "Name of the database.",
    "small letters, digits and _, and no word that PostgreSQL reserves",
    "iamvet",
  ).default("iamvet"),
  username: text(
    new RegExp(`^${reserved}[a-z][a-z0-9_]{0,15}$`),
    "Master user.",
    "small letters, digits and _, neither admin nor a word that PostgreSQL reserves",
    "iamvet",
  ).default("iamvet"),
  storageGb: whole(
    20,
    16384,
    `Storage at the start; it grows by itself and never shrinks. @default ${newDatabase.storageGb}`,
  ).optional(),
  maxStorageGb: whole(
    20,
    65536,
    `Upper end of storage autoscaling. @default ${newDatabase.maxStorageGb}, or storageGb if that is more`,
    100,
  ).optional(),
  multiAz: flag("A standby in a second zone; doubles the price of the instance. @default false").optional(),
  readReplica: flag("A read replica, which costs as much as a second instance.").default(false),
  backupDays: whole(
    0,
    35,
    `Days that automated backups are kept; a production stack keeps 7 or more. @default ${newDatabase.backupDays}`,
    7,
  ).optional(),
  backupWindow: text(
    new RegExp(`^${clock}-${clock}$`),
    `Daily window of the automated backup, UTC. @default ${newDatabase.backupWindow}`,
    "hh:mm-hh:mm in UTC, at least 30 minutes",
    newDatabase.backupWindow,
  ).optional(),
  maintenanceWindow: text(
    new RegExp(`^${weekday}:${clock}-${weekday}:${clock}$`),
    `Weekly window of maintenance, UTC. @default ${newDatabase.maintenanceWindow}`,
    "ddd:hh:mm-ddd:hh:mm in UTC, at least 30 minutes",
    newDatabase.maintenanceWindow,
  ).optional(),
  enhancedMonitoring: help(
    z.union(monitoringIntervals.map((n) => z.literal(n))),
    "Seconds between two looks of enhanced monitoring at the operating system; 0 turns it off. It writes logs, " +
      "which are charged. @default 0",
    monitoringIntervals.join(", "),
    60,
  ).optional(),
  autoMinorUpgrade: flag("Minor versions are installed in the maintenance window. @default true").optional(),
  allowMajorUpgrade: flag(
    "Permit this update to raise the major version; set it back afterwards. Take a snapshot first.",
  ).default(false),
  blueGreen: flag(
    "Upgrade on a copy and switch over. The switch can drop the automated snapshots and the deletion protection: " +
      "see docs/disaster-recovery.md.",
  ).default(false),
  applyImmediately: flag("Apply changes at once instead of in the maintenance window.").default(false),
});

/** The `backups` section: AWS Backup beside the automated backups of RDS. */
export const backupsSchema = z.strictObject({
  enabled: flag(
    "Back the database up by AWS Backup, into a vault that outlives the database. Stored GB are charged.",
  ).default(false),
  hour: whole(0, 23, "Hour (UTC) at which the backup starts, outside the database's own windows.", 21).default(21),
  dailyDays: whole(1, 365, "Days that daily backups are kept.", 35).default(35),
  weeklyDays: whole(0, 730, "Days that weekly backups (Sunday) are kept; 0 for none.", 90).default(90),
  monthlyDays: whole(0, 3653, "Days that monthly backups (the first) are kept; 0 for none.", 365).default(365),
  copyRegion: region(
    "Second region to which every backup is copied; the copies are charged as the backups are.",
  ).optional(),
  copyDays: whole(1, 3653, "Days that the copies are kept.", 35).default(35),
  lock: choice(
    ["none", "governance", "compliance"],
    "Vault lock: governance stops everybody without a special permission from deleting backups; compliance stops " +
      "everybody for ever, AWS too, three days after it was set.",
  ).default("none"),
  restoreTest: choice(
    ["none", "weekly", "monthly"],
    "How often AWS Backup restores the latest backup, to prove that it can be; the test instance is charged while it runs.",
  ).default("none"),
});

/** Settings of the database as a stack's config gives them. */
export type DatabaseSettings = z.output<typeof databaseSchema>;

/** The settings of a database that the stack creates or restores, every default filled in. */
export function withDefaults(database: DatabaseSettings) {
  const complete = { ...newDatabase, ...database };
  return {
    ...complete,
    maxStorageGb: database.maxStorageGb ?? Math.max(newDatabase.maxStorageGb, complete.storageGb),
  };
}
