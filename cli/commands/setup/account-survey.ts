import type { RouteTable, Subnet, Tag } from "@aws-sdk/client-ec2";
import { AccessDenied, type AwsAccess, askAws, collect } from "../../lib/aws-access";
import { recordSets } from "../../lib/zones";

/** A running EC2 instance that could be adopted. */
export interface FoundInstance {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly vpcId: string;
  readonly securityGroupIds: readonly string[];
  readonly publicIp?: string;
  /** Without an Elastic IP the address changes whenever the instance is stopped. */
  readonly elasticIp: boolean;
  /** Unix user of its image. */
  readonly user: string;
  readonly launched?: Date;
}

/** A PostgreSQL instance of RDS. */
export interface FoundDatabase {
  readonly identifier: string;
  readonly version: string;
  readonly instanceClass: string;
  readonly vpcId: string;
  readonly securityGroupIds: readonly string[];
  readonly multiAz: boolean;
  readonly storageGb: number;
}

/** A public hosted zone of Route 53. */
export interface FoundZone {
  readonly id: string;
  readonly name: string;
  /** Names of A records and their addresses. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
}

export interface FoundCertificate {
  readonly names: readonly string[];
  readonly status: string;
  readonly expires?: Date;
}

export interface FoundVpc {
  readonly id: string;
  readonly isDefault: boolean;
  /** One subnet a zone, the public ones first. */
  readonly subnets: readonly { readonly id: string; readonly zone: string; readonly isPublic: boolean }[];
}

export interface FoundSecret {
  readonly arn: string;
  readonly name: string;
}

/** What of today's site an account holds in one region. */
export interface Account {
  readonly instances: readonly FoundInstance[];
  /** Instances that an Auto Scaling group owns: it replaces them, so they cannot be adopted. */
  readonly replaceable: readonly string[];
  readonly databases: readonly FoundDatabase[];
  readonly zones: readonly FoundZone[];
  readonly certificates: readonly FoundCertificate[];
  readonly vpcs: readonly FoundVpc[];
  readonly secrets: readonly FoundSecret[];
  /** Pairs of VPCs with an active peering. */
  readonly peered: readonly (readonly [string, string])[];
  /** What could not be listed, for want of a permission. */
  readonly unseen: readonly string[];
}

/** Reads what the account holds. Only reads; what the caller may not list is left out and named in `unseen`. */
export async function surveyAccount(access: AwsAccess): Promise<Account> {
  const unseen: string[] = [];
  const list = async <T>(what: string, work: () => Promise<T[]>): Promise<T[]> => {
    try {
      return await askAws(access, `list ${what}`, work);
    } catch (error) {
      if (!(error instanceof AccessDenied)) throw error;
      unseen.push(what);
      return [];
    }
  };
  const [found, databases, zones, certificates, vpcs, secrets, peered] = await Promise.all([
    list("EC2 instances", () => instances(access)),
    list("RDS instances", () => postgres(access)),
    list("hosted zones", () => publicZones(access)),
    list("certificates", () => certificatesOf(access)),
    list("VPCs", () => networks(access)),
    list("secrets", () => secretsOf(access)),
    list("VPC peerings", () => peerings(access)),
  ]);
  return {
    instances: found.filter(({ owned }) => !owned).map(({ found }) => found),
    replaceable: found.filter(({ owned }) => owned).map(({ found }) => found.id),
    databases,
    zones,
    certificates,
    vpcs,
    secrets,
    peered,
    unseen,
  };
}

/** Regions of the account with running instances, for a person who looked into the wrong one. */
export async function regionsWithInstances(access: AwsAccess): Promise<string[]> {
  const { EC2Client, DescribeRegionsCommand } = await import("@aws-sdk/client-ec2");
  const { Regions = [] } = await new EC2Client(access.config).send(new DescribeRegionsCommand({}));
  const others = Regions.flatMap(({ RegionName: name }) => (name && name !== access.region ? [name] : []));
  const found = await Promise.all(
    others.map(async (region) => {
      const there = await instances({ ...access, config: { ...access.config, region } }).catch(() => []);
      return there.length > 0 ? [region] : [];
    }),
  );
  return found.flat().sort();
}

const nameOf = (tags: readonly Tag[] = []) => tags.find(({ Key }) => Key === "Name")?.Value ?? "";

async function instances({ config }: AwsAccess): Promise<{ found: FoundInstance; owned: boolean }[]> {
  const { EC2Client, paginateDescribeInstances, DescribeAddressesCommand, DescribeImagesCommand } = await import(
    "@aws-sdk/client-ec2"
  );
  const client = new EC2Client(config);
  const filter = { Filters: [{ Name: "instance-state-name", Values: ["running"] }] };
  const reservations = await collect(paginateDescribeInstances({ client }, filter), (page) => page.Reservations);
  const running = reservations.flatMap(({ Instances = [] }) => Instances);
  if (running.length === 0) return [];
  const images = [...new Set(running.flatMap(({ ImageId }) => ImageId ?? []))];
  const [{ Addresses = [] }, { Images = [] }] = await Promise.all([
    client.send(new DescribeAddressesCommand({})),
    // An image may be gone while its instance runs: filters pass over it, ids would be refused.
    client.send(new DescribeImagesCommand({ Filters: [{ Name: "image-id", Values: images }] })),
  ]);
  const elastic = new Set(Addresses.map(({ InstanceId }) => InstanceId));
  const imageNames = new Map(Images.map(({ ImageId, Name }) => [ImageId, Name ?? ""]));
  return running.map((instance) => ({
    owned: (instance.Tags ?? []).some(({ Key }) => Key === "aws:autoscaling:groupName"),
    found: {
      id: instance.InstanceId ?? "",
      name: nameOf(instance.Tags),
      type: instance.InstanceType ?? "",
      vpcId: instance.VpcId ?? "",
      securityGroupIds: (instance.SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId ?? []),
      ...(instance.PublicIpAddress ? { publicIp: instance.PublicIpAddress } : {}),
      elasticIp: elastic.has(instance.InstanceId),
      user: userOf(imageNames.get(instance.ImageId) ?? ""),
      ...(instance.LaunchTime ? { launched: instance.LaunchTime } : {}),
    },
  }));
}

/** The user that an image brings. Source: EC2 user guide, "Default usernames for AMIs", 2026-11. */
function userOf(imageName: string): string {
  if (/ubuntu/i.test(imageName)) return "ubuntu";
  return /debian/i.test(imageName) ? "admin" : "ec2-user";
}

async function postgres({ config }: AwsAccess): Promise<FoundDatabase[]> {
  const { RDSClient, paginateDescribeDBInstances } = await import("@aws-sdk/client-rds");
  const pages = paginateDescribeDBInstances({ client: new RDSClient(config) }, {});
  const found = await collect(pages, (page) => page.DBInstances);
  return found
    .filter(({ Engine }) => Engine === "postgres")
    .map((db) => ({
      identifier: db.DBInstanceIdentifier ?? "",
      version: db.EngineVersion ?? "",
      instanceClass: db.DBInstanceClass ?? "",
      vpcId: db.DBSubnetGroup?.VpcId ?? "",
      securityGroupIds: (db.VpcSecurityGroups ?? []).flatMap(({ VpcSecurityGroupId }) => VpcSecurityGroupId ?? []),
      multiAz: db.MultiAZ ?? false,
      storageGb: db.AllocatedStorage ?? 0,
    }));
}

async function publicZones({ config }: AwsAccess): Promise<FoundZone[]> {
  const { Route53Client, paginateListHostedZones } = await import("@aws-sdk/client-route-53");
  const client = new Route53Client(config);
  const found = await collect(paginateListHostedZones({ client }, {}), (page) => page.HostedZones);
  return Promise.all(
    found
      .filter(({ Config }) => !Config?.PrivateZone)
      .map(async ({ Id = "", Name: zone = "" }) => {
        const [id, name] = [Id.replace("/hostedzone/", ""), zone.replace(/\.$/, "")];
        const addresses: Record<string, string[]> = {};
        for await (const { Name = "", Type, ResourceRecords = [] } of recordSets(client, id)) {
          if (Type !== "A" || ResourceRecords.length === 0) continue;
          const host = Name.replace(/\.$/, "");
          addresses[host] = [...(addresses[host] ?? []), ...ResourceRecords.flatMap(({ Value }) => Value ?? [])];
        }
        return { id, name, addresses };
      }),
  );
}

async function certificatesOf({ config }: AwsAccess): Promise<FoundCertificate[]> {
  const { ACMClient, paginateListCertificates } = await import("@aws-sdk/client-acm");
  const pages = paginateListCertificates({ client: new ACMClient(config) }, {});
  const found = await collect(pages, (page) => page.CertificateSummaryList);
  return found.map(({ DomainName = "", SubjectAlternativeNameSummaries = [], Status = "", NotAfter }) => ({
    names: [...new Set([DomainName, ...SubjectAlternativeNameSummaries])],
    status: Status,
    ...(NotAfter ? { expires: NotAfter } : {}),
  }));
}

async function networks({ config }: AwsAccess): Promise<FoundVpc[]> {
  const { EC2Client, DescribeVpcsCommand, DescribeSubnetsCommand, DescribeRouteTablesCommand } = await import(
    "@aws-sdk/client-ec2"
  );
  const client = new EC2Client(config);
  const [{ Vpcs = [] }, { Subnets = [] }, { RouteTables = [] }] = await Promise.all([
    client.send(new DescribeVpcsCommand({})),
    client.send(new DescribeSubnetsCommand({})),
    client.send(new DescribeRouteTablesCommand({})),
  ]);
  return Vpcs.map(({ VpcId: id = "", IsDefault }) => {
    const subnets = Subnets.filter(({ VpcId }) => VpcId === id)
      .map((subnet) => ({
        id: subnet.SubnetId ?? "",
        zone: subnet.AvailabilityZone ?? "",
        isPublic: reachesInternet(subnet, RouteTables),
      }))
      .sort((a, b) => Number(b.isPublic) - Number(a.isPublic) || a.zone.localeCompare(b.zone));
    return {
      id,
      isDefault: IsDefault ?? false,
      subnets: subnets.filter(({ zone }, index) => subnets.findIndex((other) => other.zone === zone) === index),
    };
  });
}

/** A subnet is public by its route table, or the VPC's main one where it has none of its own. */
function reachesInternet({ SubnetId, VpcId }: Subnet, tables: readonly RouteTable[]): boolean {
  const of = (test: (association: { SubnetId?: string; Main?: boolean }) => boolean) =>
    tables.find((table) => table.VpcId === VpcId && (table.Associations ?? []).some(test));
  const table = of((association) => association.SubnetId === SubnetId) ?? of(({ Main }) => Main === true);
  return (table?.Routes ?? []).some(({ GatewayId }) => GatewayId?.startsWith("igw-"));
}

async function secretsOf({ config }: AwsAccess): Promise<FoundSecret[]> {
  const { SecretsManagerClient, paginateListSecrets } = await import("@aws-sdk/client-secrets-manager");
  const pages = paginateListSecrets({ client: new SecretsManagerClient(config) }, {});
  const found = await collect(pages, (page) => page.SecretList);
  return found.map(({ ARN = "", Name = "" }) => ({ arn: ARN, name: Name }));
}

async function peerings({ config }: AwsAccess): Promise<(readonly [string, string])[]> {
  const { EC2Client, DescribeVpcPeeringConnectionsCommand } = await import("@aws-sdk/client-ec2");
  const { VpcPeeringConnections = [] } = await new EC2Client(config).send(
    new DescribeVpcPeeringConnectionsCommand({ Filters: [{ Name: "status-code", Values: ["active"] }] }),
  );
  return VpcPeeringConnections.map(
    ({ AccepterVpcInfo, RequesterVpcInfo }) => [AccepterVpcInfo?.VpcId ?? "", RequesterVpcInfo?.VpcId ?? ""] as const,
  );
}
