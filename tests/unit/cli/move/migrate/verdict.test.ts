import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verdictOn } from "../../../../../cli/commands/move/migrate/verdict";

describe("the verdict before a migration", () => {
  const root = join(__dirname, "../../../../..");
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "verdict-"));
    const file = (name: string) => readFileSync(join(root, name), "utf8");
    const stack = file("Pulumi.staging.yaml");
    writeFileSync(join(folder, "Pulumi.yaml"), file("Pulumi.yaml"));
    // A region that the price files do not know.
    writeFileSync(join(folder, "Pulumi.far.yaml"), stack.replace(/aws:region: .*/, "aws:region: ca-central-1"));
    writeFileSync(join(folder, "Pulumi.wrong.yaml"), stack.replace(/aws:region: .*/, "aws:region: nowhere-1"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("is none where the region has no prices, which is no reason not to move", async () => {
    const lines = await verdictOn(folder, "far", "ha-web-tier");
    assert.match(lines.join("\n"), /^Verdict {3}none: There are no prices for the region "ca-central-1"/);
  }).timeout(60_000);

  it("ends the migration where the stack's config is wrong, or the stack is not there", async () => {
    await assert.rejects(verdictOn(folder, "wrong", "ha-web-tier"), /The config of stack wrong has 1 problem/);
    await assert.rejects(verdictOn(folder, "none", "ha-web-tier"), /There is no stack none here/);
  }).timeout(60_000);
});
