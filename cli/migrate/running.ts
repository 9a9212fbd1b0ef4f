import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../stack-files";

/** Whether a process of this machine runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Keeps a second run away from the same file while this one waits between two updates; during an update the engine's own lock
 * does. A mark that a killed run left behind does not count.
 * @returns takes the mark away
 * @throws {UsageError} if another run has it
 */
export function claim(stackFile: string): () => void {
  const mark = join(tmpdir(), `platform-migrate-${createHash("sha256").update(stackFile).digest("hex").slice(0, 16)}`);
  const write = () => writeFileSync(mark, String(process.pid), { flag: "wx" });
  try {
    write();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const pid = Number(readFileSync(mark, "utf8"));
    if (pid > 0 && isRunning(pid)) {
      throw new UsageError(
        `Another \`platform migrate\` (process ${pid}) is working on this stack. Nothing was changed by this run. Wait for it, or stop it with Ctrl-C where it runs. If process ${pid} is something else, delete ${mark}.`,
      );
    }
    rmSync(mark, { force: true });
    write();
  }
  return () => rmSync(mark, { force: true });
}
