import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commands } from "../../../cli/commands";
import { CAUSES } from "../../../functions/incident/causes";
import { PRICES_DIR, pricedRegions, readPrices } from "../../../insight/cost/price-book";
import { settingsReference } from "../../../stacks/settings/settings-reference";

const ROOT = join(__dirname, "../../..");
const guide = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
const table = (guide.split("## Twelve everyday changes")[1] ?? "")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !/^\| (change|---)/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));
const paths = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path);

describe("the guide for newcomers", () => {
  it("names one place and one test for each of twelve changes, and they exist", () => {
    assert.equal(table.length, 12);
    for (const [, change = "", place, test] of table) {
      assert.ok(paths(place).length > 0, change);
      assert.equal(paths(test).length, 1, change);
      for (const path of [...paths(place), ...paths(test)])
        assert.ok(existsSync(join(ROOT, path)), `${change}: ${path}`);
    }
  });

  it("names paths that exist wherever it names one", () => {
    const rooms = ["core", "output", "components", "functions", "insight", "stacks", "cli", "policy", "tests"];
    for (const room of rooms) {
      const text = readFileSync(join(ROOT, room, "README.md"), "utf8");
      assert.ok(text.trim().split("\n").length <= 14, `${room}/README.md: some ten lines`);
      for (const path of paths(text).filter((one) => /^[\w./-]+(\.(ts|mjs|cjs|json|ya?ml|md|sh|py)|\/)$/.test(one)))
        assert.ok(
          [room, "."].some((from) => existsSync(join(ROOT, from, path))),
          `${room}/README.md: ${path}`,
        );
    }
  });

  it("gives a command that runs one test file, and no other", function () {
    this.timeout(60_000);
    const [, file = ""] = guide.match(/`npx mocha (\S+)`/) ?? [];
    const args = ["mocha", "--dry-run", "--reporter", "json", file];
    const { tests } = JSON.parse(execFileSync("npx", args, { cwd: ROOT, encoding: "utf8" })) as {
      tests: { file: string }[];
    };
    assert.deepEqual([...new Set(tests.map((test) => test.file))], [join(ROOT, file)]);
  });

  it("is right that a file of prices is all that a further region takes", () => {
    const folder = mkdtempSync(join(tmpdir(), "prices-"));
    try {
      cpSync(PRICES_DIR, folder, { recursive: true });
      const known = readFileSync(join(folder, "eu-west-1.json"), "utf8");
      writeFileSync(join(folder, "eu-north-1.json"), known.replaceAll("eu-west-1", "eu-north-1"));
      assert.ok(pricedRegions(folder).includes("eu-north-1"));
      assert.doesNotThrow(() => readPrices("eu-north-1", folder));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is right that a cause, a command and a key are each a row of one table", () => {
    assert.equal(new Set(CAUSES.map(({ id }) => id)).size, CAUSES.length, "no id of a cause stands twice");
    const listed = readFileSync(join(ROOT, "cli/commands/index.ts"), "utf8");
    for (const name of Object.keys(commands)) assert.match(listed, new RegExp(`^ {2}"?${name}"?: \\{$`, "m"));
    const keys = settingsReference().map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length, "no key stands twice");
  });
});
