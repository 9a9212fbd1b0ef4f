import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type UpdateResult, updateDocument, updatePrices } from "../../../../cli/commands/look/prices";
import { byHand, offers, splitCsv } from "../../../../insight/cost/offers";
import {
  PRICES_DIR,
  type PriceTable,
  pricedRegions,
  readPrices,
  readPriceTable,
} from "../../../../insight/cost/price-book";
import { toTerminal } from "../../../../output/terminal";

const COLUMNS = [
  "SKU",
  "OfferTermCode",
  "RateCode",
  "TermType",
  "PriceDescription",
  "EffectiveDate",
  "StartingRange",
  "EndingRange",
  "Unit",
  "PricePerUnit",
  "Currency",
  "Product Family",
  "serviceCode",
  "Location",
  "Instance Type",
  "Tenancy",
  "Operating System",
  "Pre Installed S/W",
  "CapacityStatus",
  "Database Engine",
  "usageType",
  "operation",
];

/** What a person reads of an update. */
const shownOf = (result: UpdateResult | undefined) => {
  assert.ok(result);
  return stripVTControlCharacters(toTerminal(updateDocument([result], false)));
};

type Row = Partial<Record<(typeof COLUMNS)[number], string>>;

/** A small offer file in the documented shape. */
function offerFile(offer: string, published: string, rows: readonly Row[]): string {
  const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
  const defaults: Row = { TermType: "OnDemand", Currency: "USD", StartingRange: "0", EndingRange: "Inf" };
  const lines = [
    ["FormatVersion", "v1.0"],
    [
      "Disclaimer",
      'This pricing list is for informational purposes only. All prices, "and terms", are subject to change.',
    ],
    ["Publication Date", `${published}T12:00:00Z`],
    ["Version", "20261101000000"],
    ["OfferCode", offer],
    COLUMNS,
    ...rows.map((row) => COLUMNS.map((name) => ({ ...defaults, ...row })[name] ?? "")),
  ];
  return `${lines.map((line) => line.map(quote).join(",")).join("\n")}\n`;
}

const LINUX: Row = {
  Tenancy: "Shared",
  "Operating System": "Linux",
  "Pre Installed S/W": "NA",
  CapacityStatus: "Used",
};
const t3 = (more: Row): Row => ({
  ...LINUX,
  usageType: "APN2-BoxUsage:t3.medium",
  "Instance Type": "t3.medium",
  PricePerUnit: "0.0540000000",
  ...more,
});

const recorded: Record<string, readonly Row[]> = {
  AmazonEC2: [
    t3({}),
    t3({ "Operating System": "Windows", PricePerUnit: "0.9" }),
    t3({ Tenancy: "Dedicated", PricePerUnit: "0.9" }),
    t3({ CapacityStatus: "UnusedCapacityReservation", PricePerUnit: "0.9" }),
    t3({ "Pre Installed S/W": "SQL Web", PricePerUnit: "0.9" }),
    t3({ TermType: "Reserved", PricePerUnit: "0.03" }),
    t3({ usageType: "APN2-BoxUsage:p5.48xlarge", PricePerUnit: "98.32" }),
    { usageType: "APN2-EBS:VolumeUsage.gp3", PricePerUnit: "0.0912000000" },
  ],
  AmazonRDS: [
    {
      usageType: "APN2-InstanceUsage:db.r6g.xl",
      "Instance Type": "db.r6g.xlarge",
      "Database Engine": "PostgreSQL",
      PricePerUnit: "0.547",
    },
    {
      usageType: "APN2-InstanceUsage:db.r6g.xl",
      "Instance Type": "db.r6g.xlarge",
      "Database Engine": "Oracle",
      PricePerUnit: "2.5",
    },
    {
      usageType: "APN2-Multi-AZUsage:db.t4g.micro",
      "Instance Type": "db.t4g.micro",
      "Database Engine": "PostgreSQL",
      PricePerUnit: "0.0510000000",
    },
  ],
  AWSELB: [
    { usageType: "APN2-LoadBalancerUsage", operation: "LoadBalancing", PricePerUnit: "0.025" },
    { usageType: "APN2-LoadBalancerUsage", operation: "LoadBalancing:Application", PricePerUnit: "0.0225" },
  ],
  AWSDataTransfer: [
    { usageType: "APN2-DataTransfer-Out-Bytes", StartingRange: "10240", PricePerUnit: "0.122" },
    { usageType: "APN2-DataTransfer-Out-Bytes", StartingRange: "0", PricePerUnit: "0.126" },
    { usageType: "APN2-USE1-AWS-Out-Bytes", PricePerUnit: "0.08" },
  ],
  AmazonCloudWatch: [
    { usageType: "APN2-CW:AlarmMonitorUsage", PricePerUnit: "0" },
    { usageType: "APN2-CW:AlarmMonitorUsage", StartingRange: "10", PricePerUnit: "0.10" },
  ],
  AmazonRoute53: [
    { usageType: "HostedZone", PricePerUnit: "0.50" },
    { usageType: "HostedZone", StartingRange: "25", PricePerUnit: "0.10" },
  ],
};

/** Offer and usage type of each price as AWS writes them, `~` for the region's prefix. */
const usageTypes: Record<string, readonly [offer: string, usageType: string, more?: Row]> = {
  "ebs:gp2": ["AmazonEC2", "~EBS:VolumeUsage.gp2"],
  "ebs:gp3": ["AmazonEC2", "~EBS:VolumeUsage.gp3"],
  "ebs:gp3-iops": ["AmazonEC2", "~EBS:VolumeP-IOPS.gp3"],
  "ebs:gp3-throughput": ["AmazonEC2", "~EBS:VolumeP-Throughput.gp3", { Unit: "GiBps-mo" }],
  "ebs:snapshot": ["AmazonEC2", "~EBS:SnapshotUsage"],
  "nat:hour": ["AmazonEC2", "~NatGateway-Hours"],
  "nat:gb": ["AmazonEC2", "~NatGateway-Bytes"],
  "ipv4:address": ["AmazonVPC", "~PublicIPv4:InUseAddress"],
  "vpce:hour": ["AmazonVPC", "~VpcEndpoint-Hours"],
  "vpce:gb": ["AmazonVPC", "~VpcEndpoint-Bytes"],
  "alb:hour": ["AWSELB", "~LoadBalancerUsage", { operation: "LoadBalancing:Application" }],
  "alb:lcu": ["AWSELB", "~LCUUsage", { operation: "LoadBalancing:Application" }],
  "fargate:x86:vcpu": ["AmazonECS", "~Fargate-vCPU-Hours:perCPU"],
  "fargate:x86:gb": ["AmazonECS", "~Fargate-GB-Hours"],
  "fargate:arm:vcpu": ["AmazonECS", "~Fargate-ARM-vCPU-Hours:perCPU"],
  "fargate:arm:gb": ["AmazonECS", "~Fargate-ARM-GB-Hours"],
  "fargate:storage": ["AmazonECS", "~Fargate-EphemeralStorage-GB-Hours"],
  "rds:gp3:single": ["AmazonRDS", "~RDS:GP3-Storage", { "Database Engine": "PostgreSQL" }],
  "rds:gp3:multi": ["AmazonRDS", "~RDS:Multi-AZ-GP3-Storage", { "Database Engine": "PostgreSQL" }],
  "rds:gp2:single": ["AmazonRDS", "~RDS:GP2-Storage", { "Database Engine": "PostgreSQL" }],
  "rds:gp2:multi": ["AmazonRDS", "~RDS:Multi-AZ-GP2-Storage", { "Database Engine": "PostgreSQL" }],
  "rds:backup": ["AmazonRDS", "~RDS:ChargedBackupUsage", { "Database Engine": "PostgreSQL" }],
  "backup:rds": ["AmazonRDS", "~RDS:ChargedBackupUsage", { "Database Engine": "PostgreSQL" }],
  "cloudwatch:alarm": ["AmazonCloudWatch", "~CW:AlarmMonitorUsage"],
  "cloudwatch:alarm-high-resolution": ["AmazonCloudWatch", "~CW:HighResAlarmMonitorUsage"],
  "cloudwatch:composite-alarm": ["AmazonCloudWatch", "~CW:CompositeAlarmMonitorUsage"],
  "cloudwatch:metric": ["AmazonCloudWatch", "~CW:MetricMonitorUsage"],
  "cloudwatch:dashboard": ["AmazonCloudWatch", "DashboardsUsageHour"],
  "logs:ingest": ["AmazonCloudWatch", "~DataProcessing-Bytes", { operation: "PutLogEvents" }],
  "logs:store": ["AmazonCloudWatch", "~TimedStorage-ByteHrs"],
  "logs:query": ["AmazonCloudWatch", "~DataScanned-Bytes"],
  "s3:standard": ["AmazonS3", "~TimedStorage-ByteHrs"],
  "s3:write": ["AmazonS3", "~Requests-Tier1"],
  "s3:read": ["AmazonS3", "~Requests-Tier2"],
  "ecr:storage": ["AmazonECR", "~TimedStorage-ByteHrs"],
  "transfer:out": ["AWSDataTransfer", "~DataTransfer-Out-Bytes"],
  "transfer:zone": ["AWSDataTransfer", "~DataTransfer-Regional-Bytes"],
  "lambda:request": ["AWSLambda", "~Request"],
  "lambda:x86": ["AWSLambda", "~Lambda-GB-Second"],
  "lambda:arm": ["AWSLambda", "~Lambda-GB-Second-ARM"],
  "secrets:secret": ["AWSSecretsManager", "~AWSSecretsManager-Secrets"],
  "secrets:request": ["AWSSecretsManager", "~AWSSecretsManagerAPIRequest"],
  "kms:key": ["awskms", "us-east-1-KMS-Keys"],
  "kms:request": ["awskms", "us-east-1-KMS-Requests"],
  "waf:acl": ["awswaf", "~WebACLV2"],
  "waf:rule": ["awswaf", "~RuleV2"],
  "waf:request": ["awswaf", "~RequestV2-Tier1"],
  "sns:publish": ["AmazonSNS", "~Requests-Tier1"],
  "sns:email": ["AmazonSNS", "~DeliveryAttempts-SMTP"],
  "scheduler:invocation": ["AWSEvents", "~ScheduledInvocation"],
  "route53:zone": ["AmazonRoute53", "HostedZone"],
  "route53:query": ["AmazonRoute53", "DNS-Queries"],
  "route53:latency-query": ["AmazonRoute53", "LBR-Queries"],
  "route53:health-check-aws": ["AmazonRoute53", "Health-Check-AWS"],
  "route53:health-check": ["AmazonRoute53", "Health-Check-Non-AWS"],
  "route53:health-check-option-aws": ["AmazonRoute53", "Health-Check-Option-AWS"],
  "route53:health-check-option": ["AmazonRoute53", "Health-Check-Option-Non-AWS"],
  "budgets:action-day": ["AWSBudgets", "ActionEnabledBudgetsUsage"],
};

/** The row that lists a price of a table, beside the rows that only look like it. */
function listed(key: string, usd: number): readonly [offer: string, usageType: string, more: Row] | undefined {
  const scale = key === "ebs:gp3-throughput" ? 1024 : 1;
  const PricePerUnit = String(Number((usd * scale).toPrecision(12)));
  const type = key.split(":").at(-1) as string;
  if (key.startsWith("ec2:")) return ["AmazonEC2", `~BoxUsage:${type}`, { ...LINUX, PricePerUnit }];
  const database = /^rds:postgres:(single|multi):/.exec(key)?.[1];
  if (database) {
    const more = { "Database Engine": "PostgreSQL", "Instance Type": type, PricePerUnit };
    return ["AmazonRDS", `~${database === "multi" ? "Multi-AZUsage" : "InstanceUsage"}:${type}`, more];
  }
  const known = usageTypes[key];
  return known && [known[0], known[1], { ...known[2], PricePerUnit }];
}

const PREFIXES: Record<string, string> = {
  "ap-northeast-1": "APN1-",
  "ap-northeast-2": "APN2-",
  "ap-southeast-1": "APS1-",
  "eu-central-1": "EUC1-",
  "eu-west-1": "EU-",
  "us-east-1": "",
  "us-west-2": "USW2-",
};

/** Offer files that list just what a table says. */
function filesOf(table: PriceTable): (url: string) => Promise<Response> {
  const rows: Record<string, Row[]> = {};
  for (const [key, { usd }] of Object.entries(table.prices)) {
    const [offer, usage, more] = listed(key, usd) ?? [];
    if (offer === undefined) continue;
    const usageType = usage?.replace("~", PREFIXES[table.region] ?? "");
    rows[offer] = [...(rows[offer] ?? []), { ...more, usageType }];
  }
  return async (url) => {
    const offer = url.split("/")[6] as string;
    return new Response(offerFile(offer, "2026-11-02", rows[offer] ?? []));
  };
}

describe("platform prices update", () => {
  let dir: string;
  const asked: string[] = [];
  const serve = async (url: string): Promise<Response> => {
    asked.push(url);
    const offer = url.split("/")[6] as string;
    return new Response(offerFile(offer, "2026-11-02", recorded[offer] ?? []));
  };

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "prices-"));
    cpSync(PRICES_DIR, dir, { recursive: true });
    asked.length = 0;
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it("takes prices, dates and sources from AWS's offer files", async () => {
    const [result] = await updatePrices({ regions: ["ap-northeast-2"], fetch: serve, dir });
    const book = readPrices("ap-northeast-2", dir);
    assert.equal(book.get("ec2:t3.medium")?.usd, 0.054);
    assert.equal(book.get("ec2:t3.medium")?.asOf, "2026-11-02");
    assert.equal(book.get("ec2:t3.medium")?.verified, true);
    assert.match(book.get("ec2:t3.medium")?.source ?? "", /AWS Price List, AmazonEC2/);
    assert.equal(book.get("rds:postgres:single:db.r6g.xlarge")?.usd, 0.547);
    assert.equal(book.get("alb:hour")?.usd, 0.0225);
    assert.equal(book.get("transfer:out")?.usd, 0.126);
    assert.equal(book.get("cloudwatch:alarm")?.usd, 0.1);
    assert.equal(book.get("ec2:p5.48xlarge"), undefined);
    assert.deepEqual(result?.changes, [
      { region: "ap-northeast-2", key: "ec2:t3.medium", before: 0.052, after: 0.054 },
      { region: "ap-northeast-2", key: "rds:postgres:single:db.r6g.xlarge", after: 0.547 },
    ]);
    assert.ok(
      asked.includes(
        "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/ap-northeast-2/index.csv",
      ),
    );
    const shown = shownOf(result);
    assert.match(shown, /t3\.medium.*\$0\.052.*\$0\.054.*\+3\.8 %/);
  });

  it("keeps what AWS does not list, with its own source and date", async () => {
    const before = readPriceTable("global", dir).prices["vercel:pro-seat"];
    const [result] = await updatePrices({ regions: ["global"], fetch: serve, dir });
    assert.deepEqual(readPriceTable("global", dir).prices["vercel:pro-seat"], before);
    assert.ok(result?.kept.includes("vercel:pro-seat"));
    assert.equal(readPriceTable("global", dir).prices["route53:zone"]?.usd, 0.5);
  });

  for (const region of ["global", ...pricedRegions()]) {
    it(`finds every price of ${region} but those that are looked up by hand`, async () => {
      const table = readPriceTable(region, dir);
      const [result] = await updatePrices({ regions: [region], fetch: filesOf(table), dir });
      assert.deepEqual(result?.changes, []);
      const manual = Object.keys(table.prices).filter((key) => byHand.some(({ keys }) => keys.test(key)));
      assert.deepEqual([...(result?.kept ?? [])].sort(), manual.sort());
      const shown = shownOf(result);
      assert.match(
        shown,
        region === "global" ? /vercel:pro-seat.*\(on Vercel's pricing page\)/ : /by hand\n.*• ssm:automation-step \(/s,
      );
      assert.doesNotMatch(shown, /should list them/);
    });
  }

  it("names what AWS's files no longer list where they did", async () => {
    const table = readPriceTable("us-east-1", dir);
    const { "alb:lcu": _, ...prices } = table.prices;
    const [result] = await updatePrices({ regions: ["us-east-1"], fetch: filesOf({ ...table, prices }), dir });
    const shown = shownOf(result);
    assert.match(shown, /Not found in the files that should list them, so kept: alb:lcu\n/);
  });

  it("takes a usage type that begins like a region's for what it is", async () => {
    const rows: Record<string, Row[]> = {
      AWSELB: [
        { usageType: "TS-LoadBalancerUsage", operation: "LoadBalancing:Application", PricePerUnit: "0.0056" },
        { usageType: "LoadBalancerUsage", operation: "LoadBalancing:Application", PricePerUnit: "0.0225" },
      ],
      AWSSecretsManager: [
        { usageType: "AWSSecretsManager-Secret", PricePerUnit: "0.4" },
        { usageType: "AWSSecretsManager-APIRequests", PricePerUnit: "0.000005" },
      ],
      AmazonEC2: [{ usageType: "EBS:VolumeP-Throughput.gp3", Unit: "GiBps-mo", PricePerUnit: "40.96" }],
    };
    const fetch = async (url: string) => {
      const offer = url.split("/")[6] as string;
      return new Response(offerFile(offer, "2026-11-02", rows[offer] ?? []));
    };
    await updatePrices({ regions: ["us-east-1"], fetch, dir });
    const { prices } = readPriceTable("us-east-1", dir);
    assert.equal(prices["alb:hour"]?.usd, 0.0225);
    assert.equal(prices["ebs:gp3-throughput"]?.usd, 0.04);
    assert.equal(prices["secrets:secret"]?.source, "AWSSecretsManager");
    assert.equal(prices["secrets:request"]?.source, "AWSSecretsManager");
  });

  it("writes nothing on a dry run", async () => {
    const file = join(dir, "ap-northeast-2.json");
    const before = readFileSync(file, "utf8");
    const [result] = await updatePrices({ regions: ["ap-northeast-2"], fetch: serve, dir, dryRun: true });
    assert.equal(result?.changes.length, 2);
    assert.equal(readFileSync(file, "utf8"), before);
  });

  it("makes a file for a region that has none", async () => {
    await updatePrices({ regions: ["sa-east-1"], fetch: serve, dir });
    assert.equal(readPrices("sa-east-1", dir).get("ec2:t3.medium")?.usd, 0.054);
  });

  it("leaves the file alone when one of the offers fails", async () => {
    const file = join(dir, "us-east-1.json");
    const before = readFileSync(file, "utf8");
    const failing = async (url: string) =>
      url.includes("/AmazonS3/") ? new Response("", { status: 404 }) : serve(url);
    const message = /AmazonS3.*answered 404\. Is the region's name right\? No price file was changed for us-east-1/;
    await assert.rejects(updatePrices({ regions: ["us-east-1"], fetch: failing, dir }), message);
    const broken = async () => new Response("<html>maintenance</html>");
    await assert.rejects(
      updatePrices({ regions: ["us-east-1"], fetch: broken, dir }),
      /not in AWS's documented CSV format/,
    );
    const offline = async () => Promise.reject(new Error("ENOTFOUND"));
    await assert.rejects(updatePrices({ regions: ["us-east-1"], fetch: offline, dir }), /cannot be reached: ENOTFOUND/);
    assert.equal(readFileSync(file, "utf8"), before);
  });

  it("reads quoted fields with commas and quotes", () => {
    assert.deepEqual(splitCsv('"a","b ""c"", d",,e'), ["a", 'b "c", d', "", "e"]);
  });

  it("asks for the files of every service once", () => {
    const urls = offers("ap-northeast-2").map((offer) => offer.url);
    assert.equal(new Set(urls).size, urls.length);
  });
});
