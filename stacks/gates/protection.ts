/** Deletion protection of load balancers; tests bring their own. */
export interface Protection {
  /** ARNs of the stack's load balancers, known by their tags. */
  guarded(project: string, stack: string): Promise<readonly string[]>;
  /** Turns the protection of one off; does nothing where it is off. */
  lift(arn: string): Promise<void>;
}

/** By the AWS SDK, which is loaded when the first question is asked. */
export function liveProtection(config: { region: string; profile?: string }): Protection {
  const load = async () => {
    const sdk = await import("@aws-sdk/client-elastic-load-balancing-v2");
    return { sdk, client: new sdk.ElasticLoadBalancingV2Client(config) };
  };
  return {
    async guarded(project, stack) {
      const { sdk, client } = await load();
      const arns: string[] = [];
      for await (const page of sdk.paginateDescribeLoadBalancers({ client, pageSize: 20 }, {})) {
        const found = page.LoadBalancers?.flatMap(({ LoadBalancerArn }) => LoadBalancerArn ?? []) ?? [];
        if (found.length === 0) continue;
        const { TagDescriptions = [] } = await client.send(new sdk.DescribeTagsCommand({ ResourceArns: found }));
        for (const { ResourceArn, Tags = [] } of TagDescriptions) {
          const tags = Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));
          const own = tags.Project === project && tags.Stack === stack && tags.ManagedBy === "pulumi";
          if (ResourceArn && own) arns.push(ResourceArn);
        }
      }
      return arns;
    },
    async lift(arn) {
      const { sdk, client } = await load();
      await client.send(
        new sdk.ModifyLoadBalancerAttributesCommand({
          LoadBalancerArn: arn,
          Attributes: [{ Key: "deletion_protection.enabled", Value: "false" }],
        }),
      );
    },
  };
}
