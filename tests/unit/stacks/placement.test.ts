import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { settingsOf } from "./settings/fixtures";

/** Zones of the subnets of the account that the look-ups are answered from. */
const SUBNETS: Readonly<Record<string, { vpcId: string; availabilityZone: string }>> = {
  "subnet-0000000a": { vpcId: "vpc-00000001", availabilityZone: "ap-northeast-2a" },
  "subnet-0000000b": { vpcId: "vpc-00000001", availabilityZone: "ap-northeast-2b" },
  "subnet-000000a2": { vpcId: "vpc-00000001", availabilityZone: "ap-northeast-2a" },
  "subnet-0000000c": { vpcId: "vpc-00000002", availabilityZone: "ap-northeast-2c" },
};

describe("the subnets that a stack is put into", () => {
  let defaults: string[] = [];
  let check: (network: object) => Promise<void>;

  before(async () => {
    await pulumi.runtime.setMocks({
      newResource: ({ inputs }) => ({ id: "", state: inputs }),
      call: ({ token, inputs }) => {
        if (token === "aws:ec2/getVpc:getVpc") return { id: "vpc-0000000d" };
        if (token === "aws:ec2/getSubnets:getSubnets") return { ids: defaults };
        const found = SUBNETS[inputs.id];
        // The engine hands a provider's message on as gRPC's details.
        if (!found)
          throw Object.assign(new Error(), { details: "invoking aws:ec2/getSubnet: no matching EC2 Subnet found" });
        return found;
      },
    });
    const { checkPlacement } = await import("../../../stacks/placement");
    check = async (network) => {
      await checkPlacement({ project: "iamvet", stack: "prod", settings: settingsOf({ network }) });
    };
  });

  const refused = (network: object, ...patterns: RegExp[]) =>
    assert.rejects(check(network), (error: Error) => {
      assert.ok(pulumi.RunError.isInstance(error), String(error));
      for (const pattern of patterns) assert.match(error.message, pattern);
      return true;
    });

  it("pass in two zones", async () => {
    await check({ vpc: "vpc-00000001", subnetIds: ["subnet-0000000a", "subnet-0000000b"] });
    defaults = ["subnet-1", "subnet-2"];
    await check({ vpc: "default" });
    await check({ vpc: "new" });
  });

  it("are refused in one zone, with the command that mends it", () =>
    refused(
      { vpc: "vpc-00000001", subnetIds: ["subnet-0000000a", "subnet-000000a2"] },
      /iamvet:network\.subnetIds\[1\]\n {2}found .*all in the zone ap-northeast-2a/,
      /allowed {2}subnets in at least two zones/,
      /mend .*pulumi config set --stack prod --path 'iamvet:network\.subnetIds\[1\]'/,
    ));

  it("are refused in another VPC, and when they do not exist", async () => {
    await refused(
      { vpc: "vpc-00000001", subnetIds: ["subnet-0000000a", "subnet-0000000c"] },
      /subnetIds\[1\]/,
      /subnet-0000000c, which is in vpc-00000002/,
    );
    await refused(
      { vpc: "vpc-00000001", subnetIds: ["subnet-0000000f", "subnet-0000000a"] },
      /subnetIds\[0\]/,
      /does not exist in this region/,
    );
  });

  it("are refused where the default VPC has too few", async () => {
    defaults = ["subnet-1"];
    await refused({ vpc: "default" }, /one default subnet/, /network\.vpc' new/);
    defaults = [];
    await refused({ vpc: "default" }, /no default subnet/);
  });
});
