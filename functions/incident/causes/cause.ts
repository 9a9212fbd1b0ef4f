import type { CauseId } from "../../../core/faults";
import type { FactKind } from "../../../core/incident";
import type { Bilingual } from "../../../core/language";
import { regex } from "../../../core/regex";

/** What a fact must look like. Everything given must hold. */
export interface Pattern {
  readonly kind: FactKind | readonly FactKind[];
  readonly name?: RegExp;
  readonly text?: RegExp;
  readonly from?: RegExp;
  readonly min?: number;
  readonly max?: number;
  /** The value is at least this many times its own median before the incident. */
  readonly times?: number;
  /** Its median before the incident was at least this. */
  readonly usual?: number;
  readonly rising?: true;
  /** At least so often. */
  readonly count?: number;
  /** Minutes before the start within which the fact must lie, if it has a time. @default 45 */
  readonly within?: number;
  /** Only facts that carry a time count. */
  readonly timed?: true;
}

/** Facts that together speak for a cause, and how much: 0.9 says it in so many words, 0.3 is a hint. */
export interface Clue {
  readonly weight: number;
  readonly all: readonly Pattern[];
}

/** One cause that the reporter knows. */
export interface Cause {
  readonly id: CauseId;
  readonly title: Bilingual;
  readonly do: Bilingual;
  readonly clues: readonly Clue[];
  /** Causes that this one brings about: when both are found, they are named as its consequences. */
  readonly explains?: readonly CauseId[];
  /** Upper bound of the confidence, for causes that describe a symptom more than a reason. @default 1 */
  readonly cap?: number;
}

export const clue = (weight: number, ...all: Pattern[]): Clue => ({ weight, all });

/** A log line, or a line of the recovery run's evidence, or of the instance's console. */
export const line = (text: RegExp, more: Partial<Pattern> = {}): Pattern => ({
  kind: ["log", "recovery", "instance"],
  text,
  ...more,
});

export const log = (text: RegExp, more: Partial<Pattern> = {}): Pattern => ({ kind: "log", text, ...more });

export const task = (text: RegExp, more: Partial<Pattern> = {}): Pattern => ({
  kind: ["task", "service", "deployment"],
  text,
  within: 60,
  ...more,
});

export const stopped = (text: RegExp): Pattern => ({ kind: "event", name: /^ECS Task State Change$/, text });

export const metric = (name: RegExp, more: Partial<Pattern>): Pattern => ({ kind: "metric", name, ...more });

export const alarm = (name: RegExp): Pattern => ({ kind: "alarm", name });

export const change = (name: RegExp, more: Partial<Pattern> = {}): Pattern => ({
  kind: "change",
  name,
  within: 120,
  timed: true,
  ...more,
});

export const dbEvent = (text: RegExp): Pattern => ({ kind: "database", name: /^event$/, text });

export const dbStatus = (text: RegExp): Pattern => ({ kind: "database", name: /^status$/, text });

export const target = (name: RegExp, more: Partial<Pattern> = {}): Pattern => ({ kind: "target", name, ...more });

export const event = (name: RegExp, text?: RegExp): Pattern => ({
  kind: "event",
  name,
  ...(text && { text }),
  within: 90,
});

/**
 * Something new was put into service. An image that is pushed or a task definition that is registered serves nobody yet, and
 * a command on a server is a release only if it says so.
 */
const DEPLOY =
  /^(UpdateService|CreateDeployment|StartInstanceRefresh|CreateLaunchTemplateVersion|ModifyLaunchTemplate|SendCommand)$/;

export const deploy = change(DEPLOY, { within: 45, text: /^(?!SendCommand)|\b(release|deploy)/i });

/** Who waits for a free connection of a pool has reached the database. */
export const NOT_THE_POOL = /^(?!.*connection pool)/;

export const CODE_ERROR = regex("i")`
    \b(TypeError|ReferenceError|SyntaxError|RangeError)\b|cannot find module|module not found|MODULE_NOT_FOUND|
    is not a function|cannot read propert|is not defined|unhandled ?(promise )?rejection|uncaught ?exception|
    invariant failed|could not find a production build|hydration|ERR_REQUIRE_ESM|failed to load (next|external)`;

/** What follows from a web server that does not run or answer. */
export const SYMPTOMS: readonly CauseId[] = [
  "app-errors",
  "unhealthy-unexplained",
  "app-crash",
  "app-hang",
  "dependency-failing",
  "too-few-running",
  "no-targets",
  "vercel-function-failing",
];
