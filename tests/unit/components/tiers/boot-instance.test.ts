import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootScript, renderBootConfig } from "../../../../components/tiers/boot-config";
import { CONFIG } from "../../../standins/boot-config";

/** The script's functions without the calls at its end, and with stand-ins for what an instance has. */
const functions = `${bootScript("instance").split(/^case \$\{1:-boot\}/m)[0]}
environment() { echo '{"DATABASE_URL": "postgresql://site:pw@db/site"}'; }
runuser() { echo "runuser $*"; }
`;

/** What Nginx is told, with the names filled in that the script fills in, and what a distribution's own configuration has around it. */
function nginxConf(root: string, ports: { app: number; https: number; http: number }): string {
  const values: Record<string, string | number> = {
    ...{ DOMAIN: "iamvet.kr", REDIRECT_FROM: "_", APP_PORT: ports.app, HTTP_PORT: ports.http, HTTPS_PORT: ports.https },
    ...{ CERT_DIR: root, LOG_DIR: root, ASSET_DIR: join(root, "srv/site/assets") },
  };
  const site = readFileSync(join(__dirname, "../../../../app/nginx/site.conf"), "utf8");
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${root}/${kind};`);
  const filled = site.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => String(values[name] ?? assert.fail(name)));
  return `daemon off; user root; pid ${root}/nginx.pid; error_log ${root}/error.log; events {}
    http { include /etc/nginx/mime.types; default_type application/octet-stream; ${temp.join(" ")} ${filled} }`;
}

describe("the built files of a server's releases", function () {
  this.timeout(30_000);
  const root = mkdtempSync(join(tmpdir(), "boot-"));
  const built = { v1: "a-1.js", v2: "a-2.js", v3: "a-3.js", v4: "a-4.js", v5: "a-5.js" };
  let nginx: ChildProcess;
  let app: Server;
  let port = 0;
  const freePort = async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const found = (server.address() as AddressInfo).port;
    await new Promise((done) => server.close(done));
    return found;
  };
  const ask = (path: string): Promise<{ status: number; type: string; cache: string; text: string }> =>
    new Promise((done, fail) => {
      const headers = { host: "iamvet.kr" };
      get(
        { host: "127.0.0.1", port, path, headers, servername: "iamvet.kr", rejectUnauthorized: false },
        (response) => {
          let text = "";
          response.on("data", (part) => {
            text += part;
          });
          const { "content-type": type = "", "cache-control": cache = "" } = response.headers;
          response.on("end", () => done({ status: response.statusCode ?? 0, type, cache, text }));
        },
      ).on("error", fail);
    });

  before(async function () {
    if (["nginx", "openssl"].some((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0)) this.skip();
    // Five releases, one after the other, as deploys bring them: the script keeps the folders of three.
    for (const [version, file] of Object.entries(built)) {
      const release = join(root, "srv/site/releases", `${version}-${CONFIG.release.sha256.slice(0, 12)}`);
      mkdirSync(join(release, ".next/static/chunks/[id]"), { recursive: true });
      writeFileSync(join(release, ".next/static/chunks", file), `// ${version}`);
      writeFileSync(join(release, ".next/static/chunks/[id]", file), `// [id] ${version}`);
      mkdirSync(join(root, "etc/site"), { recursive: true });
      writeFileSync(join(root, "etc/site/config.json"), renderBootConfig("instance", { ...CONFIG, version }));
      const env = { ...process.env, BOOT_ROOT: root };
      execFileSync("bash", ["-c", `${functions}\nswitch_release`], { env });
      execFileSync("sleep", ["0.05"]);
    }
    app = createServer((request, response) => {
      response.statusCode = request.url?.endsWith("own.js") ? 200 : 404;
      response.end("the app");
    });
    await new Promise<void>((done) => app.listen(0, "127.0.0.1", done));
    execFileSync("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=iamvet.kr", "-keyout", join(root, "privkey.pem"), "-out", join(root, "fullchain.pem")],
    ]);
    port = await freePort();
    const ports = { app: (app.address() as AddressInfo).port, https: port, http: await freePort() };
    writeFileSync(join(root, "nginx.conf"), nginxConf(root, ports));
    nginx = spawn("nginx", ["-c", join(root, "nginx.conf")], { stdio: ["ignore", "ignore", "inherit"] });
    for (const end = Date.now() + 10_000; Date.now() < end; ) {
      if (
        await ask("/").then(
          () => true,
          () => false,
        )
      )
        break;
      await new Promise((next) => setTimeout(next, 50));
    }
  });
  after(() => {
    nginx?.kill();
    app?.close();
    rmSync(root, { recursive: true, force: true });
  });

  it("are answered by Nginx also when their release is gone, with their type and to be kept for ever", async () => {
    for (const [version, file] of Object.entries(built)) {
      const { status, type, cache, text } = await ask(`/_next/static/chunks/${file}?dpl=${version}`);
      assert.deepEqual([status, text, cache], [200, `// ${version}`, "public, max-age=31536000, immutable"]);
      assert.match(type, /javascript/);
      assert.equal((await ask(`/_next/static/chunks/%5Bid%5D/${file}`)).text, `// [id] ${version}`);
    }
  });

  it("come from the app where the folder has none, and nothing else comes from the folder", async () => {
    assert.deepEqual((await ask("/_next/static/chunks/own.js")).text, "the app");
    assert.equal((await ask("/_next/static/chunks/none.js")).status, 404);
    for (const path of ["/_next/static/../../../etc/site/config.json", "/_next/static/%2e%2e/%2e%2e/%2e%2e/releases"]) {
      assert.doesNotMatch((await ask(path)).text, /domain/);
    }
  });

  it("go when they are older than a page stays open", () => {
    // Changing a file's own change time takes another clock, so the script is asked with another age.
    const files = () => execFileSync("find", [join(root, "srv/site/assets"), "-type", "f"], { encoding: "utf8" });
    assert.match(files(), /a-1\.js/);
    const env = { ...process.env, BOOT_ROOT: root };
    const aged = functions.replace("-ctime +90", "-ctime -90");
    assert.notEqual(aged, functions);
    execFileSync("bash", ["-c", `${aged}\nkeep_assets`], { env });
    assert.doesNotMatch(files(), /a-[12]\.js/);
    // Of a release that is here yet, the one that serves among them, however long ago it came.
    for (const file of ["a-3.js", "a-4.js", "a-5.js"]) assert.ok(files().includes(file), file);
  });
});

describe("a server that runs a release", () => {
  const migrated = (config: object): string => {
    const root = mkdtempSync(join(tmpdir(), "boot-"));
    try {
      const release = join(root, "srv/site/releases/v2-000000000000");
      mkdirSync(join(release, "prisma/migrations"), { recursive: true });
      mkdirSync(join(root, "etc/site"), { recursive: true });
      writeFileSync(join(release, "package.json"), JSON.stringify({ dependencies: { prisma: "7.0.0" } }));
      writeFileSync(join(root, "etc/site/config.json"), renderBootConfig("instance", { ...CONFIG, ...config }));
      const env = { ...process.env, BOOT_ROOT: root };
      return execFileSync("bash", ["-c", `${functions}\nmigrate`], { encoding: "utf8", env });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  };

  it("migrates for it, unless app.migrate is false", () => {
    assert.match(migrated({}), /prisma@7\.0\.0 migrate deploy/);
    assert.match(migrated({ migrate: true }), /migrate deploy/);
    assert.equal(migrated({ migrate: false }), "");
  });
});
