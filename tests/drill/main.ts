import { spawnSync } from "node:child_process";
import { Command, InvalidArgumentError, Option } from "commander";
import { BALANCED_RATE, balanced, PROTECTIONS, type Protection } from "./balanced";
import { DATA_PROTECTIONS, data } from "./data";
import {
  balancedMarkdown,
  dataMarkdown,
  printBalanced,
  printData,
  printSingle,
  printSkew,
  singleMarkdown,
  singlePicture,
  skewMarkdown,
  writeDocs,
} from "./print";
import { single } from "./single";
import { SKEW_PROTECTIONS, type SkewProtection, skew } from "./skew";

const KINDS = ["single", "balanced", "data", "skew"] as const;

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("use a whole number, for example 7");
  return Number(text);
}

interface Options {
  readonly seed: number;
  readonly disableStep: string[];
  readonly without: string[];
  readonly rate: number;
  readonly json?: boolean;
  readonly docs?: boolean;
}

/** What every drill runs; PostgreSQL's own programs are looked for where Debian keeps them. */
const PROGRAMS = ["nginx", "pg_lsclusters", "openssl", "curl", "python3"];

const say = (text: string) => process.stderr.write(`${text}\n`);

async function main(): Promise<void> {
  const program = new Command("drill")
    .description(
      "Breaks a real site on this machine and watches it recover. Needs root, and nginx, postgresql and haproxy.",
    )
    .argument("[kind]", `what to drill: ${KINDS.join(", ")}`, "single")
    .addOption(new Option("--seed <number>", "order and kind of the faults").argParser(wholeNumber).default(1))
    .option(
      "--disable-step <name...>",
      "steps of recover.automation.yaml that fail, to show that the drill notices",
      [],
    )
    .addOption(
      new Option("--without <protection...>", "protections to leave out, to show that the drill notices")
        .choices([...Object.keys(PROTECTIONS), ...DATA_PROTECTIONS, ...Object.keys(SKEW_PROTECTIONS)])
        .default([]),
    )
    .addOption(
      new Option("--rate <number>", "balanced and skew: requests a second")
        .argParser(wholeNumber)
        .default(BALANCED_RATE),
    )
    .option("--json", "results as JSON")
    .option("--docs", "write the results to docs/ as well")
    .parse();
  const { seed, disableStep, without, rate, json, docs } = program.opts<Options>();
  const kind = program.args[0] ?? "single";
  if (process.getuid?.() !== 0)
    program.error("The drill mounts a log volume and runs PostgreSQL as another user: run it as root.");
  const missing = PROGRAMS.filter((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status !== 0);
  if (missing.length > 0)
    program.error(
      `The drill needs ${missing.join(", ")}. Debian: apt-get install nginx postgresql haproxy openssl curl python3`,
    );
  if (kind === "single") {
    const rows = await single({ seed, disabled: disableStep, say });
    process.stdout.write(json ? `${JSON.stringify({ seed, rows }, null, 2)}\n` : printSingle(seed, rows));
    if (docs) {
      writeDocs("drill.md", singleMarkdown(seed, rows));
      writeDocs("drill-dashboard.svg", singlePicture(seed, rows));
    }
    if (rows.some((row) => row.problems.length > 0)) process.exitCode = 1;
  } else if (kind === "balanced") {
    const found = await balanced({
      without: without.filter((one): one is Protection => one in PROTECTIONS),
      rate,
      say,
    });
    process.stdout.write(json ? `${JSON.stringify({ without, ...found }, null, 2)}\n` : printBalanced(found));
    // Of a drill that failed no page is kept: on a busy machine it tells of the machine.
    const failed = found.rows.some((row) => row.problems.length > 0);
    if (docs && !failed) writeDocs("drill-balanced.md", balancedMarkdown(found));
    if (failed) process.exitCode = 1;
  } else if (kind === "data") {
    const rows = await data({ without, say });
    process.stdout.write(json ? `${JSON.stringify({ without, rows }, null, 2)}\n` : printData(rows));
    if (docs) writeDocs("drill-data.md", dataMarkdown(rows));
    if (rows.some((row) => row.problems.length > 0)) process.exitCode = 1;
  } else if (kind === "skew") {
    const found = await skew({
      without: without.filter((one): one is SkewProtection => one in SKEW_PROTECTIONS),
      rate,
      say,
    });
    process.stdout.write(json ? `${JSON.stringify({ without, ...found }, null, 2)}\n` : printSkew(found));
    const failed = found.rows.some((row) => row.problems.length > 0);
    if (docs && !failed) writeDocs("drill-skew.md", skewMarkdown(found));
    if (failed) process.exitCode = 1;
  } else {
    program.error(`There is no drill "${kind}". Use one of: ${KINDS.join(", ")}.`);
  }
}

main().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
});
