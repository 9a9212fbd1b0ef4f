import { inspect } from "node:util";
import { Command, type CommanderError } from "commander";
import { reason, UserError } from "../core/errors";
import { bad, type Inline } from "../output/document";
import { commands } from "./commands";
import { tell } from "./lib/print";

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

// Whoever reads may go before the end, as `| head` does: the command goes on, and its exit code stays true.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

main().catch((error: unknown) => {
  tell(error instanceof UserError && !error.cause ? bad(error.message) : unforeseen(error));
  process.exitCode = error instanceof UserError ? 2 : 1;
});

/** A mistake of ours: its stack trace helps nobody but us, who ask for it. */
function unforeseen(error: unknown): Inline {
  if (process.env.PLATFORM_TRACE) return inspect(error);
  const message = reason(error);
  return [
    bad(message),
    "\nThis was not foreseen. With PLATFORM_TRACE=1 the same command shows where it happened, for a report.",
  ];
}
