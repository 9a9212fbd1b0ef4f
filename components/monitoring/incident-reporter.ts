import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { configParameter, type ReporterConfig, vercelTokenParameter } from "../../core/reporter-config";
import type { Collector, Severity, Signal } from "../../core/web-tier";
import { type Grant, logGrants, serviceRole } from "../aws/iam";
import { lambdaCode, lambdaRuntime } from "../aws/lambda-code";
import { privateBucket } from "../aws/private-bucket";

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
    const [project, stack] = [pulumi.getProject(), pulumi.getStack()];
    const { region } = aws.getRegionOutput({}, child);
    const account = aws.getCallerIdentityOutput({}, child).accountId;
    const { bucket } = privateBucket(
      `${name}-reports`,
      { expireDays: args.reportDays ?? 365, prefix: "reports/" },
      child,
    );
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays }, child);
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
    const parameter = new aws.ssm.Parameter(
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
      child,
    );
    const vercel = args.collectors.some(({ kind }) => kind === "vercel");
    const vercelToken = vercelTokenParameter(project, stack);
    const grants: Grant[] = [
      ...logGrants([logs.arn]),
      { actions: ["ssm:GetParameter"], resources: [parameter.arn] },
      {
        actions: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        resources: [pulumi.interpolate`${bucket.arn}/*`],
      },
      // Without it S3 answers "access denied" instead of "no such key".
      { actions: ["s3:ListBucket"], resources: [bucket.arn] },
      { actions: ["sns:Publish"], resources: [args.topics.page, args.topics.warning] },
      ...collectorGrants([...args.collectors, { kind: "logs", logGroup: args.journal }], region, account),
      ...(vercel
        ? [
            {
              actions: ["ssm:GetParameter"],
              resources: [pulumi.interpolate`arn:aws:ssm:${region}:${account}:parameter${vercelToken}`],
            },
          ]
        : []),
    ];
    const lambda = new aws.lambda.Function(
      `${name}-function`,
      {
        ...lambdaRuntime,
        architectures: [...lambdaRuntime.architectures],
        description: "Looks for the cause of an outage and reports it",
        code: lambdaCode("incident"),
        role: serviceRole(`${name}-role`, "lambda.amazonaws.com", grants, child).arn,
        // CPU comes with memory: a dozen clients of AWS load in a second or two.
        memorySize: 1024,
        // 50 s to ask, the rest to write, and to wait for another call that is at work on the same incident.
        timeout: 240,
        loggingConfig: { logFormat: "JSON", systemLogLevel: "WARN", applicationLogLevel: "INFO", logGroup: logs.name },
        environment: {
          variables: {
            BUCKET: bucket.bucket,
            CONFIG_PARAMETER: parameter.name,
            PAGE_TOPIC: args.topics.page,
            WARNING_TOPIC: args.topics.warning,
            ...(vercel ? { VERCEL_TOKEN_PARAMETER: vercelToken } : {}),
            ...(args.muteUntil ? { MUTE_UNTIL: args.muteUntil } : {}),
          },
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
    const starts = (key: string, rule: aws.cloudwatch.EventRuleArgs, input?: object) => {
      const created = new aws.cloudwatch.EventRule(`${name}-${key}`, rule, child);
      const permission = new aws.lambda.Permission(
        `${name}-${key}-permission`,
        {
          function: lambda.name,
          action: "lambda:InvokeFunction",
          principal: "events.amazonaws.com",
          sourceArn: created.arn,
        },
        child,
      );
      new aws.cloudwatch.EventTarget(
        `${name}-${key}-target`,
        { rule: created.name, arn: lambda.arn, ...(input ? { input: JSON.stringify(input) } : {}) },
        { ...child, dependsOn: [permission] },
      );
    };
    if (args.triggers.length > 0) {
      starts("on-alarm", {
        description: "Starts the incident report when the site goes down, and its follow-up when it is back",
        eventPattern: pulumi.jsonStringify({
          source: ["aws.cloudwatch"],
          "detail-type": ["CloudWatch Alarm State Change"],
          resources: args.triggers.map(({ arn }) => arn),
          detail: { state: { value: ["ALARM", "OK"] } },
        }),
      });
    }
    if (args.muteUntil !== undefined) {
      starts(
        "mute-ended",
        {
          description: "Tells what the mute kept back and still goes on",
          scheduleExpression: onceAfter(args.muteUntil),
        },
        { muteEnded: true },
      );
    }
    this.bucket = bucket.bucket;
    this.registerOutputs({ bucket: this.bucket });
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

/** Questions that know no resource, or are asked about the account. */
const ASKED_OF_ALL: Readonly<Partial<Record<Collector["kind"], readonly string[]>>> = {
  instance: ["ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "cloudwatch:ListMetrics"],
  autoscaling: [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeInstanceRefreshes",
  ],
  "target-health": ["elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeTargetGroups"],
  database: ["rds:DescribeEvents"],
  "recovery-runs": ["ssm:DescribeAutomationExecutions", "ssm:GetAutomationExecution"],
};

/** What the collectors of functions/incident ask, and no more. */
function collectorGrants(
  collectors: readonly Collector[],
  region: pulumi.Input<string>,
  account: pulumi.Input<string>,
): Grant[] {
  const arn = (service: string, rest: pulumi.Input<string>) =>
    pulumi.interpolate`arn:aws:${service}:${region}:${account}:${rest}`;
  const group = (name: pulumi.Input<string>) => arn("logs", pulumi.interpolate`log-group:${name}:*`);
  const ofOne = (collector: Collector): Grant[] => {
    switch (collector.kind) {
      case "instance":
        return [
          {
            actions: ["ec2:GetConsoleOutput"],
            resources: [arn("ec2", pulumi.interpolate`instance/${collector.instanceId}`)],
          },
        ];
      case "ecs": {
        const { cluster, service } = collector;
        return [
          {
            actions: ["ecs:DescribeServices"],
            resources: [arn("ecs", pulumi.interpolate`service/${cluster}/${service}`)],
          },
          {
            actions: ["ecs:ListTasks"],
            resources: ["*"],
            conditions: { ArnEquals: { "ecs:cluster": arn("ecs", pulumi.interpolate`cluster/${cluster}`) } },
          },
          { actions: ["ecs:DescribeTasks"], resources: [arn("ecs", pulumi.interpolate`task/${cluster}/*`)] },
        ];
      }
      case "logs":
      case "recovery-runs":
        return [
          {
            actions: ["logs:FilterLogEvents", "logs:StartQuery"],
            resources: [group(collector.logGroup)],
          },
        ];
      case "database":
        return [
          {
            actions: ["rds:DescribeDBInstances"],
            resources: [arn("rds", pulumi.interpolate`db:${collector.identifier}`)],
          },
        ];
      case "certificate":
        return collector.arn ? [{ actions: ["acm:DescribeCertificate"], resources: [collector.arn] }] : [];
      case "dns":
        return [
          {
            actions: ["route53:GetHostedZone", "route53:ListResourceRecordSets"],
            resources: [pulumi.interpolate`arn:aws:route53:::hostedzone/${collector.zoneId}`],
          },
        ];
      default:
        return [];
    }
  };
  const ofAll = [...new Set(collectors.flatMap(({ kind }) => ASKED_OF_ALL[kind] ?? []))];
  return [
    {
      actions: ["cloudwatch:DescribeAlarmHistory"],
      resources: [arn("cloudwatch", "alarm:*")],
    },
    {
      actions: [
        // Composite alarms are answered only to a permission on *.
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "cloudtrail:LookupEvents",
        "logs:GetQueryResults",
        "logs:StopQuery",
        ...ofAll,
      ],
      resources: ["*"],
    },
    ...collectors.flatMap(ofOne),
  ];
}
