import { Command } from "commander";
import pc from "picocolors";
import { SettingsError } from "../stacks/settings-check";
import { compareCommand } from "./compare";
import { planCommand } from "./plan";
import { pricesCommand } from "./prices";
import { reportCommand } from "./report";
import { UsageError } from "./stack-files";

const program = new Command("platform")
  .description(
    "A site that recovers by itself, in one of four architectures: plan it, compare, flip, and find out why it went down.",
  )
  .addCommand(planCommand(), { isDefault: true })
  .addCommand(compareCommand())
  .addCommand(reportCommand())
  .addCommand(pricesCommand())
  .showHelpAfterError("Run `npm run platform -- --help` for what there is.");

program.parseAsync().catch((error: unknown) => {
  // What a person did wrong is told without a stack trace; anything else is a mistake of ours and keeps it.
  const told = error instanceof SettingsError || error instanceof UsageError;
  console.error(told ? pc.red(error.message) : error);
  process.exitCode = told ? 2 : 1;
});
