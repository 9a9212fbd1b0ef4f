import { UserError } from "../../core/errors";
import type { Plan } from "../../core/plan-format";
import type { Settings } from "../../stacks/settings/schema";
import { readSettings } from "../../stacks/settings/settings-check";
import { listStacks, projectFolder, readStackFile } from "../lib/stack-files";

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
  const { planStack } = await import("./planner");
  return {
    listStacks: () => listStacks(folder),
    planStack: (stack, options) => planStack(stack, { ...options, folder }),
    context: (stack) => contextOf(folder, stack),
  };
}

function contextOf(folder: string, stack: string): StackContext {
  const { config, project } = readStackFile(folder, stack);
  const region = config["aws:region"];
  if (!region) {
    throw new UserError(
      `The stack ${stack} names no region: pulumi config set --stack ${stack} aws:region ap-northeast-2`,
    );
  }
  const own = Object.entries(config).filter(([key]) => key.startsWith(`${project}:`));
  const sections = Object.fromEntries(
    own.map(([key, value]) => [key.slice(project.length + 1), /^[[{]/.test(value) ? JSON.parse(value) : value]),
  );
  const settings = readSettings(project, stack, config);
  return { region, settings, usage: settings.usage, sections };
}
