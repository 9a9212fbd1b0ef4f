import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { PlannedResource, Plans } from "../../../core/plan-format";

const ROOT = join(__dirname, "../../..");
const PARTS = [
  "cli",
  "components",
  "core",
  "core",
  "functions",
  "insight",
  "output",
  "output",
  "runbooks",
  "stacks",
  "app/prisma",
  "index.ts",
  "package.json",
];
const STACKS = ["Pulumi.yaml", "Pulumi.prod.yaml", "Pulumi.staging.yaml"];

describe("the recipe for a fifth architecture", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "fifth-"));
    for (const part of [...PARTS, ...STACKS]) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const recipe = readFileSync(join(ROOT, "docs/fifth-architecture.md"), "utf8");
    const steps = [...recipe.matchAll(/^```(ts|diff) (\S+)\n([\s\S]*?)^```$/gm)];
    assert.equal(steps.length, 6, "two new files and four edits");
    for (const [, kind, path = "", body = ""] of steps) follow(join(folder, path), kind === "diff", body);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("gives a tier that plans, with DNS at the load balancer and the page behind its rule", async function () {
    this.timeout(60_000);
    const args = ["cli/bin.mjs", "plan", "--architecture", "maintenance-page", "--json"];
    const { stdout } = await promisify(execFile)("node", args, { cwd: folder, maxBuffer: 64 << 20 });
    const { stacks } = JSON.parse(stdout) as Plans;
    assert.deepEqual(
      stacks.map(({ stack, architecture }) => `${stack} ${architecture}`),
      ["prod maintenance-page", "staging maintenance-page"],
    );
    for (const { resources } of stacks) {
      const named = (name: string) => resources.find((one) => one.name === name) as PlannedResource;
      const group = named("maintenance-page-targets").urn;
      assert.match(JSON.stringify(named("traffic-serving").inputs.aliases), /load-balancer-balancer/);
      assert.ok(JSON.stringify(named("traffic-catch-all").inputs).includes(group));
      assert.ok(JSON.stringify(named("maintenance-page-probe").inputs).includes(group));
      assert.equal(named("database-instance").protect, true);
    }
  });
});

/** A block of TypeScript is a new file; one of diff replaces its `-` lines, which stand together in the file, by its `+` lines. */
function follow(path: string, edit: boolean, body: string): void {
  if (!edit) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, body);
    return;
  }
  const lines = (sign: string) => body.split("\n").flatMap((line) => (line.startsWith(sign) ? [line.slice(1)] : []));
  const [before, after] = [lines("-").join("\n"), lines("+").join("\n")];
  const text = readFileSync(path, "utf8");
  assert.equal(text.split(before).length, 2, `${path} has exactly once: ${before}`);
  writeFileSync(
    path,
    text.replace(before, () => after),
  );
}
