import type * as pulumi from "@pulumi/pulumi";
import type { AlarmActions } from "../monitoring/alarm";

/** Who is told of what is wrong with the database, and how much is watched. */
export interface DatabaseWatch {
  readonly alarmActions: AlarmActions;
  /** `basic`: storage and connections, which page; `standard` adds the rest. Each alarm costs 0.10 USD a month. */
  readonly alarmLevel: "basic" | "standard";
}

/** Where the data of a restored database comes from. Read when the instance is made, and never again. */
export type RestoreSource =
  | { readonly snapshot: string }
  | {
      /** Instance that still exists, or the automated backups of one that does not. */
      readonly of: { readonly identifier: string } | { readonly automatedBackupArn: string };
      /** UTC, `2026-11-24T09:30:00Z`. @default the latest restorable time, at most five minutes ago */
      readonly time?: string;
    };

/** A database that the stack owns: new, or made from a backup. */
export interface ManagedDatabase extends DatabaseWatch {
  readonly mode: "managed" | "restore";
  /** With mode `restore`. User and database name are those of the backup; the password is a new one. */
  readonly restore?: RestoreSource;
  readonly vpcId: pulumi.Input<string>;
  /** Subnets in at least two zones. Changing them can replace the subnet group: choose before the first update. */
  readonly subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** PostgreSQL version, `major` or `major.minor`. Another major needs `allowMajorUpgrade`; a lower one is not possible. */
  readonly engineVersion: string;
  /** Lets one update raise the major version: minutes of downtime, and no way back but the snapshot taken before. */
  readonly allowMajorUpgrade: boolean;
  /** Minor versions are installed in the maintenance window. */
  readonly autoMinorUpgrade: boolean;
  /**
   * Upgrades on a copy and switches over within a minute. The provider then deletes the old instance: automated snapshots made
   * before are lost (terraform-provider-aws #37775), deletion protection is off until the next update (#29887).
   */
  readonly blueGreen: boolean;
  /** Instance class, for example `db.t4g.micro`. A change restarts the database (seconds with Multi-AZ, minutes without). */
  readonly instanceClass: string;
  /** Name of the database inside the instance. Changing it replaces the instance, which its protection refuses. */
  readonly databaseName: string;
  /** Master user. Changing it replaces the instance, which its protection refuses. */
  readonly username: string;
  /** GiB at the start; storage autoscaling grows it up to `maxStorageGb` and it never shrinks. @default the backup's */
  readonly storageGb?: number;
  readonly maxStorageGb: number;
  /** A standby in a second zone: fails over in one to two minutes, doubles the price of instance and storage. */
  readonly multiAz: boolean;
  /** A read replica of the same class, which costs as much as a second instance. */
  readonly readReplica: boolean;
  /** Days of automated backups, 1 to 35. */
  readonly backupDays: number;
  /** UTC, `17:00-18:00`. */
  readonly backupWindow: string;
  /** UTC, `sun:18:30-sun:19:30`. */
  readonly maintenanceWindow: string;
  /** Seconds between two looks of enhanced monitoring, 0 for none; its log lines are charged. */
  readonly enhancedMonitoring: number;
  /** Whether the instance has a public address; its security group still decides who gets in. */
  readonly publiclyAccessible: boolean;
  /** Whether a public address that it has stays, whatever {@link publiclyAccessible} says. @default false */
  readonly keepAccess?: boolean;
  /** Apply changes at once instead of in the maintenance window. */
  readonly applyImmediately: boolean;
  readonly logRetentionDays: number;
}

/** A database that somebody else owns; it is only referred to. */
export interface ExistingDatabase extends DatabaseWatch {
  readonly mode: "existing";
  readonly identifier: string;
  /** Group to which the tiers' rules are added. @default the instance's first one, looked up */
  readonly securityGroupId?: string;
  /** Secrets Manager secret with the key DATABASE_URL. */
  readonly urlSecretArn: pulumi.Input<string>;
}

/** A database that exists and that the stack adopts. */
export interface ImportedDatabase extends Omit<ExistingDatabase, "mode"> {
  readonly mode: "import";
  /**
   * `false`: every setting stays as it is on AWS, so that the adoption changes nothing. `true`: tags, deletion protection, final
   * snapshot and `changes` are applied.
   */
  readonly takeOver: boolean;
  /** Settings that the stack gives; all others stay as they are. */
  readonly changes: Partial<
    Pick<
      ManagedDatabase,
      | "instanceClass"
      | "engineVersion"
      | "storageGb"
      | "maxStorageGb"
      | "multiAz"
      | "backupDays"
      | "backupWindow"
      | "maintenanceWindow"
      | "autoMinorUpgrade"
    >
  >;
  readonly applyImmediately: boolean;
  readonly allowMajorUpgrade: boolean;
}

export type DatabaseArgs = ManagedDatabase | ExistingDatabase | ImportedDatabase;
