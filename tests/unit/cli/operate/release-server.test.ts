import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { runOnServer } from "../../../../cli/commands/operate/release/server-release";
import type { AwsAccess } from "../../../../cli/lib/aws-access";

/** Systems Manager by its documented answers (API reference, SendCommand and GetCommandInvocation, 2026-11). */
describe("the command on an adopted server", function () {
  this.timeout(20_000);
  const asked: { readonly action: string; readonly input: Record<string, unknown> }[] = [];
  let ends = {};
  /** Refusals of the next questions how it ended. */
  const refusals: string[] = [];
  let muted = "off";
  let server: Server;

  before(async () => {
    server = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      const action = String(request.headers["x-amz-target"]).replace("AmazonSSM.", "");
      asked.push({ action, input: JSON.parse(body) });
      response.setHeader("content-type", "application/x-amz-json-1.1");
      response.setHeader("date", new Date().toUTCString());
      const answers: Record<string, unknown> = {
        SendCommand: { Command: { CommandId: "c-1" } },
        GetParameter: { Parameter: { Value: muted } },
        PutParameter: { Version: 2 },
      };
      const refusal = action === "GetCommandInvocation" ? refusals.shift() : undefined;
      if (refusal) response.statusCode = 400;
      response.end(JSON.stringify(refusal ? { __type: refusal } : (answers[action] ?? ends)));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  after(() => server.close());
  beforeEach(() => asked.splice(0));

  const deploy = () => {
    const config = {
      region: "ap-northeast-2",
      credentials: async () => ({ accessKeyId: "test", secretAccessKey: "test" }),
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    };
    return runOnServer({ config } as unknown as AwsAccess, "i-1", "/mute", "/srv/deploy.sh");
  };

  it("is run once the recovery is muted, and never begins when nobody waits for it any more", async () => {
    ends = { Status: "Success" };
    await deploy();
    assert.deepEqual(
      asked.map(({ action }) => action),
      [
        ...["GetParameter", "PutParameter", "SendCommand"],
        ...["GetCommandInvocation", "GetCommandInvocation", "PutParameter"],
      ],
    );
    assert.match(String(asked[1]?.input.Value), /^20\d\d-.*Z$/);
    assert.equal(asked.at(-1)?.input.Value, "off");
    // Without it Systems Manager delivers a command for an hour.
    assert.equal(asked[2]?.input.TimeoutSeconds, 60);
    // Under the lock that the server's own timer heeds where it cannot read the mute (tests/server/hands-off.test.ts runs it).
    assert.deepEqual(asked[2]?.input.Parameters, {
      commands: ["flock --close /run/lock/site-release sh -c '/srv/deploy.sh'"],
      executionTimeout: ["1680"],
    });
  });

  it("leaves a person's mute as it was, and one that lasts longer untouched", async () => {
    ends = { Status: "Success" };
    const written = () => asked.filter(({ action }) => action === "PutParameter").map(({ input }) => input.Value);
    try {
      muted = new Date(Date.now() + 5 * 60_000).toISOString();
      await deploy();
      assert.equal(written().length, 2);
      assert.equal(written()[1], muted);
      asked.splice(0);
      muted = new Date(Date.now() + 86_400_000).toISOString();
      await deploy();
      assert.deepEqual(written(), []);
    } finally {
      muted = "off";
    }
  });

  it("is asked about again after a question that failed, and not waited for where it may not be asked about", async () => {
    ends = { Status: "Success" };
    // The invocation is known a moment after the command; a network may break for longer than the SDK tries.
    refusals.push("InvocationDoesNotExist", "InvalidCommandId");
    await deploy();
    const started = Date.now();
    refusals.push("AccessDeniedException", "AccessDeniedException");
    await assert.rejects(deploy(), /may not run a command on i-1 \(ssm:SendCommand, ssm:GetCommandInvocation\)/);
    assert.ok(Date.now() - started < 5_000);
    assert.equal(asked.at(-1)?.input.Value, "off");
  });

  it("is not taken for a success when it fails or does not arrive, and the recovery comes back", async () => {
    for (const [answer, said] of [
      [
        { Status: "Failed", StandardErrorContent: "no space left" },
        /ended as Failed; the old one serves on\.\nno space left/,
      ],
      [{ Status: "TimedOut", StatusDetails: "DeliveryTimedOut" }, /ended as TimedOut/],
    ] as const) {
      ends = answer;
      await assert.rejects(deploy(), said);
      assert.equal(asked.at(-1)?.input.Value, "off");
    }
  });
});
