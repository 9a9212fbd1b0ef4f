import type { World } from "../world";

/** A question to AWS about what was built: one sentence that must hold, and what speaks against it. */
export interface Check {
  readonly name: string;
  /** @returns what is wrong; undefined if the option has nothing to ask about. */
  readonly problems: (world: World) => Promise<readonly string[] | undefined>;
}

/** A tier as its security groups and target group show it. */
export interface Tier {
  readonly name: string;
  readonly securityGroups: readonly string[];
  readonly targetGroups: readonly string[];
}

/** Services, Auto Scaling groups and single instances that serve the site. */
export async function tiersOf(world: World): Promise<Tier[]> {
  const services = (await world.services()).map((service) => ({
    name: `service ${service.serviceName}`,
    securityGroups: service.networkConfiguration?.awsvpcConfiguration?.securityGroups ?? [],
    targetGroups: (service.loadBalancers ?? []).map(({ targetGroupArn = "" }) => targetGroupArn),
  }));
  const groups = (await world.scalingGroups()).map(async ({ AutoScalingGroupName = "", TargetGroupARNs = [] }) => {
    // From the template: moto's instances do not take its network interfaces.
    const { NetworkInterfaces = [] } = await world.template(AutoScalingGroupName);
    const securityGroups = NetworkInterfaces.flatMap(({ Groups = [] }) => Groups);
    return { name: `group ${AutoScalingGroupName}`, securityGroups, targetGroups: TargetGroupARNs };
  });
  return [...services, ...(await Promise.all(groups))];
}

export const missing = (what: string, name: unknown) => `there is no ${what} ${name}`;

/** Problems of each thing, each with the thing's name in front. */
export async function each<T>(
  things: readonly T[],
  name: (thing: T) => unknown,
  problems: (thing: T) => Promise<readonly (string | false | undefined)[]>,
): Promise<string[]> {
  const found = await Promise.all(
    things.map(async (thing) =>
      (await problems(thing))
        .filter((problem) => typeof problem === "string")
        .map((problem) => `${name(thing)}: ${problem}`),
    ),
  );
  return found.flat();
}

export async function serversOf(world: World): Promise<Tier[]> {
  return (await world.servers()).map(({ InstanceId, SecurityGroups = [] }) => ({
    name: `instance ${InstanceId}`,
    securityGroups: SecurityGroups.map(({ GroupId = "" }) => GroupId),
    targetGroups: [],
  }));
}
