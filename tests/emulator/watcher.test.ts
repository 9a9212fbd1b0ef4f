import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { RDS } from "@aws-sdk/client-rds";
import { SNS } from "@aws-sdk/client-sns";
import { SSM } from "@aws-sdk/client-ssm";
import { bundle } from "../../components/aws/lambda-code";
import { emulator } from "./cli";
import type { Moto } from "./moto";

/** In the repository, so that the bundle finds the SDK that Lambda's runtime has beside it. */
const CACHE = join(__dirname, "../../.cache/watcher");
const REGION = "ap-northeast-2";

/**
 * What moto lacks stands in here: whether the agent reports, and runs of the automation. In the form of the Systems Manager API
 * reference (DescribeInstanceInformation, StartAutomationExecution, GetAutomationExecution), 2026-11.
 */
const managed: Readonly<Record<string, object>> = {
  DescribeInstanceInformation: { InstanceInformationList: [{ PingStatus: "Online", LastPingDateTime: 1_796_000_000 }] },
  StartAutomationExecution: { AutomationExecutionId: "11111111-2222-3333-4444-555555555555" },
  GetAutomationExecution: {
    AutomationExecution: { AutomationExecutionStatus: "Success", Outputs: { "report.Outcome": ["recovered"] } },
  },
};

describe("the watcher, from its bundle, against AWS on an emulator", function () {
  this.timeout(900_000);
  let moto: Moto;
  const started: { ClientToken: string }[] = [];
  const ssm = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", async () => {
      const operation = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
      if (operation === "StartAutomationExecution") started.push(JSON.parse(body));
      response.setHeader("content-type", "application/x-amz-json-1.1");
      if (managed[operation]) return response.end(JSON.stringify(managed[operation]));
      const { "x-amz-target": target, authorization, "content-type": type } = request.headers as Record<string, string>;
      const headers = { "x-amz-target": target ?? "", authorization: authorization ?? "", "content-type": type ?? "" };
      const passed = await fetch(moto.endpoint, { method: "POST", headers, body });
      response.statusCode = passed.status;
      return response.end(await passed.text());
    });
  });

  before(async function () {
    moto = await emulator(this);
    await new Promise<void>((done) => ssm.listen(0, "127.0.0.1", done));
  });
  after(() => {
    moto?.stop();
    ssm.closeAllConnections();
    ssm.close();
  });

  it("starts the automation of a server that is running, open and armed, and whose site refuses connections", async () => {
    const options = {
      region: REGION,
      endpoint: moto.endpoint,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    };
    const ec2 = new EC2(options);
    const { GroupId } = await ec2.createSecurityGroup({ GroupName: "web", Description: "web" });
    await ec2.authorizeSecurityGroupIngress({
      GroupId,
      IpPermissions: [{ IpProtocol: "tcp", FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
    });
    const run = { MinCount: 1, MaxCount: 1, ImageId: "ami-12345678", SecurityGroupIds: [GroupId ?? ""] };
    const { Instances = [] } = await ec2.runInstances(run);
    await new RDS(options).createDBInstance({
      ...{ DBInstanceIdentifier: "iamvet-db", DBInstanceClass: "db.t4g.micro", Engine: "postgres" },
      ...{ MasterUsername: "owner", MasterUserPassword: "password1", AllocatedStorage: 20 },
    });
    const parameters = new SSM(options);
    const put = (Name: string, Value: string) => parameters.putParameter({ Name, Value, Type: "String" });
    await put("mute", "off");
    await put("state", JSON.stringify({ armedAt: "2026-01-01T00:00:00Z", starts: [], told: {} }));
    const { TopicArn } = await new SNS(options).createTopic({ Name: "warning" });
    Object.assign(process.env, {
      ...{ AWS_REGION: REGION, AWS_ENDPOINT_URL: moto.endpoint, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
      AWS_ENDPOINT_URL_SSM: `http://127.0.0.1:${(ssm.address() as AddressInfo).port}`,
      ...{ SITE: "localhost", PORT: "9", ADDRESSES: '["127.0.0.1"]', CONTROL_URL: `${moto.endpoint}/moto-api/` },
      ...{ INSTANCE_ID: Instances[0]?.InstanceId ?? "", DATABASE: "iamvet-db", MUTE_PARAMETER: "mute" },
      ...{ STATE_PARAMETER: "state", TOPIC: TopicArn ?? "", MAX_PER_HOUR: "3" },
    });
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(join(CACHE, "index.js"), await bundle("watcher"));
    const { handler } = (await import(join(CACHE, "index.js"))) as { handler: (event: object) => Promise<string> };

    // The emulator's instance is minutes old: in its first boot nothing is done.
    assert.match(await handler({ Trigger: "schedule", Document: "recover" }), /started less than 20 minutes ago/);
    assert.deepEqual(started, []);
    const told = JSON.parse((await parameters.getParameter({ Name: "state" })).Parameter?.Value ?? "{}");
    assert.ok("held-first-boot" in told.told && told.silentSince);

    const later = Date.now() + 30 * 60_000;
    const now = Date;
    global.Date = class extends now {
      constructor(...args: unknown[]) {
        super(...((args.length > 0 ? args : [later]) as [number]));
      }
    } as DateConstructor;
    try {
      assert.match(await handler({ Trigger: "schedule", Document: "recover" }), /^started 11111111/);
    } finally {
      global.Date = now;
    }
    const [{ ClientToken, ...asked } = { ClientToken: "" }, ...more] = started;
    assert.match(ClientToken, /^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$/);
    assert.deepEqual(
      [asked, ...more],
      [
        {
          DocumentName: "recover",
          DocumentVersion: "$DEFAULT",
          Parameters: { Trigger: ["schedule: ECONNREFUSED by its name, ECONNREFUSED at the server's address"] },
        },
      ],
    );
  });
});
