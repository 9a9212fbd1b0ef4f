import assert from "node:assert/strict";
import { planStack } from "../../../../cli/planner/planner";
import { type CostLine, costOf } from "../../../../insight/cost/cost";

const adopted = {
  instanceId: "i-0123456789abcdef0",
  securityGroupId: "sg-0a1b2c3d4e5f60718",
  addresses: ["203.0.113.10"],
};
const released = { release: { url: "s3://iamvet-releases/site-1.tar.gz", sha256: "0".repeat(64) } };

/** What the site of today costs already, or an address of a new server: by the keys of the price table. */
const OF_TODAY = /^(ec2|ebs|rds|ipv4|transfer|route53):/;

describe("what watching and recovering a server costs", function () {
  this.timeout(120_000);
  const costFor = async (server: object) => {
    const config = {
      monitoring: { level: "basic" },
      uptime: { provider: "none" },
      backups: { enabled: false },
      ...server,
    };
    const plan = await planStack("prod", { architecture: "monitored-instance", config });
    return { plan, cost: costOf(plan, { region: "ap-northeast-2" }) };
  };

  for (const [title, server] of [
    ["a new server", { instance: released }],
    ["an adopted one", { existing: adopted }],
  ] as const) {
    it(`is at most 1 USD a month at monitoring.level basic for ${title}, less what the plan says breaks it`, async () => {
      const { plan, cost } = await costFor(server);
      const ours = cost.lines.filter(({ price }) => !OF_TODAY.test(price));
      const free = cost.freeTier
        .filter(({ item }) => !/transfer/i.test(item))
        .reduce((sum, { worthUsd }) => sum + worthUsd, 0);
      const secrets = ours.filter(({ price }) => price === "secrets:secret");
      const usd = (lines: readonly CostLine[]) => lines.reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0);
      assert.ok(secrets.length > 0);
      const said = plan.notices.map(({ message }) => message).join("\n");
      assert.match(said, /Charged .* Secrets Manager at 0\.40 USD a month each/);
      const rest = usd(ours) - usd(secrets) - free;
      assert.ok(
        rest > 0 && rest <= 1,
        `${rest.toFixed(2)} USD: ${ours.map(({ resource, item }) => `${resource} ${item}`)}`,
      );
    });
  }

  it("counts every look of the watcher, and no run of the automation but those of incidents", async () => {
    const { cost } = await costFor({ existing: adopted });
    const watcher = cost.lines.filter(({ resource }) => resource.endsWith("-watcher-function"));
    const looks = watcher.find(({ price }) => price === "lambda:request");
    assert.ok((looks?.quantity ?? 0) > 8_760);
    const total = watcher.reduce((sum, { monthlyUsd }) => sum + monthlyUsd, 0);
    assert.ok(total > 0.01 && total < 0.5, `${total}`);
    assert.ok(watcher.every(({ source, asOf }) => source && asOf));
    const steps = cost.lines.find(({ price }) => price === "ssm:automation-step");
    assert.equal(steps?.quantity, 4 * 9);
    assert.match(steps?.assumption ?? "", /without a free tier/);
  });
});
