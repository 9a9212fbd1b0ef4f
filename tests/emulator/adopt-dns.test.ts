import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { adoptDnsCommand } from "../../cli/commands/move/adopt-dns";
import { connectAws } from "../../cli/lib/aws-access";
import { emulator } from "./cli";
import type { Moto } from "./moto";

describe("platform adopt-dns, against moto", function () {
  this.timeout(180_000);
  const environment = { ...process.env };
  let moto: Moto | undefined;
  let folder: string;

  before(async function () {
    moto = await emulator(this);
    Object.assign(process.env, moto.env, {
      AWS_ACCESS_KEY_ID: "testing",
      AWS_SECRET_ACCESS_KEY: "testing",
      AWS_REGION: "ap-northeast-2",
      AWS_EC2_METADATA_DISABLED: "true",
    });
    await connectAws({ timeoutSeconds: 60 });
    folder = mkdtempSync(join(tmpdir(), "adopt-dns-"));
    writeFileSync(join(folder, "Pulumi.yaml"), readFileSync(join(__dirname, "../../Pulumi.yaml")));
    const config = {
      "aws:region": "ap-northeast-2",
      "iamvet:domain": { name: "iamvet.kr", redirectFrom: ["www.iamvet.kr"] },
      "iamvet:alerts": { emails: ["ops@iamvet.kr"] },
    };
    writeFileSync(join(folder, "Pulumi.test.yaml"), JSON.stringify({ config }));
  });
  after(() => {
    moto?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
    for (const key of Object.keys(process.env)) if (!(key in environment)) delete process.env[key];
    Object.assign(process.env, environment);
  });

  const run = (...args: string[]) =>
    adoptDnsCommand().parseAsync(["--stack", "test", "--cwd", folder, "--yes", "--json", ...args], {
      from: "user",
    });

  it("takes a live name over by the real client, and once only", async () => {
    const client = new Route53Client({ region: "us-east-1" });
    const { HostedZone } = await client.send(
      new CreateHostedZoneCommand({ Name: "iamvet.kr", CallerReference: String(Date.now()) }),
    );
    const HostedZoneId = HostedZone?.Id?.replace("/hostedzone/", "") ?? "";
    const simple = { Type: "A" as const, TTL: 300, ResourceRecords: [{ Value: "203.0.113.10" }] };
    await client.send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId,
        ChangeBatch: {
          Changes: ["iamvet.kr.", "www.iamvet.kr."].map((Name) => ({
            Action: "CREATE" as const,
            ResourceRecordSet: { Name, ...simple },
          })),
        },
      }),
    );
    const records = async () => {
      const { ResourceRecordSets = [] } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId }));
      return ResourceRecordSets.filter(({ Type }) => Type === "A")
        .map(({ Name, SetIdentifier, Weight, TTL, AliasTarget, ResourceRecords }) =>
          [Name, SetIdentifier, Weight, TTL, AliasTarget?.DNSName ?? ResourceRecords?.[0]?.Value].join(" "),
        )
        .sort();
    };
    const log = console.log;
    console.log = () => {};
    try {
      await run();
      assert.deepEqual(await records(), [
        "iamvet.kr. canary 0 60 203.0.113.10",
        "iamvet.kr. serving 100 60 203.0.113.10",
        "www.iamvet.kr.    iamvet.kr.",
      ]);
      // Once more: there is nothing left to change.
      await run();
    } finally {
      console.log = log;
    }
    // The undo creates what stood there before; moto refuses that while the batch deletes it, which Route 53 does not. The unit
    // tests undo on a stand-in that judges a batch as a whole.
    assert.equal(readdirSync(folder).filter((file) => /Z\.json$/.test(file)).length, 1);
  });
});
