import assert from "node:assert/strict";
import { monitorProvider, webhookProvider } from "../../../../components/monitoring/uptime-robot";
import { DynamicProvider } from "../../../standins/dynamic-provider";
import { UptimeRobotStandIn } from "../../../standins/uptimerobot";

const key = "u1234567-0123456789abcdef01234567";

describe("UptimeRobot through Pulumi's dynamic provider", function () {
  this.timeout(60_000);
  const robot = new UptimeRobotStandIn(key);
  let monitors: DynamicProvider;
  let webhooks: DynamicProvider;
  let env: Record<string, string>;
  const states: unknown[] = [];

  before(async () => {
    env = { UPTIMEROBOT_API_URL: await robot.start(), REST_BACKOFF_MS: "10", REST_TIMEOUT_MS: "400" };
    const config = { "uptimerobot:apiKey": key };
    monitors = await DynamicProvider.start(monitorProvider(), config, env);
    webhooks = await DynamicProvider.start(webhookProvider(), config, env);
  });
  after(async () => {
    await monitors.stop();
    await webhooks.stop();
    await robot.stop();
  });
  beforeEach(() => robot.reset());

  const inputs = (change = {}) => ({
    marker: "iamvet-prod-uptime",
    friendlyName: "example.com (prod)",
    url: "https://example.com/api/health-external",
    interval: 300,
    timeout: 30,
    keyword: '"status":"ok"',
    contacts: [{ id: "457", threshold: 0, recurrence: 0 }],
    ...change,
  });
  const create = async (change = {}) => {
    const created = await monitors.create(inputs(change));
    states.push(created.state);
    return created;
  };
  const posts = () => robot.requests.filter((request) => request.startsWith("POST")).length;

  it("creates a monitor that asks with GET for a text and tells its contacts", async () => {
    const { id, state } = await create();
    const [monitor] = robot.monitors;
    assert.equal(id, String(monitor?.id));
    assert.equal(monitor?.type, "KEYWORD");
    assert.equal(monitor?.httpMethodType, "GET");
    assert.equal(monitor?.keywordType, "ALERT_NOT_EXISTS");
    assert.deepEqual(monitor?.assignedAlertContacts, [{ alertContactId: "457", threshold: 0, recurrence: 0 }]);
    assert.deepEqual({ ...state, __provider: undefined }, { ...inputs(), __provider: undefined });
  });

  it("finds no difference right after creation", async () => {
    const { id, state } = await create();
    assert.deepEqual(await monitors.check(inputs()), []);
    assert.deepEqual(await monitors.diff(id, state, inputs()), { changes: false, replaces: [] });
  });

  it("updates in place what the program changes", async () => {
    const { id, state } = await create();
    const wanted = inputs({ interval: 60, friendlyName: "renamed", contacts: [] });
    assert.deepEqual(await monitors.diff(id, state, wanted), { changes: true, replaces: [] });
    states.push(await monitors.update(id, state, wanted));
    assert.equal(robot.monitors[0]?.interval, 60);
    assert.equal(robot.monitors[0]?.friendlyName, "renamed");
    assert.deepEqual(robot.monitors[0]?.assignedAlertContacts, []);
    assert.equal(robot.monitors.length, 1);
    assert.deepEqual(await monitors.diff(id, state, wanted), { changes: false, replaces: [] });
  });

  it("replaces where the API cannot change the type", async () => {
    const { id, state } = await create();
    const { keyword: _, ...withoutKeyword } = inputs();
    assert.deepEqual(await monitors.diff(id, state, withoutKeyword), { changes: true, replaces: ["type"] });
  });

  it("sees and repairs what was changed by hand", async () => {
    const { id, state } = await create();
    const [monitor] = robot.monitors;
    for (const drift of [
      { interval: 3600 },
      { url: "https://other.example" },
      { tags: [] },
      { assignedAlertContacts: [] },
    ]) {
      Object.assign(monitor ?? {}, drift);
      assert.deepEqual(
        await monitors.diff(id, state, inputs()),
        { changes: true, replaces: [] },
        JSON.stringify(drift),
      );
      await monitors.update(id, state, inputs());
      assert.deepEqual(await monitors.diff(id, state, inputs()), { changes: false, replaces: [] });
    }
  });

  it("makes anew what was deleted by hand, and deletes without complaint what is gone", async () => {
    const { id, state } = await create();
    robot.monitors.length = 0;
    assert.deepEqual(await monitors.diff(id, state, inputs()), { changes: true, replaces: ["marker"] });
    await monitors.delete(id, state);
    const again = await create();
    assert.notEqual(again.id, id);
    assert.equal(robot.monitors.length, 1);
  });

  it("deletes its monitor and no other", async () => {
    const other = await create({ marker: "iamvet-staging-uptime" });
    const { id, state } = await create();
    await monitors.delete(id, state);
    assert.deepEqual(
      robot.monitors.map((monitor) => String(monitor.id)),
      [other.id],
    );
  });

  it("finds the monitor of an interrupted creation again, over several pages, and brings it up to date", async () => {
    for (let at = 0; at < 5; at++) await create({ marker: `other-${at}` });
    const first = await create({ interval: 600 });
    const second = await create();
    assert.equal(second.id, first.id);
    assert.equal(robot.monitors.length, 6);
    assert.equal(robot.monitors[5]?.interval, 300);
  });

  it("is not fooled by a server that does not filter by tag", async () => {
    robot.monitors.push({ id: 1, friendlyName: "example.com (prod)", tags: [{ name: "iamvet-prod-uptime-2" }] });
    const { id } = await create();
    assert.notEqual(id, "1");
  });

  for (const [name, fault] of [
    ["the connection breaks off before the answer", { kind: "timeout", applied: true }],
    ["the server fails after its work", { kind: "status", status: 500, applied: true }],
    ["the answer is cut off", { kind: "truncated" }],
  ] as const) {
    it(`does not double the monitor when ${name}`, async () => {
      robot.fail(/POST/, fault);
      const { id } = await create();
      assert.equal(robot.monitors.length, 1);
      assert.equal(id, String(robot.monitors[0]?.id));
      assert.equal(posts(), 1);
    });
  }

  for (const [name, fault] of [
    ["the server fails before its work", { kind: "status", status: 500 }],
    ["the server does not answer", { kind: "timeout" }],
    ["the connection is reset", { kind: "reset" }],
  ] as const) {
    it(`creates once in the end when ${name}`, async () => {
      robot.fail(/POST/, fault);
      await create();
      assert.equal(robot.monitors.length, 1);
      assert.equal(posts(), 2);
    });
  }

  it("retries reading after 500, 502, a time-out and a truncated answer", async () => {
    const { id, state } = await create();
    for (const fault of [
      { kind: "status", status: 500 },
      { kind: "status", status: 502 },
      { kind: "timeout" },
      { kind: "truncated" },
    ] as const) {
      robot.fail(/GET \/monitors\//, fault);
    }
    assert.deepEqual(await monitors.diff(id, state, inputs()), { changes: false, replaces: [] });
  });

  it("waits as long as Retry-After asks", async () => {
    robot.fail(/POST/, { kind: "status", status: 429, retryAfter: 1 });
    const started = Date.now();
    await create();
    assert.ok(Date.now() - started >= 1_000);
    assert.equal(robot.monitors.length, 1);
  });

  it("gives up after six attempts and says what failed", async () => {
    for (let at = 0; at < 6; at++) robot.fail(/GET/, { kind: "status", status: 503 });
    await assert.rejects(create(), /UptimeRobot: HTTP 503 \(GET \/v3\/monitors\)/);
    assert.equal(robot.requests.length, 6);
    assert.equal(robot.monitors.length, 0);
  });

  it("passes on what the API says about a wrong value, without a second try", async () => {
    await assert.rejects(
      create({ interval: 5 }),
      /refused POST \/v3\/monitors \(HTTP 400\): interval must not be less than 30/,
    );
    assert.equal(posts(), 1);
  });

  it("says how to set a missing or refused key", async () => {
    const without = await DynamicProvider.start(monitorProvider(), {}, env);
    assert.match((await without.check(inputs())).join(), /^apiKey: .*pulumi config set --secret uptimerobot:apiKey/);
    await assert.rejects(without.create(inputs()), /pulumi config set --secret uptimerobot:apiKey/);
    await without.stop();
    const wrong = await DynamicProvider.start(monitorProvider(), {}, { ...env, UPTIMEROBOT_API_KEY: "wrong-key-5f1" });
    await assert.rejects(wrong.create(inputs()), /refused the key \(HTTP 401\): Unauthorized\. Use the account/);
    await wrong.stop();
    assert.ok(!wrong.output.includes("wrong-key-5f1"));
    assert.equal(robot.requests.length, 1);
  });

  it("does not follow a page link to another host, which would receive the key", async () => {
    const thief = new UptimeRobotStandIn(key);
    const elsewhere = await thief.start();
    const list = [{ id: 1, tags: [] }];
    const original = Reflect.get(robot, "page");
    Reflect.set(robot, "page", () => ({ data: list, nextLink: `${elsewhere}/monitors` }));
    await assert.rejects(create(), /another host/);
    Reflect.set(robot, "page", original);
    await thief.stop();
    assert.deepEqual(thief.requests, []);
  });

  it("manages a webhook with a secret token", async () => {
    const wanted = { marker: "iamvet-prod-uptime", url: "https://x.lambda-url.example/", token: "first" };
    const { id, state } = await webhooks.create(wanted);
    assert.equal(robot.integrations[0]?.value, wanted.url);
    assert.equal((await webhooks.diff(id, state, wanted)).changes, false);
    assert.equal((await webhooks.diff(id, state, { ...wanted, token: "second" })).changes, true);
    robot.fail(/POST/, { kind: "truncated" });
    assert.equal((await webhooks.create(wanted)).id, id, "found again");
    await webhooks.update(id, state, { ...wanted, url: "https://y.example/" });
    assert.equal(robot.integrations[0]?.value, "https://y.example/");
    await webhooks.delete(id, state);
    assert.deepEqual(robot.integrations, []);
    assert.deepEqual((await webhooks.diff(id, state, wanted)).replaces, ["marker"]);
  });

  it("never writes the key to a state, to the provider's code or to the output", () => {
    const written = JSON.stringify(states) + monitors.output + webhooks.output;
    assert.ok(written.includes("__provider") && written.includes("uptimerobot:apiKey"), "states were collected");
    assert.ok(!written.includes(key));
  });
});
