import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, LIMITS, podman } from "../container/tools";
import { freePort, until } from "../drill/harness/processes";
import { skipIf } from "../skip";
import { missing } from "./box";
import { commandScript } from "./command";

/**
 * The app and Nginx in containers with compose's labels and names, asked and told by Docker's own command line. The daemon behind it is
 * podman's, which answers Docker's API; `docker compose` is not there, so starting a service that was removed is not shown.
 */
describe("the recovery of an app and of Nginx in containers", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "containers-"));
  const project = `shop${process.pid}`;
  const names = { app: `${project}-web-1`, nginx: `${project}-nginx-1` };
  let daemon: ChildProcess;
  let parameters: Readonly<Record<string, string>>;

  before(async function () {
    const { code } = await attempt("sh", ["-c", "command -v docker"]);
    skipIf(this, missing() ?? (code === 0 ? undefined : "docker's command line is not here"));
    const [app, http] = [await freePort(), await freePort()];
    const config = `daemon off; user root; pid /nginx.pid; error_log stderr; events {}
      http { access_log off; server { listen 127.0.0.1:${http}; location / { proxy_pass http://127.0.0.1:${app}; } } }`;
    writeFileSync(join(folder, "nginx.conf"), config);
    const start = (name: string, service: string, options: readonly string[], ...command: string[]) =>
      podman(
        ...[
          "run",
          "--detach",
          "--name",
          name,
          "--label",
          `com.docker.compose.service=${service}`,
          "--network",
          "host",
          ...LIMITS,
        ],
        ...[...options, "--rootfs", "/:O", ...command],
      );
    const serve = `require("node:http").createServer((q, s) => s.end("ok")).listen(${app}, "127.0.0.1")`;
    await start(names.app, `web-${project}`, [], process.execPath, "-e", serve);
    await start(names.nginx, "nginx", ["--volume", `${join(folder, "nginx.conf")}:/etc/nginx/nginx.conf:ro`], "nginx");
    daemon = spawn(
      "podman",
      ["--runtime", "runc", "system", "service", "--time", "0", `unix://${folder}/docker.sock`],
      { stdio: "ignore" },
    );
    parameters = {
      ...{
        ProcessManager: "docker",
        AppName: `web-${project}`,
        AppPort: String(app),
        SiteUrl: `http://www.example.com:${http}`,
        HealthWait: "15",
      },
      ...{
        HealthPath: "/",
        ProcessPath: "/",
        LogFiles: join(folder, "none.log"),
        Ecosystem: join(folder, "compose.yaml"),
      },
    };
    const up = () => existsSync(join(folder, "docker.sock"));
    assert.ok(await until(up, 10_000));
    assert.ok(await until(async () => (await step("check")).code === 0, 20_000));
  });
  after(async () => {
    daemon?.kill();
    await attempt("podman", ["--runtime", "runc", "rm", "--force", "--ignore", "--time", "1", names.app, names.nginx]);
    rmSync(folder, { recursive: true, force: true });
  });

  const step = (name: string) => {
    const file = join(folder, name);
    writeFileSync(file, commandScript("recover.command.yaml", { ...parameters, Step: name }), { mode: 0o700 });
    const own = {
      DOCKER_HOST: `unix://${folder}/docker.sock`,
      LOCK: join(folder, "lock"),
      RELEASE_LOCK: join(folder, "release"),
      STATE_DIR: join(folder, "state"),
      RUN_DIR: join(folder, "run"),
    };
    return attempt(file, [], { env: { ...process.env, ...own, SETTLE: "1", HEALTH_TIMEOUT: "2", CONFIRM: "1" } });
  };

  it("restarts the app by the name of its service, not Nginx", async () => {
    await podman("kill", names.app);
    assert.match((await step("evidence")).stdout, /^remedy=restart-app cause=app-\w+ /);
    const { code, output } = await step("restart-app");
    assert.equal(code, 0, output);
    assert.equal((await step("check")).code, 0);
  });

  it("restarts Nginx in its container, not the app", async () => {
    const before = await podman("inspect", "--format", "{{.State.Pid}}", names.app);
    await podman("kill", names.nginx);
    assert.match((await step("evidence")).stdout, /^remedy=restart-nginx cause=nginx-stopped /);
    const { stdout } = await step("heal");
    assert.match(stdout, /healthy again by restart-nginx/);
    assert.equal(await podman("inspect", "--format", "{{.State.Pid}}", names.app), before);
  });

  it("says that a container that is gone cannot be started without its description", async () => {
    await podman("rm", "--force", "--time", "1", names.app);
    const { code, output } = await step("restart-app");
    assert.equal(code, 1);
    assert.match(output, /there is no container web-shop\d+, and its description .*compose\.yaml is not there/);
  });
});
