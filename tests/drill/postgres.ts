import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, run } from "./processes";

/** PostgreSQL's programs: Debian keeps each major version in its own folder. */
const BIN = (() => {
  const base = "/usr/lib/postgresql";
  try {
    const newest = readdirSync(base).sort((a, b) => Number(b) - Number(a))[0];
    return newest ? join(base, newest, "bin") : "";
  } catch {
    return "";
  }
})();

/** A PostgreSQL server with its own data folder and port, run by the user `postgres` as it refuses to be run by root. */
export class Postgres {
  port = 0;

  constructor(readonly dir: string) {}

  /** Connection string for the app; there is no TLS on this machine. */
  get url(): string {
    return `postgresql://site:drill@127.0.0.1:${this.port}/site?sslmode=disable`;
  }

  /** Makes the data folder and starts the server with an empty database. */
  async start(): Promise<void> {
    if (!BIN) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
    this.port ||= await freePort();
    await this.makeFolder();
    await this.as("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--pgdata", this.data);
    await this.up();
    await this.sql("CREATE ROLE site LOGIN PASSWORD 'drill'", "postgres");
    await this.sql("CREATE DATABASE site OWNER site", "postgres");
  }

  get data(): string {
    return join(this.dir, "data");
  }

  async makeFolder(): Promise<void> {
    mkdirSync(this.dir, { recursive: true });
    await run("chown", ["postgres", this.dir]);
    // The drill's own folder is closed to others; the server's user has to pass through it.
    await run("chmod", ["a+x", join(this.dir, "..")]);
  }

  /** Starts the server on the data that is there. */
  async up(...settings: string[]): Promise<void> {
    const options = [
      `-p ${this.port}`,
      `-k ${this.dir}`,
      "-c listen_addresses=127.0.0.1",
      ...settings.map((s) => `-c ${s}`),
    ];
    await this.as(
      "pg_ctl",
      "start",
      "--wait",
      "--silent",
      "--pgdata",
      this.data,
      "--log",
      join(this.dir, "log"),
      "-o",
      options.join(" "),
    );
  }

  /** Stops the server; `immediate` is a crash: nothing is written to the data folder any more. */
  async stop(mode: "fast" | "immediate"): Promise<void> {
    await this.as("pg_ctl", "stop", "--wait", "--mode", mode, "--pgdata", this.data);
  }

  /** Runs a statement as the superuser and returns its rows, columns separated by `|`. */
  async sql(statement: string, database = "site"): Promise<string> {
    const connection = [
      "--host",
      this.dir,
      "--port",
      String(this.port),
      "--username",
      "postgres",
      "--dbname",
      database,
    ];
    return this.as(
      "psql",
      ...connection,
      "--no-psqlrc",
      "--quiet",
      "--tuples-only",
      "--no-align",
      "--set",
      "ON_ERROR_STOP=1",
      "--command",
      statement,
    );
  }

  /**
   * Applies the migrations' SQL files in order, as the app's role. `prisma migrate deploy` runs the same files, but needs an
   * engine that it downloads.
   */
  async migrate(folder: string): Promise<void> {
    const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of names.sort((a, b) => a.name.localeCompare(b.name))) {
      await this.sql(`SET ROLE site; ${readFileSync(join(folder, name, "migration.sql"), "utf8")}`);
    }
  }

  /** Runs one of PostgreSQL's programs as its user and returns what it prints. */
  async as(program: string, ...args: string[]): Promise<string> {
    const { stdout } = await run("runuser", ["-u", "postgres", "--", join(BIN, program), ...args], {
      cwd: "/",
      maxBuffer: 1 << 26,
    });
    return stdout.trim();
  }
}
