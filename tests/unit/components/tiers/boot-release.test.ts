import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { renderRunbook } from "../../../../components/aws/runbook";
import { bootScript, renderBootConfig } from "../../../../components/tiers/boot-config";
import { CONFIG } from "../../../standins/boot-config";

/** Stand-ins for what a server has; each writes its arguments down. */
const COMMANDS: Readonly<Record<string, string>> = {
  curl: `case "$*" in
  *api/token*) echo token ;;
  *placement/region*) echo ap-northeast-2 ;;
  *boot-parameter*) echo boot ;;
  *instance-id*) echo i-1 ;;
  *health*) echo "curl $*" >>"$STATE/calls"
    [ ! -e "$STATE/restarts" ] || { rm "$STATE/restarts"; bash "$STATE/site-boot" environment; } ;;
esac`,
  aws: `echo "aws $*" >>"$STATE/calls"
case "$*" in
  *Parameter.Version*) echo 2 ;;
  *"--name boot:1"*) cat "$STATE/config-1.json" ;;
  *get-parameter*) cat "$STATE/config-2.json" ;;
  *get-secret-value*) echo '{"DATABASE_URL": "postgresql://site:pw@db/site"}' ;;
  *"s3 cp"*)
    echo >>"$STATE/asked"
    [ "$(wc -l <"$STATE/asked")" -gt "$(cat "$STATE/denied" 2>/dev/null || echo 0)" ] || { echo AccessDenied >&2; exit 1; }
    cp "$STATE/site.tar.gz" "\${@: -1}" ;;
esac`,
  systemctl: `echo "systemctl $*" >>"$STATE/calls"
case "$1" in
  reload) [ ! -e "$STATE/fails" ] || { rm "$STATE/fails"; exit 1; } ;;
  is-active) [ ! -e "$STATE/stopped" ] ;;
esac`,
  nginx: ":",
  envsubst: "cat",
  runuser: 'shift 3; exec "$@"',
  flock: ":",
  "cloud-init": ":",
  ...Object.fromEntries(["dnf", "alternatives", "npm", "python3.11", "id"].map((name) => [name, ":"])),
  openssl: "echo notAfter=Jan 1 00:00:00 2030 GMT",
  // There is no user `site` here.
  install: `given=()
while [ $# -gt 0 ]; do case $1 in -o | -g) shift 2 ;; *) given+=("$1"); shift ;; esac; done
PATH=/usr/bin:/bin exec install "\${given[@]}"`,
};

/** Programs that a first boot brings along, below the server's root. */
const BROUGHT = [
  "opt/certbot/bin/pip",
  "opt/certbot/bin/certbot",
  "opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl",
];

describe("`site-boot release` on a server", () => {
  let folder: string;
  const at = (...parts: string[]) => join(folder, ...parts);
  const site = (...parts: string[]) => at("root/srv/site", ...parts);
  const calls = () => (existsSync(at("calls")) ? readFileSync(at("calls"), "utf8").trim().split("\n") : []);
  const env = () => ({
    PATH: `${at("bin")}:${process.env.PATH}`,
    BOOT_ROOT: at("root"),
    STATE: folder,
    PAUSE_SECONDS: "0",
  });
  const run = (...args: string[]) =>
    spawnSync("bash", [at("site-boot"), ...args], { env: env(), encoding: "utf8", timeout: 10_000 });
  const current = () => readlinkSync(site("current")).split("/").at(-1)?.split("-")[0];
  const serving = () => readFileSync(at("root/etc/site/serving"), "utf8").trim();

  beforeEach(function () {
    if (spawnSync("jq", ["--version"]).status !== 0) {
      console.log("    skipped: jq is not installed");
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), "boot-"));
    for (const part of ["bin", "root/run", "root/etc/site", "root/srv/site/releases/v1/nginx", "archive/nginx"]) {
      mkdirSync(at(part), { recursive: true });
    }
    for (const [name, body] of Object.entries(COMMANDS)) {
      writeFileSync(at("bin", name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
    }
    // It has to live until it has been tried.
    writeFileSync(at("archive/server.js"), "setInterval(() => {}, 1000);");
    for (const part of ["archive", "root/srv/site/releases/v1"])
      writeFileSync(at(part, "nginx/site.conf"), "server {}");
    execFileSync("tar", ["-czf", at("site.tar.gz"), "-C", at("archive"), "."]);
    const sum = execFileSync("sha256sum", [at("site.tar.gz")], { encoding: "utf8" }).split(" ")[0] as string;
    for (const [number, version] of [
      [1, "v1"],
      [2, "v2"],
    ] as const) {
      const secrets = { DATABASE_URL: { secretArn: "arn:db", key: "DATABASE_URL", versionId: `secret-${number}` } };
      const config = {
        ...CONFIG,
        version,
        secrets,
        record: "record",
        release: { url: "s3://r/site.tgz", sha256: sum },
      };
      writeFileSync(at(`config-${number}.json`), renderBootConfig("instance", config));
    }
    cpSync(at("config-1.json"), at("root/etc/site/config.json"));
    writeFileSync(at("root/etc/site/serving"), "boot:1\n");
    symlinkSync(site("releases/v1"), site("current"));
    writeFileSync(at("site-boot"), bootScript("instance"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("serves by the version that it is told, with its secrets' versions, and records it last", () => {
    const { status, stderr } = run("release", "boot:2");
    assert.equal(status, 0, stderr);
    assert.equal(current(), "v2");
    assert.equal(serving(), "boot:2");
    assert.ok(calls().some((call) => /get-secret-value --secret-id arn:db --version-id secret-2/.test(call)));
    assert.match(calls().at(-1) ?? "", /put-parameter --overwrite --name record --value i-1 boot:2$/);
  });

  it("goes back when the new release cannot be switched to, and records nothing", () => {
    writeFileSync(at("fails"), "");
    assert.notEqual(run("release", "boot:2").status, 0);
    assert.equal(current(), "v1");
    assert.equal(serving(), "boot:1");
    assert.match(readFileSync(at("root/run/site/env"), "utf8"), /^SITE_VERSION="v1"$/m);
    assert.ok(!calls().some((call) => call.includes("put-parameter")));
  });

  it("goes back on a server that has kept no version yet, as an earlier script built it", () => {
    rmSync(at("root/etc/site/serving"));
    writeFileSync(at("fails"), "");
    assert.notEqual(run("release", "boot:2").status, 0);
    assert.equal(current(), "v1");
    assert.match(readFileSync(at("root/run/site/env"), "utf8"), /^SITE_VERSION="v1"$/m);
  });

  it("is not led astray by a restart of what serves, which reads the old version meanwhile", () => {
    writeFileSync(at("restarts"), "");
    const { status, stderr } = run("release", "boot:2");
    assert.equal(status, 0, stderr);
    assert.ok(!existsSync(at("restarts")), "it was restarted");
    assert.deepEqual([current(), serving()], ["v2", "boot:2"]);
    assert.match(readFileSync(at("root/run/site/env"), "utf8"), /^SITE_VERSION="v2"$/m);
  });

  it("tries another port of the app on neither the new one nor that of what serves", () => {
    const config = JSON.parse(readFileSync(at("config-2.json"), "utf8"));
    writeFileSync(at("config-2.json"), JSON.stringify({ ...config, port: CONFIG.port + 1 }));
    const { status, stderr } = run("release", "boot:2");
    assert.equal(status, 0, stderr);
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(calls().find((call) => call.startsWith("curl")) ?? "")?.[1]);
    assert.ok(port > 1024 && ![CONFIG.port, CONFIG.port + 1].includes(port), String(port));
  });

  it("asks again for an archive that IAM does not know yet to be granted, and not for ever", () => {
    writeFileSync(at("denied"), "9");
    assert.notEqual(run("release", "boot:2").status, 0);
    assert.deepEqual([current(), serving()], ["v1", "boot:1"]);
    const { status, stderr } = run("release", "boot:2");
    assert.equal(status, 0, stderr);
    assert.equal(current(), "v2");
  });

  it("installs another content under the same name", () => {
    assert.equal(run("release", "boot:2").status, 0);
    const first = readlinkSync(site("current"));
    writeFileSync(at("archive/server.js"), "setInterval(() => {}, 1001);");
    execFileSync("tar", ["-czf", at("site.tar.gz"), "-C", at("archive"), "."]);
    const sha256 = execFileSync("sha256sum", [at("site.tar.gz")], { encoding: "utf8" }).split(" ")[0] as string;
    const config = JSON.parse(readFileSync(at("config-2.json"), "utf8"));
    writeFileSync(at("config-2.json"), JSON.stringify({ ...config, release: { ...config.release, sha256 } }));
    assert.equal(run("release", "boot:3").status, 0);
    assert.match(readFileSync(site("current/server.js"), "utf8"), /1001/);
    assert.ok(existsSync(join(first, "server.js")), "what serves meanwhile keeps its files");
  });

  it("keeps the release before, for the way back, though three are newer", () => {
    execFileSync("touch", ["--date", "2020-01-01", site("releases/v1")]);
    for (const version of ["v3", "v4", "v5"]) mkdirSync(site("releases", version));
    // Gone back to: the oldest of four.
    const sum = JSON.parse(readFileSync(at("config-1.json"), "utf8")).release.sha256.slice(0, 12);
    execFileSync("mv", [site("releases/v1"), site(`releases/v1-${sum}`)]);
    writeFileSync(site(`releases/v1-${sum}/server.js`), "setInterval(() => {}, 1000);");
    symlinkSync(site("releases/v5"), site("next"));
    execFileSync("mv", ["--no-target-directory", site("next"), site("current")]);
    assert.equal(run("release", "boot:1").status, 0);
    assert.equal(current(), "v1");
    assert.ok(existsSync(site("current/server.js")));
    assert.equal(run("release", "boot:2").status, 0);
    assert.ok(existsSync(site(`releases/v1-${sum}/server.js`)));
  });

  it("mends a first boot that did not come to its end", () => {
    for (const path of ["root/etc/site/serving", "root/etc/site/config.json", "root/srv/site/current"])
      rmSync(at(path));
    for (const path of BROUGHT) {
      mkdirSync(dirname(at("root", path)), { recursive: true });
      writeFileSync(at("root", path), `#!/bin/bash\necho "$(basename "$0") $*" >>"$STATE/calls"\n`, { mode: 0o755 });
    }
    writeFileSync(at("stopped"), "");
    const { status, stderr } = run("release", "boot:2");
    assert.equal(status, 0, stderr);
    assert.deepEqual([current(), serving()], ["v2", "boot:2"]);
    const order = [/^certbot certonly/, /^systemctl restart pm2-site/, /put-parameter .*i-1 boot:2$/];
    const found = order.map((call) => calls().findIndex((one) => call.test(one)));
    assert.ok(!found.includes(-1), String(found));
    assert.deepEqual(
      [...found].sort((a, b) => a - b),
      found,
    );
  });

  it("leaves everything as it is when the archive is not the one that was asked for", () => {
    writeFileSync(at("site.tar.gz"), "another");
    const { status, stdout, stderr } = run("release", "boot:2");
    assert.notEqual(status, 0);
    assert.match(stdout + stderr, /did NOT match/);
    assert.deepEqual([current(), serving()], ["v1", "boot:1"]);
  });

  it("starts after a restart with what it served by, though a newer version waits", () => {
    assert.equal(run("environment").status, 0);
    assert.match(readFileSync(at("root/run/site/env"), "utf8"), /^SITE_VERSION="v1"$/m);
    assert.ok(calls().some((call) => /--version-id secret-1/.test(call)));
  });

  it("is what the command document runs, with its own scripts, and not twice for one version", () => {
    const { mainSteps } = parse(renderRunbook("release.command.yaml")) as {
      mainSteps: { inputs: { runCommand: string[] } }[];
    };
    const script = (mainSteps[0]?.inputs.runCommand ?? [])
      .join("\n")
      .replaceAll("{{ BootParameter }}", "boot:2")
      .replaceAll("/usr/local/sbin/", at("sbin/"))
      .replaceAll(" /etc/site/serving", ` ${at("root/etc/site/serving")}`)
      .replaceAll("/run/lock/site-release", at("lock"));
    mkdirSync(at("sbin"));
    const command = () => spawnSync("bash", ["-c", script], { env: env(), encoding: "utf8", timeout: 10_000 });
    const first = command();
    assert.equal(first.status, 0, first.stderr);
    const carried = bootScript("instance")
      .replaceAll("/usr/local/sbin/", at("sbin/"))
      .replaceAll("/run/lock/site-release", at("lock"));
    assert.equal(readFileSync(at("sbin/site-boot"), "utf8"), carried);
    assert.equal(serving(), "boot:2");
    const reloads = () => calls().filter((call) => call.startsWith("systemctl reload")).length;
    const before = reloads();
    const second = command();
    assert.match(second.stdout, /serves already/);
    assert.equal(reloads(), before);
    assert.match(calls().at(-1) ?? "", /put-parameter .*i-1 boot:2$/, "its record is written again");
  });
});
