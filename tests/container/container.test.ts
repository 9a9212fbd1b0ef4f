import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { planStack } from "../../cli/planner/planner";
import { isConcat, type Plan, type PlanValue } from "../../core/plan-format";
import { freePort, until } from "../drill/harness/processes";
import { skipIf } from "../skip";
import { Database } from "./database";
import { type ContainerDefinition, Task } from "./ecs";
import { buildImage } from "./image";
import { Instance } from "./instance";
import { EngineMirror } from "./mirror";
import { attempt, LIMITS, missing, podman, type Ran, say, step } from "./tools";
import { answersUnder, cacheOf } from "./visitors";

const VERSION = "v1-4-0";
/** What the plan is told to run; the image is built under this very name. */
const IMAGE = `123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/iamvet:${VERSION}`;
const BUILDER = "localhost/iamvet-test:build";
const NETWORK = `iamvet-test-${process.pid}`;
const SUBNET = "10.231.77";
const KEY = randomBytes(32).toString("base64");

describe("the image, built by its Dockerfile and run as each option runs it", function () {
  this.timeout(900_000);
  let folder: string;
  let mirror: EngineMirror;
  let database: Database;
  let built: Ran;
  let plan: Plan;
  let last = 9;

  before(async function () {
    skipIf(this, missing());
    folder = mkdtempSync(join(tmpdir(), "container-"));
    mirror = new EngineMirror();
    await mirror.start();
    // An image that is not built now must not be taken for one that was; its layers stay.
    await attempt("podman", ["untag", IMAGE]);
    built = await buildImage({ tag: IMAGE, version: VERSION, key: KEY });
    await podman("network", "create", "--subnet", `${SUBNET}.0/24`, NETWORK);
    database = new Database(folder, `${SUBNET}.1`);
    await step("PostgreSQL", () => database.start());
    const app = { version: VERSION, environment: { DATABASE_POOL_SIZE: "40" } };
    plan = await planStack("prod", { architecture: "fargate", config: { image: { uri: IMAGE }, app } });
  });
  after(async () => {
    await attempt("podman", ["network", "rm", "--force", NETWORK]);
    await database?.stop();
    await mirror?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** A task of the plan's own definition. */
  const taskOf = (name: string, databaseUrl = database.url()): Task => {
    const { inputs } =
      plan.resources.find((resource) => resource.name === name) ?? assert.fail(`${name} is in the plan`);
    const [definition] = JSON.parse(flat(inputs.containerDefinitions)) as ContainerDefinition[];
    assert.ok(definition);
    return new Task({
      definition,
      cpu: Number(inputs.cpu),
      memory: Number(inputs.memory),
      secrets: { DATABASE_URL: databaseUrl },
      network: NETWORK,
      address: `${SUBNET}.${++last}`,
      further: database.options,
      folder,
    });
  };
  const tables = () =>
    database.postgres.sql(
      "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'",
    );
  const emptied = () => database.postgres.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION site");
  const inImage = (...command: string[]) => podman("run", "--rm", "--network", "none", ...LIMITS, IMAGE, ...command);

  describe("the image", () => {
    it("is built by the real Dockerfile, all stages, with the secret under the id that `platform release` hands over", async () => {
      assert.equal(built.code, 0, built.output.slice(-3000));
      const history = await podman("history", "--no-trunc", "--format", "{{.CreatedBy}}", IMAGE);
      const config = await podman("image", "inspect", IMAGE);
      for (const text of [history, config])
        assert.ok(!text.includes(KEY), "the secret stays out of the image's history");
      assert.equal(await inImage("id", "-u"), "1000");
    });

    it("is not built without the secret, or with it under another id", async () => {
      // A version that no layer was kept of: a secret is no part of what a layer is known by.
      const unkept = { tag: `${BUILDER}-refused`, version: `v-${process.pid}`, key: KEY, target: "build" };
      const other = await buildImage({ ...unkept, secret: "another-id" });
      assert.notEqual(other.code, 0);
      assert.match(other.output, /server-actions-key/);
    });

    it("holds Prisma's engine for the openssl that it runs with, where nobody but root may write", async () => {
      const engines = "/migrate/node_modules/@prisma/engines";
      const found = (await inImage("ls", engines)).split("\n").filter((name) => name.startsWith("schema-engine-"));
      assert.match(found.join(), /^schema-engine-[\w-]*openssl-3\.0\.x$/);
      assert.equal(await inImage("sh", "-c", `touch ${engines}/new 2>/dev/null || echo refused`), "refused");
    });
  });

  describe("a version", () => {
    /** Whether `next build` takes a version, from its real validation: it goes on to the build proper, or ends with why not. */
    const verdict = async (version: string): Promise<string> => {
      const verdicts = "Creating an optimized|Invalid .deploymentId";
      const script = `SITE_VERSION='${version}' timeout 60 npx next build 2>&1 | grep -m 1 -E '${verdicts}'`;
      return podman("run", "--rm", "--network", "none", ...LIMITS, BUILDER, "sh", "-c", script);
    };
    before(async () => {
      const stage = await buildImage({ tag: BUILDER, version: VERSION, key: KEY, target: "build" });
      assert.equal(stage.code, 0, stage.output.slice(-3000));
    });

    for (const version of [VERSION, "2026-11-30", "1a2b3c4", "A_b-c", "0", "x".repeat(32)]) {
      it(`builds as ${version}`, async () => assert.match(await verdict(version), /Creating an optimized/));
    }
    for (const version of ["1.4.0", "1-4-0+5"]) {
      it(`is refused by Next.js as ${version}`, async () =>
        assert.match(await verdict(version), /Invalid .deploymentId/));
    }
  });

  describe("a task on Fargate", () => {
    let task: Task;
    before(() => {
      task = taskOf("fargate-definition");
    });
    after(() => task?.remove());

    it("migrates a real database by the definition's own command, as uid 1000, read-only, and fetches nothing for it", async () => {
      const asked = mirror.asked.length;
      await emptied();
      const migrate = taskOf("fargate-migrate");
      const first = await step("migration", () => migrate.run());
      assert.equal(first.code, 0, first.output);
      assert.match(first.output, /20261124000000_notes/);
      assert.match(first.output, /All migrations have been successfully applied/);
      assert.equal(await tables(), "_prisma_migrations notes");
      const second = await taskOf("fargate-migrate").run();
      assert.equal(second.code, 0, second.output);
      assert.match(second.output, /No pending migrations/);
      assert.deepEqual(mirror.asked.slice(asked), []);
    });

    it("fails its migration, and says why, when the database is not there", async () => {
      const url = database.url().replace(/:\d+\/site/, `:${await freePort()}/site`);
      const { code, output } = await taskOf("fargate-migrate", url).run();
      assert.notEqual(code, 0);
      assert.match(output, /ECONNREFUSED|reach/i);
      assert.ok(!output.includes("drill@"), "no password is printed");
    });

    it("is healthy within the grace time although HOSTNAME names the task's own address, last of all variables", async () => {
      await task.start();
      const service = plan.resources.find(({ name }) => name === "fargate-service");
      const grace = Number(service?.inputs.healthCheckGracePeriodSeconds);
      const { status, seconds } = await step("health check", () => task.verdict());
      assert.equal(status, "HEALTHY", await task.logs());
      assert.ok(seconds < grace, `${seconds} s of ${grace} s`);
      assert.match(
        await task.logs(),
        /ip-10-231-77-\d+\.ap-northeast-2\.compute\.internal/,
        "it listens where HOSTNAME says",
      );
    });

    it("answers on its own address, reads and writes the database over verified TLS", async () => {
      const origin = `http://${task.options.address}:3000`;
      const health = async () => (await fetch(`${origin}/api/health-external`)).json();
      // The first answer may take longer than the app allows itself: a connection to the database has to be made.
      await until(async () => ((await health()) as { status: string }).status === "ok", 20_000, 500);
      assert.deepEqual(await health(), { status: "ok", tier: "fargate", version: VERSION });
      const note = { id: randomUUID(), text: "from a container" };
      const posted = await fetch(`${origin}/api/notes`, { method: "POST", body: JSON.stringify(note) });
      assert.equal(posted.status, 201);
      assert.match(await (await fetch(origin)).text(), /from a container/);
      assert.equal(
        await database.postgres.sql(
          "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'site'",
        ),
        "t",
      );
    });

    it("writes to /tmp and keeps optimized images: the second request is a HIT; it can write nowhere else", async () => {
      const origin = `http://${task.options.address}:3000`;
      assert.deepEqual(await cacheOf(origin), ["MISS", "HIT"], await task.logs());
      const write = (path: string) => task.exec(["sh", "-c", `touch ${path}/made`]);
      assert.equal((await write("/tmp")).code, 0);
      for (const path of ["/app", "/app/.next", "/migrate", "/var/tmp", "/home/node"]) {
        assert.notEqual((await write(path)).code, 0, path);
      }
    });

    it("is unhealthy when the server hangs", async () => {
      const signal = (name: string) =>
        task.exec([
          "sh",
          "-c",
          `for p in /proc/[0-9]*; do grep -q '^next-server' $p/cmdline && kill -${name} \${p#/proc/}; done; true`,
        ]);
      await signal("STOP");
      assert.equal(await task.check(), false);
      await signal("CONT");
      assert.equal(await task.check(), true);
    });

    it("loses no request when it is stopped under load, and ends before its time-out", async () => {
      const answers = await answersUnder(`http://${task.options.address}:3000/api/notes`, database.postgres, () =>
        task.stop(),
      );
      say(`${answers.total} requests, ${answers.waiting} of them under way when SIGTERM came`);
      assert.ok(answers.waiting >= 20);
      assert.deepEqual(answers.lost, []);
      const limit = task.options.definition.stopTimeout ?? 0;
      assert.ok(answers.result.seconds < limit / 2, `${answers.result.seconds} s of ${limit} s`);
      assert.notEqual(answers.result.code, 137, "it was not killed");
    });

    it("does not talk to a database whose authority it does not know", async () => {
      const stranger = taskOf("fargate-definition", database.url({ trusted: false }));
      try {
        await stranger.start();
        const origin = `http://${stranger.options.address}:3000`;
        const status = async (path: string) => (await fetch(origin + path).catch(() => undefined))?.status;
        assert.ok(await until(async () => (await status("/api/health")) === 200, 60_000, 500));
        assert.equal(await status("/api/health-external"), 503);
        assert.match(await stranger.logs(), /certificate/);
      } finally {
        await stranger.remove();
      }
    });
  });

  describe("an instance behind the load balancer", () => {
    let instance: Instance;
    let ended: Promise<Ran>;
    const address = () => {
      const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
      return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? assert.fail("no address");
    };
    const origin = () => `http://${address()}:${instance.options.port}`;

    before(async () => {
      const made = join(folder, "instance");
      mkdirSync(made);
      instance = new Instance({
        folder: made,
        image: IMAGE,
        port: await freePort(),
        databaseUrl: database.url(),
        further: ["--network", NETWORK, ...database.options],
      });
      await instance.boot();
    });
    after(() => instance?.remove());

    it("migrates by its own docker run, without a writable root or a capability", async () => {
      const asked = mirror.asked.length;
      await emptied();
      assert.match(await instance.siteBoot("migrate", "boot:2"), /All migrations have been successfully applied/);
      assert.equal(await tables(), "_prisma_migrations notes");
      assert.deepEqual(mirror.asked.slice(asked), []);
    });

    it("runs the unit's own docker line, and answers on the machine's address", async () => {
      ({ ended } = await instance.start());
      const answers = async () =>
        (await fetch(`${origin()}/api/health-external`).catch(() => undefined))?.status === 200;
      const healthy = await step("start", () => until(answers, 60_000, 250));
      assert.ok(healthy, healthy ? "" : (await Promise.race([ended, sleep(100)]))?.output);
      const { tier, version } = (await (await fetch(`${origin()}/api/health`)).json()) as Record<string, string>;
      assert.deepEqual({ tier, version }, { tier: "ha-web-tier", version: VERSION });
    });

    it("keeps optimized images: the second request is a HIT", async () =>
      assert.deepEqual(await cacheOf(origin()), ["MISS", "HIT"]));

    it("is started by a unit that systemd reads whole", async function () {
      const { output } = await attempt("systemd-analyze", ["verify", instance.unitFile]).catch(() => this.skip());
      // It also looks for docker and the network, which only an instance has.
      assert.doesNotMatch(output, /Failed to parse|Unknown (key|section)|ignoring/i);
    });

    it("gives the pull of an image longer than systemd's 90 seconds", () => {
      const pulls = instance.unit("ExecStartPre").some((line) => line.includes("site-boot environment"));
      assert.ok(pulls, "the image is pulled while the unit starts");
      assert.ok(Number(instance.unit("TimeoutStartSec")[0]) >= 600);
    });

    it("loses no request when the unit is stopped under load", async () => {
      const answers = await answersUnder(`${origin()}/api/notes`, database.postgres, async () => {
        const started = Date.now();
        await instance.stop();
        return { seconds: (Date.now() - started) / 1000, code: (await ended).code };
      });
      say(`${answers.total} requests, ${answers.waiting} of them under way when SIGTERM came`);
      assert.ok(answers.waiting >= 20);
      assert.deepEqual(answers.lost, []);
      assert.ok(answers.result.seconds < 15, `${answers.result.seconds} s`);
    });
  });
});

/** A text whose unknown parts stand in for themselves. */
function flat(value: PlanValue | undefined): string {
  return isConcat(value)
    ? value.$concat.map((part) => (typeof part === "string" ? part : "later")).join("")
    : String(value);
}
