import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { LikelyCause } from "../../core/faults";
import type { Signal } from "../../core/web-tier";
import type { AlarmActions } from "./alarm";
import { type AlarmEntry, type AlarmLevel, alarmTable, atLeast, over, under } from "./alarm-table";
import { countLines, METRICS } from "./log-metric";

export interface ServerAlarmsArgs {
  readonly instanceId: pulumi.Input<string>;
  /** EC2 instance type, where it is known: burstable ones have CPU credits. */
  readonly instanceType?: string;
  readonly domain: string;
  /** Name of the log group with Nginx's access log, and the filter pattern that finds a 5xx in its format. */
  readonly accessLog: { readonly group: pulumi.Input<string>; readonly serverErrors: string };
  /** Log group of the app. */
  readonly appLog: pulumi.Input<string>;
  /** Patterns by which the agent counts processes, as in its config. */
  readonly processPatterns: { readonly nginx: string; readonly app: string };
  /** The renewal timer of the certificate publishes its remaining days. */
  readonly watchesCertificate: boolean;
  /** A watcher looks from outside (components/monitoring/watcher.ts), and tells of certificate and disks by itself. */
  readonly watched: boolean;
  readonly level: AlarmLevel;
  readonly actions: AlarmActions;
}

/** Missing data counts as no process: of a server that was adopted and not yet attached all is missing. */
const UNSEEN: LikelyCause =
  "agent-silent: the CloudWatch agent does not report (an adopted server before `platform attach`)";

type Table = Record<string, AlarmEntry>;
type Dimensions = Readonly<Record<string, pulumi.Input<string>>>;

/** The alarms of one server; the order of its tables is the order of the dashboard. */
export function serverAlarms(name: string, args: ServerAlarmsArgs, parent: pulumi.Resource): Record<string, Signal> {
  const { region } = aws.getRegionOutput({}, { parent });
  const looks = args.watched ? "; the site is looked at from outside now, and recovered if it is down" : "";
  const table: Table = {
    ...machineAlarms(args, region),
    ...processAlarms(args, looks),
    ...agentAlarms({ InstanceId: args.instanceId }),
    "server-errors": {
      namespace: METRICS,
      metricName: countLines(`${name}-server-errors`, args.accessLog.group, args.accessLog.serverErrors, { parent }),
      level: "basic",
      severity: "page",
      subject: "errors",
      meaning: `More than 5 answers a minute were errors (5xx), three minutes in a row${looks}`,
      causes: [
        "bad-deploy: the last release",
        "database-connections: the database refuses connections",
        "app-hang: the app hangs",
      ],
      statistic: "Sum",
      evaluationPeriods: 3,
      ...over(5),
      treatMissingData: "notBreaching",
    },
    ...slowAlarms(args),
  };
  if (args.level === "standard") {
    const pattern = "?ERROR ?Error ?FATAL ?Unhandled";
    table["error-lines"] = {
      namespace: METRICS,
      metricName: countLines(`${name}-error-lines`, args.appLog, pattern, { parent }),
      level: "standard",
      severity: "warning",
      subject: "errors",
      meaning: "More than 20 lines of the app's log in five minutes were errors",
      causes: ["bad-deploy: the last release", "dependency-failing: a dependency of the app is down"],
      statistic: "Sum",
      period: 300,
      evaluationPeriods: 1,
      ...over(20),
      treatMissingData: "notBreaching",
    };
  }
  return alarmTable(name, table, args, { parent }) as Record<string, Signal>;
}

/** A status check of EC2 that fails. */
const statusCheck = (check: "System" | "Instance" | "AttachedEBS", { instanceId }: ServerAlarmsArgs) =>
  ({
    namespace: "AWS/EC2",
    metricName: `StatusCheckFailed_${check}`,
    dimensions: { InstanceId: instanceId },
    level: "basic",
    severity: "page",
    subject: "host",
    ...atLeast(1),
    treatMissingData: "missing",
  }) as const;

/** The machine, which EC2 itself brings back. */
function machineAlarms(args: ServerAlarmsArgs, region: pulumi.Input<string>): Table {
  const act = (action: "recover" | "reboot") => [pulumi.interpolate`arn:aws:automate:${region}:ec2:${action}`];
  return {
    "system-check": {
      ...statusCheck("System", args),
      meaning: "The machine under the instance has failed for two minutes; EC2 moves the instance to another one now",
      causes: ["host-hardware: a fault of hardware, power or network at AWS"],
      evaluationPeriods: 2,
      act: act("recover"),
    },
    "instance-check": {
      ...statusCheck("Instance", args),
      meaning: "The operating system has not answered for three minutes; it is rebooted now",
      causes: [
        "memory-exhausted: memory exhausted",
        "host-unreachable: a kernel panic",
        "disk-full: a full disk",
        "network-misconfigured: a wrong network configuration",
      ],
      // Another count than the system check's: two actions at once would race each other.
      evaluationPeriods: 3,
      act: act("reboot"),
    },
  };
}

/** The processes that serve, as the agent counts them. */
function processAlarms({ instanceId, processPatterns }: ServerAlarmsArgs, looks: string): Table {
  const none = (pattern: string) =>
    ({
      namespace: METRICS,
      metricName: "procstat_lookup_pid_count",
      dimensions: { InstanceId: instanceId, pattern, pid_finder: "native" },
      level: "basic",
      severity: "page",
      subject: "process",
      statistic: "Minimum",
      evaluationPeriods: 2,
      ...under(1),
      treatMissingData: "breaching",
    }) as const;
  return {
    "app-process": {
      ...none(processPatterns.app),
      meaning: `No process of the app was seen for two minutes${looks}`,
      causes: [
        "app-crash: the app crashes at its start",
        "memory-exhausted: it was killed for want of memory",
        "process-down: PM2 was stopped",
        UNSEEN,
      ],
    },
    "nginx-process": {
      ...none(processPatterns.nginx),
      meaning: `Nginx was not seen for two minutes${looks}`,
      causes: [
        "proxy-down: a mistake in its configuration",
        "proxy-down: it was stopped by an update of its package",
        UNSEEN,
      ],
    },
  };
}

/** What only the agent sees, and its silence. */
function agentAlarms(dimensions: Dimensions): Table {
  const shared = { namespace: METRICS, severity: "warning", evaluationPeriods: 5 } as const;
  const full = { ...shared, level: "basic", subject: "capacity", treatMissingData: "missing" } as const;
  return {
    heartbeat: {
      ...shared,
      metricName: "mem_used_percent",
      dimensions,
      level: "standard",
      subject: "host",
      meaning: "The CloudWatch agent has sent nothing for five minutes: nobody sees memory, disk and processes",
      causes: [
        "agent-silent: the agent stopped",
        "instance-stopped: the instance is down",
        "permission-denied: its role lost the right to write metrics",
      ],
      statistic: "SampleCount",
      ...under(1),
      treatMissingData: "breaching",
    },
    memory: {
      ...full,
      metricName: "mem_used_percent",
      dimensions,
      meaning: "Memory has been over 90 % for five minutes; at 100 % the kernel kills the app",
      causes: ["memory-leak: a memory leak since the last release", "memory-exhausted: the instance is too small"],
      ...over(90),
    },
    disk: {
      ...full,
      metricName: "disk_used_percent",
      dimensions: { ...dimensions, path: "/" },
      meaning: "The disk is over 85 % full; at 100 % Nginx, the app and the agent stop working",
      causes: [
        "disk-full: logs that nobody rotates",
        "disk-full: old releases",
        "disk-full: uploads written to the disk",
      ],
      ...over(85),
    },
  };
}

/** What takes hours or days to become an outage, and the disk, whose stall the watcher tells as well. */
function slowAlarms(args: ServerAlarmsArgs): Table {
  const strained = {
    namespace: "AWS/EC2",
    dimensions: { InstanceId: args.instanceId },
    level: "standard",
    severity: "warning",
    subject: "capacity",
    period: 300,
    treatMissingData: "missing",
  } as const;
  return {
    credits: {
      ...strained,
      metricName: "CPUCreditBalance",
      applies: args.instanceType === undefined || /^t\d/.test(args.instanceType),
      meaning: "CPU credits are nearly used up: soon the instance is slow, or costs extra in unlimited mode",
      causes: [
        "traffic-spike: more traffic than planned",
        "cpu-saturated: a loop in the app",
        "memory-exhausted: the instance is too small",
      ],
      statistic: "Minimum",
      evaluationPeriods: 2,
      ...under(20),
    },
    certificate: {
      namespace: METRICS,
      metricName: "CertificateDaysToExpiry",
      dimensions: { Domain: args.domain },
      level: args.watched ? "standard" : "basic",
      applies: args.watchesCertificate,
      severity: "warning",
      subject: "certificate",
      meaning:
        "For two days the certificate had less than 14 left, or its renewal, due 30 days before, has said nothing",
      causes: [
        "permission-denied: the role may no longer write the _acme-challenge record",
        "certificate-expired: the renewal timer is stopped",
      ],
      period: 86_400,
      statistic: "Minimum",
      // Two, as the timer's day is none of CloudWatch's.
      evaluationPeriods: 2,
      ...under(14),
      treatMissingData: "breaching",
    },
    volume: {
      ...statusCheck("AttachedEBS", args),
      level: args.watched || args.watchesCertificate ? "standard" : "basic",
      meaning: "A disk of the instance has not answered for three minutes",
      causes: ["ebs-stalled: a fault of EBS in the zone"],
      evaluationPeriods: 3,
    },
    cpu: {
      ...strained,
      metricName: "CPUUtilization",
      meaning: "The CPU has been over 85 % for fifteen minutes",
      causes: [
        "traffic-spike: more traffic than planned",
        "cpu-saturated: a loop in the app",
        "cpu-credits-exhausted: CPU credits used up",
      ],
      evaluationPeriods: 3,
      ...over(85),
    },
  };
}
