import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Signal } from "../../core/web-tier";
import type { AlarmActions } from "./alarm";
import { type AlarmEntry, type AlarmLevel, alarmTable } from "./alarm-table";

/** Namespace of the CloudWatch agent's metrics and of those that metric filters make (runbooks/agent/cloudwatch-agent.json). */
export const METRICS = "Site";

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
const UNSEEN = "the CloudWatch agent does not report (an adopted server before `platform attach`)";

/** The alarms of one server, as a table; their order is the order of the dashboard. */
export function serverAlarms(name: string, args: ServerAlarmsArgs, parent: pulumi.Resource): Record<string, Signal> {
  const { region } = aws.getRegionOutput({}, { parent });
  const ofInstance = { InstanceId: args.instanceId };
  const burstable = args.instanceType === undefined || /^t\d/.test(args.instanceType);
  const filter = (metric: string, pattern: string, logGroupName: pulumi.Input<string>) => {
    new aws.cloudwatch.LogMetricFilter(
      `${name}-${metric}`,
      {
        logGroupName,
        pattern,
        metricTransformation: { namespace: METRICS, name: `${name}-${metric}`, value: "1", defaultValue: "0" },
      },
      { parent },
    );
    return `${name}-${metric}`;
  };
  const processes = (pattern: string) => ({
    namespace: METRICS,
    metricName: "procstat_lookup_pid_count",
    dimensions: { ...ofInstance, pattern, pid_finder: "native" },
    statistic: "Minimum",
    evaluationPeriods: 2,
    threshold: 1,
    comparisonOperator: "LessThanThreshold",
    treatMissingData: "breaching",
  });
  const host = (metricName: string) => ({
    namespace: "AWS/EC2",
    metricName,
    dimensions: ofInstance,
    threshold: 1,
    comparisonOperator: "GreaterThanOrEqualToThreshold",
    treatMissingData: "missing",
  });
  const looks = args.watched ? "; the site is looked at from outside now, and recovered if it is down" : "";
  const act = (action: "recover" | "reboot") => [pulumi.interpolate`arn:aws:automate:${region}:ec2:${action}`];

  const table: Record<string, AlarmEntry> = {
    "system-check": {
      ...host("StatusCheckFailed_System"),
      level: "basic",
      severity: "page",
      subject: "host",
      meaning: "The machine under the instance has failed for two minutes; EC2 moves the instance to another one now",
      causes: ["a fault of hardware, power or network at AWS"],
      evaluationPeriods: 2,
      act: act("recover"),
    },
    "instance-check": {
      ...host("StatusCheckFailed_Instance"),
      level: "basic",
      severity: "page",
      subject: "host",
      meaning: "The operating system has not answered for three minutes; it is rebooted now",
      causes: ["memory exhausted", "a kernel panic", "a full disk", "a wrong network configuration"],
      // Another count than the system check's: two actions at once would race each other.
      evaluationPeriods: 3,
      act: act("reboot"),
    },
    "app-process": {
      ...processes(args.processPatterns.app),
      level: "basic",
      severity: "page",
      subject: "process",
      meaning: `No process of the app was seen for two minutes${looks}`,
      causes: ["the app crashes at its start", "it was killed for want of memory", "PM2 was stopped", UNSEEN],
    },
    "nginx-process": {
      ...processes(args.processPatterns.nginx),
      level: "basic",
      severity: "page",
      subject: "process",
      meaning: `Nginx was not seen for two minutes${looks}`,
      causes: ["a mistake in its configuration", "it was stopped by an update of its package", UNSEEN],
    },
    heartbeat: {
      namespace: METRICS,
      metricName: "mem_used_percent",
      dimensions: ofInstance,
      level: "standard",
      severity: "warning",
      subject: "host",
      meaning: "The CloudWatch agent has sent nothing for five minutes: nobody sees memory, disk and processes",
      causes: ["the agent stopped", "the instance is down", "its role lost the right to write metrics"],
      statistic: "SampleCount",
      evaluationPeriods: 5,
      threshold: 1,
      comparisonOperator: "LessThanThreshold",
      treatMissingData: "breaching",
    },
    memory: {
      namespace: METRICS,
      metricName: "mem_used_percent",
      dimensions: ofInstance,
      level: "basic",
      severity: "warning",
      subject: "capacity",
      meaning: "Memory has been over 90 % for five minutes; at 100 % the kernel kills the app",
      causes: ["a memory leak since the last release", "the instance is too small"],
      evaluationPeriods: 5,
      threshold: 90,
      comparisonOperator: "GreaterThanThreshold",
      treatMissingData: "missing",
    },
    disk: {
      namespace: METRICS,
      metricName: "disk_used_percent",
      dimensions: { ...ofInstance, path: "/" },
      level: "basic",
      severity: "warning",
      subject: "capacity",
      meaning: "The disk is over 85 % full; at 100 % Nginx, the app and the agent stop working",
      causes: ["logs that nobody rotates", "old releases", "uploads written to the disk"],
      evaluationPeriods: 5,
      threshold: 85,
      comparisonOperator: "GreaterThanThreshold",
      treatMissingData: "missing",
    },
    "server-errors": {
      namespace: METRICS,
      metricName: filter("server-errors", args.accessLog.serverErrors, args.accessLog.group),
      level: "basic",
      severity: "page",
      subject: "errors",
      meaning: `More than 5 answers a minute were errors (5xx), three minutes in a row${looks}`,
      causes: ["the last release", "the database refuses connections", "the app hangs"],
      statistic: "Sum",
      evaluationPeriods: 3,
      threshold: 5,
      comparisonOperator: "GreaterThanThreshold",
      treatMissingData: "notBreaching",
    },
    credits: {
      namespace: "AWS/EC2",
      metricName: "CPUCreditBalance",
      dimensions: ofInstance,
      level: "standard",
      applies: burstable,
      severity: "warning",
      subject: "capacity",
      meaning: "CPU credits are nearly used up: soon the instance is slow, or costs extra in unlimited mode",
      causes: ["more traffic than planned", "a loop in the app", "the instance is too small"],
      period: 300,
      statistic: "Minimum",
      evaluationPeriods: 2,
      threshold: 20,
      comparisonOperator: "LessThanThreshold",
      treatMissingData: "missing",
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
      causes: ["the role may no longer write the _acme-challenge record", "the renewal timer is stopped"],
      period: 86_400,
      statistic: "Minimum",
      // Two, as the timer's day is none of CloudWatch's.
      evaluationPeriods: 2,
      threshold: 14,
      comparisonOperator: "LessThanThreshold",
      treatMissingData: "breaching",
    },
    volume: {
      ...host("StatusCheckFailed_AttachedEBS"),
      level: args.watched || args.watchesCertificate ? "standard" : "basic",
      severity: "page",
      subject: "host",
      meaning: "A disk of the instance has not answered for three minutes",
      causes: ["a fault of EBS in the zone"],
      evaluationPeriods: 3,
    },
    cpu: {
      namespace: "AWS/EC2",
      metricName: "CPUUtilization",
      dimensions: ofInstance,
      level: "standard",
      severity: "warning",
      subject: "capacity",
      meaning: "The CPU has been over 85 % for fifteen minutes",
      causes: ["more traffic than planned", "a loop in the app", "CPU credits used up"],
      period: 300,
      evaluationPeriods: 3,
      threshold: 85,
      comparisonOperator: "GreaterThanThreshold",
      treatMissingData: "missing",
    },
  };
  if (args.level === "standard") {
    table["error-lines"] = {
      namespace: METRICS,
      metricName: filter("error-lines", "?ERROR ?Error ?FATAL ?Unhandled", args.appLog),
      level: "standard",
      severity: "warning",
      subject: "errors",
      meaning: "More than 20 lines of the app's log in five minutes were errors",
      causes: ["the last release", "a dependency of the app is down"],
      statistic: "Sum",
      period: 300,
      evaluationPeriods: 1,
      threshold: 20,
      comparisonOperator: "GreaterThanThreshold",
      treatMissingData: "notBreaching",
    };
  }
  return alarmTable(name, table, args, { parent }) as Record<string, Signal>;
}
