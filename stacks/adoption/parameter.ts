import { type Account, type Found, type Inputs, tagsOf, unlessMissing } from "./found";

export async function parameter({ name }: Inputs, account: Account): Promise<Found | undefined> {
  const { SSMClient, ListTagsForResourceCommand } = await import("@aws-sdk/client-ssm");
  const id = String(name);
  const asked = new ListTagsForResourceCommand({ ResourceType: "Parameter", ResourceId: id });
  const answer = await unlessMissing(new SSMClient(account).send(asked), "InvalidResourceId");
  return answer && { id, tags: tagsOf(answer.TagList) };
}

/** What a parameter has held, of which SSM keeps a hundred versions. */
export async function history(name: string, account: Account): Promise<readonly string[]> {
  const { SSMClient, paginateGetParameterHistory } = await import("@aws-sdk/client-ssm");
  const pages = paginateGetParameterHistory({ client: new SSMClient(account), pageSize: 50 }, { Name: name });
  const values: string[] = [];
  for await (const { Parameters = [] } of pages) values.push(...Parameters.map(({ Value }) => Value ?? ""));
  return values;
}
