import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, run } from "../terraform";

const REQUIREMENTS = join(__dirname, "requirements.txt");

/** A Python environment of the suites' own, with the versions in requirements.txt. */
export class Python {
  private constructor(private readonly folder: string) {}

  /** @returns why it is not to be had, as text, if Python or a package index is missing. */
  static async find(progress: (message: string) => void): Promise<Python | string> {
    const version = createHash("sha256")
      .update(await readFile(REQUIREMENTS))
      .digest("hex")
      .slice(0, 12);
    const folder = join(CACHE, "python", version);
    // Written last: an installation that was interrupted is begun anew.
    const installed = join(folder, "installed");
    if (existsSync(installed)) return new Python(folder);
    const python = await run("python3", ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]);
    const [major = 0, minor = 0] = python.stdout.trim().split(".").map(Number);
    if (python.code !== 0 || major < 3 || minor < 10) return "python3 (3.10 or later) is not on PATH";

    progress("installing the Python checks into .cache/python (about a minute, once)");
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(CACHE, "python"), { recursive: true });
    const made = await run("python3", ["-m", "venv", folder]);
    if (made.code !== 0)
      return `python3 -m venv failed (Debian and Ubuntu: apt-get install python3-venv): ${made.stderr}`;
    const pip = await run(join(folder, "bin/python"), ["-m", "pip", "install", "-q", "-r", REQUIREMENTS], {
      timeoutSeconds: 600,
    });
    if (pip.code === 0) {
      await writeFile(installed, "");
      return new Python(folder);
    }
    return `pip could not install tests/provider/python/requirements.txt: ${pip.stderr.slice(-300)}`;
  }

  /** Path of one of the environment's programs. */
  program(name: string): string {
    return join(this.folder, "bin", name);
  }
}
