import { UserError } from "../../core/errors";
import type { PriceTable } from "./price-book";

/**
 * How a price of the table is found in AWS's price list: the offer file of a service, and what a row says.
 * Format: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html (CSV: five lines about the
 * file, a header, one row a price). Usage types are compared without the region's prefix (`APN2-`, `EU-`, `USE1-`).
 */
interface Rule {
  /** Usage type without prefix; a capture group becomes `$1` of the key. */
  readonly usage: RegExp;
  readonly key: string;
  readonly unit: string;
  /** Further columns and what they must be. */
  readonly where?: Readonly<Record<string, RegExp>>;
  /** How many of the table's units make one of AWS's, by AWS's unit. @default 1 */
  readonly per?: Readonly<Record<string, number>>;
}

const LINUX = {
  "Operating System": /^Linux$/,
  Tenancy: /^Shared$/,
  "Pre Installed S/W": /^NA$/,
  CapacityStatus: /^Used$/,
};
const POSTGRES = { "Database Engine": /^PostgreSQL$/ };
const STORAGE = { "Database Engine": /^(PostgreSQL|Any)$/ };
const ALB = { operation: /^LoadBalancing:Application$/ };

/** Instance families that the architectures use; the whole list has some 900 types. */
const FAMILIES = "t3|t3a|t4g|m5|m6g|m7g|m7i|c7g|r6g|r7g";

/** Rules by the service whose file they read. */
type Offers = Readonly<Record<string, readonly Rule[]>>;

const rule = (usage: RegExp, key: string, unit: string, more: Pick<Rule, "where" | "per"> = {}): Rule => ({
  usage,
  key,
  unit,
  ...more,
});

const REGIONAL: Offers = {
  AmazonEC2: [
    rule(new RegExp(`^BoxUsage:((?:${FAMILIES})\\.\\w+)$`), "ec2:$1", "hour", { where: LINUX }),
    rule(/^EBS:VolumeUsage\.(gp2|gp3)$/, "ebs:$1", "GB-month"),
    rule(/^EBS:VolumeP-IOPS\.gp3$/, "ebs:gp3-iops", "IOPS-month"),
    rule(/^EBS:VolumeP-Throughput\.gp3$/, "ebs:gp3-throughput", "MBps-month", { per: { "GiBps-mo": 1024 } }),
    rule(/^EBS:SnapshotUsage$/, "ebs:snapshot", "GB-month"),
    rule(/^NatGateway-Hours$/, "nat:hour", "hour"),
    rule(/^NatGateway-Bytes$/, "nat:gb", "GB"),
  ],
  AmazonVPC: [
    rule(/^PublicIPv4:InUseAddress$/, "ipv4:address", "hour"),
    rule(/^VpcEndpoint-Hours$/, "vpce:hour", "hour"),
    rule(/^VpcEndpoint-Bytes$/, "vpce:gb", "GB"),
  ],
  AWSELB: [
    rule(/^LoadBalancerUsage$/, "alb:hour", "hour", { where: ALB }),
    rule(/^LCUUsage$/, "alb:lcu", "LCU-hour", { where: ALB }),
  ],
  AmazonECS: [
    rule(/^Fargate-vCPU-Hours:perCPU$/, "fargate:x86:vcpu", "vCPU-hour"),
    rule(/^Fargate-GB-Hours$/, "fargate:x86:gb", "GB-hour"),
    rule(/^Fargate-ARM-vCPU-Hours:perCPU$/, "fargate:arm:vcpu", "vCPU-hour"),
    rule(/^Fargate-ARM-GB-Hours$/, "fargate:arm:gb", "GB-hour"),
    rule(/^Fargate-EphemeralStorage-GB-Hours$/, "fargate:storage", "GB-hour"),
  ],
  AmazonRDS: [
    rule(/^InstanceUsage:(db\.[\w.]+)$/, "rds:postgres:single:$type", "hour", { where: POSTGRES }),
    rule(/^Multi-AZUsage:(db\.[\w.]+)$/, "rds:postgres:multi:$type", "hour", { where: POSTGRES }),
    rule(/^RDS:GP3-Storage$/, "rds:gp3:single", "GB-month", { where: STORAGE }),
    rule(/^RDS:Multi-AZ-GP3-Storage$/, "rds:gp3:multi", "GB-month", { where: STORAGE }),
    rule(/^RDS:GP2-Storage$/, "rds:gp2:single", "GB-month", { where: STORAGE }),
    rule(/^RDS:Multi-AZ-GP2-Storage$/, "rds:gp2:multi", "GB-month", { where: STORAGE }),
    rule(/^RDS:ChargedBackupUsage$/, "rds:backup", "GB-month", { where: STORAGE }),
    // AWS Backup has no price of its own for RDS: its recovery points are billed as the database's backups.
    rule(/^RDS:ChargedBackupUsage$/, "backup:rds", "GB-month", { where: STORAGE }),
  ],
  AmazonCloudWatch: [
    rule(/^CW:AlarmMonitorUsage$/, "cloudwatch:alarm", "month"),
    rule(/^CW:HighResAlarmMonitorUsage$/, "cloudwatch:alarm-high-resolution", "month"),
    rule(/^CW:CompositeAlarmMonitorUsage$/, "cloudwatch:composite-alarm", "month"),
    rule(/^CW:MetricMonitorUsage$/, "cloudwatch:metric", "month"),
    rule(/^DataProcessing-Bytes$/, "logs:ingest", "GB", { where: { operation: /^PutLogEvents$/ } }),
    rule(/^TimedStorage-ByteHrs$/, "logs:store", "GB-month"),
    rule(/^DataScanned-Bytes$/, "logs:query", "GB"),
  ],
  AmazonS3: [
    rule(/^TimedStorage-ByteHrs$/, "s3:standard", "GB-month"),
    rule(/^Requests-Tier1$/, "s3:write", "request"),
    rule(/^Requests-Tier2$/, "s3:read", "request"),
  ],
  AmazonECR: [rule(/^TimedStorage-ByteHrs$/, "ecr:storage", "GB-month")],
  AWSDataTransfer: [
    rule(/^DataTransfer-Out-Bytes$/, "transfer:out", "GB"),
    rule(/^DataTransfer-Regional-Bytes$/, "transfer:zone", "GB"),
  ],
  AWSLambda: [
    rule(/^Request$/, "lambda:request", "request"),
    rule(/^Lambda-GB-Second$/, "lambda:x86", "GB-second"),
    rule(/^Lambda-GB-Second-ARM$/, "lambda:arm", "GB-second"),
  ],
  AWSSecretsManager: [
    rule(/^AWSSecretsManager-Secrets?$/, "secrets:secret", "month"),
    rule(/^AWSSecretsManager-?APIRequests?$/, "secrets:request", "request"),
  ],
  awskms: [rule(/^KMS-Keys$/, "kms:key", "month"), rule(/^KMS-Requests$/, "kms:request", "request")],
  awswaf: [
    rule(/^WebACLV2$/, "waf:acl", "month"),
    rule(/^RuleV2$/, "waf:rule", "month"),
    rule(/^RequestV2-(?:Tier1|48KB)$/, "waf:request", "request"),
  ],
  AmazonSNS: [
    rule(/^Requests-Tier1$/, "sns:publish", "request"),
    rule(/^DeliveryAttempts-SMTP$/, "sns:email", "message"),
  ],
  AWSEvents: [rule(/^ScheduledInvocation$/, "scheduler:invocation", "invocation")],
};

const GLOBAL: Offers = {
  AmazonRoute53: [
    rule(/^HostedZone$/, "route53:zone", "month"),
    rule(/^DNS-Queries$/, "route53:query", "query"),
    rule(/^LBR-Queries$/, "route53:latency-query", "query"),
    rule(/^Health-Check-AWS$/, "route53:health-check-aws", "month"),
    rule(/^Health-Check-Non-AWS$/, "route53:health-check", "month"),
    rule(/^Health-Check-Option-AWS$/, "route53:health-check-option-aws", "month"),
    rule(/^Health-Check-Option-Non-AWS$/, "route53:health-check-option", "month"),
  ],
  AmazonCloudWatch: [rule(/^DashboardsUsageHour$/, "cloudwatch:dashboard", "month")],
  AWSBudgets: [rule(/^ActionEnabledBudgetsUsage$/, "budgets:action-day", "day")],
};

const offersOf = (region: string): Offers => (region === "global" ? GLOBAL : REGIONAL);

/** Prices that no rule reads, and why: an update leaves them, and a person looks them up. */
export const byHand: readonly { readonly keys: RegExp; readonly why: string }[] = [
  { keys: /^fargate-spot:/, why: "Spot prices are not in AWS's price list" },
  { keys: /^sns:sms:/, why: "AWS lists SMS by country in a file of its own" },
  { keys: /^ssm:automation-step$/, why: "its usage type is not known" },
  { keys: /^vercel:/, why: "on Vercel's pricing page" },
  { keys: /^uptimerobot:/, why: "on UptimeRobot's pricing page" },
];

const BASE = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws";

/** The offer files of a region, or of the services with one price everywhere. */
export function offers(region: string): { offer: string; url: string }[] {
  const folder = region === "global" ? "current" : `current/${region}`;
  return Object.keys(offersOf(region)).map((offer) => ({ offer, url: `${BASE}/${offer}/${folder}/index.csv` }));
}

/** Splits one CSV line; a quote inside a quoted field is doubled. */
export function splitCsv(line: string): string[] {
  const fields: string[] = [];
  let field = "";
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const char = line[i];
    if (char === '"' && quoted && line[i + 1] === '"') {
      field += '"';
      i++;
    } else if (char === '"') quoted = !quoted;
    else if (char === "," && !quoted) {
      fields.push(field);
      field = "";
    } else field += char;
  }
  return [...fields, field];
}

/** Only a region's prefix goes: `DNS-Queries` and `TS-LoadBalancerUsage` (a trust store) begin like one. KMS writes regions out. */
const REGION = /^(?:EU|(?:US[EW]|UG[EW]|CAN|MXC|SAE|EU[CNSW]|AFS|AP[ENS]|IL[CE]|ME[CS])\d|[a-z]{2}-[a-z]+-\d)-/;
const withoutRegion = (usageType: string): string => usageType.replace(REGION, "");

/** What one offer file says. */
export interface OfferPrices {
  readonly offer: string;
  /** Day on which AWS published the file, `YYYY-MM-DD`. */
  readonly published: string;
  readonly prices: ReadonlyMap<string, { readonly usd: number; readonly unit: string }>;
}

/**
 * Reads an offer file line by line: the one of EC2 has hundreds of MB, so it is never held whole. Of the tiers of a
 * price the first that is not free counts.
 * @throws Error if the file is not in the documented format.
 */
export async function readOffer(offer: string, region: string, lines: AsyncIterable<string>): Promise<OfferPrices> {
  const rules = offersOf(region)[offer] ?? [];
  const best = new Map<string, { usd: number; unit: string; start: number }>();
  let published: string | undefined;
  let column: ((name: string) => number) | undefined;
  for await (const line of lines) {
    if (!column) {
      const fields = splitCsv(line);
      if (fields[0] === "Publication Date") published = fields[1]?.slice(0, 10);
      if (fields[0] === "SKU") {
        const index = new Map(fields.map((name, position) => [name.toLowerCase(), position]));
        column = (name) => index.get(name.toLowerCase()) ?? -1;
      }
      continue;
    }
    if (!line.includes('"OnDemand"')) continue;
    const fields = splitCsv(line);
    const cell = (name: string): string => fields[column?.(name) ?? -1] ?? "";
    const listed = Number(cell("PricePerUnit"));
    const usage = withoutRegion(cell("usageType"));
    if (cell("Currency") !== "USD" || !(listed > 0)) continue;
    for (const rule of rules) {
      if (!rule.usage.test(usage)) continue;
      if (!Object.entries(rule.where ?? {}).every(([name, expected]) => expected.test(cell(name)))) continue;
      const captured = rule.usage.exec(usage)?.[1] ?? "";
      const key = rule.key.replace("$type", cell("Instance Type")).replace("$1", captured);
      const start = Number(cell("StartingRange")) || 0;
      const usd = Number((listed / (rule.per?.[cell("Unit")] ?? 1)).toPrecision(12));
      const known = best.get(key);
      if (!known || start < known.start) best.set(key, { usd, unit: rule.unit, start });
    }
  }
  if (!column || !published) {
    throw new UserError(
      `The offer file of ${offer} for ${region} is not in AWS's documented CSV format: no header or date.`,
    );
  }
  return { offer, published, prices: best };
}

/** One price that an update changed, added or could not find. */
export interface PriceChange {
  readonly region: string;
  readonly key: string;
  readonly before?: number;
  readonly after?: number;
}

/**
 * A table with the prices of these offers in place of its own. What AWS's files do not hold (Vercel, SMS, Spot) keeps its
 * figure, its source and its date.
 */
export function mergeOffers(
  table: PriceTable,
  found: readonly (OfferPrices & { url: string })[],
): { table: PriceTable; changes: PriceChange[]; kept: string[] } {
  const sources = { ...table.sources };
  const prices = { ...table.prices };
  const changes: PriceChange[] = [];
  const renewed = new Set<string>();
  for (const { offer, published, url, prices: offered } of found) {
    if (offered.size === 0) continue;
    sources[offer] = { title: `AWS Price List, ${offer}`, url, asOf: published, verified: true };
    for (const [key, { usd, unit }] of offered) {
      const before = prices[key]?.usd;
      if (before !== usd)
        changes.push({ region: table.region, key, ...(before === undefined ? {} : { before }), after: usd });
      prices[key] = { usd, unit, source: offer };
      renewed.add(key);
    }
  }
  const used = new Set(Object.values(prices).map((price) => price.source));
  return {
    table: {
      ...table,
      sources: Object.fromEntries(Object.entries(sources).filter(([name]) => used.has(name))),
      prices: Object.fromEntries(Object.entries(prices).sort(([a], [b]) => a.localeCompare(b))),
    },
    changes,
    kept: Object.keys(prices).filter((key) => !renewed.has(key)),
  };
}
