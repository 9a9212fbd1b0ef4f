import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = join(__dirname, "../../..");

/** Whether a process is gone, or would be if somebody asked for its exit code. */
function ended(id: string): boolean {
  return !existsSync(`/proc/${id}`) || / Z /.test(readFileSync(`/proc/${id}/stat`, "utf8"));
}

/** What CI runs, in a project of its own whose build of the engine's CLI is a stand-in. */
describe("CI's commands", function () {
  this.timeout(30_000);
  const project = mkdtempSync(join(tmpdir(), "ci-"));
  const bin = join(project, "bin");
  const script = (path: string, ...lines: string[]) => {
    mkdirSync(join(project, path, ".."), { recursive: true });
    writeFileSync(join(project, path), ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
  };
  // No CLI of the engine: that is not what is asked here.
  const env = { PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin` };
  before(function () {
    // As `timeout` is of GNU.
    if (process.platform !== "linux") this.skip();
    for (const part of [".ci", "tests/suites"]) cpSync(join(ROOT, part), join(project, part), { recursive: true });
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

  it("build the CLI for who names it", () => {
    const { status, stdout } = ran("engine-cli");
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^== engine-cli passed after/m);
    assert.match(stdout, /^1 passed, 0 failed, 0 skipped/m);
  });

  for (const SLOWER of ["x", "", "0", "-1", "Infinity"])
    it(`refuse SLOWER=${SLOWER}, which is no number above 0`, () => {
      const { status, stderr, stdout } = spawnSync(join(project, ".ci/run"), ["lint"], {
        env: { ...env, SLOWER },
        encoding: "utf8",
      });
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, /^SLOWER must be a number above 0/);
    });

  it("run nothing for a name that is not there, and tell those that are", () => {
    const { status, stderr, stdout } = ran("engine", "drills");
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^There is no suite drills\. There are: install test /);
  });

  it("fail a suite that takes longer than its seconds, with all that it started, and print what each share took", () => {
    script("bin/npm", "sleep 30 & echo $!", "sleep 30");
    const { status, stdout } = spawnSync(join(project, ".ci/run"), ["lint"], {
      env: { ...env, SLOWER: "0.02" },
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(stdout, /^== lint FAILED with exit code 1 after \d+ s of 2\.4$/m);
    assert.match(stdout, /^install, unit, lint, plans +0\.0 +22$/m);
    const [id = ""] = stdout.match(/^\d+$/m) ?? [];
    assert.ok(ended(id));
    script("bin/npm", 'echo "npm $*"');
  });

  it("name on a bare machine what each suite lacks, prove no flip there, and pass", () => {
    const bare = join(project, "bare");
    mkdirSync(bare);
    for (const name of ["bash", "dirname", "sh"]) symlinkSync(join("/bin", name), join(bare, name));
    symlinkSync(process.execPath, join(bare, "node"));
    cpSync(join(bin, "npm"), join(bare, "npm"));
    for (const name of ["plans", "wrong-config"]) {
      mkdirSync(join(project, "tests/command"), { recursive: true });
      writeFileSync(join(project, `tests/command/${name}.mjs`), "");
    }
    const { status, stdout } = spawnSync(join(project, ".ci/run"), { env: { PATH: bare }, encoding: "utf8" });
    assert.equal(status, 0, stdout);
    for (const said of [
      "browser skipped: chromium missing (Debian: apt-get install chromium)",
      "emulator skipped: python3, python3:ensurepip missing (Debian: apt-get install python3 python3-venv)",
      "engine skipped: NOT PROVEN, as there is no Pulumi CLI, which is built for who names this suite: .ci/run engine",
      "drill-data skipped: it measures a machine that does nothing else: .ci/run drill-data",
    ])
      assert.ok(stdout.includes(`== ${said}\n`), stdout);
    assert.match(stdout, /^skipped: emulator .*engine killed engine-whole/m);
  });

  it("count as skipped what skips all of itself", () => {
    script("bin/npm", 'echo "0 passed, 0 failed, 7 skipped (provider, 1 s)"');
    assert.match(ran("provider").stdout, /^0 passed, 0 failed, 1 skipped in \d+ s\nskipped: provider$/m);
    script("bin/npm", 'echo; echo "  0 passing (3s)"; echo "  7 pending"');
    assert.match(ran("vercel").stdout, /^skipped: vercel$/m);
    script("bin/npm", 'echo; echo "  1 passing (3s)"; echo "  7 pending"');
    assert.match(ran("vercel").stdout, /^== vercel passed after/m);
    script("bin/npm", 'echo "npm $*"');
  });

  it("end the build when they are stopped", async () => {
    const id = join(project, "id");
    script("tests/engine/cli/build.sh", `echo $$ >${id}`, "exec sleep 60");
    const run = spawn(join(project, ".ci/run"), ["killed"], { env, stdio: "ignore" });
    const exited = new Promise((resolve) => run.once("exit", resolve));
    while (run.exitCode === null && (!existsSync(id) || readFileSync(id, "utf8") === "")) await sleep(50);
    run.kill("SIGTERM");
    await exited;
    await sleep(500);
    assert.ok(ended(readFileSync(id, "utf8").trim()));
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
