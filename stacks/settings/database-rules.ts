import {
  CATALOG_SOURCE,
  classesLike,
  isKnownClass,
  isKnownVersion,
  postgresMinors,
} from "../../components/database/rds-catalog";
import { type Conflict, isProduction, rule } from "./conflict";
import type { DatabaseSettings } from "./sections/storage";
import { newDatabase, withDefaults } from "./sections/storage";
import { dailyWindow, lengthOf, overlap, SHORTEST_WINDOW, weeklyWindow } from "./windows";

/** Days that a production stack keeps automated backups at least. */
const PRODUCTION_DAYS = 7;
/** A backup by AWS Backup starts within an hour, and RDS refuses one in the hour before a window of its own. */
const BACKUP_MINUTES = 120;

const isMade = ({ mode }: DatabaseSettings) => mode === "managed" || mode === "restore";

/** Keys that a mode needs, and keys that only some modes have. */
const needed: Readonly<Record<DatabaseSettings["mode"], readonly (keyof DatabaseSettings)[]>> = {
  managed: [],
  existing: ["identifier", "urlSecretArn"],
  import: ["identifier", "urlSecretArn"],
  restore: ["restore", "engineVersion"],
};
const examples = {
  identifier: "iamvet-db",
  urlSecretArn: "<ARN of a secret with the key DATABASE_URL>",
  engineVersion: "<major version of the backup>",
} as Readonly<Record<string, string>>;

const both = (modes: readonly string[]) =>
  [...(modes.length > 1 ? [modes.slice(0, -1).join(", ")] : []), modes.at(-1)].join(" and ");

/** What would be passed over in silence in another mode, up to a second, empty database beside the one that is named. */
const only: readonly { readonly keys: readonly (keyof DatabaseSettings)[]; readonly modes: readonly string[] }[] = [
  { keys: ["restore"], modes: ["restore"] },
  { keys: ["takeOver"], modes: ["import"] },
  { keys: ["identifier", "securityGroupId", "urlSecretArn"], modes: ["existing", "import"] },
  { keys: ["readReplica", "blueGreen", "enhancedMonitoring"], modes: ["managed", "restore"] },
];

/** What a stack that only uses a database decides nothing by: harmless, as it was written for the mode before. */
const ofItsOwn = [
  ...(["instanceClass", "engineVersion", "storageGb", "maxStorageGb", "multiAz", "backupDays"] as const),
  ...(["backupWindow", "maintenanceWindow", "autoMinorUpgrade", "allowMajorUpgrade", "applyImmediately"] as const),
];
export const unusedOf = (database: DatabaseSettings): string[] =>
  database.mode === "existing" ? ofItsOwn.filter((key) => database[key]) : [];

function* modeRules(database: DatabaseSettings): Iterable<Conflict> {
  const { mode } = database;
  for (const key of needed[mode]) {
    if (database[key] !== undefined) continue;
    yield {
      key: `database.${key}`,
      allowed:
        key === "engineVersion"
          ? "the PostgreSQL version of the backup: needed with database.mode restore, since its parameters depend on it"
          : `needed with database.mode ${mode}`,
      fix: { value: key === "restore" ? '{"snapshot": "iamvet-final-0a1b2c3d"}' : (examples[key] ?? "") },
    };
  }
  for (const { keys, modes } of only.filter(({ modes }) => !modes.includes(mode))) {
    for (const key of keys.filter((key) => database[key])) {
      yield {
        key: `database.${key}`,
        allowed: `nothing with database.mode ${mode}; it belongs to ${both(modes)}`,
        fix: "remove",
      };
    }
  }
}

function* restoreRules({ mode, restore }: DatabaseSettings): Iterable<Conflict> {
  if (mode !== "restore" || !restore) return;
  const sources = (["snapshot", "identifier", "automatedBackupArn"] as const).filter((key) => restore[key]);
  if (sources.length !== 1) {
    yield {
      key: "database.restore",
      found: sources.length === 0 ? restore : sources,
      allowed: "one source: snapshot, or identifier or automatedBackupArn for a point in time",
      fix: { value: '{"snapshot": "iamvet-final-0a1b2c3d"}' },
    };
  }
  if (restore.snapshot && restore.time) {
    yield {
      key: "database.restore.time",
      allowed:
        "nothing with a snapshot, which holds one moment; a point in time needs identifier or automatedBackupArn",
      fix: "remove",
    };
  }
}

function* backupDaysRules({ backupDays, mode }: DatabaseSettings, stack: string): Iterable<Conflict> {
  if (backupDays === undefined || mode === "existing") return;
  const least = isProduction(stack) ? PRODUCTION_DAYS : 1;
  if (backupDays >= least) return;
  yield {
    key: "database.backupDays",
    allowed:
      `from ${least} to 35${isProduction(stack) ? " in a production stack" : ""}: without automated backups there ` +
      "is no point-in-time recovery",
    fix: { value: newDatabase.backupDays },
  };
}

function* catalogRules({ instanceClass, engineVersion, unlisted }: DatabaseSettings): Iterable<Conflict> {
  if (unlisted) return;
  if (instanceClass && !isKnownClass(instanceClass)) {
    yield {
      key: "database.instanceClass",
      allowed: `a class of RDS for PostgreSQL (${CATALOG_SOURCE}): ${classesLike(instanceClass)}. For a newer one set database.unlisted`,
      fix: { value: newDatabase.instanceClass },
    };
  }
  if (engineVersion && !isKnownVersion(engineVersion)) {
    const major = engineVersion.split(".")[0] ?? "";
    const [from, to] = postgresMinors[major] ?? [];
    const range = from === undefined ? "" : `, or ${major}.${from} to ${major}.${to}`;
    yield {
      key: "database.engineVersion",
      allowed: `${major}${range} (${CATALOG_SOURCE}). For another one that RDS offers set database.unlisted`,
      fix: { value: major },
    };
  }
}

function* windowRules(database: DatabaseSettings): Iterable<Conflict> {
  if (database.mode === "existing" || (database.mode === "import" && !database.takeOver)) return;
  const { backupWindow, maintenanceWindow } = isMade(database) ? withDefaults(database) : database;
  const backup = backupWindow ? dailyWindow(backupWindow) : [];
  const maintenance = maintenanceWindow ? weeklyWindow(maintenanceWindow) : undefined;
  for (const [key, value, found] of [
    ["backupWindow", backupWindow, backup[0]],
    ["maintenanceWindow", maintenanceWindow, maintenance],
  ] as const) {
    // A window that is shorter than allowed also ends before it starts, read as one of almost a day or a week.
    if (!found || (lengthOf(found) >= SHORTEST_WINDOW && lengthOf(found) < 24 * 60)) continue;
    yield {
      key: `database.${key}`,
      found: value,
      allowed: `a window of at least ${SHORTEST_WINDOW} minutes and less than a day`,
      fix: { value: newDatabase[key] },
    };
  }
  if (maintenance && backup.some((day) => overlap(day, maintenance))) {
    yield {
      key: "database.maintenanceWindow",
      found: maintenanceWindow,
      allowed: `a window apart from database.backupWindow, which is ${backupWindow} every day: RDS refuses windows that overlap`,
      fix: { value: apartFrom(backup[0]?.to ?? 0) },
    };
  }
}

/** An hour on Sunday, half an hour after a time of day. */
function apartFrom(minute: number): string {
  const clock = (at: number) =>
    `sun:${String(Math.floor(at / 60) % 24).padStart(2, "0")}:${String(at % 60).padStart(2, "0")}`;
  return `${clock(minute + 30)}-${clock(minute + 90)}`;
}

/** Variables that the platform gives the app itself, and from where: a value of the stack's config would not reach it. */
const givenNames: Readonly<Record<string, string>> = {
  DATABASE_URL: "the database's secret and is handed to the app by reference",
  PORT: "app.port",
  SITE_TIER: "architecture",
  SITE_VERSION: "app.version or the artifact's name",
};

/** A URL with a user's password in it. */
const PASSWORD_IN_URL = /:\/\/[^\s:/@]*:[^\s@/]+@/;

/** Rules about data: the database, its backups, and secrets in the wrong place. */
export const databaseRules = [
  rule(["database"], function* ({ database }, { stack }) {
    yield* modeRules(database);
    yield* restoreRules(database);
    yield* backupDaysRules(database, stack);
    yield* catalogRules(database);
    yield* windowRules(database);
    const { storageGb, maxStorageGb } = withDefaults(database);
    if (maxStorageGb < storageGb) {
      yield {
        key: "database.maxStorageGb",
        found: maxStorageGb,
        allowed: `at least database.storageGb, which is ${storageGb}`,
        fix: { value: storageGb },
      };
    }
    if (database.blueGreen && database.readReplica) {
      yield {
        key: "database.blueGreen",
        allowed: "false with database.readReplica: the provider cannot switch over an instance that has replicas",
        fix: { value: false },
      };
    }
  }),

  rule(["database", "backups"], function* ({ database, backups }, { region }) {
    if (!backups.enabled) {
      for (const key of ["copyRegion", "lock", "restoreTest"] as const) {
        const value = backups[key];
        if (value === undefined || value === "none") continue;
        yield {
          key: `backups.${key}`,
          allowed: "nothing while backups.enabled is false: there would be no vault",
          fix: "remove",
        };
      }
      return;
    }
    if (backups.copyRegion && backups.copyRegion === region) {
      yield {
        key: "backups.copyRegion",
        allowed: `a region other than the stack's, ${region}: the copy is for the day on which that one is lost`,
        fix: { value: region === "ap-northeast-1" ? "ap-northeast-2" : "ap-northeast-1" },
      };
    }
    if (!isMade(database)) return;
    const { backupWindow, maintenanceWindow } = withDefaults(database);
    const from = backups.hour * 60;
    const start = Array.from({ length: 7 }, (_, day) => ({
      from: from + day * 1440,
      to: from + BACKUP_MINUTES + day * 1440,
    }));
    const taken = [...dailyWindow(backupWindow), weeklyWindow(maintenanceWindow)];
    if (start.some((one) => taken.some((window) => overlap(one, window)))) {
      yield {
        key: "backups.hour",
        allowed:
          `an hour whose next two hours are apart from database.backupWindow (${backupWindow}) and ` +
          `database.maintenanceWindow (${maintenanceWindow}), in which RDS takes no snapshot`,
        fix: { value: (Math.ceil((dailyWindow(backupWindow)[0]?.to ?? 0) / 60) + 3) % 24 },
      };
    }
  }),

  rule(["app", "secrets"], function* ({ app, secrets }) {
    for (const [section, values] of [
      ["app.environment", app.environment],
      ["secrets", secrets],
    ] as const) {
      for (const key of Object.keys(values).filter((key) => key in givenNames)) {
        yield {
          key: `${section}.${key}`,
          found: "[hidden]",
          allowed: `nothing: ${key} comes from ${givenNames[key]}`,
          fix: "remove",
        };
      }
    }
    for (const [key, value] of Object.entries(app.environment)) {
      if (key in givenNames || !PASSWORD_IN_URL.test(value)) continue;
      yield {
        key: `app.environment.${key}`,
        found: "[hidden]",
        allowed: "a value without a password; what holds one belongs into secrets",
        fix: "remove",
      };
    }
  }),
];
