import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { ROOT } from "../../../core/root";
import { type DisasterPlan, disasterPlan, type Objective } from "../../../insight/disaster/disaster-plan";
import {
  accent,
  type Block,
  code,
  good,
  list,
  muted,
  pairs,
  section,
  steps,
  table,
  text,
  warn,
} from "../../../output/document";
import { duration } from "../../../output/format";
import { toMarkdown } from "../../../output/markdown";
import { toTerminal } from "../../../output/terminal";
import { withProgress } from "../../lib/progress";
import { chooseStack, inFolder } from "../../lib/stack-files";
import { loadPlanner, type Planner } from "../../planner/load";

/** The page that `--docs` writes. */
export const DOCS = join(ROOT, "docs", "disaster-recovery.md");

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
      const plans = await withProgress("Planning", async () => {
        const planner = await load(cwd);
        const stacks = planner.listStacks();
        return disasterPlans(planner, docs ? stacks : [chooseStack(stacks, stack)]);
      });
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
  const time = seconds === 0 ? "0" : duration(seconds);
  return note ? `${time}, ${note}` : time;
}

/** The table of all disasters, and below it what to do in each. */
const scenarioBlocks = ({ stack, scenarios }: DisasterPlan): Block[] => [
  table(
    [
      { title: "disaster", width: 34 },
      { title: "data lost (RPO)", width: 0 },
      { title: "time (RTO)", width: 0 },
      { title: "by itself", width: 11 },
    ],
    scenarios.map(({ title, rpo, rto, automatic }) => [
      title,
      shown(rpo),
      shown(rto),
      automatic ? good("yes") : warn("no"),
    ]),
  ),
  ...scenarios.map(({ title, rpo, rto, actions, gaps }) =>
    section(`${title} (${stack})`, [
      pairs([
        ["RPO", [shown(rpo), muted(` (${rpo.from})`)]],
        ["RTO", [shown(rto), muted(` (${rto.from})`)]],
      ]),
      steps(actions.map(({ what, commands = [] }) => ({ head: what, body: [code(commands.map(accent), "sh")] }))),
      list(gaps.map(({ lacks, mend }) => ({ head: [warn("Lacks"), ` ${lacks}`], body: [code([accent(mend)], "sh")] }))),
    ]),
  ),
];

export const renderDisasterPlan = (plan: DisasterPlan): string =>
  toTerminal({
    title: `${plan.stack}: ${plan.architecture} in ${plan.region}`,
    blocks: scenarioBlocks(plan),
  });

/** docs/disaster-recovery.md; a unit test fails when the page in the repository is another one. */
export const disasterDocs = (plans: readonly DisasterPlan[]): string =>
  `${toMarkdown({
    title: "Disaster recovery",
    blocks: [
      text(
        "Written by `npm run platform -- dr --docs` from the plans of the stacks in this repository; a test fails when it is out of date. ",
        "For a stack of your own: `npm run platform -- dr --stack <name>`. RPO is the newest data that may be lost, RTO " +
          "the time until the ",
        "site serves again; every figure says where it comes from, and an assumption says so. Commands in angle brackets " +
          "need what only the ",
        "day knows.",
      ),
      ...UPGRADES,
      ...plans.map((plan) =>
        section(`Stack ${plan.stack}: ${plan.architecture} in ${plan.region}`, scenarioBlocks(plan)),
      ),
    ],
  })}\n`;

/** What is the same for every stack. */
const UPGRADES: readonly Block[] = [
  section("Before anything happens", [
    list([
      "The stack's state and the key of its secrets are needed to act: keep them outside the region (Pulumi Cloud, or a bucket elsewhere).",
      "Try it: `npm run drill -- data` restores and fails over a real PostgreSQL on this machine; `backups.restoreTest` does it on AWS.",
      "A setting that would replace the live database is refused in `pulumi preview`, with the safe way to the same end.",
    ]),
  ]),
  section("Upgrades of the database", [
    list([
      "Minor versions: RDS installs them in the maintenance window (`database.autoMinorUpgrade`), with a restart of a " +
        "minute or less with Multi-AZ.",
      [
        "Major versions: take a snapshot, set `database.allowMajorUpgrade` and `database.engineVersion`, run one `up`, and set it back. ",
        "The site is down for minutes. There is no way back but the snapshot, and it loses what was written since.",
      ],
      [
        "Blue/green (`database.blueGreen`) upgrades a copy and switches over within a minute. Known traps of the provider, which deletes ",
        "the old instance by itself: automated snapshots made before the switch are gone (terraform-provider-aws " +
          "#37775), no final snapshot ",
        "of the old instance is taken (#42354), deletion protection is off until the next `up` (#29887), and it does not " +
          "work with replicas. ",
        "So: take a manual snapshot first, which survives; run `up` twice; look at the backups afterwards.",
      ],
    ]),
  ]),
];
