import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Postgres } from "../drill/harness/postgres";
import { run } from "./tools";

/** Name by which the containers know the database; its certificate says so. */
const HOST = "database.test";
/** Where a container finds the authority that signed it. RDS' own authorities are part of the app. */
const AUTHORITY = "/run/database-ca.pem";

/** A real PostgreSQL that takes nothing but TLS, with a certificate of its own authority, as RDS has. */
export class Database {
  readonly postgres: Postgres;

  /** @param address this machine's, in the containers' network */
  constructor(
    readonly folder: string,
    readonly address: string,
  ) {
    this.postgres = new Postgres(join(folder, "postgres"), "0.0.0.0");
  }

  async start(): Promise<void> {
    await this.postgres.start();
    const file = (name: string) => join(this.postgres.dir, name);
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    await run("openssl", [
      "req",
      "-x509",
      ...key,
      "-days",
      "2",
      "-subj",
      "/CN=database authority",
      "-keyout",
      file("ca.key"),
      "-out",
      file("ca.pem"),
    ]);
    await run("openssl", [
      "req",
      ...key,
      "-subj",
      `/CN=${HOST}`,
      "-keyout",
      file("server.key"),
      "-out",
      file("server.csr"),
    ]);
    writeFileSync(file("names"), `subjectAltName=DNS:${HOST}\n`);
    await run("openssl", [
      ...[
        "x509",
        "-req",
        "-in",
        file("server.csr"),
        "-CA",
        file("ca.pem"),
        "-CAkey",
        file("ca.key"),
        "-CAcreateserial",
      ],
      ...["-days", "2", "-extfile", file("names"), "-out", file("server.pem")],
    ]);
    await run("chown", ["postgres", file("server.key"), file("server.pem")]);
    mkdirSync(join(this.folder, "shared"), { recursive: true });
    await run("install", ["-m", "0644", file("ca.pem"), this.authority]);
    appendFileSync(join(this.postgres.data, "pg_hba.conf"), "hostssl all site all scram-sha-256\n");
    await this.postgres.stop("fast");
    await this.postgres.up("ssl=on", `ssl_cert_file=${file("server.pem")}`, `ssl_key_file=${file("server.key")}`);
  }

  private get authority(): string {
    return join(this.folder, "shared", "ca.pem");
  }

  /** `DATABASE_URL`, by default of an app that knows this database's authority; without it the app has only public ones and RDS'. */
  url({ trusted = true } = {}): string {
    const base = `postgresql://site:drill@${HOST}:${this.postgres.port}/site?sslmode=require`;
    return trusted ? `${base}&sslrootcert=${AUTHORITY}` : base;
  }

  /** What a container needs to reach it. */
  get options(): string[] {
    return ["--add-host", `${HOST}:${this.address}`, "--volume", `${this.authority}:${AUTHORITY}:ro`];
  }

  async stop(): Promise<void> {
    await this.postgres.stop("immediate").catch(() => {});
  }
}
