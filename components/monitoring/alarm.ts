import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { inWords, type LikelyCause } from "../../core/faults";
import type { Severity, Signal, Subject } from "../../core/web-tier";
import { beside } from "../aws/beside";

/** Whom an alarm tells, by severity, and where its description sends a person to look on. */
export type AlarmActions = Readonly<Record<Severity, readonly pulumi.Input<string>[]>> & {
  /** Address of the dashboard. @default the description has no link */
  readonly dashboard?: pulumi.Input<string>;
};

/** Pattern of EventBridge for changes of alarms, to be narrowed to those that matter. */
export const ALARM_STATE_CHANGE = { source: ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"] };

/** What a person needs who is told of an alarm. */
export interface AlarmText {
  /** What it means for the site, one sentence. */
  readonly meaning: string;
  /** Likely causes, the likeliest first. */
  readonly causes: readonly LikelyCause[];
  /** The first command to run. @default `platform why` of this stack, which gathers the evidence of all alarms at once */
  readonly firstCommand?: pulumi.Input<string>;
}

/** A CloudWatch alarm together with what a person needs who is woken by it. */
export interface AlarmArgs
  extends Omit<aws.cloudwatch.MetricAlarmArgs, "alarmDescription" | "alarmActions" | "okActions">,
    AlarmText {
  readonly severity: Severity;
  readonly subject: Subject;
  /** Further actions beside telling people, for example EC2 recovery. */
  readonly act?: readonly pulumi.Input<string>[];
}

/** A metric alarm (0.10 USD a month beyond the free ten) whose description says meaning, causes, first command and dashboard. */
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
      alarmDescription: alarmDescription({ meaning, causes, ...(firstCommand ? { firstCommand } : {}) }, actions),
      alarmActions: [...actions[severity], ...act],
      okActions: [...actions[severity]],
    },
    // Of something else it is another alarm: what serves keeps its own until it goes.
    { ...beside("dimensions"), ...opts },
  );
  return { name: created.name, arn: created.arn, severity, subject };
}

/** An alarm's description, of which CloudWatch keeps 1,024 characters. */
export function alarmDescription(
  { meaning, causes, firstCommand }: AlarmText,
  { dashboard }: Pick<AlarmActions, "dashboard">,
): pulumi.Output<string> {
  const command = firstCommand ?? `npm run platform -- why --stack ${pulumi.getStack()}`;
  const link = dashboard === undefined ? "" : pulumi.interpolate`\nDashboard: ${dashboard}`;
  return pulumi.interpolate`${meaning}\n\nLikely: ${causes.map(inWords).join("; ")}.\nFirst: ${command}${link}`;
}
