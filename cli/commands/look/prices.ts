import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { Command } from "commander";
import ora from "ora";
import { UserError } from "../../../core/errors";
import { byHand, mergeOffers, offers, type PriceChange, readOffer } from "../../../insight/cost/offers";
import {
  PRICES_DIR,
  type PriceTable,
  parsePriceTable,
  pricedRegions,
  readPriceTable,
} from "../../../insight/cost/price-book";
import { type Document, good, list, muted, section, type Table, table, text, warn } from "../../../output/document";
import { print } from "../../lib/print";

/** How the files are fetched; tests put their own in. */
export type Fetch = (url: string) => Promise<Response>;

export interface UpdateOptions {
  readonly regions: readonly string[];
  readonly fetch: Fetch;
  /** Folder of the price files. @default the project's */
  readonly dir?: string;
  /** Show the changes and write nothing. */
  readonly dryRun?: boolean;
  readonly onProgress?: (message: string) => void;
}

export interface UpdateResult {
  readonly region: string;
  readonly changes: readonly PriceChange[];
  /** Prices that were not found in AWS's files and that keep their figure. */
  readonly kept: readonly string[];
}

async function* linesOf(response: Response): AsyncIterable<string> {
  if (!response.body) return;
  yield* createInterface({ input: Readable.fromWeb(response.body as never), crlfDelay: Number.POSITIVE_INFINITY });
}

/**
 * Refreshes price files from AWS's bulk price list, which needs no credentials. A region's file is written only after all
 * of its offers were read, so that an interrupted update leaves the old one.
 * @throws Error with the file that could not be read.
 */
export async function updatePrices(options: UpdateOptions): Promise<UpdateResult[]> {
  const dir = options.dir ?? PRICES_DIR;
  const results: UpdateResult[] = [];
  for (const region of options.regions) {
    const found = [];
    for (const { offer, url } of offers(region)) {
      options.onProgress?.(`${region}: ${offer}`);
      const response = await options.fetch(url).catch((error: Error) => {
        throw new UserError(`${url} cannot be reached: ${error.message}. No price file was changed for ${region}.`);
      });
      if (!response.ok) {
        const hint = response.status === 404 || response.status === 403 ? " Is the region's name right?" : "";
        throw new UserError(`${url} answered ${response.status}.${hint} No price file was changed for ${region}.`);
      }
      found.push({ url, ...(await readOffer(offer, region, linesOf(response))) });
    }
    const file = join(dir, `${region}.json`);
    const before: PriceTable = existsSync(file)
      ? readPriceTable(region, dir)
      : { region, name: region, currency: "USD", sources: {}, prices: {} };
    const { table, changes, kept } = mergeOffers(before, found);
    parsePriceTable(table, `${region}.json`);
    if (!options.dryRun) writeFileSync(file, `${JSON.stringify(table, null, 2)}\n`);
    results.push({ region, changes, kept });
  }
  return results;
}

const usd = (value: number | undefined): string => (value === undefined ? "-" : `$${Number(value.toPrecision(8))}`);

/** The changes, and what was not refreshed. */
export function updateDocument(results: readonly UpdateResult[], dryRun: boolean): Document {
  const changes = results.flatMap((result) => result.changes);
  const kept = [...new Set(results.flatMap((result) => result.kept))];
  const expected = kept.filter((key) => !byHand.some(({ keys }) => keys.test(key)));
  const done = dryRun
    ? "Nothing was written (--dry-run)."
    : "Written to insight/cost/prices. Look at it with git diff, then commit it.";
  return {
    title: "Prices",
    blocks: [
      changes.length > 0 ? changesTable(changes) : text(good("All prices are as they were.")),
      ...(expected.length > 0
        ? [text(warn(`Not found in the files that should list them, so kept: ${expected.join(", ")}`))]
        : []),
      section(muted("Not refreshed, to be looked up by hand"), [
        list(
          byHand.flatMap(({ keys, why }) => {
            const found = kept.filter((key) => keys.test(key));
            return found.length > 0 ? [muted(`${found.join(", ")} (${why})`)] : [];
          }),
        ),
      ]),
      ...(changes.length > 0 ? [section("Next", [text(done)])] : []),
    ],
  };
}

const changesTable = (changes: readonly PriceChange[]): Table =>
  table(
    ["Region", "Price", "Before", "Now", "Change"],
    changes.map(({ region, key, before, after }) => {
      const percent =
        before && after ? `${after > before ? "+" : ""}${((after / before - 1) * 100).toFixed(1)} %` : "new";
      return [region, key, usd(before), usd(after), percent];
    }),
  );

/** @throws UserError for what is neither a region of AWS nor the table that holds everywhere */
async function checkRegions(regions: readonly string[]): Promise<void> {
  const [{ awsRegions }, { nearest }] = await Promise.all([
    import("../../../stacks/settings/regions"),
    import("../../../stacks/settings/settings-check"),
  ]);
  const known = ["global", ...awsRegions];
  const wrong = regions.find((region) => !known.includes(region));
  if (wrong === undefined) return;
  const meant = nearest(wrong, known);
  throw new UserError(
    `There is no region "${wrong}".${meant ? ` Did you mean ${meant}?` : ""} Known: ${known.join(", ")}.`,
  );
}

/** `platform prices update`. */
export function pricesCommand(fetcher: Fetch = fetch): Command {
  const command = new Command("prices").description("The price tables that costs are computed from");
  command
    .command("update")
    .description("Refresh the price files from AWS's price list and show what changed (no credentials needed)")
    .option("-r, --region <region...>", "regions, instead of all that have a file")
    .option("--dry-run", "show the changes and write nothing", false)
    .option("--json", "print the changes as JSON", false)
    .action(async (options: { region?: string[]; dryRun: boolean; json: boolean }) => {
      const regions = options.region ?? ["global", ...pricedRegions()];
      await checkRegions(regions);
      const spinner = ora({
        text: "Reading AWS's price list",
        stream: process.stderr,
        isSilent: !process.stderr.isTTY,
      }).start();
      const onProgress = (message: string) => {
        spinner.text = `Reading AWS's price list: ${message}${message.endsWith("AmazonEC2") ? " (hundreds of MB, in us-east-1 more)" : ""}`;
      };
      try {
        const results = await updatePrices({ regions, fetch: fetcher, dryRun: options.dryRun, onProgress });
        spinner.stop();
        print(results, options, () => updateDocument(results, options.dryRun));
      } finally {
        spinner.stop();
      }
    });
  return command;
}
