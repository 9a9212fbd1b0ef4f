import { BlockList } from "node:net";
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
  const [address, prefix] = addressAndPrefix(cidr);
  const bits = address.split(".").map((part) => Number(part).toString(2).padStart(8, "0"));
  return !bits.join("").slice(prefix).includes("1");
}

function addressAndPrefix(cidr: string): [address: string, prefix: number] {
  const [address = "", prefix] = cidr.split("/");
  return [address, Number(prefix)];
}

function blocks(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) list.addSubnet(...addressAndPrefix(cidr));
  return list;
}

const privateRanges = blocks(["0.0.0.0/8", "10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]);

/** Whether networks keep an IPv4 address, or range, to themselves. Loopback is none of these: emulators of AWS hand it out as public. */
export const isPrivate = (address: string): boolean => privateRanges.check(addressAndPrefix(address)[0]);

/** Whether two IPv4 ranges have an address in common: one of them has the other's first. */
export const overlaps = (one: string, other: string): boolean =>
  blocks([one]).check(addressAndPrefix(other)[0]) || blocks([other]).check(addressAndPrefix(one)[0]);

export function listed(values: readonly (string | number)[]): string {
  return values.length < 2 ? `${values[0]}` : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}
