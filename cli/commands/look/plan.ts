import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { UserError } from "../../../core/errors";
import type { Plan, Plans } from "../../../core/plan-format";
import { withUrnsFrom } from "../../../core/plan-reader";
import { dataChanges, renderDataChanges } from "../../../insight/change/data-safety";
import { changesOf } from "../../../insight/change/flip-changes";
import { insideOf } from "../../../insight/change/inside";
import { toTerminal } from "../../../output/terminal";
import { architectures } from "../../../stacks/settings/schema";
import { SettingsError } from "../../../stacks/settings/settings-check";
import { withProgress } from "../../lib/progress";
import { inFolder } from "../../lib/stack-files";
import { listStacks, planStack } from "../../planner/planner";
import { planDocument } from "./plan-text";

interface Options {
  readonly stack?: string;
  readonly architecture?: string;
  readonly json?: boolean;
  readonly cwd: string;
  readonly since?: string;
}

/** `platform plan`: what `pulumi up` would build, without an account and without the CLI. */
export function planCommand(): Command {
  return new Command("plan")
    .description(
      "Show what `pulumi up` would build for a stack, or for every stack. Needs neither an account nor the CLI.",
    )
    .option("-s, --stack <name>", "only this stack")
    .addOption(
      new Option("-a, --architecture <name>", "plan another architecture than the stack's").choices([...architectures]),
    )
    .option("--json", "print the plan as JSON")
    .option(
      "--since <file>",
      "refuse what would lose data since an earlier plan (kept with --json > <file>), and say what of a tier that serves is replaced",
    )
    .addOption(inFolder())
    .action(run);
}

async function run({ stack, architecture, json, cwd, since }: Options): Promise<void> {
  const stacks = stack ? [stack] : listStacks(cwd);
  const plans: Plan[] = [];
  const mistakes: SettingsError[] = [];
  await withProgress(`Planning ${stacks.join(", ")}`, async () => {
    for (const name of stacks) {
      try {
        plans.push(await planStack(name, { ...(architecture ? { architecture } : {}), folder: cwd }));
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
        mistakes.push(error);
      }
    }
  });
  // A mistake in one stack must not be lost behind the plan of another.
  if (mistakes.length > 0) throw new UserError(mistakes.map(({ message }) => message).join("\n\n"));
  const earlier = since ? readPlans(since) : [];
  refuseLoss(earlier, plans);
  // Beside the plan, which may be JSON.
  for (const line of insideSince(earlier, plans)) console.error(line);
  const result: Plans = { stacks: plans };
  console.log(
    json ? JSON.stringify(result, null, 2) : plans.map((plan) => toTerminal(planDocument(plan))).join("\n\n"),
  );
}

function readPlans(file: string): readonly Plan[] {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as Plans).stacks;
  } catch (error) {
    throw new UserError(
      `${file} holds no plan: write one with \`npm start --silent -- --json > ${file}\`. ${error instanceof Error ? error.message : ""}`,
    );
  }
}

/** The live database is asked in `pulumi preview`; this is for a review, which has no account. */
function refuseLoss(before: readonly Plan[], plans: readonly Plan[]): void {
  const lost = plans.flatMap((plan) => {
    const old = before.find(({ stack }) => stack === plan.stack);
    return old
      ? renderDataChanges(dataChanges(withUrnsFrom(plan, old), plan)).map((line) => `${plan.stack}: ${line}`)
      : [];
  });
  if (lost.length > 0) throw new UserError(`Data would be lost.\n\n${lost.join("\n\n")}`);
}

/** What of a tier that serves would be replaced since an earlier plan, as `review` says it. */
function insideSince(before: readonly Plan[], plans: readonly Plan[]): string[] {
  return plans.flatMap((plan) => {
    const old = before.find(({ stack }) => stack === plan.stack);
    return old ? insideOf(changesOf(old, plan), old, plan).map((line) => `${plan.stack}: ${line}`) : [];
  });
}
