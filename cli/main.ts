import { Command, type CommanderError } from "commander";
import pc from "picocolors";
import { commands } from "./commands";

/** Errors by which a person is told of a mistake of their own; anything else is ours and keeps its stack trace. */
const told = new Set(["SettingsError", "UsageError", "InputError"]);

async function main(): Promise<void> {
  const exit = ({ exitCode }: CommanderError) => process.exit(exitCode === 0 ? 0 : 2);
  const program = new Command("platform")
    .exitOverride(exit)
    .description(
      "A site that recovers by itself, in one of four architectures: plan it, compare, and see what it costs.",
    )
    .showHelpAfterError("Run `npm run platform -- --help` for what there is.");
  const [first = "", second = ""] = process.argv.slice(2);
  const asked = commands[first === "help" ? second : first];
  if (asked) program.addCommand((await asked.load()).exitOverride(exit));
  else {
    for (const [name, { group, summary }] of Object.entries(commands)) {
      program.addCommand(new Command(name).description(summary).helpGroup(group));
    }
  }
  await program.parseAsync();
}

main().catch((error: unknown) => {
  const mistake = error instanceof Error && told.has(error.name);
  console.error(mistake ? pc.red(error.message) : error);
  process.exitCode = mistake ? 2 : 1;
});
