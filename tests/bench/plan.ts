import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { listStacks } from "../../cli/lib/stack-files";
import { newTable } from "../../output/terminal";
import { architectures } from "../../stacks/settings/schema";
import { measure, type Run, slope } from "./measure";

/**
 * `npm run bench`: what a plan costs in time and memory, beside the same architecture in AWS CDK in the same run on the same
 * machine. Ratios are the result; seconds depend on the machine.
 */
const root = join(__dirname, "..", "..");
const node = process.execPath;
const program = [node, join(root, "tests", "bench", "run.mjs")];
const platform = (...args: readonly string[]) => [node, join(root, "cli", "bin.mjs"), ...args];

/** A ratio, or an amount, and the goal of the project for it, where there is one. */
interface Figure {
  readonly name: string;
  readonly measured: number;
  readonly most?: number;
}

/**
 * CDK as it comes validates each template against rules that a plan of ours does not look at, and most of its time and memory is
 * that: the goal for time is held against synthesis alone as well.
 */
const syntheses: readonly { of: string; args: readonly string[]; most: { time?: number; memory?: number } }[] = [
  { of: "CDK", args: [], most: { time: 0.4, memory: 0.6 } },
  { of: "CDK without validation", args: ["no-validation"], most: { time: 0.8 } },
];

/** What sites.ts and site.cdk.cjs say that they made. */
const resources = (run: Run): string => /^\{"resources":(\d+)/.exec(run.stdout)?.[1] ?? "-";
const verdict = ({ measured, most }: Figure) =>
  most === undefined ? "noted" : measured <= most ? "reached" : "MISSED";
const seconds = (run: Run): string => `${run.seconds.toFixed(2)} s`;
const memory = (run: Run): string => (run.peakMb > 0 ? `${run.peakMb.toFixed(0)} MB` : "-");
const say = (text: string) => process.stderr.write(`${text}\n`);

const bench = (file: string) => join(root, "tests", "bench", file);

/** Measures one program after the other, and keeps what it measured by what it is called. */
class Measurements {
  readonly rows: { name: string; run: Run }[] = [];
  readonly figures: Figure[] = [];

  constructor(private readonly repeats: number) {}

  async add(name: string, command: readonly string[]): Promise<Run> {
    say(`measuring: ${name}`);
    const result = await measure(command, root, this.repeats);
    this.rows.push({ name, run: result });
    return result;
  }

  /** Plans of as many sites' worth as asked for. */
  async scaled(stack: string, sites: readonly number[]): Promise<[number, Run][]> {
    const scaled: [number, Run][] = [];
    for (const n of sites) {
      const command = [...program, bench("sites.ts"), stack, "fargate", String(n)];
      scaled.push([n, await this.add(`plan of ${n} site(s)' worth`, command)]);
    }
    if (sites.length < 3) return scaled;
    const { fit } = slope(scaled.map(([n, { seconds }]) => [n, seconds]));
    this.figures.push({ name: "growth with sites: share not explained by a line", measured: 1 - fit, most: 0.05 });
    return scaled;
  }

  /** The same in CDK, beside ours. */
  async besideCdk(scaled: readonly [number, Run][]): Promise<void> {
    if (!existsSync(bench("node_modules/aws-cdk-lib"))) {
      say("skipped: the comparison with AWS CDK, as it is not installed. Run: npm ci --prefix tests/bench");
      return;
    }
    const out = mkdtempSync(join(tmpdir(), "cdk-"));
    for (const { of, args, most } of syntheses) {
      for (const [n, ours] of scaled) {
        const command = [node, bench("site.cdk.cjs"), String(n), out, ...args];
        const theirs = await this.add(`${of}: synthesis of ${n} site(s)' worth`, command);
        const add = (what: "time" | "memory", measured: number) =>
          this.figures.push({
            name: `${what} at ${n} site(s), in times of ${of}`,
            measured,
            ...(most[what] ? { most: most[what] } : {}),
          });
        add("time", ours.seconds / theirs.seconds);
        if (theirs.peakMb > 0) add("memory", ours.peakMb / theirs.peakMb);
      }
    }
    rmSync(out, { recursive: true, force: true });
  }
}

interface Options {
  readonly stack: string;
  readonly repeats: string;
  readonly sites: string;
  readonly json: boolean;
  readonly check: boolean;
}

async function main({ stack, json, check, ...options }: Options) {
  const repeats = Number(options.repeats);
  const sites = options.sites.split(",").map(Number);
  if (!(repeats >= 1) || sites.some((n) => !(n >= 1))) throw new Error("--repeats and --sites take numbers above 0.");
  const measured = new Measurements(repeats);
  const empty = await measured.add("import @pulumi/pulumi and @pulumi/aws, nothing else", [
    ...[node, "--import", "tsx", bench("empty.ts")],
  ]);
  const plan = await measured.add(`plan ${stack}, as configured`, platform("plan", "--stack", stack, "--json"));
  const parts = await measured.add(`parts of plan ${stack}`, [...program, bench("phases.ts"), stack]);
  for (const one of listStacks())
    for (const architecture of architectures)
      await measured.add(`plan ${one} as ${architecture}`, [...program, bench("sites.ts"), one, architecture, "1"]);
  const compared = await measured.add(`compare ${stack}, five columns`, platform("compare", "--stack", stack));
  measured.figures.push(
    { name: "a plan, in times of importing the SDK", measured: plan.seconds / empty.seconds, most: 1.5 },
    { name: "compare, in times of one plan", measured: compared.seconds / plan.seconds, most: 1.5 },
    ...(plan.peakMb > 0 ? [{ name: "memory of a plan, in MB", measured: plan.peakMb, most: 350 }] : []),
  );
  await measured.besideCdk(await measured.scaled(stack, sites));

  const result = {
    machine: { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? "" },
    repeats,
    /** Seconds of each part of a plan, of the last run. */
    parts: JSON.parse(parts.stdout) as Record<string, number>,
    rows: measured.rows.map(({ name, run }) => ({
      ...{ name, resources: resources(run), seconds: run.seconds, peakMb: run.peakMb },
    })),
    figures: measured.figures.map((figure) => ({ ...figure, verdict: verdict(figure) })),
  };
  console.log(json ? JSON.stringify(result, null, 2) : asText(result, measured.rows));
  if (check && result.figures.some(({ verdict }) => verdict === "MISSED")) process.exitCode = 1;
}

interface Result {
  readonly machine: { readonly cpus: number };
  readonly repeats: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly figures: readonly (Figure & { readonly verdict: string })[];
}

function asText({ machine, repeats, parts, figures }: Result, rows: Measurements["rows"]): string {
  const table = newTable({
    head: ["What", "Resources", "Time", "Peak memory"],
    colAligns: ["left", "right", "right", "right"],
  });
  for (const { name, run } of rows) table.push([name, resources(run), seconds(run), memory(run)]);
  const whole = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const shares = Object.entries(parts).map(([part, took]) => `${part} ${Math.round((took / whole) * 100)} %`);
  const goal = ({ most }: Figure) => (most === undefined ? "no goal" : `at most ${most}`);
  return [
    table.toString(),
    `A plan's time: ${shares.join(", ")}.`,
    `Median of ${repeats}, ${machine.cpus} CPUs, Node ${process.version}.`,
    ...figures.map(
      (figure) => `${figure.verdict.padEnd(7)}  ${figure.name}: ${figure.measured.toFixed(2)} (${goal(figure)})`,
    ),
  ].join("\n");
}

new Command("bench")
  .description("Time and memory of plans, beside the same architecture in AWS CDK")
  .option("--stack <name>", "stack to measure", "prod")
  .option("--repeats <n>", "runs of each; the median counts", "5")
  .option("--sites <list>", "how many sites' worth, with commas", "1,10,100")
  .option("--json", "print as JSON", false)
  .option("--check", "exit with 1 if a goal is missed", false)
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
