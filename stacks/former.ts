import type { TrafficQuery } from "./gates";
import { type KnownResource, knownAs } from "./state";

/** What the stack called things before this update; a change of the site's name or of the stack's changes them. */
export interface Former {
  /** The site's name, and the zone in which it was. */
  readonly site?: { readonly name: string; readonly zoneId: string };
  readonly parameters?: TrafficQuery["parameters"];
}

/** As the stack's state has it. */
export function formerOf(known: readonly KnownResource[]): Former {
  const input = (type: string, resource: string, key: string) => {
    const value = knownAs(known, type, resource)?.inputs?.[key];
    return typeof value === "string" ? value : undefined;
  };
  const [name, zoneId] = ["name", "zoneId"].map((key) => input("aws:route53/record:Record", "traffic-serving", key));
  const [intent, state] = ["traffic-intent", "traffic-state"].map((one) =>
    input("aws:ssm/parameter:Parameter", one, "name"),
  );
  return {
    ...(name && zoneId ? { site: { name, zoneId } } : {}),
    ...(intent && state ? { parameters: { intent, state } } : {}),
  };
}
