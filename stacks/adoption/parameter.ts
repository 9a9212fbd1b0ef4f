import { type Account, type Found, type Inputs, tagsOf, unlessMissing } from "./found";

export async function parameter({ name }: Inputs, account: Account): Promise<Found | undefined> {
  const { SSMClient, ListTagsForResourceCommand } = await import("@aws-sdk/client-ssm");
  const id = String(name);
  const asked = new ListTagsForResourceCommand({ ResourceType: "Parameter", ResourceId: id });
  const answer = await unlessMissing(new SSMClient(account).send(asked), "InvalidResourceId");
  return answer && { id, tags: tagsOf(answer.TagList) };
}
