import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { UserError } from "../../core/errors";
import { ROOT } from "../../core/root";

/** Where a figure comes from. `verified` says that it was read from a source, not recalled. */
const sourceSchema = z.strictObject({
  title: z.string().min(1),
  url: z.url(),
  asOf: z.iso.date("must be a date such as 2026-11-24"),
  verified: z.boolean(),
});

const priceSchema = z.strictObject({
  usd: z.number().min(0, "must not be negative"),
  unit: z.string().min(1),
  source: z.string().min(1),
});

const tableSchema = z.strictObject({
  region: z.string().min(1),
  name: z.string().min(1),
  currency: z.literal("USD"),
  sources: z.record(z.string(), sourceSchema),
  prices: z.record(z.string(), priceSchema),
});

/** One file of `insight/cost/prices/`. */
export type PriceTable = z.infer<typeof tableSchema>;

/** One price with all that is known of it. */
export interface Price {
  readonly key: string;
  /** List price in USD for one unit, before any free tier. */
  readonly usd: number;
  readonly unit: string;
  /** AWS region, or `global` where one price holds everywhere. */
  readonly region: string;
  /** Title of the source. */
  readonly source: string;
  readonly asOf: string;
  /** `false` for a figure that nobody has looked up. */
  readonly verified: boolean;
}

/** The folder of the price files. */
export const PRICES_DIR = join(ROOT, "insight", "cost", "prices");

const FIX = "Run `platform prices update`, or add it by hand.";

/**
 * Checks the content of a price file.
 * @throws Error that names the file, the price and what is missing: a price without source or date is worth nothing.
 */
export function parsePriceTable(content: unknown, file: string): PriceTable {
  const parsed = tableSchema.safeParse(content);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = issue?.path.join(".") ?? "";
    const missing = /(asOf|url|title|source)$/.test(path) ? ` A price needs a source and the date it held. ${FIX}` : "";
    const said = issue?.message.endsWith("received undefined") ? "is missing" : (issue?.message ?? "is no price table");
    throw new UserError(`${file}: ${path || "the file"}: ${said}.${missing}`);
  }
  for (const [key, price] of Object.entries(parsed.data.prices)) {
    if (!parsed.data.sources[price.source]) {
      throw new UserError(
        `${file}: the price ${key} names the source "${price.source}", which is not under \`sources\`: ` +
          `a price needs a source and the date it held. ${FIX}`,
      );
    }
  }
  return parsed.data;
}

/** Prices of one region, and the global ones. */
export class PriceBook {
  private readonly prices = new Map<string, Price>();

  /** @param region AWS region of the site. */
  constructor(
    readonly region: string,
    tables: readonly PriceTable[],
  ) {
    for (const table of tables) {
      for (const [key, { usd, unit, source }] of Object.entries(table.prices)) {
        const origin = table.sources[source];
        if (!origin) throw new UserError(`The price ${key} of ${table.region} has no source.`);
        const { title, asOf, verified } = origin;
        this.prices.set(key, { key, usd, unit, region: table.region, source: title, asOf, verified });
      }
    }
  }

  get(key: string): Price | undefined {
    return this.prices.get(key);
  }

  /** Names of what is priced under a prefix, for messages: `ec2:` gives the instance types. */
  under(prefix: string): string[] {
    return [...this.prices.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  }
}

/** The regions that have a price file. */
export function pricedRegions(dir: string = PRICES_DIR): string[] {
  return readdirSync(dir)
    .filter((file) => file.endsWith(".json") && file !== "global.json")
    .map((file) => basename(file, ".json"))
    .sort();
}

/** Reads one price file. @throws Error if it is no price table. */
export function readPriceTable(name: string, dir: string = PRICES_DIR): PriceTable {
  const file = join(dir, `${name}.json`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UserError(`${name}.json cannot be read as JSON: ${(error as Error).message}`);
  }
  const table = parsePriceTable(content, `${name}.json`);
  if (table.region !== name)
    throw new UserError(
      `${name}.json holds the prices of ${table.region}: rename the file, or correct its \`region\`.`,
    );
  return table;
}

/** What a region costs is not known; everything else of a plan is. */
export class NoPricesError extends UserError {
  override readonly name = "NoPricesError";
}

/**
 * The prices of a region.
 * @throws {NoPricesError} for a region that has no file, with the regions that have one.
 */
export function readPrices(region: string, dir: string = PRICES_DIR): PriceBook {
  const known = pricedRegions(dir);
  if (!known.includes(region)) {
    throw new NoPricesError(
      `There are no prices for the region "${region}". Known: ${known.join(", ")}. ` +
        `\`platform prices update --region ${region}\` fetches them from AWS.`,
    );
  }
  return new PriceBook(region, [readPriceTable("global", dir), readPriceTable(region, dir)]);
}
