import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../config";
import type { Conflict } from "../settings/conflict";
import type { Settings } from "../settings/schema";
import { withDefaults } from "../settings/sections/storage";
import { problemsOf, SettingsError } from "../settings/settings-check";

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
  "Safe way: restore a snapshot into a second stack (database.mode restore), check it, and point the site there; see docs/disaster-recovery.md";

const majorOf = (version: string) => Number(version.split(".")[0]);
const minorOf = (version: string) => Number(version.split(".")[1] ?? Number.POSITIVE_INFINITY);

function conflict(path: string, found: unknown, allowed: string, value: unknown): Conflict {
  return { path: `database.${path}`, found, allowed, fix: { value } };
}

/**
 * Settings that would replace the live database, that RDS would refuse, or that would do nothing. The properties are those which the
 * provider marks as forcing a new resource (terraform-provider-aws, internal/service/rds/instance.go): name, user, engine, encryption.
 *
 * @param vpcId the VPC that `network.vpc` stands for; undefined where it is yet to be made
 */
export function replacements({ database }: Pick<Settings, "database">, live: LiveDatabase, vpcId?: string): Conflict[] {
  const found: Conflict[] = [];
  const { mode, name, username, allowMajorUpgrade } = database;
  if (live.engine !== "postgres") {
    found.push(
      conflict(
        "identifier",
        live.identifier,
        `an instance of PostgreSQL; this one runs ${live.engine}`,
        "<identifier>",
      ),
    );
    return found;
  }
  if (mode === "managed" && name !== live.dbName) {
    found.push(
      live.dbName
        ? conflict(
            "name",
            name,
            `${live.dbName}, the name in the live database ${live.identifier}: another one would replace it. Safe way: CREATE DATABASE by SQL beside it, and pg_dump`,
            live.dbName,
          )
        : conflict(
            "mode",
            mode,
            `restore, as long as ${live.identifier} lives: it was made from a backup, and mode managed would replace it`,
            "restore",
          ),
    );
  }
  if (mode === "managed" && username !== live.masterUsername) {
    found.push(
      conflict(
        "username",
        username,
        `${live.masterUsername}, the master user of ${live.identifier}: another one would replace it. Safe way: CREATE ROLE by SQL`,
        live.masterUsername,
      ),
    );
  }
  if (mode === "managed" || mode === "restore") {
    if (!live.storageEncrypted) {
      found.push(
        conflict(
          "mode",
          mode,
          `import or existing for ${live.identifier}, which is not encrypted: encrypting it would replace it. Safe way: copy a snapshot with a key (aws rds copy-db-snapshot --kms-key-id alias/aws/rds) and restore the copy into a second stack`,
          "import",
        ),
      );
    }
    if (vpcId !== live.vpcId) {
      found.push({
        path: "network.vpc",
        found: vpcId ?? "new",
        allowed: `${live.vpcId}, where ${live.identifier} is: another network would take its subnets and security group away. ${ELSEWHERE}`,
        fix: { value: live.vpcId },
      });
    }
  }
  const follows = mode === "import" && !database.takeOver;
  const wanted = mode === "import" ? database.engineVersion : withDefaults(database).engineVersion;
  if (wanted && !follows) found.push(...versions(wanted, live, allowMajorUpgrade));
  const { maxStorageGb } = withDefaults(database);
  if (!follows && (mode !== "import" || database.maxStorageGb) && maxStorageGb < live.allocatedStorage) {
    found.push(
      conflict(
        "maxStorageGb",
        maxStorageGb,
        `at least ${live.allocatedStorage}, which ${live.identifier} has: storage never shrinks. Safe way: pg_dump into a smaller database of a second stack`,
        live.allocatedStorage,
      ),
    );
  }
  return found;
}

function versions(wanted: string, live: LiveDatabase, allowMajorUpgrade: boolean): Conflict[] {
  const [from, to] = [majorOf(live.engineVersion), majorOf(wanted)];
  if (to < from || (to === from && minorOf(wanted) < minorOf(live.engineVersion))) {
    return [
      conflict(
        "engineVersion",
        wanted,
        `${from}, or ${live.engineVersion} and newer: ${live.identifier} runs ${live.engineVersion}, and RDS goes back to no older version. ${ELSEWHERE}`,
        String(from),
      ),
    ];
  }
  if (to > from && !allowMajorUpgrade) {
    return [
      conflict(
        "engineVersion",
        wanted,
        `${from}, the major version of ${live.identifier}. To upgrade: take a snapshot (aws rds create-db-snapshot --db-instance-identifier ${live.identifier} --db-snapshot-identifier ${live.identifier}-before-${to}), set database.allowMajorUpgrade true for one update, and set it back; the site is down for minutes, and only the snapshot leads back`,
        String(from),
      ),
    ];
  }
  return [];
}

/** What makes a backup unfit for the settings. */
export function unfit({ database }: Pick<Settings, "database">, backup: Backup): Conflict[] {
  const key = database.restore?.snapshot ? "restore.snapshot" : "restore.identifier";
  if (backup.engine !== "postgres") {
    return [
      conflict(key, backup.name, `a backup of PostgreSQL; this one is of ${backup.engine}`, "<backup of PostgreSQL>"),
    ];
  }
  const found: Conflict[] = [];
  const wanted = database.engineVersion ?? "";
  if (majorOf(wanted) !== majorOf(backup.engineVersion)) {
    found.push(
      conflict(
        "engineVersion",
        wanted,
        `${majorOf(backup.engineVersion)}, the major version of ${backup.name}: restore first, upgrade then`,
        String(majorOf(backup.engineVersion)),
      ),
    );
  }
  if (!backup.encrypted) {
    found.push(
      conflict(
        key,
        backup.name,
        `an encrypted backup. Copy it with a key first: aws rds copy-db-snapshot --source-db-snapshot-identifier ${backup.name} --target-db-snapshot-identifier <copy> --kms-key-id alias/aws/rds`,
        "<copy>",
      ),
    );
  }
  const { storageGb = backup.allocatedStorage } = database;
  if (storageGb < backup.allocatedStorage) {
    found.push(
      conflict(
        "storageGb",
        storageGb,
        `at least ${backup.allocatedStorage}, the size of ${backup.name}: storage never shrinks`,
        backup.allocatedStorage,
      ),
    );
  }
  return found;
}

/**
 * Refuses, in the preview already and before anything is registered, what would replace the live database. It is found by the
 * stack's own tags; a stack that has none yet passes.
 *
 * @throws {pulumi.RunError} with every setting, the value that keeps the database, and the safe way
 */
export async function guardDatabase(config: StackConfig): Promise<void> {
  const { settings, project, stack } = config;
  const own = await ownDatabase(config);
  const conflicts = await conflictsWith(config, own);
  if (conflicts.length > 0) {
    throw new pulumi.RunError(new SettingsError(stack, problemsOf(project, stack, conflicts)).message);
  }
  const { mode, storageGb, restore } = settings.database;
  if (own && storageGb && storageGb < own.allocatedStorage) {
    void pulumi.log.warn(
      `database.storageGb is ${storageGb}, and ${own.identifier} has ${own.allocatedStorage} GiB: storage never shrinks, nothing is changed.`,
    );
  }
  if (own && mode === "restore" && restore) {
    void pulumi.log.info(`${own.identifier} was made already: database.restore is not read again.`);
  }
}

async function conflictsWith(config: StackConfig, own: LiveDatabase | undefined): Promise<Conflict[]> {
  const { settings } = config;
  const { database } = settings;
  const { mode, identifier } = database;
  if (own && (mode === "existing" || mode === "import") && identifier !== own.identifier) {
    return [
      conflict(
        "mode",
        mode,
        `managed or restore: ${own.identifier} belongs to this stack, and leaving it out would delete it. To hand it over: pulumi state unprotect, then pulumi state delete, which leave it running`,
        "managed",
      ),
    ];
  }
  if (mode === "existing") return [];
  if (mode === "import") {
    const adopted = await liveOf(identifier ?? "");
    return adopted ? replacements(settings, adopted) : [];
  }
  if (own) return replacements(settings, own, await vpcOf(config, own));
  const backup = mode === "restore" ? await backupOf(settings) : undefined;
  return backup ? unfit(settings, backup) : [];
}

/** The primary that carries the stack's tags, or that the stack knows: a renamed one gives its tags its new name with this update. */
async function ownDatabase({ project, stack, known = [] }: StackConfig): Promise<LiveDatabase | undefined> {
  const tagged = { Project: project, ManagedBy: "pulumi" };
  const [ours, projects] = await Promise.all(
    [{ ...tagged, Stack: stack }, tagged].map((tags) => aws.rds.getInstances({ tags })),
  );
  const knows = (identifier: string) =>
    known.some(({ type, inputs }) => type === "aws:rds/instance:Instance" && inputs?.identifier === identifier);
  const identifiers = [...(ours?.instanceIdentifiers ?? []), ...(projects?.instanceIdentifiers ?? []).filter(knows)];
  for (const identifier of identifiers) {
    const found = await liveOf(identifier);
    if (found) return found;
  }
  return undefined;
}

/** An instance as AWS describes it; undefined for a replica, and in a plan, which asks no account and so gets no engine. */
async function liveOf(identifier: string): Promise<LiveDatabase | undefined> {
  const found = await aws.rds.getInstance({ dbInstanceIdentifier: identifier });
  if (!found.engine || found.replicateSourceDb) return undefined;
  const { vpcId } = await aws.rds.getSubnetGroup({ name: found.dbSubnetGroup });
  return { ...found, identifier, vpcId };
}

/** The VPC that the settings mean; a new one is recognized by the stack's state or by its tags, once it is there. */
async function vpcOf(
  { settings, project, stack, known = [] }: StackConfig,
  live: LiveDatabase,
): Promise<string | undefined> {
  const { vpc } = settings.network;
  if (vpc.startsWith("vpc-")) return vpc;
  if (vpc === "default") return (await aws.ec2.getVpc({ default: true })).id;
  if (known.some(({ type, id }) => type === "aws:ec2/vpc:Vpc" && id === live.vpcId)) return live.vpcId;
  const { tags } = await aws.ec2.getVpc({ id: live.vpcId });
  return tags.Stack === stack && tags.Project === project ? live.vpcId : undefined;
}

/** The snapshot or the instance that a restore starts from; undefined in a plan. Automated backups of one that is gone have no look-up. */
async function backupOf({ database: { restore } }: Settings): Promise<Backup | undefined> {
  if (restore?.snapshot) {
    const name = restore.snapshot;
    const found = await aws.rds.getSnapshot({
      dbSnapshotIdentifier: name,
      ...(/(^|:)awsbackup:/.test(name) ? { snapshotType: "awsbackup" } : {}),
    });
    return found.engine ? { ...found, name } : undefined;
  }
  if (!restore?.identifier) return undefined;
  const found = await aws.rds.getInstance({ dbInstanceIdentifier: restore.identifier });
  return found.engine ? { ...found, name: restore.identifier, encrypted: found.storageEncrypted } : undefined;
}
