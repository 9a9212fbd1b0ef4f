import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { UptimeArgs } from "../../../../components/monitoring/uptime";
import { type UptimeCheck, uptimeProblems } from "../../../../components/monitoring/uptime-plans";
import { type AlarmEvent, receiver } from "../../../../functions/uptime-webhook/receiver";

interface Seen {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

describe("uptimeProblems", () => {
  const contacts = [{ id: "457" }];
  const robot: UptimeCheck = { provider: "uptimerobot", plan: "free", commercial: false, contacts };

  it("accepts the defaults of every provider and plan", () => {
    assert.deepEqual(uptimeProblems({ provider: "none" }), []);
    assert.deepEqual(uptimeProblems({ provider: "route53" }), []);
    assert.deepEqual(uptimeProblems(robot), []);
    for (const plan of ["solo", "team", "enterprise"] as const) {
      assert.deepEqual(uptimeProblems({ provider: "uptimerobot", plan, contacts }), [], plan);
    }
  });

  it("refuses an interval below the plan's minimum, and names the plan that has it", () => {
    assert.deepEqual(uptimeProblems({ ...robot, intervalSeconds: 60 }), [
      {
        key: "uptime.intervalSeconds",
        found: "60 s",
        allowed: "UptimeRobot's free plan: 300 to 86400 s",
        how: "Set uptime.intervalSeconds to 300, or uptime.plan to solo.",
        fix: { value: 300 },
      },
    ]);
    assert.equal(
      uptimeProblems({ ...robot, plan: "team", intervalSeconds: 30 })[0]?.how,
      "Set uptime.intervalSeconds to 60, or uptime.plan to enterprise.",
    );
    assert.equal(uptimeProblems({ ...robot, intervalSeconds: 5 })[0]?.how, "Set uptime.intervalSeconds to 300.");
    assert.match(uptimeProblems({ provider: "route53", intervalSeconds: 60 })[0]?.allowed ?? "", /10 or 30 s/);
  });

  it("refuses business on the free plan, a silent monitor, delays it cannot have, and what is no id", () => {
    const keys = (check: UptimeCheck) => uptimeProblems(check).map(({ key, found }) => `${key}: ${found}`);
    assert.deepEqual(keys({ provider: "uptimerobot", plan: "free", contacts }), ["uptime.commercial: commercial use"]);
    assert.deepEqual(keys({ ...robot, contacts: [] }), ["uptime.contacts: none"]);
    assert.deepEqual(keys({ ...robot, plan: "team", contacts: [] }), []);
    assert.deepEqual(keys({ ...robot, contacts: [{ id: "457", threshold: 5 }] }), [
      "uptime.contacts: contact 457 with a delay of 5 and reminders every 0 minutes",
    ]);
    assert.deepEqual(keys({ ...robot, contacts: [{ id: "me@example.com" }] }), ["uptime.contacts: me@example.com"]);
    assert.deepEqual(keys({ provider: "route53", failureThreshold: 11 }), ["uptime.failureThreshold: 11"]);
  });
});

describe("the receiver of reports from outside", () => {
  const token = "t0ken-of-the-webhook";
  const tokenSha256 = createHash("sha256").update(token).digest("hex");
  let written: number[] = [];
  const handle = receiver({ tokenSha256, write: async (healthy) => void written.push(healthy) });
  type UrlEvent = Extract<Parameters<typeof handle>[0], { requestContext: unknown }>;
  const request = (
    body: unknown,
    change: Partial<{ authorization: string; method: string; isBase64Encoded: boolean }> = {},
  ) =>
    ({
      requestContext: { http: { method: change.method ?? "POST" } },
      headers: { authorization: change.authorization ?? `Bearer ${token}` },
      body: typeof body === "string" ? body : JSON.stringify(body),
      isBase64Encoded: change.isBase64Encoded ?? false,
    }) as unknown as UrlEvent;
  const status = async (event: Parameters<typeof handle>[0]) => {
    const result = await handle(event);
    return typeof result === "string" ? result : result.statusCode;
  };
  beforeEach(() => {
    written = [];
  });

  it("writes 0 when UptimeRobot reports down, 1 for up, nothing for a certificate reminder", async () => {
    for (const alertType of ["1", 2, "3"]) assert.equal(await status(request({ monitorID: "8", alertType })), 204);
    assert.deepEqual(written, [0, 1]);
  });

  it("reads a body in base64", async () => {
    const body = Buffer.from('{"alertType":"1"}').toString("base64");
    assert.equal(await status(request(body, { isBase64Encoded: true })), 204);
    assert.deepEqual(written, [0]);
  });

  it("refuses whoever has no token, a wrong one, a longer one or another scheme", async () => {
    for (const authorization of ["", "Bearer ", "Bearer wrong", `Bearer ${token}x`, `Basic ${token}`, token]) {
      assert.equal(await status(request({ alertType: "1" }, { authorization })), 401, authorization);
    }
    const closed = receiver({ tokenSha256: undefined, write: async (healthy) => void written.push(healthy) });
    assert.deepEqual(await closed(request({ alertType: "1" })), { statusCode: 401 });
    assert.deepEqual(await closed(request({ alertType: "1" }, { authorization: "Bearer " })), { statusCode: 401 });
    assert.deepEqual(written, []);
  });

  it("refuses what is no report", async () => {
    assert.equal(await status(request({}, { method: "GET" })), 405);
    for (const body of ["", "no json", "{}", "null", "[]"]) assert.equal(await status(request(body)), 400, body);
    assert.equal(await status(request({ alertType: "1", filler: "x".repeat(20_000) })), 413);
    assert.deepEqual(written, []);
  });

  it("writes what the forwarded alarm says", async () => {
    const alarm = (value: string) => ({ source: "aws.cloudwatch", detail: { state: { value } } }) as AlarmEvent;
    for (const value of ["ALARM", "OK", "INSUFFICIENT_DATA"]) assert.equal(await status(alarm(value)), 204);
    assert.deepEqual(written, [0, 1]);
  });

  it("does not take a request for an alarm", async () => {
    const disguised = { ...request({ alertType: "1" }, { authorization: "" }), detail: { state: { value: "ALARM" } } };
    assert.equal(await status(disguised), 401);
    assert.deepEqual(written, []);
  });

  it("lets the sender try again when the metric cannot be written", async () => {
    const broken = receiver({ tokenSha256, write: () => Promise.reject(new Error("throttled")) });
    await assert.rejects(broken(request({ alertType: "1" })), /throttled/);
  });
});

describe("Uptime", () => {
  let seen: Seen[] = [];

  before(() =>
    pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          seen.push({ type, name, inputs });
          const region = inputs.region ?? "ap-northeast-2";
          return {
            id: type.includes("Webhook") ? "900" : `${name}-id`,
            state: {
              ...inputs,
              name: `${name}-1a2b`,
              arn: `arn:aws:x:${region}:111122223333:${name}`,
              ...(type.endsWith("RandomPassword") && { result: "s".repeat(48) }),
              ...(type.endsWith("FunctionUrl") && { functionUrl: "https://abc.lambda-url.example/" }),
            },
          };
        },
        call: () => ({ accountId: "111122223333" }),
      },
      "iamvet",
      "prod",
      false,
    ),
  );

  const topic = "arn:aws:sns:ap-northeast-2:111122223333:page";
  const args: UptimeArgs = {
    check: { provider: "none" },
    domain: "example.com",
    healthPath: "/api/health-external",
    region: "ap-northeast-2",
    alarmActions: { page: [topic], warning: [] },
  };
  async function build(check: UptimeCheck, change: Partial<UptimeArgs> = {}) {
    seen = [];
    const { Uptime } = await import("../../../../components/monitoring/uptime.js");
    const uptime = new Uptime("uptime", { ...args, ...change, check });
    // Registrations are asynchronous and follow one another; the last of them is the monitor or the target.
    for (let before = -1; before !== seen.length; ) {
      before = seen.length;
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    return uptime;
  }
  const inputsOf = (part: string) =>
    seen.filter(({ type, name }) => `${type} ${name}`.includes(part)).map(({ inputs }) => inputs);
  const open = (found: unknown) => (found as { value?: unknown } | undefined)?.value ?? found;

  it("asks Route 53 to check the public name, and brings its alarm from us-east-1 home as a metric", async () => {
    const uptime = await build({ provider: "route53" });
    const [health] = inputsOf(":HealthCheck ");
    assert.equal(health?.fqdn, "example.com");
    assert.equal(health?.type, "HTTPS_STR_MATCH");
    assert.equal(health?.searchString, '"status":"ok"');
    const [remote] = inputsOf("uptime-health-alarm");
    assert.equal(remote?.region, "us-east-1");
    assert.deepEqual(remote?.alarmActions, [], "a topic of another region cannot be an alarm's action");

    const [leaving] = inputsOf(":EventRule uptime-leaving");
    const [arrived] = inputsOf(":EventRule uptime-arrived");
    assert.equal(leaving?.region, "us-east-1");
    assert.equal(arrived?.region, undefined);
    const alarmArn = "arn:aws:x:us-east-1:111122223333:uptime-health-alarm";
    for (const rule of [leaving, arrived])
      assert.deepEqual(JSON.parse(String(rule?.eventPattern)).resources, [alarmArn]);
    const [target] = inputsOf("uptime-leaving-target");
    assert.equal(target?.region, "us-east-1");
    assert.equal(target?.arn, "arn:aws:events:ap-northeast-2:111122223333:event-bus/default");
    assert.equal(
      inputsOf("uptime-arrived-target")[0]?.arn,
      "arn:aws:x:ap-northeast-2:111122223333:uptime-receiver-function",
    );

    const [alarm] = inputsOf("uptime-receiver-alarm");
    assert.deepEqual(alarm?.alarmActions, [topic]);
    assert.equal(alarm?.treatMissingData, "ignore");
    assert.deepEqual(
      uptime.signals.map(({ severity, subject }) => [severity, subject]),
      [["page", "reachability"]],
    );
    assert.deepEqual(inputsOf(":FunctionUrl"), [], "no door to the internet without a webhook");
  });

  it("needs no bridge where the site is in us-east-1 itself", async () => {
    await build({ provider: "route53", intervalSeconds: 10, failureThreshold: 2 }, { region: "us-east-1" });
    assert.deepEqual(inputsOf("uptime-health-alarm")[0]?.alarmActions, [topic]);
    assert.equal(inputsOf(":HealthCheck ")[0]?.requestInterval, 10);
    assert.deepEqual(inputsOf(":EventRule"), []);
    assert.deepEqual(inputsOf(":Function "), []);
  });

  it("gives UptimeRobot a webhook with a token where the plan has webhooks", async () => {
    const uptime = await build({ provider: "uptimerobot", plan: "team", contacts: [{ id: "457" }] });
    const [monitor] = inputsOf("uptimerobot:Monitor");
    assert.equal(monitor?.marker, "iamvet-prod-uptime");
    assert.equal(monitor?.url, "https://example.com/api/health-external");
    assert.equal(monitor?.interval, 60);
    assert.deepEqual(monitor?.contacts, [{ id: "457" }, { id: "900" }]);
    const [webhook] = inputsOf("uptimerobot:Webhook");
    assert.equal(open(webhook?.token), "s".repeat(48));
    assert.equal(webhook?.url, "https://abc.lambda-url.example/");
    const [lambda] = inputsOf(":Function ");
    const variables = open((lambda?.environment as { variables?: unknown } | undefined)?.variables) as Record<
      string,
      unknown
    >;
    assert.equal(open(variables.TOKEN_SHA256), createHash("sha256").update("s".repeat(48)).digest("hex"));
    assert.ok(!JSON.stringify(inputsOf(":Function ")).includes("s".repeat(48)));
    assert.deepEqual(
      inputsOf(":Permission").map(({ action, principal }) => [action, principal]),
      [
        ["lambda:InvokeFunctionUrl", "*"],
        ["lambda:InvokeFunction", "*"],
      ],
    );
    assert.equal(inputsOf(":Permission")[1]?.invokedViaFunctionUrl, true);
    assert.equal(uptime.signals.length, 1);
  });

  it("leaves the telling to UptimeRobot's contacts on the free plan, and says so", async () => {
    const uptime = await build({ provider: "uptimerobot", plan: "free", commercial: false, contacts: [{ id: "457" }] });
    assert.deepEqual(
      seen.map(({ type }) => type),
      ["iamvet:index:Uptime", "pulumi-nodejs:dynamic/uptimerobot:Monitor"],
    );
    assert.deepEqual(inputsOf("uptimerobot:Monitor")[0]?.contacts, [{ id: "457" }]);
    assert.deepEqual(uptime.signals, []);
    assert.match(uptime.notices.join(), /50 monitors.*5 minutes.*non-commercial.*not the alert topic/);
  });

  it("builds nothing without a provider, and says what stays unknown", async () => {
    const uptime = await build({ provider: "none" });
    assert.deepEqual(
      seen.map(({ type }) => type),
      ["iamvet:index:Uptime"],
    );
    assert.match(uptime.notices.join(), /Set uptime\.provider/);
  });

  it("refuses a wrong check before the first resource", async () => {
    await assert.rejects(
      build({ provider: "uptimerobot", plan: "free" }),
      /uptime\.commercial.*\n?.*uptime\.contacts/s,
    );
    assert.deepEqual(
      seen.filter(({ type }) => !type.startsWith("iamvet:")),
      [],
    );
  });

  it("packs the function as one file that Lambda can load", async () => {
    await build({ provider: "route53" });
    const code = inputsOf(":Function ")[0]?.code as { assets: Promise<Record<string, { text: Promise<string> }>> };
    const text = await (await code.assets)["index.js"]?.text;
    const module = { exports: {} as { handler?: unknown } };
    new Function("module", "exports", "require", text ?? "")(module, module.exports, (name: string) =>
      name.startsWith("@aws-sdk/") ? { CloudWatchClient: class {}, PutMetricDataCommand: class {} } : require(name),
    );
    assert.equal(typeof module.exports.handler, "function");
  });
});
