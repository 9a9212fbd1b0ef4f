import { type Account, type Found, type Inputs, isNamed, tagsOf, unlessMissing } from "./found";

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
  const asked = new sdk.DescribeListenersCommand({ LoadBalancerArn: String(loadBalancerArn) });
  const answer = await unlessMissing(client.send(asked), "LoadBalancerNotFoundException");
  const arn = answer?.Listeners?.find(({ Port }) => Port === port)?.ListenerArn;
  return arn === undefined ? undefined : (await tagged([arn]))[0];
}

export async function listenerRule({ listenerArn, priority }: Inputs, account: Account): Promise<Found | undefined> {
  const { sdk, client, tagged } = await balancing(account);
  const asked = new sdk.DescribeRulesCommand({ ListenerArn: String(listenerArn) });
  const answer = await unlessMissing(client.send(asked), "ListenerNotFoundException");
  const arn = answer?.Rules?.find(({ Priority }) => Priority === String(priority))?.RuleArn;
  return arn === undefined ? undefined : (await tagged([arn]))[0];
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
