import { reason } from "../../../../core/errors";
import type { Plan } from "../../../../core/plan-format";
import type { Settings } from "../../../../stacks/settings/schema";
import { AccessDenied, type AwsAccess, isDenied } from "../../../lib/aws-access";

export type Status = "ok" | "warning" | "error" | "skipped";

/** What one check found. */
export interface Finding {
  readonly status: Status;
  readonly found: string;
  /** What to do; there for a warning and an error. */
  readonly mend?: string;
}

/** What the checks look at; what could not be had says why not. */
export interface Patient {
  readonly folder: string;
  readonly project: string;
  readonly stack: string;
  /** The stack's file as it stands: full key -> value. */
  readonly config: Readonly<Record<string, string>>;
  readonly settings: Settings | Missing;
  readonly plan: Plan | Missing;
  readonly aws: AwsAccess | Missing;
  /** Ask the instance, by a command that only reads, what a flip would lose. */
  readonly inspect: boolean;
}

/** Why something that checks need is not there. */
export class Missing {
  constructor(readonly reason: string) {}
}

export interface Healthy extends Patient {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly aws: AwsAccess;
}

/** One line of the report. */
export interface Check<Needs extends "settings" | "plan" | "aws" = never> {
  readonly title: string;
  readonly needs: readonly Needs[];
  /** Seconds. @default 10 */
  readonly limit?: number;
  readonly run: (patient: Patient & Pick<Healthy, Needs>) => Promise<Finding | readonly Finding[]>;
}

export type AnyCheck = Check<"settings" | "plan" | "aws">;

/** Gives a check the type of all checks; what it needs is looked at before it runs. */
export const check = <const Needs extends "settings" | "plan" | "aws" = never>(
  title: string,
  needs: readonly Needs[],
  run: Check<Needs>["run"],
  limit = 10,
): AnyCheck => ({ title, needs, run: run as AnyCheck["run"], limit }) as AnyCheck;

export const ok = (found: string): Finding => ({ status: "ok", found });
export const warning = (found: string, mend: string): Finding => ({ status: "warning", found, mend });
export const wrong = (found: string, mend: string): Finding => ({ status: "error", found, mend });
export const skipped = (found: string): Finding => ({ status: "skipped", found });

/** A finding with the check that it comes from. */
export type Line = Finding & { readonly check: string };

/** Why a check is skipped whose ground is missing; what is wrong with it stands in a line of its own. */
const unmet = {
  aws: "needs AWS: see AWS identity",
  settings: "needs a config without mistakes",
  plan: "needs a plan: see config",
} as const;

/** Runs a check within its time; whatever it throws becomes its finding. */
export async function examine({ title, needs, run, limit = 10 }: AnyCheck, patient: Patient): Promise<Line[]> {
  const lines = (findings: Finding | readonly Finding[]) =>
    [findings].flat().map((finding) => ({ check: title, ...(finding as Finding) }));
  for (const need of needs) {
    const missing = patient[need];
    if (missing instanceof Missing) return lines(skipped(unmet[need]));
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(
      () => resolve(warning(`no answer within ${limit} s`, "Run it again; is the network slow?")),
      limit * 1000,
    );
  });
  try {
    return lines(await Promise.race([run(patient as Healthy), late]));
  } catch (error) {
    return lines(refused(error));
  } finally {
    clearTimeout(timer);
  }
}

/** A check that may not look is not a fault of what it looks at. */
function refused(error: unknown): Finding {
  const text = reason(error);
  return error instanceof AccessDenied || isDenied(error)
    ? skipped(`not seen: ${text}`)
    : warning(`could not be looked at: ${text}`, "Run it again; if it stays, tell it to the maintainers.");
}
