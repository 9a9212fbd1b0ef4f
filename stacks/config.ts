import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Conflict } from "./settings/conflict";
import type { Settings } from "./settings/schema";
import { checkSettings, rejectConflicts, SettingsError } from "./settings/settings-check";
import type { KnownResource } from "./state";

/** What a stack's config says, beside what the engine says of the stack. */
export interface StackConfig {
  readonly project: string;
  readonly stack: string;
  /** `aws:region`. */
  readonly region: string;
  readonly settings: Settings;
  /** Values of the `secrets` section; they never pass through a plain getter into an input. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
  /** The same of `previewSecrets`. */
  readonly previewSecrets: Readonly<Record<string, pulumi.Output<string>>>;
  readonly vercelPassword?: pulumi.Output<string>;
  /** What the stack knew before. @default nothing, as in a plan */
  readonly known?: readonly KnownResource[];
}

/**
 * Reads and checks the config of the stack that runs.
 *
 * @throws {pulumi.RunError} with all mistakes together, before anything is registered
 */
export function readStack(): StackConfig {
  const project = pulumi.getProject();
  const stack = pulumi.getStack();
  const config = { ...pulumi.runtime.allConfig(), "aws:region": aws.config.region ?? "" };
  const settings = asRunError(() => checkSettings(project, stack, config));
  return {
    project,
    stack,
    region: config["aws:region"],
    settings,
    secrets: secretsOf("secrets", settings),
    previewSecrets: secretsOf("previewSecrets", settings),
    ...(settings.vercel.password ? { vercelPassword: passwordOf() } : {}),
  };
}

/** The values of a section of secrets, each as a secret of its own. */
function secretsOf(section: "secrets" | "previewSecrets", settings: Settings) {
  const values = new pulumi.Config().getSecretObject<Record<string, string>>(section) ?? pulumi.output({});
  return Object.fromEntries(
    Object.keys(settings[section]).map((key) => [
      key,
      pulumi.secret(values.apply((all) => (all as Record<string, string>)[key] ?? "")),
    ]),
  );
}

/** The password of Vercel's deployments, as a secret. */
function passwordOf(): pulumi.Output<string> {
  const vercel = new pulumi.Config().getSecretObject<{ password?: string }>("vercel") ?? pulumi.output({});
  return pulumi.secret(vercel.apply((all) => (all as { password?: string }).password ?? ""));
}

/**
 * Stops at settings that do not fit what AWS has, which no rule of theirs can know.
 * @throws {pulumi.RunError} with all of them, in the form of mistakes in the settings
 */
export const refuseConflicts = ({ project, stack, settings }: NamedSettings, conflicts: readonly Conflict[]) =>
  asRunError(() => rejectConflicts(project, stack, settings, conflicts));

/** What a message about a stack's settings needs. */
export type NamedSettings = Pick<StackConfig, "project" | "stack" | "settings">;

/** The engine prints a RunError's message alone; of any other error it prints the insides. */
function asRunError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof SettingsError ? new pulumi.RunError(error.message) : error;
  }
}
