import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "../../..");

/** The command line itself, as a shell runs it. */
function platform(args: readonly string[], read: "all" | "nothing") {
  const env = { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" };
  const child = spawn(process.execPath, ["cli/bin.mjs", ...args], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  // As `head -1` does, at the latest.
  if (read === "nothing") child.stdout.destroy();
  else child.stdout.resume();
  return new Promise<{ code: number | null; errors: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, errors })),
  );
}

describe("a reader of the command line that goes before the end", function () {
  this.timeout(60_000);
  for (const args of [["settings"], ["settings", "--json"], ["--help"]]) {
    it(`leaves no trace: platform ${args.join(" ")} | head -1`, async () => {
      assert.deepEqual(await platform(args, "nothing"), { code: 0, errors: "" });
    });
  }

  it("leaves the exit code true", async () => {
    const { code } = await platform(["settings", "no-such-key"], "nothing");
    assert.equal(code, (await platform(["settings", "no-such-key"], "all")).code);
  });
});
