import { z } from "zod";

const hostname = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const environmentKey = /^[A-Z][A-Z0-9_]*$/;

/** Text for people beside a field: what it is, what is allowed, and a value that works. */
export interface Help {
  readonly description: string;
  readonly allowed: string;
  /** A number stays one: as a text, the command that sets it would store a text. */
  readonly example: string | number | boolean;
  /** What was probably meant by a value that is not allowed. */
  readonly meant?: (found: string) => string;
}

export const help = <T extends z.ZodType>(
  schema: T,
  description: string,
  allowed: string,
  example: Help["example"],
  meant?: Help["meant"],
): T =>
  schema.meta({ description, allowed, example, ...(meant ? { meant } : {}) } satisfies Help & Record<string, unknown>);

export const whole = (from: number, to: number, description: string, example = from) =>
  help(z.int().min(from).max(to), description, `a whole number from ${from} to ${to}`, example);
/** What an autoscaler keeps: of nothing it can keep no share. */
export const target = (description: string, example: number) => whole(1, 100, description, example);
export const percentage = (description: string, example = 50) => whole(0, 100, description, example);
/** A list with at least so many elements. */
export const listOf = <T extends z.ZodType>(
  element: T,
  least: number,
  description: string,
  allowed: string,
  example: string,
) => help(z.array(element).min(least), description, allowed, example);
export const percents = (description: string) =>
  help(
    z.array(whole(1, 300, "Percent of the budget.", 80)).max(4),
    description,
    "a list of at most 4 percents from 1 to 300",
    "[80]",
  );
export const choice = <const T extends readonly [string, ...string[]]>(values: T, description: string) =>
  help(z.enum(values), description, listed(values), values[0]);
export const flag = (description: string) => help(z.boolean(), description, "true or false", true);
export const text = (pattern: RegExp, description: string, allowed: string, example: string) =>
  help(z.string().regex(pattern), description, allowed, example);
/** A range of IPv4 addresses, written by its first one, as AWS takes no other. */
export const range = (
  description: string,
  allowed: string,
  example: string,
  allows: (cidr: string) => boolean = () => true,
) =>
  help(
    z.cidrv4().refine((cidr) => startsItself(cidr) && allows(cidr)),
    description,
    allowed,
    example,
  );
export const host = (description: string) => text(hostname, description, "a host name in lower case", "iamvet.kr");
export const variables = (description: string) =>
  help(
    z.record(
      text(environmentKey, "name of an environment variable", "capital letters, digits and _", "FEATURE_X"),
      // An instance hands it to its container by a file with a line a variable.
      help(z.string().regex(/^[^\r\n]*$/), "its value", "a text of one line; of several in base64", "on"),
    ),
    description,
    "an object of NAME: text; names in capital letters, digits and _",
    "{}",
  );

export const path = (description: string, usual: string) => pathOf(description, usual).default(usual);

/** An absolute path whose default follows from other keys. */
export const pathOf = (description: string, usual: string) =>
  text(/^\/[\w./-]+$/, description, "an absolute path", usual);

function startsItself(cidr: string): boolean {
  const [first, , size] = bounds(cidr);
  return first % size === 0;
}

/**
 * Whether an IPv4 address or range lies in one that networks keep to themselves. Loopback is none: emulators of AWS hand it out as
 * public.
 */
export const isPrivate = (address: string): boolean =>
  /^(0|10|169\.254|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(address);

/** Whether two IPv4 ranges have an address in common. */
export function overlaps(one: string, other: string): boolean {
  const [[from, to], [start, end]] = [bounds(one), bounds(other)];
  return from < end && start < to;
}

/** First address, the one after the last, and their number. */
function bounds(cidr: string): [from: number, to: number, size: number] {
  const [address = "", bits] = cidr.split("/");
  const from = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return [from, from + size, size];
}

export function listed(values: readonly (string | number)[]): string {
  return values.length < 2 ? `${values[0]}` : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}
