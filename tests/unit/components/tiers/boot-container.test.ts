import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootScript } from "../../../../components/tiers/boot-config";

const CONFIG = {
  region: "ap-northeast-2",
  domain: "iamvet.kr",
  port: 3000,
  tier: "ha-web-tier",
  version: "v2",
  environment: { LOG_LEVEL: "info" },
  secrets: { DATABASE_URL: { secretArn: "arn:db", key: "DATABASE_URL" } },
  image: "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/site:v2",
  logGroups: { app: "logs" },
  targetGroupArn: "arn:targets",
  drainSeconds: 35,
};

/** Stand-ins for what an instance has; each writes its arguments down. */
const COMMANDS: Readonly<Record<string, string>> = {
  curl: `case "$*" in
  *api/token*) echo token ;;
  *placement/region*) echo ap-northeast-2 ;;
  *boot-parameter*) echo boot:1 ;;
  *instance-id*) echo i-1 ;;
  *spot/instance-action*) exit 22 ;;
  *target-lifecycle-state*) [ -e "$STATE/ending" ] && echo Terminated || echo InService; touch "$STATE/ending" ;;
esac`,
  aws: `echo "aws $*" >>"$STATE/calls"
case "$*" in
  *get-parameter*) cat "$STATE/config.json" ;;
  *get-secret-value*) echo '{"DATABASE_URL": "postgresql://site:pw@db/site"}' ;;
  *get-login-password*) echo password ;;
esac`,
  docker: `echo "docker $*" >>"$STATE/calls"
case $1 in login) cat >/dev/null ;; esac
while [ $# -gt 0 ]; do
  [ "$1" = --env-file ] && cp "$2" "$STATE/env"
  shift
done
[ ! -e "$STATE/fails" ] || exit 1`,
  systemctl: 'echo "systemctl $*" >>"$STATE/calls"',
  sleep: 'echo "sleep $*" >>"$STATE/calls"',
};

describe("an instance behind the load balancer", () => {
  let folder: string;
  const at = (...parts: string[]) => join(folder, ...parts);
  const calls = () => (existsSync(at("calls")) ? readFileSync(at("calls"), "utf8").trim().split("\n") : []);
  const run = (...args: string[]) =>
    execFileSync("bash", [at("site-boot"), ...args], {
      env: { PATH: `${at("bin")}:${process.env.PATH}`, BOOT_ROOT: at("root"), STATE: folder },
      stdio: "pipe",
      timeout: 10_000,
    });

  before(function () {
    try {
      execFileSync("jq", ["--version"]);
    } catch {
      console.log("    skipped: jq is not installed");
      this.skip();
    }
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "boot-"));
    for (const part of ["bin", "root/run"]) mkdirSync(at(part), { recursive: true });
    for (const [name, body] of Object.entries(COMMANDS)) {
      writeFileSync(at("bin", name), `#!/bin/bash\n${body}\n`);
      chmodSync(at("bin", name), 0o755);
    }
    writeFileSync(at("site-boot"), bootScript("container"));
    writeFileSync(at("config.json"), JSON.stringify(CONFIG));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("migrates for the release that it is told, not for the one that it runs, and leaves nothing behind", () => {
    run("migrate", "boot:2");
    const made = calls();
    assert.ok(made.some((call) => call.includes("get-parameter") && call.includes("--name boot:2")));
    const docker = made.filter((call) => call.startsWith("docker run"));
    assert.equal(docker.length, 1);
    assert.match(docker[0] ?? "", /--workdir \/migrate \S+site:v2 node .*prisma.* migrate deploy$/);
    assert.match(docker[0] ?? "", /--read-only .*--cap-drop ALL/);
    assert.match(readFileSync(at("env"), "utf8"), /^DATABASE_URL=postgresql:/m);
    assert.deepEqual(readdirSync(at("root/run")), [], "no secret stays");
    assert.ok(!existsSync(at("root/etc/site/config.json")), "what the instance runs is as before");
    assert.ok(!made.some((call) => call.startsWith("systemctl")));
  });

  it("fails when the migration fails, and leaves nothing behind either", () => {
    writeFileSync(at("fails"), "");
    assert.throws(() => run("migrate", "boot:2"));
    assert.deepEqual(readdirSync(at("root/run")), []);
  });

  it("leaves the load balancer before it stops when its end is announced", () => {
    run("watch");
    const made = calls();
    const order = [
      /sleep 5/,
      /deregister-targets --target-group-arn arn:targets --targets Id=i-1/,
      /sleep 35/,
      /systemctl stop site/,
    ];
    const found = order.map((pattern) => made.findIndex((call) => pattern.test(call)));
    assert.ok(
      found.every((index) => index >= 0),
      made.join("\n"),
    );
    assert.deepEqual(
      found,
      [...found].sort((a, b) => a - b),
      made.join("\n"),
    );
  });
});
