import { Command } from "commander";
import { UserError } from "../../../core/errors";
import { type Aim, advise } from "../../../insight/comparison/advice";
import { type Comparison, compare } from "../../../insight/comparison/options";
import { print } from "../../lib/print";
import { withProgress } from "../../lib/progress";
import { chooseStack, inFolder } from "../../lib/stack-files";
import { candidatesOf, planAll, tellLeftOut } from "../../planner/alternatives";
import { loadPlanner } from "../../planner/load";
import { comparisonDocument } from "./compare-text";

/** A comparison without the plans themselves, for machines. */
export const comparisonJson = (comparison: Comparison) => ({
  ...comparison,
  today: { ...comparison.today, plan: undefined },
  options: comparison.options.map((option) => ({ ...option, plan: undefined })),
});

function numberOf(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if (value.trim() === "" || !Number.isFinite(parsed))
    throw new UserError(`${name} must be a number (got "${value}").`);
  return parsed;
}

/** The aim of the options, checked before anything is planned; undefined if there is none. */
export function aimOf(budget: string | undefined, availability: string | undefined): Aim | undefined {
  const budgetUsd = numberOf("--budget", budget);
  const percentage = numberOf("--availability", availability);
  if (budgetUsd === undefined && percentage === undefined) return undefined;
  const aim = {
    ...(budgetUsd === undefined ? {} : { budgetUsd }),
    ...(percentage === undefined ? {} : { availability: percentage / 100 }),
  };
  advise([], aim);
  return aim;
}

/** `platform compare`. */
export function compareCommand(load: typeof loadPlanner = loadPlanner): Command {
  return new Command("compare")
    .description("Today's setup and the four architectures side by side: cost, availability, recovery, work, risks")
    .option("-s, --stack <name>", "the stack to compare for")
    .option("--budget <usd>", "advise: most USD a month for the whole stack, database included")
    .option("--availability <percent>", "advise: percent of time in service, for example 99.9")
    .option("--json", "print as JSON", false)
    .addOption(inFolder())
    .action(async (options: { stack?: string; budget?: string; availability?: string; json: boolean; cwd: string }) => {
      const { comparison, advice, leftOut } = await withProgress("Planning the four architectures", async () => {
        const aim = aimOf(options.budget, options.availability);
        const planner = await load(options.cwd);
        const stack = chooseStack(planner.listStacks(), options.stack);
        const { plans, leftOut } = await planAll(planner, stack);
        const comparison = compare(plans, planner.context(stack));
        return { comparison, leftOut, ...(aim ? { advice: advise(await candidatesOf(planner, stack), aim) } : {}) };
      });
      tellLeftOut(leftOut);
      const found = { ...comparisonJson(comparison), ...(advice ? { advice } : {}) };
      print(found, options, () => comparisonDocument(comparison, advice));
    });
}
