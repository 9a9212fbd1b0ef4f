import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Plan } from "../../../../core/plan-format";
import { projectFolder } from "../../../lib/stack-files";
import { type Finding, ok, warning } from "./check";

/** A plugin of the engine: the part of a Pulumi package that does the work. */
export interface Plugin {
  readonly name: string;
  readonly version: string;
  /** Where it is downloaded from, if not from Pulumi. */
  readonly server?: string;
}

const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));

/** The plugins of the packages whose resources and components a plan holds. */
export function pluginsOf(plan: Plan): Plugin[] {
  const used = new Set(plan.resources.map(({ type }) => type.replace(/^pulumi:providers:/, "").split(":")[0]));
  const { dependencies } = json(join(projectFolder, "package.json")) as { dependencies: Record<string, string> };
  return Object.keys(dependencies).flatMap((dependency) => {
    const { pulumi } = json(join(projectFolder, "node_modules", dependency, "package.json")) as { pulumi?: Plugin };
    return pulumi && used.has(pulumi.name) ? [pulumi] : [];
  });
}

/** @param installed what `pulumi plugin ls --json` printed */
function missingPlugins(needed: readonly Plugin[], installed: string): Plugin[] {
  const there = JSON.parse(installed) as readonly { readonly name: string; readonly version?: string }[];
  return needed.filter(
    ({ name, version }) => !onPath(name) && !there.some((one) => one.name === name && one.version === version),
  );
}

/** One that is on PATH is used before any other, whatever its version. */
const onPath = (name: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, `pulumi-resource-${name}`)));

/** What the next `pulumi up` downloads first. */
export function lookAtPlugins(needed: readonly Plugin[], installed: string): Finding {
  const missing = missingPlugins(needed, installed);
  if (missing.length === 0) return ok(needed.map(({ name, version }) => `${name} ${version}`).join(", "));
  const commands = missing.map(
    ({ name, version, server }) =>
      `pulumi plugin install resource ${name} ${version}${server ? ` --server ${server}` : ""}`,
  );
  return warning(
    `not here yet: ${missing.map(({ name, version }) => `${name} ${version}`).join(", ")}`,
    ["The next `pulumi up` downloads them before it begins. On a machine that may not, bring them:", ...commands].join(
      "\n",
    ),
  );
}
