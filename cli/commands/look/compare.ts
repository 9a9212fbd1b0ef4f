import { Command } from "commander";
import { UserError } from "../../../core/errors";
import type { Plan } from "../../../core/plan-format";
import { availabilityOf } from "../../../insight/availability/availability";
import { type Aim, advise, type Candidate, type Comparison, compare, variations } from "../../../insight/comparison";
import { costOf } from "../../../insight/cost/cost";
import { toTerminal } from "../../../output/terminal";
import { architectures, type Settings } from "../../../stacks/settings/schema";
import { readSettings, SettingsError } from "../../../stacks/settings/settings-check";
import { withProgress } from "../../lib/progress";
import { inFolder, projectFolder, readStackFile } from "../../lib/stack-files";
import { comparisonDocument } from "./compare-text";

/** What a stack's file says beside the plan. */
export interface StackContext {
  readonly region: string;
  /** The config with every default filled in. */
  readonly settings: Settings;
  /** Its traffic, for estimates. */
  readonly usage: Settings["usage"];
  /** Sections of the config as they stand in the file, for a change to begin from. */
  readonly sections: Readonly<Record<string, unknown>>;
}

/** What the commands need of the planner and the stack files; tests put their own in. */
export interface Planner {
  planStack(stack: string, options?: { architecture?: string; config?: Record<string, unknown> }): Promise<Plan>;
  listStacks(): string[];
  context(stack: string): StackContext;
}

/**
 * The planner, loaded only when a command runs: it brings Pulumi along.
 * @param folder with Pulumi.yaml and the stack files. @default the project's own
 */
export async function loadPlanner(folder: string = projectFolder): Promise<Planner> {
  const planner = await import("../../planner/planner");
  const context = (stack: string): StackContext => {
    const { config, project } = readStackFile(folder, stack);
    const region = config["aws:region"];
    if (!region)
      throw new UserError(
        `The stack ${stack} names no region: pulumi config set --stack ${stack} aws:region ap-northeast-2`,
      );
    const sections = Object.fromEntries(
      Object.entries(config).flatMap(([key, value]) => {
        const name = key.startsWith(`${project}:`) ? key.slice(project.length + 1) : undefined;
        return name === undefined ? [] : [[name, /^[[{]/.test(value) ? JSON.parse(value) : value]];
      }),
    );
    const settings = readSettings(project, stack, config);
    return { region, settings, usage: settings.usage, sections };
  };
  return {
    listStacks: () => planner.listStacks(folder),
    planStack: (stack, options) => planner.planStack(stack, { ...options, folder }),
    context,
  };
}

/** The stack that is meant: the named one, else the only one, else `prod`. */
export function chooseStack(planner: Planner, named: string | undefined): string {
  const known = planner.listStacks();
  if (named !== undefined) {
    if (known.includes(named)) return named;
    throw new UserError(`There is no stack "${named}". Known: ${known.join(", ") || "none; run pulumi stack init"}.`);
  }
  const chosen = known.length === 1 ? known[0] : known.find((stack) => stack === "prod");
  if (chosen) return chosen;
  throw new UserError(`Say which stack with --stack. Known: ${known.join(", ") || "none; run pulumi stack init"}.`);
}

/** An architecture for which the stack's config lacks something, and what. */
export interface LeftOut {
  readonly architecture: string;
  readonly problems: SettingsError["problems"];
}

/** An option is compared by itself: a canary that is under way would add its own tier to each, and make one impossible. */
const alone = { traffic: {} };

/** What `work` answers, or why the settings do not allow it. */
async function ifConfigured<T>(work: Promise<T>): Promise<{ readonly made: T } | { readonly refused: SettingsError }> {
  try {
    return { made: await work };
  } catch (error) {
    if (error instanceof SettingsError) return { refused: error };
    throw error;
  }
}

/**
 * One plan for each architecture; the program is loaded once. A stack may lack what only another architecture needs: that one is
 * left out.
 *
 * @throws {SettingsError} if none can be planned
 */
export async function planAll(planner: Planner, stack: string): Promise<{ plans: Plan[]; leftOut: LeftOut[] }> {
  const plans: Plan[] = [];
  const leftOut: LeftOut[] = [];
  for (const architecture of architectures) {
    const result = await ifConfigured(planner.planStack(stack, { architecture, config: alone }));
    if ("made" in result) plans.push(result.made);
    else leftOut.push({ architecture, problems: result.refused.problems });
    if (leftOut.length === architectures.length && "refused" in result) throw result.refused;
  }
  return { plans, leftOut };
}

/** What is missing for each architecture that is left out, beside a command's output. */
export function tellLeftOut(leftOut: readonly LeftOut[]): void {
  for (const { architecture, problems } of leftOut) {
    const lines = problems.map(({ key, allowed, fix }) => `  ${key}: ${allowed}\n    ${fix}`);
    console.error([`${architecture} is left out, as the stack's config does not suit it:`, ...lines].join("\n"));
  }
}

/** Sections of a config with dotted keys set; a section that is given replaces the file's whole, so its rest is taken along. */
export function withSettings(
  sections: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const changed: Record<string, Record<string, unknown>> = {};
  for (const [key, value] of Object.entries(settings)) {
    const [section = "", field = ""] = key.split(".");
    changed[section] = { ...(sections[section] as object | undefined), ...changed[section], [field]: value };
  }
  return changed;
}

/** Plans every variation of the settings that the stack's config allows, and prices it. */
export async function candidatesOf(planner: Planner, stack: string): Promise<Candidate[]> {
  const { region, usage, sections } = planner.context(stack);
  const candidates: Candidate[] = [];
  for (const { architecture, config } of variations) {
    const result = await ifConfigured(
      planner.planStack(stack, { architecture, config: { ...alone, ...withSettings(sections, config) } }),
    );
    if ("refused" in result) continue;
    const plan = result.made;
    const { totalUsd } = costOf(plan, { region, usage });
    candidates.push({ architecture, config, totalUsd, availability: availabilityOf(plan, { years: 1 }).composed });
  }
  return candidates;
}

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

/** Lets what a person gave wrong be told without a stack trace. */
export async function withoutCause<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof UserError ? new UserError(error.message) : error;
  }
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
      const { comparison, advice, leftOut } = await withProgress("Planning the four architectures", () =>
        withoutCause(async () => {
          const aim = aimOf(options.budget, options.availability);
          const planner = await load(options.cwd);
          const stack = chooseStack(planner, options.stack);
          const { plans, leftOut } = await planAll(planner, stack);
          const comparison = compare(plans, planner.context(stack));
          return { comparison, leftOut, ...(aim ? { advice: advise(await candidatesOf(planner, stack), aim) } : {}) };
        }),
      );
      tellLeftOut(leftOut);
      if (options.json) {
        console.log(JSON.stringify({ ...comparisonJson(comparison), ...(advice ? { advice } : {}) }, null, 2));
      } else {
        console.log(toTerminal(comparisonDocument(comparison, advice)));
      }
    });
}
