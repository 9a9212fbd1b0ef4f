import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIGRATE_IN_BUILD, migrationProvider } from "../../components/vercel/vercel-migration";
import { Postgres } from "../drill/harness/postgres";
import { run } from "../drill/harness/processes";
import { DynamicProvider } from "../standins/dynamic-provider";
import { Checkout, SKEW_PROTECTION, VERCEL_BUILD } from "./builder";

/** Prisma's schema engine, which its CLI downloads where it may; a build of it as WebAssembly does, too. */
const ENGINE = process.env.SCHEMA_ENGINE;
const PASSWORD = "hunter2-of-the-site";
const SITE = { SITE_TIER: "vercel", SITE_VERSION: "v1" };

/** PostgreSQL that takes nothing but TLS and the right password from the network, as RDS with rds.force_ssl does. */
async function startDatabase(): Promise<{ server: Postgres; url: string; remove: () => Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), "platform-vercel-db-"));
  chmodSync(dir, 0o755);
  const server = new Postgres(join(dir, "postgres"));
  await server.start();
  const subject = ["-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2"];
  const [key, certificate] = ["server.key", "server.crt"].map((name) => join(server.data, name)) as [string, string];
  await run("openssl", ["req", "-x509", ...subject, "-keyout", key, "-out", certificate]);
  writeFileSync(join(server.data, "pg_hba.conf"), "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n");
  chmodSync(key, 0o600);
  await run("chown", ["postgres", key, certificate, join(server.data, "pg_hba.conf")]);
  await server.sql(`ALTER ROLE site PASSWORD '${PASSWORD}'`, "postgres");
  await server.sql("ALTER SYSTEM SET ssl = on", "postgres");
  await server.as("pg_ctl", "reload", "--pgdata", server.data);
  const url = `postgresql://site:${PASSWORD}@127.0.0.1:${server.port}/site?sslmode=require`;
  const remove = async () => {
    await server.stop("immediate").catch(() => {});
    rmSync(dir, { recursive: true, force: true });
  };
  return { server, url, remove };
}

describe("migrations of a release on Vercel, by the real Prisma CLI on a real PostgreSQL", () => {
  let checkout: Checkout;
  let database: Awaited<ReturnType<typeof startDatabase>>;
  before(async function () {
    const created = ENGINE ? Checkout.create() : undefined;
    if (!ENGINE || !created) {
      console.log(
        `    untried: ${ENGINE ? "the package registry is out of reach" : "SCHEMA_ENGINE names no engine of Prisma's"}`,
      );
      this.skip();
    }
    checkout = created;
    database = await startDatabase();
  });
  after(async () => {
    await database?.remove();
    checkout?.remove();
  });
  beforeEach(() => database.server.sql("DROP OWNED BY site; GRANT ALL ON SCHEMA public TO site"));
  const migrated = async () =>
    (await database.server.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'notes'")) === "1";
  const env = () => ({
    ...VERCEL_BUILD,
    ...SITE,
    DATABASE_URL: database.url,
    PRISMA_SCHEMA_ENGINE_BINARY: ENGINE ?? "",
  });

  /** The part of the build command that migrates, by the shell that Vercel runs it with. */
  const inShell = (change: Record<string, string>) =>
    new Promise<{ code: number; output: string }>((done) =>
      execFile(
        "sh",
        ["-c", `${MIGRATE_IN_BUILD} && echo builds on`],
        {
          cwd: join(checkout.folder, "app"),
          env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env(), ...change },
        },
        (error, stdout, stderr) => done({ code: Number(error?.code ?? 0), output: stdout + stderr }),
      ),
    );

  it("have been applied when the build of a production deployment ends, with skew protection, too", async () => {
    const buildCommand = `${MIGRATE_IN_BUILD} && npx prisma generate && npx next build`;
    assert.equal(await migrated(), false);
    const { code, output } = await checkout.build(
      { buildCommand, nodeVersion: "22.x" },
      { ...env(), ...SKEW_PROTECTION },
    );
    assert.equal(code, 0, output);
    assert.equal(await migrated(), true);
    assert.ok(!output.includes(PASSWORD));
  });

  it("are not applied by a preview, and once only by a second build", async () => {
    const preview = await inShell({ VERCEL_ENV: "preview" });
    assert.deepEqual([preview.code, preview.output, await migrated()], [0, "builds on\n", false]);
    assert.equal((await inShell({})).code, 0);
    const again = await inShell({});
    assert.match(again.output, /No pending migrations to apply[\s\S]*builds on/);
  });

  it("end the build where the database refuses or the migration fails, and name no password", async () => {
    const closed = await inShell({ DATABASE_URL: database.url.replace(/:\d+\/site/, ":1/site") });
    assert.notEqual(closed.code, 0);
    assert.doesNotMatch(closed.output, /builds on/);
    await database.server.sql("SET ROLE site; CREATE TABLE notes (id int)");
    const failed = await inShell({});
    assert.notEqual(failed.code, 0);
    assert.match(failed.output, /P3005[\s\S]*schema is not empty/);
    for (const { output } of [closed, failed]) assert.ok(!output.includes(PASSWORD), output);
  });

  describe("of a site that comes built, through Pulumi's dynamic provider", () => {
    let provider: DynamicProvider;
    const inputs = (release: string, folder = join(checkout.folder, "app")) => ({
      release,
      folder,
      databaseUrl: database.url,
    });
    before(async () => {
      const { PATH = "", HOME = "" } = process.env;
      provider = await DynamicProvider.start(
        migrationProvider(),
        {},
        { PATH, HOME, PRISMA_SCHEMA_ENGINE_BINARY: ENGINE ?? "" },
      );
    });
    after(() => provider?.stop());

    it("says in the preview that the CLI is not installed, and how to", async () => {
      const [failure] = await provider.check(inputs("v1", "/nowhere/app"));
      assert.match(failure ?? "", /not installed in \/nowhere\/app: npm ci --prefix \/nowhere\/app/);
      assert.deepEqual(await provider.check(inputs("v1")), []);
      assert.equal(await migrated(), false);
    });

    it("run once a release", async () => {
      const { id, state } = await provider.create(inputs("v1"));
      assert.equal(await migrated(), true);
      assert.equal((await provider.diff(id, state, inputs("v1"))).changes, false);
      assert.equal((await provider.diff(id, state, inputs("v2"))).changes, true);
      const next = join(checkout.folder, "app/prisma/migrations/20261201000000_more");
      mkdirSync(next);
      writeFileSync(join(next, "migration.sql"), 'ALTER TABLE "notes" ADD COLUMN "more" TEXT;');
      await provider.update(id, state, inputs("v2"));
      rmSync(next, { recursive: true });
      assert.equal(
        await database.server.sql("SELECT count(*) FROM information_schema.columns WHERE column_name = 'more'"),
        "1",
      );
    });

    it("fail with Prisma's own words, without the password, and with what to do", async () => {
      await database.server.sql("SET ROLE site; CREATE TABLE notes (id int)");
      await assert.rejects(provider.create(inputs("v1")), (error: Error) => {
        assert.match(
          error.message,
          /migrations of this release failed[\s\S]*schema is not empty[\s\S]*was not deployed[\s\S]*app\.migrate false/,
        );
        assert.ok(!error.message.includes(PASSWORD), error.message);
        return true;
      });
      assert.ok(!provider.output.includes(PASSWORD));
    });
  });
});
