import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Widget } from "./web-tier";

/** A new database that the stack owns. */
export interface ManagedDatabase {
  readonly mode: "managed";
  readonly vpcId: pulumi.Input<string>;
  /** Subnets in at least two zones. Changing them can replace the subnet group: choose before the first update. */
  readonly subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** PostgreSQL version, `major` or `major.minor`. */
  readonly engineVersion: string;
  /** Instance class, for example `db.t4g.micro`. A change restarts the database (seconds with Multi-AZ, minutes without). */
  readonly instanceClass: string;
  /** Name of the database inside the instance. Changing it replaces the instance, which its protection refuses. */
  readonly databaseName: string;
  /** Master user. Changing it replaces the instance, which its protection refuses. */
  readonly username: string;
  /** GiB at the start; storage autoscaling grows it up to `maxStorageGb` and it never shrinks. */
  readonly storageGb: number;
  readonly maxStorageGb: number;
  /** A standby in a second zone: fails over in one to two minutes, doubles the price of instance and storage. @default false */
  readonly multiAz: boolean;
  /** Days of automated backups, 1 to 35; 0 turns point-in-time recovery off. */
  readonly backupDays: number;
  /** Whether the instance has a public address; its security group still decides who gets in. @default false */
  readonly publiclyAccessible: boolean;
  /** Apply changes at once instead of in the maintenance window. @default false */
  readonly applyImmediately: boolean;
}

/** A database that somebody else owns; it is only referred to. */
export interface ExistingDatabase {
  readonly mode: "existing";
  readonly identifier: string;
  readonly securityGroupId: pulumi.Input<string>;
  /** Secrets Manager secret with the key DATABASE_URL. */
  readonly urlSecretArn: pulumi.Input<string>;
}

export type DatabaseArgs = ManagedDatabase | ExistingDatabase;

/** The database that every architecture shares; no flip deletes, replaces or unprotects it. */
export class Database extends pulumi.ComponentResource {
  /** Host name and port, `host:5432`. */
  readonly endpoint: pulumi.Output<string>;
  readonly identifier: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  /** Secret with the key DATABASE_URL, ready to use. */
  readonly urlSecretArn: pulumi.Output<string>;
  /** DATABASE_URL itself, a secret, for a tier that cannot read Secrets Manager. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Database", name, {}, opts);
    if (args.mode === "existing") {
      const found = aws.rds.getInstanceOutput({ dbInstanceIdentifier: args.identifier }, { parent: this });
      this.endpoint = found.endpoint;
      this.identifier = pulumi.output(args.identifier);
      this.securityGroupId = pulumi.output(args.securityGroupId);
      this.urlSecretArn = pulumi.output(args.urlSecretArn);
      this.url = urlOf(args.urlSecretArn, this);
    } else {
      const { instance, group, secret, url } = this.create(name, args);
      this.endpoint = instance.endpoint;
      this.identifier = instance.identifier;
      this.securityGroupId = group.id;
      this.urlSecretArn = secret.arn;
      this.url = url;
    }
    this.registerOutputs({
      endpoint: this.endpoint,
      identifier: this.identifier,
      securityGroupId: this.securityGroupId,
      urlSecretArn: this.urlSecretArn,
    });
  }

  /** Graphs for the dashboard. */
  get widgets(): Widget[] {
    const row = (title: string, metric: string, label: string): Widget => ({
      title,
      section: "database",
      label,
      metrics: this.identifier.apply((id) => [["AWS/RDS", metric, "DBInstanceIdentifier", id]]),
    });
    return [
      row("Database CPU", "CPUUtilization", "percent"),
      row("Database connections", "DatabaseConnections", "connections"),
      row("Database free storage", "FreeStorageSpace", "bytes"),
    ];
  }

  /** Admits one security group on port 5432: a rule of its own, so that a tier takes its access along when it goes. */
  admit(name: string, securityGroupId: pulumi.Input<string>, opts: pulumi.CustomResourceOptions) {
    return new aws.vpc.SecurityGroupIngressRule(
      name,
      {
        securityGroupId: this.securityGroupId,
        referencedSecurityGroupId: securityGroupId,
        ipProtocol: "tcp",
        fromPort: 5432,
        toPort: 5432,
        description: "PostgreSQL from the web tier",
      },
      opts,
    );
  }

  /** Admits an address range on port 5432, for a tier outside AWS. */
  admitRange(name: string, cidr: string, description: string, opts: pulumi.CustomResourceOptions) {
    return new aws.vpc.SecurityGroupIngressRule(
      name,
      {
        securityGroupId: this.securityGroupId,
        cidrIpv4: cidr,
        ipProtocol: "tcp",
        fromPort: 5432,
        toPort: 5432,
        description,
      },
      opts,
    );
  }

  private create(name: string, args: ManagedDatabase) {
    const child = { parent: this };
    const kept = { parent: this, protect: true };
    const major = args.engineVersion.split(".")[0];

    const group = new aws.ec2.SecurityGroup(
      `${name}-security-group`,
      { vpcId: args.vpcId, description: "The database; each tier adds its own rule" },
      kept,
    );
    const subnets = new aws.rds.SubnetGroup(`${name}-subnets`, { subnetIds: args.subnetIds }, kept);
    const parameters = new aws.rds.ParameterGroup(
      `${name}-parameters-${major}`,
      {
        family: `postgres${major}`,
        description: "TLS only, slow statements logged",
        parameters: [
          { name: "rds.force_ssl", value: "1" },
          { name: "log_min_duration_statement", value: "1000" },
          { name: "log_connections", value: "1" },
        ],
      },
      child,
    );
    // Without special characters the password needs no escaping inside DATABASE_URL; 40 characters are 238 bits.
    const password = new random.RandomPassword(`${name}-password`, { length: 40, special: false }, kept);
    const suffix = new random.RandomId(`${name}-final-snapshot`, { byteLength: 4 }, child);
    const instance = new aws.rds.Instance(
      `${name}-instance`,
      {
        engine: "postgres",
        engineVersion: args.engineVersion,
        instanceClass: args.instanceClass,
        dbName: args.databaseName,
        username: args.username,
        password: password.result,
        dbSubnetGroupName: subnets.name,
        vpcSecurityGroupIds: [group.id],
        parameterGroupName: parameters.name,
        storageType: "gp3",
        allocatedStorage: args.storageGb,
        maxAllocatedStorage: args.maxStorageGb,
        storageEncrypted: true,
        multiAz: args.multiAz,
        publiclyAccessible: args.publiclyAccessible,
        backupRetentionPeriod: args.backupDays,
        copyTagsToSnapshot: true,
        deletionProtection: true,
        skipFinalSnapshot: false,
        finalSnapshotIdentifier: pulumi.interpolate`${name}-final-${suffix.hex}`,
        deleteAutomatedBackups: false,
        autoMinorVersionUpgrade: true,
        applyImmediately: args.applyImmediately,
        caCertIdentifier: "rds-ca-rsa2048-g1",
        enabledCloudwatchLogsExports: ["postgresql", "upgrade"],
        performanceInsightsEnabled: true,
        performanceInsightsRetentionPeriod: 7,
      },
      // Storage autoscaling moves the size, a minor upgrade the version: neither is for `up` to set back.
      { ...kept, ignoreChanges: ["allocatedStorage"] },
    );
    const url = pulumi.secret(
      pulumi.interpolate`postgresql://${args.username}:${password.result}@${instance.endpoint}/${args.databaseName}?sslmode=verify-full`,
    );
    const secret = new aws.secretsmanager.Secret(
      `${name}-url`,
      { description: "DATABASE_URL of the site", recoveryWindowInDays: 30 },
      kept,
    );
    new aws.secretsmanager.SecretVersion(
      `${name}-url-value`,
      { secretId: secret.id, secretString: pulumi.jsonStringify({ DATABASE_URL: url }) },
      child,
    );
    return { instance, group, secret, url };
  }
}

/** DATABASE_URL out of a secret that somebody else keeps. */
function urlOf(secretId: pulumi.Input<string>, parent: pulumi.Resource): pulumi.Output<string> {
  const version = aws.secretsmanager.getSecretVersionOutput({ secretId }, { parent });
  return pulumi.secret(
    version.secretString.apply((text) => {
      const { DATABASE_URL } = JSON.parse(text) as { DATABASE_URL?: string };
      if (!DATABASE_URL) throw new Error("The secret database.urlSecretArn has no key DATABASE_URL");
      return DATABASE_URL;
    }),
  );
}
