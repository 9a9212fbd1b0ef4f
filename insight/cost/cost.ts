import type { Plan } from "../../core/plan-format";
import { built, planRegion } from "../../core/plan-reader";
import { type Usage, usageDefaults } from "../../core/usage";
import { freeTypes } from "./cost-free";
import type { CostContext, Item } from "./cost-item";
import { priced } from "./cost-table";
import { type PriceBook, readPrices } from "./price-book";

/** One line of a bill. */
export interface CostLine {
  /** Name of the resource, or of the site for what belongs to no single resource. */
  readonly resource: string;
  readonly type: string;
  readonly item: string;
  readonly quantity: number;
  readonly unit: string;
  readonly unitPriceUsd: number;
  readonly monthlyUsd: number;
  /** `fixed` runs by the hour whatever the traffic; `usage` follows the `usage` settings. */
  readonly kind: "fixed" | "usage";
  /** Key in the price table. */
  readonly price: string;
  readonly region: string;
  readonly source: string;
  readonly asOf: string;
  readonly verified: boolean;
  readonly assumption?: string;
}

/** Something that has no price, and why. */
export interface Unpriced {
  readonly resource: string;
  readonly type: string;
  readonly reason: string;
}

/** An allowance that AWS grants each account every month, and what it is worth for this plan. */
export interface FreeTierLine {
  readonly item: string;
  readonly allowance: number;
  readonly unit: string;
  readonly worthUsd: number;
}

/** A price that nobody looked up, and how much of the total rests on it. */
export interface UnverifiedPrice {
  /** Key in the price table. */
  readonly price: string;
  readonly item: string;
  readonly monthlyUsd: number;
}

/** The cost of a month. No free tier is taken off `totalUsd`; `afterFreeTierUsd` says what it would leave. */
export interface CostReport {
  readonly stack: string;
  readonly architecture: string;
  readonly region: string;
  readonly currency: "USD";
  readonly usage: Usage;
  readonly lines: readonly CostLine[];
  readonly free: readonly Unpriced[];
  /** What the table does not know: not counted, so a total with unknowns is a lower bound. */
  readonly unknown: readonly Unpriced[];
  readonly freeTier: readonly FreeTierLine[];
  readonly fixedUsd: number;
  readonly usageUsd: number;
  readonly totalUsd: number;
  readonly afterFreeTierUsd: number;
  /** Oldest date among the prices that were used. */
  readonly pricesAsOf?: string;
  /** The prices among those used that were recalled rather than looked up. */
  readonly unverified: readonly UnverifiedPrice[];
  /** What rests on them. */
  readonly unverifiedUsd: number;
}

export interface CostOptions {
  /** @default the region that the plan tells */
  readonly region?: string;
  /** The `usage` section of the stack's config; what is left out is as by default. */
  readonly usage?: Partial<Usage>;
  /** @default the price files of the project */
  readonly prices?: PriceBook;
}

/**
 * AWS's monthly allowances that do not end after twelve months. They hold for a whole account, so other stacks may have
 * used them up: that is why they are shown apart.
 * Source: https://aws.amazon.com/free/ and the services' pricing pages, as of 2026-11.
 */
const FREE_TIER: readonly { prices: readonly string[]; item: string; allowance: number; unit: string }[] = [
  { prices: ["cloudwatch:alarm"], item: "CloudWatch standard alarms", allowance: 10, unit: "alarm metrics" },
  { prices: ["cloudwatch:metric"], item: "CloudWatch custom metrics", allowance: 10, unit: "metrics" },
  { prices: ["cloudwatch:dashboard"], item: "CloudWatch dashboards", allowance: 3, unit: "dashboards" },
  { prices: ["logs:ingest"], item: "CloudWatch Logs", allowance: 5, unit: "GB" },
  { prices: ["transfer:out"], item: "Data transfer to the internet", allowance: 100, unit: "GB" },
  { prices: ["lambda:request"], item: "Lambda requests", allowance: 1_000_000, unit: "requests" },
  { prices: ["lambda:arm", "lambda:x86"], item: "Lambda compute", allowance: 400_000, unit: "GB-seconds" },
  { prices: ["sns:publish"], item: "SNS requests", allowance: 1_000_000, unit: "requests" },
  { prices: ["sns:email"], item: "SNS e-mails", allowance: 1_000, unit: "messages" },
  { prices: ["kms:request"], item: "KMS requests", allowance: 20_000, unit: "requests" },
  { prices: ["scheduler:invocation"], item: "EventBridge Scheduler", allowance: 14_000_000, unit: "invocations" },
];

const cents = (usd: number): number => Math.round((usd + Number.EPSILON) * 100) / 100;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** What is billed, what is free, and what the table does not know. */
interface Bill {
  readonly lines: CostLine[];
  readonly free: Unpriced[];
  readonly unknown: Unpriced[];
}

/** Adds what a resource consumes to a bill. */
function charge(bill: Bill, resource: string, type: string, items: readonly Item[], book: PriceBook): void {
  for (const { item, price: key, quantity, kind, assumption, unknown } of items) {
    const price = key === undefined ? undefined : book.get(key);
    if (!price) {
      bill.unknown.push({ resource, type, reason: unknown ?? `${item}: no price for ${key} in ${book.region}` });
      continue;
    }
    const { usd, unit, region, source, asOf, verified } = price;
    bill.lines.push({
      ...{ resource, type, item, quantity, unit, unitPriceUsd: usd, monthlyUsd: quantity * usd },
      ...{ kind, price: price.key, region, source, asOf, verified },
      ...(assumption === undefined ? {} : { assumption }),
    });
  }
}

function billOf(context: CostContext, book: PriceBook): Bill {
  const bill: Bill = { lines: [], free: [], unknown: [] };
  for (const resource of built(context.plan)) {
    const { name, type } = resource;
    const items = priced.resources[type]?.(resource, context);
    const reason = items ? "nothing in these settings is billed" : freeTypes(type);
    if (items && items.length > 0) charge(bill, name, type, items, book);
    else if (reason) bill.free.push({ resource: name, type, reason });
    else bill.unknown.push({ resource: name, type, reason: "the cost table does not know this type" });
  }
  charge(bill, context.plan.project, "site", priced.site(context), book);
  return bill;
}

const freeTier = (lines: readonly CostLine[]): FreeTierLine[] =>
  FREE_TIER.flatMap(({ prices, item, allowance, unit }) => {
    const used = lines.filter((line) => prices.includes(line.price));
    const quantity = sum(used.map((line) => line.quantity));
    if (quantity === 0) return [];
    const worthUsd = sum(used.map((line) => line.monthlyUsd)) * Math.min(1, allowance / quantity);
    return [{ item, allowance, unit, worthUsd: cents(worthUsd) }];
  });

/** By price, in the order of the bill; the latest item of a price names it. */
function unverified(lines: readonly CostLine[]): UnverifiedPrice[] {
  const items = new Map(lines.map(({ price, item }) => [price, item]));
  return [...items].map(([price, item]) => {
    const resting = lines.filter((line) => line.price === price).map((line) => line.monthlyUsd);
    return { price, item, monthlyUsd: cents(sum(resting)) };
  });
}

/**
 * What a plan costs in a month.
 * @throws Error for a region without prices.
 */
export function costOf(plan: Plan, options: CostOptions = {}): CostReport {
  const usage = { ...usageDefaults, ...options.usage };
  const region = options.region ?? options.prices?.region ?? planRegion(plan);
  const book = options.prices ?? readPrices(region);
  const { lines, free, unknown } = billOf({ plan, usage, region }, book);
  const of = (kind: CostLine["kind"]) => sum(lines.filter((line) => line.kind === kind).map((line) => line.monthlyUsd));
  const [fixedUsd, usageUsd] = [of("fixed"), of("usage")];
  const totalUsd = fixedUsd + usageUsd;
  const allowances = freeTier(lines);
  const recalled = lines.filter((line) => !line.verified);
  const pricesAsOf = lines.map((line) => line.asOf).sort()[0];
  return {
    ...{ stack: plan.stack, architecture: plan.architecture, region, currency: "USD", usage },
    ...{ lines, free, unknown, freeTier: allowances },
    fixedUsd: cents(fixedUsd),
    usageUsd: cents(usageUsd),
    totalUsd: cents(totalUsd),
    afterFreeTierUsd: cents(totalUsd - sum(allowances.map((line) => line.worthUsd))),
    ...(pricesAsOf === undefined ? {} : { pricesAsOf }),
    unverified: unverified(recalled),
    unverifiedUsd: cents(sum(recalled.map((line) => line.monthlyUsd))),
  };
}
