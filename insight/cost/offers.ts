import { UserError } from "../../core/errors";
import type { PriceTable } from "./price-book";

/**
 * How a price of the table is found in AWS's price list: the offer file of a service, and what a row says.
 * Format: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html (CSV: five lines about the
 * file, a header, one row a price). Usage types are compared without the region's prefix (`APN2-`, `EU-`, `USE1-`).
 */
interface Rule {
  readonly offer: string;
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

const REGIONAL: readonly Rule[] = [
  {
    offer: "AmazonEC2",
    usage: new RegExp(`^BoxUsage:((?:${FAMILIES})\\.\\w+)$`),
    key: "ec2:$1",
    unit: "hour",
    where: LINUX,
  },
  { offer: "AmazonEC2", usage: /^EBS:VolumeUsage\.(gp2|gp3)$/, key: "ebs:$1", unit: "GB-month" },
  { offer: "AmazonEC2", usage: /^EBS:VolumeP-IOPS\.gp3$/, key: "ebs:gp3-iops", unit: "IOPS-month" },
  {
    offer: "AmazonEC2",
    usage: /^EBS:VolumeP-Throughput\.gp3$/,
    key: "ebs:gp3-throughput",
    unit: "MBps-month",
    per: { "GiBps-mo": 1024 },
  },
  { offer: "AmazonEC2", usage: /^EBS:SnapshotUsage$/, key: "ebs:snapshot", unit: "GB-month" },
  { offer: "AmazonEC2", usage: /^NatGateway-Hours$/, key: "nat:hour", unit: "hour" },
  { offer: "AmazonEC2", usage: /^NatGateway-Bytes$/, key: "nat:gb", unit: "GB" },
  { offer: "AmazonVPC", usage: /^PublicIPv4:InUseAddress$/, key: "ipv4:address", unit: "hour" },
  { offer: "AmazonVPC", usage: /^VpcEndpoint-Hours$/, key: "vpce:hour", unit: "hour" },
  { offer: "AmazonVPC", usage: /^VpcEndpoint-Bytes$/, key: "vpce:gb", unit: "GB" },
  { offer: "AWSELB", usage: /^LoadBalancerUsage$/, key: "alb:hour", unit: "hour", where: ALB },
  { offer: "AWSELB", usage: /^LCUUsage$/, key: "alb:lcu", unit: "LCU-hour", where: ALB },
  { offer: "AmazonECS", usage: /^Fargate-vCPU-Hours:perCPU$/, key: "fargate:x86:vcpu", unit: "vCPU-hour" },
  { offer: "AmazonECS", usage: /^Fargate-GB-Hours$/, key: "fargate:x86:gb", unit: "GB-hour" },
  { offer: "AmazonECS", usage: /^Fargate-ARM-vCPU-Hours:perCPU$/, key: "fargate:arm:vcpu", unit: "vCPU-hour" },
  { offer: "AmazonECS", usage: /^Fargate-ARM-GB-Hours$/, key: "fargate:arm:gb", unit: "GB-hour" },
  { offer: "AmazonECS", usage: /^Fargate-EphemeralStorage-GB-Hours$/, key: "fargate:storage", unit: "GB-hour" },
  {
    offer: "AmazonRDS",
    usage: /^InstanceUsage:(db\.[\w.]+)$/,
    key: "rds:postgres:single:$type",
    unit: "hour",
    where: POSTGRES,
  },
  {
    offer: "AmazonRDS",
    usage: /^Multi-AZUsage:(db\.[\w.]+)$/,
    key: "rds:postgres:multi:$type",
    unit: "hour",
    where: POSTGRES,
  },
  { offer: "AmazonRDS", usage: /^RDS:GP3-Storage$/, key: "rds:gp3:single", unit: "GB-month", where: STORAGE },
  { offer: "AmazonRDS", usage: /^RDS:Multi-AZ-GP3-Storage$/, key: "rds:gp3:multi", unit: "GB-month", where: STORAGE },
  { offer: "AmazonRDS", usage: /^RDS:GP2-Storage$/, key: "rds:gp2:single", unit: "GB-month", where: STORAGE },
  { offer: "AmazonRDS", usage: /^RDS:Multi-AZ-GP2-Storage$/, key: "rds:gp2:multi", unit: "GB-month", where: STORAGE },
  { offer: "AmazonRDS", usage: /^RDS:ChargedBackupUsage$/, key: "rds:backup", unit: "GB-month", where: STORAGE },
  // AWS Backup has no price of its own for RDS: its recovery points are billed as the database's backups.
  { offer: "AmazonRDS", usage: /^RDS:ChargedBackupUsage$/, key: "backup:rds", unit: "GB-month", where: STORAGE },
  { offer: "AmazonCloudWatch", usage: /^CW:AlarmMonitorUsage$/, key: "cloudwatch:alarm", unit: "month" },
  {
    offer: "AmazonCloudWatch",
    usage: /^CW:HighResAlarmMonitorUsage$/,
    key: "cloudwatch:alarm-high-resolution",
    unit: "month",
  },
  {
    offer: "AmazonCloudWatch",
    usage: /^CW:CompositeAlarmMonitorUsage$/,
    key: "cloudwatch:composite-alarm",
    unit: "month",
  },
  { offer: "AmazonCloudWatch", usage: /^CW:MetricMonitorUsage$/, key: "cloudwatch:metric", unit: "month" },
  {
    offer: "AmazonCloudWatch",
    usage: /^DataProcessing-Bytes$/,
    key: "logs:ingest",
    unit: "GB",
    where: { operation: /^PutLogEvents$/ },
  },
  { offer: "AmazonCloudWatch", usage: /^TimedStorage-ByteHrs$/, key: "logs:store", unit: "GB-month" },
  { offer: "AmazonCloudWatch", usage: /^DataScanned-Bytes$/, key: "logs:query", unit: "GB" },
  { offer: "AmazonS3", usage: /^TimedStorage-ByteHrs$/, key: "s3:standard", unit: "GB-month" },
  { offer: "AmazonS3", usage: /^Requests-Tier1$/, key: "s3:write", unit: "request" },
  { offer: "AmazonS3", usage: /^Requests-Tier2$/, key: "s3:read", unit: "request" },
  { offer: "AmazonECR", usage: /^TimedStorage-ByteHrs$/, key: "ecr:storage", unit: "GB-month" },
  { offer: "AWSDataTransfer", usage: /^DataTransfer-Out-Bytes$/, key: "transfer:out", unit: "GB" },
  { offer: "AWSDataTransfer", usage: /^DataTransfer-Regional-Bytes$/, key: "transfer:zone", unit: "GB" },
  { offer: "AWSLambda", usage: /^Request$/, key: "lambda:request", unit: "request" },
  { offer: "AWSLambda", usage: /^Lambda-GB-Second$/, key: "lambda:x86", unit: "GB-second" },
  { offer: "AWSLambda", usage: /^Lambda-GB-Second-ARM$/, key: "lambda:arm", unit: "GB-second" },
  { offer: "AWSSecretsManager", usage: /^AWSSecretsManager-Secrets?$/, key: "secrets:secret", unit: "month" },
  {
    offer: "AWSSecretsManager",
    usage: /^AWSSecretsManager-?APIRequests?$/,
    key: "secrets:request",
    unit: "request",
  },
  { offer: "awskms", usage: /^KMS-Keys$/, key: "kms:key", unit: "month" },
  { offer: "awskms", usage: /^KMS-Requests$/, key: "kms:request", unit: "request" },
  { offer: "awswaf", usage: /^WebACLV2$/, key: "waf:acl", unit: "month" },
  { offer: "awswaf", usage: /^RuleV2$/, key: "waf:rule", unit: "month" },
  { offer: "awswaf", usage: /^RequestV2-(?:Tier1|48KB)$/, key: "waf:request", unit: "request" },
  { offer: "AmazonSNS", usage: /^Requests-Tier1$/, key: "sns:publish", unit: "request" },
  { offer: "AmazonSNS", usage: /^DeliveryAttempts-SMTP$/, key: "sns:email", unit: "message" },
  { offer: "AWSEvents", usage: /^ScheduledInvocation$/, key: "scheduler:invocation", unit: "invocation" },
];

const GLOBAL: readonly Rule[] = [
  { offer: "AmazonRoute53", usage: /^HostedZone$/, key: "route53:zone", unit: "month" },
  { offer: "AmazonRoute53", usage: /^DNS-Queries$/, key: "route53:query", unit: "query" },
  { offer: "AmazonRoute53", usage: /^LBR-Queries$/, key: "route53:latency-query", unit: "query" },
  { offer: "AmazonRoute53", usage: /^Health-Check-AWS$/, key: "route53:health-check-aws", unit: "month" },
  { offer: "AmazonRoute53", usage: /^Health-Check-Non-AWS$/, key: "route53:health-check", unit: "month" },
  { offer: "AmazonRoute53", usage: /^Health-Check-Option-AWS$/, key: "route53:health-check-option-aws", unit: "month" },
  { offer: "AmazonRoute53", usage: /^Health-Check-Option-Non-AWS$/, key: "route53:health-check-option", unit: "month" },
  { offer: "AmazonCloudWatch", usage: /^DashboardsUsageHour$/, key: "cloudwatch:dashboard", unit: "month" },
  { offer: "AWSBudgets", usage: /^ActionEnabledBudgetsUsage$/, key: "budgets:action-day", unit: "day" },
];

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
  const rules = region === "global" ? GLOBAL : REGIONAL;
  const folder = region === "global" ? "current" : `current/${region}`;
  return [...new Set(rules.map((rule) => rule.offer))].map((offer) => ({
    offer,
    url: `${BASE}/${offer}/${folder}/index.csv`,
  }));
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
  const rules = (region === "global" ? GLOBAL : REGIONAL).filter((rule) => rule.offer === offer);
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
