import { createHash } from "node:crypto";
import type { Call } from "../harness/cloud";

/** Who can be killed at a request of its own. */
export const ASKERS = ["engine", "program", "migrate"] as const;

/** A request that changes something: by the engine to a provider, or by the program or `migrate` to an API of AWS. */
export interface Request {
  readonly by: (typeof ASKERS)[number];
  readonly op: Call["op"] | "call";
  /** Type of the resource, or the API's action. */
  readonly type: string;
  /** Name of the resource; empty for an API. */
  readonly name: string;
  /** How many of the same came before it in the run. */
  readonly nth: number;
}

/** `before` it takes effect, or `after` it did and before whoever asked knows. */
export type Phase = "before" | "after";

/** One kill. */
export interface Case {
  readonly request: Request;
  readonly phase: Phase;
}

export const same = (a: Request, b: Request): boolean =>
  a.by === b.by && a.op === b.op && a.type === b.type && a.name === b.name && a.nth === b.nth;

export const caseText = ({ request: { by, op, type, name, nth }, phase }: Case): string =>
  [phase, ...(op === "call" ? [by] : []), op, type, name, ...(nth > 0 ? [`#${nth + 1}`] : [])]
    .filter(Boolean)
    .join(" ");

/** Resource type x operation x phase. */
export const kindOf = ({ request: { by, op, type }, phase }: Case): string => `${phase} ${by} ${op} ${type}`;

/** Whether an action of AWS's APIs, or the method of another, changes something. */
export const changes = (action: string): boolean => !/^(Get|List|Describe|Batch|GET )/.test(action);

/** Counts requests as they come, so that each gets its number. */
export function counter(): (request: Omit<Request, "nth">) => Request {
  const seen = new Map<string, number>();
  return ({ by, op, type, name }) => {
    const key = `${by} ${op} ${type} ${name}`;
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    return { by, op, type, name, nth };
  };
}

/** In an order that a seed decides, so that runs that end early leave out other ones each time. */
export function shuffled(cases: readonly Case[], seed: string): Case[] {
  const place = (one: Case) =>
    createHash("sha256")
      .update(`${seed} ${caseText(one)}`)
      .digest("hex");
  return cases
    .map((one) => ({ one, at: place(one) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ one }) => one);
}

/** The first of each kind. */
export function kindsIn(cases: readonly Case[]): Case[] {
  const seen = new Set<string>();
  return cases.filter((one) => !seen.has(kindOf(one)) && seen.add(kindOf(one)));
}

/** One of each kind first: a run that ends early has then seen the most. */
export function widely(cases: readonly Case[]): Case[] {
  const first = new Set(kindsIn(cases));
  return [...first, ...cases.filter((one) => !first.has(one))];
}
