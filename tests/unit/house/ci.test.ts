import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = join(__dirname, "../../..");

/** What CI runs, in a project of its own whose build of the engine's CLI is a stand-in. */
describe("CI's commands", function () {
  this.timeout(30_000);
  const project = mkdtempSync(join(tmpdir(), "ci-"));
  const bin = join(project, "bin");
  const script = (path: string, ...lines: string[]) => {
    mkdirSync(join(project, path, ".."), { recursive: true });
    writeFileSync(join(project, path), ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
  };
  // Neither a CLI of the engine nor Debian's installer: those are not what is asked here.
  const env = { PATH: `${bin}:/usr/bin:/bin` };
  before(function () {
    // As `timeout` is of GNU.
    if (process.platform !== "linux") this.skip();
    cpSync(join(ROOT, ".ci"), join(project, ".ci"), { recursive: true });
    for (const name of ["go", "python3"]) script(`bin/${name}`);
    script("bin/npm", 'echo "npm $*"');
  });
  after(() => rmSync(project, { recursive: true }));
  const ran = (...parts: string[]) => spawnSync(join(project, ".ci/run"), parts, { env, encoding: "utf8" });

  it("count a CLI that cannot be built as failed, and what needs it as skipped", () => {
    script("tests/engine/cli/build.sh", "exit 3");
    const { status, stdout } = ran("killed");
    assert.equal(status, 1);
    assert.match(stdout, /^failed: engine-cli$/m);
    assert.match(stdout, /^skipped: killed$/m);
  });

  it("run the engine's suites with the CLI that was built", () => {
    script("built/pulumi");
    script("tests/engine/cli/build.sh", `echo ${join(project, "built")}`);
    const { status, stdout } = ran("killed");
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^npm run --silent test:engine -- --kill$/m);
  });

  it("end the build when they are stopped", async () => {
    const id = join(project, "id");
    script("tests/engine/cli/build.sh", `echo $$ >${id}`, "exec sleep 60");
    const run = spawn(join(project, ".ci/run"), ["killed"], { env, stdio: "ignore" });
    const ended = new Promise((resolve) => run.once("exit", resolve));
    while (!existsSync(id) || readFileSync(id, "utf8") === "") await sleep(50);
    run.kill("SIGTERM");
    await ended;
    await sleep(500);
    assert.throws(() => process.kill(Number(readFileSync(id, "utf8")), 0), { code: "ESRCH" });
  });

  it("build the CLI with another Go where the one on PATH cannot read the module's file", () => {
    cpSync(join(ROOT, "tests/engine/cli"), join(project, "tests/engine/cli"), { recursive: true });
    script("bin/go", "exit 1");
    script("bin/python3", 'echo "python3 $*" >&2', "exit 7");
    const { status, stderr } = spawnSync(join(project, "tests/engine/cli/build.sh"), { env, encoding: "utf8" });
    assert.equal(status, 7);
    assert.match(stderr, /^python3 -m venv /);
  });
});
