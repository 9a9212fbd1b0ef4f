import type { ChildProcess, SpawnOptions } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";

/**
 * Put before the command that builds a site on Vercel: the build of a production deployment applies the commit's own migrations, and
 * Vercel serves a deployment only once its build has ended well. A build reaches the database the way that the functions do, and Vercel
 * keeps previews from it by their own `DATABASE_URL`, which nobody migrates here. Safe beside other builds and tiers: Prisma holds a
 * lock on the database and does nothing where nothing is pending. A POSIX shell, as Vercel's.
 */
export const MIGRATE_IN_BUILD = '{ [ "$VERCEL_ENV" != production ] || npx prisma migrate deploy; }';

/** Arguments of {@link VercelMigration}. */
export interface VercelMigrationArgs {
  /** What makes a release another one. */
  readonly release: pulumi.Input<string>;
  /** Folder of the app, with its Prisma schema, migrations and installed packages; relative to the project's. */
  readonly folder: string;
  readonly databaseUrl: pulumi.Input<string>;
}

/** What the provider is given, resolved. */
export interface MigrationInputs {
  readonly release: string;
  readonly folder: string;
  readonly databaseUrl: string;
}

/** Lines of Prisma's output that a failure shows. */
const SHOWN_LINES = 15;

/**
 * Runs `prisma migrate deploy`, once per release. As a resource it runs in no preview and in no refresh. The functions run in Pulumi's
 * dynamic provider from a serialised copy: they use globals only.
 */
export function migrationProvider(): pulumi.dynamic.ResourceProvider<MigrationInputs, MigrationInputs> {
  const cli = "node_modules/prisma/build/index.js";
  const builtin = (name: string) => process.getBuiltinModule(name) as never;

  const migrate = async ({ folder, databaseUrl }: MigrationInputs): Promise<void> => {
    const { spawn } = builtin("node:child_process") as {
      spawn(program: string, args: readonly string[], options: SpawnOptions): ChildProcess;
    };
    const child = spawn(process.execPath, [cli, "migrate", "deploy"], {
      cwd: folder,
      env: { ...process.env, DATABASE_URL: databaseUrl, NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const add = (part: Buffer) => {
      output += part;
    };
    child.stdout?.on("data", add);
    child.stderr?.on("data", add);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (code === 0) return;
    const told = output.replaceAll(databaseUrl, "DATABASE_URL").replace(/\b(\w+:\/\/[^\s:/@]+):[^\s@]+@/g, "$1:***@");
    throw new Error(
      [
        `The migrations of this release failed: \`prisma migrate deploy\` in ${folder} ended with ${code}.`,
        ...told
          .trimEnd()
          .split("\n")
          .slice(-SHOWN_LINES)
          .map((line) => `  | ${line}`),
        "The release was not deployed. What serves goes on with the release that it has.",
        "To go on: repair the migration (`prisma migrate resolve` marks one that was mended by hand) and run `pulumi up` again.",
        "To release without migrations: `pulumi config set --path iamvet:app.migrate false`.",
      ].join("\n"),
    );
  };

  return {
    async check(_olds, news) {
      const { existsSync } = builtin("node:fs") as { existsSync(path: string): boolean };
      const missing = !existsSync(`${news.folder}/${cli}`);
      const reason = `The Prisma CLI, which migrates the database, is not installed in ${news.folder}: npm ci --prefix ${news.folder}`;
      return { inputs: news, failures: missing ? [{ property: "folder", reason }] : [] };
    },
    async diff(_id, olds, news) {
      return { changes: olds.release !== news.release };
    },
    async create(inputs) {
      await migrate(inputs);
      return { id: "prisma-migrate-deploy", outs: inputs };
    },
    async update(_id, _olds, news) {
      await migrate(news);
      return { outs: news };
    },
  };
}

/**
 * A release's migrations, applied by the machine that runs the update: for a site that comes built, whose build Vercel does not see. A
 * failure keeps the deployment from being made.
 */
export class VercelMigration extends pulumi.dynamic.Resource {
  constructor(name: string, args: VercelMigrationArgs, opts: pulumi.CustomResourceOptions) {
    const inputs = { ...args, databaseUrl: pulumi.secret(args.databaseUrl) };
    super(migrationProvider(), name, inputs, opts, "vercel", "Migration");
  }
}
