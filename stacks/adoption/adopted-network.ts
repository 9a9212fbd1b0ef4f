import { type Account, type Found, type Inputs, tagsOf } from "./found";

export async function securityGroupRule(
  inputs: Inputs,
  account: Account,
  direction: "ingress" | "egress",
): Promise<Found | undefined> {
  const { EC2Client, DescribeSecurityGroupRulesCommand } = await import("@aws-sdk/client-ec2");
  const { SecurityGroupRules = [] } = await new EC2Client(account).send(
    new DescribeSecurityGroupRulesCommand({
      Filters: [{ Name: "group-id", Values: [String(inputs.securityGroupId)] }],
    }),
  );
  // EC2 writes every port as -1.
  const port = (value: unknown) => (value === undefined ? -1 : value);
  const found = SecurityGroupRules.find(
    (one) =>
      one.IsEgress === (direction === "egress") &&
      one.IpProtocol === inputs.ipProtocol &&
      port(one.FromPort) === port(inputs.fromPort) &&
      port(one.ToPort) === port(inputs.toPort) &&
      one.CidrIpv4 === inputs.cidrIpv4 &&
      one.ReferencedGroupInfo?.GroupId === inputs.referencedSecurityGroupId,
  );
  return found?.SecurityGroupRuleId === undefined
    ? undefined
    : { id: found.SecurityGroupRuleId, tags: tagsOf(found.Tags) };
}

export async function instances(name: string, _: Inputs, account: Account): Promise<readonly Found[]> {
  const sdk = await import("@aws-sdk/client-ec2");
  const client = new sdk.EC2Client(account);
  const Filters = [
    { Name: "tag:ManagedBy", Values: ["pulumi"] },
    { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
  ];
  const { Reservations = [] } = await client.send(new sdk.DescribeInstancesCommand({ Filters }));
  // The tag `Name` is the component's, of which the instance's name is made.
  return Reservations.flatMap(({ Instances = [] }) => Instances)
    .map(({ InstanceId = "", Tags }) => ({ id: InstanceId, tags: tagsOf(Tags) }))
    .filter(({ tags }) => name === `${tags.Name}-instance`);
}

export async function addresses(name: string, _: Inputs, account: Account): Promise<readonly Found[]> {
  const sdk = await import("@aws-sdk/client-ec2");
  const { Addresses = [] } = await new sdk.EC2Client(account).send(
    new sdk.DescribeAddressesCommand({ Filters: [{ Name: "tag:ManagedBy", Values: ["pulumi"] }] }),
  );
  return Addresses.map(({ AllocationId = "", Tags }) => ({ id: AllocationId, tags: tagsOf(Tags) })).filter(
    ({ tags }) => name === `${tags.Name}-address`,
  );
}
