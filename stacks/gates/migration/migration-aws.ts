import * as pulumi from "@pulumi/pulumi";
import type { MigrationTask } from "../../../core/web-tier";
import { instanceCommands } from "../gate-commands";
import { once, SHOWN_LINES } from "../wait";
import { judgeTask, type MigrationRun, type MigrationRunner } from ".";

interface Account {
  readonly region: string;
  readonly profile?: string;
}

/** Runs by the AWS SDK, which is loaded when the first migration starts. */
export function liveRunner(account: Account): MigrationRunner {
  const [tasks, commands] = [ecsRunner(account), ssmRunner(account)];
  return {
    start: (task, mark) => (task.kind === "ecs" ? tasks.start(task, mark) : commands.start(task, mark)),
    look: (task, run) => (task.kind === "ecs" ? tasks.look(task, run) : commands.look(run)),
  };
}

type Ecs = Extract<MigrationTask, { kind: "ecs" }>;

/** As a task of its own on the service's cluster. */
function ecsRunner(account: Account) {
  const ecs = once(async () => {
    const sdk = await import("@aws-sdk/client-ecs");
    return { sdk, client: new sdk.ECSClient(account) };
  });
  return {
    async start({ cluster, taskDefinition, subnets, securityGroup }: Ecs, mark: string): Promise<string> {
      const { sdk, client } = await ecs();
      const { taskArns } = await client.send(new sdk.ListTasksCommand({ cluster, startedBy: mark }));
      if (taskArns?.[0]) return taskArns[0];
      const { tasks, failures } = await client.send(
        new sdk.RunTaskCommand({
          cluster,
          taskDefinition,
          launchType: "FARGATE",
          startedBy: mark,
          networkConfiguration: {
            awsvpcConfiguration: { subnets: [...subnets], securityGroups: [securityGroup], assignPublicIp: "ENABLED" },
          },
        }),
      );
      const arn = tasks?.[0]?.taskArn;
      if (arn) return arn;
      throw new pulumi.RunError(`ECS started no migration task: ${failures?.[0]?.reason ?? "no reason given"}`);
    },
    async look(task: Ecs, run: string): Promise<MigrationRun> {
      const { sdk, client } = await ecs();
      const { tasks } = await client.send(new sdk.DescribeTasksCommand({ cluster: task.cluster, tasks: [run] }));
      const seen = judgeTask(tasks?.[0], task.container);
      return seen.state === "failed" ? { ...seen, output: await endOfLog(account, task, run) } : seen;
    },
  };
}

/** Undefined of a task that never started, which has written nothing. */
async function endOfLog(account: Account, { logGroup, container }: Ecs, run: string): Promise<string | undefined> {
  const { CloudWatchLogsClient, GetLogEventsCommand } = await import("@aws-sdk/client-cloudwatch-logs");
  const asked = new GetLogEventsCommand({
    logGroupName: logGroup,
    logStreamName: `${container}/${container}/${run.split("/").at(-1)}`,
    limit: SHOWN_LINES,
  });
  try {
    const { events } = await new CloudWatchLogsClient(account).send(asked);
    return events?.map(({ message }) => message).join("\n");
  } catch {
    return undefined;
  }
}

type Ssm = Extract<MigrationTask, { kind: "ssm" }>;

/** As a command on one instance of the group; a run is called by both, `<command> <instance>`. */
function ssmRunner(account: Account) {
  const commands = instanceCommands(account);
  return {
    async start({ document, parameter, tag }: Ssm, mark: string): Promise<string | undefined> {
      const underWay = await commands.underWay(document, ["InProgress"], ({ Comment }) => Comment === mark);
      if (underWay?.instanceId) return `${underWay.id} ${underWay.instanceId}`;
      const online = { Key: "PingStatus", Values: ["Online"] };
      const instance = (await commands.known({ Key: `tag:${tag.key}`, Values: [tag.value] }, online))?.InstanceId;
      return instance && `${await commands.send(document, instance, parameter, mark)} ${instance}`;
    },
    look(run: string): Promise<MigrationRun> {
      const [command = "", instance = ""] = run.split(" ");
      return commands.look(command, instance);
    },
  };
}
