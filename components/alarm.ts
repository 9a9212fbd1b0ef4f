import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Severity, Signal, Subject } from "./web-tier";

/** Whom an alarm tells, by severity. */
export type AlarmActions = Readonly<Record<Severity, readonly pulumi.Input<string>[]>>;

/** A CloudWatch alarm together with what a person needs who is woken by it. */
export interface AlarmArgs
  extends Omit<aws.cloudwatch.MetricAlarmArgs, "alarmDescription" | "alarmActions" | "okActions"> {
  readonly severity: Severity;
  readonly subject: Subject;
  /** What it means for the site, one sentence. */
  readonly meaning: string;
  /** Likely causes, the likeliest first. */
  readonly causes: readonly string[];
  /** The first command to run. */
  readonly firstCommand: pulumi.Input<string>;
  /** Further actions beside telling people, for example EC2 recovery. */
  readonly act?: readonly pulumi.Input<string>[];
}

/** A metric alarm (0.10 USD a month beyond the free ten) whose description says meaning, causes and first command. */
export function alarm(
  name: string,
  args: AlarmArgs,
  actions: AlarmActions,
  opts: pulumi.CustomResourceOptions,
): Signal {
  const { severity, subject, meaning, causes, firstCommand, act = [], ...metric } = args;
  const created = new aws.cloudwatch.MetricAlarm(
    name,
    {
      ...metric,
      alarmDescription: pulumi.interpolate`${meaning}\n\nLikely: ${causes.join("; ")}.\nFirst: ${firstCommand}`,
      alarmActions: [...actions[severity], ...act],
      okActions: [...actions[severity]],
    },
    opts,
  );
  return { name: created.name, arn: created.arn, severity, subject };
}
