import { setTimeout as after } from "node:timers/promises";
import type { STSClient } from "@aws-sdk/client-sts";
import { UserError } from "../../core/errors";

/** Where a command looks for its account. */
export interface AwsOptions {
  /** `aws:region` of the stack, or a flag. @default AWS_REGION, AWS_DEFAULT_REGION, then the profile's region */
  readonly region?: string | undefined;
  /** `aws:profile` of the stack, or a flag. @default AWS_PROFILE */
  readonly profile?: string | undefined;
  /** After this long a person is told instead of waiting on. @default 5 */
  readonly timeoutSeconds?: number;
}

/** Configuration of any SDK client: region, credentials found once, and time limits. */
export interface AwsClientConfig {
  readonly region: string;
  readonly credentials: STSClient["config"]["credentials"];
  readonly maxAttempts: number;
  readonly requestHandler: { readonly connectionTimeout: number; readonly requestTimeout: number };
}

/** An account that answers. */
export interface AwsAccess {
  /** Give it to every client: `new EC2Client(access.config)`. */
  readonly config: AwsClientConfig;
  readonly region: string;
  readonly account: string;
  /** Who is asking: ARN of the user or assumed role. */
  readonly arn: string;
  /** `aws`, `aws-cn` or `aws-us-gov`. */
  readonly partition: string;
  /** The profile that was asked for, for programs that are started in its name. */
  readonly profile?: string;
}

/** Time limits of one request, in milliseconds; a list of a large account takes a few seconds. */
const limits = { connectionTimeout: 3_000, requestTimeout: 20_000 } as const;

/**
 * Finds credentials and region as the AWS SDK does (environment, profile, SSO, role of the machine; `AWS_ENDPOINT_URL` is
 * honoured), and asks AWS who they are and whether the account has the region.
 *
 * @throws {UserError} one message, within the time limit: no credentials, expired ones, unknown ones, a region that does not
 * exist or is not enabled, or no answer
 */
export async function connectAws(options: AwsOptions = {}): Promise<AwsAccess> {
  const { timeoutSeconds = 5, profile } = options;
  // A notice about next year's SDK is nothing that the person who asks can act on.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const stop = new AbortController();
  // Loading the SDK is this machine's time, not that of AWS.
  const sdk = await Promise.all([import("@aws-sdk/client-sts"), import("@aws-sdk/client-ec2")]);
  try {
    return await Promise.race([
      connect(sdk, options, stop.signal),
      after(timeoutSeconds * 1000, undefined, { signal: stop.signal, ref: false }).then(() => {
        throw new UserError(explain.silent(timeoutSeconds));
      }),
    ]);
  } catch (error) {
    const asked = { profile: profile ?? process.env.AWS_PROFILE };
    throw error instanceof UserError ? error : new UserError(explainAws(error, asked) ?? explain.other(error));
  } finally {
    stop.abort();
  }
}

/** The account of a stack, by its config. @throws {UserError} as {@link connectAws} */
export const connectStack = (config: Readonly<Record<string, string>>): Promise<AwsAccess> =>
  connectAws({ region: config["aws:region"], profile: config["aws:profile"] });

async function connect(
  [{ STSClient, GetCallerIdentityCommand }, { EC2Client, DescribeRegionsCommand }]: [
    typeof import("@aws-sdk/client-sts"),
    typeof import("@aws-sdk/client-ec2"),
  ],
  { region: asked, profile }: AwsOptions,
  abortSignal: AbortSignal,
): Promise<AwsAccess> {
  const region = asked || process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || (await profileRegion(profile));
  if (!region) throw new UserError(explain.noRegion);
  const partition = partitions.find(({ regions }) => regions.test(region));
  if (!partition) throw new UserError(explain.noSuchRegion(region));

  // A region that does not exist has no name in DNS, so the questions go to one that does.
  const shared = {
    region: partition.home,
    maxAttempts: 2,
    requestHandler: limits,
    ...(profile ? { profile } : {}),
  };
  const sts = new STSClient(shared);
  const identity = await sts.send(new GetCallerIdentityCommand({}), { abortSignal });
  const { credentials } = sts.config;
  const ec2 = new EC2Client({ ...shared, credentials });
  const found = await ec2
    .send(new DescribeRegionsCommand({ AllRegions: true, Filters: [{ Name: "region-name", Values: [region] }] }), {
      abortSignal,
    })
    .then(({ Regions = [] }) => Regions.filter(({ RegionName }) => RegionName === region))
    // Who may not list regions is not stopped by it: what they ask next tells.
    .catch((error: unknown) => (isDenied(error) ? undefined : Promise.reject(error)));
  if (found?.length === 0) throw new UserError(explain.noSuchRegion(region));
  if (found?.[0]?.OptInStatus === "not-opted-in")
    throw new UserError(explain.notEnabled(region, identity.Account ?? ""));
  return {
    config: { region, credentials, maxAttempts: 3, requestHandler: limits },
    region,
    account: identity.Account ?? "",
    arn: identity.Arn ?? "",
    partition: partition.name,
    ...(profile ? { profile } : {}),
  };
}

/** Partitions of AWS, and a region of each that every account has. Source: AWS general reference, 2026-11. */
const partitions = [
  { name: "aws-cn", home: "cn-north-1", regions: /^cn-[a-z]+-\d$/ },
  { name: "aws-us-gov", home: "us-gov-west-1", regions: /^us-gov-[a-z]+-\d$/ },
  { name: "aws", home: "us-east-1", regions: /^[a-z]{2}-[a-z]+-\d$/ },
] as const;

/** The region that the shared config file names for the profile; undefined if it names none. */
async function profileRegion(profile: string | undefined): Promise<string | undefined> {
  const { EC2Client } = await import("@aws-sdk/client-ec2");
  return new EC2Client(profile ? { profile } : {}).config.region().catch(() => undefined);
}

const explain = {
  noRegion:
    "No AWS region is set. Name it with --region, or set it once: aws configure set region ap-northeast-2 (or AWS_REGION).",
  noSuchRegion: (region: string) =>
    `AWS has no region "${region}". Set aws:region of the stack, --region or AWS_REGION to one that ` +
    "it has, for example ap-northeast-2 (Seoul).",
  notEnabled: (region: string, account: string) =>
    `The region ${region} is not enabled in the account ${account}. Enable it (aws account ` +
    `enable-region --region-name ${region}), or choose another.`,
  silent: (seconds: number) =>
    `AWS did not answer within ${seconds} s${endpoint()}. Is the network up? Where no credentials ` +
    `are set, a sign-in may be what is missing: see \`aws configure list\`.`,
  noCredentials: (profile: string | undefined) =>
    profile
      ? `No AWS credentials were found for the profile "${profile}". \`aws configure list-profiles\` ` +
        `names the profiles of this machine; sign in with \`aws sso login --profile ${profile}\`, or ` +
        "name another one in AWS_PROFILE or the stack's aws:profile."
      : "No AWS credentials were found. Sign in with `aws sso login` or `aws configure`, set " +
        "AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
  expired: (profile: string | undefined) =>
    "The AWS sign-in has expired. Sign in again: aws sso " +
    `login${profile ? ` --profile ${profile}` : ""} (or \`aws login\`), or put in new values where ` +
    "they come from the environment.",
  unknown: () =>
    `AWS does not know these credentials${endpoint()}: a key that was deleted, is switched off, or ` +
    `was copied wrongly. \`aws configure list\` shows where they come from.`,
  clock: "AWS refuses the signature because of its time: the clock of this machine is off by more than five minutes.",
  unreachable: () => `AWS cannot be reached${endpoint()}. Is the network up?`,
  other: (error: unknown) => `AWS refuses: ${error instanceof Error ? `${error.name}: ${error.message}` : error}`,
};

function endpoint(): string {
  const url = process.env.AWS_ENDPOINT_URL;
  return url ? ` (AWS_ENDPOINT_URL is ${url})` : "";
}

interface Known {
  readonly when: RegExp;
  readonly message: (options: AwsOptions, error: Error) => string;
}

/** Errors by name, code and text, the first that fits; the SDK and the services have many words for the same thing. */
const known: readonly Known[] = [
  {
    when: /RequestTimeTooSkewed|RequestExpired|Signature expired|Signature not yet current/,
    message: () => explain.clock,
  },
  {
    when: /ExpiredToken|TokenProviderError|\b(session|token|credentials?)\b.*\bexpired|aws sso login/i,
    message: ({ profile }) => explain.expired(profile),
  },
  {
    when: /(InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|AuthFailure|SignatureDoesNotMatch|I\w*Signature|InvalidSecurity)/,
    message: () => explain.unknown(),
  },
  {
    when: /CredentialsProviderError|Could not load credentials|ProviderError/,
    message: ({ profile }) => explain.noCredentials(profile),
  },
  {
    when: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|TimeoutError/,
    message: () => explain.unreachable(),
  },
];

/** What an error of the SDK means to a person, for those that any request can end in; undefined for others. */
function explainAws(error: unknown, options: AwsOptions = {}): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = `${error.name} ${(error as { code?: string }).code ?? ""} ${error.message}`;
  return known.find(({ when }) => when.test(text))?.message(options, error);
}

/** Whether AWS refused a request because the caller may not make it. */
export function isDenied(error: unknown): error is Error {
  return error instanceof Error && /AccessDenied|UnauthorizedOperation|AuthorizationError|Forbidden/.test(error.name);
}

/** What all pages of a list hold. */
export async function collect<Page, T>(
  pages: AsyncIterable<Page>,
  held: (page: Page) => readonly T[] | undefined,
): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...(held(page) ?? []));
  return all;
}

/** AWS does not let the caller do something. */
export class AccessDenied extends UserError {}

/**
 * Runs requests; what any of them can end in (expired credentials, a missing permission) becomes one message.
 * @param what what was asked for, for people: "list the EC2 instances"
 * @throws {AccessDenied} {UserError}
 */
export async function askAws<T>(access: AwsAccess, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isDenied(error)) throw new AccessDenied(`${access.arn} may not ${what} in ${access.region}: ${error.message}`);
    const message = explainAws(error);
    throw message ? new UserError(message) : error;
  }
}
