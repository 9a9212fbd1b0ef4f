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
 * that. The goals are for what its users wait for; what synthesis alone costs is shown beside them.
 */
const syntheses: readonly { of: string; args: readonly string[]; most: { time?: number; memory?: number } }[] = [
  { of: "CDK", args: [], most: { time: 0.4, memory: 0.6 } },
  { of: "CDK without validation", args: ["no-validation"], most: {} },
];

/** What sites.ts and site.cdk.cjs say that they made. */
const resources = (run: Run): string => /^\{"resources":(\d+)/.exec(run.stdout)?.[1] ?? "-";
const verdict = ({ measured, most }: Figure) =>
  most === undefined ? "noted" : measured <= most ? "reached" : "MISSED";
const seconds = (run: Run): string => `${run.seconds.toFixed(2)} s`;
const memory = (run: Run): string => (run.peakMb > 0 ? `${run.peakMb.toFixed(0)} MB` : "-");
const say = (text: string) => process.stderr.write(`${text}\n`);

async function main(options: { stack: string; repeats: string; sites: string; json: boolean; check: boolean }) {
  const repeats = Number(options.repeats);
  const sites = options.sites.split(",").map(Number);
  if (!(repeats >= 1) || sites.some((n) => !(n >= 1))) throw new Error("--repeats and --sites take numbers above 0.");
  const rows: { name: string; run: Run }[] = [];
  const add = async (name: string, command: readonly string[]): Promise<Run> => {
    say(`measuring: ${name}`);
    const result = await measure(command, root, repeats);
    rows.push({ name, run: result });
    return result;
  };

  const empty = await add("import @pulumi/pulumi and @pulumi/aws, nothing else", [
    node,
    "--import",
    "tsx",
    join(root, "tests", "bench", "empty.ts"),
  ]);
  const plan = await add(`plan ${options.stack}, as configured`, platform("plan", "--stack", options.stack, "--json"));
  const parts = await add(`parts of plan ${options.stack}`, [
    ...program,
    join(root, "tests", "bench", "phases.ts"),
    options.stack,
  ]);
  for (const stack of listStacks()) {
    for (const architecture of architectures) {
      await add(`plan ${stack} as ${architecture}`, [
        ...program,
        join(root, "tests", "bench", "sites.ts"),
        stack,
        architecture,
        "1",
      ]);
    }
  }
  const compared = await add(`compare ${options.stack}, five columns`, platform("compare", "--stack", options.stack));

  const scaled: [number, Run][] = [];
  for (const n of sites) {
    scaled.push([
      n,
      await add(`plan of ${n} site(s)' worth`, [
        ...program,
        join(root, "tests", "bench", "sites.ts"),
        options.stack,
        "fargate",
        String(n),
      ]),
    ]);
  }
  const figures: Figure[] = [
    { name: "a plan, in times of importing the SDK", measured: plan.seconds / empty.seconds, most: 1.5 },
    { name: "compare, in times of one plan", measured: compared.seconds / plan.seconds, most: 1.5 },
    ...(plan.peakMb > 0 ? [{ name: "memory of a plan, in MB", measured: plan.peakMb, most: 350 }] : []),
  ];
  if (sites.length >= 3) {
    const { fit } = slope(scaled.map(([n, run]) => [n, run.seconds]));
    figures.push({ name: "growth with sites: share not explained by a line", measured: 1 - fit, most: 0.05 });
  }

  if (existsSync(join(root, "tests", "bench", "node_modules", "aws-cdk-lib"))) {
    const out = mkdtempSync(join(tmpdir(), "cdk-"));
    for (const { of, args, most } of syntheses) {
      for (const [n, ours] of scaled) {
        const theirs = await add(`${of}: synthesis of ${n} site(s)' worth`, [
          node,
          join(root, "tests", "bench", "site.cdk.cjs"),
          String(n),
          out,
          ...args,
        ]);
        const beside = (what: "time" | "memory", measured: number) =>
          figures.push({
            name: `${what} at ${n} site(s), in times of ${of}`,
            measured,
            ...(most[what] ? { most: most[what] } : {}),
          });
        beside("time", ours.seconds / theirs.seconds);
        if (theirs.peakMb > 0) beside("memory", ours.peakMb / theirs.peakMb);
      }
    }
    rmSync(out, { recursive: true, force: true });
  } else {
    say("skipped: the comparison with AWS CDK, as it is not installed. Run: npm ci --prefix tests/bench");
  }

  const result = {
    machine: { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? "" },
    repeats,
    /** Seconds of each part of a plan, of the last run. */
    parts: JSON.parse(parts.stdout) as Record<string, number>,
    rows: rows.map(({ name, run }) => ({ name, resources: resources(run), seconds: run.seconds, peakMb: run.peakMb })),
    figures: figures.map((figure) => ({ ...figure, verdict: verdict(figure) })),
  };
  if (options.json) console.log(JSON.stringify(result, null, 2));
  else {
    const table = newTable({
      head: ["What", "Resources", "Time", "Peak memory"],
      colAligns: ["left", "right", "right", "right"],
    });
    for (const { name, run } of rows) table.push([name, resources(run), seconds(run), memory(run)]);
    console.log(table.toString());
    const whole = Object.values(result.parts).reduce((sum, part) => sum + part, 0);
    const shares = Object.entries(result.parts).map(([part, took]) => `${part} ${Math.round((took / whole) * 100)} %`);
    console.log(`A plan's time: ${shares.join(", ")}.`);
    console.log(`Median of ${repeats}, ${result.machine.cpus} CPUs, Node ${process.version}.`);
    for (const { verdict, name, measured, most } of result.figures)
      console.log(
        `${verdict.padEnd(7)}  ${name}: ${measured.toFixed(2)} (${most === undefined ? "no goal" : `at most ${most}`})`,
      );
  }
  if (options.check && result.figures.some(({ verdict }) => verdict === "MISSED")) process.exitCode = 1;
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
