import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Postgres } from "./postgres";
import { childrenOf, freePort, processesOf, readIfThere, run, until } from "./processes";

const ROOT = join(__dirname, "..", "..", "..");
export const APP = join(ROOT, "app");
const TOOLS = join(__dirname, "..", "tools");
const RELEASE = join(APP, ".next", "standalone");

/** Host name of the site in the drill; nobody looks it up. */
export const DOMAIN = "drill.example.com";

/**
 * Installs what the drill runs, and builds the app where there is no release yet, or where a source is newer than it. Says what
 * it does: it takes a minute.
 */
export async function buildRelease(say: (text: string) => void): Promise<string> {
  await prepareApp(say);
  const server = join(RELEASE, "server.js");
  if (!existsSync(server) || newest(APP) > statSync(server).mtimeMs) {
    say("building the app");
    // Generating the client does not run the schema engine, but looks for it; here it may be out of reach.
    const env = {
      ...process.env,
      NEXT_TELEMETRY_DISABLED: "1",
      PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true",
      SITE_VERSION: "drill",
    };
    await run("npm", ["run", "build"], { cwd: APP, env, maxBuffer: 1 << 26 });
  }
  return RELEASE;
}

/** Installs the packages of the app and of the drill's tools, where there are none yet. */
export async function prepareApp(say: (text: string) => void): Promise<void> {
  for (const [folder, what] of Object.entries({ [TOOLS]: "PM2", [APP]: "the app's packages" })) {
    if (existsSync(join(folder, "node_modules"))) continue;
    say(`installing ${what}`);
    await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder });
  }
}

/** A certificate of the site's name that nobody signed, in a folder `cert`. */
export async function makeCertificate(dir: string): Promise<string> {
  const cert = join(dir, "cert");
  mkdirSync(cert);
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", `/CN=${DOMAIN}`, "-addext", `subjectAltName=DNS:${DOMAIN}`],
    ...["-keyout", join(cert, "privkey.pem"), "-out", join(cert, "fullchain.pem")],
  ]);
  return cert;
}

function newest(dir: string): number {
  const skip = new Set(["node_modules", ".next", "generated", "README.md", "next-env.d.ts", "tsconfig.tsbuildinfo"]);
  const times = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => !skip.has(entry.name))
    .map((entry) => (entry.isDirectory() ? newest(join(dir, entry.name)) : statSync(join(dir, entry.name)).mtimeMs));
  return Math.max(0, ...times);
}

/** Node's heap in the drill, MB: the limit within which the memory fault happens. */
const HEAP_MB = 192;
/** Size of the log volume, MB. */
const LOG_VOLUME_MB = 32;

/** The architecture of one instance on this machine: Nginx with TLS, PM2, the built app and PostgreSQL. */
export class Site {
  readonly dir = mkdtempSync(join(tmpdir(), "drill-"));
  readonly logs = join(this.dir, "logs");
  readonly nginxConf = join(this.dir, "nginx.conf");
  readonly postgres = new Postgres(join(this.dir, "postgres"));
  port = 0;
  appPort = 0;
  private mounted = false;

  /** Environment of every process of the site; `DRILL` marks them as this drill's. */
  get env(): NodeJS.ProcessEnv {
    return {
      PATH: `${join(TOOLS, "node_modules", ".bin")}:${process.env.PATH}`,
      HOME: process.env.HOME,
      LANG: "C.UTF-8",
      DRILL: this.dir,
      PM2_HOME: join(this.dir, "pm2"),
      CURL_CA_BUNDLE: join(this.dir, "cert", "fullchain.pem"),
      STATE_DIR: join(this.dir, "state"),
      RUN_DIR: join(this.dir, "run"),
      RELEASE_LOCK: join(this.dir, "release"),
    };
  }

  get ca(): string {
    return readFileSync(join(this.dir, "cert", "fullchain.pem"), "utf8");
  }

  async start(release: string): Promise<void> {
    this.port = await freePort();
    this.appPort = await freePort();
    mkdirSync(this.logs);
    await run("mount", ["-t", "tmpfs", "-o", `size=${LOG_VOLUME_MB}m`, "tmpfs", this.logs]);
    this.mounted = true;
    await this.postgres.start();
    await this.postgres.migrate(join(APP, "prisma", "migrations"));
    await this.writeNginxConf(await freePort());
    await run("nginx", ["-c", this.nginxConf], { env: this.env });
    await run("pm2", ["start", join(release, "ecosystem.config.cjs")], {
      env: {
        ...this.env,
        DATABASE_URL: this.postgres.url,
        SITE_TIER: "monitored-instance",
        SITE_VERSION: "drill",
        PORT: String(this.appPort),
        APP_DIR: release,
        APP_LOG_DIR: this.logs,
        APP_HEAP_MB: String(HEAP_MB),
      },
    });
    await run("pm2", ["save"], { env: this.env });
    if (!(await until(() => this.healthy(), 20_000))) {
      throw new Error(`The site did not become healthy. Its logs: ${this.readLog("app-error.log").slice(-2000)}`);
    }
  }

  /** Ends everything that carries this drill's mark, and removes its files; never throws. */
  async stop(): Promise<void> {
    await run("pm2", ["kill"], { env: this.env }).catch(() => {});
    await this.postgres.stop("immediate").catch(() => {});
    this.killNginx();
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      for (const { pid } of processesOf("DRILL", this.dir)) {
        try {
          process.kill(pid, signal);
        } catch {
          // Already gone.
        }
      }
      if (await until(() => processesOf("DRILL", this.dir).length === 0, 3_000)) break;
    }
    if (this.mounted) await run("umount", ["--lazy", this.logs]).catch(() => {});
    rmSync(this.dir, { recursive: true, force: true });
  }

  readLog(name: string): string {
    return readIfThere(join(this.logs, name));
  }

  /** Ids of the app's processes. */
  appProcesses(): number[] {
    // By its PM2, not by this drill's mark: a PM2 that the recovery has started has an environment of its own.
    return childrenOf(Number(readIfThere(join(this.dir, "pm2", "pm2.pid")))).filter((pid) =>
      /^next-server|server\.js/.test(readIfThere(`/proc/${pid}/cmdline`)),
    );
  }

  /** Id of Nginx's master process, if it runs. */
  nginxProcess(): number | undefined {
    // Nginx overwrites its environment with its title, so the drill's mark is not there; its title names the configuration.
    const pid = Number(readIfThere(join(this.dir, "nginx.pid")));
    return pid && readIfThere(`/proc/${pid}/cmdline`).includes(this.nginxConf) ? pid : undefined;
  }

  /** Ends Nginx without a word, workers included: workers whose master was killed would go on serving. */
  killNginx(): void {
    const master = this.nginxProcess();
    if (master) for (const pid of [master, ...childrenOf(master)]) process.kill(pid, "SIGKILL");
  }

  /** How often PM2 has started the app again. */
  async restarts(): Promise<number> {
    const { stdout } = await run("pm2", ["jlist", "--silent"], { env: this.env });
    const apps = JSON.parse(stdout.slice(stdout.indexOf("["))) as { pm2_env: { restart_time: number } }[];
    return apps[0]?.pm2_env.restart_time ?? 0;
  }

  /** Percent of the log volume that is in use. */
  async logVolumeUsed(): Promise<number> {
    const { stdout } = await run("df", ["-P", this.logs]);
    return Number(/(\d+)%/.exec(stdout)?.[1]);
  }

  /** Whether a visitor would be served: the way through TLS and Nginx. */
  healthy(limit = 2_000): Promise<boolean> {
    return new Promise((done) => {
      const ask = request(
        {
          host: "127.0.0.1",
          port: this.port,
          servername: DOMAIN,
          headers: { host: `${DOMAIN}:${this.port}` },
          path: "/api/health-external",
          ca: this.ca,
          agent: false,
          timeout: limit,
        },
        (response) => {
          response.resume();
          done(response.statusCode === 200);
        },
      );
      ask.on("timeout", () => ask.destroy(new Error("no answer")));
      ask.on("error", () => done(false));
      ask.end();
    });
  }

  private async writeNginxConf(httpPort: number): Promise<void> {
    const cert = await makeCertificate(this.dir);
    const values: Record<string, string | number> = {
      DOMAIN,
      REDIRECT_FROM: `apex.${DOMAIN}`,
      APP_PORT: this.appPort,
      HTTP_PORT: httpPort,
      HTTPS_PORT: this.port,
      CERT_DIR: cert,
      LOG_DIR: this.logs,
      ASSET_DIR: join(this.dir, "assets"),
    };
    const site = readFileSync(join(APP, "nginx", "site.conf"), "utf8").replaceAll(/\$\{(\w+)\}/g, (_, name: string) =>
      String(values[name]),
    );
    writeFileSync(
      this.nginxConf,
      [
        `pid ${this.dir}/nginx.pid;`,
        "user root;",
        "worker_processes 2;",
        `error_log ${this.logs}/error.log warn;`,
        "events { worker_connections 1024; }",
        "http {",
        "include /etc/nginx/mime.types;",
        ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
          (kind) => `${kind}_temp_path ${this.dir}/temp-${kind};`,
        ),
        site,
        "}",
      ].join("\n"),
    );
  }
}
