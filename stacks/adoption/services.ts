import { type Account, type Found, type Inputs, isNamed, unlessMissing } from "./found";

export async function services(name: string, { cluster }: Inputs, account: Account): Promise<readonly Found[]> {
  const sdk = await import("@aws-sdk/client-ecs");
  const client = new sdk.ECSClient(account);
  const list = async () => {
    const arns: string[] = [];
    const pages = sdk.paginateListServices({ client }, { cluster: String(cluster) });
    for await (const { serviceArns = [] } of pages) arns.push(...serviceArns);
    return arns;
  };
  // The cluster is the stack's own.
  const arns = (await unlessMissing(list(), "ClusterNotFoundException")) ?? [];
  return arns.filter((arn) => isNamed(name, arn.split("/").at(-1))).map((id) => ({ id }));
}
