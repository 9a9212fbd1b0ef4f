import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { shares } from "../harness/checks";
import { Migrating } from "../harness/migrating";
import { tierOf } from "../harness/services";
import { type Project, projectFor, settings } from "../harness/stack";
import { ADDRESSES, DOMAIN } from "../harness/world";

/** A visitor's browser behind the load balancer, which keeps its cookie. */
class Browser {
  private cookie = "";
  constructor(private readonly project: Project) {}

  /** The status, and the tier that answered. */
  visit(): Promise<{ readonly status: number | undefined; readonly tier: string }> {
    const { ports, caFile } = this.project.services;
    return new Promise((resolve, reject) => {
      const headers = { host: DOMAIN, ...(this.cookie ? { cookie: this.cookie } : {}) };
      const port = ports[`${ADDRESSES.balancer[0]}:443`];
      const options = { host: "127.0.0.1", port, ca: readFileSync(caFile), servername: DOMAIN, headers };
      const outgoing = request({ ...options, agent: false }, (response) => {
        this.cookie = response.headers["set-cookie"]?.[0] ?? this.cookie;
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode, tier: JSON.parse(body).tier }));
      });
      outgoing.on("error", reject).end();
    });
  }
}

describe("platform migrate takes traffic back, whenever the new tier turns bad", () => {
  let project: Project;
  let migrating: Migrating;
  before(async function () {
    project = await projectFor(this, () => settings("ha-web-tier"));
    migrating = new Migrating(project);
  });
  after(() => project?.stop());
  afterEach(() => project.calm());

  const told = ({ output }: { readonly output: string }) => assert.doesNotMatch(output, /^ +at /m, "no stack trace");
  const nothingDeleted = ({ calls }: Awaited<ReturnType<Migrating["run"]>>, tier: string) =>
    assert.deepEqual(
      calls.filter(({ op, urn }) => op === "delete" && tierOf(urn) === tier),
      [],
    );

  it("interrupted twice in the midst of a creation, it says what is not in order, and both ways", async () => {
    let reached = () => {};
    let go = () => {};
    const there = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const wait = new Promise<void>((resolve) => {
      go = resolve;
    });
    project.cloud.before = async (op, type) => {
      if (op !== "create" || type !== "aws:ecs/service:Service") return;
      reached();
      await wait;
      throw new Error("nobody is there any more");
    };
    const { child, done } = migrating.start("--to", "fargate", "--steps", "50,100", "--yes");
    await there;
    // Ctrl-C, as a terminal sends it: to the whole group. The second one ends the engine at once.
    for (const pause of [3000, 0]) {
      process.kill(-(child.pid as number), "SIGINT");
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    const ended = await done;
    go();
    assert.equal(ended.code, 130, ended.output);
    assert.doesNotMatch(ended.output, /in order/);
    assert.match(
      ended.output,
      /Live: ha-web-tier has all visitors\.\nThe engine was cut off in the midst of:[\s\S]*creating fargate-service/,
    );
    assert.match(
      ended.output,
      /To go on: `platform migrate --stack test`\s+To go back: `platform migrate --stack test --back`/,
    );
    told(ended);
  });

  it("with the share goes the visitor whom the load balancer has led there: nobody stays behind at a weight of 0", async () => {
    const browser = new Browser(project);
    project.cloud.after = async ({ name, inputs }) => {
      const group = name === "traffic-catch-all" && inputs.actions[0].forward.targetGroups[1];
      if (group?.weight !== 50) return;
      while ((await browser.visit()).tier !== "fargate");
      project.services.health.sick.add("fargate");
    };
    const ended = await migrating.run("--steps", "50,100");
    assert.equal(ended.code, 1, ended.output);
    assert.match(ended.output, /traffic was taken back/);
    assert.deepEqual(shares(ended.calls).slice(-2), ["50/50", "100/0"]);
    assert.deepEqual(await browser.visit(), { status: 200, tier: "ha-web-tier" });
    told(ended);
    const text = readFileSync(join(project.folder, "migrate-test.log"), "utf8");
    const log = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.ok(log.every(({ time, step }) => /^\d{4}-.*Z$/.test(time) && typeof step === "string"));
    assert.ok(log.some(({ step, state }) => step === "50 % to fargate" && state === "done"));
    assert.deepEqual([log.at(-1).step, log.at(-1).state], ["exit code 1", "ended"]);
    assert.match(log.at(-1).detail, /traffic was taken back/);
    assert.doesNotMatch(text, /x-site-probe|password|secret/i, "nothing that opens anything");
  });

  it("killed at 100 %, then the new tier turns bad: the next run takes traffic back before anything else", async () => {
    await migrating.killed({ line: /watch fargate at 100 %/ }, "--steps", "100");
    project.services.health.sick.add("fargate");
    const ended = await migrating.run("--steps", "100");
    assert.equal(ended.code, 1, ended.output);
    assert.match(ended.output, /traffic was taken back: the new tier does not answer well/);
    assert.deepEqual(shares(ended.calls), ["100/0"]);
    nothingDeleted(ended, "ha-web-tier");
    told(ended);
  });

  it("and the run after that one leaves it there, and says where it stands and both ways", async () => {
    project.services.health.sick.add("fargate");
    const ended = await migrating.run("--steps", "100");
    assert.equal(ended.code, 3, ended.output);
    assert.deepEqual(shares(ended.calls), []);
    assert.match(ended.output, /ha-web-tier has all visitors/);
    assert.match(
      ended.output,
      /To go on: `platform migrate --stack test`\s+To go back: `platform migrate --stack test --back`/,
    );
    nothingDeleted(ended, "ha-web-tier");
    told(ended);
  });

  it("killed after the swap, then the new tier turns bad: the old one, which is still there, gets it all again", async () => {
    await migrating.killed({ line: /✓ fargate takes the place/ }, "--steps", "100");
    project.services.health.sick.add("fargate");
    const ended = await migrating.run("--steps", "100");
    assert.equal(ended.code, 1, ended.output);
    assert.match(ended.output, /traffic was taken back[\s\S]*ha-web-tier has all visitors/);
    nothingDeleted(ended, "ha-web-tier");
    told(ended);
  });
});
