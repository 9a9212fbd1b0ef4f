import { isConcat, isRef, isUnknown, type Plan, type PlanValue } from "../../core/plan-format";
import { unknownInText } from "../provider/dummies";
import type { Clients } from "./clients";

/** What stands in an account before the site does, by the names that a config refers to it. */
export interface Account {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  /** Availability zones. */
  readonly zones: readonly string[];
  /** Route 53 zone of the site's name. */
  readonly zoneId: string;
  readonly ami: string;
  readonly accountId: string;
}

/** A server and a database that a team has already. */
export interface Existing {
  readonly instanceId: string;
  readonly securityGroupId: string;
  readonly address: string;
  readonly databaseId: string;
  readonly databaseGroupId: string;
  readonly databaseSecretArn: string;
}

const AMI = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

/** What every account has before the first `up`, laid into an empty emulator: a zone and a default VPC. */
export async function prepare({ ec2, route53, ssm }: Clients, accountId: string): Promise<Account> {
  const { Vpcs: [vpc] = [] } = await ec2.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] });
  const vpcId = vpc?.VpcId ?? "";
  const { Subnets = [] } = await ec2.describeSubnets({ Filters: [{ Name: "vpc-id", Values: [vpcId] }] });
  const { HostedZone } = await route53.createHostedZone({ Name: "iamvet.kr", CallerReference: "before" });
  const { Parameter } = await ssm.getParameter({ Name: AMI });
  return {
    vpcId,
    subnetIds: Subnets.map(({ SubnetId }) => SubnetId ?? ""),
    zones: Subnets.map(({ AvailabilityZone }) => AvailabilityZone ?? ""),
    zoneId: HostedZone?.Id?.split("/").at(-1) ?? "",
    ami: Parameter?.Value ?? "",
    accountId,
  };
}

/** The server and the database of a team that has both already. */
export async function prepareExisting({ ec2, rds, secrets }: Clients, account: Account): Promise<Existing> {
  const group = async (name: string) =>
    (await ec2.createSecurityGroup({ GroupName: name, Description: name, VpcId: account.vpcId })).GroupId ?? "";
  const [securityGroupId, databaseGroupId] = [await group("server-of-today"), await group("database-of-today")];
  // The server reaches its database today; a second rule of the same is refused by AWS.
  await ec2.authorizeSecurityGroupIngress({
    GroupId: databaseGroupId,
    IpPermissions: [
      { IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, UserIdGroupPairs: [{ GroupId: securityGroupId }] },
    ],
  });
  const { Instances: [instance] = [] } = await ec2.runInstances({
    ImageId: account.ami,
    InstanceType: "t3.medium",
    MinCount: 1,
    MaxCount: 1,
    SubnetId: account.subnetIds[0],
    SecurityGroupIds: [securityGroupId],
  });
  const instanceId = instance?.InstanceId ?? "";
  const { AllocationId, PublicIp: address = "" } = await ec2.allocateAddress({ Domain: "vpc" });
  await ec2.associateAddress({ AllocationId, InstanceId: instanceId });
  const databaseId = "iamvet-db";
  await rds.createDBInstance({
    DBInstanceIdentifier: databaseId,
    DBInstanceClass: "db.t4g.micro",
    Engine: "postgres",
    AllocatedStorage: 20,
    MasterUsername: "iamvet",
    MasterUserPassword: "not-a-real-secret",
    VpcSecurityGroupIds: [databaseGroupId],
  });
  const { ARN: databaseSecretArn = "" } = await secrets.createSecret({
    Name: "iamvet-db",
    SecretString: JSON.stringify({ DATABASE_URL: "postgresql://iamvet:none@iamvet-db:5432/iamvet" }),
  });
  return { instanceId, securityGroupId, address, databaseId, databaseGroupId, databaseSecretArn };
}

/** What a look-up of the program would find in the account, by the name of the property that wants it. */
const FOUND: readonly {
  readonly property: RegExp;
  readonly value: (account: Account, resource: string) => PlanValue;
}[] = [
  { property: /^(sourceAccount|accountId)$/, value: ({ accountId }) => accountId },
  { property: /^vpcId$/, value: ({ vpcId }) => vpcId },
  { property: /^subnetId$/, value: ({ subnetIds }) => subnetIds[0] ?? "" },
  { property: /^(subnets|subnetIds|vpcZoneIdentifiers)$/, value: ({ subnetIds }) => subnetIds },
  { property: /^zoneId$/, value: ({ zoneId }) => zoneId },
  { property: /^ami$/, value: ({ ami }) => ami },
  // Subnets are numbered, one a zone.
  {
    property: /^availabilityZone$/,
    value: ({ zones }, resource) => zones[Number(/\d+$/.exec(resource)?.[0] ?? 1) - 1] ?? "",
  },
];

/** A plan in which everything that look-ups leave open is what the account has. */
export function settle(plan: Plan, account: Account): Plan {
  const value = (given: PlanValue, property: string, resource: string): PlanValue => {
    if (isUnknown(given)) return FOUND.find((row) => row.property.test(property))?.value(account, resource) ?? given;
    if (isRef(given) || typeof given !== "object" || given === null) return given;
    if (isConcat(given)) {
      return {
        $concat: given.$concat.map((part, at) =>
          isUnknown(part) ? unknownInText(given.$concat[at - 1], account) : part,
        ),
      };
    }
    if (Array.isArray(given)) return given.map((item: PlanValue) => value(item, property, resource));
    const entries = Object.entries(given as Readonly<Record<string, PlanValue>>);
    return Object.fromEntries(entries.map(([key, item]) => [key, value(item, key, resource)]));
  };
  return {
    ...plan,
    resources: plan.resources.map((resource) => ({
      ...resource,
      inputs: value(resource.inputs, "", resource.name) as typeof resource.inputs,
    })),
  };
}
