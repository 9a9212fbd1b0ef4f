import { Command, type CommanderError } from "commander";
import pc from "picocolors";

/** The commands, each loaded only when it is asked for: `plan` must not wait for what draws diagrams. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import("./init")).initCommand(),
  doctor: async () => (await import("./doctor")).doctorCommand(),
  attach: async () => (await import("./attach")).attachCommand(),
  plan: async () => (await import("./plan")).planCommand(),
  compare: async () => (await import("./compare")).compareCommand(),
  flip: async () => (await import("./flip")).flipCommand(),
  "adopt-dns": async () => (await import("./adopt-dns")).adoptDnsCommand(),
  simulate: async () => (await import("./simulate")).simulateCommand(),
  report: async () => (await import("./report")).reportCommand(),
  migrate: async () => (await import("./migrate")).migrateCommand(),
  prices: async () => (await import("./prices")).pricesCommand(),
  dr: async () => (await import("./dr")).drCommand(),
  settings: async () => (await import("./settings")).settingsCommand(),
};

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
  const asked = commands[process.argv[2] ?? ""];
  const loaded = await Promise.all((asked ? [asked] : Object.values(commands)).map((load) => load()));
  for (const command of loaded) program.addCommand(command.exitOverride(exit));
  await program.parseAsync();
}

main().catch((error: unknown) => {
  const mistake = error instanceof Error && told.has(error.name);
  console.error(mistake ? pc.red(error.message) : error);
  process.exitCode = mistake ? 2 : 1;
});
