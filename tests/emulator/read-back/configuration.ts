import type { World } from "../world";
import { type Check, each, missing } from "./check";

interface BootConfig {
  readonly agentConfigParameter: string;
  readonly secrets: Readonly<Record<string, { readonly secretArn: string; readonly key?: string }>>;
  readonly logGroups?: Readonly<Record<string, string>>;
  readonly targetGroupArn?: string;
}

type Role = Awaited<ReturnType<World["role"]>>;

/** Whether what runs can read what it is told to read. */
export const CONFIGURATION: readonly Check[] = [
  {
    name: "instances have a role that reads their configuration, and all that it names is there",
    problems: async (world) => {
      const parameters = await bootParameters(world);
      if (parameters.length === 0) return undefined;
      return each(
        parameters,
        ({ of }) => of,
        async ({ parameter: name, profile }) => {
          const found = await world.parameter(name);
          if (!found) return [missing("parameter", name)];
          const { InstanceProfile } =
            (await world.find(
              world.clients.iam.getInstanceProfile({ InstanceProfileName: profile.split("/").at(-1) ?? "" }),
            )) ?? {};
          if (!InstanceProfile || ![InstanceProfile.Arn, InstanceProfile.InstanceProfileName].includes(profile)) {
            return [missing("instance profile", profile)];
          }
          const role = await world.role(InstanceProfile.Roles?.[0]?.Arn ?? "");
          if (!role?.trusts("ec2.amazonaws.com")) return ["its role is not one for EC2"];
          const boot = JSON.parse(found.Value ?? "") as BootConfig;
          if (!boot.agentConfigParameter) return [`the parameter ${name} holds no boot configuration`];
          const agent = await world.parameter(boot.agentConfigParameter);
          const logGroups = await world.logGroups();
          const named = [...(agent?.Value ?? "").matchAll(/"log_group_name": "([^"]+)"/g)].map(
            (match) => match[1] ?? "",
          );
          const group = boot.targetGroupArn;
          return [
            !role.may("ssm:GetParameter", found.ARN ?? "") && `its role may not read ${name}`,
            !agent && missing("parameter", boot.agentConfigParameter),
            agent && !role.may("ssm:GetParameter", agent.ARN ?? "") && `its role may not read ${agent.Name}`,
            ...[...named, ...Object.values(boot.logGroups ?? {})].map(
              (log) => !logGroups.includes(log) && missing("log group", log),
            ),
            group &&
              !(await world.groups()).some(({ TargetGroupArn }) => TargetGroupArn === group) &&
              missing("target group", group),
            group &&
              !role.may("elasticloadbalancing:DeregisterTargets", group) &&
              "its role may not leave its target group",
            ...(await Promise.all(
              Object.values(boot.secrets).map(({ secretArn, key }) => secretProblem(world, secretArn, key, role)),
            )),
          ];
        },
      );
    },
  },
  {
    name: "tasks have an execution role that reads the secrets they name, and the secrets are there",
    problems: async (world) => {
      const services = await world.services();
      if (services.length === 0) return undefined;
      return each(
        services,
        ({ serviceName }) => serviceName,
        async ({ taskDefinition, loadBalancers = [] }) => {
          const { taskDefinition: definition } =
            (await world.find(world.clients.ecs.describeTaskDefinition({ taskDefinition }))) ?? {};
          if (!definition) return [missing("task definition", taskDefinition)];
          const [execution, task] = await Promise.all(
            [definition.executionRoleArn, definition.taskRoleArn].map((arn) => world.role(arn ?? "")),
          );
          const containers = definition.containerDefinitions ?? [];
          const logGroups = await world.logGroups();
          return [
            !execution?.trusts("ecs-tasks.amazonaws.com") && "its execution role is not one for ECS tasks",
            !task?.trusts("ecs-tasks.amazonaws.com") && "its task role is not one for ECS tasks",
            ...loadBalancers.map(
              ({ containerName, containerPort }) =>
                !containers.some(
                  ({ name, portMappings = [] }) =>
                    name === containerName && portMappings.some((port) => port.containerPort === containerPort),
                ) && `no container ${containerName} listens on ${containerPort}`,
            ),
            ...(await Promise.all(
              containers
                .flatMap(({ secrets = [] }) => secrets)
                .map(({ valueFrom = "" }) => {
                  const [arn, key] = [valueFrom.split(":").slice(0, 7).join(":"), valueFrom.split(":")[7]];
                  return secretProblem(world, arn, key, execution);
                }),
            )),
            ...containers.map(({ logConfiguration }) => {
              const log = logConfiguration?.options?.["awslogs-group"];
              return log !== undefined && !logGroups.includes(log) && missing("log group", log);
            }),
          ];
        },
      );
    },
  },
];

/** Where instances find their configuration, and the profile that they find it with. */
async function bootParameters(world: World) {
  const tagged = (tags: readonly { readonly Key?: string; readonly Value?: string }[] = []) =>
    tags.find(({ Key }) => Key === "boot-parameter")?.Value;
  const servers = (await world.servers()).map(({ InstanceId, Tags, IamInstanceProfile }) => ({
    of: `instance ${InstanceId}`,
    parameter: tagged(Tags),
    profile: IamInstanceProfile?.Arn ?? "",
  }));
  const templates = (await world.scalingGroups()).map(async ({ AutoScalingGroupName = "" }) => {
    const { TagSpecifications = [], IamInstanceProfile } = await world.template(AutoScalingGroupName);
    return {
      of: `group ${AutoScalingGroupName}`,
      parameter: TagSpecifications.map(({ Tags }) => tagged(Tags)).find(Boolean),
      profile: IamInstanceProfile?.Arn ?? IamInstanceProfile?.Name ?? "",
    };
  });
  // A server that was taken over reads nothing from this stack.
  return [...servers, ...(await Promise.all(templates))].flatMap(({ parameter, ...rest }) =>
    parameter ? [{ ...rest, parameter }] : [],
  );
}

async function secretProblem(world: World, arn: string, key: string | undefined, role: Role) {
  const keys = await world.secretKeys(arn);
  if (!keys) return missing("secret", arn);
  if (key && !keys.includes(key)) return `the secret ${arn} has no key ${key}`;
  return role?.may("secretsmanager:GetSecretValue", arn) ? undefined : `its role may not read ${arn}`;
}
