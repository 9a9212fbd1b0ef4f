import { Command } from "commander";
import { UserError } from "../../../core/errors";
import { bad, type Document, good, muted, pairs, warn } from "../../../output/document";
import { checkSettings, SettingsError } from "../../../stacks/settings/settings-check";
import { type AwsAccess, connectStack } from "../../lib/aws-access";
import { print } from "../../lib/print";
import { withProgress } from "../../lib/progress";
import { chooseStack, inFolder, listStacks, readStackFile } from "../../lib/stack-files";
import { type AnyCheck, examine, type Line, Missing, type Patient, type Status } from "./doctor/check";

interface Options {
  readonly stack?: string;
  readonly inspect?: boolean;
  readonly json?: boolean;
  readonly cwd: string;
}

/** `platform doctor`: whether everything that `pulumi up` and the site need is there. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description(
      "Check machine, account and stack before `pulumi up`: each line ok, warning, error or skipped, and what to do",
    )
    .option("-s, --stack <name>", "the stack to check; default: the only one, else prod")
    .option("--inspect", "ask the existing instance what a flip would lose, by a command that only reads")
    .option("--json", "print as JSON")
    .addOption(inFolder())
    .action(run);
}

async function run(options: Options): Promise<void> {
  const folder = options.cwd;
  const stack = chooseStack(listStacks(folder), options.stack);
  const { project, config } = readStackFile(folder, stack);
  const lines = await withProgress(`Examining ${stack}`, async () => {
    const patient = await patientOf({ folder, project, stack, config, inspect: options.inspect ?? false });
    return diagnose(patient, await allChecks());
  });
  print({ stack, ...summary(lines), checks: lines }, options, () => findings(stack, lines));
  if (lines.some(({ status }) => status === "error")) process.exitCode = 1;
}

async function allChecks(): Promise<AnyCheck[]> {
  const [{ localChecks }, { accountChecks }, { externalChecks }] = await Promise.all([
    import("./doctor/local"),
    import("./doctor/account"),
    import("./doctor/outside"),
  ]);
  return [...localChecks, ...accountChecks, ...externalChecks];
}

/** All checks side by side; the report keeps their order. */
export const diagnose = async (patient: Patient, checks: readonly AnyCheck[]): Promise<Line[]> =>
  (await Promise.all(checks.map((check) => examine(check, patient)))).flat();

/** What the checks look at; a thing that cannot be had is not the end of the others. */
async function patientOf(given: Omit<Patient, "settings" | "plan" | "aws">): Promise<Patient> {
  const { folder, project, stack, config } = given;
  let settings: Patient["settings"];
  try {
    settings = checkSettings(project, stack, config);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    settings = new Missing(error.message);
  }
  // One after the other: planning keeps this process busy, and the time limit of AWS would run out meanwhile.
  const aws = await connectStack(config).catch((error: unknown): AwsAccess | Missing => {
    if (error instanceof UserError) return new Missing(error.message);
    throw error;
  });
  const plan =
    settings instanceof Missing
      ? new Missing("the config has mistakes")
      : await import("../../planner/planner")
          .then(({ planStack }) => planStack(stack, { folder }))
          .catch((error: Error) => new Missing(error.message));
  return { ...given, settings, plan, aws };
}

function summary(lines: readonly Line[]): Record<Status, number> {
  const of = (status: Status) => lines.filter((line) => line.status === status).length;
  return { ok: of("ok"), warning: of("warning"), error: of("error"), skipped: of("skipped") };
}

const order: readonly Status[] = ["error", "warning", "skipped", "ok"];
const STYLES = { ok: good, warning: warn, error: bad, skipped: muted } as const satisfies Record<Status, unknown>;
const WIDTH = "warning  ".length;

/** What each check found, and below it what to do. */
function findings(stack: string, lines: readonly Line[]): Document {
  const counts = summary(lines);
  const total = order.filter((status) => counts[status] > 0).map((status) => `${counts[status]} ${status}`);
  return {
    title: `Stack ${stack}: ${total.join(", ")}`,
    blocks: [
      pairs(
        lines.map(({ status, check, found, mend }) => [
          [STYLES[status](status), " ".repeat(WIDTH - status.length), check],
          ...found.split("\n"),
          ...(mend?.split("\n") ?? []).map((line, index) => muted(`${index === 0 ? "→" : " "} ${line}`)),
        ]),
      ),
    ],
  };
}
