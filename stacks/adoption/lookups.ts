import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import { dnsName } from "../../components/traffic-state";

/** Where AWS is asked, by the SDK's own chain of credentials. */
export interface Account {
  readonly region: string;
}

/** A resource's inputs, known, as the engine is given them. */
export type Inputs = Readonly<Record<string, unknown>>;

export type Tags = Readonly<Record<string, string>>;

/** What AWS has. */
export interface Found {
  /** The id by which Pulumi imports it, which is the provider's own id but for a database. */
  readonly id: string;
  /** Undefined for what has no tags. */
  readonly tags?: Tags;
  /** Whether it says the same as the inputs, for what has no tags. */
  readonly same?: boolean;
}

const isError = (error: unknown, ...names: readonly string[]) => error instanceof Error && names.includes(error.name);

/** The answer, or undefined where AWS has no such thing. */
async function unlessMissing<T>(question: Promise<T>, ...names: readonly string[]): Promise<T | undefined> {
  try {
    return await question;
  } catch (error) {
    if (isError(error, ...names)) return undefined;
    throw error;
  }
}

const tagsOf = (list: readonly { Key?: string; Value?: string }[] = []): Tags =>
  Object.fromEntries(list.map(({ Key, Value }) => [Key, Value ?? ""]));

export async function parameter({ name }: Inputs, account: Account): Promise<Found | undefined> {
  const { SSMClient, ListTagsForResourceCommand } = await import("@aws-sdk/client-ssm");
  const id = String(name);
  const asked = new ListTagsForResourceCommand({ ResourceType: "Parameter", ResourceId: id });
  const answer = await unlessMissing(new SSMClient(account).send(asked), "InvalidResourceId");
  return answer && { id, tags: tagsOf(answer.TagList) };
}

/** A record has no tags: it is ours if it says what we are about to make it say, whatever its weight and TTL. */
export async function record(inputs: Inputs, account: Account): Promise<Found | undefined> {
  // A record that may be overwritten is never refused.
  if (inputs.allowOverwrite) return undefined;
  const { Route53Client, ListResourceRecordSetsCommand } = await import("@aws-sdk/client-route-53");
  const [zoneId, name, type] = [inputs.zoneId, inputs.name, inputs.type].map(String) as [string, string, "A"];
  const { ResourceRecordSets = [] } = await new Route53Client(account).send(
    new ListResourceRecordSetsCommand({
      HostedZoneId: zoneId,
      StartRecordName: name,
      StartRecordType: type,
      MaxItems: 100,
    }),
  );
  const slot = inputs.setIdentifier;
  const found = ResourceRecordSets.find(
    (one) => dnsName(one.Name ?? "") === dnsName(name) && one.Type === type && one.SetIdentifier === slot,
  );
  return (
    found && {
      id: [zoneId, name, type, slot].filter(Boolean).join("_"),
      same: saidByInputs(inputs) === saidByRecord(found),
    }
  );
}

function saidByInputs({ aliases, records }: Inputs): string {
  const alias = (aliases as { name: string; zoneId: string }[] | undefined)?.[0];
  return alias ? `${alias.zoneId} ${dnsName(alias.name)}` : valuesText(records as string[]);
}

const saidByRecord = ({ AliasTarget, ResourceRecords = [] }: ResourceRecordSet): string =>
  AliasTarget
    ? `${AliasTarget.HostedZoneId} ${dnsName(AliasTarget.DNSName ?? "")}`
    : valuesText(ResourceRecords.map(({ Value }) => Value ?? ""));

/** Route 53 writes texts in quotation marks, and names with the root's dot. */
const valuesText = (values: readonly string[] = []) =>
  values
    .map((value) => dnsName(value.replace(/^"|"$/g, "")))
    .sort()
    .join(" ");

async function balancing(account: Account) {
  const sdk = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const client = new sdk.ElasticLoadBalancingV2Client(account);
  const tagged = async (arns: readonly string[]): Promise<Found[]> => {
    if (arns.length === 0) return [];
    const { TagDescriptions = [] } = await client.send(new sdk.DescribeTagsCommand({ ResourceArns: [...arns] }));
    return TagDescriptions.map(({ ResourceArn = "", Tags }) => ({ id: ResourceArn, tags: tagsOf(Tags) }));
  };
  return { sdk, client, tagged };
}

export async function listener({ loadBalancerArn, port }: Inputs, account: Account): Promise<Found | undefined> {
  const { sdk, client, tagged } = await balancing(account);
  const { Listeners = [] } = await client.send(
    new sdk.DescribeListenersCommand({ LoadBalancerArn: String(loadBalancerArn) }),
  );
  const arn = Listeners.find(({ Port }) => Port === port)?.ListenerArn;
  return arn === undefined ? undefined : (await tagged([arn]))[0];
}

export async function listenerRule({ listenerArn, priority }: Inputs, account: Account): Promise<Found | undefined> {
  const { sdk, client, tagged } = await balancing(account);
  const { Rules = [] } = await client.send(new sdk.DescribeRulesCommand({ ListenerArn: String(listenerArn) }));
  const arn = Rules.find(({ Priority }) => Priority === String(priority))?.RuleArn;
  return arn === undefined ? undefined : (await tagged([arn]))[0];
}

export async function logGroup({ name }: Inputs, account: Account): Promise<Found | undefined> {
  const sdk = await import("@aws-sdk/client-cloudwatch-logs");
  const client = new sdk.CloudWatchLogsClient(account);
  const id = String(name);
  const { logGroups = [] } = await client.send(new sdk.DescribeLogGroupsCommand({ logGroupNamePrefix: id }));
  const arn = logGroups.find(({ logGroupName }) => logGroupName === id)?.logGroupArn;
  if (arn === undefined) return undefined;
  const { tags = {} } = await client.send(new sdk.ListTagsForResourceCommand({ resourceArn: arn }));
  return { id, tags };
}

export async function database({ identifier }: Inputs, account: Account): Promise<Found | undefined> {
  const { RDSClient, DescribeDBInstancesCommand } = await import("@aws-sdk/client-rds");
  const id = String(identifier);
  const asked = new DescribeDBInstancesCommand({ DBInstanceIdentifier: id });
  const answer = await unlessMissing(
    new RDSClient(account).send(asked),
    "DBInstanceNotFound",
    "DBInstanceNotFoundFault",
  );
  const found = answer?.DBInstances?.[0];
  return found && { id, tags: tagsOf(found.TagList) };
}

export async function identityProvider({ url }: Inputs, account: Account): Promise<Found | undefined> {
  const sdk = await import("@aws-sdk/client-iam");
  const client = new sdk.IAMClient(account);
  const { OpenIDConnectProviderList = [] } = await client.send(new sdk.ListOpenIDConnectProvidersCommand({}));
  const issuer = String(url).replace("https://", "");
  const id = OpenIDConnectProviderList.find(({ Arn }) => Arn?.endsWith(`:oidc-provider/${issuer}`))?.Arn;
  if (id === undefined) return undefined;
  const asked = new sdk.ListOpenIDConnectProviderTagsCommand({ OpenIDConnectProviderArn: id });
  return { id, tags: tagsOf((await client.send(asked)).Tags) };
}

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

/** Whether a name is one that Pulumi makes of a logical one. */
const isNamed = (name: string, found = "") =>
  found.startsWith(`${name}-`) && /^[0-9a-f]{7}$/.test(found.slice(name.length + 1));

export async function services(name: string, { cluster }: Inputs, account: Account): Promise<readonly Found[]> {
  const sdk = await import("@aws-sdk/client-ecs");
  const client = new sdk.ECSClient(account);
  const found: Found[] = [];
  for await (const { serviceArns = [] } of sdk.paginateListServices({ client }, { cluster: String(cluster) })) {
    // The cluster is the stack's own.
    const own = serviceArns.filter((arn) => isNamed(name, arn.split("/").at(-1)));
    found.push(...own.map((id) => ({ id })));
  }
  return found;
}

export async function groups(name: string, { launchTemplate }: Inputs, account: Account): Promise<readonly Found[]> {
  const sdk = await import("@aws-sdk/client-auto-scaling");
  const client = new sdk.AutoScalingClient(account);
  const found: Found[] = [];
  for await (const { AutoScalingGroups = [] } of sdk.paginateDescribeAutoScalingGroups({ client }, {})) {
    for (const { AutoScalingGroupName: id, LaunchTemplate } of AutoScalingGroups) {
      // The template is the stack's own.
      const own = LaunchTemplate?.LaunchTemplateId === (launchTemplate as { id?: string } | undefined)?.id;
      if (id && own && isNamed(name, id)) found.push({ id });
    }
  }
  return found;
}

export async function loadBalancers(name: string, _: Inputs, account: Account): Promise<readonly Found[]> {
  const { sdk, client, tagged } = await balancing(account);
  const found: Found[] = [];
  for await (const { LoadBalancers = [] } of sdk.paginateDescribeLoadBalancers({ client, pageSize: 20 }, {})) {
    const named = LoadBalancers.filter(({ LoadBalancerName }) => isNamed(name, LoadBalancerName));
    found.push(...(await tagged(named.flatMap(({ LoadBalancerArn }) => LoadBalancerArn ?? []))));
  }
  return found;
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
