import type { Plan } from "../../core/plan-format";
import { keysIn, noticesFor } from "../../stacks/notices";
import type { Architecture } from "../../stacks/settings/schema";
import { checkSettings } from "../../stacks/settings/settings-check";
import { isStandIn, projectFolder, readStackFile } from "../lib/stack-files";

/** What to plan differently from the stack's file. */
export interface PlanOptions {
  readonly architecture?: Architecture | (string & {});
  /** Further settings by their key without the namespace (`aws:region` has its own), each replacing the section of the file whole. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Folder with `Pulumi.yaml` and the stack files. @default the project's own */
  readonly folder?: string;
  /** Called in the stack before the program registers anything: tests change there what it registers. */
  readonly prepare?: () => void;
}

/**
 * What `pulumi up` would build for a stack. Plans of one process run one after the other, as the runtime is one per process; the
 * program is loaded once.
 *
 * @throws {UserError} if there is no such stack
 * @throws {SettingsError} if the stack's config has mistakes
 */
export async function planStack(stack: string, options: PlanOptions = {}): Promise<Plan> {
  const run = queue.then(() => plan(stack, options));
  queue = run.catch(() => {});
  return run;
}

let queue: Promise<unknown> = Promise.resolve();

async function plan(
  stack: string,
  { architecture, config: overrides = {}, folder = projectFolder, prepare = () => {} }: PlanOptions,
): Promise<Plan> {
  const file = readStackFile(folder, stack);
  const changed = { ...overrides, ...(architecture ? { architecture } : {}) };
  const config: Record<string, string> = { ...file.config };
  for (const [key, value] of Object.entries(changed)) {
    config[key.includes(":") ? key : `${file.project}:${key}`] =
      typeof value === "string" ? value : JSON.stringify(value);
  }
  const settings = checkSettings(file.project, stack, config);

  const { record } = await import("./plan-runtime");
  const program = (await import("../../index")).default;
  const prepared = () => {
    prepare();
    return program();
  };
  const { resources, outputs } = await record(prepared, { ...file, config });
  return {
    stack,
    project: file.project,
    architecture: settings.architecture,
    resources,
    outputs,
    notices: noticesFor(settings, {
      stack,
      ...keysIn((key) => key in config),
      isEncrypted: isStandIn,
    }),
  };
}
