import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Rollout } from "../../../../core/web-tier";
import { liveGates } from "../../../../stacks/gates";
import { liveRollouts } from "../../../../stacks/gates/rollout/rollout-aws";

const asked: Extract<Rollout, { kind: "autoscaling" }> = {
  ...{ kind: "autoscaling", group: "ha-web-tier-group", launchTemplate: "lt-1", version: "4" },
  ...{ warmupSeconds: 180, alarms: ["ha-web-tier-errors"] },
};

/** Auto Scaling's answers in AWS's query protocol, by the real SDK. */
describe("a rollout that AWS refuses to begin", () => {
  let server: Server;
  const heard: URLSearchParams[] = [];
  let answer: (body: URLSearchParams) => [status: number, text: string];
  const kept = { ...process.env };

  before(async () => {
    server = createServer((request, response) => {
      let text = "";
      request.on("data", (part) => {
        text += part;
      });
      request.on("end", () => {
        const body = new URLSearchParams(text);
        heard.push(body);
        const [status, xml] = answer(body);
        response.writeHead(status, { "content-type": "text/xml" }).end(xml);
      });
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env.AWS_ACCESS_KEY_ID = "test";
    process.env.AWS_SECRET_ACCESS_KEY = "test";
  });
  after(() => {
    process.env = kept;
    server.close();
  });
  beforeEach(() => {
    heard.length = 0;
  });

  const error = (code: string, message: string): [number, string] => [
    400,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  ];
  const started: [number, string] = [
    200,
    "<StartInstanceRefreshResponse><StartInstanceRefreshResult><InstanceRefreshId>r-1</InstanceRefreshId>" +
      "</StartInstanceRefreshResult></StartInstanceRefreshResponse>",
  ];

  it("begins without a way back where the group's own template allows none, as after an upgrade", async () => {
    answer = (body) =>
      body.get("Preferences.AutoRollback") === "true"
        ? error(
            "ValidationError",
            "AutoRollback is not supported with a launch template that has an SSM parameter as AMI",
          )
        : started;
    assert.equal(await liveRollouts({ region: "ap-northeast-2" }).startRefresh(asked), "r-1");
    assert.deepEqual(
      heard.map((body) => body.get("Preferences.AutoRollback")),
      ["true", "false"],
    );
  });

  it("ends red at once, with AWS's word and not as one that goes on", async () => {
    answer = () => error("AccessDenied", "not authorized to perform: autoscaling:DescribeAutoScalingGroups");
    let now = 0;
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        now += Math.max(1, ms);
      },
    };
    const gates = liveGates({ region: "ap-northeast-2", timeoutSeconds: 900, log: () => {}, clock });
    await assert.rejects(gates.rolledOut({ tier: "ha-web-tier", rollout: asked }), (error: Error) => {
      assert.match(error.message, /was not rolled out on ha-web-tier[\s\S]*not authorized to perform/);
      return !/goes on/.test(error.message);
    });
    assert.ok(now < 60_000, `${now} ms`);
  });
});
