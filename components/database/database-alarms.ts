import * as pulumi from "@pulumi/pulumi";
import type { Signal } from "../../core/web-tier";
import { type AlarmEntry, alarms, over, under } from "../monitoring/alarm-table";
import { countLines, METRICS } from "../monitoring/log-metric";
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

const GIB = 2 ** 30;
/** Free memory below this share of the class's makes PostgreSQL read from disk what it had in memory. */
const LEAST_MEMORY = 0.05;
/** Share of the class's connections from which one is warned. */
const MOST_CONNECTIONS = 0.8;
/** Limits for a class that the catalog does not know. */
const UNKNOWN_CLASS = { memoryGib: 2, connections: 225 };

/** Counter of Performance Insights. */
const IDLE_IN_TRANSACTION = "db.state.idle_in_transaction_max_time.avg";

/** Failed log-ins: by a wrong password, or from an address or without TLS where none is admitted. */
const FAILED_LOGIN = '?"password authentication failed" ?"no pg_hba.conf entry"';

type Table = Record<string, AlarmEntry>;

/** What all of these alarms are about. */
const database = { severity: "warning", subject: "database" } as const;

const metric = (metricName: string, statistic: "Average" | "Minimum" | "Maximum", identifier: pulumi.Input<string>) =>
  ({
    ...database,
    namespace: "AWS/RDS",
    metricName,
    dimensions: { DBInstanceIdentifier: identifier },
    statistic,
    treatMissingData: "missing",
  }) as const;

/**
 * Alarms of one database; at `basic` the two that page, since ten alarms are free in an account and a server has eight. Events of RDS
 * (failover, restart, storage full) come by EventBridge, not from here.
 */
export function databaseAlarms(name: string, args: DatabaseAlarmsArgs, parent: pulumi.Resource): Signal[] {
  const table: Table = { ...capacityAlarms(args), ...sessionAlarms(args) };
  if (args.logGroup !== undefined && args.alarmLevel === "standard") {
    table.logins = {
      ...database,
      namespace: METRICS,
      metricName: countLines(`${name}-failed-logins`, args.logGroup, FAILED_LOGIN, { parent }),
      statistic: "Sum",
      period: 300,
      level: "standard",
      meaning: "More than 20 log-ins to the database failed within five minutes",
      causes: [
        "database-auth: somebody tries passwords",
        "database-auth: a tier with an old password after a rotation",
      ],
      evaluationPeriods: 1,
      ...over(20),
      treatMissingData: "notBreaching",
    };
  }
  const events = "aws rds describe-events --source-type db-instance";
  const firstCommand = pulumi.interpolate`${events} --source-identifier ${args.identifier} --duration 180`;
  const rows = Object.entries(table).map(([key, entry]) => [key, { firstCommand, ...entry }]);
  const level = { level: args.alarmLevel, actions: args.alarmActions };
  return alarms(name, Object.fromEntries(rows), level, { parent });
}

/** What the instance has, and how much of it is left. */
function capacityAlarms({ identifier, instanceClass, storageGb }: DatabaseAlarmsArgs): Table {
  const ofClass = <T>(of: (instanceClass: string) => T) => pulumi.output(instanceClass).apply(of);
  return {
    storage: {
      ...metric("FreeStorageSpace", "Minimum", identifier),
      period: 300,
      level: "basic",
      severity: "page",
      meaning: "Little storage is left; with none the database stops, and takes up to an hour to grow",
      causes: [
        "database-storage-full: storage autoscaling has reached database.maxStorageGb",
        "database-storage-full: a replication slot that nobody reads",
        "database-storage-full: growth",
      ],
      evaluationPeriods: 2,
      // Autoscaling acts at 10 % free, or 5 minutes under it: below that it did not.
      ...under(pulumi.output(storageGb ?? 20).apply((gb) => Math.round(Math.max(1, gb * 0.08) * GIB))),
    },
    cpu: {
      ...metric("CPUUtilization", "Average", identifier),
      period: 300,
      level: "standard",
      meaning: "The database's CPU has been over 85 % for fifteen minutes",
      causes: [
        "database-overload: a query without an index",
        "traffic-spike: more traffic than planned",
        "database-overload: CPU credits used up",
      ],
      evaluationPeriods: 3,
      ...over(85),
    },
    memory: {
      ...metric("FreeableMemory", "Average", identifier),
      period: 300,
      level: "standard",
      meaning: "The database has had under 5 % of its memory free for fifteen minutes: it will be slow, or restart",
      causes: [
        "database-connections: too many connections",
        "database-overload: a query that sorts in memory",
        "database-overload: the class is too small",
      ],
      evaluationPeriods: 3,
      ...under(ofClass((name) => Math.round((memoryGib(name) ?? UNKNOWN_CLASS.memoryGib) * LEAST_MEMORY * GIB))),
    },
    connections: {
      ...metric("DatabaseConnections", "Maximum", identifier),
      level: "basic",
      severity: "page",
      meaning: "Over 80 % of the connections that the class allows are taken; when all are, the site answers errors",
      causes: [
        "database-connections: more instances, tasks or functions than planned for",
        "database-connections: a pool that is too large",
        "database-connections: a connection leak",
      ],
      evaluationPeriods: 3,
      ...over(ofClass((name) => Math.floor((connectionLimit(name) ?? UNKNOWN_CLASS.connections) * MOST_CONNECTIONS))),
    },
    credits: {
      ...metric("CPUCreditBalance", "Minimum", identifier),
      period: 300,
      level: "standard",
      // Unknown for a database that is only looked up.
      applies: typeof instanceClass === "string" && /^db\.t\d/.test(instanceClass),
      meaning: "CPU credits are nearly used up: RDS goes on at full speed and charges the surplus",
      causes: ["database-overload: a query without an index", "database-overload: the class is too small"],
      evaluationPeriods: 2,
      ...under(20),
    },
  };
}

/** Who holds what others wait for, and who lags behind. */
function sessionAlarms({ resourceId, replica }: DatabaseAlarmsArgs): Table {
  return {
    transactions: {
      ...database,
      level: "standard",
      applies: resourceId !== undefined,
      meaning:
        "A transaction has been open and idle for over five minutes: it holds its locks, and keeps vacuum from its work",
      causes: [
        "database-locked: a session that somebody left open",
        "database-locked: code that waits for the network inside a transaction",
      ],
      metricQueries: [
        {
          id: "idle",
          expression: pulumi.interpolate`DB_PERF_INSIGHTS('RDS', '${resourceId ?? ""}', '${IDLE_IN_TRANSACTION}')`,
          label: "Longest idle transaction, seconds",
          period: 60,
          returnData: true,
        },
      ],
      evaluationPeriods: 2,
      ...over(300),
      treatMissingData: "notBreaching",
    },
    lag: {
      ...metric("ReplicaLag", "Maximum", replica ?? ""),
      level: "basic",
      applies: replica !== undefined,
      meaning: "The read replica has been over a minute behind for five minutes: it answers with old data",
      causes: [
        "database-overload: a burst of writes",
        "database-overload: a long query on the replica",
        "database-down: the replica is gone",
      ],
      evaluationPeriods: 5,
      ...over(60),
      treatMissingData: "breaching",
    },
  };
}
