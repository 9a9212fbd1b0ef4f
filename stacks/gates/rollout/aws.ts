import { clockOf, liveAws } from "../live-aws";
import { judgeCommand } from "../migration";
import { keepRecoveryOut } from "../mute";
import type { RolloutCloud } from ".";

/** Asks and begins rollouts by the AWS SDK, which is loaded when the first question is asked. */
export function liveRollouts(config: { region: string; profile?: string }): RolloutCloud {
  const aws = liveAws(config.region, config.profile);
  const ecs = once(async () => {
    const sdk = await import("@aws-sdk/client-ecs");
    const client = new sdk.ECSClient(config);
    return { sdk, client, now: clockOf(client) };
  });
  const scaling = once(async () => {
    const sdk = await import("@aws-sdk/client-auto-scaling");
    return { sdk, client: new sdk.AutoScalingClient(config) };
  });
  const ssm = once(async () => {
    const sdk = await import("@aws-sdk/client-ssm");
    return { sdk, client: new sdk.SSMClient(config) };
  });

  return {
    async service({ cluster, service }) {
      const { sdk, client, now } = await ecs();
      const { services } = await client.send(new sdk.DescribeServicesCommand({ cluster, services: [service] }));
      return { ...(services?.[0] ? { service: services[0] } : {}), now: now() };
    },
    async deploy({ cluster, service, taskDefinition }) {
      const { sdk, client } = await ecs();
      await client.send(new sdk.UpdateServiceCommand({ cluster, service, taskDefinition, forceNewDeployment: true }));
    },

    async group({ group }) {
      const { sdk, client } = await scaling();
      const [groups, refreshes] = await Promise.all([
        client.send(new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] })),
        client.send(new sdk.DescribeInstanceRefreshesCommand({ AutoScalingGroupName: group, MaxRecords: 1 })),
      ]);
      const [found, refresh] = [groups.AutoScalingGroups?.[0], refreshes.InstanceRefreshes?.[0]];
      return { ...(found ? { group: found } : {}), ...(refresh ? { refresh } : {}) };
    },
    async startRefresh({ group, launchTemplate, version, warmupSeconds, alarms }) {
      const { sdk, client } = await scaling();
      const start = async (AutoRollback: boolean) => {
        const { InstanceRefreshId } = await client.send(
          new sdk.StartInstanceRefreshCommand({
            AutoScalingGroupName: group,
            Strategy: "Rolling",
            DesiredConfiguration: { LaunchTemplate: { LaunchTemplateId: launchTemplate, Version: version } },
            Preferences: {
              AutoRollback,
              AlarmSpecification: { Alarms: [...alarms] },
              InstanceWarmup: warmupSeconds,
              // Never fewer than there are; new ones first.
              MinHealthyPercentage: 100,
              MaxHealthyPercentage: 200,
              SkipMatching: true,
              ScaleInProtectedInstances: "Wait",
            },
          }),
        );
        return InstanceRefreshId;
      };
      try {
        return await start(true);
      } catch (error) {
        if (named(error, "InstanceRefreshInProgress")) return undefined;
        // The group's own template has an alias for its AMI, as the versions before this program pinned it had: this once there is no
        // way back by itself (https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html).
        if (named(error, "ValidationError") && /rollback/i.test((error as Error).message)) return start(false);
        throw error;
      }
    },
    async cancelRefresh({ group }) {
      const { sdk, client } = await scaling();
      try {
        await client.send(new sdk.CancelInstanceRefreshCommand({ AutoScalingGroupName: group }));
      } catch (error) {
        // It has ended meanwhile.
        if (!named(error, "ActiveInstanceRefreshNotFound")) throw error;
      }
    },

    record: async ({ record }) => (await aws.parameter(record))?.value,
    async underWay({ document, instanceId }) {
      const { sdk, client } = await ssm();
      for (const Status of ["InProgress", "Pending"]) {
        const { Commands } = await client.send(
          // The document is the stack's own. By instance AWS would leave out what is Pending.
          new sdk.ListCommandsCommand({
            Filters: [
              { key: "DocumentName", value: document },
              { key: "Status", value: Status },
            ],
          }),
        );
        const found = Commands?.find(({ InstanceIds }) => InstanceIds?.includes(instanceId));
        if (found?.CommandId) {
          const parameter = found.Parameters?.[BOOT_PARAMETER]?.[0];
          return { command: found.CommandId, ...(parameter ? { parameter } : {}) };
        }
      }
      return undefined;
    },
    async online({ instanceId }) {
      const { sdk, client } = await ssm();
      const { InstanceInformationList } = await client.send(
        new sdk.DescribeInstanceInformationCommand({ Filters: [{ Key: "InstanceIds", Values: [instanceId] }] }),
      );
      return InstanceInformationList?.[0]?.PingStatus === "Online";
    },
    async install({ document, instanceId, parameter }) {
      const { sdk, client } = await ssm();
      const { Command } = await client.send(
        new sdk.SendCommandCommand({
          DocumentName: document,
          InstanceIds: [instanceId],
          Parameters: { [BOOT_PARAMETER]: [parameter] },
          Comment: "pulumi up: a release",
        }),
      );
      return Command?.CommandId ?? "";
    },
    async installed({ instanceId }, CommandId) {
      const { sdk, client } = await ssm();
      try {
        return judgeCommand(
          await client.send(new sdk.GetCommandInvocationCommand({ CommandId, InstanceId: instanceId })),
        );
      } catch (error) {
        // The command is known a moment before its invocation is.
        if (named(error, "InvocationDoesNotExist")) return judgeCommand({});
        throw error;
      }
    },
    mute: ({ mute }) => keepRecoveryOut(config, mute),
  };
}

/** Parameter of the command document. */
const BOOT_PARAMETER = "BootParameter";

const named = (error: unknown, name: string) => error instanceof Error && error.name.startsWith(name);

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
