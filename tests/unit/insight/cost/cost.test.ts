import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plan } from "../../../../core/plan-format";
import { planRegion } from "../../../../core/plan-reader";
import { costOf } from "../../../../insight/cost/cost";
import { freeTypes } from "../../../../insight/cost/cost-free";
import { runsPerMonth } from "../../../../insight/cost/cost-services";
import {
  PriceBook,
  type PriceTable,
  parsePriceTable,
  pricedRegions,
  readPrices,
  readPriceTable,
} from "../../../../insight/cost/price-book";
import { planOf, ref, resource, subnets } from "../fixtures";
import { database, ha, quiet, references } from "./bills-by-hand";

describe("insight/cost/cost", () => {
  describe("agrees with hand sums to the cent", () => {
    for (const reference of references) {
      it(reference.name, () => {
        const report = costOf(reference.plan(), { region: reference.region, usage: reference.usage ?? quiet });
        const shown = report.lines.filter((line) => line.monthlyUsd > 0).map((line) => line.monthlyUsd.toFixed(4));
        const byHand = reference.lines.map(([quantity, usd]) => (quantity * usd).toFixed(4));
        assert.deepEqual(shown.sort(), byHand.sort());
        assert.equal(report.totalUsd, reference.total);
        assert.deepEqual(report.unknown, []);
      });
    }

    it("has twelve of them", () => assert.equal(references.length, 12));
  });

  it("keeps fixed and usage-based parts apart, and the free tier out of the total", () => {
    const plan = references[0]?.plan() as Plan;
    const report = costOf(plan, { region: "ap-northeast-2", usage: { ...quiet, gbOutPerMonth: 150 } });
    assert.equal(report.usageUsd, 18.9); // 150 x 0.126
    assert.equal(report.fixedUsd, 65.22);
    assert.equal(report.totalUsd, 84.12);
    const allowance = { item: "Data transfer to the internet", allowance: 100, unit: "GB", worthUsd: 12.6 };
    assert.deepEqual(report.freeTier, [allowance]);
    assert.equal(report.afterFreeTierUsd, 71.52);
  });

  it("names for every line a source, a date and whether it was looked up", () => {
    const report = costOf(planOf("ha-web-tier", ...ha("ap-northeast-2")), { region: "ap-northeast-2" });
    assert.ok(report.lines.length > 5);
    for (const line of report.lines) {
      assert.match(line.asOf, /^20\d\d-\d\d-\d\d$/);
      assert.ok(line.source.length > 10);
    }
    const recalled = report.lines.filter((line) => !line.verified);
    assert.deepEqual(
      report.unverified.map(({ price }) => price).sort(),
      [...new Set(recalled.map(({ price }) => price))].sort(),
    );
  });

  it("lists what it does not know as unknown, never as 0", () => {
    const report = costOf(
      planOf(
        "x",
        resource("aws:opensearch/domain:Domain", "search"),
        database("db.x99.huge"),
        resource("aws:rds/instance:Instance", "mysql", { engine: "mysql", instanceClass: "db.t4g.micro" }),
        resource("aws:ec2/instance:Instance", "later", { instanceType: { $unknown: true } }),
        resource("aws:ec2/capacityReservation:CapacityReservation", "reserved"),
      ),
      { region: "ap-northeast-2", usage: quiet },
    );
    const unknown = report.unknown.map((line) => `${line.resource}: ${line.reason}`).join("\n");
    assert.match(unknown, /search: the cost table does not know this type/);
    assert.match(unknown, /db: .*no price for rds:postgres:single:db.x99.huge in ap-northeast-2/);
    assert.match(unknown, /mysql: Database: the table knows PostgreSQL, not mysql/);
    assert.match(unknown, /later: Instance: the instance type is not known before the update/);
    assert.match(unknown, /reserved: the cost table does not know this type/);
    assert.ok(report.lines.every((line) => line.resource !== "search"));
  });

  it("counts an SMS to a country without a price as unknown, and to the US by its price", () => {
    const phone = resource("aws:sns/topicSubscription:TopicSubscription", "phone", { protocol: "sms" });
    const korea = costOf(planOf("x", phone), { region: "ap-northeast-2" });
    assert.match(korea.unknown[0]?.reason ?? "", /10 SMS.*\+82/);
    const usage = { ...quiet, smsPerMonth: 100, smsCountry: "+1" };
    assert.equal(costOf(planOf("x", phone), { region: "ap-northeast-2", usage }).totalUsd, 0.65); // 100 x 0.00645
  });

  it("does not bill an instance's address twice when an Elastic IP replaces it", () => {
    const inputs = { instanceType: "t4g.micro", associatePublicIpAddress: true };
    const web = resource("aws:ec2/instance:Instance", "web", inputs);
    const eip = resource("aws:ec2/eip:Eip", "web", { instance: ref(web) });
    const report = costOf(planOf("x", web, eip), { region: "us-east-1", usage: quiet });
    const addresses = report.lines.filter((line) => line.price === "ipv4:address");
    assert.deepEqual(
      addresses.map((line) => line.monthlyUsd),
      [3.65],
    );
  });

  it("splits tasks between Fargate and Spot as ECS does: bases first, then weights", () => {
    const task = resource("aws:ecs/taskDefinition:TaskDefinition", "t", { cpu: 1024, memory: 1024 });
    const service = resource("aws:ecs/service:Service", "s", {
      desiredCount: 4,
      taskDefinition: ref(task, "arn"),
      capacityProviderStrategies: [
        { capacityProvider: "FARGATE", base: 2, weight: 0 },
        { capacityProvider: "FARGATE_SPOT", weight: 1 },
      ],
    });
    const { lines } = costOf(planOf("fargate", task, service), { region: "us-east-1", usage: quiet });
    assert.deepEqual(
      lines.filter((line) => line.price.endsWith(":vcpu")).map((line) => [line.price, line.quantity]),
      [
        ["fargate:x86:vcpu", 1460],
        ["fargate-spot:x86:vcpu", 1460],
      ],
    );
  });

  it("knows at least six regions, and most of them cost differently", () => {
    const regions = pricedRegions();
    const totals = regions.map((region) => costOf(planOf("x", ...ha(region)), { region, usage: quiet }).totalUsd);
    assert.ok(regions.length >= 6, regions.join());
    for (const region of ["ap-northeast-2", "us-east-1"]) assert.ok(regions.includes(region));
    assert.ok(new Set(totals).size >= 5, totals.join());
  });

  it("has the same services in every region", () => {
    const byClass = /^(ec2|rds:postgres|rds:gp2|fargate-spot|ebs:gp2)/;
    const keys = (region: string) =>
      readPrices(region)
        .under("")
        .filter((key) => !byClass.test(key));
    const all = new Set(pricedRegions().flatMap(keys));
    for (const region of pricedRegions()) {
      assert.deepEqual(
        [...all].filter((key) => !readPrices(region).get(key)),
        [],
        region,
      );
    }
  });

  it("tells the region from the provider, or from a subnet's zone", () => {
    assert.equal(planRegion(planOf("x", ...subnets("eu-central-1"))), "eu-central-1");
    assert.equal(
      planRegion(planOf("x", resource("pulumi:providers:aws", "aws", { region: "us-west-2" }))),
      "us-west-2",
    );
    assert.throws(() => planRegion(planOf("x")), /does not tell its region: set aws:region/);
  });

  it("reads schedules as runs a month", () => {
    assert.equal(runsPerMonth("rate(5 minutes)"), 8760);
    assert.equal(runsPerMonth("rate(1 day)"), 730 / 24);
    assert.equal(runsPerMonth("cron(0/15 * * * ? *)"), 2920);
    assert.equal(runsPerMonth("cron(0 3 * * ? *)"), 730 / 24);
  });

  it("calls parts of a network free, and other parts of EC2 unknown", () => {
    assert.match(freeTypes("aws:ec2/subnet:Subnet") ?? "", /free/);
    assert.match(freeTypes("aws:iam/role:Role") ?? "", /free/);
    assert.equal(freeTypes("aws:ec2/host:DedicatedHost"), undefined);
  });

  describe("messages for wrong input", () => {
    const table = (): PriceTable => structuredClone(readPriceTable("us-east-1"));

    it("unknown region", () => {
      const message = /no prices for the region "mars-1". Known: .*ap-northeast-2.*prices update --region mars-1/;
      assert.throws(() => costOf(planOf("x"), { region: "mars-1" }), message);
    });
    it("a price table without a date", () => {
      const broken = table() as unknown as { sources: Record<string, { asOf?: string }> };
      delete broken.sources.quoted?.asOf;
      const message = /us-east-1.json: sources.quoted.asOf: .*needs a source and the date.*prices update/;
      assert.throws(() => parsePriceTable(broken, "us-east-1.json"), message);
    });
    it("a price without a source", () => {
      const broken = table() as unknown as { prices: Record<string, { source?: string }> };
      delete broken.prices["alb:hour"]?.source;
      assert.throws(
        () => parsePriceTable(broken, "x.json"),
        /x.json: prices.alb:hour.source: is missing.*needs a source/,
      );
    });
    it("a price table that holds another region's prices", () => {
      const dir = mkdtempSync(join(tmpdir(), "prices-"));
      try {
        writeFileSync(join(dir, "eu-west-1.json"), JSON.stringify(table()));
        assert.throws(() => readPriceTable("eu-west-1", dir), /eu-west-1\.json holds the prices of us-east-1: rename/);
      } finally {
        rmSync(dir, { recursive: true });
      }
    });
    it("a price that names an unknown source", () => {
      const broken = table();
      (broken.prices["alb:hour"] as { source: string }).source = "hearsay";
      assert.throws(() => parsePriceTable(broken, "x.json"), /alb:hour names the source "hearsay"/);
      assert.throws(() => new PriceBook("us-east-1", [broken]), /alb:hour of us-east-1 has no source/);
    });
    it("a negative price", () => {
      const broken = table();
      (broken.prices["alb:hour"] as { usd: number }).usd = -1;
      assert.throws(() => parsePriceTable(broken, "x.json"), /prices.alb:hour.usd: must not be negative/);
    });
  });
});
