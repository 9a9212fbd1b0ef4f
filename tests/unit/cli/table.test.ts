import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "../../..");
const shown = (env: Record<string, string>) => {
  // What the test's own surroundings say of colours does not count.
  const { NO_COLOR, FORCE_COLOR, CI, ...inherited } = process.env;
  return execFileSync(process.execPath, ["cli/bin.mjs", "settings", "budget"], {
    cwd: root,
    encoding: "utf8",
    env: { ...inherited, ...env },
  });
};

describe("a table of the command line", () => {
  it("has no colours in a pipe, nor where nobody wants them", () => {
    const colour = "\u001b[";
    assert.ok(!shown({}).includes(colour));
    assert.ok(!shown({ NO_COLOR: "1" }).includes(colour));
    assert.ok(shown({ FORCE_COLOR: "1" }).includes(`${colour}1m`), "else this test sees nothing");
  });
});
