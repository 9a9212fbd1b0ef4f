import { z } from "zod";
import { VERSION, VERSION_ALLOWED } from "../../core/version";
import { readRunbook } from "../aws/runbook";

/** The limit of EC2 for user data, in bytes before base64. */
const USER_DATA_LIMIT = 16 * 1024;

const oneLine = z.string().regex(/^[^\r\n]*$/, "must be one line");
const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of an environment variable");
const hostName = z.string().regex(/^([a-z0-9-]+\.)+[a-z]{2,}$/, "must be a host name such as www.example.com");

/** Where a secret's value comes from when the site starts. */
const secretSource = z.strictObject({
  /** ARN of the secret in Secrets Manager. */
  secretArn: z.string().min(1),
  /** Key inside a secret that is JSON. @default the whole secret */
  key: z.string().min(1).optional(),
  /** Version of the secret, so that a boot parameter's version always means the same values. @default the current one */
  versionId: z.string().min(1).optional(),
});

const common = z.strictObject({
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be a region such as ap-northeast-2"),
  /** Canonical host name of the site. */
  domain: hostName,
  /** Port of the app on the instance. */
  port: z.int().min(1024).max(65535),
  healthPath: z.string().startsWith("/"),
  /** Architecture's name, for the health check's answer. */
  tier: z.string().min(1),
  /** Release, for the health check's answer; on an instance also in the name of its folder. */
  version: z.string().regex(VERSION, `must be ${VERSION_ALLOWED}`),
  /** Environment of the app; nothing secret. */
  environment: z.record(variableName, oneLine),
  /** Environment variables whose values are secrets, fetched by the instance's role at each start. */
  secrets: z.record(variableName, secretSource),
  /** Name of the SSM parameter with the CloudWatch agent's configuration. */
  agentConfigParameter: z.string().min(1),
});

/** What boot-instance.sh reads: one instance with Nginx and PM2. */
export const instanceBootConfig = z.strictObject({
  ...common.shape,
  /** Second host name, redirected to the canonical one, with a certificate of its own. */
  redirectFrom: hostName.optional(),
  release: z.strictObject({
    /** `s3://bucket/key` of the release archive (.tar.gz of `.next/standalone`). */
    url: z.string().regex(/^s3:\/\/[^/]+\/.+/, "must be s3://bucket/key"),
    /** SHA-256 of the archive in hex; another content is not installed. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits"),
  }),
  /** Whether a release's migrations are run before it serves. */
  migrate: z.boolean().default(true),
  /** SSM parameter in which the instance writes by which version of its boot parameter it serves. @default it tells nobody */
  record: z.string().min(1).optional(),
  /** Address that the certificate authority writes to. */
  acmeEmail: z.email(),
  /** Directory URL of the certificate authority. @default Let's Encrypt */
  acmeServer: z.url().default("https://acme-v02.api.letsencrypt.org/directory"),
});

/** What boot-container.sh reads: an instance behind the load balancer that runs the image. */
export const containerBootConfig = z.strictObject({
  ...common.shape,
  /** Image by digest or by a tag that never moves, so that every instance of a template runs the same bytes. */
  image: z.string().regex(/^(?!.*:latest$)\S+$/, "must name the image by digest or by a tag other than latest"),
  /** Log group of the app's output. */
  logGroups: z.strictObject({ app: z.string().min(1) }),
  /** Target group to leave when the instance's end is announced. */
  targetGroupArn: z.string().min(1),
  /** Seconds between leaving the target group and stopping; not less than its deregistration delay. @default 35 */
  drainSeconds: z.int().min(0).max(110).default(35),
});

export type InstanceBootConfig = z.input<typeof instanceBootConfig>;
export type ContainerBootConfig = z.input<typeof containerBootConfig>;

const SCHEMAS = { instance: instanceBootConfig, container: containerBootConfig };

/**
 * The value of the SSM parameter that an instance's `boot-parameter` tag names. It holds no secret, only where secrets are.
 *
 * @throws Error that names each wrong field
 */
export function renderBootConfig(kind: "instance", config: InstanceBootConfig): string;
export function renderBootConfig(kind: "container", config: ContainerBootConfig): string;
export function renderBootConfig(kind: keyof typeof SCHEMAS, config: unknown): string {
  const parsed = SCHEMAS[kind].safeParse(config);
  if (!parsed.success) throw new Error(`Boot configuration of the ${kind}:\n${z.prettifyError(parsed.error)}`);
  return JSON.stringify(parsed.data, null, 2);
}

/**
 * User data of an instance: static text, the same in every stack, so that no change of configuration replaces an instance.
 * A change of the scripts themselves does, where user data changes are not ignored.
 *
 * @throws Error when it is larger than the 16 KB that EC2 takes
 */
export function bootScript(kind: keyof typeof SCHEMAS): string {
  const text = readRunbook("boot-common.sh") + readRunbook(`boot-${kind}.sh`);
  if (Buffer.byteLength(text) > USER_DATA_LIMIT) {
    throw new Error(`User data of the ${kind} has ${Buffer.byteLength(text)} bytes; EC2 takes ${USER_DATA_LIMIT}.`);
  }
  return text;
}

const AGENT_CONFIGS = { instance: "agent/cloudwatch-agent.json", container: "agent/cloudwatch-agent.container.json" };

/** Differences between stacks in the CloudWatch agent's configuration. */
export interface AgentConfigArgs {
  /**
   * Real name of each log group that the file names: `nginx-access`, `nginx-error`, `app` and `system` on one instance,
   * `system` behind a load balancer.
   */
  readonly logGroups: Readonly<Record<string, string>>;
  /** File systems to watch; each beyond the first is one custom metric more. @default ["/"] */
  readonly paths?: readonly string[];
  /** Regular expression for the app's command line (one instance). @default that of Next.js */
  readonly appPattern?: string;
  /** Log files in other places than on a new instance: path as in the file -> path on this one. */
  readonly files?: Readonly<Record<string, string>>;
}

interface AgentConfig {
  metrics: {
    metrics_collected: { disk: { resources: readonly string[] }; procstat?: { pattern: string }[] };
  };
  logs: {
    logs_collected: {
      files?: { collect_list: { log_group_name: string; file_path: string }[] };
      journald: { collect_list: { log_group_name: string }[] };
    };
  };
}

/**
 * The CloudWatch agent's configuration for a stack, to be put into the SSM parameter `agentConfigParameter`.
 *
 * @throws Error when a log group that the file names has no real name
 */
export function renderAgentConfig(kind: keyof typeof AGENT_CONFIGS, args: AgentConfigArgs): string {
  const config = JSON.parse(readRunbook(AGENT_CONFIGS[kind])) as AgentConfig;
  const { files, journald } = config.logs.logs_collected;
  config.metrics.metrics_collected.disk.resources = args.paths ?? ["/"];
  const app = config.metrics.metrics_collected.procstat?.[1];
  if (app && args.appPattern) app.pattern = args.appPattern;
  for (const entry of files?.collect_list ?? []) entry.file_path = args.files?.[entry.file_path] ?? entry.file_path;
  for (const entry of [...(files?.collect_list ?? []), ...journald.collect_list]) {
    const name = args.logGroups[entry.log_group_name];
    if (!name) throw new Error(`${AGENT_CONFIGS[kind]} needs the name of the log group "${entry.log_group_name}".`);
    entry.log_group_name = name;
  }
  return JSON.stringify(config, null, 2);
}
