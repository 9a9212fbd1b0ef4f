import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { AwsAccess } from "../../cli/aws";
import { runOnServer } from "../../cli/release/server";

/** Systems Manager by its documented answers (API reference, SendCommand and GetCommandInvocation, 2026-11). */
describe("the command on an adopted server", function () {
  this.timeout(20_000);
  const asked: { readonly action: string; readonly input: Record<string, unknown> }[] = [];
  let ends = {};
  let server: Server;

  before(async () => {
    server = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      const action = String(request.headers["x-amz-target"]).replace("AmazonSSM.", "");
      asked.push({ action, input: JSON.parse(body) });
      response.setHeader("content-type", "application/x-amz-json-1.1");
      response.end(JSON.stringify(action === "SendCommand" ? { Command: { CommandId: "c-1" } } : ends));
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
      ["PutParameter", "SendCommand", "GetCommandInvocation", "PutParameter"],
    );
    assert.match(String(asked[0]?.input.Value), /^20\d\d-.*Z$/);
    assert.equal(asked.at(-1)?.input.Value, "off");
    // Without it Systems Manager delivers a command for an hour.
    assert.equal(asked[1]?.input.TimeoutSeconds, 60);
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
