import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Collector, Signal, Widget } from "../../core/web-tier";
import { beside } from "../aws/beside";
import type { SecretReference } from "../foundation/app-secrets";
import { findDatabase, importDatabase } from "./database-adopted";
import { databaseAlarms } from "./database-alarms";
import type { DatabaseArgs } from "./database-args";
import { makeDatabase } from "./database-managed";

/** The database that every architecture shares; no flip deletes, replaces or unprotects it. */
export class Database extends pulumi.ComponentResource {
  /** Host name and port, `host:5432`. */
  readonly endpoint: pulumi.Output<string>;
  readonly identifier: pulumi.Output<string>;
  /** Whether it was there before the stack, so that the servers of that time reach it already. */
  readonly existed: boolean;
  readonly arn: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  /** Secret with the key DATABASE_URL, ready to use. */
  readonly urlSecretArn: pulumi.Output<string>;
  /** Where a tier that reads Secrets Manager finds DATABASE_URL. */
  readonly urlReference: SecretReference;
  /** Version of that secret now: a change of it is to be rolled out, though the reference does not name it. */
  readonly urlVersion: pulumi.Output<string>;
  /** DATABASE_URL itself, a secret, for a tier that cannot read Secrets Manager. */
  readonly url: pulumi.Output<string>;
  /** Host name and port of the read replica, where there is one. */
  readonly replicaEndpoint?: pulumi.Output<string>;
  readonly signals: readonly Signal[];
  readonly collectors: readonly Collector[];

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Database", name, {}, opts);
    const watch = { alarmActions: args.alarmActions, alarmLevel: args.alarmLevel };
    this.existed = args.mode === "existing" || args.mode === "import";
    if (args.mode === "existing" || args.mode === "import") {
      const { live, securityGroupId, url, urlVersion } = findDatabase(args, this);
      if (args.mode === "import") importDatabase(name, args, live, this);
      this.endpoint = live.endpoint;
      this.identifier = pulumi.output(args.identifier);
      this.arn = live.dbInstanceArn;
      this.securityGroupId = securityGroupId;
      this.urlSecretArn = pulumi.output(args.urlSecretArn);
      this.urlVersion = urlVersion;
      this.url = url;
      this.signals = databaseAlarms(
        name,
        {
          ...watch,
          identifier: args.identifier,
          instanceClass: live.dbInstanceClass,
          storageGb: live.allocatedStorage,
        },
        this,
      );
    } else {
      const { instance, group, secret, urlVersion, url, logGroup, replica } = makeDatabase(name, args, this);
      this.endpoint = instance.endpoint;
      this.identifier = instance.identifier;
      this.arn = instance.arn;
      this.securityGroupId = group.id;
      this.urlSecretArn = secret.arn;
      this.urlVersion = urlVersion;
      this.url = url;
      if (replica) this.replicaEndpoint = replica.endpoint;
      this.signals = databaseAlarms(
        name,
        {
          ...watch,
          identifier: instance.identifier,
          instanceClass: args.instanceClass,
          ...(args.storageGb ? { storageGb: args.storageGb } : {}),
          resourceId: instance.resourceId,
          logGroup: logGroup.name,
          ...(replica ? { replica: replica.identifier } : {}),
        },
        this,
      );
    }
    this.urlReference = { arn: this.urlSecretArn, key: "DATABASE_URL" };
    this.collectors = [{ kind: "database", identifier: this.identifier }];
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
      // Another tier's group is admitted beside the one that serves.
      { ...beside("referencedSecurityGroupId"), ...opts },
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
}
