import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { configParameter, type ReporterConfig, vercelTokenParameter } from "../../core/reporter-config";
import type { Collector, Severity, Signal } from "../../core/web-tier";
import { homeArn } from "../aws/home-arn";
import { invokeOn, lambdaFunction, lambdaRole } from "../aws/lambda-function";
import { privateBucket } from "../aws/private-bucket";
import { ALARM_STATE_CHANGE } from "./alarm";
import { collectorGrants } from "./collector-grants";

export interface IncidentReporterArgs {
  /** The site's name, for example `iamvet.kr`. */
  readonly site: string;
  readonly language: "en" | "ko";
  /** Address of the dashboard. */
  readonly dashboard: pulumi.Input<string>;
  /** Alarms that open an incident; without one the reporter is there for `platform why` alone. */
  readonly triggers: readonly Signal[];
  /** All alarms of the site, whose history belongs to a report. */
  readonly signals: readonly Signal[];
  /** Where to look for a cause. */
  readonly collectors: readonly Collector[];
  /** Log group with the journal of events. */
  readonly journal: pulumi.Input<string>;
  readonly topics: Readonly<Record<Severity, pulumi.Input<string>>>;
  /** Time (ISO 8601) until which reports are written and nobody is told. */
  readonly muteUntil?: string;
  readonly logRetentionDays: number;
  /** Days that reports are kept. @default 365 */
  readonly reportDays?: number;
}

/**
 * Tells the cause of an outage: when a trigger goes off it asks every collector within 50 s, weighs the evidence by rules, and sends
 * the report to the page topic; a follow-up with the duration goes to the warning topic. Reports are kept in a bucket as JSON and
 * HTML. Free within Lambda's free tier. If it cannot run at all, the alarm's event itself goes to the page topic.
 */
export class IncidentReporter extends pulumi.ComponentResource {
  /** Bucket of the reports. */
  readonly bucket: pulumi.Output<string>;

  constructor(name: string, args: IncidentReporterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:IncidentReporter", name, {}, opts);
    const child = { parent: this };
    const vercelToken = args.collectors.some(({ kind }) => kind === "vercel")
      ? vercelTokenParameter(pulumi.getProject(), pulumi.getStack())
      : undefined;
    const arn = homeArn(this);
    const { bucket } = privateBucket(
      `${name}-reports`,
      { expireDays: args.reportDays ?? 365, prefix: "reports/" },
      child,
    );
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays }, child);
    const parameter = this.config(name, args);
    const lambda = lambdaFunction(
      `${name}-function`,
      {
        description: "Looks for the cause of an outage and reports it",
        folder: "incident",
        logs,
        role: lambdaRole(
          `${name}-role`,
          logs,
          [
            { actions: ["ssm:GetParameter"], resources: [parameter.arn] },
            {
              actions: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
              resources: [pulumi.interpolate`${bucket.arn}/*`],
            },
            // Without it S3 answers "access denied" instead of "no such key".
            { actions: ["s3:ListBucket"], resources: [bucket.arn] },
            { actions: ["sns:Publish"], resources: [args.topics.page, args.topics.warning] },
            ...collectorGrants([...args.collectors, { kind: "logs", logGroup: args.journal }], arn),
            ...(vercelToken
              ? [{ actions: ["ssm:GetParameter"], resources: [arn("ssm", `parameter${vercelToken}`)] }]
              : []),
          ],
          child,
        ),
        // CPU comes with memory: a dozen clients of AWS load in a second or two.
        memorySize: 1024,
        // 50 s to ask, the rest to write, and to wait for another call that is at work on the same incident.
        timeout: 240,
        environment: {
          BUCKET: bucket.bucket,
          CONFIG_PARAMETER: parameter.name,
          PAGE_TOPIC: args.topics.page,
          WARNING_TOPIC: args.topics.warning,
          ...(vercelToken ? { VERCEL_TOKEN_PARAMETER: vercelToken } : {}),
          ...(args.muteUntil ? { MUTE_UNTIL: args.muteUntil } : {}),
        },
      },
      child,
    );
    new aws.lambda.FunctionEventInvokeConfig(
      `${name}-retries`,
      {
        functionName: lambda.name,
        maximumRetryAttempts: 2,
        maximumEventAgeInSeconds: 3600,
        destinationConfig: { onFailure: { destination: args.topics.page } },
      },
      child,
    );
    this.start(name, args, lambda);
    this.bucket = bucket.bucket;
    this.registerOutputs({ bucket: this.bucket });
  }

  /** What the function, and `platform why`, read of the site. */
  private config(name: string, args: IncidentReporterArgs): aws.ssm.Parameter {
    const [project, stack] = [pulumi.getProject(), pulumi.getStack()];
    const { region } = aws.getRegionOutput({}, { parent: this });
    const config: pulumi.Input<Unwrapped<ReporterConfig>> = {
      about: { site: args.site, stack, region, dashboard: args.dashboard },
      language: args.language,
      triggers: args.triggers.map((trigger) => trigger.name),
      sources: [
        { kind: "alarms", names: [...new Set([...args.triggers, ...args.signals])].map((signal) => signal.name) },
        { kind: "changes" },
        { kind: "events", logGroup: args.journal },
        ...args.collectors,
      ],
    };
    return new aws.ssm.Parameter(
      `${name}-config`,
      {
        name: configParameter(project, stack),
        type: "String",
        // Free up to 4 KB; beyond, which takes two tiers and many alarms, 0.05 USD a month.
        tier: "Intelligent-Tiering",
        description: "Where incident reports and `platform why` look",
        // Not `value`, which Pulumi takes for a secret and hides in plans.
        insecureValue: pulumi.jsonStringify(config),
      },
      { parent: this },
    );
  }

  /** When the function is called: by the triggers, and when a mute is over. */
  private start(name: string, { triggers, muteUntil }: IncidentReporterArgs, lambda: aws.lambda.Function): void {
    const child = { parent: this };
    if (triggers.length > 0) {
      const onAlarm = {
        description: "Starts the incident report when the site goes down, and its follow-up when it is back",
        eventPattern: pulumi.jsonStringify({
          ...ALARM_STATE_CHANGE,
          resources: triggers.map(({ arn }) => arn),
          detail: { state: { value: ["ALARM", "OK"] } },
        }),
      };
      invokeOn(`${name}-on-alarm`, lambda, onAlarm, {}, child);
    }
    if (muteUntil !== undefined) {
      const afterMute = {
        description: "Tells what the mute kept back and still goes on",
        scheduleExpression: onceAfter(muteUntil),
      };
      invokeOn(`${name}-mute-ended`, lambda, afterMute, { input: JSON.stringify({ muteEnded: true }) }, child);
    }
  }
}

/** The same shape with values that may be known later. */
type Unwrapped<T> = T extends readonly (infer I)[]
  ? readonly pulumi.Input<Unwrapped<I>>[]
  : T extends object
    ? { readonly [K in keyof T]: pulumi.Input<Unwrapped<T[K]>> }
    : T;

/** The minute after a moment, as a schedule that comes once. */
function onceAfter(moment: string): string {
  const at = new Date(Math.ceil(Date.parse(moment) / 60_000) * 60_000 + 60_000);
  return `cron(${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} ? ${at.getUTCFullYear()})`;
}
