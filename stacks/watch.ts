import * as pulumi from "@pulumi/pulumi";
import type { Probe, Signal, WebTier } from "../core/web-tier";
import type { TrafficQuery } from "./gates";

/** One alarm, as a watcher needs it. */
export interface WatchedAlarm {
  readonly name: string;
  readonly severity: Signal["severity"];
  readonly subject: Signal["subject"];
}

/** What `platform migrate` looks at while it moves traffic; the output `watch` of the stack, a secret for the probes' token. */
export interface Watch {
  readonly query: TrafficQuery;
  /** The database instance, which is copied before a migration, and its alarms. */
  readonly database: { readonly identifier: string; readonly alarms: readonly WatchedAlarm[] };
  /** Every tier that is deployed, by its name. */
  readonly tiers: Readonly<Record<string, { readonly probe: Probe; readonly alarms: readonly WatchedAlarm[] }>>;
}

/** The output's value, from what the program has built. */
export function watchOf(
  query: pulumi.Input<TrafficQuery>,
  database: { readonly identifier: pulumi.Output<string>; readonly signals: readonly Signal[] },
  tiers: readonly WebTier[],
): pulumi.Output<Watch> {
  const each = tiers.map(({ tier, probe, signals }) => ({ tier, probe, alarms: signals.map(alarmOf) }));
  const held = { identifier: database.identifier, alarms: database.signals.map(alarmOf) };
  const watch = pulumi.all([query, held, each]).apply(([asked, kept, found]) => ({
    query: asked,
    database: kept,
    tiers: Object.fromEntries(found.map(({ tier, probe, alarms }) => [tier, { probe, alarms }])),
  }));
  return pulumi.secret(watch) as pulumi.Output<Watch>;
}

const alarmOf = ({ name, severity, subject }: Signal) => ({ name, severity, subject });
