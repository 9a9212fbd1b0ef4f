import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { UptimeRobotStandIn } from "../../../standins/uptimerobot";

const key = "u1234567-fedcba9876543210fedcba987";
const token = "webhook-token-0123456789";
const root = resolve(__dirname, "../../../..");

const program = `
import { UptimeRobotMonitor, UptimeRobotWebhook } from ${JSON.stringify(join(root, "components/monitoring/uptime-robot"))};
import * as pulumi from "@pulumi/pulumi";
const webhook = new UptimeRobotWebhook("hook", { marker: "t-hook", url: "https://x.example/", token: pulumi.secret("${token}") });
export const monitor = new UptimeRobotMonitor("site", {
  marker: "t-site",
  friendlyName: "site",
  url: "https://example.com/",
  interval: Number(process.env.TEST_INTERVAL),
  timeout: 30,
  contacts: [{ id: webhook.id }],
}).id;
`;

/** The same resources through the real CLI and engine, with a state in a file. */
describe("UptimeRobot through the pulumi CLI", function () {
  this.timeout(180_000);
  const robot = new UptimeRobotStandIn(key);
  const directory = mkdtempSync(join(tmpdir(), "uptime-engine-"));
  let env: NodeJS.ProcessEnv;
  let printed = "";

  before(async function () {
    if (spawnSync("pulumi", ["version"]).status !== 0) {
      console.log("      skipped: no pulumi CLI on PATH; the gRPC tests of uptime-robot.test.ts stand in");
      this.skip();
    }
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
    writeFileSync(join(directory, "index.ts"), program);
    writeFileSync(
      join(directory, "Pulumi.yaml"),
      'name: outside\nmain: index.ts\nruntime: {name: nodejs, options: {typescript: false, nodeargs: "--import tsx"}}\n',
    );
    writeFileSync(join(directory, "package.json"), "{}");
    env = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${directory}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      UPTIMEROBOT_API_URL: await robot.start(),
      REST_BACKOFF_MS: "10",
      REST_TIMEOUT_MS: "2000",
      TEST_INTERVAL: "300",
    };
    await pulumi("stack", "init", "t");
    await pulumi("config", "set", "--secret", "uptimerobot:apiKey", key);
  });
  after(async () => {
    await robot.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function pulumi(...args: string[]): Promise<string> {
    const run = promisify(execFile)("pulumi", [...args, "--non-interactive", "--color=never"], { cwd: directory, env });
    const { stdout, stderr } = await run.catch((error) => {
      printed += error.stdout + error.stderr;
      throw new Error(error.stdout + error.stderr);
    });
    printed += stdout + stderr;
    return stdout;
  }
  const up = () => pulumi("up", "--yes", "--skip-preview", "--diff");
  const changes = async () => JSON.parse(await pulumi("preview", "--json")).changeSummary;

  it("creates, and then has nothing to do", async () => {
    await up();
    const [hook] = robot.integrations;
    assert.deepEqual(robot.monitors[0]?.assignedAlertContacts, [
      { alertContactId: String(hook?.id), threshold: 0, recurrence: 0 },
    ]);
    assert.deepEqual(await changes(), { same: 3 });
  });

  it("updates in place, by the program or after a change by hand", async () => {
    const id = robot.monitors[0]?.id;
    env.TEST_INTERVAL = "600";
    await up();
    assert.equal(robot.monitors[0]?.interval, 600);
    Object.assign(robot.monitors[0] ?? {}, { url: "https://elsewhere.example/" });
    // Pulumi's own debug output holds every resource's secret inputs; the key is no input, so that it is not even there.
    const everything = await promisify(execFile)("pulumi", ["preview", "--debug"], {
      cwd: directory,
      env,
      maxBuffer: 1e9,
    });
    assert.ok(!(everything.stdout + everything.stderr).includes(key));
    assert.deepEqual(await changes(), { same: 2, update: 1 });
    await up();
    assert.equal(robot.monitors[0]?.url, "https://example.com/");
    assert.equal(robot.monitors[0]?.id, id);
  });

  it("survives a forced replacement without keeping or losing two", async () => {
    await pulumi(
      "up",
      "--yes",
      "--skip-preview",
      "--replace",
      "urn:pulumi:t::outside::pulumi-nodejs:dynamic/uptimerobot:Monitor::site",
    );
    assert.equal(robot.monitors.length, 1);
    assert.deepEqual(await changes(), { same: 3 });
  });

  it("makes anew what was deleted by hand", async () => {
    robot.monitors.length = 0;
    await up();
    assert.equal(robot.monitors.length, 1);
  });

  it("writes neither key nor token to the state or to its output, and destroys what it made", async () => {
    const files = readdirSync(join(directory, ".pulumi"), { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    const state = files.map((file) => readFileSync(join(file.parentPath, file.name), "utf8")).join("\n");
    assert.match(state, /uptimerobot:Monitor/);
    await pulumi("stack", "export");
    await pulumi("destroy", "--yes", "--skip-preview");
    assert.deepEqual([robot.monitors, robot.integrations], [[], []]);
    for (const secret of [key, token]) {
      assert.ok(!state.includes(secret), "in the state");
      assert.ok(!printed.includes(secret), "in the output");
    }
  });
});
