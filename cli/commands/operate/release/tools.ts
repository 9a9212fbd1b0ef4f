import { UserError } from "../../../../core/errors";
import type { Architecture, Settings } from "../../../../stacks/settings/schema";
import { type AwsAccess, askAws } from "../../../lib/aws-access";
import { type Ran, type RunOptions, run } from "../../../lib/process";
import { type DeployedFoundation, deployedFoundation, stackOutputs } from "../../../lib/stack-outputs";
import { type Archives, archivesOf } from "./archives";
import { keepFiles } from "./assets";
import { secretText } from "./secrets";
import { runOnServer } from "./server-release";

/** Runs a program with its output shown, or taken. */
export type Exec = (
  program: string,
  args: readonly string[],
  options?: Pick<RunOptions, "cwd" | "env" | "input"> & { readonly take?: boolean },
) => Promise<string>;

/** Asks a program whose refusal is an answer too. */
export type Ask = (program: string, args: readonly string[]) => Promise<Ran>;

/** What a release does beside building. */
export interface ReleaseTools {
  readonly exec: Exec;
  readonly ask: Ask;
  /** Tells a person what was decided. */
  readonly say: (text: string) => void;
  /** The stack's region, where its registry's name does not tell another. */
  readonly region: string;
  /** The stack's profile of AWS, for programs that are started in its name. */
  readonly profile?: string;
  readonly outputs: () => Promise<Readonly<Record<string, unknown>>>;
  readonly foundation: (stack: string) => Promise<DeployedFoundation>;
  /** Text of a secret of Secrets Manager. */
  readonly secret: (arn: string) => Promise<string>;
  readonly archives: Archives;
  /** Writes the built files of a release into a bucket. */
  readonly keepFiles: (bucket: string, folder: string) => Promise<void>;
  /** Runs a command on the server, with its recovery muted meanwhile. */
  readonly onServer: (instanceId: string, muteParameter: string | undefined, command: string) => Promise<void>;
}

export interface Release {
  readonly stack: string;
  readonly project: string;
  readonly settings: Settings;
  readonly version: string;
  readonly folder: string;
  /** The stack whose image of the same version is taken instead of a build. */
  readonly promoteFrom?: string;
  /** Bucket of releases, for a server of the stack's own. */
  readonly bucket?: string;
  /** What deploys on an adopted server, whose way of deploying only its team knows. */
  readonly command?: string;
  /** A further architecture to release for, which a migration is to move to. */
  readonly also?: Architecture;
}

export function liveTools(folder: string, stack: string, access: AwsAccess): ReleaseTools {
  const outputs = () => stackOutputs(folder, stack);
  const secret = (arn: string) => secretText(access, arn);
  return {
    exec,
    ask,
    say: (text) => console.log(text),
    region: access.region,
    ...(access.profile ? { profile: access.profile } : {}),
    outputs,
    foundation: (of) => deployedFoundation(folder, of),
    secret,
    archives: archivesOf(access),
    async keepFiles(bucket, built) {
      const { S3Client } = await import("@aws-sdk/client-s3");
      await askAws(access, `write the built files to ${bucket}`, () =>
        keepFiles(new S3Client(access.config), bucket, built),
      );
    },
    onServer: (instanceId, mute, command) => runOnServer(access, instanceId, mute, command),
  };
}

const exec: Exec = async (program, args, { take, ...options } = {}) => {
  const { code, stdout } = await found(program, args, { ...options, shown: take ? ["stderr"] : ["stdout", "stderr"] });
  if (code === 0) return stdout;
  throw new UserError(
    `\`${program} ${args.slice(0, 2).join(" ")}\` ended with ${code}. The release stops here; what serves goes on.`,
  );
};

const ask: Ask = (program, args) => found(program, args);

async function found(program: string, args: readonly string[], options?: RunOptions): Promise<Ran> {
  const ran = await run(program, args, options);
  if (ran.code === undefined) throw new UserError(`${program} is not on PATH.`);
  return ran;
}
