import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settings } from "../../../../engine/harness/stack";

const ROOT = join(__dirname, "../../../../..");
const CLI = join(ROOT, "cli/bin.mjs");

/** The real command line, up to where it would begin. */
describe("a `platform migrate` that does not begin", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "migrate-exit-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  before(() => {
    copyFileSync(join(ROOT, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    const config = settings("ha-web-tier", { "aws:region": "ap-northeast-2", "iamvet:gates": {} });
    writeFileSync(join(folder, "Pulumi.staging.yaml"), JSON.stringify({ config }));
  });
  const mark = () => {
    const file = realpathSync(join(folder, "Pulumi.staging.yaml"));
    return join(folder, `platform-migrate-${createHash("sha256").update(file).digest("hex").slice(0, 16)}`);
  };
  const migrate = (options = "") => {
    const env = { PATH: join(folder, "bin"), HOME: folder, TMPDIR: folder, NODE_OPTIONS: options, NO_COLOR: "1" };
    const args = [CLI, "migrate", "--stack", "staging", "--to", "fargate", "--cwd", folder, "--yes"];
    return spawnSync(process.execPath, args, { encoding: "utf8", env, timeout: 50_000 });
  };

  it("ends with 2 and says that nothing was begun, whatever stood in its way", () => {
    // A file system without hard links, which nobody foresaw.
    const refuse = `fs.linkSync = () => { throw new Error("EPERM: operation not permitted, link"); };`;
    writeFileSync(
      join(folder, "odd.cjs"),
      `const fs = require("fs");\n${refuse}\nrequire("module").syncBuiltinESMExports();`,
    );
    const { status, stderr } = migrate(`--require=${join(folder, "odd.cjs")}`);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /EPERM.*\nNothing was begun/);
    assert.doesNotMatch(stderr, /^\s+at /m, "a stack trace");
  });

  it("does not wait for ever for a mark that it cannot read", () => {
    // What nobody can read, root among them.
    mkdirSync(mark());
    const { status, stderr } = migrate();
    rmSync(mark(), { recursive: true });
    assert.equal(status, 2, stderr);
    assert.ok(stderr.includes(`${mark()} belongs to somebody else`), stderr);
  });

  it("takes an empty mark for one of nobody who runs", () => {
    writeFileSync(mark(), "");
    assert.match(migrate().stderr, /The `pulumi` CLI is not on PATH/);
  });
});
