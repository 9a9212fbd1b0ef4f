import { Command, Option } from "commander";
import type { Plan, Plans } from "../insight/plan";
import { architectures } from "../stacks/settings";
import { SettingsError } from "../stacks/settings-check";
import { renderPlan } from "./plan-text";
import { listStacks, planStack } from "./planner";
import { withProgress } from "./progress";
import { UsageError } from "./stack-files";

interface Options {
  readonly stack?: string;
  readonly architecture?: string;
  readonly json?: boolean;
  readonly cwd?: string;
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
    .option("-C, --cwd <folder>", "folder with Pulumi.yaml and the stack files")
    .action(run);
}

async function run({ stack, architecture, json, cwd }: Options): Promise<void> {
  const stacks = stack ? [stack] : listStacks(cwd);
  const plans: Plan[] = [];
  const mistakes: SettingsError[] = [];
  await withProgress(`Planning ${stacks.join(", ")}`, async () => {
    for (const name of stacks) {
      try {
        plans.push(
          await planStack(name, { ...(architecture ? { architecture } : {}), ...(cwd ? { folder: cwd } : {}) }),
        );
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
        mistakes.push(error);
      }
    }
  });
  // A mistake in one stack must not be lost behind the plan of another.
  if (mistakes.length > 0) throw new UsageError(mistakes.map(({ message }) => message).join("\n\n"));
  const result: Plans = { stacks: plans };
  console.log(json ? JSON.stringify(result, null, 2) : plans.map((plan) => renderPlan(plan)).join("\n\n"));
}
