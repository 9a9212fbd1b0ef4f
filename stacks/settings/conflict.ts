import type { SettingProblem } from "../../core/setting-problem";
import type { Architecture, SectionName, Settings } from "./schema";

/** A mistake that only several settings together make. */
export interface Conflict extends Pick<SettingProblem, "key" | "allowed" | "fix"> {
  /** What was found. @default the value of the key */
  readonly found?: unknown;
}

export interface Rule<Needs extends SectionName> {
  /** The sections that must be valid by themselves before the rule is asked. */
  readonly needs: readonly Needs[];
  readonly check: (settings: Pick<Settings, Needs>, around: RuleContext) => Iterable<Conflict>;
}

/** What a rule may know beside the settings. */
export interface RuleContext {
  readonly stack: string;
  /** `aws:region`; undefined where a config names none. */
  readonly region?: string;
}

export function rule<Needs extends SectionName>(
  needs: readonly Needs[],
  check: Rule<Needs>["check"],
): Rule<SectionName> {
  return { needs, check: check as Rule<SectionName>["check"] };
}

/** Whether a stack serves customers, by its name: its data is guarded more strictly. */
export const isProduction = (stack: string): boolean => /^(prod|live)/.test(stack);

/** The tiers that a stack builds: what serves, and the canary where there is one. */
export function tiersOf(settings: Pick<Settings, "architecture" | "traffic">): Architecture[] {
  const { canary } = settings.traffic;
  return canary && canary !== settings.architecture ? [settings.architecture, canary] : [settings.architecture];
}
