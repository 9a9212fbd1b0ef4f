import { instanceCommands } from "../gate-commands";
import { clockOf, liveAws } from "../live-aws";
import { keepRecoveryOut } from "../mute";
import { once } from "../wait";
import type { RolloutCloud } from ".";
import type { GroupCloud } from "./group";
import type { ServerCloud } from "./server-rollout";
import type { ServiceCloud } from "./service";

interface Account {
  readonly region: string;
  readonly profile?: string;
}

/** Asks and begins rollouts by the AWS SDK, which is loaded when the first question is asked. */
export const liveRollouts = (account: Account): RolloutCloud => ({
  ...liveServices(account),
  ...liveGroups(account),
  ...liveServers(account),
});

function liveServices(account: Account): ServiceCloud {
  const ecs = once(async () => {
    const sdk = await import("@aws-sdk/client-ecs");
    const client = new sdk.ECSClient(account);
    return { sdk, client, now: clockOf(client) };
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
  };
}

function liveGroups(account: Account): GroupCloud {
  const scaling = once(async () => {
    const sdk = await import("@aws-sdk/client-auto-scaling");
    return { sdk, client: new sdk.AutoScalingClient(account) };
  });
  return {
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
  };
}

function liveServers(account: Account): ServerCloud {
  const aws = liveAws(account.region, account.profile);
  const commands = instanceCommands(account);
  return {
    record: async ({ record }) => (await aws.parameter(record))?.value,
    async underWay({ document, instanceId }) {
      const found = await commands.underWay(document, ["InProgress", "Pending"], ({ InstanceIds }) =>
        InstanceIds?.includes(instanceId),
      );
      return found && { command: found.id, ...(found.parameter && { parameter: found.parameter }) };
    },
    online: async ({ instanceId }) =>
      (await commands.known({ Key: "InstanceIds", Values: [instanceId] }))?.PingStatus === "Online",
    install: ({ document, instanceId, parameter }) =>
      commands.send(document, instanceId, parameter, "pulumi up: a release"),
    installed: ({ instanceId }, command) => commands.look(command, instanceId),
    mute: ({ mute }) => keepRecoveryOut(account, mute),
  };
}

const named = (error: unknown, name: string) => error instanceof Error && error.name.startsWith(name);
