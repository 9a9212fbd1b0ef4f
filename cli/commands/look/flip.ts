import { Command, Option } from "commander";
import { UserError } from "../../../core/errors";
import type { PreviewStep } from "../../../insight/change/flip-changes";
import { type Flip, flipOf } from "../../../insight/change/flip-effects";
import { architectures } from "../../../stacks/settings/schema";
import { nearest } from "../../../stacks/settings/settings-check";
import { print } from "../../lib/print";
import { withProgress } from "../../lib/progress";
import { chooseStack, inFolder, projectFolder } from "../../lib/stack-files";
import { loadPlanner, type Planner, type StackContext } from "../../planner/load";
import { inTheWay, notLive } from "./canary";
import { flipDocument } from "./flip-text";
import { type Preview, previewOf } from "./preview";

export interface FlipRequest {
  readonly stack?: string;
  readonly to: string;
  /** Compare the plans only, or insist on the deployed state. @default the state where there is one */
  readonly basis?: "plans" | "state";
}

/** Asks the engine for a preview; tests put their own in. */
export type Previewer = (stack: string, change: Readonly<Record<string, unknown>>) => Promise<Preview>;

/** By the `pulumi` on PATH. @param folder with Pulumi.yaml and the stack files */
export const previewer =
  (folder: string): Previewer =>
  (stack, change) =>
    previewOf(folder, stack, change);

/**
 * The verdict on changing a stack's architecture. Reads only.
 * @throws {UserError} for an unknown stack or target, a target that serves already, a canary that stands in the way or is not
 *   live, and a basis that is not to be had
 * @throws {SettingsError} if the stack's config does not suit the target
 */
export async function judgeFlip(
  planner: Planner,
  { stack: named, to, basis }: FlipRequest,
  preview: Previewer = previewer(projectFolder),
): Promise<Flip> {
  const stack = chooseStack(planner.listStacks(), named);
  const context = planner.context(stack);
  checkTarget(stack, to, context);
  checkCanary(stack, to, context);
  const config = configFor(context, to);
  const before = await planner.planStack(stack);
  const after = await planner.planStack(stack, { architecture: to, config });
  const found: Preview =
    basis === "plans"
      ? { why: "--basis plans was asked for" }
      : await preview(stack, changeOf(after.project, to, config));
  if (basis === "state" && !("steps" in found)) {
    throw new UserError(
      `There is no deployed state to compare with: ${found.why}.\nLeave --basis away to compare the plans alone.`,
    );
  }
  if ("steps" in found) checkLive(stack, after.project, context, found.steps);
  return flipOf(before, after, {
    ...factsOf(context),
    ...("steps" in found ? { preview: found.steps } : {}),
    why: found.why,
  });
}

/** What of a stack's config a verdict on its flip, or on a change of its code, is drawn from beside the plans. */
export const factsOf = ({ region, settings: { gates, app, existing, secrets, usage } }: StackContext) => ({
  region,
  usage,
  gates,
  migrate: app.migrate,
  existingServer: existing.instanceId !== undefined,
  variables: [...Object.keys(app.environment), ...Object.keys(secrets)],
});

function checkTarget(stack: string, to: string, { settings: { architecture: current } }: StackContext): void {
  const others = architectures.filter((one) => one !== current);
  if (!architectures.includes(to as never)) {
    const meant = nearest(to, architectures);
    const guess = meant ? ` Did you mean ${meant}?` : "";
    throw new UserError(`There is no architecture "${to}".${guess} ${stack} can go to ${others.join(", ")}.`);
  }
  if (to === current) {
    throw new UserError(`${stack} has the architecture ${to} already. It can go to ${others.join(", ")}.`);
  }
}

/** A third tier beside the two would keep its share, or make no sense of the old one's. */
function checkCanary(stack: string, to: string, { settings: { architecture, traffic } }: StackContext): void {
  const { canary, percent } = traffic;
  if (canary === undefined || canary === to) return;
  throw new UserError(inTheWay(stack, canary, percent, `a flip to ${to}`, architecture));
}

/** A share of the file that no update has given yet. */
function checkLive(stack: string, project: string, context: StackContext, steps: readonly PreviewStep[]): void {
  const { canary, percent } = context.settings.traffic;
  if (canary === undefined || percent === 0) return;
  const tier = steps.find(({ type, urn }) => type.startsWith("iamvet:index:") && urn.endsWith(`::${canary}`));
  if (tier?.op === "create") throw new UserError(notLive(stack, project, canary, percent));
}

/** A flip to the canary makes it the serving tier, and leaves none beside it. */
function configFor({ settings: { traffic } }: StackContext, to: string): Record<string, unknown> {
  if (traffic.canary !== to) return {};
  const { canary: _, percent: __, ...rest } = traffic;
  return { traffic: rest };
}

const changeOf = (project: string, to: string, config: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries({ ...config, architecture: to }).map(([key, value]) => [`${project}:${key}`, value]),
  );

/** `platform flip`: reads only. */
export function flipCommand(load = loadPlanner, preview?: Previewer): Command {
  return new Command("flip")
    .description(
      "What changing the architecture would do: steps, downtime, data, cost, time, and what else has to move. Reads only.",
    )
    .requiredOption("-t, --to <architecture>", `the architecture to change to: ${architectures.join(", ")}`)
    .option("-s, --stack <name>", "the stack to change")
    .addOption(
      new Option("--basis <basis>", "compare the plans alone, or insist on the deployed state").choices([
        "plans",
        "state",
      ]),
    )
    .option("-a, --all", "list every resource", false)
    .option("--json", "print as JSON", false)
    .addOption(inFolder())
    .addHelpText(
      "after",
      "\nExit code 0: safe. 2: wrong input, or something is missing that `pulumi up` stops for. 3: data would be lost.",
    )
    .action(async ({ all, json, cwd, ...request }: FlipRequest & { all: boolean; json: boolean; cwd: string }) => {
      const flip = await withProgress("Planning both architectures, and asking the engine where there is a state", () =>
        load(cwd).then((planner) => judgeFlip(planner, request, preview ?? previewer(cwd))),
      );
      print(flip, { json }, () => flipDocument(flip, all));
      process.exitCode = { safe: 0, blocked: 2, unsafe: 3 }[flip.verdict];
    });
}
