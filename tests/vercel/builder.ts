import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Vercel's own command line, which holds its builders: what runs here is what runs on Vercel's build machines. */
const CLI = "vercel@60.1.3";
const APP = resolve(__dirname, "../../app");
/** What a developer's copy of the app may hold and a commit does not. */
const BUILT = new Set(["node_modules", ".next", ".vercel", "generated"]);

/**
 * What Vercel sets in every build, where the project exposes its system variables
 * (https://vercel.com/docs/environment-variables/system-environment-variables, read 2026-11-30).
 */
export const VERCEL_BUILD = {
  VERCEL: "1",
  CI: "1",
  VERCEL_ENV: "production",
  VERCEL_TARGET_ENV: "production",
  VERCEL_URL: "site-1a2b3c.vercel.app",
  VERCEL_REGION: "iad1",
  VERCEL_DEPLOYMENT_ID: "dpl_9Zx3kQ7pVtBn5LmW2cYr8HsJ4fDg",
  VERCEL_PROJECT_ID: "prj_000000000000000000000000",
} as const;

/** What it sets on top while the project's skew protection is on (https://vercel.com/docs/skew-protection). */
export const SKEW_PROTECTION = { VERCEL_SKEW_PROTECTION_ENABLED: "1" } as const;

/** Settings of the project, as `vercel pull` writes them. */
export interface ProjectSettings {
  readonly buildCommand: string;
  readonly nodeVersion: string;
}

export interface Built {
  readonly code: number | null;
  readonly output: string;
}

/** A checkout of the repository in a folder of its own, and the builder. */
export class Checkout {
  private constructor(
    readonly folder: string,
    private readonly cli: string,
  ) {}

  /** Installs the builder and the app's packages, which are kept for the next run; undefined if the registry is out of reach. */
  static create(): Checkout | undefined {
    const lock = readFileSync(join(APP, "package-lock.json"));
    const key = createHash("sha256").update(CLI).update(lock).digest("hex").slice(0, 12);
    const kept = join(tmpdir(), `platform-vercel-${key}`);
    if (!existsSync(kept)) {
      const fresh = mkdtempSync(join(tmpdir(), "platform-vercel-new-"));
      for (const part of ["app", "cli"]) mkdirSync(join(fresh, part));
      for (const file of ["package.json", "package-lock.json"]) cpSync(join(APP, file), join(fresh, "app", file));
      writeFileSync(join(fresh, "cli", "package.json"), "{}");
      const quiet = ["--no-audit", "--no-fund", "--ignore-scripts"];
      const npm = (cwd: string, ...args: string[]) =>
        spawnSync("npm", [...args, ...quiet], { cwd, stdio: "ignore" }).status;
      if (npm(join(fresh, "app"), "ci") !== 0 || npm(join(fresh, "cli"), "install", CLI) !== 0) {
        rmSync(fresh, { recursive: true, force: true });
        return undefined;
      }
      renameSync(fresh, kept);
    }
    const folder = mkdtempSync(join(tmpdir(), "platform-vercel-build-"));
    cpSync(APP, join(folder, "app"), { recursive: true, filter: (path) => !BUILT.has(path.split("/").at(-1) ?? "") });
    cpSync(join(kept, "app", "node_modules"), join(folder, "app", "node_modules"), {
      recursive: true,
      verbatimSymlinks: true,
    });
    return new Checkout(folder, join(kept, "cli", "node_modules", ".bin", "vercel"));
  }

  /** `vercel build` of the app as a production deployment, with nothing of this process's environment but its tools. */
  build({ buildCommand, nodeVersion }: ProjectSettings, env: Readonly<Record<string, string>>): Promise<Built> {
    mkdirSync(join(this.folder, ".vercel"), { recursive: true });
    const project = {
      projectId: VERCEL_BUILD.VERCEL_PROJECT_ID,
      orgId: "team_000000000000000000000000",
      settings: { framework: "nextjs", rootDirectory: "app", installCommand: "true", buildCommand, nodeVersion },
    };
    writeFileSync(join(this.folder, ".vercel", "project.json"), JSON.stringify(project));
    rmSync(join(this.folder, ".vercel", "output"), { recursive: true, force: true });
    rmSync(join(this.folder, "app", ".next"), { recursive: true, force: true });
    const child = spawn(this.cli, ["build", "--prod", "--yes", "--token", "none"], {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH ?? "",
        HOME: process.env.HOME ?? "",
        LANG: "C.UTF-8",
        NEXT_TELEMETRY_DISABLED: "1",
        VERCEL_TELEMETRY_DISABLED: "1",
        // `prisma generate` looks for the engine and does not run it.
        PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true",
        ...env,
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (part) => (output += part));
    return new Promise((done) => child.on("close", (code) => done({ code, output })));
  }

  /** A file of what Vercel would serve, from `.vercel/output`. */
  output<T>(file: string): T {
    return JSON.parse(readFileSync(join(this.folder, ".vercel", "output", file), "utf8")) as T;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
