import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { Command } from "commander";
import { listStacks } from "../cli/planner";
import { architectures } from "../stacks/settings";
import { measure, type Run, slope } from "./measure";

/**
 * `npm run bench`: what a plan costs in time and memory, beside the same architecture in AWS CDK in the same run on the same
 * machine. Ratios are the result; seconds depend on the machine.
 */
const root = join(__dirname, "..");
const node = process.execPath;
const program = [node, "--import", join(root, "cli", "loader.mjs")];
const platform = (...args: readonly string[]) => [node, join(root, "cli", "bin.mjs"), ...args];

/** A goal of the project, and whether this run reaches it. */
interface Goal {
  readonly name: string;
  readonly measured: number;
  readonly most: number;
}

const seconds = (run: Run): string => `${run.seconds.toFixed(2)} s`;
const memory = (run: Run): string => (run.peakMb > 0 ? `${run.peakMb.toFixed(0)} MB` : "-");
const say = (text: string) => process.stderr.write(`${text}\n`);

async function main(options: { stack: string; repeats: string; sites: string; json: boolean; check: boolean }) {
  const repeats = Number(options.repeats);
  const sites = options.sites.split(",").map(Number);
  if (!(repeats >= 1) || sites.some((n) => !(n >= 1))) throw new Error("--repeats and --sites take numbers above 0.");
  const rows: { name: string; run: Run; note?: string }[] = [];
  const add = async (name: string, command: readonly string[], note?: string): Promise<Run> => {
    say(`measuring: ${name}`);
    const result = await measure(command, root, repeats);
    rows.push({ name, run: result, ...(note ? { note } : {}) });
    return result;
  };

  const empty = await add("import @pulumi/pulumi and @pulumi/aws, nothing else", [
    node,
    "--import",
    "tsx",
    join(root, "bench", "empty.ts"),
  ]);
  const plan = await add(`plan ${options.stack}, as configured`, platform("plan", "--stack", options.stack, "--json"));
  for (const stack of listStacks()) {
    for (const architecture of architectures) {
      await add(`plan ${stack} as ${architecture}`, [
        ...program,
        join(root, "bench", "sites.ts"),
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
        join(root, "bench", "sites.ts"),
        options.stack,
        "fargate",
        String(n),
      ]),
    ]);
  }
  const goals: Goal[] = [
    { name: "a plan, in times of importing the SDK", measured: plan.seconds / empty.seconds, most: 1.5 },
    { name: "compare, in times of one plan", measured: compared.seconds / plan.seconds, most: 1.5 },
    ...(plan.peakMb > 0 ? [{ name: "memory of a plan, in MB", measured: plan.peakMb, most: 350 }] : []),
  ];
  if (sites.length >= 3) {
    const { fit } = slope(scaled.map(([n, run]) => [n, run.seconds]));
    goals.push({ name: "growth with sites: share not explained by a line", measured: 1 - fit, most: 0.05 });
  }

  if (existsSync(join(root, "bench", "node_modules", "aws-cdk-lib"))) {
    const out = mkdtempSync(join(tmpdir(), "cdk-"));
    const cdk = (n: number) => [node, join(root, "bench", "site.cdk.cjs"), String(n), out];
    for (const [n, ours] of scaled) {
      const theirs = await add(`CDK synthesis of ${n} site(s)' worth`, cdk(n));
      const time = ours.seconds / theirs.seconds;
      const peak = ours.peakMb / theirs.peakMb;
      if (n === 1) {
        goals.push({ name: "time of a plan, in times of CDK", measured: time, most: 0.4 });
        if (theirs.peakMb > 0) goals.push({ name: "memory of a plan, in times of CDK", measured: peak, most: 0.6 });
      } else say(`${n} sites: ${time.toFixed(2)} times CDK's time, ${peak.toFixed(2)} times its memory`);
    }
    rmSync(out, { recursive: true, force: true });
  } else {
    say("skipped: the comparison with AWS CDK, as it is not installed. Run: npm ci --prefix bench");
  }

  const result = {
    machine: { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? "" },
    repeats,
    shareOfImport: empty.seconds / plan.seconds,
    rows: rows.map(({ name, run }) => ({ name, seconds: run.seconds, peakMb: run.peakMb })),
    goals: goals.map((goal) => ({ ...goal, reached: goal.measured <= goal.most })),
  };
  if (options.json) console.log(JSON.stringify(result, null, 2));
  else {
    const table = new Table({ head: ["What", "Time", "Peak memory"], style: { compact: true } });
    for (const { name, run } of rows) table.push([name, seconds(run), memory(run)]);
    console.log(table.toString());
    console.log(
      `Importing the SDK is ${Math.round(result.shareOfImport * 100)} % of a plan's time. Median of ${repeats}, ${result.machine.cpus} CPUs, Node ${process.version}.`,
    );
    for (const goal of result.goals)
      console.log(
        `${goal.reached ? "reached" : "MISSED "}  ${goal.name}: ${goal.measured.toFixed(2)} (at most ${goal.most})`,
      );
  }
  if (options.check && result.goals.some((goal) => !goal.reached)) process.exitCode = 1;
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
