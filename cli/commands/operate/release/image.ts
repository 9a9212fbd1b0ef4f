import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../../../core/errors";
import { BAKED_LABEL, bakedBy, differences } from "../../../../stacks/build-args";
import { dockerPlatforms } from "../../../../stacks/settings/schema";
import { type Build, dockerBuild, mustBeSame } from "./docker-build";
import { serverActionsKey } from "./secrets";
import type { Release, ReleaseTools } from "./tools";

/**
 * The image of a release, by its digest, which no later push changes: the one that its tag names already, that of the stack which it is
 * promoted from, or one that is built now.
 */
export async function publishImage(what: Release, tools: ReleaseTools): Promise<string> {
  const { settings, stack, version } = what;
  const { imageRepository } = await tools.foundation(stack);
  if (!imageRepository) {
    throw new UserError(
      `The stack ${stack} has no image repository yet: run \`pulumi up --stack ${stack}\` once; it ` +
        "builds the foundation and stops for want of an image.",
    );
  }
  const key = await serverActionsKey(what, tools);
  const platforms = dockerPlatforms[settings.image.platform];
  const build = { platforms, key, baked: bakedBy(settings.app, platforms, key) };
  await logIn(imageRepository, tools);
  const tag = `${imageRepository}:${version}`;
  const there = await inspect(tag, tools);
  if (there) {
    mustBeSame(`The image ${tag}`, there.baked ? differences(there.baked, build.baked) : []);
    tools.say(`The image ${tag} is there already: nothing is built.`);
    return `${imageRepository}@${there.digest}`;
  }
  const digest = (await promoted(tag, what, build.baked, tools)) ?? (await built(tag, what, build, tools));
  return `${imageRepository}@${digest}`;
}

async function built(tag: string, what: Release, build: Omit<Build, "further">, tools: ReleaseTools): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), "platform-release-"));
  try {
    const metadata = join(scratch, "image.json");
    await dockerBuild(what, { ...build, further: ["--push", "--tag", tag, "--metadata-file", metadata] }, tools);
    const { "containerimage.digest": digest } = JSON.parse(readFileSync(metadata, "utf8")) as Record<string, string>;
    if (!digest) throw new Error("docker buildx names no digest of what it pushed");
    return digest;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Copies the image of the same version from another stack's repository, registry to registry, digest and all.
 *
 * @returns nothing where it would not be the same image here; a person is told why, and it is built from the same commit
 */
async function promoted(
  tag: string,
  { settings, stack, version, promoteFrom }: Release,
  baked: Readonly<Record<string, string>>,
  tools: ReleaseTools,
): Promise<string | undefined> {
  if (!promoteFrom) return undefined;
  const { imageRepository, source, unread } = await proved(promoteFrom, version, tools);
  const against = [
    ...(settings.app.serverActionsKey === "own"
      ? [`${stack} has a key of Server Actions of its own (app.serverActionsKey: own)`]
      : []),
    ...(unread ? [unread] : source ? [] : [`${promoteFrom} has no image ${version}`]),
    ...(source && !source.baked ? ["it does not tell what was built into it"] : []),
    ...(source?.baked ? differences(source.baked, baked) : []),
  ];
  if (!source || against.length > 0) {
    tools.say(
      `The image of ${promoteFrom} is not promoted to ${stack}: ${against.join("; ")}. It is built from the same commit.`,
    );
    return undefined;
  }
  // An image that is no index would be wrapped into one, with a digest of its own.
  const one = ["--prefer-index=false", "--tag", tag, `${imageRepository}@${source.digest}`];
  await tools.exec("docker", ["buildx", "imagetools", "create", ...one]);
  const copy = await inspect(tag, tools);
  if (copy?.digest !== source.digest) {
    throw new UserError(`The copy ${tag} has the digest ${copy?.digest}, not ${source.digest}: it is not used.`);
  }
  tools.say(`Promoted ${source.digest} from ${promoteFrom}: nothing is built.`);
  return source.digest;
}

/** The image that another stack runs, or why it cannot be read from here, as where that stack has a backend or an account of its own. */
async function proved(
  stack: string,
  version: string,
  tools: ReleaseTools,
): Promise<{ readonly imageRepository?: string; readonly source?: Found | undefined; readonly unread?: string }> {
  try {
    const { imageRepository } = await tools.foundation(stack);
    if (!imageRepository) return {};
    await logIn(imageRepository, tools);
    return { imageRepository, source: await inspect(`${imageRepository}:${version}`, tools) };
  } catch (error) {
    if (error instanceof UserError) return { unread: error.message.replace(/\.$/, "") };
    throw error;
  }
}

async function logIn(repository: string, { exec, region, profile }: ReleaseTools): Promise<void> {
  const [registry = ""] = repository.split("/");
  const [, there] = /\.dkr\.ecr\.([a-z0-9-]+)\./.exec(registry) ?? [];
  const whose = ["--region", there ?? region, ...(profile ? ["--profile", profile] : [])];
  const password = await exec("aws", ["ecr", "get-login-password", ...whose], { take: true });
  await exec("docker", ["login", "--username", "AWS", "--password-stdin", registry], { input: password.trim() });
}

interface Found {
  readonly digest: string;
  /** What its build wrote into it, where it tells. */
  readonly baked?: Readonly<Record<string, string>>;
}

/** One platform's config of an image. */
interface ImageConfig {
  readonly config?: { readonly Labels?: Readonly<Record<string, string>> };
}

/** An image by its registry's word; nothing where there is none of that name. */
async function inspect(name: string, { ask }: ReleaseTools): Promise<Found | undefined> {
  const format = ["--format", '{"digest": {{json .Manifest.Digest}}, "image": {{json .Image}}}'];
  const { code, stdout, stderr } = await ask("docker", ["buildx", "imagetools", "inspect", name, ...format]);
  if (code !== 0) {
    if (/: not found|manifest unknown|name unknown/i.test(stderr)) return undefined;
    throw new UserError(`The registry does not tell of ${name}: ${stderr.trim().split("\n").at(-1)}`);
  }
  const { digest, image } = JSON.parse(stdout) as { digest: string; image: ImageConfig | Record<string, ImageConfig> };
  // Of an index there is one config a platform; all come from one build.
  const { config } = ("config" in image ? image : Object.values(image)[0]) as ImageConfig;
  const label = config?.Labels?.[BAKED_LABEL];
  return { digest, ...(label ? { baked: JSON.parse(label) as Record<string, string> } : {}) };
}
