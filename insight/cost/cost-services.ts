import type { Plan, PlannedResource } from "../../core/plan-format";
import { flag, list, number, ofType, record, refersTo, target, text } from "../../core/plan-reader";
import { answersFiles } from "./cost-compute";
import { type Estimate, fixed, HOURS_PER_MONTH, type Item, SECONDS_PER_MONTH, unknownPrice, usage } from "./cost-item";

/** gp3 of RDS for PostgreSQL: 3,000 IOPS under 400 GB, 12,000 from there; more is billed and rare, so it is not in the table. */
export const database: Estimate = (resource, { plan }) => {
  const source = primaryOf(plan, resource);
  const inherited = source?.inputs ?? {};
  const engine = text(resource.inputs.engine) ?? text(inherited.engine) ?? "postgres";
  const instanceClass = text(resource.inputs.instanceClass);
  if (engine !== "postgres") return [unknownPrice("Database", `the table knows PostgreSQL, not ${engine}`)];
  if (!instanceClass) return [unknownPrice("Database", "the instance class is not known before the update")];
  const deployment = flag(resource.inputs.multiAz) ? "multi" : "single";
  const storage = text(resource.inputs.storageType) ?? text(inherited.storageType) ?? "gp2";
  const gb = number(resource.inputs.allocatedStorage) ?? number(inherited.allocatedStorage);
  return [
    fixed(
      `${instanceClass} PostgreSQL, ${deployment === "multi" ? "Multi-AZ" : "Single-AZ"}`,
      `rds:postgres:${deployment}:${instanceClass}`,
      HOURS_PER_MONTH,
    ),
    gb === undefined
      ? unknownPrice("Database storage", "the size is not known before the update")
      : fixed(`Storage ${storage}`, `rds:${storage}:${deployment}`, gb, "backups up to this size are free"),
    ...(flag(resource.inputs.publiclyAccessible)
      ? [fixed("Public IPv4 address", "ipv4:address", HOURS_PER_MONTH)]
      : []),
    ...enhancedMonitoring(resource),
  ];
};

/** The instance that a read replica follows: referred to, or named as it is. */
function primaryOf(plan: Plan, { inputs }: PlannedResource): PlannedResource | undefined {
  const source = inputs.replicateSourceDb;
  if (source === undefined) return undefined;
  const name = JSON.stringify(source);
  return (
    target(plan, source) ??
    ofType(plan, "aws:rds/instance:Instance").find((other) => JSON.stringify(other.inputs.identifier) === name)
  );
}

/** A record of the operating system, some 6 KB with its process list, at every interval. */
function enhancedMonitoring({ inputs }: PlannedResource): Item[] {
  const interval = number(inputs.monitoringInterval) ?? 0;
  if (interval === 0) return [];
  const gb = ((SECONDS_PER_MONTH / interval) * 6) / 1e6;
  return [usage("Enhanced monitoring, log lines", "logs:ingest", gb, `6 KB every ${interval} s, an assumption`)];
}

/** Alarms are billed by metric; below 60 s the price triples, and a band doubles and adds to it (three metrics). */
export const metricAlarm: Estimate = ({ inputs }) => {
  const queries = list(inputs.metricQueries).map(record);
  const metrics = queries.filter((query) => Object.keys(record(query.metric)).length > 0);
  const period = Math.min(
    number(inputs.period) ?? 300,
    ...metrics.map((query) => number(record(query.metric).period) ?? 300),
    ...queries.map((query) => number(query.period) ?? 300),
  );
  const band = queries.some((query) => text(query.expression)?.startsWith("ANOMALY_DETECTION_BAND"));
  const count = Math.max(1, metrics.length) * (band ? 3 : 1);
  return [
    period < 60
      ? fixed("High-resolution alarm", "cloudwatch:alarm-high-resolution", count)
      : fixed("Alarm", "cloudwatch:alarm", count),
  ];
};

export const monthly =
  (item: string, price: string): Estimate =>
  () => [fixed(item, price, 1)];

export const subscription: Estimate = ({ inputs }, { plan, usage: month }) => {
  const protocol = text(inputs.protocol);
  if (protocol === "email" || protocol === "email-json") {
    const all = ofType(plan, "aws:sns/topicSubscription:TopicSubscription").filter(
      (s) => text(s.inputs.protocol) === protocol,
    );
    return [
      usage("E-mails", "sns:email", month.emailsPerMonth / all.length, "usage.emailsPerMonth, divided among all"),
    ];
  }
  if (protocol !== "sms" || month.smsPerMonth === 0) return [];
  const price = `sns:sms:${month.smsCountry}`;
  return [
    {
      ...usage("SMS", price, month.smsPerMonth),
      unknown: `${month.smsPerMonth} SMS: the price depends on the country and carrier, and the table has none for ${month.smsCountry}`,
    },
  ];
};

/** Seconds that a scheduled run takes, which finds nothing to do: a few requests, its start included. An assumption. */
const LOOK_SECONDS = 2;
/** Steps of a recovery run that restarts the app: guard, evidence, question, restart, check, report, and branches. */
export const RUN_STEPS = 9;

/** Seconds that a built file takes the function that answers for it, most of them the read from S3: an assumption. */
const FILE_SECONDS = 0.05;

export const lambda: Estimate = (resource, { plan, usage: month }) => {
  const arm = list(resource.inputs.architectures).includes("arm64");
  const mb = number(resource.inputs.memorySize) ?? 128;
  const compute = arm ? "lambda:arm" : "lambda:x86";
  if (answersFiles(plan, resource)) {
    const files = month.requestsPerMonth * month.staticShare;
    const assumption = `${files} built files: usage.staticShare of all requests`;
    return [
      usage("Built files answered", "lambda:request", files, assumption),
      usage("Compute", compute, (files * FILE_SECONDS * mb) / 1024, `${FILE_SECONDS * 1000} ms each, an assumption`),
      usage("Built files read from S3", "s3:read", files, assumption),
    ];
  }
  const scheduled = scheduledRuns(plan, resource);
  const runs = month.incidentsPerMonth + scheduled;
  const most = Math.min(number(resource.inputs.timeout) ?? 3, 30);
  const seconds = month.incidentsPerMonth * most + scheduled * Math.min(most, LOOK_SECONDS);
  const looks = scheduled > 0 ? `, ${scheduled} by schedule of ${Math.min(most, LOOK_SECONDS)} s` : "";
  const assumption = `${month.incidentsPerMonth} incidents of ${most} s${looks}`;
  return [
    usage("Requests", "lambda:request", runs, assumption),
    usage("Compute", compute, (seconds * mb) / 1024, assumption),
  ];
};

/** Runs a month of the schedules and rules that start a function. */
function scheduledRuns(plan: Plan, resource: PlannedResource): number {
  const schedules = ofType(plan, "aws:scheduler/schedule:Schedule").filter((s) => refersTo(s, resource.urn));
  const rules = ofType(plan, "aws:cloudwatch/eventTarget:EventTarget")
    .filter((t) => refersTo(t, resource.urn))
    .flatMap((t) => target(plan, t.inputs.rule) ?? []);
  return [...schedules, ...rules].reduce((total, s) => total + runsPerMonth(text(s.inputs.scheduleExpression)), 0);
}

/** `rate(5 minutes)` gives 8,760; `cron(...)` counts minutes, hours, and days of the month or of the week. */
export function runsPerMonth(expression: string | undefined): number {
  const rate = expression?.match(/^rate\((\d+) (minute|hour|day)s?\)$/);
  if (rate)
    return (
      (HOURS_PER_MONTH * 60) /
      (Number(rate[1]) * { minute: 1, hour: 60, day: 1440 }[rate[2] as "minute" | "hour" | "day"])
    );
  const cron = expression?.match(/^cron\((\S+) (\S+)(?: (\S+) \S+ (\S+))?/);
  if (!cron) return 0;
  const named = (field: string | undefined) => (field && !/^[?*]$/.test(field) ? field.split(",").length : 0);
  const days = named(cron[3]) || (named(cron[4]) * HOURS_PER_MONTH) / 24 / 7 || HOURS_PER_MONTH / 24;
  const minutes = cron[1]?.match(/^(?:\*|0)\/(\d+)$/);
  const perHour = cron[1] === "*" ? 60 : minutes ? 60 / Number(minutes[1]) : 1;
  return perHour * (cron[2] === "*" ? 24 : 1) * days;
}

export const schedule: Estimate = ({ inputs }) => [
  usage("Invocations", "scheduler:invocation", runsPerMonth(text(inputs.scheduleExpression))),
];

export const firewall: Estimate = ({ inputs }, { usage: month }) => [
  fixed("Web ACL", "waf:acl", 1),
  ...(list(inputs.rules).length > 0 ? [fixed("Rules and rule groups", "waf:rule", list(inputs.rules).length)] : []),
  usage("Requests inspected", "waf:request", month.requestsPerMonth),
];

export const natGateway: Estimate = (_resource, { usage: month }) => [
  fixed("NAT gateway", "nat:hour", HOURS_PER_MONTH),
  usage("Data processed", "nat:gb", month.gbOutPerMonth, "as much as leaves for the internet"),
];

export const vpcEndpoint: Estimate = ({ inputs }) => {
  if ((text(inputs.vpcEndpointType) ?? "Gateway") !== "Interface") return [];
  return [
    fixed(
      "Interface endpoint",
      "vpce:hour",
      Math.max(1, list(inputs.subnetIds).length) * HOURS_PER_MONTH,
      "one in each subnet",
    ),
  ];
};

/** Buckets, repositories and vaults share one figure of the usage settings, so it is divided among them. */
export const shared =
  (item: string, price: string, field: "objectGb" | "imageGb"): Estimate =>
  (resource, { plan, usage: month }) => [
    usage(
      item,
      price,
      month[field] / Math.max(1, ofType(plan, resource.type).length),
      `usage.${field}, divided among all`,
    ),
  ];

export const backupPlan: Estimate = ({ inputs }, { usage: month }) => {
  const copied = list(inputs.rules).some((rule) => list(record(rule).copyActions).length > 0);
  const kept = "usage.backupGb: changed blocks of all recovery points";
  return [
    usage("Backups kept in AWS Backup", "backup:rds", month.backupGb, kept),
    ...(copied
      ? [
          usage(
            "Copies in the second region",
            "backup:rds",
            month.backupGb,
            "usage.backupGb again, at this region's price",
          ),
          usage(
            "Transfer of the copies",
            "transfer:out",
            month.backupGb * 0.2,
            "a fifth of usage.backupGb a month, as dear as to the internet: an upper bound",
          ),
        ]
      : []),
  ];
};

/** Restore tests run an instance of the database's class: an hour to restore, and one to look at it. */
export const restoreTests: Estimate = ({ inputs }, { plan }) => {
  const instanceClass = ofType(plan, "aws:rds/instance:Instance").map(({ inputs: db }) => text(db.instanceClass))[0];
  if (!instanceClass) return [unknownPrice("Restore tests", "the database's class is not known before the update")];
  const runs = runsPerMonth(text(inputs.scheduleExpression));
  return [usage("Restore tests", `rds:postgres:single:${instanceClass}`, runs * 2, "2 h each")];
};
