// Database and backups.
const { ArnFormat, Duration, RemovalPolicy, TimeZone } = require("aws-cdk-lib");
const backup = require("aws-cdk-lib/aws-backup");
const ec2 = require("aws-cdk-lib/aws-ec2");
const events = require("aws-cdk-lib/aws-events");
const iam = require("aws-cdk-lib/aws-iam");
const kms = require("aws-cdk-lib/aws-kms");
const logs = require("aws-cdk-lib/aws-logs");
const rds = require("aws-cdk-lib/aws-rds");
const { retention } = require("./shared.cjs");

function databaseOf(stack, name, { vpc }) {
  const identifier = `database-${name}`;
  // Made before RDS would make them, as its own ones are kept for ever.
  const logGroups = ["postgresql", "upgrade"].map(
    (log) =>
      new logs.LogGroup(stack, `database-log-${log}`, {
        logGroupName: `/aws/rds/instance/${identifier}/${log}`,
        retention,
      }),
  );
  const securityGroup = new ec2.SecurityGroup(stack, "database-group", {
    vpc,
    allowAllOutbound: false,
    description: "The database; each tier adds its own rule",
  });
  const database = new rds.DatabaseInstance(stack, "database", {
    vpc,
    vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
    publiclyAccessible: false,
    securityGroups: [securityGroup],
    instanceIdentifier: identifier,
    databaseName: "iamvet",
    credentials: rds.Credentials.fromGeneratedSecret("iamvet"),
    engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of("18", "18") }),
    instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.SMALL),
    parameters: {
      "rds.force_ssl": "1",
      log_min_duration_statement: "1000",
      log_connections: "1",
      log_statement: "ddl",
    },
    caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
    multiAz: true,
    storageEncrypted: true,
    storageType: rds.StorageType.GP3,
    allocatedStorage: 50,
    maxAllocatedStorage: 200,
    backupRetention: Duration.days(14),
    preferredBackupWindow: "17:00-18:00",
    preferredMaintenanceWindow: "sun:18:30-sun:19:30",
    deleteAutomatedBackups: false,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.SNAPSHOT,
    cloudwatchLogsExports: ["postgresql", "upgrade"],
    enablePerformanceInsights: true,
    performanceInsightRetention: rds.PerformanceInsightRetention.DEFAULT,
  });
  database.node.addDependency(...logGroups);
  const failedLogins = logGroups[0].addMetricFilter("failed-logins", {
    metricNamespace: "Site",
    metricName: `${name}-failed-logins`,
    defaultValue: 0,
    filterPattern: logs.FilterPattern.anyTerm("password authentication failed", "no pg_hba.conf entry"),
  });
  return { database, failedLogins };
}

function backupsOf(home, copies, name, { database }) {
  const lockConfiguration = { minRetention: Duration.days(35), maxRetention: Duration.days(365) };
  const backupVaultName = `${name}-copies`;
  new backup.BackupVault(copies, "vault", {
    backupVaultName,
    encryptionKey: new kms.Key(copies, "key", {
      description: "Copies of the database's backups",
      enableKeyRotation: true,
      pendingWindow: Duration.days(30),
    }),
    lockConfiguration,
  });
  // By its name, as a reference into another region takes a custom resource.
  const copyVault = backup.BackupVault.fromBackupVaultArn(
    home,
    "copy-vault",
    copies.formatArn({
      service: "backup",
      resource: "backup-vault",
      resourceName: backupVaultName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    }),
  );
  const vault = new backup.BackupVault(home, "vault", { lockConfiguration });
  const rules = [
    ["daily", { hour: "21", minute: "0" }, 35],
    ["weekly", { hour: "21", minute: "0", weekDay: "SUN" }, 90],
    ["monthly", { hour: "21", minute: "0", day: "1" }, 365],
  ];
  const plan = new backup.BackupPlan(home, "backups", {
    backupVault: vault,
    backupPlanRules: rules.map(
      ([ruleName, schedule, days]) =>
        new backup.BackupPlanRule({
          ruleName,
          scheduleExpression: events.Schedule.cron(schedule),
          scheduleExpressionTimezone: TimeZone.ETC_UTC,
          startWindow: Duration.hours(1),
          completionWindow: Duration.hours(8),
          deleteAfter: Duration.days(days),
          copyActions: [
            {
              destinationBackupVault: copyVault,
              deleteAfter: Duration.days(35),
            },
          ],
        }),
    ),
  });
  const role = new iam.Role(home, "backup-role", {
    assumedBy: new iam.ServicePrincipal("backup.amazonaws.com"),
    managedPolicies: ["Backup", "Restores"].map((what) =>
      iam.ManagedPolicy.fromAwsManagedPolicyName(`service-role/AWSBackupServiceRolePolicyFor${what}`),
    ),
  });
  plan.addSelection("selection", {
    resources: [backup.BackupResource.fromRdsDatabaseInstance(database)],
    role,
    disableDefaultBackupPolicy: true,
  });
  restoreTest(home, name, { database, vault, role });
  return { vault };
}

/** A backup is restored each month, to show that it can be. */
function restoreTest(home, name, { database, vault, role }) {
  const restoreTestingPlanName = `${name.replaceAll("-", "_")}_restore`;
  const plan = new backup.CfnRestoreTestingPlan(home, "restore-test", {
    restoreTestingPlanName,
    scheduleExpression: "cron(0 3 2 * ? *)",
    startWindowHours: 1,
    recoveryPointSelection: {
      algorithm: "LATEST_WITHIN_WINDOW",
      includeVaults: [vault.backupVaultArn],
      recoveryPointTypes: ["SNAPSHOT"],
      selectionWindowDays: 7,
    },
  });
  new backup.CfnRestoreTestingSelection(home, "restore-test-database", {
    restoreTestingPlanName: plan.ref,
    restoreTestingSelectionName: "database",
    protectedResourceType: "RDS",
    protectedResourceArns: [database.instanceArn],
    iamRoleArn: role.roleArn,
    validationWindowHours: 1,
  });
}

module.exports = { databaseOf, backupsOf };
