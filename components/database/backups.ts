import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Signal } from "../../core/web-tier";
import { serviceRole } from "../aws/iam";
import type { AlarmActions } from "../monitoring/alarm";
import { type AlarmEntry, alarms, atLeast, under } from "../monitoring/alarm-table";

export interface BackupsArgs {
  /** ARN of the RDS instance. */
  readonly databaseArn: pulumi.Input<string>;
  /** Hour (UTC) at which the daily backup starts, outside the database's own windows. */
  readonly hour: number;
  readonly dailyDays: number;
  /** 0 for no weekly backups. */
  readonly weeklyDays: number;
  /** 0 for no monthly backups. */
  readonly monthlyDays: number;
  /** Region to which every backup is copied. A copy is charged as the backup is, its transfer once, its key 1 USD a month. */
  readonly copyRegion?: string;
  readonly copyDays: number;
  /**
   * `governance` stops everybody without `backup:DeleteBackupVaultLockConfiguration` from deleting backups; `compliance` stops
   * everybody, AWS included, and cannot be taken back three days after it was set: the vault then lives, and is charged, until
   * its last backup has expired.
   */
  readonly lock: "none" | "governance" | "compliance";
  /** A restored instance runs for about two hours each time, and is charged. */
  readonly restoreTest: "none" | "weekly" | "monthly";
  readonly alarmActions: AlarmActions;
}

/** Days in which a compliance lock can still be taken back; AWS wants three at least. */
const COOLING_OFF_DAYS = 3;
/** Minutes in which a backup must start, and be done. */
const START_WINDOW = 60;
const COMPLETION_WINDOW = 480;
const DAY = 86_400;

const SERVICE_ROLE = "arn:aws:iam::aws:policy/service-role";

/**
 * Backups by AWS Backup, in a vault of their own: unlike the automated backups of RDS they outlive the instance, are kept for
 * months, can be locked and are copied to a second region. Snapshots and not continuous backups, since those would take the
 * retention and the window of RDS' own backups over.
 */
export class Backups extends pulumi.ComponentResource {
  /** What `pulumi stack output` shows: the vault, and the one in the second region where there is one. */
  readonly outputs: Readonly<Record<string, pulumi.Output<string>>>;
  readonly signals: readonly Signal[];

  constructor(name: string, args: BackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Backups", name, {}, opts);
    const child = { parent: this };
    const kept = { parent: this, protect: true };
    const vault = new aws.backup.Vault(`${name}-vault`, {}, kept);
    const copyVault = args.copyRegion ? this.copyVault(name, args.copyRegion, kept) : undefined;
    this.lock(`${name}-lock`, vault, args);
    if (copyVault) this.lock(`${name}-copy-lock`, copyVault, args);

    const role = this.role(name);
    const cron = (days: string) => `cron(0 ${args.hour} ${days} *)`;
    const rule = (ruleName: string, schedule: string, deleteAfter: number) => ({
      ruleName,
      schedule,
      targetVaultName: vault.name,
      startWindow: START_WINDOW,
      completionWindow: COMPLETION_WINDOW,
      lifecycle: { deleteAfter },
      ...(copyVault
        ? { copyActions: [{ destinationVaultArn: copyVault.arn, lifecycle: { deleteAfter: args.copyDays } }] }
        : {}),
    });
    // Where two rules meet at the same hour, AWS Backup makes one backup, kept as long as the longer rule says.
    const plan = new aws.backup.Plan(
      `${name}-plan`,
      {
        rules: [
          rule("daily", cron("? * *"), args.dailyDays),
          ...(args.weeklyDays > 0 ? [rule("weekly", cron("? * SUN"), args.weeklyDays)] : []),
          ...(args.monthlyDays > 0 ? [rule("monthly", cron("1 * ?"), args.monthlyDays)] : []),
        ],
      },
      child,
    );
    new aws.backup.Selection(
      `${name}-selection`,
      { planId: plan.id, iamRoleArn: role.arn, resources: [args.databaseArn] },
      child,
    );
    if (args.restoreTest !== "none") this.restoreTest(name, args, vault, role);

    this.outputs = { backupVault: vault.name, ...(copyVault ? { backupCopyVault: copyVault.name } : {}) };
    this.signals = this.alarms(name, args, vault);
    this.registerOutputs(this.outputs);
  }

  /** A copy of an encrypted snapshot is encrypted anew with a key of its own region, which must not be AWS' own. */
  private copyVault(name: string, region: string, kept: pulumi.CustomResourceOptions) {
    const key = new aws.kms.Key(
      `${name}-copy-key`,
      { region, description: "Copies of the database's backups", enableKeyRotation: true, deletionWindowInDays: 30 },
      kept,
    );
    return new aws.backup.Vault(`${name}-copy-vault`, { region, kmsKeyArn: key.arn }, kept);
  }

  private lock(name: string, vault: aws.backup.Vault, { lock, copyDays, copyRegion, ...args }: BackupsArgs) {
    if (lock === "none") return;
    const kept = [args.dailyDays, args.weeklyDays, args.monthlyDays, ...(copyRegion ? [copyDays] : [])].filter(Boolean);
    new aws.backup.VaultLockConfiguration(
      name,
      {
        backupVaultName: vault.name,
        ...(name.endsWith("copy-lock") && copyRegion ? { region: copyRegion } : {}),
        // A backup with another retention is refused, so the limits are those of this plan.
        minRetentionDays: Math.min(...kept),
        maxRetentionDays: Math.max(...kept),
        ...(lock === "compliance" ? { changeableForDays: COOLING_OFF_DAYS } : {}),
      },
      { parent: this },
    );
  }

  private role(name: string): aws.iam.Role {
    const child = { parent: this };
    const role = serviceRole(`${name}-role`, "backup.amazonaws.com", [], child);
    for (const policy of ["Backup", "Restores"]) {
      new aws.iam.RolePolicyAttachment(
        `${name}-may-${policy.toLowerCase()}`,
        { role: role.name, policyArn: `${SERVICE_ROLE}/AWSBackupServiceRolePolicyFor${policy}` },
        child,
      );
    }
    return role;
  }

  /** A backup that was never restored is a hope: AWS Backup restores the latest one, and deletes the instance again. */
  private restoreTest(name: string, args: BackupsArgs, vault: aws.backup.Vault, role: aws.iam.Role) {
    const child = { parent: this };
    const hour = (args.hour + 6) % 24;
    const plan = new aws.backup.RestoreTestingPlan(
      `${name}-restore-test`,
      {
        // Letters, digits and _ alone.
        name: `${pulumi.getProject()}_${pulumi.getStack()}_restore`.replace(/\W/g, "_").slice(0, 50),
        scheduleExpression: `cron(0 ${hour} ${args.restoreTest === "weekly" ? "? * MON" : "2 * ?"} *)`,
        startWindowHours: 1,
        recoveryPointSelection: {
          algorithm: "LATEST_WITHIN_WINDOW",
          includeVaults: [vault.arn],
          recoveryPointTypes: ["SNAPSHOT"],
          selectionWindowDays: 7,
        },
      },
      child,
    );
    new aws.backup.RestoreTestingSelection(
      `${name}-restore-test-database`,
      {
        name: "database",
        restoreTestingPlanName: plan.name,
        protectedResourceType: "RDS",
        protectedResourceArns: [args.databaseArn],
        iamRoleArn: role.arn,
        validationWindowHours: 1,
      },
      child,
    );
  }

  private alarms(name: string, args: BackupsArgs, vault: aws.backup.Vault): Signal[] {
    const jobs = (kind: "backup" | "copy" | "restore") =>
      pulumi.interpolate`aws backup list-${kind}-jobs --by-state FAILED --output table`;
    const points = "aws backup list-recovery-points-by-backup-vault";
    const metric = (metricName: string) =>
      ({
        namespace: "AWS/Backup",
        metricName,
        dimensions: { BackupVaultName: vault.name },
        statistic: "Sum",
        level: "basic",
        severity: "warning",
        subject: "backup",
      }) as const;
    const failed = (metricName: string) => ({
      ...metric(metricName),
      period: 3600,
      evaluationPeriods: 1,
      ...atLeast(1),
      treatMissingData: "notBreaching",
    });
    const table: Record<string, AlarmEntry> = {
      failed: {
        ...failed("NumberOfBackupJobsFailed"),
        meaning: "A backup of the database failed: the newest one is a day older than it should be",
        causes: [
          "database-down: the instance was not available",
          "backup-failed: it started too close to the database's own windows",
          "permission-denied: its role",
        ],
        firstCommand: jobs("backup"),
      },
      missing: {
        ...metric("NumberOfBackupJobsCompleted"),
        period: DAY,
        evaluationPeriods: 2,
        ...under(1),
        treatMissingData: "breaching",
        meaning: "No backup of the database was completed for two days; nobody would notice this but here",
        causes: [
          "backup-failed: the plan or its selection was removed",
          "backup-failed: the database has another ARN since a restore",
        ],
        firstCommand: pulumi.interpolate`${points} --backup-vault-name ${vault.name} --max-results 5`,
      },
      "copy-failed": {
        ...failed("NumberOfCopyJobsFailed"),
        applies: args.copyRegion !== undefined,
        meaning: `A copy of a backup to ${args.copyRegion} failed: the loss of the region would cost more data`,
        causes: [
          "kms-denied: the key or the vault there was changed",
          "quota-exceeded: a quota of snapshots in progress",
        ],
        firstCommand: jobs("copy"),
      },
      "restore-failed": {
        ...failed("NumberOfRestoreJobsFailed"),
        applies: args.restoreTest !== "none",
        meaning: "A backup could not be restored in a test: do not count on it",
        causes: [
          "backup-failed: no default subnet group for the test instance",
          "backup-failed: the backup is damaged",
          "quota-exceeded: a quota of instances",
        ],
        firstCommand: jobs("restore"),
      },
    };
    return alarms(name, table, { level: "basic", actions: args.alarmActions }, { parent: this });
  }
}
