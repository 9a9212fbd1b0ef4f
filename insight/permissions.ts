import { listActions, type Use } from "../core/calls/call";
import { programCalls } from "../core/calls/program";
import { providerCalls } from "../core/calls/provider";
import { withheld } from "../core/calls/withheld";
import type { Plan } from "../core/plan-format";
import { built } from "../core/plan-reader";

/** Actions that `pulumi up` takes; `read` is enough for a preview with refresh, `write` comes on top. */
export interface Permissions {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

const keyOf = (type: string) => type.replace(/^aws:(\w+)\/\w+:(\w+)$/, "$1/$2");
const isLookUp = (key: string) => /(^|\/)get[A-Z]/.test(key);

/** What the program asks whatever it builds: its look-ups, and its gates. */
const always = (types: ReadonlySet<string>): Use[] => [
  ...Object.entries(providerCalls).flatMap(([key, uses]) => (isLookUp(key) ? uses : [])),
  ...programCalls.filter(({ needs }) => needs === undefined || types.has(needs)).flatMap(({ uses }) => uses),
];

const permissions = (uses: readonly Use[]): Permissions => ({
  read: listActions(uses, "read"),
  write: listActions(uses, "write").filter((action) => !(action in withheld)),
});

/** Every action of the table: what building any architecture, and moving between them, takes. */
export const allPermissions: Permissions = permissions([
  ...Object.values(providerCalls).flat(),
  ...always(new Set(Object.keys(providerCalls))),
]);

/** What `pulumi up` of a plan takes, and which of its AWS types the table does not know. */
export function permissionsFor(plan: Plan): Permissions & { readonly unknown: readonly string[] } {
  const types = [...new Set(built(plan).map(({ type }) => type))].filter((type) => type.startsWith("aws:"));
  const keys = new Set(types.map(keyOf));
  const known = types.flatMap((type) => providerCalls[keyOf(type)] ?? []);
  return {
    ...permissions([...known, ...always(keys)]),
    unknown: types.filter((type) => !(keyOf(type) in providerCalls)).sort(),
  };
}
