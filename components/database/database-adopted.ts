import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { ExistingDatabase, ImportedDatabase } from "./database-args";

/** A database that existed before the stack, as AWS describes it. */
export function findDatabase(args: ExistingDatabase | ImportedDatabase, parent: pulumi.Resource) {
  const live = aws.rds.getInstanceOutput({ dbInstanceIdentifier: args.identifier }, { parent });
  const securityGroupId = args.securityGroupId
    ? pulumi.output(args.securityGroupId)
    : live.vpcSecurityGroups.apply((groups) => {
        if (!groups[0]) throw new Error(`The database ${args.identifier} has no security group`);
        return groups[0];
      });
  return { live, securityGroupId, ...existingUrl(args.urlSecretArn, parent) };
}

/**
 * Adopts an instance. The inputs of the adoption are what AWS reports, and none of them is compared, since a difference in a
 * property that AWS does not even report (a final snapshot's name) would fail the import. Only after that, with `takeOver`, do
 * the stack's own settings reach the instance; what the stack does not give still follows AWS.
 */
export function importDatabase(
  name: string,
  args: ImportedDatabase,
  live: pulumi.Output<aws.rds.GetInstanceResult>,
  parent: pulumi.Resource,
): aws.rds.Instance {
  const { changes } = args;
  const inputs: aws.rds.InstanceArgs = {
    identifier: args.identifier,
    engine: "postgres",
    engineVersion: changes.engineVersion ?? live.engineVersion,
    allowMajorVersionUpgrade: args.allowMajorUpgrade,
    autoMinorVersionUpgrade: changes.autoMinorUpgrade ?? live.autoMinorVersionUpgrade,
    instanceClass: changes.instanceClass ?? live.dbInstanceClass,
    allocatedStorage: changes.storageGb ?? live.allocatedStorage,
    maxAllocatedStorage: changes.maxStorageGb ?? live.maxAllocatedStorage,
    storageType: live.storageType,
    storageEncrypted: live.storageEncrypted,
    multiAz: changes.multiAz ?? live.multiAz,
    publiclyAccessible: live.publiclyAccessible,
    backupRetentionPeriod: changes.backupDays ?? live.backupRetentionPeriod,
    backupWindow: changes.backupWindow ?? live.preferredBackupWindow,
    maintenanceWindow: changes.maintenanceWindow ?? live.preferredMaintenanceWindow,
    copyTagsToSnapshot: true,
    deletionProtection: true,
    skipFinalSnapshot: false,
    // Not the instance's own name: a snapshot taken by hand may have it already.
    finalSnapshotIdentifier: live.resourceId.apply((id) => `${args.identifier}-final-${id.slice(-8).toLowerCase()}`),
    deleteAutomatedBackups: false,
    applyImmediately: args.applyImmediately,
  };
  return new aws.rds.Instance(`${name}-instance`, inputs, {
    parent,
    protect: true,
    import: args.identifier,
    ignoreChanges: args.takeOver
      ? ["snapshotIdentifier", "restoreToPointInTime"]
      : [...Object.keys(inputs), "tags", "tagsAll"],
  });
}

/** DATABASE_URL out of a secret that somebody else keeps, and its version now. */
function existingUrl(secretId: pulumi.Input<string>, parent: pulumi.Resource) {
  const version = aws.secretsmanager.getSecretVersionOutput({ secretId }, { parent });
  const url = pulumi.secret(
    version.secretString.apply((text) => {
      const { DATABASE_URL } = JSON.parse(text) as { DATABASE_URL?: string };
      if (!DATABASE_URL) throw new Error("The secret database.urlSecretArn has no key DATABASE_URL");
      return DATABASE_URL;
    }),
  );
  // A look-up is a secret as a whole.
  return { url, urlVersion: pulumi.unsecret(version.versionId) };
}
