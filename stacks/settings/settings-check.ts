import { distance } from "fastest-levenshtein";
import { z } from "zod";
import { UserError } from "../../core/errors";
import type { Conflict } from "./conflict";
import { awsRegions } from "./regions";
import { type SectionName, type Settings, sections } from "./schema";
import type { Help } from "./settings-fields";
import { rules } from "./settings-rules";

/** One mistake in a stack's config. */
export interface Problem {
  /** Full key, for example `iamvet:fargate.cpu`. */
  readonly key: string;
  /** What was found, as text; undefined if the key is missing. Never the value of a secret. */
  readonly found?: string;
  readonly allowed: string;
  /** The command, or an instruction, that mends it. */
  readonly fix: string;
}

/** All mistakes of one stack's config together; the message is complete without a stack trace. */
export class SettingsError extends UserError {
  override readonly name = "SettingsError";
  constructor(
    readonly stackName: string,
    readonly problems: readonly Problem[],
  ) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super([`The config of stack ${stackName} has ${count}.`, ...problems.map(describeProblem)].join("\n\n"));
    // Pulumi prints an error's stack; a mistake in a config has none worth reading.
    this.stack = this.message;
  }
}

function describeProblem({ key, found, allowed, fix }: Problem): string {
  return [key, `  found    ${found ?? "nothing"}`, `  allowed  ${allowed}`, `  mend     ${fix}`].join("\n");
}

/** A stack's config as Pulumi hands it out: `iamvet:fargate` -> JSON or plain text. */
export type RawConfig = Readonly<Record<string, string>>;

/**
 * Checks a stack's whole config at once.
 *
 * @param project the project's name, which is the namespace of its keys; keys of other namespaces (`aws:`) are passed over
 * @throws {SettingsError} with every mistake, each naming key, value, what is allowed and how to set it
 */
export function checkSettings(project: string, stack: string, config: RawConfig): Settings {
  const report = new Report(project, stack);
  const checked = parseSections(project, config, report);
  // None is no mistake: the provider then takes it from AWS_REGION or the profile.
  const region = config["aws:region"];
  if (region && !awsRegions.includes(region)) report.unknownRegion(region);
  const around = { stack, ...(region ? { region } : {}) };
  for (const { needs, check } of rules) {
    if (needs.every((name) => name in checked)) {
      for (const conflict of check(checked as Settings, around)) report.conflict(conflict, checked);
    }
  }
  return report.accept(checked);
}

/**
 * A stack's config with every default filled in, whether or not its settings suit each other: what is asked of it beside a plan,
 * also where only another architecture can be planned.
 *
 * @throws {SettingsError} with every value that no architecture takes
 */
export function readSettings(project: string, stack: string, config: RawConfig): Settings {
  const report = new Report(project, stack);
  return report.accept(parseSections(project, config, report));
}

/** The sections as the schema has them; what it does not take goes to the report. */
function parseSections(project: string, config: RawConfig, report: Report): Partial<Settings> {
  const own = Object.entries(config).flatMap(([key, value]) =>
    key.startsWith(`${project}:`) ? [[key.slice(project.length + 1), value] as const] : [],
  );
  const raw = new Map(own);
  for (const key of raw.keys()) {
    if (!(key in sections)) report.unknownKey([], key, Object.keys(sections));
  }
  const checked: Partial<Record<SectionName, unknown>> = {};
  for (const name of Object.keys(sections) as SectionName[]) {
    const value = parse(raw.get(name));
    const result = sections[name].safeParse(value, { reportInput: true });
    if (result.success) checked[name] = result.data;
    else for (const issue of result.error.issues) report.issue(name, issue, value);
  }
  return checked as Partial<Settings>;
}

/**
 * Conflicts of settings with what is there, in the form of mistakes in the settings.
 * @throws {SettingsError} if there are any
 */
export function rejectConflicts(
  project: string,
  stack: string,
  settings: Settings,
  conflicts: readonly Conflict[],
): Settings {
  const report = new Report(project, stack);
  for (const conflict of conflicts) report.conflict(conflict, settings);
  return report.accept(settings);
}

/** Objects and lists arrive as JSON, everything else as it was typed. */
function parse(value: string | undefined): unknown {
  if (value === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "object" && parsed !== null ? parsed : value;
  } catch {
    return value;
  }
}

class Report {
  readonly problems: Problem[] = [];
  constructor(
    private readonly project: string,
    private readonly stack: string,
  ) {}

  /** The settings, if nothing is wrong with them. */
  accept(checked: Partial<Settings>): Settings {
    if (this.problems.length > 0) throw new SettingsError(this.stack, this.problems);
    return checked as Settings;
  }

  issue(section: SectionName, issue: z.core.$ZodIssue, value: unknown) {
    const path = [section, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const known = Object.keys(shapeOf(schemaAt(path)));
      for (const key of issue.keys) this.unknownKey(path, key, known);
      return;
    }
    if (issue.code === "invalid_key") {
      const names = defOf(unwrap(schemaAt(path.slice(0, -1)) ?? sections[section])).keyType;
      this.problems.push({
        key: this.key(path),
        found: "a name that is not allowed",
        allowed: metaOf(names)?.allowed ?? issue.message,
        fix: this.remove(path),
      });
      return;
    }
    const help = helpAt(path);
    const found = valueAt(value, issue.path);
    const allowed = help?.allowed ?? "an object of settings";
    const meant = retyped(schemaAt(path), found);
    const near = ["string", "number"].includes(typeof found) ? help?.meant?.(String(found)) : undefined;
    if (meant === undefined) this.add(path, found, allowed, near ?? help?.example ?? "{}");
    else if (typeof meant === "string")
      this.add(
        path,
        found,
        `${allowed}, in quotes: without them it is a ${typeof found}`,
        isSecret(path) ? "<value>" : meant,
        true,
      );
    else this.add(path, JSON.stringify(found), allowed, meant);
  }

  conflict(conflict: Conflict, settings: Partial<Settings>) {
    const { key, allowed, fix } = conflict;
    const keys = key.split(/[.[\]]+/).filter(Boolean);
    const found = "found" in conflict ? conflict.found : valueAt(settings, keys);
    if (fix === "remove") {
      this.problems.push({ key: this.key(keys), found: show(keys, found), allowed, fix: this.remove(keys) });
      return;
    }
    // A list that is too short keeps its entries and gets one more.
    const more = Array.isArray(found) && found.length > 0 && String(fix.value).startsWith("[");
    if (more) this.add([...keys, found.length], found, allowed, JSON.parse(String(fix.value))[0]);
    else this.add(keys, found, allowed, fix.value);
  }

  unknownRegion(region: string) {
    const meant = nearest(region, awsRegions);
    this.problems.push({
      key: "aws:region",
      found: region,
      allowed: `a region of AWS: ${awsRegions.join(", ")}${meant ? `; did you mean ${meant}?` : ""}`,
      fix: `pulumi config set --stack ${this.stack} aws:region ${meant ?? "ap-northeast-2"}`,
    });
  }

  unknownKey(path: readonly PropertyKey[], key: string, known: readonly string[]) {
    const full = [...path, key];
    const meant = nearest(key, known);
    const guess = meant ? `; did you mean ${this.key([...path, meant])}?` : "";
    // A password must not be in a config at all, and least of all in a message.
    const password = path[0] === "database" && /pass|pwd/i.test(key);
    this.problems.push({
      key: this.key(full),
      found: password ? "[hidden]" : "a key that does not exist",
      allowed: password
        ? "nothing: the password is generated, and kept in Secrets Manager as a part of DATABASE_URL"
        : `${known.join(", ")}${guess}`,
      fix: this.remove(full),
    });
  }

  private remove(path: readonly PropertyKey[]): string {
    return `pulumi config rm --stack ${this.stack} --path '${this.key(path)}'`;
  }

  private add(path: readonly PropertyKey[], found: unknown, allowed: string, example: unknown, asText = false) {
    const [target, value] = firstLeaf(path, example);
    const flags = [
      ` --stack ${this.stack}`,
      isSecret(path) ? " --secret" : "",
      target.length > 1 ? " --path" : "",
      // Without it the CLI stores text that looks like a number as a number.
      asText || (typeof value === "string" && /^\+?\d+$/.test(value)) ? " --type string" : "",
    ].join("");
    this.problems.push({
      key: this.key(path),
      found: show(path, found),
      allowed,
      fix: `pulumi config set${flags} '${this.key(target)}' ${quote(value)}`,
    });
  }

  private key(path: readonly PropertyKey[]): string {
    const [first = "", ...rest] = path.map(String);
    return `${this.project}:${first}${rest.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join("")}`;
  }
}

/**
 * What was found, in the type that the setting has: the CLI stores a text of digits as a number, and a file may quote a number.
 * Undefined where it would be wrong in that type too.
 */
function retyped(schema: z.core.$ZodType | undefined, found: unknown): string | number | boolean | undefined {
  const other = typeof found === "number" || typeof found === "boolean" ? String(found) : numberOrFlag(found);
  return schema && other !== undefined && z.safeParse(schema, other).success ? other : undefined;
}

function numberOrFlag(found: unknown): number | boolean | undefined {
  return typeof found === "string" && /^(-?\d+(\.\d+)?|true|false)$/.test(found) ? JSON.parse(found) : undefined;
}

/** The word that was probably meant, if any is near enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const [first] = known
    .map((candidate) => ({ candidate, steps: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.steps - b.steps);
  return first && first.steps <= Math.max(2, word.length / 3) ? first.candidate : undefined;
}

/** `pulumi config set` writes leaves only, so an object or a list is shown by its first one. */
function firstLeaf(path: readonly PropertyKey[], example: unknown): [readonly PropertyKey[], unknown] {
  const value = typeof example === "string" && /^[[{]/.test(example) ? JSON.parse(example) : example;
  if (typeof value !== "object" || value === null) return [path, value];
  const [first] = Array.isArray(value) ? value.map((v, i) => [i, v] as const) : Object.entries(value);
  return first ? firstLeaf([...path, first[0]], first[1]) : [[...path, "<name>"], "<value>"];
}

/** Settings whose values no message repeats, and that are set with `--secret`. */
const secretSections: readonly PropertyKey[] = ["secrets", "previewSecrets"];
const isSecret = (path: readonly PropertyKey[]) =>
  secretSections.includes(path[0] ?? "") || ["alerts.webhook", "vercel.password"].includes(path.join("."));

function quote(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[\w.:/@=-]+$/.test(text) ? text : `'${text}'`;
}

function show(path: readonly PropertyKey[], value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (isSecret(path)) return "[secret]";
  return typeof value === "string" ? value || '""' : JSON.stringify(value);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
}

/** The help text nearest to a path: the field's own, or that of the list or object around it. */
function helpAt(path: readonly PropertyKey[]): Help | undefined {
  for (let length = path.length; length > 0; length--) {
    const schema = schemaAt(path.slice(0, length));
    const help = metaOf(schema) ?? listHelp(schema);
    if (help) return help;
  }
  return undefined;
}

/** A list that says nothing of itself is one of what its entries are. */
function listHelp(schema: z.core.$ZodType | undefined): Help | undefined {
  const entry = schema && metaOf(defOf(unwrap(schema)).element);
  return entry && { ...entry, allowed: `a list; each: ${entry.allowed}`, example: JSON.stringify([entry.example]) };
}

function metaOf(schema: z.core.$ZodType | undefined): Help | undefined {
  for (let at = schema; at; at = innerOf(at)) {
    const meta = z.globalRegistry.get(at) as Partial<Help> | undefined;
    if (meta?.allowed) return meta as Help;
  }
  return undefined;
}

type Def = {
  [K in "innerType" | "element" | "valueType" | "keyType" | "out"]?: z.core.$ZodType;
} & { shape?: Record<string, z.core.$ZodType> };
const defOf = (schema: z.core.$ZodType) => schema._zod.def as Def;
const innerOf = (schema: z.core.$ZodType) => defOf(schema).innerType ?? defOf(schema).out;

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = innerOf(schema);
  return inner ? unwrap(inner) : schema;
}

function shapeOf(schema: z.core.$ZodType | undefined): Record<string, z.core.$ZodType> {
  return (schema && defOf(unwrap(schema)).shape) ?? {};
}

function schemaAt([first, ...rest]: readonly PropertyKey[]): z.core.$ZodType | undefined {
  let at: z.core.$ZodType | undefined = sections[first as SectionName];
  for (const key of rest) {
    if (!at) return undefined;
    const def = defOf(unwrap(at));
    at = def.shape?.[String(key)] ?? def.element ?? def.valueType;
  }
  return at;
}
