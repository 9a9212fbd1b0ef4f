import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as vercel from "@pulumiverse/vercel";
import type { Signal, Widget } from "../../core/web-tier";
import { WebhookFunction } from "../aws/webhook-function";
import { type AlarmActions, alarm } from "../monitoring/alarm";

/** Arguments of {@link VercelLogDrain}. */
export interface VercelLogDrainArgs {
  readonly projectId: pulumi.Input<string>;
  readonly teamId?: pulumi.Input<string>;
  readonly alarmActions: AlarmActions;
  /** Days that the log is kept. @default 30 */
  readonly logRetentionDays?: number;
  /** Share of log lines that are sent, above 0 to 1. @default 1 */
  readonly samplingRate?: number;
}

const namespace = "Iamvet/Vercel";
const metricName = "ServerErrors";

/**
 * The site's log on Vercel, brought to CloudWatch Logs: without it Vercel keeps runtime logs for an hour (Hobby) to some days,
 * and nothing on AWS can look for a cause. Pro and Enterprise. Vercel charges by volume (0.50 USD a GB in 2025, not looked up
 * again), CloudWatch its usual price.
 */
export class VercelLogDrain extends pulumi.ComponentResource {
  readonly logGroupName: pulumi.Output<string>;
  readonly signals: readonly Signal[];
  readonly widgets: readonly Widget[];

  constructor(name: string, args: VercelLogDrainArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:VercelLogDrain", name, {}, opts);
    const parent = { parent: this };
    const { projectId, teamId, logRetentionDays, samplingRate = 1 } = args;
    if (!(samplingRate > 0 && samplingRate <= 1)) {
      throw new Error(`vercel.logDrain.samplingRate: ${samplingRate}. Use a share above 0 and up to 1.`);
    }
    const team = teamId === undefined ? {} : { teamId };
    const token = new random.RandomPassword(`${name}-token`, { length: 48, special: false }, parent).result;
    const receiver = new WebhookFunction(
      `${name}-receiver`,
      {
        folder: "vercel-log-drain",
        description: "Writes the site's log on Vercel to CloudWatch Logs",
        environment: { VERIFICATION_CODE: vercel.getEndpointVerificationOutput(team, parent).verificationCode },
        token,
        ...(logRetentionDays !== undefined && { logRetentionDays }),
      },
      parent,
    );
    this.logGroupName = receiver.logGroupName;
    new vercel.LogDrain(
      `${name}-drain`,
      {
        ...team,
        projectIds: [projectId],
        endpoint: receiver.url ?? "",
        deliveryFormat: "ndjson",
        environments: ["production"],
        // Not static and redirect: they are many, and say nothing about the site's health.
        sources: ["lambda", "edge", "external", "firewall", "build"],
        samplingRate,
        headers: pulumi.secret({ Authorization: pulumi.interpolate`Bearer ${token}` }),
      },
      parent,
    );
    this.signals = [this.errors(name, args.alarmActions)];
    this.widgets = [
      {
        title: "Log lines of failed requests (Vercel)",
        section: "errors",
        metrics: [[namespace, metricName]],
        stat: "Sum",
      },
    ];
    this.registerOutputs({ logGroupName: this.logGroupName });
  }

  /** Counts the lines of failed requests, and tells of many. */
  private errors(name: string, actions: AlarmActions): Signal {
    const parent = { parent: this };
    // -1: the function crashed without an answer.
    const failed = "{ ($.proxy.statusCode >= 500) || ($.proxy.statusCode = -1) || ($.statusCode >= 500) }";
    const filter = new aws.cloudwatch.LogMetricFilter(
      `${name}-errors`,
      {
        logGroupName: this.logGroupName,
        pattern: failed,
        metricTransformation: { namespace, name: metricName, value: "1", defaultValue: "0" },
      },
      parent,
    );
    return alarm(
      `${name}-errors-alarm`,
      {
        severity: "warning",
        subject: "errors",
        meaning: "Vercel's functions answer visitors with errors (HTTP 5xx) or crash.",
        causes: [
          "database-connections: the database is unreachable or out of connections",
          "bad-deploy: a faulty release",
          "vercel-function-failing: a function ran too long",
        ],
        firstCommand: pulumi.interpolate`aws logs tail ${this.logGroupName} --since 30m --filter-pattern '${failed}'`,
        namespace,
        metricName: filter.metricTransformation.name,
        statistic: "Sum",
        comparisonOperator: "GreaterThanOrEqualToThreshold",
        threshold: 5,
        period: 60,
        evaluationPeriods: 5,
        datapointsToAlarm: 2,
        treatMissingData: "notBreaching",
      },
      actions,
      parent,
    );
  }
}
