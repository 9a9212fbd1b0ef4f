import { Command, Option } from "commander";
import { UserError } from "../../../core/errors";
import type { Plan, Plans } from "../../../core/plan-format";
import { inBoth } from "../../../core/plan-reader";
import { dataChanges, renderDataChanges } from "../../../insight/change/data-safety";
import { changesOf } from "../../../insight/change/flip-changes";
import { insideOf } from "../../../insight/change/inside";
import { toTerminal } from "../../../output/terminal";
import { architectures } from "../../../stacks/settings/schema";
import { SettingsError } from "../../../stacks/settings/settings-check";
import { readPlans } from "../../lib/plans-file";
import { withProgress } from "../../lib/progress";
import { inFolder, listStacks, refuseNone } from "../../lib/stack-files";
import { planStack } from "../../planner/planner";
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
  refuseNone(stacks);
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
  const kept = inBoth(since ? readPlans(since) : [], plans);
  refuseLoss(kept);
  // Beside the plan, which may be JSON.
  for (const line of insideSince(kept)) console.error(line);
  const result: Plans = { stacks: plans };
  console.log(
    json ? JSON.stringify(result, null, 2) : plans.map((plan) => toTerminal(planDocument(plan))).join("\n\n"),
  );
}

/** The live database is asked in `pulumi preview`; this is for a review, which has no account. */
function refuseLoss(kept: ReturnType<typeof inBoth>): void {
  const lost = kept.flatMap(([old, plan]) =>
    renderDataChanges(dataChanges(old, plan)).map((line) => `${plan.stack}: ${line}`),
  );
  if (lost.length > 0) throw new UserError(`Data would be lost.\n\n${lost.join("\n\n")}`);
}

/** What of a tier that serves would be replaced since an earlier plan, as `review` says it. */
const insideSince = (kept: ReturnType<typeof inBoth>): string[] =>
  kept.flatMap(([old, plan]) => insideOf(changesOf(old, plan), old, plan).map((line) => `${plan.stack}: ${line}`));
