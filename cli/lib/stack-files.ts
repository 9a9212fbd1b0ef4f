import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Option } from "commander";
import { parse } from "yaml";
import { UserError } from "../../core/errors";
import { ROOT } from "../../core/root";
import { readOnce } from "../../core/yaml";

/** What the system says of a path, in words. */
const WHY: Readonly<Record<string, string>> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "a part of its path is a file",
  EISDIR: "it is a folder",
  EEXIST: "it exists already",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
};

/**
 * Writes a file that a person named.
 * @throws {UserError} with the reason, if it cannot be written
 */
export function writeNamed(file: string, text: string, options?: { readonly flag: "wx" }): void {
  try {
    writeFileSync(file, text, options);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new UserError(`${resolve(file)} cannot be written: ${WHY[code] ?? message}.`);
  }
}

/** A stack's config as the engine would hand it to the program. */
export interface StackFile {
  readonly project: string;
  readonly stack: string;
  /** Full key -> value as Pulumi hands it out: objects as JSON. */
  readonly config: Readonly<Record<string, string>>;
  /** Keys whose value is a secret, or holds one; their values cannot be read here and are stood in for. */
  readonly secretKeys: readonly string[];
}

/** Folder of the Pulumi project. */
export const projectFolder = ROOT;

/** The option by which a command is told where the stacks are. */
export const inFolder = (holds = "Pulumi.yaml and the stack files"): Option =>
  new Option("-C, --cwd <folder>", `folder with ${holds}`).default(projectFolder, "the project's own");

const stackFile = /^Pulumi\.([\w-]+)\.yaml$/;

/**
 * Names of the stacks that have a file in the folder, in alphabetical order.
 * @param folder @default the project's own
 * @throws {UserError} if there is no such folder
 */
export function listStacks(folder: string = projectFolder): string[] {
  if (!existsSync(folder)) throw new UserError(`There is no folder ${folder}.`);
  return readdirSync(folder)
    .flatMap((file) => stackFile.exec(file)?.[1] ?? [])
    .sort();
}

/** @throws {UserError} if there is no stack at all */
export function refuseNone(stacks: readonly string[]): void {
  if (stacks.length > 0) return;
  throw new UserError(
    "There is no Pulumi.<stack>.yaml here: write one with `platform init`, or name another folder: --cwd.",
  );
}

/**
 * The stack that is meant: the named one, else the only one, else `prod`.
 * @throws {UserError} if there is no such stack, naming those that exist, or if it cannot be told which is meant
 */
export function chooseStack(stacks: readonly string[], named?: string): string {
  refuseNone(stacks);
  const chosen = stacks.find((stack) => stack === (named ?? (stacks.length === 1 ? stack : "prod")));
  if (chosen !== undefined) return chosen;
  const known = `There is: ${stacks.join(", ")}.`;
  throw new UserError(
    named === undefined
      ? `Say which stack with --stack. ${known}`
      : `There is no stack ${named} here. ${known} For a new one copy Pulumi.${stacks[0]}.yaml to Pulumi.${named}.yaml.`,
  );
}

/**
 * Reads `Pulumi.<stack>.yaml` together with the defaults of `Pulumi.yaml`.
 *
 * @throws {UserError} if there is no such stack, naming those that exist, or if a file is not YAML
 */
export function readStackFile(folder: string, stack: string): StackFile {
  chooseStack(listStacks(folder), stack);
  const project = readYaml(join(folder, "Pulumi.yaml")) as ProjectYaml;
  return flatten(project, stack, readYaml(join(folder, `Pulumi.${stack}.yaml`)));
}

/** The project's name, which is the namespace of its config. */
export const projectName = (folder: string): string => (readYaml(join(folder, "Pulumi.yaml")) as ProjectYaml).name;

/** Reads a stack's file that is not written yet, without the defaults of `Pulumi.yaml`. */
export const parseStackText = (text: string, project: string, stack: string): StackFile =>
  flatten({ name: project }, stack, parse(text));

function flatten(project: ProjectYaml, stack: string, yaml: unknown): StackFile {
  const file = yaml as { config?: Record<string, unknown> } | null;
  const config: Record<string, string> = {};
  const secretKeys: string[] = [];
  const declared = Object.entries(project.config ?? {}).flatMap(([key, declaration]) =>
    isDeclaration(declaration) && declaration.default !== undefined ? [[key, declaration.default] as const] : [],
  );
  for (const [key, value] of [...declared, ...Object.entries(file?.config ?? {})]) {
    const full = key.includes(":") ? key : `${project.name}:${key}`;
    const { plain, secret } = withoutSecrets(value);
    config[full] = typeof plain === "object" && plain !== null ? JSON.stringify(plain) : String(plain);
    if (secret) secretKeys.push(full);
  }
  return { project: project.name, stack, config, secretKeys };
}

interface ProjectYaml {
  readonly name: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

function isDeclaration(value: unknown): value is { default?: unknown } {
  return typeof value === "object" && value !== null;
}

function readYaml(path: string): unknown {
  try {
    return readOnce(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** What stands in for a secret out of which the program makes another value, so that its form matters. */
const STAND_INS: Readonly<Record<string, string>> = {
  DATABASE_URL: "postgresql://user:password@host.invalid:5432/name",
};

/** Stands in for every other secret. */
const HIDDEN = "[secret]";

/** Whether a value stands in for one that the stack's file holds encrypted. */
export const isStandIn = (value: string): boolean => value === HIDDEN || Object.values(STAND_INS).includes(value);

/** `{secure: ...}` can only be opened with the stack's key, which a plan does not need. */
function withoutSecrets(value: unknown, name = ""): { plain: unknown; secret: boolean } {
  if (Array.isArray(value)) {
    const parts = value.map((part) => withoutSecrets(part));
    return { plain: parts.map(({ plain }) => plain), secret: parts.some(({ secret }) => secret) };
  }
  if (typeof value !== "object" || value === null) return { plain: value, secret: false };
  if (Object.keys(value).join() === "secure") return { plain: STAND_INS[name] ?? HIDDEN, secret: true };
  const parts = Object.entries(value).map(([key, part]) => [key, withoutSecrets(part, key)] as const);
  return {
    plain: Object.fromEntries(parts.map(([key, { plain }]) => [key, plain])),
    secret: parts.some(([, { secret }]) => secret),
  };
}
