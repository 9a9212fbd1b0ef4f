import { liveAws } from "../gates/live-aws";
import { type Account, type Found, type Inputs, tagsOf, unlessMissing } from "./found";

export async function parameter({ name }: Inputs, account: Account): Promise<Found | undefined> {
  const { SSMClient, ListTagsForResourceCommand } = await import("@aws-sdk/client-ssm");
  const id = String(name);
  const asked = new ListTagsForResourceCommand({ ResourceType: "Parameter", ResourceId: id });
  const answer = await unlessMissing(new SSMClient(account).send(asked), "InvalidResourceId");
  return answer && { id, tags: tagsOf(answer.TagList) };
}

/** What a parameter has held, of which SSM keeps a hundred versions; nothing for one that is gone. */
export const history = async (name: string, { region, profile }: Account): Promise<readonly string[]> =>
  (await liveAws(region, profile).history(name)).map(({ value }) => value);
