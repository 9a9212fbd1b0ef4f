import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Postgres } from "./harness/postgres";
import { endGroup, freePort, readIfThere, start, until } from "./harness/processes";
import { APP, buildRelease } from "./harness/site";
import { Client } from "./harness/traffic";
import type { Write } from "./harness/writer";

/** Rows a second that are written. */
export const WRITE_RATE = 40;
/** Seconds within which the app must write again, from the moment at which the database is back. */
export const RECONNECT_LIMIT = 10;
/** The database's name, as the app knows it; what it stands for moves. */
const NAME = "database.drill";
/** Addresses of the servers: all of this machine, each another one. */
const ADDRESSES = { first: "127.0.0.2", second: "127.0.0.3", restored: "127.0.0.4" };

/** What can be left out: `archived-log` restores the backup alone, without what was written after it. */
export const DATA_PROTECTIONS = ["archived-log"] as const;

/** What one fault showed. */
export interface DataRow {
  readonly fault: string;
  /** Where the data came back from. */
  readonly back: string;
  /** Seconds from the fault until a server took writes under the database's name. */
  readonly databaseAfter: number;
  /** Seconds from then until the app acknowledged a row. */
  readonly reconnectedAfter?: number;
  /** Rows acknowledged since the beginning, and how many of them are in the database. */
  readonly acknowledged: number;
  readonly present: number;
  /** Rows in the database whose acknowledgement was lost on the way: allowed, since a repeated request changes nothing. */
  readonly unacknowledged: number;
  /** SHA-256 over all acknowledged rows, as the writer and as the database have them. */
  readonly hashes: readonly [writer: string, database: string];
  readonly problems: readonly string[];
}

export interface DataOptions {
  /** Some of {@link DATA_PROTECTIONS}. */
  readonly without: readonly string[];
  readonly say: (text: string) => void;
}

/** The drill of the data: a restart, a failover with a moved address, and a loss with a restore, under write load. */
export async function data({ without, say }: DataOptions): Promise<DataRow[]> {
  const release = await buildRelease(say);
  const world = new World(release, without.includes("archived-log"));
  const leave = () => void world.stop().then(() => process.exit(130));
  process.once("SIGINT", leave).once("SIGTERM", leave);
  try {
    say("starting PostgreSQL with a synchronous standby, and the app");
    await world.start();
    const rows: DataRow[] = [];
    for (const fault of [restart, failover, lossAndRestore]) {
      const row = await world.under(fault);
      rows.push(row);
      say(
        row.problems.length === 0
          ? `${row.fault}: writes again ${row.reconnectedAfter} s after the database, ${row.present} of ${row.acknowledged} rows`
          : `${row.fault}: FAILED: ${row.problems.join("; ")}`,
      );
    }
    return rows;
  } finally {
    process.off("SIGINT", leave).off("SIGTERM", leave);
    await world.stop();
  }
}

/** A fault: breaks the database and brings it back. Time is counted from `broken` to its end. */
interface Fault {
  readonly name: string;
  readonly back: string;
  readonly prepare?: (world: World) => Promise<void>;
  readonly run: (world: World, broken: () => void) => Promise<void>;
}

const restart: Fault = {
  name: "the server crashes and is started again",
  back: "its own disk",
  run: async (world, broken) => {
    broken();
    await world.primary.stop("immediate");
    await sleep(2_000);
    await world.primary.up();
  },
};

const failover: Fault = {
  name: "the server's host hangs; the standby takes over at another address",
  back: "the synchronous standby",
  run: async (world, broken) => {
    const { primary, standby } = world;
    if (!standby) throw new Error("no standby");
    broken();
    // A host that hangs is worse than one that is gone: it still takes connections, and never answers.
    primary.signal("SIGSTOP");
    await sleep(2_000);
    await standby.promote();
    await standby.sql("ALTER SYSTEM RESET synchronous_standby_names", "postgres");
    await standby.sql("SELECT pg_reload_conf()", "postgres");
    world.pointTo(standby);
  },
};

const lossAndRestore: Fault = {
  name: "a table is dropped, and the server's disk is lost",
  back: "a base backup and the archived log, to the moment before",
  prepare: async (world) => {
    await world.primary.backup(world.backup);
    // What is written after the backup comes back from the log alone.
    await sleep(3_000);
  },
  run: async (world, broken) => {
    const { primary } = world;
    broken();
    // Under the lock no row is being written: every acknowledged one is in the log before this place.
    const place = await primary.sql(
      "BEGIN; LOCK TABLE notes IN ACCESS EXCLUSIVE MODE; SELECT pg_current_wal_insert_lsn(); DROP TABLE notes; COMMIT",
    );
    await primary.archiveAll(world.archive);
    primary.signal("SIGKILL");
    rmSync(primary.dir, { recursive: true, force: true });
    const restored = new Postgres(join(world.dir, "restored"), ADDRESSES.restored);
    restored.port = primary.port;
    await restored.restore(world.backup, world.archive, world.backupAlone ? undefined : place);
    world.pointTo(restored);
  },
};

/** The app, the servers and the writer. */
class World {
  readonly dir = mkdtempSync(join(tmpdir(), "drill-data-"));
  readonly archive = join(this.dir, "archive");
  readonly backup = join(this.dir, "backup");
  private readonly hosts = join(this.dir, "hosts");
  private readonly log = join(this.dir, "app.log");
  private readonly servers: Postgres[] = [];
  private app?: ReturnType<typeof start>;
  private writer?: Client<Write>;
  private appPort = 0;
  primary = new Postgres(join(this.dir, "first"), ADDRESSES.first);
  standby?: Postgres;

  constructor(
    private readonly release: string,
    readonly backupAlone: boolean,
  ) {}

  async start(): Promise<void> {
    this.servers.push(this.primary);
    mkdirSync(this.archive);
    await this.primary.makeFolder();
    await this.primary.start({ archive: this.archive });
    await this.primary.migrate(join(APP, "prisma", "migrations"));
    this.standby = new Postgres(join(this.dir, "second"), ADDRESSES.second);
    this.standby.port = this.primary.port;
    this.servers.push(this.standby);
    await this.standby.follow(this.primary);
    // From here on a commit waits until the standby has it, as with RDS Multi-AZ: an acknowledged row is on two disks.
    await this.primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'", "postgres");
    await this.primary.sql("SELECT pg_reload_conf()", "postgres");
    const synchronous = () =>
      this.primary.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", "postgres");
    if (!(await until(async () => (await synchronous()) === "1", 10_000)))
      throw new Error("the standby does not follow");

    this.appPort = await freePort();
    this.pointTo(this.primary);
    // The app sees a hosts file of its own, so that a name can move as it does in DNS, and for nobody else on this machine.
    this.app = start(
      "unshare",
      [
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        'mount --bind "$HOSTS" /etc/hosts && exec node server.js >>"$LOG" 2>&1',
      ],
      {
        cwd: this.release,
        env: {
          PATH: process.env.PATH,
          HOSTS: this.hosts,
          LOG: this.log,
          NODE_ENV: "production",
          HOSTNAME: "127.0.0.1",
          PORT: String(this.appPort),
          SITE_TIER: "drill",
          SITE_VERSION: "drill",
          DATABASE_URL: `postgresql://site:drill@${NAME}:${this.primary.port}/site?sslmode=disable`,
        },
      },
    );
    this.writer = new Client<Write>("writer.ts", {
      port: this.appPort,
      rate: WRITE_RATE,
      timeout: 8_000,
    });
    if (!(await until(() => this.acknowledged().length >= WRITE_RATE, 90_000))) {
      throw new Error(`The app acknowledges no rows. Its log: ${readIfThere(this.log).slice(-2000)}`);
    }
  }

  /** What the database's name stands for from now on; written in place, since the app has the file itself mounted. */
  pointTo(server: Postgres): void {
    writeFileSync(this.hosts, `127.0.0.1 localhost\n${server.address} ${NAME}\n`);
    if (!this.servers.includes(server)) this.servers.push(server);
    this.primary = server;
  }

  /** Runs a fault, waits until the app writes again, and compares every acknowledged row with the database. */
  async under({ name, back, prepare, run }: Fault): Promise<DataRow> {
    await prepare?.(this);
    let broken = Date.now();
    await run(this, () => {
      broken = Date.now();
    });
    const usable = async () => (await this.primary.sql("SELECT pg_is_in_recovery()").catch(() => "t")) === "f";
    if (!(await until(usable, 30_000, 50))) throw new Error(`${name}: the database did not come back`);
    const database = Date.now();
    const again = () => this.acknowledged().find(({ at }) => at > database);
    await until(() => again() !== undefined, 30_000, 50);
    const first = again();
    // Some seconds of load on the new connections first.
    await sleep(3_000);
    const compared = await this.compare();
    const reconnectedAfter = first ? Math.round((first.at - database) / 100) / 10 : undefined;
    const problems = [
      ...(reconnectedAfter === undefined || reconnectedAfter > RECONNECT_LIMIT
        ? [`the app wrote again after ${reconnectedAfter ?? "more than 30"} s, not within ${RECONNECT_LIMIT} s`]
        : []),
      ...(compared.present === compared.acknowledged
        ? []
        : [`${compared.acknowledged - compared.present} rows are missing`]),
      ...(compared.hashes[0] === compared.hashes[1] ? [] : ["rows differ"]),
    ];
    return {
      fault: name,
      back,
      databaseAfter: Math.round((database - broken) / 100) / 10,
      ...(reconnectedAfter === undefined ? {} : { reconnectedAfter }),
      ...compared,
      problems,
    };
  }

  /** Every row acknowledged so far against the database: by its id and by its text, counted and hashed. */
  private async compare() {
    const acknowledged = new Map(this.acknowledged().map(({ id, text }) => [id, text]));
    const rows = (await this.primary.sql("SELECT id, text FROM notes")).split("\n").filter(Boolean);
    const stored = new Map(rows.map((row) => [row.slice(0, 36), row.slice(37)] as const));
    const ids = [...acknowledged.keys()].sort();
    const hash = (texts: ReadonlyMap<string, string>) =>
      createHash("sha256")
        .update(ids.map((id) => `${id} ${texts.get(id) ?? "missing"}`).join("\n"))
        .digest("hex")
        .slice(0, 12);
    return {
      acknowledged: ids.length,
      present: ids.filter((id) => stored.has(id)).length,
      unacknowledged: [...stored.keys()].filter((id) => !acknowledged.has(id)).length,
      hashes: [hash(acknowledged), hash(stored)] as const,
    };
  }

  private acknowledged(): Write[] {
    return this.writer?.results.filter(({ status }) => status === 201) ?? [];
  }

  /** Ends what it started and removes its files; never throws. */
  async stop(): Promise<void> {
    await this.writer?.stop().catch(() => {});
    if (this.app) await endGroup(this.app).catch(() => {});
    for (const server of this.servers) {
      server.signal("SIGCONT");
      await server.stop("immediate").catch(() => {});
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}
