import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listStacks } from "../../../cli/lib/stack-files";
import { planStack } from "../../../cli/planner/planner";
import type { Plan } from "../../../core/plan-format";

const root = join(__dirname, "../../..");
const examples = join(root, "examples");

describe("the examples", function () {
  this.timeout(600_000);
  const plans = new Map<string, Plan>();

  before(async () => {
    for (const entry of readdirSync(examples, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      // As a person would: beside the project's file.
      const folder = mkdtempSync(join(tmpdir(), "example-"));
      try {
        copyFileSync(join(root, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
        for (const file of readdirSync(join(examples, entry.name)))
          copyFileSync(join(examples, entry.name, file), join(folder, file));
        for (const stack of listStacks(folder)) plans.set(`${entry.name}/${stack}`, await planStack(stack, { folder }));
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  });

  const has = (name: string, type: string) => plans.get(name)?.resources.some((resource) => resource.type === type);

  it("are planned, all of them", () => {
    assert.deepEqual(
      [...plans].map(([name, { architecture }]) => `${name} ${architecture}`),
      [
        "adopted-instance/prod monitored-instance",
        "staging-and-prod/prod fargate",
        "staging-and-prod/staging monitored-instance",
        "vercel/prod vercel",
      ],
    );
  });

  it("leave an adopted server and its database as they are", () => {
    for (const type of ["aws:ec2/instance:Instance", "aws:rds/instance:Instance", "aws:ec2/eip:Eip"]) {
      assert.equal(has("adopted-instance/prod", type), false, type);
    }
    const plan = plans.get("adopted-instance/prod");
    assert.ok(plan?.outputs.instanceProfile, "there is nothing for `platform attach` to attach");
    // The server reaches its database today; a second rule of the same kind would be refused by AWS.
    assert.ok(!plan?.resources.some(({ name }) => name === "monitored-instance-to-database"));
  });

  it("lack nothing that an update would stop for, but what is secret", () => {
    for (const [name, { notices }] of plans) {
      const blocking = notices.filter((notice) => notice.blocking).map(({ message }) => message.split("\n")[0]);
      assert.deepEqual(
        blocking,
        name === "vercel/prod" ? ["No Vercel token is given. Create one at vercel.com/account/tokens, then:"] : [],
        name,
      );
    }
  });

  it("make the provider of GitHub once, in the stack that says so", () => {
    const provider = "aws:iam/openIdConnectProvider:OpenIdConnectProvider";
    assert.deepEqual(
      [has("staging-and-prod/staging", provider), has("staging-and-prod/prod", provider)],
      [true, false],
    );
  });
});
