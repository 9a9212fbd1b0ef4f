import { createHash, randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../../../core/errors";

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
 * @throws {UserError} if another run has it
 */
export function claim(stackFile: string): () => void {
  const name = createHash("sha256").update(stackFile).digest("hex").slice(0, 16);
  return take(join(tmpdir(), `platform-migrate-${name}`));
}

/**
 * A mark holds its holder's process and a text that no other mark has. A stale one is replaced by whoever holds the mark that is
 * named after that text, so of several that find it only one does, and a later one finds another text there.
 */
function take(mark: string): () => void {
  const own = `${process.pid} ${randomUUID()}`;
  const beside = `${mark}.${randomUUID()}`;
  // Complete before it has its name: nobody reads half a mark.
  writeFileSync(beside, own, { mode: 0o600 });
  try {
    for (;;) {
      try {
        linkSync(beside, mark);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const found = read(mark);
      if (found === undefined) continue;
      const pid = Number(found.split(" ")[0]);
      if (pid > 0 && isRunning(pid)) throw new UserError(heldText(pid, mark));
      const release = take(`${mark}-${createHash("sha256").update(found).digest("hex").slice(0, 16)}`);
      try {
        if (read(mark) !== found) continue;
        renameSync(beside, mark);
        break;
      } finally {
        release();
      }
    }
  } finally {
    rmSync(beside, { force: true });
  }
  return () => {
    try {
      if (read(mark) === own) rmSync(mark, { force: true });
    } catch {
      // Somebody else's by now.
    }
  };
}

/** @throws {UserError} if it is there and cannot be read: waiting for it to change would never end */
function read(mark: string): string | undefined {
  try {
    return readFileSync(mark, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new UserError(
      `${mark} belongs to somebody else and cannot be read (${code}). Nothing was changed. ` +
        "If no `platform migrate` runs on this machine, delete it.",
    );
  }
}

const heldText = (pid: number, mark: string): string =>
  `Another \`platform migrate\` (process ${pid}) is working on this stack. Nothing was changed by this run. ` +
  `Wait for it, or stop it with Ctrl-C where it runs. If process ${pid} is something else, delete ${mark}.`;
