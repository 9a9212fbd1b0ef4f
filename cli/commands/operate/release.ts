import { Command, Option } from "commander";
import { UserError } from "../../../core/errors";
import { VERSION, VERSION_ALLOWED, versionFrom } from "../../../core/version";
import { good } from "../../../output/document";
import { migrateCommand } from "../../../stacks/gates/stops";
import { tiersOf } from "../../../stacks/settings/conflict";
import { type Architecture, architectures, dockerPlatforms } from "../../../stacks/settings/schema";
import { checkSettings } from "../../../stacks/settings/settings-check";
import { connectStack } from "../../lib/aws-access";
import { say } from "../../lib/print";
import { inFolder, readStackFile } from "../../lib/stack-files";
import { publishArchive } from "./release/archive";
import { publishAssets } from "./release/assets";
import { publishImage } from "./release/image";
import { liveTools, type Release, type ReleaseTools } from "./release/tools";
import { releasedCommit } from "./release/vercel-release";

interface Options {
  readonly stack: string;
  readonly releaseVersion: string;
  readonly promoteFrom?: string;
  readonly bucket?: string;
  readonly command?: string;
  readonly also?: Architecture;
  readonly cwd: string;
}

/** `platform release`: publish what runs, and `pulumi up`, whose gates roll it out and watch it. */
export function releaseCommand(): Command {
  return new Command("release")
    .description("Release the app on what serves the stack: image by digest, archive on the server, or Vercel by git")
    .requiredOption("-s, --stack <name>", "the stack")
    .requiredOption("--release-version <version>", "name of the release, for example the commit")
    .option(
      "--promote-from <stack>",
      "run the image of this version that another stack has proved; where their builds differ, it is said and built",
    )
    .option(
      "--bucket <name>",
      "bucket for the archive of a server's release; default: that of instance.release, or ci.releaseBucket",
    )
    .option(
      "--command <shell>",
      "what deploys on an adopted server, run as root by Systems Manager while the recovery is muted",
    )
    .addOption(
      new Option(
        "--also <architecture>",
        "release for this architecture as well, before `migrate` moves the site to it",
      ).choices([...architectures]),
    )
    .addOption(inFolder("Pulumi.yaml, the stack files and app/"))
    .action(async (options: Options) => {
      const { stack, promoteFrom, also, cwd: folder } = options;
      const version = checkVersion(options.releaseVersion);
      const { project, config } = readStackFile(folder, stack);
      if (promoteFrom) readStackFile(folder, promoteFrom);
      const settings = checkSettings(project, stack, config);
      const access = await connectStack(config);
      const bucket =
        options.bucket ??
        settings.ci.releaseBucket ??
        /^s3:\/\/([^/]+)/.exec(settings.instance.release?.url ?? "")?.[1];
      await release(
        {
          ...{ stack, project, settings, version, folder },
          ...(promoteFrom ? { promoteFrom } : {}),
          ...(bucket ? { bucket } : {}),
          ...(options.command ? { command: options.command } : {}),
          ...(also ? { also } : {}),
        },
        liveTools(folder, stack, access),
      );
      say(good(`Released ${version} on ${stack}.`));
    });
}

function checkVersion(version: string): string {
  if (VERSION.test(version)) return version;
  throw new UserError(
    `--release-version ${version}: ${VERSION_ALLOWED} are allowed, since it names the image, the ` +
      `folder and the pages' build. This works: --release-version ${versionFrom(version)}`,
  );
}

/** The steps of a release, in order. A step that fails ends it: what serves goes on. */
export async function release(what: Release, tools: ReleaseTools): Promise<void> {
  const { settings, stack, folder, version, also } = what;
  const { from } = settings.traffic;
  if (from) {
    throw new UserError(
      [
        `A migration of ${stack} from ${from} is under way, and what it watches must not change beneath it. First finish it, or return:`,
        `  ${migrateCommand(stack)}`,
        `  ${migrateCommand(stack)} --back`,
      ].join("\n"),
    );
  }
  const tiers = [...new Set([...tiersOf(settings), ...(also ? [also] : [])])];
  const adopted = tiers.includes("monitored-instance") ? settings.existing.instanceId : undefined;
  if (adopted && !what.command) {
    throw new UserError(
      `${stack} serves from the adopted server ${adopted}, which deploys in a way of its own: give it ` +
        "with --command, and its recovery is muted meanwhile.",
    );
  }
  const commit = tiers.includes("vercel") ? await releasedCommit(settings, folder, tools.exec) : undefined;
  const asked: Asked[] = [];
  if (tiers.some((tier) => tier === "ha-web-tier" || tier === "fargate") && !settings.image.build) {
    const image = await publishImage(what, tools);
    await publishAssets(stack, tools, { image, platforms: dockerPlatforms[settings.image.platform].join(",") });
    asked.push({ key: "image.uri", value: image, before: settings.image.uri });
  }
  if (tiers.includes("monitored-instance") && !adopted) {
    const { url, sha256 } = await publishArchive(what, tools);
    const before = settings.instance.release;
    asked.push({ key: "instance.release.url", value: url, before: before?.url });
    asked.push({ key: "instance.release.sha256", value: sha256, before: before?.sha256 });
  }
  if (commit) asked.push({ key: "vercel.ref", value: commit, before: settings.vercel.ref });
  asked.push({ key: "app.version", value: version, before: settings.app.version });

  for (const { key, value } of asked) {
    const where = ["--stack", stack, "--cwd", folder, "--path", `${what.project}:${key}`];
    await tools.exec("pulumi", ["config", "set", ...where, value, "--type", "string"]);
  }
  try {
    await tools.exec("pulumi", ["up", "--yes", "--non-interactive", "--stack", stack, "--cwd", folder]);
    if (adopted) {
      const { recoveryMute } = await tools.outputs();
      const mute = typeof recoveryMute === "string" ? recoveryMute : undefined;
      await tools.onServer(adopted, mute, what.command as string);
    }
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${error.message}\n\n${onOrBack(what, asked)}`) : error;
  }
}

/** One setting of the stack's file that the release asks for. */
interface Asked {
  readonly key: string;
  readonly value: string;
  readonly before: string | undefined;
}

/** What a failed release leaves behind, and both ways out of it. What is published already is used again. */
function onOrBack(
  { stack, version, promoteFrom, bucket, command, also, project }: Release,
  asked: readonly Asked[],
): string {
  const again = [
    ...["npm run platform -- release --stack", stack, "--release-version", version],
    ...(promoteFrom ? ["--promote-from", promoteFrom] : []),
    ...(bucket ? ["--bucket", bucket] : []),
    ...(also ? ["--also", also] : []),
    ...(command ? ["--command", `'${command.replaceAll("'", "'\\''")}'`] : []),
  ].join(" ");
  // A second try finds the file as the first one left it, and a pipeline finds it as the repository has it, without any release.
  const known =
    asked.every(({ before }) => before !== undefined) && asked.some(({ before, value }) => before !== value);
  const back = known
    ? [
        ...asked.map(
          ({ key, before }) => `pulumi config set --stack ${stack} --path ${project}:${key} ${before} --type string`,
        ),
        `pulumi up --stack ${stack}`,
      ]
    : [again.replace(`--release-version ${version}`, "--release-version <the version before>")];
  return [
    `Pulumi.${stack}.yaml asks for the new release now:`,
    ...asked.map(({ key, value, before }) => `  ${key} ${value} (before: ${before ?? "not set"})`),
    "On, once the cause is mended; what is published already is used again:",
    `    ${again}`,
    `Back to the release before${known ? "" : ", which is published still (for Vercel: from its commit)"}:`,
    ...back.map((line) => `    ${line}`),
  ].join("\n");
}
