import { type Account, type Found, type Inputs, isNamed } from "./found";

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
