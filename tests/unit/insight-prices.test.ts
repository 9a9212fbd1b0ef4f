import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderUpdate, updatePrices } from "../../cli/prices";
import { offers, splitCsv } from "../../insight/offers";
import { PRICES_DIR, readPrices, readPriceTable } from "../../insight/prices";

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
    const shown = renderUpdate([result as NonNullable<typeof result>], false);
    assert.match(shown, /t3\.medium.*\$0\.052.*\$0\.054.*\+3\.8 %/);
  });

  it("keeps what AWS does not list, with its own source and date", async () => {
    const before = readPriceTable("global", dir).prices["vercel:pro-seat"];
    const [result] = await updatePrices({ regions: ["global"], fetch: serve, dir });
    assert.deepEqual(readPriceTable("global", dir).prices["vercel:pro-seat"], before);
    assert.ok(result?.kept.includes("vercel:pro-seat"));
    assert.equal(readPriceTable("global", dir).prices["route53:zone"]?.usd, 0.5);
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
