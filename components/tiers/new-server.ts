import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { beside } from "../aws/beside";
import { commandDocument } from "../aws/command-document";
import { type Grant, secretGrants } from "../aws/iam";
import { publicWebGroup } from "../aws/public-web-group";
import { renderRunbook } from "../aws/runbook";
import { type AppEnvironment, identity, secretArns, secretSources } from "../foundation/app-environment";
import { bootParameter, METADATA, newestAmi } from "./boot";
import { bootScript, renderBootConfig } from "./boot-config";
import type { MonitoredInstanceArgs } from "./monitored-instance";
import { type ServerLogs, serverProfile } from "./server-access";

/** A new server. */
export interface NewServer {
  /** A public subnet of a new server; one that is there stays where it is. */
  readonly subnetId: pulumi.Input<string>;
  /** EC2 instance type; a change stops and starts the instance, one to two minutes of outage. */
  readonly type: string;
  /** Root volume in GiB, gp3. */
  readonly volumeGb: number;
  /** Whether security updates of its packages are installed once a week, without a reboot. */
  readonly securityUpdates: boolean;
  /** Release of the app: an archive on S3 and its SHA-256. */
  readonly release: { readonly url: pulumi.Input<string>; readonly sha256: pulumi.Input<string> };
  readonly environment: AppEnvironment;
  /** Whether the instance runs a release's migrations before it serves. */
  readonly migrate: boolean;
  /** Release that the gate expects in the answer. */
  readonly version: pulumi.Input<string>;
  /** A second name, which Nginx redirects to the site's. */
  readonly redirectFrom?: string;
  readonly zoneId: pulumi.Input<string>;
  /** Let's Encrypt tells this address if a certificate is about to expire. */
  readonly acmeEmail: string;
}

/** What a new server is given by the tier. */
export interface NewServerArgs extends Omit<MonitoredInstanceArgs, "server"> {
  readonly tier: string;
  readonly server: NewServer;
  readonly logs: ServerLogs;
  /** Config of its agent. */
  readonly agent: aws.ssm.Parameter;
}

/** A server with its address, its boot configuration, and the command that installs a release on it. */
export function newServer(name: string, args: NewServerArgs, parent: pulumi.Resource) {
  const child = { parent };
  const { server } = args;
  const group = publicWebGroup(name, args.vpcId, "The web server: HTTP and HTTPS in, no SSH (shell by SSM)", child);
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-out`,
    {
      securityGroupId: group.id,
      cidrIpv4: "0.0.0.0/0",
      ipProtocol: "-1",
      description: "Packages, AWS APIs, database, third parties",
    },
    child,
  );

  const record = new aws.ssm.Parameter(
    `${name}-record`,
    { type: "String", value: "nothing yet", description: "Version of the boot parameter by which the server serves" },
    // The server writes it (runbooks/boot-instance.sh).
    { ...child, ignoreChanges: ["value"] },
  );
  const boot = serverBoot(name, args, record, child);
  const { role, profile } = serverProfile(name, args.logs, args.agent, serverGrants(args, boot, record), child);
  const instance = new aws.ec2.Instance(
    `${name}-instance`,
    {
      ami: newestAmi("x86_64", child),
      instanceType: server.type,
      subnetId: server.subnetId,
      vpcSecurityGroupIds: [group.id],
      iamInstanceProfile: profile.name,
      userData: bootScript("instance"),
      metadataOptions: METADATA,
      rootBlockDevice: { volumeType: "gp3", volumeSize: server.volumeGb, encrypted: true },
      disableApiTermination: true,
      tags: { Name: name, "boot-parameter": boot.name },
    },
    // A new AMI, a boot script or another subnet must never replace a serving instance unasked: its disk would go. `pulumi up
    // --replace` of it is the way to ask.
    { ...child, ...beside(), ignoreChanges: ["ami", "userData", "subnetId"] },
  );
  const address = serverAddress(name, instance, child);
  const document = commandDocument(`${name}-release`, renderRunbook("release.command.yaml"), child);
  return {
    instanceId: instance.id,
    role,
    profile,
    release: pulumi.output({
      document: document.name,
      parameter: pulumi.interpolate`${boot.name}:${boot.version}`,
      record: record.name,
    }),
    securityGroupId: group.id,
    addresses: [address.publicIp],
    version: server.version as pulumi.Input<string> | undefined,
  };
}

/** What the server reads when it boots. */
function serverBoot(
  name: string,
  args: NewServerArgs,
  record: aws.ssm.Parameter,
  opts: pulumi.CustomResourceOptions,
): aws.ssm.Parameter {
  const { server, tier } = args;
  return bootParameter(
    name,
    "the instance",
    pulumi
      .output({
        region: aws.getRegionOutput({}, opts).region,
        domain: args.domain,
        ...(server.redirectFrom ? { redirectFrom: server.redirectFrom } : {}),
        port: args.port,
        healthPath: args.healthPath,
        tier,
        version: server.version,
        environment: { ...server.environment.plain, ...identity(tier, server.version) },
        secrets: secretSources(server.environment),
        agentConfigParameter: args.agent.name,
        release: server.release,
        migrate: server.migrate,
        record: record.name,
        acmeEmail: server.acmeEmail,
      })
      .apply((config) => renderBootConfig("instance", config)),
    opts,
  );
}

/** What this server may do beside what every server may: read what to run, say what it runs, and prove its names. */
const serverGrants = (
  { server, domain }: NewServerArgs,
  boot: aws.ssm.Parameter,
  record: aws.ssm.Parameter,
): Grant[] => [
  ...secretGrants(secretArns(server.environment)),
  { actions: ["ssm:GetParameter"], resources: [boot.arn] },
  { actions: ["ssm:PutParameter"], resources: [record.arn] },
  {
    actions: ["s3:GetObject"],
    resources: [pulumi.output(server.release.url).apply((url) => `arn:aws:s3:::${url.replace("s3://", "")}`)],
  },
  ...acmeGrants(server.zoneId, [domain, ...(server.redirectFrom ? [server.redirectFrom] : [])]),
];

/** Its address, which goes with it: moved to another instance that boots, it would lead the old one's visitors astray. */
function serverAddress(name: string, instance: aws.ec2.Instance, opts: pulumi.CustomResourceOptions): aws.ec2.Eip {
  const its = { ...opts, ...beside(), replacementTrigger: instance.id };
  const address = new aws.ec2.Eip(`${name}-address`, { domain: "vpc", tags: { Name: name } }, its);
  new aws.ec2.EipAssociation(
    `${name}-address-of`,
    { instanceId: instance.id, allocationId: address.allocationId },
    its,
  );
  return address;
}

/** What a certificate by DNS-01 takes: writing the `_acme-challenge` TXT records of the site's names and nothing else. */
function acmeGrants(zoneId: pulumi.Input<string>, names: readonly string[]): Grant[] {
  return [
    { actions: ["route53:ListHostedZones", "route53:GetChange"], resources: ["*"] },
    {
      actions: ["route53:ChangeResourceRecordSets"],
      resources: [pulumi.interpolate`arn:aws:route53:::hostedzone/${zoneId}`],
      conditions: {
        "ForAllValues:StringEquals": {
          "route53:ChangeResourceRecordSetsNormalizedRecordNames": names.map((host) => `_acme-challenge.${host}`),
          "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"],
        },
      },
    },
  ];
}
