import { UserError } from "../../core/errors";
import { runPulumi } from "./process";

/**
 * Outputs of a deployed stack, by the user's own `pulumi`; secret ones stay hidden.
 *
 * @throws {UserError} without the CLI, without a login, and for a stack that is not deployed
 */
export async function stackOutputs(folder: string, stack: string): Promise<Readonly<Record<string, unknown>>> {
  return (await ask(folder, stack, "output", "--json")) as Record<string, unknown>;
}

/** What a release needs of the foundation; what is not built yet is absent. */
export interface DeployedFoundation {
  /** URI of the repository of images, without a tag. */
  readonly imageRepository?: string;
  /** ARN of the app's secret. */
  readonly appSecret?: string;
  /** Bucket of the built files of all releases. */
  readonly assetBucket?: string;
}

/**
 * The same from the state of a stack, which has it before there are outputs: an update that stops for want of a release ends without
 * any.
 *
 * @throws {UserError} as {@link stackOutputs}
 */
export async function deployedFoundation(folder: string, stack: string): Promise<DeployedFoundation> {
  const { deployment } = (await ask(folder, stack, "export")) as StateFile;
  const find = (type: string, component: string, property: string): string | undefined => {
    const inside = ({ urn }: { urn: string }) =>
      urn.includes(`iamvet:index:${component}$`) && urn.includes(`$${type}::`);
    const value = deployment?.resources?.find(inside)?.outputs?.[property];
    return typeof value === "string" ? value : undefined;
  };
  const found = {
    imageRepository: find("aws:ecr/repository:Repository", "ImageRepository", "repositoryUrl"),
    appSecret: find("aws:secretsmanager/secret:Secret", "AppSecrets", "arn"),
    assetBucket: find("aws:s3/bucket:Bucket", "AssetBucket", "bucket"),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

interface StateFile {
  readonly deployment?: {
    readonly resources?: readonly { readonly urn: string; readonly outputs?: Readonly<Record<string, unknown>> }[];
  };
}

async function ask(folder: string, stack: string, ...command: string[]): Promise<unknown> {
  const where = ["--stack", stack, "--cwd", folder, "--non-interactive"];
  const { code, stdout, stderr } = await runPulumi(["stack", ...command, ...where], { limit: 30 });
  if (code === 0) return JSON.parse(stdout);
  if (code === undefined) {
    throw new UserError("What is deployed is read by `pulumi`, which is not on PATH: see pulumi.com/docs/install.");
  }
  const reason = stderr
    .trim()
    .split("\n")
    .at(-1)
    ?.replace(/^error: /, "");
  throw new UserError(`\`pulumi stack ${command[0]} --stack ${stack}\` fails: ${reason || "it did not answer"}`);
}
