import { SLOTS } from "../../core/traffic-state";
import { saidByInputs } from "../adoption/record";
import type { TrafficQuery } from "../gates";
import { type KnownResource, knownAs } from "../state";

/** What the stack called things before this update; a change of the site's name or of the stack's changes them. */
export interface Former {
  /** The site's name, and the zone in which it was. */
  readonly site?: { readonly name: string; readonly zoneId: string };
  /** Where the site's records lead, and led. */
  readonly leadsTo: readonly string[];
  /** Zones in which the site's records are. */
  readonly zones: readonly string[];
  readonly parameters?: TrafficQuery["parameters"];
  /** Parameters of names that an update before was cut off in giving up. */
  readonly leaving: { readonly intent: readonly string[]; readonly state: readonly string[] };
}

const RECORD = "aws:route53/record:Record";

/** As the stack's state has it. */
export function formerOf(known: readonly KnownResource[]): Former {
  const named = (type: string, resource: string, key: string) =>
    knownAs(known, type, resource).flatMap(({ inputs }) => (typeof inputs?.[key] === "string" ? [inputs[key]] : []));
  const [[name], [zoneId]] = ["name", "zoneId"].map((key) => named(RECORD, "traffic-serving", key)) as [
    string[],
    string[],
  ];
  const [[intent, ...intents], [state, ...states]] = ["traffic-intent", "traffic-state"].map((one) =>
    named("aws:ssm/parameter:Parameter", one, "name"),
  ) as [string[], string[]];
  const records = SLOTS.flatMap((slot) => knownAs(known, RECORD, `traffic-${slot}`));
  return {
    ...(name && zoneId ? { site: { name, zoneId } } : {}),
    leadsTo: [...new Set(records.flatMap(({ inputs }) => (inputs ? [saidByInputs(inputs)] : [])))],
    zones: [...new Set(records.flatMap((one) => (one.delete ? [] : [String(one.inputs?.zoneId)])))],
    ...(intent && state ? { parameters: { intent, state } } : {}),
    leaving: { intent: intents, state: states },
  };
}
