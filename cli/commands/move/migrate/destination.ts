import { UserError } from "../../../../core/errors";
import { type Architecture, architectures } from "../../../../stacks/settings/schema";
import { inTheWay } from "../../look/canary";
import { type Position, targetOf, turnBack } from "./steps";

/** What a run is to do, from what was asked and where the stack's file stands. */
export interface Destination {
  readonly position: Position;
  readonly target: Architecture;
  /** Whether an earlier run was stopped. */
  readonly resumes: boolean;
  /** Whether the way leads back, at once and without trial. */
  readonly back: boolean;
}

/** Steps in percent as they were typed: `10,50,100`. @throws {UserError} */
export function parseSteps(text: string): number[] {
  const steps = text.split(",").map((part) => (/^\s*\d{1,3}\s*$/.test(part) ? Number(part) : Number.NaN));
  const rising = steps.every((step, i) => step >= 1 && step <= 100 && step > (steps[i - 1] ?? 0));
  if (!rising || steps.at(-1) !== 100) {
    throw new UserError(
      `--steps is "${text}"; allowed are whole numbers from 1 to 100, rising, the last one 100: --steps 10,50,100`,
    );
  }
  return steps;
}

const units = { s: 1, m: 60, h: 3600 } as const;

/** Seconds of a time as it was typed: `30s`, `10m`, `1h`. @throws {UserError} */
export function parseTime(text: string): number {
  const [, count, unit] = /^(\d{1,4})(s|m|h)$/.exec(text.trim()) ?? [];
  if (!count) throw new UserError(`--bake is "${text}"; allowed is a number with its unit: --bake 30s, 10m or 1h`);
  return Number(count) * units[unit as keyof typeof units];
}

/** @throws {UserError} if what was asked does not fit where the stack is */
export function destinationOf(
  position: Position,
  asked: { readonly to?: Architecture; readonly back: boolean },
  stack: string,
): Destination {
  const { architecture, canary, from } = position;
  const underWay = targetOf(position);
  const { to } = asked;
  const command = `platform migrate --stack ${stack}`;

  if (underWay !== undefined && from !== undefined) {
    const returns = asked.back || to === from;
    const target = returns ? from : underWay;
    if (to !== undefined && to !== target) {
      throw new UserError(
        [
          `A migration of ${stack} from ${from} to ${underWay} is under way; ${to} is neither. First finish it, or return:`,
          `  ${command}`,
          `  ${command} --back`,
        ].join("\n"),
      );
    }
    return { position: returns ? turnBack(position) : position, target, resumes: true, back: returns };
  }
  if (asked.back) {
    throw new UserError(
      `No migration of ${stack} is under way: ${architecture} serves, and there is nothing to return from. ` +
        `To move: ${command} --to <architecture>`,
    );
  }
  if (to === undefined) {
    const others = architectures.filter((one) => one !== architecture);
    throw new UserError(`Say where to: ${command} --to ${others.join(" | ")}. ${architecture} serves now.`);
  }
  if (to === architecture && canary === undefined) {
    throw new UserError(`${to} serves ${stack} already: nothing to migrate.`);
  }
  if (to === architecture) return { position, target: to, resumes: false, back: true };
  if (canary !== undefined && canary !== to) {
    throw new UserError(inTheWay(stack, canary, position.percent, `a migration to ${to}`, architecture));
  }
  return { position, target: to, resumes: false, back: false };
}
