import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bootScript, renderBootConfig } from "../../components/tiers/boot-config";
import { freePort, processesOf, run, until } from "../drill/harness/processes";
import { buildRelease } from "../drill/harness/site";

const PM2 = join(__dirname, "../drill/tools/node_modules/.bin");

/**
 * A server without a machine: the real script of its user data, the real unit's lines, real PM2 and the real app. Stand-ins are AWS (a
 * function that copies files), systemd (it runs the unit's own `ExecStart` and `ExecReload` with the unit's environment, the environment
 * file read anew for each, as systemd.exec(5) says of `EnvironmentFile=`), Nginx and the change of user.
 */
class Server {
  readonly root = mkdtempSync(join(tmpdir(), "release-"));
  port = 0;
  private secret = "";
  /** Versions of the boot parameter so far. */
  private offered = 0;

  /** Packs a folder as the release of a version, and makes it what the configuration names. */
  async offer(folder: string, version: string, environment: Record<string, string>, secret: string): Promise<void> {
    const archive = join(this.root, `${version}.tar.gz`);
    if (!existsSync(archive)) await run("tar", ["--create", "--gzip", "--file", archive, "--directory", folder, "."]);
    this.secret = secret;
    this.offered++;
    writeFileSync(
      join(this.root, `boot:${this.offered}`),
      renderBootConfig("instance", {
        ...{ region: "ap-northeast-2", domain: "iamvet.kr", port: this.port, tier: "monitored-instance", version },
        ...{ healthPath: "/api/health", migrate: false, environment: { ...environment, APP_LOG_DIR: this.root } },
        secrets: { SESSION_SECRET: { secretArn: "arn:session" } },
        agentConfigParameter: "agent",
        release: { url: `s3://releases/${version}.tar.gz`, sha256: sha256(archive) },
        acmeEmail: "ops@iamvet.kr",
      }),
    );
  }

  /** Runs the script as `site-boot <step>` would. */
  async boot(step: string): Promise<{ code: number; output: string }> {
    const [functions = "", calls = ""] = bootScript("instance").split(/^(?=case \$\{1:-boot\})/m);
    const standIns = [
      "metadata() { case $1 in */boot-parameter) echo boot ;; *) echo ap-northeast-2 ;; esac; }",
      `aws() { case "$*" in *Parameter.Version*) echo ${this.offered} ;; "ssm get-parameter"*) cat "${this.root}/$6" ;;`,
      `  "s3 cp"*) cp "${this.root}/$(basename "$4")" "$5" ;;`,
      '  "secretsmanager get-secret-value"*) echo "$TEST_SECRET" ;; *) return 1 ;; esac; }',
      "configure_nginx() { :; }",
      `systemctl() { case $1 in daemon-reload | is-active) ;; *) node ${join(__dirname, "../standins/systemd.mjs")} "$1" ;; esac; }`,
    ];
    const script = join(this.root, "site-boot");
    const first =
      step === "boot"
        ? [
            "version=$(newest)",
            'fetch_config "$version"',
            "install_release",
            "switch_release",
            "configure_units",
            'echo "$version" >"$SERVING"',
          ]
        : [];
    const start = ["write_environment systemd", "systemctl start pm2-site"];
    const does = step === "boot" ? [...first, ...start].join("\n") : calls;
    writeFileSync(script, [functions, ...standIns, does].join("\n"));
    try {
      const env = { ...this.env, BOOT_ROOT: this.root, TEST_SECRET: this.secret, TRIES: "20" };
      const { stdout, stderr } = await run("bash", [script, step], { env });
      return { code: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as unknown as { code: number; stdout: string; stderr: string };
      return { code, output: stdout + stderr };
    }
  }

  async health(): Promise<{ version?: string; status?: string }> {
    const { body } = await this.ask("/api/health");
    return JSON.parse(body);
  }

  /** What PM2 runs now. */
  async running(): Promise<{ env: Record<string, string>; node_args: string[] }> {
    const { stdout } = await run("pm2", ["jlist", "--silent"], { env: this.env });
    const [app] = JSON.parse(stdout.slice(stdout.indexOf("[{"))) as [
      { pm2_env: Awaited<ReturnType<Server["running"]>> },
    ];
    return app.pm2_env;
  }

  ask(path: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      get({ host: "127.0.0.1", port: this.port, path, agent: false, timeout: 5_000 }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (part) => {
          body += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      }).on("error", reject);
    });
  }

  async stop(): Promise<void> {
    await run("pm2", ["kill"], { env: this.env }).catch(() => {});
    for (const { pid } of processesOf("PM2_HOME", this.env.PM2_HOME as string)) process.kill(pid, "SIGKILL");
    rmSync(this.root, { recursive: true, force: true });
  }

  private get env(): NodeJS.ProcessEnv {
    const PATH = `${this.root}/bin:${PM2}:${process.env.PATH}`;
    return { PATH, HOME: this.root, LANG: "C.UTF-8", PM2_HOME: join(this.root, "home/site/.pm2") };
  }
}

const sha256 = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

/** Text of every file below a folder that holds a word. */
function filesWith(folder: string, word: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(word));
}

describe("a release on one server (real script, unit lines, PM2 and app; AWS, systemd and Nginx stand in)", function () {
  this.timeout(600_000);
  const server = new Server();
  let built: string;
  before(async () => {
    built = await buildRelease((text) => console.log(`    ${text}`));
    server.port = await freePort();
    for (const folder of ["bin", "srv/site/releases"]) mkdirSync(join(server.root, folder), { recursive: true });
    writeFileSync(join(server.root, "bin/runuser"), '#!/bin/sh\nshift 3\nexec "$@"\n', { mode: 0o755 });
    await server.offer(built, "v1", { FEATURE: "old" }, "old-secret");
    const { code, output } = await server.boot("boot");
    assert.equal(code, 0, output);
    assert.ok(await until(async () => (await server.health().catch(() => ({ version: "" }))).version === "v1", 20_000));
  });
  after(() => server.stop());

  it("takes the new version, environment and secrets, and loses no request", async () => {
    await server.offer(built, "v2", { FEATURE: "new", APP_HEAP_MB: "333" }, "new-secret's $HOME");
    const answers: (number | string)[] = [];
    const versions = new Set<string>();
    let over = false;
    const visitors = Array.from({ length: 10 }, async () => {
      while (!over) {
        const { status, body } = await server.ask("/api/health").catch((error) => ({ status: error.code, body: "{}" }));
        answers.push(status);
        versions.add((JSON.parse(body) as { version: string }).version);
        await sleep(20);
      }
    });
    const { code, output } = await server.boot("release");
    await sleep(1_000);
    over = true;
    await Promise.all(visitors);
    assert.equal(code, 0, output);
    assert.equal((await server.health()).version, "v2");
    const { FEATURE, SESSION_SECRET, SITE_VERSION } = (await server.running()).env;
    assert.deepEqual(
      { FEATURE, SESSION_SECRET, SITE_VERSION },
      { FEATURE: "new", SESSION_SECRET: "new-secret's $HOME", SITE_VERSION: "v2" },
    );
    assert.deepEqual([...versions], ["v1", "v2"]);
    console.log(`      ${answers.length} requests, lost: ${answers.filter((status) => status !== 200).length}`);
    assert.deepEqual(
      answers.filter((status) => status !== 200),
      [],
    );
  });

  it("takes the settings of the ecosystem file with it", async () => {
    assert.deepEqual((await server.running()).node_args, ["--max-old-space-size=333"]);
  });

  it("writes a secret to memory alone", () => {
    const inMemory = join(server.root, "run");
    assert.deepEqual(
      filesWith(server.root, "new-secret's").filter((file) => !file.startsWith(inMemory)),
      [],
    );
  });

  it("goes on with the same release a second time", async () => {
    assert.equal((await server.boot("release")).code, 0);
    assert.equal((await server.health()).version, "v2");
  });

  it("ends red for a release that starts and is not healthy, and leaves nothing of it behind", async () => {
    const sick = join(server.root, "sick");
    cpSync(built, sick, { recursive: true });
    const code503 =
      'require("node:http").createServer((_, response) => response.writeHead(503).end()).listen(process.env.PORT);';
    writeFileSync(join(sick, "server.js"), code503);
    await server.offer(sick, "v4", {}, "sick-secret");
    const { code, output } = await server.boot("release");
    assert.notEqual(code, 0);
    assert.match(output, /503/);
    assert.equal((await server.health()).version, "v2");
    assert.ok(await until(() => processesOf("SESSION_SECRET", "sick-secret").length === 0, 5_000), "it was ended");
  });

  it("ends red for a release that does not start, and the old one serves on, also after a restart of PM2", async () => {
    const bad = join(server.root, "bad");
    cpSync(built, bad, { recursive: true });
    writeFileSync(join(bad, "server.js"), 'throw new Error("this release does not start");');
    await server.offer(bad, "v3", { FEATURE: "bad" }, "bad-secret");
    const { code, output } = await server.boot("release");
    assert.notEqual(code, 0);
    assert.match(output, /this release does not start/);
    assert.equal((await server.health()).version, "v2");
    assert.equal((await server.running()).env.SESSION_SECRET, "new-secret's $HOME");
    assert.equal((await server.boot("environment")).code, 0);
    assert.match(readFileSync(join(server.root, "run/site/env"), "utf8"), /^SITE_VERSION="v2"$/m);
  });
});
