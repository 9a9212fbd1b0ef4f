import type * as pulumi from "@pulumi/pulumi";
import type { Signal } from "../../core/web-tier";
import { type AlarmActions, type AlarmArgs, alarm } from "./alarm";

/**
 * `basic`: what shows that visitors are or soon will be without the site, within the ten alarms that CloudWatch's free tier covers:
 * eight of a server leave two to the database. No composite alarm is among them, since none is free. What is left out is seen
 * otherwise: an agent that fell silent by its process counts, which breach without data.
 * `standard`: all of them; each further alarm costs 0.10 USD a month, each composite one 0.50 USD.
 */
export type AlarmLevel = "basic" | "standard";

/** One alarm of a table: period 60 s and statistic Maximum unless it says otherwise. */
export interface AlarmEntry extends Omit<AlarmArgs, "statistic" | "period"> {
  readonly level: AlarmLevel;
  readonly statistic?: string;
  readonly period?: number;
  /** Left out where it does not apply. */
  readonly applies?: boolean;
}

/** Thresholds, as they are read aloud. */
export const over = (threshold: pulumi.Input<number>) =>
  ({ threshold, comparisonOperator: "GreaterThanThreshold" }) as const;
export const atLeast = (threshold: pulumi.Input<number>) =>
  ({ threshold, comparisonOperator: "GreaterThanOrEqualToThreshold" }) as const;
export const under = (threshold: pulumi.Input<number>) =>
  ({ threshold, comparisonOperator: "LessThanThreshold" }) as const;

/** The alarms of a table that a level asks for, named `<name>-<key>`. */
export function alarmTable<Key extends string>(
  name: string,
  table: Readonly<Record<Key, AlarmEntry>>,
  args: { readonly level: AlarmLevel; readonly actions: AlarmActions },
  opts: pulumi.CustomResourceOptions,
): Readonly<Partial<Record<Key, Signal>>> {
  const wanted = (Object.entries(table) as [Key, AlarmEntry][]).filter(
    ([, { level, applies = true }]) => applies && (level === "basic" || args.level === "standard"),
  );
  return Object.fromEntries(
    wanted.map(([key, { level: _, applies: __, ...entry }]) => {
      // A percentile is no statistic, and an expression has both in its queries.
      const statistic = entry.extendedStatistic ? {} : { statistic: "Maximum" };
      const defaults = entry.metricQueries ? {} : { ...statistic, period: 60 };
      return [key, alarm(`${name}-${key}`, { ...defaults, ...entry }, args.actions, opts)];
    }),
  ) as Partial<Record<Key, Signal>>;
}

/** The same, where nobody asks for one of them by its key. */
export const alarms = (...args: Parameters<typeof alarmTable>): Signal[] =>
  Object.values(alarmTable(...args) as Record<string, Signal>);
