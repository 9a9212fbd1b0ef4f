import type { Plan } from "../../core/plan-format";
import { availabilityOf } from "../../insight/availability/availability";
import { type Candidate, variations } from "../../insight/comparison/advice";
import { costOf } from "../../insight/cost/cost";
import { architectures } from "../../stacks/settings/schema";
import { SettingsError } from "../../stacks/settings/settings-check";
import type { Planner } from "./load";

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
function withSettings(
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
