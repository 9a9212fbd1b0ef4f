import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Command } from "commander";
import { UserError } from "../../../core/errors";
import { muted } from "../../../output/document";
import { type AwsAccess, askAws, connectStack } from "../../lib/aws-access";
import { tell } from "../../lib/print";
import { run } from "../../lib/process";
import { withProgress } from "../../lib/progress";
import { inFolder, readStackFile } from "../../lib/stack-files";
import { stackOutputs } from "../../lib/stack-outputs";

type Outputs = Readonly<Record<string, unknown>>;

/** A place of the stack on which a session can be opened. */
export interface Place {
  /** For people. */
  readonly name: string;
  /** Arguments of `aws` that open a shell there. */
  readonly shell: readonly string[];
  /** Target of a Systems Manager session: an instance, or a container of a task. */
  readonly target: string;
}

interface Options {
  readonly stack: string;
  readonly cwd: string;
}

const common = (command: Command) => command.requiredOption("-s, --stack <name>", "the stack").addOption(inFolder());

/** `platform shell`: Session Manager instead of SSH, so no port is open, no key lies around, and each session is on record. */
export function shellCommand(): Command {
  return common(new Command("shell"))
    .description("Open a shell on the server or in a task by Systems Manager: no SSH, no open port")
    .action(async (options: Options) => {
      const { access, place } = await reach(options);
      tell(muted(`A shell on ${place.name}; leave it with exit.`));
      process.exitCode = await ended(
        spawn("aws", [...place.shell, "--region", access.region], { stdio: "inherit", env: envOf(access) }),
      );
    });
}

/** `platform db`: a tunnel from this machine to the database, through the server or a task. */
export function dbCommand(): Command {
  return common(new Command("db"))
    .description("Open a tunnel to the database through the server or a task, and show the psql command")
    .option("-p, --port <number>", "local port; default: 5433, or a free one")
    .option("--psql", "run psql in it")
    .action(tunnel);
}

async function tunnel(options: Options & { port?: string; psql?: boolean }): Promise<void> {
  const port = options.port === undefined ? await freePort(5433) : Number(options.port);
  if (!Number.isInteger(port) || port < 1024 || port > 65535) {
    throw new UserError(`--port ${options.port}: a whole number from 1024 to 65535 is needed.`);
  }
  if (options.psql) await installed("psql", "Install the PostgreSQL client, or leave --psql out.");
  const { access, place, outputs } = await reach(options);
  const { host, remotePort } = endpointOf(outputs);
  const login = await withProgress("Reading DATABASE_URL from Secrets Manager", () => loginOf(access, outputs));

  const folder = mkdtempSync(join(tmpdir(), "platform-db-"));
  const passwords = join(folder, "pgpass");
  // The password goes into a file that only this user reads and that goes with the tunnel: never into output, history or `ps`.
  writeFileSync(passwords, `${[host, String(port), "*", login.user, login.password].map(escaped).join(":")}\n`, {
    mode: 0o600,
  });
  const clean = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", clean);

  const session = spawn(
    "aws",
    [
      ...["ssm", "start-session", "--region", access.region, "--target", place.target],
      ...["--document-name", "AWS-StartPortForwardingSessionToRemoteHost"],
      ...[
        "--parameters",
        JSON.stringify({ host: [host], portNumber: [String(remotePort)], localPortNumber: [String(port)] }),
      ],
    ],
    { stdio: ["ignore", "ignore", "inherit"], env: envOf(access) },
  );
  const over = ended(session);
  const stop = () => session.kill("SIGINT");
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const open = await withProgress(`Opening the tunnel through ${place.name}`, () =>
    Promise.race([listening(port), over.then(() => false)]),
  );
  if (!open) {
    session.kill();
    throw new UserError(
      `The tunnel through ${place.name} did not open. Its agent must be online (platform doctor ` +
        `--stack ${options.stack}), and the database's security group must admit it.`,
    );
  }
  // The name goes along for the certificate, the address for the connection.
  const where = `host=${host} hostaddr=127.0.0.1 port=${port} dbname=${login.database} user=${login.user} sslmode=require`;
  if (options.psql) {
    const psql = spawn("psql", [where], { stdio: "inherit", env: { ...process.env, PGPASSFILE: passwords } });
    process.exitCode = await ended(psql);
    session.kill("SIGINT");
  } else {
    console.log(`Open until Ctrl-C. In another terminal:\n\n  PGPASSFILE=${passwords} psql "${where}"\n`);
  }
  await over;
  clean();
}

/** The account, a place to go through, and the stack's outputs; whatever is missing is told before a session starts. */
async function reach({ stack, cwd }: Options): Promise<{ access: AwsAccess; place: Place; outputs: Outputs }> {
  const folder = cwd;
  const { config } = readStackFile(folder, stack);
  await installed("aws", "Install the AWS CLI (version 2): docs.aws.amazon.com/cli.");
  await installed(
    "session-manager-plugin",
    'It lets the AWS CLI open sessions: search for "Install the Session Manager plugin for the AWS CLI" on docs.aws.amazon.com.',
  );
  const outputs = await withProgress("Reading the stack's outputs", () => stackOutputs(folder, stack));
  const access = await withProgress("Asking AWS who is there", () => connectStack(config));
  return { access, outputs, place: await placeOf(access, outputs, stack) };
}

async function installed(program: string, how: string): Promise<void> {
  const { code } = await run(program, ["--version"], { limit: 20 });
  if (code === undefined) throw new UserError(`${program} is not on PATH. ${how}`);
}

/** Where a session can be opened: the server, one of the group, or a task. */
export async function placeOf(access: AwsAccess, outputs: Outputs, stack: string): Promise<Place> {
  const { instanceId, autoScalingGroup, cluster, service } = outputs;
  if (typeof instanceId === "string") return onInstance(instanceId);
  if (typeof autoScalingGroup === "string") return onInstance(await instanceOf(access, autoScalingGroup));
  if (typeof cluster === "string" && typeof service === "string") return inTask(access, cluster, service, stack);
  throw new UserError(
    `The stack ${stack} has no server or task to go through ` +
      `(${outputs.architecture ?? "nothing is deployed"}). On Vercel, reach the database by its public ` +
      "endpoint with TLS, or open a canary on another architecture.",
  );
}

const onInstance = (id: string): Place => ({ name: id, shell: ["ssm", "start-session", "--target", id], target: id });

async function instanceOf(access: AwsAccess, name: string): Promise<string> {
  const { AutoScalingClient, DescribeAutoScalingGroupsCommand } = await import("@aws-sdk/client-auto-scaling");
  const { AutoScalingGroups = [] } = await askAws(access, "look at the Auto Scaling group", () =>
    new AutoScalingClient(access.config).send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] })),
  );
  const id = AutoScalingGroups[0]?.Instances?.find(({ LifecycleState }) => LifecycleState === "InService")?.InstanceId;
  if (id) return id;
  throw new UserError(`The Auto Scaling group ${name} has no instance in service right now.`);
}

async function inTask(access: AwsAccess, cluster: string, service: string, stack: string): Promise<Place> {
  const ecs = await import("@aws-sdk/client-ecs");
  const client = new ecs.ECSClient(access.config);
  const { tasks, services } = await askAws(access, "look at the tasks", async () => {
    const { taskArns = [] } = await client.send(
      new ecs.ListTasksCommand({ cluster, serviceName: service, desiredStatus: "RUNNING" }),
    );
    const [described, { services = [] }] = await Promise.all([
      taskArns.length > 0 ? client.send(new ecs.DescribeTasksCommand({ cluster, tasks: taskArns })) : { tasks: [] },
      client.send(new ecs.DescribeServicesCommand({ cluster, services: [service] })),
    ]);
    return { tasks: described.tasks ?? [], services };
  });
  if (tasks.length === 0) throw new UserError(`The service ${service} has no running task right now.`);
  const task = tasks.find(({ enableExecuteCommand }) => enableExecuteCommand);
  if (!task) {
    throw new UserError(
      `The tasks of ${service} were started without ECS Exec. Switch it on, and new tasks have it: ` +
        `pulumi config set --stack ${stack} --path iamvet:fargate.exec true && pulumi up --stack ${stack}`,
    );
  }
  const id = task.taskArn?.split("/").at(-1) ?? "";
  const app = services[0]?.loadBalancers?.[0]?.containerName;
  const container = task.containers?.find(({ name }) => name === app) ?? task.containers?.[0];
  return {
    name: `task ${id} of ${service}`,
    shell: [
      ...["ecs", "execute-command", "--cluster", cluster, "--task", id],
      ...["--container", container?.name ?? "", "--interactive", "--command", "/bin/sh"],
    ],
    target: `ecs:${cluster}_${id}_${container?.runtimeId ?? ""}`,
  };
}

function endpointOf({ databaseEndpoint }: Outputs): { host: string; remotePort: number } {
  const [host, port] = typeof databaseEndpoint === "string" ? databaseEndpoint.split(":") : [];
  if (!host) throw new UserError("The stack has no output databaseEndpoint yet: run `pulumi up` first.");
  return { host, remotePort: Number(port ?? 5432) };
}

interface Login {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

async function loginOf(access: AwsAccess, { databaseSecret }: Outputs): Promise<Login> {
  if (typeof databaseSecret !== "string") {
    throw new UserError("The stack has no output databaseSecret yet: run `pulumi up` first.");
  }
  const { SecretsManagerClient, GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
  const { SecretString = "" } = await askAws(
    access,
    "read the secret with DATABASE_URL (secretsmanager:GetSecretValue)",
    () => new SecretsManagerClient(access.config).send(new GetSecretValueCommand({ SecretId: databaseSecret })),
  );
  return parseLogin(SecretString);
}

/** @throws {UserError} that says nothing of the secret's content */
export function parseLogin(secret: string): Login {
  try {
    const { DATABASE_URL } = JSON.parse(secret) as { DATABASE_URL: string };
    const { username, password, pathname } = new URL(DATABASE_URL);
    return {
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
    };
  } catch {
    throw new UserError(
      "The secret of the database is not JSON with a key DATABASE_URL of the form postgresql://user:password@host:5432/name.",
    );
  }
}

/** In a password file, `:` and `\` are escaped (PostgreSQL documentation, "The Password File"). */
const escaped = (value: string) => value.replace(/[\\:]/g, "\\$&");

/** The `aws` program must act as who was asked for, also where the profile stands in the stack's file. */
const envOf = ({ profile }: AwsAccess) => ({ ...process.env, ...(profile ? { AWS_PROFILE: profile } : {}) });

const ended = (child: ChildProcess) =>
  new Promise<number>((resolve, reject) => {
    child.once("error", reject).once("close", (code) => resolve(code ?? 1));
  });

/** Waits until somebody listens on a local port; `false` after 30 s. */
async function listening(port: number): Promise<boolean> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const answered = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (answered) return true;
    await setTimeout(200);
  }
  return false;
}

/** The port that is wanted, or any free one if somebody has it. */
const freePort = (wanted: number) =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once("error", () =>
      wanted === 0 ? reject(new Error("no port is free")) : freePort(0).then(resolve, reject),
    );
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : wanted));
    });
  });
