import type { BackupsArgs } from "../../components/database/backups";
import type {
  DatabaseArgs,
  ImportedDatabase,
  ManagedDatabase,
  RestoreSource,
} from "../../components/database/database-args";
import type { Network } from "../../components/foundation/network";
import type { AlarmActions } from "../../components/monitoring/alarm";
import type { Settings } from "../settings/schema";
import { type DatabaseSettings, withDefaults } from "../settings/sections/storage";

/** What the settings say of the database, as its component takes it. */
export function databaseOf(
  { database, monitoring, logs }: Settings,
  network: Pick<Network, "vpcId" | "databaseSubnetIds">,
  alarmActions: AlarmActions,
  access: Pick<ManagedDatabase, "publiclyAccessible" | "keepAccess">,
): DatabaseArgs {
  const watch = { alarmActions, alarmLevel: monitoring.level };
  if (database.mode === "managed" || database.mode === "restore") {
    const complete = withDefaults(database);
    const { mode: _, restore, storageGb, name: databaseName, ...settings } = complete;
    return {
      ...settings,
      ...watch,
      mode: database.mode,
      ...(database.mode === "restore" && restore ? { restore: sourceOf(restore) } : {}),
      // A backup brings its own size.
      ...(database.mode === "managed" || database.storageGb ? { storageGb } : {}),
      databaseName,
      vpcId: network.vpcId,
      subnetIds: network.databaseSubnetIds,
      ...access,
      logRetentionDays: logs.retentionDays,
    };
  }
  const { identifier = "", securityGroupId, urlSecretArn = "" } = database;
  const found = { ...watch, identifier, urlSecretArn, ...(securityGroupId ? { securityGroupId } : {}) };
  if (database.mode === "existing") return { ...found, mode: "existing" };
  return {
    ...found,
    mode: "import",
    takeOver: database.takeOver,
    applyImmediately: database.applyImmediately,
    allowMajorUpgrade: database.allowMajorUpgrade,
    changes: database.takeOver ? given(database) : {},
  };
}

const changeable = [
  "instanceClass",
  "engineVersion",
  "storageGb",
  "maxStorageGb",
  "multiAz",
  "backupDays",
  "backupWindow",
  "maintenanceWindow",
  "autoMinorUpgrade",
] as const satisfies readonly (keyof ImportedDatabase["changes"] & keyof DatabaseSettings)[];

/** The settings that the stack's config gives. */
function given(database: DatabaseSettings): ImportedDatabase["changes"] {
  return Object.fromEntries(
    changeable.flatMap((key) => (database[key] === undefined ? [] : [[key, database[key]] as const])),
  );
}

function sourceOf({
  snapshot,
  identifier,
  automatedBackupArn,
  time,
}: NonNullable<DatabaseSettings["restore"]>): RestoreSource {
  if (snapshot) return { snapshot };
  return {
    of: identifier ? { identifier } : { automatedBackupArn: automatedBackupArn ?? "" },
    ...(time ? { time } : {}),
  };
}

/** What the settings say of AWS Backup. */
export function backupsOf({ backups }: Settings): Omit<BackupsArgs, "databaseArn" | "alarmActions"> {
  const { enabled: _, copyRegion, ...args } = backups;
  return { ...args, ...(copyRegion ? { copyRegion } : {}) };
}
