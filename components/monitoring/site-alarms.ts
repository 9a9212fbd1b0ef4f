import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Signal, Subject } from "../../core/web-tier";
import { type AlarmActions, alarmDescription } from "./alarm";
import type { AlarmLevel } from "./alarm-table";

export interface SiteAlarmsArgs {
  /** Alarms of everything that the site is made of. */
  readonly signals: readonly Signal[];
  /**
   * `basic` has no composite alarm, since none is free: the incident reporter is what pages. `standard` adds one or two of them,
   * 0.50 USD a month each, which page without any code of ours in between.
   */
  readonly level: AlarmLevel;
  /** Whom the alarms tell; `page` is where composite alarms page. */
  readonly actions: AlarmActions;
  readonly pageTopic: pulumi.Input<string>;
  /** Time (ISO 8601) until which the alarms tell nobody. */
  readonly muteUntil?: string;
}

/** What a paging alarm is about when visitors are not served; the others tell of what may come to that, or follows from it. */
const DOWN: ReadonlySet<Subject> = new Set<Subject>(["reachability", "errors", "process", "host"]);

/**
 * Seconds that a danger waits for the outage that it may be the cause of: longer than the slowest alarm of an outage needs
 * (three periods of a minute, and the minute in which it begins), so that one fault pages once.
 */
const WAIT_SECONDS = 300;

/**
 * One page for one outage. Every paging alarm of the site is silent by itself and speaks through "site is down" or, where visitors
 * are still served, through "site is in danger", which an outage suppresses.
 */
export class SiteAlarms extends pulumi.ComponentResource {
  /** Alarms that open an incident, and whose end is its end. */
  readonly triggers: readonly Signal[];

  constructor(name: string, args: SiteAlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:SiteAlarms", name, {}, opts);
    const paging = args.signals.filter(({ severity }) => severity === "page");
    const [down, danger] = [
      paging.filter(({ subject }) => DOWN.has(subject)),
      paging.filter(({ subject }) => !DOWN.has(subject)),
    ];
    this.triggers = args.level === "basic" ? paging : this.composites(name, args, down, danger);
    if (args.muteUntil !== undefined) this.mute(name, args, args.muteUntil);
    this.registerOutputs({});
  }

  private composites(name: string, args: SiteAlarmsArgs, down: readonly Signal[], danger: readonly Signal[]): Signal[] {
    const child = { parent: this };
    const anyAlarm = (signals: readonly Signal[]) =>
      pulumi.all(signals.map(({ arn }) => arn)).apply((arns) => arns.map((arn) => `ALARM("${arn}")`).join(" OR "));
    const signal = (created: aws.cloudwatch.CompositeAlarm, subject: Subject): Signal => ({
      name: created.alarmName,
      arn: created.arn,
      severity: "page",
      subject,
    });
    const made: Signal[] = [];
    const outage =
      down.length === 0
        ? undefined
        : new aws.cloudwatch.CompositeAlarm(
            `${name}-site-is-down`,
            {
              alarmName: `${pulumi.getProject()}-${pulumi.getStack()}-site-is-down`,
              alarmRule: anyAlarm(down),
              alarmDescription: alarmDescription(
                {
                  meaning:
                    "Visitors are not served, or get errors. The incident report with the cause follows within a minute",
                  causes: [
                    "bad-deploy: the last release",
                    "database-down: the database",
                    "host-unreachable: the server or its disk",
                    "dns-record-wrong: DNS or the certificate",
                  ],
                },
                args.actions,
              ),
              alarmActions: [args.pageTopic],
              // That it is over is told by the follow-up, with the duration.
            },
            child,
          );
    if (outage) made.push(signal(outage, "reachability"));
    if (danger.length > 0) {
      const created = new aws.cloudwatch.CompositeAlarm(
        `${name}-site-in-danger`,
        {
          alarmName: `${pulumi.getProject()}-${pulumi.getStack()}-site-in-danger`,
          alarmRule: anyAlarm(danger),
          alarmDescription: alarmDescription(
            {
              meaning: "Visitors are still served, but something needs a person before they are not",
              causes: [
                "database-storage-full: the database runs out of space or connections",
                "backup-failed: a backup failed",
              ],
            },
            args.actions,
          ),
          alarmActions: [args.pageTopic],
          ...(outage
            ? {
                actionsSuppressor: {
                  alarm: outage.arn,
                  waitPeriod: WAIT_SECONDS,
                  extensionPeriod: WAIT_SECONDS,
                },
              }
            : {}),
        },
        child,
      );
      made.push(signal(created, "database"));
    }
    return made;
  }

  /**
   * Mutes what tells people: recovery, which acts, goes on. The window opens with the next minute and is cut off at the end by the
   * rule's expiry; what is still wrong then is told then. Alarm mute rules are free.
   */
  private mute(name: string, args: SiteAlarmsArgs, until: string) {
    const warnings = args.signals.filter(({ severity }) => severity === "warning");
    const composites = args.level === "basic" ? [] : this.triggers;
    new aws.cloudwatch.AlarmMuteRule(
      `${name}-mute`,
      {
        description: `alerts.muteUntil of the stack ${pulumi.getStack()}`,
        // One long window: CloudWatch tells again at the end of every window what is still in alarm.
        rule: { schedule: { expression: "cron(* * * * *)", duration: "P15D" } },
        // CloudWatch wants whole minutes.
        expireDate: `${new Date(Math.ceil(Date.parse(until) / 60_000) * 60_000).toISOString().slice(0, 19)}Z`,
        muteTargets: { alarmNames: [...composites, ...warnings].map((one) => one.name) },
      },
      { parent: this },
    );
  }
}
