import { type Account, type Found, type Inputs, isNamed } from "./found";

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
