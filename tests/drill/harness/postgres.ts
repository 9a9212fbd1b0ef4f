import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childrenOf, freePort, readIfThere, run, until } from "./processes";

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

  /** @param address where it listens, one of this machine's loopback addresses */
  constructor(
    readonly dir: string,
    readonly address = "127.0.0.1",
  ) {}

  /** Connection string for the app; there is no TLS on this machine. */
  get url(): string {
    return `postgresql://site:drill@${this.address}:${this.port}/site?sslmode=disable`;
  }

  /**
   * Makes the data folder and starts the server with an empty database.
   *
   * @param archive folder to which each finished piece of the log is copied, as RDS does for point-in-time recovery
   */
  async start({ archive }: { readonly archive?: string } = {}): Promise<void> {
    if (!BIN) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
    this.port ||= await freePort();
    await this.makeFolder();
    await this.as("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--pgdata", this.data);
    if (archive) {
      await run("chown", ["postgres", archive]);
      // A standby that took over may offer once more what the server before it has archived.
      const target = `${archive}/%f`;
      this.configure(
        "archive_mode = on",
        `archive_command = 'test ! -f ${target} && cp %p ${target} || cmp -s %p ${target}'`,
      );
    }
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
      `-c listen_addresses=${this.address}`,
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

  /** Signals the server and all its processes: SIGSTOP is a host that hangs, SIGKILL one that is gone. */
  signal(signal: NodeJS.Signals): void {
    const pid = Number(readIfThere(join(this.data, "postmaster.pid")).split("\n")[0]);
    for (const one of pid ? [pid, ...childrenOf(pid)] : []) {
      try {
        process.kill(one, signal);
      } catch {
        // Already gone.
      }
    }
  }

  /** Makes this server a standby of another one, and starts it. */
  async follow(primary: Postgres): Promise<void> {
    await this.makeFolder();
    await primary.backup(this.data, "--write-recovery-conf");
    await this.up();
  }

  /** Makes a standby a server of its own; returns when it takes writes. */
  async promote(): Promise<void> {
    await this.as("pg_ctl", "promote", "--wait", "--pgdata", this.data);
  }

  /** A base backup of the running server, with the log that it needs. */
  async backup(target: string, ...options: string[]): Promise<void> {
    const from = ["--host", this.dir, "--port", String(this.port), "--username", "postgres"];
    mkdirSync(target, { recursive: true, mode: 0o700 });
    await run("chown", ["postgres", target]);
    await this.as("pg_basebackup", ...from, "--pgdata", target, "--checkpoint=fast", "--wal-method=stream", ...options);
  }

  /** Ends the current piece of the log, and waits until all pieces are in the archive. */
  async archiveAll(archive: string): Promise<void> {
    const piece = await this.sql("SELECT pg_walfile_name(pg_switch_wal())", "postgres");
    if (!(await until(() => readdirSync(archive).includes(piece), 20_000))) {
      throw new Error(`The log was not archived: ${piece}`);
    }
  }

  /**
   * Makes this server from a base backup and the archived log, up to a place in the log, and starts it.
   *
   * @param place log sequence number, inclusive; none for the backup alone
   */
  async restore(backup: string, archive: string, place?: string): Promise<void> {
    await this.makeFolder();
    await run("cp", ["--archive", backup, this.data]);
    writeFileSync(join(this.data, "recovery.signal"), "");
    await run("chown", ["postgres", join(this.data, "recovery.signal")]);
    this.configure(
      `restore_command = 'cp ${archive}/%f %p'`,
      place ? `recovery_target_lsn = '${place}'` : "recovery_target = 'immediate'",
      "recovery_target_action = 'promote'",
      "archive_mode = off",
    );
    await this.up();
  }

  /** Adds settings to the server's configuration; the last of two counts. */
  private configure(...settings: string[]): void {
    appendFileSync(join(this.data, "postgresql.conf"), `${settings.join("\n")}\n`);
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
