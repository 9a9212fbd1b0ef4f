import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { serviceRole } from "../aws/iam";
import { keptVersion } from "../foundation/app-secrets";
import type { ManagedDatabase, RestoreSource } from "./database-args";

/** What a database that the stack makes consists of. */
export interface MadeDatabase {
  readonly instance: aws.rds.Instance;
  readonly replica?: aws.rds.Instance;
  readonly group: aws.ec2.SecurityGroup;
  readonly secret: aws.secretsmanager.Secret;
  /** Version of the secret that has the URL. */
  readonly urlVersion: pulumi.Output<string>;
  /** DATABASE_URL, a secret. */
  readonly url: pulumi.Output<string>;
  /** Where the server's log goes. */
  readonly logGroup: aws.cloudwatch.LogGroup;
}

/** Logs that RDS for PostgreSQL can export. */
const exportedLogs = ["postgresql", "upgrade"] as const;

/** A new database, or one made from a backup, with everything around it. */
export function makeDatabase(name: string, args: ManagedDatabase, parent: pulumi.Resource): MadeDatabase {
  const child = { parent };
  const kept = { parent, protect: true };
  const group = new aws.ec2.SecurityGroup(
    `${name}-security-group`,
    { vpcId: args.vpcId, description: "The database; each tier adds its own rule" },
    kept,
  );
  const subnets = new aws.rds.SubnetGroup(`${name}-subnets`, { subnetIds: args.subnetIds }, kept);
  // Without special characters the password needs no escaping inside DATABASE_URL; 40 characters are 238 bits.
  const password = new random.RandomPassword(`${name}-password`, { length: 40, special: false }, kept);
  const suffix = new random.RandomId(`${name}-final-snapshot`, { byteLength: 4 }, kept);
  // Known before the instance is, so that its log groups can be there first, with a retention. Another one would rename the database.
  const { hex } = new random.RandomId(`${name}-identifier`, { byteLength: 4 }, kept);
  const identifier = pulumi.interpolate`${name}-${hex}`;
  const logGroups = exportedLogs.map(
    (log) =>
      new aws.cloudwatch.LogGroup(
        `${name}-log-${log}`,
        { name: pulumi.interpolate`/aws/rds/instance/${identifier}/${log}`, retentionInDays: args.logRetentionDays },
        child,
      ),
  );
  const instance = new aws.rds.Instance(
    `${name}-instance`,
    {
      identifier,
      instanceClass: args.instanceClass,
      ...instanceInputs(args),
      password: password.result,
      dbSubnetGroupName: subnets.name,
      vpcSecurityGroupIds: [group.id],
      parameterGroupName: parameterGroup(name, args.engineVersion, child).name,
      finalSnapshotIdentifier: pulumi.interpolate`${name}-final-${suffix.hex}`,
      ...enhancedMonitoring(name, args.enhancedMonitoring, child),
    },
    {
      ...kept,
      dependsOn: logGroups,
      // A database is made from a backup once: naming another one later, or none, must not make it anew.
      ignoreChanges: ["snapshotIdentifier", "restoreToPointInTime", ...keptAccess(args)],
    },
  );
  const replica = args.readReplica ? readReplica(name, args, instance, kept) : undefined;
  const user = args.restore ? instance.username : args.username;
  const server = pulumi.interpolate`${user}:${password.result}@${instance.endpoint}`;
  const url = pulumi.secret(pulumi.interpolate`postgresql://${server}/${args.databaseName}?sslmode=verify-full`);
  const secret = new aws.secretsmanager.Secret(
    `${name}-url`,
    { description: "DATABASE_URL of the site", recoveryWindowInDays: 30 },
    kept,
  );
  const { versionId: urlVersion } = new aws.secretsmanager.SecretVersion(
    `${name}-url-value`,
    { secretId: secret.id, secretString: pulumi.jsonStringify({ DATABASE_URL: url }) },
    { ...child, ...keptVersion },
  );
  return {
    instance,
    group,
    secret,
    urlVersion,
    url,
    logGroup: logGroups[0] as aws.cloudwatch.LogGroup,
    ...(replica ? { replica } : {}),
  };
}

/** What the settings say of the instance, and what they do not leave open. */
const instanceInputs = (args: ManagedDatabase): Partial<aws.rds.InstanceArgs> => ({
  engine: "postgres",
  engineVersion: args.engineVersion,
  allowMajorVersionUpgrade: args.allowMajorUpgrade,
  autoMinorVersionUpgrade: args.autoMinorUpgrade,
  ...(args.blueGreen ? { blueGreenUpdate: { enabled: true } } : {}),
  ...dataOrigin(args),
  storageType: "gp3",
  ...(args.storageGb ? { allocatedStorage: args.storageGb } : {}),
  maxAllocatedStorage: args.maxStorageGb,
  storageEncrypted: true,
  multiAz: args.multiAz,
  publiclyAccessible: args.publiclyAccessible,
  backupRetentionPeriod: args.backupDays,
  backupWindow: args.backupWindow,
  maintenanceWindow: args.maintenanceWindow,
  copyTagsToSnapshot: true,
  deletionProtection: true,
  skipFinalSnapshot: false,
  deleteAutomatedBackups: false,
  applyImmediately: args.applyImmediately,
  caCertIdentifier: "rds-ca-rsa2048-g1",
  enabledCloudwatchLogsExports: [...exportedLogs],
  // The level without charge: seven days of Performance Insights, standard mode of Database Insights.
  performanceInsightsEnabled: true,
  performanceInsightsRetentionPeriod: 7,
});

/** A new database is named here; a restored one has the names of its backup, and naming them would replace it. */
function dataOrigin({ restore, databaseName, username }: ManagedDatabase): Partial<aws.rds.InstanceArgs> {
  return restore ? restoreInputs(restore) : { dbName: databaseName, username };
}

function restoreInputs(source: RestoreSource): Partial<aws.rds.InstanceArgs> {
  if ("snapshot" in source) return { snapshotIdentifier: source.snapshot };
  const { of, time } = source;
  return {
    restoreToPointInTime: {
      ...("identifier" in of
        ? { sourceDbInstanceIdentifier: of.identifier }
        : { sourceDbInstanceAutomatedBackupsArn: of.automatedBackupArn }),
      ...(time ? { restoreTime: time } : { useLatestRestorableTime: true }),
    },
  };
}

/** What is left as it is while somebody may need the database's public address. */
const keptAccess = ({ keepAccess }: ManagedDatabase) => (keepAccess ? ["publiclyAccessible"] : []);

/** One group a major version, since its family cannot change: an upgrade makes the next one beside it. */
function parameterGroup(name: string, engineVersion: string, opts: pulumi.CustomResourceOptions) {
  const major = engineVersion.split(".")[0];
  return new aws.rds.ParameterGroup(
    `${name}-parameters-${major}`,
    {
      family: `postgres${major}`,
      description: "TLS only, slow statements logged",
      parameters: [
        { name: "rds.force_ssl", value: "1" },
        { name: "log_min_duration_statement", value: "1000" },
        { name: "log_connections", value: "1" },
        // After a DROP somebody has to find its second in the log. Set a role's password by \password, which is sent hashed.
        { name: "log_statement", value: "ddl" },
      ],
    },
    opts,
  );
}

/** A look at the operating system every some seconds, written as log lines that are charged; no role where it is off. */
function enhancedMonitoring(
  name: string,
  interval: number,
  opts: pulumi.CustomResourceOptions,
): Partial<aws.rds.InstanceArgs> {
  if (interval === 0) return {};
  const role = serviceRole(`${name}-monitoring-role`, "monitoring.rds.amazonaws.com", [], opts);
  new aws.iam.RolePolicyAttachment(
    `${name}-monitoring-policy`,
    { role: role.name, policyArn: "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole" },
    opts,
  );
  return { monitoringInterval: interval, monitoringRoleArn: role.arn };
}

/** Storage, encryption and backups are those of the primary; it can be promoted when the primary is lost. */
function readReplica(
  name: string,
  args: ManagedDatabase,
  primary: aws.rds.Instance,
  kept: pulumi.CustomResourceOptions,
): aws.rds.Instance {
  return new aws.rds.Instance(
    `${name}-replica`,
    {
      replicateSourceDb: primary.identifier,
      instanceClass: args.instanceClass,
      vpcSecurityGroupIds: primary.vpcSecurityGroupIds,
      parameterGroupName: primary.parameterGroupName,
      storageType: "gp3",
      maxAllocatedStorage: args.maxStorageGb,
      maintenanceWindow: args.maintenanceWindow,
      autoMinorVersionUpgrade: args.autoMinorUpgrade,
      publiclyAccessible: args.publiclyAccessible,
      copyTagsToSnapshot: true,
      deletionProtection: true,
      // It holds nothing that the primary does not hold; RDS takes no final snapshot of a replica.
      skipFinalSnapshot: true,
      applyImmediately: args.applyImmediately,
      caCertIdentifier: "rds-ca-rsa2048-g1",
      performanceInsightsEnabled: true,
      performanceInsightsRetentionPeriod: 7,
    },
    { ...kept, ignoreChanges: keptAccess(args) },
  );
}
