import type { Account, Found, Inputs } from "./found";

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
