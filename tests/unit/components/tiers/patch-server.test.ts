import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SCRIPT = join(__dirname, "..", "..", "..", "..", "runbooks", "patch-server.sh");

describe("security updates of a server", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "patch-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs the script, with bash and flock of this machine; packages and the journal are stood in for. */
  function run({ upgrade = 0, hint = 0, newest = "glibc-1" } = {}, prefix: readonly string[] = []) {
    const stubs = {
      dnf: `echo "dnf $*" >>"$CALLS"; case $1 in upgrade) echo ${newest} >"$CALLS.rpm"; exit ${upgrade} ;; *) exit ${hint} ;; esac`,
      rpm: 'cat "$CALLS.rpm" 2>/dev/null || echo glibc-1',
      logger: 'echo "$4 $5" >>"$CALLS"',
    };
    for (const [name, text] of Object.entries(stubs)) {
      writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    const calls = join(folder, "calls");
    const [program = "bash", ...args] = [...prefix, "bash", SCRIPT];
    const lock = join(folder, "lock");
    const env = { PATH: `${folder}:${process.env.PATH}`, CALLS: calls, RELEASE_LOCK: lock };
    const { status } = spawnSync(
      program,
      args.map((arg) => (arg === "LOCK" ? lock : arg)),
      { env },
    );
    return { status, calls: readFileSync(calls, "utf8").trim().split("\n") };
  }

  const UPGRADE = "dnf upgrade --assumeyes --security --releasever=latest";
  const HINT = "dnf needs-restarting --reboothint";

  it("are asked for of the latest version, and nothing is said where there is none", () => {
    assert.deepEqual(run(), { status: 0, calls: [UPGRADE, HINT] });
  });
  it("are told of, and so is a kernel that waits for a reboot, which nobody does here", () => {
    assert.deepEqual(run({ newest: "kernel-2", hint: 1 }), {
      status: 0,
      calls: [
        UPGRADE,
        "user.notice security updates are installed",
        HINT,
        "user.warning a reboot is needed for some of the security updates: reboot it in a quiet hour",
      ],
    });
  });
  it("fail loudly", () => {
    const { status, calls } = run({ upgrade: 1 });
    assert.equal(status, 1);
    assert.match(calls.at(-1) ?? "", /^user\.warning security updates could not be installed/);
  });
  it("wait while a release is under way", () => {
    assert.deepEqual(run({}, ["flock", "--close", "LOCK"]), {
      status: 0,
      calls: ["user.notice a release is under way: security updates wait for the next week"],
    });
  });
});
