import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as after } from "node:timers/promises";
import { Command } from "commander";
import pc from "picocolors";
import type { Settings } from "../stacks/settings";
import { checkSettings } from "../stacks/settings-check";
import { tiersOf } from "../stacks/settings-rules";
import { type AwsAccess, askAws, connectAws } from "./aws";
import { keepFiles, publishAssets } from "./release/assets";
import { inFolder, readStackFile, UsageError } from "./stack-files";
import { stackOutputs } from "./stack-outputs";

/** Runs a program with its output shown, or taken. Secrets go by `env` or `input`, never among the arguments. */
export type Exec = (
  program: string,
  args: readonly string[],
  options?: {
    readonly cwd?: string;
    readonly env?: Record<string, string>;
    readonly input?: string;
    readonly take?: boolean;
  },
) => Promise<string>;

/** What a release does beside running programs. */
export interface ReleaseTools {
  readonly exec: Exec;
  readonly outputs: () => Promise<Readonly<Record<string, unknown>>>;
  readonly sha256: (file: string) => Promise<string>;
  /** Writes the built files of a release into a bucket. */
  readonly keepFiles: (bucket: string, folder: string) => Promise<void>;
  /** DATABASE_URL from the stack's secret. */
  readonly databaseUrl: () => Promise<string>;
  /** Runs a command on the server, with its recovery muted meanwhile. */
  readonly onServer: (instanceId: string, muteParameter: string | undefined, command: string) => Promise<void>;
}

export interface Release {
  readonly stack: string;
  readonly project: string;
  readonly settings: Settings;
  readonly version: string;
  readonly folder: string;
  /** Bucket of releases, for a server of the stack's own. */
  readonly bucket?: string;
  /** What deploys on an adopted server, whose way of deploying only its team knows. */
  readonly command?: string;
}

interface Options {
  readonly stack: string;
  readonly releaseVersion: string;
  readonly bucket?: string;
  readonly command?: string;
  readonly cwd: string;
}

/** `platform release`: build, publish, `pulumi up`, and on a server the installation. */
export function releaseCommand(): Command {
  return new Command("release")
    .description("Release the app on what serves the stack: image by digest, archive on the server, or Vercel by git")
    .requiredOption("-s, --stack <name>", "the stack")
    .requiredOption("--release-version <version>", "name of the release, for example the commit")
    .option(
      "--bucket <name>",
      "bucket for the archive of a server's release; default: that of instance.release, or ci.releaseBucket",
    )
    .option(
      "--command <shell>",
      "what deploys on an adopted server, run as root by Systems Manager while the recovery is muted",
    )
    .addOption(inFolder("Pulumi.yaml, the stack files and app/"))
    .action(async (options: Options) => {
      const folder = options.cwd;
      const { stack, releaseVersion: version } = options;
      if (!/^[\w.+-]{1,64}$/.test(version)) {
        throw new UsageError(`--release-version ${version}: letters, digits, . _ + and - are allowed, 64 at most.`);
      }
      const { project, config } = readStackFile(folder, stack);
      const settings = checkSettings(project, stack, config);
      const access = await connectAws({ region: config["aws:region"], profile: config["aws:profile"] });
      const bucket =
        options.bucket ??
        settings.ci.releaseBucket ??
        /^s3:\/\/([^/]+)/.exec(settings.instance.release?.url ?? "")?.[1];
      await release(
        {
          ...{ stack, project, settings, version, folder },
          ...(bucket ? { bucket } : {}),
          ...(options.command ? { command: options.command } : {}),
        },
        liveTools(folder, stack, access),
      );
      console.log(pc.green(`Released ${version} on ${stack}.`));
    });
}

/** The steps of a release, in order. A step that fails ends it: what serves goes on. */
export async function release(what: Release, tools: ReleaseTools): Promise<void> {
  const { settings, stack, project, folder, version } = what;
  const tiers = tiersOf(settings);
  const adopted = settings.existing.instanceId;
  if (tiers.includes("monitored-instance") && adopted && !what.command) {
    throw new UsageError(
      `${stack} serves from the adopted server ${adopted}, which deploys in a way of its own: give it with --command, and its recovery is muted meanwhile.`,
    );
  }
  const set = (key: string, value: string) =>
    tools.exec("pulumi", [
      "config",
      "set",
      "--stack",
      stack,
      "--cwd",
      folder,
      "--path",
      `${project}:${key}`,
      value,
      "--type",
      "string",
    ]);

  if (tiers.some((tier) => tier === "ha-web-tier" || tier === "fargate") && !settings.image.build) {
    const image = await publishImage(what, tools);
    await publishAssets(tools, { image, platforms: platforms[settings.image.platform] });
    await set("image.uri", image);
  }
  if (tiers.includes("monitored-instance") && !adopted) {
    const { url, sha256 } = await publishArchive(what, tools);
    await publishAssets(tools, { folder: join(folder, "app/.next/static") });
    await set("instance.release.url", url);
    await set("instance.release.sha256", sha256);
  }
  if (tiers.includes("vercel")) await migrateFromHere(what, tools);
  await set("app.version", version);
  await tools.exec("pulumi", ["up", "--yes", "--non-interactive", "--stack", stack, "--cwd", folder]);

  if (tiers.includes("monitored-instance")) {
    const { instanceId, recoveryMute } = await tools.outputs();
    await tools.onServer(
      String(instanceId),
      typeof recoveryMute === "string" ? recoveryMute : undefined,
      what.command ?? "/usr/local/sbin/site-boot release",
    );
  }
}

const platforms = { arm64: "linux/arm64", x86_64: "linux/amd64", multi: "linux/arm64,linux/amd64" } as const;

/** Builds and pushes the image; what runs is named by its digest, which no later push changes. */
async function publishImage(
  { settings, stack, folder, version }: Release,
  { exec, outputs }: ReleaseTools,
): Promise<string> {
  const { imageRepository } = await outputs();
  if (typeof imageRepository !== "string") {
    throw new UsageError(
      `The stack ${stack} has no image repository yet: run \`pulumi up --stack ${stack}\` once; it builds the foundation and stops for want of an image.`,
    );
  }
  const [registry = ""] = imageRepository.split("/");
  const region = registry.split(".")[3] ?? "";
  const password = await exec("aws", ["ecr", "get-login-password", "--region", region], { take: true });
  await exec("docker", ["login", "--username", "AWS", "--password-stdin", registry], { input: password.trim() });
  const scratch = mkdtempSync(join(tmpdir(), "platform-release-"));
  try {
    const metadata = join(scratch, "image.json");
    const key = "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY";
    await exec("docker", [
      ...["buildx", "build", "--push", "--platform", platforms[settings.image.platform]],
      ...["--build-arg", `SITE_VERSION=${version}`],
      ...(process.env[key] ? ["--secret", `id=${key},env=${key}`] : []),
      ...["--tag", `${imageRepository}:${version}`, "--metadata-file", metadata, join(folder, "app")],
    ]);
    const { "containerimage.digest": digest } = JSON.parse(readFileSync(metadata, "utf8")) as Record<string, string>;
    if (!digest) throw new Error("docker buildx names no digest of what it pushed");
    return `${imageRepository}@${digest}`;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Builds the app and uploads it as one archive, which the server checks by its sum. */
async function publishArchive({ bucket, project, stack, folder, version }: Release, { exec, sha256 }: ReleaseTools) {
  if (!bucket) {
    throw new UsageError(
      `A server's release is an archive on S3: name its bucket with --bucket, or once: pulumi config set --stack ${stack} --path ${project}:ci.releaseBucket <bucket>`,
    );
  }
  const app = join(folder, "app");
  await exec("npm", ["ci", "--prefix", app]);
  await exec("npm", ["run", "build", "--prefix", app], { env: { SITE_VERSION: version } });
  const scratch = mkdtempSync(join(tmpdir(), "platform-release-"));
  try {
    const archive = join(scratch, "site.tar.gz");
    await exec("tar", ["--create", "--gzip", "--file", archive, "--directory", join(app, ".next/standalone"), "."]);
    const url = `s3://${bucket}/${project}-${stack}-${version}.tar.gz`;
    const sum = await sha256(archive);
    await exec("aws", ["s3", "cp", "--only-show-errors", archive, url]);
    return { url, sha256: sum };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A server and a task migrate by themselves, once per release; Vercel's functions cannot, so it is done from here before they change. */
async function migrateFromHere(
  { settings, folder, stack }: Release,
  { exec, databaseUrl }: ReleaseTools,
): Promise<void> {
  if (!settings.app.migrate || settings.architecture !== "vercel") return;
  if (settings.vercel.databaseAccess !== "public-tls") {
    console.error(
      pc.yellow(
        `The migrations are not run: with vercel.databaseAccess ${settings.vercel.databaseAccess} the database of ${stack} cannot be reached from here. Run \`npx prisma migrate deploy\` where it can.`,
      ),
    );
    return;
  }
  const app = join(folder, "app");
  await exec("npm", ["ci", "--prefix", app]);
  await exec("npx", ["prisma", "migrate", "deploy"], { cwd: app, env: { DATABASE_URL: await databaseUrl() } });
}

/** Minutes that the recovery stays out of a deploy, at most; the deploy ends it earlier. */
const MUTED_MINUTES = 30;

/** Runs a command on a server while the recovery is muted, and unmutes it however the command ends. */
async function runOnServer(
  access: AwsAccess,
  instanceId: string,
  mute: string | undefined,
  command: string,
): Promise<void> {
  const { SSMClient, PutParameterCommand, SendCommandCommand, GetCommandInvocationCommand } = await import(
    "@aws-sdk/client-ssm"
  );
  const client = new SSMClient(access.config);
  const write = (Value: string) =>
    askAws(access, `write the parameter ${mute}`, () =>
      client.send(new PutParameterCommand({ Name: mute, Value, Overwrite: true })),
    );
  if (mute) await write(new Date(Date.now() + MUTED_MINUTES * 60_000).toISOString().replace(/\.\d+Z$/, "Z"));
  try {
    const { Command } = await askAws(access, `run a command on ${instanceId}`, () =>
      client.send(
        new SendCommandCommand({
          DocumentName: "AWS-RunShellScript",
          InstanceIds: [instanceId],
          Comment: "platform release",
          Parameters: { commands: [command], executionTimeout: [String((MUTED_MINUTES - 2) * 60)] },
        }),
      ),
    );
    for (const end = Date.now() + MUTED_MINUTES * 60_000; Date.now() < end; await after(3_000)) {
      const answer = await client
        .send(new GetCommandInvocationCommand({ CommandId: Command?.CommandId, InstanceId: instanceId }))
        // The invocation is known a moment after the command.
        .catch((error: Error) => (error.name === "InvocationDoesNotExist" ? undefined : Promise.reject(error)));
      if (answer?.Status === "Success") return;
      if (answer && !["Pending", "InProgress", "Delayed"].includes(answer.Status ?? "")) {
        const tail = `${answer.StandardOutputContent ?? ""}\n${answer.StandardErrorContent ?? ""}`
          .trim()
          .split("\n")
          .slice(-15);
        throw new UsageError(
          `The release on ${instanceId} ended as ${answer.Status}; the old one serves on.\n${tail.join("\n")}`,
        );
      }
    }
    throw new UsageError(`The release on ${instanceId} did not end within ${MUTED_MINUTES} minutes.`);
  } finally {
    if (mute) await write("off");
  }
}

function liveTools(folder: string, stack: string, access: AwsAccess): ReleaseTools {
  const outputs = () => stackOutputs(folder, stack);
  return {
    exec: run,
    outputs,
    async sha256(file) {
      const hash = createHash("sha256");
      await pipeline(createReadStream(file), hash);
      return hash.digest("hex");
    },
    async keepFiles(bucket, folder) {
      const { S3Client } = await import("@aws-sdk/client-s3");
      await askAws(access, `write the built files to ${bucket}`, () =>
        keepFiles(new S3Client(access.config), bucket, folder),
      );
    },
    async databaseUrl() {
      const { databaseSecret } = await outputs();
      const { SecretsManagerClient, GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
      const { SecretString = "{}" } = await askAws(access, "read the secret with DATABASE_URL", () =>
        new SecretsManagerClient(access.config).send(new GetSecretValueCommand({ SecretId: String(databaseSecret) })),
      );
      return (JSON.parse(SecretString) as { DATABASE_URL?: string }).DATABASE_URL ?? "";
    },
    onServer: (instanceId, mute, command) => runOnServer(access, instanceId, mute, command),
  };
}

const run: Exec = (program, args, { cwd, env, input, take } = {}) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(cwd ? { cwd } : {}),
      env: { ...process.env, ...env },
      stdio: [input === undefined ? "ignore" : "pipe", take ? "pipe" : "inherit", "inherit"],
    });
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    child.once("error", () => reject(new UsageError(`${program} is not on PATH.`)));
    child.once("close", (code) =>
      code === 0
        ? resolve(text)
        : reject(
            new UsageError(
              `\`${program} ${args.slice(0, 2).join(" ")}\` ended with ${code}. The release stops here; what serves goes on.`,
            ),
          ),
    );
    if (input !== undefined) child.stdin?.end(input);
  });
