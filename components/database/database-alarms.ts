import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Signal } from "../../core/web-tier";
import { type AlarmArgs, alarm } from "../monitoring/alarm";
import { METRICS } from "../monitoring/server-alarms";
import type { DatabaseWatch } from "./database-args";
import { connectionLimit, memoryGib } from "./rds-catalog";

export interface DatabaseAlarmsArgs extends DatabaseWatch {
  readonly identifier: pulumi.Input<string>;
  /** Instance class: limits of memory and connections follow from it. */
  readonly instanceClass: pulumi.Input<string>;
  /** GiB allocated, for a limit of free storage in proportion. @default 20 */
  readonly storageGb?: pulumi.Input<number>;
  /** `DbiResourceId`, by which Performance Insights knows the instance; undefined where they may be off. */
  readonly resourceId?: pulumi.Input<string>;
  /** Log group of the server's log, for failed log-ins; undefined where the log is not exported. */
  readonly logGroup?: pulumi.Input<string>;
  readonly replica?: pulumi.Input<string>;
}

interface Entry extends Omit<AlarmArgs, "firstCommand" | "severity" | "subject"> {
  readonly level: "basic" | "standard";
  readonly severity?: AlarmArgs["severity"];
  /** Left out where it does not apply. */
  readonly applies?: boolean;
}

const GIB = 2 ** 30;
/** Free memory below this share of the class's makes PostgreSQL read from disk what it had in memory. */
const LEAST_MEMORY = 0.05;
/** Share of the class's connections from which one is warned. */
const MOST_CONNECTIONS = 0.8;
/** Limits for a class that the catalog does not know. */
const UNKNOWN_CLASS = { memoryGib: 2, connections: 225 };

/** Failed log-ins: by a wrong password, or from an address or without TLS where none is admitted. */
const FAILED_LOGIN = '?"password authentication failed" ?"no pg_hba.conf entry"';

/**
 * Alarms of one database, as a table; at `basic` the two that page, since ten alarms are free in an account and a server has eight.
 * Events of RDS (failover, restart, storage full) come by EventBridge, not from here.
 */
export function databaseAlarms(name: string, args: DatabaseAlarmsArgs, parent: pulumi.Resource): Signal[] {
  const ofDatabase = { DBInstanceIdentifier: args.identifier };
  const instanceClass = pulumi.output(args.instanceClass);
  const metric = (metricName: string, statistic = "Average", period = 60) => ({
    namespace: "AWS/RDS",
    metricName,
    dimensions: ofDatabase,
    statistic,
    period,
    treatMissingData: "missing",
  });
  const table: Record<string, Entry> = {
    storage: {
      ...metric("FreeStorageSpace", "Minimum", 300),
      level: "basic",
      severity: "page",
      meaning: "Little storage is left; with none the database stops, and takes up to an hour to grow",
      causes: [
        "storage autoscaling has reached database.maxStorageGb",
        "a replication slot that nobody reads",
        "growth",
      ],
      evaluationPeriods: 2,
      // Autoscaling acts at 10 % free, or 5 minutes under it: below that it did not.
      threshold: pulumi.output(args.storageGb ?? 20).apply((gb) => Math.round(Math.max(1, gb * 0.08) * GIB)),
      comparisonOperator: "LessThanThreshold",
    },
    cpu: {
      ...metric("CPUUtilization", "Average", 300),
      level: "standard",
      meaning: "The database's CPU has been over 85 % for fifteen minutes",
      causes: ["a query without an index", "more traffic than planned", "CPU credits used up"],
      evaluationPeriods: 3,
      threshold: 85,
      comparisonOperator: "GreaterThanThreshold",
    },
    memory: {
      ...metric("FreeableMemory", "Average", 300),
      level: "standard",
      meaning: "The database has had under 5 % of its memory free for fifteen minutes: it will be slow, or restart",
      causes: ["too many connections", "a query that sorts in memory", "the class is too small"],
      evaluationPeriods: 3,
      threshold: instanceClass.apply((c) => Math.round((memoryGib(c) ?? UNKNOWN_CLASS.memoryGib) * LEAST_MEMORY * GIB)),
      comparisonOperator: "LessThanThreshold",
    },
    connections: {
      ...metric("DatabaseConnections", "Maximum"),
      level: "basic",
      severity: "page",
      meaning: "Over 80 % of the connections that the class allows are taken; when all are, the site answers errors",
      causes: ["more instances, tasks or functions than planned for", "a pool that is too large", "a connection leak"],
      evaluationPeriods: 3,
      threshold: instanceClass.apply((c) =>
        Math.floor((connectionLimit(c) ?? UNKNOWN_CLASS.connections) * MOST_CONNECTIONS),
      ),
      comparisonOperator: "GreaterThanThreshold",
    },
    credits: {
      ...metric("CPUCreditBalance", "Minimum", 300),
      level: "standard",
      // Unknown for a database that is only looked up.
      applies: typeof args.instanceClass === "string" && /^db\.t\d/.test(args.instanceClass),
      meaning: "CPU credits are nearly used up: RDS goes on at full speed and charges the surplus",
      causes: ["a query without an index", "the class is too small"],
      evaluationPeriods: 2,
      threshold: 20,
      comparisonOperator: "LessThanThreshold",
    },
    transactions: {
      level: "standard",
      applies: args.resourceId !== undefined,
      meaning:
        "A transaction has been open and idle for over five minutes: it holds its locks, and keeps vacuum from its work",
      causes: ["a session that somebody left open", "code that waits for the network inside a transaction"],
      metricQueries: [
        {
          id: "idle",
          expression: pulumi.interpolate`DB_PERF_INSIGHTS('RDS', '${args.resourceId ?? ""}', 'db.state.idle_in_transaction_max_time.avg')`,
          label: "Longest idle transaction, seconds",
          period: 60,
          returnData: true,
        },
      ],
      evaluationPeriods: 2,
      threshold: 300,
      comparisonOperator: "GreaterThanThreshold",
      treatMissingData: "notBreaching",
    },
    lag: {
      ...metric("ReplicaLag", "Maximum"),
      dimensions: { DBInstanceIdentifier: args.replica ?? "" },
      level: "basic",
      applies: args.replica !== undefined,
      meaning: "The read replica has been over a minute behind for five minutes: it answers with old data",
      causes: ["a burst of writes", "a long query on the replica", "the replica is gone"],
      evaluationPeriods: 5,
      threshold: 60,
      comparisonOperator: "GreaterThanThreshold",
      treatMissingData: "breaching",
    },
  };
  if (args.logGroup !== undefined && args.alarmLevel === "standard") {
    new aws.cloudwatch.LogMetricFilter(
      `${name}-failed-logins`,
      {
        logGroupName: args.logGroup,
        pattern: FAILED_LOGIN,
        metricTransformation: { namespace: METRICS, name: `${name}-failed-logins`, value: "1", defaultValue: "0" },
      },
      { parent },
    );
    table.logins = {
      namespace: METRICS,
      metricName: `${name}-failed-logins`,
      statistic: "Sum",
      period: 300,
      level: "standard",
      meaning: "More than 20 log-ins to the database failed within five minutes",
      causes: ["somebody tries passwords", "a tier with an old password after a rotation"],
      evaluationPeriods: 1,
      threshold: 20,
      comparisonOperator: "GreaterThanThreshold",
      treatMissingData: "notBreaching",
    };
  }
  const firstCommand = pulumi.interpolate`aws rds describe-events --source-type db-instance --source-identifier ${args.identifier} --duration 180`;
  return Object.entries(table)
    .filter(([, { level, applies = true }]) => applies && (level === "basic" || args.alarmLevel === "standard"))
    .map(([key, { level: _, applies: __, severity = "warning", ...entry }]) =>
      alarm(`${name}-${key}`, { severity, subject: "database", firstCommand, ...entry }, args.alarmActions, { parent }),
    );
}
