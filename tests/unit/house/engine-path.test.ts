import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fastWorld } from "../../engine/harness/stack";

describe("the engine suite", () => {
  it("runs in a checkout whose path has a space", () => {
    const folder = mkdtempSync(join(tmpdir(), "platform-path-"));
    const spaced = join(folder, "a b");
    try {
      mkdirSync(spaced);
      copyFileSync(join(__dirname, "../../engine/harness/fast.mjs"), join(spaced, "fast.mjs"));
      const env = { ...process.env, NODE_OPTIONS: fastWorld(spaced), ENGINE_SPEED: "10", ENGINE_EPOCH: "0" };
      // The world's clock says that the loader was there.
      const year = execFileSync(process.execPath, ["-p", "new Date(Date.now()).getFullYear()"], {
        env,
        encoding: "utf8",
      });
      assert.ok(Number(year) > 2400, year);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
