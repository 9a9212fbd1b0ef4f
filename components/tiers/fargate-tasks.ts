import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { MigrationTask } from "../../core/web-tier";
import { type Grant, logGrants, pullGrants, secretGrants, serviceRole } from "../aws/iam";
import { identity, secretArns } from "../foundation/app-environment";
import type { FargateServiceArgs } from "./fargate-service";

/** Seconds a task has to finish its requests after SIGTERM; longer than the deregistration delay, which ends first. */
const STOP_SECONDS = 60;

/** The container in which the app runs. */
export const CONTAINER = "app";

/** What ECS needs to know to run the app, or its migrations, once. */
export interface FargateTasksArgs extends FargateServiceArgs {
  readonly tier: string;
  readonly logs: aws.cloudwatch.LogGroup;
  readonly group: aws.ec2.SecurityGroup;
}

/** The cluster and what runs in it: the app, and where a release's migrations run. */
export function fargateTasks(name: string, args: FargateTasksArgs, parent: pulumi.Resource) {
  const child = { parent };
  const { logs, group } = args;
  const roles = taskRoles(name, args, parent);
  const cluster = taskCluster(name, args, roles.sessions, parent);
  const define = (suffix: string, role: string, container: object, opts: pulumi.CustomResourceOptions) =>
    new aws.ecs.TaskDefinition(
      `${name}-${suffix}`,
      {
        family: pulumi.interpolate`${cluster.name}-${role}`,
        requiresCompatibilities: ["FARGATE"],
        networkMode: "awsvpc",
        cpu: String(args.cpu),
        memory: String(args.memory),
        runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: args.cpuArchitecture },
        executionRoleArn: roles.execution.arn,
        taskRoleArn: roles.task.arn,
        containerDefinitions: pulumi.jsonStringify([container]),
      },
      opts,
    );
  const program = appContainer(args, aws.getRegionOutput({}, child).region);
  // A rollback of a deployment needs the revision before.
  const definition = define("definition", "app", serverContainer(program, args), { ...child, retainOnDelete: true });
  const migrating =
    args.beforeRollout && define("migrate", "migrate", { ...program, ...MIGRATE, readonlyRootFilesystem: true }, child);
  const migration =
    migrating &&
    pulumi.all([cluster.arn, migrating.arn, args.subnetIds, group.id, logs.name]).apply(
      ([clusterArn, taskDefinition, subnets, securityGroup, logGroup]): MigrationTask => ({
        kind: "ecs",
        tier: args.tier,
        cluster: clusterArn,
        taskDefinition,
        subnets,
        securityGroup,
        container: CONTAINER,
        logGroup,
      }),
    );
  return { cluster, definition, migration };
}

/** What ECS may do to start a task, and the task itself; with the log of shells, where they are allowed. */
function taskRoles(name: string, args: FargateTasksArgs, parent: pulumi.Resource) {
  const child = { parent };
  const execution = serviceRole(
    `${name}-execution`,
    "ecs-tasks.amazonaws.com",
    [...pullGrants(args.repositoryArns), ...secretGrants(secretArns(args.environment)), ...logGrants([args.logs.arn])],
    child,
  );
  const sessions = args.exec
    ? new aws.cloudwatch.LogGroup(`${name}-exec-sessions`, { retentionInDays: args.logRetentionDays }, child)
    : undefined;
  const grants = sessions ? execGrants(sessions.arn) : [];
  return { execution, sessions, task: serviceRole(`${name}-task`, "ecs-tasks.amazonaws.com", grants, child) };
}

function taskCluster(
  name: string,
  { containerInsights }: FargateTasksArgs,
  sessions: aws.cloudwatch.LogGroup | undefined,
  parent: pulumi.Resource,
): aws.ecs.Cluster {
  const cluster = new aws.ecs.Cluster(
    `${name}-cluster`,
    {
      settings: [{ name: "containerInsights", value: containerInsights }],
      ...(sessions
        ? {
            configuration: {
              executeCommandConfiguration: {
                logging: "OVERRIDE",
                logConfiguration: { cloudWatchLogGroupName: sessions.name },
              },
            },
          }
        : {}),
    },
    { parent },
  );
  new aws.ecs.ClusterCapacityProviders(
    `${name}-capacity`,
    { clusterName: cluster.name, capacityProviders: ["FARGATE", "FARGATE_SPOT"] },
    { parent },
  );
  return cluster;
}

/** The image with its environment, whatever of it is run. */
function appContainer(
  { tier, environment, version, port, image, logs }: FargateTasksArgs,
  region: pulumi.Input<string>,
) {
  const variables = { ...environment.plain, ...identity(tier, version), PORT: String(port) };
  return {
    name: CONTAINER,
    image,
    essential: true,
    environment: Object.entries(variables).map(([key, value]) => ({ name: key, value })),
    secrets: Object.entries(environment.secrets).map(([key, secret]) => ({
      name: key,
      // Key, no stage, version (ECS developer guide, "Pass Secrets Manager secrets through environment variables").
      valueFrom: pulumi.interpolate`${secret.arn}:${secret.key}::${secret.versionId ?? ""}`,
    })),
    linuxParameters: { initProcessEnabled: true, tmpfs: SCRATCH },
    logConfiguration: {
      logDriver: "awslogs",
      options: { "awslogs-group": logs.name, "awslogs-region": region, "awslogs-stream-prefix": CONTAINER },
    },
  };
}

/** The program as it serves. */
const serverContainer = (program: object, { port, exec }: FargateTasksArgs) => ({
  ...program,
  portMappings: [{ containerPort: port, protocol: "tcp" }],
  readonlyRootFilesystem: !exec,
  stopTimeout: STOP_SECONDS,
  healthCheck: {
    command: ["CMD", "node", "-e", healthCheck(`:${port}/api/health`)],
    interval: 10,
    timeout: 5,
    retries: 3,
    startPeriod: 30,
  },
});

/** What ECS Exec takes: its channels, which have no ARN, and the log of its sessions. */
const execGrants = (sessionLog: pulumi.Input<string>): Grant[] => [
  {
    actions: ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"].map(
      (action) => `ssmmessages:${action}`,
    ),
    resources: ["*"],
  },
  { actions: ["logs:DescribeLogGroups"], resources: ["*"] },
  ...logGrants([sessionLog]),
];

/** The image's Prisma CLI with its schema engine (app/Dockerfile). */
const MIGRATE = {
  workingDirectory: "/migrate",
  command: ["node", "node_modules/prisma/build/index.js", "migrate", "deploy"],
};

/**
 * Writable places of a container whose root is read-only, for whatever user the image has: in memory, at most so many MiB of the
 * task's. A volume would be root's, mode 0755, unless the image declares it with another owner (ECS developer guide, "Use bind
 * mounts with Amazon ECS"); a tmpfs has its mode from here (on Fargate since January 2026). boot-container.sh has the same.
 */
const SCRATCH = ["/tmp", "/app/.next/cache"].map((containerPath) => ({
  containerPath,
  size: 64,
  mountOptions: ["mode=1777"],
}));

/**
 * A program that ends with 0 when the app answers on any of the container's addresses. Fargate sets `HOSTNAME` to the task's own name,
 * over the image's, and a Next.js server then listens on that address alone (vercel/next.js issue 58657); loopback is one of them.
 */
const healthCheck = (rest: string) =>
  [
    "const ask = async ({ address, family }) => {",
    `const host = family === "IPv6" ? "[" + address + "]" : address;`,
    `if (!(await fetch("http://" + host + "${rest}")).ok) throw host; };`,
    `Promise.any(Object.values(require("os").networkInterfaces()).flat().map(ask))`,
    ".then(() => process.exit(0), () => process.exit(1))",
  ].join(" ");
