import {
  DescribeAddressesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  type EC2Client,
  type InstanceStatusSummary,
  type IpPermission,
} from "@aws-sdk/client-ec2";
import type { KMSClient } from "@aws-sdk/client-kms";
import { DescribeDBInstancesCommand, type RDSClient } from "@aws-sdk/client-rds";
import { DescribeInstanceInformationCommand, type SSMClient } from "@aws-sdk/client-ssm";
import type { Check, Server, Surroundings } from "./observed";
import { hasCustomerKey } from "./volumes";

export interface Clients {
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly rds: RDSClient;
  readonly kms: KMSClient;
}

const byInstance = (id: string) => ({ Filters: [{ Name: "instance-id", Values: [id] }] });

/** What AWS says of the server. What AWS does not answer is thrown: of a server about which nothing is known nothing is done. */
export async function describeServer({ ec2, ssm }: Clients, instanceId: string): Promise<Server> {
  const [{ Reservations = [] }, { InstanceStatuses: [checks] = [] }, { InstanceInformationList: [agent] = [] }] =
    await Promise.all([
      ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] })),
      ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [instanceId] })),
      ssm.send(new DescribeInstanceInformationCommand({ Filters: [{ Key: "InstanceIds", Values: [instanceId] }] })),
    ]);
  const found = Reservations[0]?.Instances?.[0];
  if (!found?.LaunchTime) throw new Error(`EC2 knows no instance ${instanceId}`);
  const since = checks?.SystemStatus?.Details?.find(({ Status }) => Status === "failed")?.ImpairedSince;
  return {
    state: found.State?.Name ?? "unknown",
    launchedAt: found.LaunchTime.toISOString(),
    systemCheck: toCheck(checks?.SystemStatus),
    ...(since && { systemImpairedSince: since.toISOString() }),
    instanceCheck: toCheck(checks?.InstanceStatus),
    volumeCheck: toCheck(checks?.AttachedEbsStatus),
    managed: agent?.PingStatus === "Online",
  };
}

/** `initializing` and `insufficient-data` say nothing. */
const toCheck = (status: Pick<InstanceStatusSummary, "Status"> | undefined): Check =>
  status?.Status === "ok" || status?.Status === "impaired" ? status.Status : "unknown";

/** What AWS says of all that lies between a visitor and the server. */
export async function describeSurroundings(
  { ec2, rds, kms }: Clients,
  instanceId: string,
  database: string,
): Promise<Pick<Surroundings, "open" | "keepsAddress" | "database" | "customerKey">> {
  const [{ Reservations = [] }, { Addresses = [] }, { DBInstances = [] }, customerKey] = await Promise.all([
    ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] })),
    ec2.send(new DescribeAddressesCommand(byInstance(instanceId))),
    rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: database })),
    hasCustomerKey(ec2, kms, instanceId),
  ]);
  const groups = (Reservations[0]?.Instances?.[0]?.SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId ?? []);
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: groups }));
  return {
    open: SecurityGroups.some(({ IpPermissions = [] }) => IpPermissions.some(letsVisitorsIn)),
    keepsAddress: Addresses.length > 0,
    customerKey,
    database: DBInstances[0]?.DBInstanceStatus ?? "unknown",
  };
}

/** Everybody, or a CDN that asks for them: its addresses stand in a prefix list, of AWS (CloudFront) or of one's own. */
export const letsVisitorsIn = (rule: IpPermission): boolean => {
  const { IpProtocol, FromPort = 0, ToPort = 65_535, IpRanges = [], PrefixListIds = [] } = rule;
  const atPort = IpProtocol === "-1" || (IpProtocol === "tcp" && FromPort <= 443 && ToPort >= 443);
  return atPort && (IpRanges.some(({ CidrIp }) => CidrIp === "0.0.0.0/0") || PrefixListIds.length > 0);
};
