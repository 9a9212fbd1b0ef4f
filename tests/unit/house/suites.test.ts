import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Suite } from "../../suites/table.mjs";

const ROOT = join(__dirname, "../../..");
const text = (path: string) => readFileSync(join(ROOT, path), "utf8");

describe("the table of suites", () => {
  let { SUITES: suites, SHARES: shares, together, asMarkdown } = {} as typeof import("../../suites/table.mjs");
  before(async () => {
    ({ SUITES: suites, SHARES: shares, together, asMarkdown } = await import("../../suites/table.mjs"));
  });
  const scripts = Object.keys(JSON.parse(text("package.json")).scripts);
  const scriptOf = ({ run }: Suite) => /^npm (?:run --silent )?([\w:-]+)/.exec(run)?.[1];

  it("names scripts that are there, and every script that tests something is a suite of CI", () => {
    const used = suites.map(scriptOf).filter((name) => name !== undefined && name !== "ci");
    assert.deepEqual(
      used.filter((name) => !scripts.includes(name as string)),
      [],
    );
    const tests = scripts.filter((name) => /^test|^drill$|^lint$/.test(name) && name !== "test:incident");
    assert.deepEqual(
      tests.filter((name) => !used.includes(name)),
      [],
    );
  });

  it("stands in CONTRIBUTING.md as it is", () => {
    const table = asMarkdown();
    assert.ok(text("CONTRIBUTING.md").includes(table), `CONTRIBUTING.md has another table than this:\n${table}`);
  });

  it("gives no share more than its minutes: what takes longer is a command by hand, or runs beside the others", () => {
    assert.deepEqual(Object.keys(shares).sort(), [...new Set(suites.map(({ share }) => share))].sort());
    for (const [share, minutes] of Object.entries(shares)) {
      const mine = suites.filter((suite) => suite.share === share && !suite.alone);
      const longest = together(mine, ({ seconds }) => seconds);
      assert.ok(longest <= minutes * 60, `${share}: ${longest} s of ${minutes} minutes`);
    }
  });

  it("waits for suites in the background that start before", () => {
    for (const [index, { name, after = [] }] of suites.entries())
      for (const one of after)
        assert.ok(
          suites.slice(0, index).some((earlier) => earlier.name === one && earlier.background),
          `${name} after ${one}`,
        );
  });
});

describe("a parallel run", () => {
  it("hands nothing of one file's environment to the next in its process", function () {
    this.timeout(300_000);
    const folder = mkdtempSync(join(tmpdir(), "parallel-"));
    try {
      const alone = `it("is alone", () => {
        require("node:assert").equal(process.env.LEFT_BEHIND, undefined);
        process.env.LEFT_BEHIND = "1";
      });`;
      // More files than processes: one process has two.
      for (const name of ["a", "b", "c"]) writeFileSync(join(folder, `${name}.cjs`), alone);
      const args = [require.resolve("mocha/bin/mocha.js"), "--parallel", "--jobs", "2", `${folder}/*.cjs`];
      const { status, stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
      assert.match(stdout, /3 passing/);
      assert.equal(status, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
