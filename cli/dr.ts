import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import pc from "picocolors";
import { type Action, type DisasterPlan, disasterPlan, type Gap, type Objective } from "../insight/dr";
import { duration } from "../insight/format";
import { chooseStack, loadPlanner, type Planner, told } from "./compare";
import { withProgress } from "./progress";
import { inFolder } from "./stack-files";
import { newTable } from "./table";

/** The page that `--docs` writes. */
export const DOCS = join(__dirname, "..", "docs", "disaster-recovery.md");

interface Options {
  readonly stack?: string;
  readonly json?: boolean;
  readonly docs?: boolean;
  readonly cwd: string;
}

/** `platform dr`: what each disaster costs a stack, and how it is survived. */
export function drCommand(load: typeof loadPlanner = loadPlanner): Command {
  return new Command("dr")
    .description("Disaster recovery of a stack: what each disaster costs in data and time, and the commands for it.")
    .option("-s, --stack <name>", "the stack")
    .option("--json", "print as JSON")
    .option("--docs", "write docs/disaster-recovery.md from all stacks")
    .addOption(inFolder())
    .action(async ({ stack, json, docs, cwd }: Options) => {
      const plans = await withProgress("Planning", () =>
        told(async () => {
          const planner = await load(cwd);
          const stacks = docs ? planner.listStacks() : [chooseStack(planner, stack)];
          return disasterPlans(planner, stacks);
        }),
      );
      if (docs) writeFileSync(DOCS, disasterDocs(plans));
      if (json) console.log(JSON.stringify(docs ? plans : plans[0], null, 2));
      else if (docs) console.log(`Written: ${DOCS}`);
      else for (const plan of plans) console.log(renderDisasterPlan(plan));
    });
}

/** The disaster plans of some stacks. */
export async function disasterPlans(planner: Planner, stacks: readonly string[]): Promise<DisasterPlan[]> {
  const plans: DisasterPlan[] = [];
  for (const name of stacks) plans.push(disasterPlan(await planner.planStack(name), planner.context(name).region));
  return plans;
}

/** `0`, `5 min`, or the words where nothing bounds it. */
function shown({ seconds, note }: Objective): string {
  if (seconds === undefined) return note ?? "not bounded";
  return seconds === 0 ? "0" : duration(seconds);
}

const full = (objective: Objective): string =>
  objective.seconds !== undefined && objective.note ? `${shown(objective)}, ${objective.note}` : shown(objective);

/** The table of all disasters, and below it what to do in each. */
export function renderDisasterPlan({ stack, architecture, region, scenarios }: DisasterPlan): string {
  const table = newTable({
    head: ["disaster", "data lost (RPO)", "time (RTO)", "by itself"],
    colWidths: [34, 30, 30, 11],
    wordWrap: true,
  });
  for (const { title, rpo, rto, automatic } of scenarios) {
    table.push([title, shown(rpo), shown(rto), automatic ? pc.green("yes") : pc.yellow("no")]);
  }
  return [
    `${pc.bold(pc.underline(stack))}  ${pc.cyan(architecture)}  ${region}`,
    "",
    table.toString(),
    ...scenarios.flatMap(({ title, rpo, rto, actions, gaps }) => [
      "",
      pc.bold(title),
      `  data lost  ${full(rpo)}  ${pc.dim(`(${rpo.from})`)}`,
      `  time       ${full(rto)}  ${pc.dim(`(${rto.from})`)}`,
      ...actions.flatMap(({ what, commands = [] }, index) => [
        `  ${index + 1}. ${what}`,
        ...commands.map((command) => pc.cyan(`     ${command}`)),
      ]),
      ...gaps.map(({ lacks, mend }) => `  ${pc.yellow("lacks")} ${lacks}\n     ${pc.cyan(mend)}`),
    ]),
  ].join("\n");
}

/** docs/disaster-recovery.md; a unit test fails when the page in the repository is another one. */
export function disasterDocs(plans: readonly DisasterPlan[]): string {
  return [
    "# Disaster recovery",
    "",
    "Written by `npm run platform -- dr --docs` from the plans of the stacks in this repository; a test fails when it is out of date. For a stack",
    "of your own: `npm run platform -- dr --stack <name>`. RPO is the newest data that may be lost, RTO the time until the site serves again;",
    "every figure says where it comes from, and an assumption says so. Commands in angle brackets need what only the day knows.",
    "",
    ...UPGRADES,
    ...plans.flatMap(stackDocs),
    "",
  ].join("\n");
}

/** What is the same for every stack. */
const UPGRADES = [
  "## Before anything happens",
  "",
  "- The stack's state and the key of its secrets are needed to act: keep them outside the region (Pulumi Cloud, or a bucket elsewhere).",
  "- Try it: `npm run drill -- data` restores and fails over a real PostgreSQL on this machine; `backups.restoreTest` does it on AWS.",
  "- A setting that would replace the live database is refused in `pulumi preview`, with the safe way to the same end.",
  "",
  "## Upgrades of the database",
  "",
  "- Minor versions: RDS installs them in the maintenance window (`database.autoMinorUpgrade`), with a restart of a minute or less with Multi-AZ.",
  "- Major versions: take a snapshot, set `database.allowMajorUpgrade` and `database.engineVersion`, run one `up`, and set it back. The site is down",
  "  for minutes. There is no way back but the snapshot, and it loses what was written since.",
  "- Blue/green (`database.blueGreen`) upgrades a copy and switches over within a minute. Known traps of the provider, which deletes the old instance",
  "  by itself: automated snapshots made before the switch are gone (terraform-provider-aws #37775), no final snapshot of the old instance is",
  "  taken (#42354), deletion protection is off until the next `up` (#29887), and it does not work with replicas. So: take a manual snapshot",
  "  first, which survives; run `up` twice; look at the backups afterwards.",
];

const bullet = ({ lacks, mend }: Gap) => `- Lacks ${lacks}: \`${mend}\``;

function step({ what, commands = [] }: Action, index: number): string[] {
  return [
    `${index + 1}. ${what}`,
    ...(commands.length > 0 ? ["", "   ```sh", ...commands.map((command) => `   ${command}`), "   ```", ""] : []),
  ];
}

function stackDocs({ stack, architecture, region, scenarios }: DisasterPlan): string[] {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    "",
    `## Stack ${stack}: ${architecture} in ${region}`,
    "",
    row(["disaster", "data lost (RPO)", "time (RTO)", "by itself"]),
    row(["---", "---", "---", "---"]),
    ...scenarios.map(({ title, rpo, rto, automatic }) => row([title, full(rpo), full(rto), automatic ? "yes" : "no"])),
    ...scenarios.flatMap(({ title, rpo, rto, actions, gaps }) => [
      "",
      `### ${title} (${stack})`,
      "",
      `RPO: ${full(rpo)}. From: ${rpo.from}.`,
      `RTO: ${full(rto)}. From: ${rto.from}.`,
      "",
      ...actions.flatMap(step),
      ...(gaps.length > 0 ? ["", ...gaps.map(bullet)] : []),
    ]),
  ];
}
