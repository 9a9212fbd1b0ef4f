import { type Check, each, serversOf, tiersOf } from "./check";

/** Who may reach whom. */
export const REACH: readonly Check[] = [
  {
    name: "the load balancer reaches the tier, and nobody else does",
    problems: async (world) => {
      const tiers = await tiersOf(world);
      if (tiers.length === 0) return undefined;
      const [balancer] = await world.balancers();
      const [balancerGroup = ""] = balancer?.SecurityGroups ?? [];
      const groups = await world.groups();
      return each(
        tiers,
        ({ name }) => name,
        async ({ securityGroups, targetGroups }) => {
          const port = groups.find(({ TargetGroupArn }) => targetGroups.includes(TargetGroupArn ?? ""))?.Port ?? 0;
          const admitted = (await Promise.all(securityGroups.map((id) => world.admitted(id, port)))).flat();
          const outward = await world.admitted(balancerGroup, port, "out");
          return [
            securityGroups.length === 0 && "has no security group",
            admitted.join() !== balancerGroup && `port ${port} admits ${admitted.join(", ") || "nobody"}`,
            !securityGroups.some((id) => outward.includes(id)) &&
              `the load balancer may not send to port ${port} of it`,
          ];
        },
      );
    },
  },
  {
    name: "the database admits the tiers, and no other group",
    problems: async (world) => {
      const tiers = [...(await tiersOf(world)), ...(await serversOf(world))];
      if (tiers.length === 0) return undefined;
      const ours = new Set(tiers.flatMap(({ securityGroups }) => securityGroups));
      return each(
        await world.databases(),
        ({ DBInstanceIdentifier }) => DBInstanceIdentifier,
        async ({ VpcSecurityGroups = [] }) => {
          const ids = VpcSecurityGroups.map(({ VpcSecurityGroupId = "" }) => VpcSecurityGroupId);
          const admitted = (await Promise.all(ids.map((id) => world.admitted(id, 5432)))).flat();
          return [
            ...tiers.map(
              ({ name, securityGroups }) =>
                !securityGroups.some((id) => admitted.includes(id)) && `does not admit ${name}`,
            ),
            ...admitted.map((id) => id.startsWith("sg-") && !ours.has(id) && `admits ${id}, which no tier has`),
          ];
        },
      );
    },
  },
];
