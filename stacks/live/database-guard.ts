import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { refuseConflicts, type StackConfig } from "../config";
import type { Conflict } from "../settings/conflict";
import type { Settings } from "../settings/schema";
import { type Backup, conflictsWithBackup, conflictsWithLive, type LiveDatabase } from "./database-conflicts";

/**
 * Refuses, in the preview already and before anything is registered, what would replace the live database. It is found by the
 * stack's own tags; a stack that has none yet passes.
 *
 * @throws {pulumi.RunError} with every setting, the value that keeps the database, and the safe way
 */
export async function guardDatabase(config: StackConfig): Promise<void> {
  const own = await ownDatabase(config);
  refuseConflicts(config, await conflictsWith(config, own));
  const { mode, storageGb, restore } = config.settings.database;
  if (own && storageGb && storageGb < own.allocatedStorage) {
    void pulumi.log.warn(
      `database.storageGb is ${storageGb}, and ${own.identifier} has ${own.allocatedStorage} GiB: storage never ` +
        "shrinks, nothing is changed.",
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
    const allowed =
      `managed or restore: ${own.identifier} belongs to this stack, and leaving it out would delete it. ` +
      "To hand it over: pulumi state unprotect, then pulumi state delete, which leave it running";
    return [{ key: "database.mode", allowed, fix: { value: "managed" } }];
  }
  if (mode === "existing") return [];
  if (mode === "import") {
    const adopted = await liveOf(identifier ?? "");
    return adopted ? conflictsWithLive(settings, adopted) : [];
  }
  if (own) return conflictsWithLive(settings, own, await vpcOf(config, own));
  const backup = mode === "restore" ? await backupOf(settings) : undefined;
  return backup ? conflictsWithBackup(settings, backup) : [];
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
