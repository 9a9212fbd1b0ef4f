import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type UptimeCheck, uptimeLimits, uptimeProblems } from "./uptime-plans";
import { trust, UptimeReceiver } from "./uptime-receiver";
import { UptimeRobotMonitor, UptimeRobotWebhook } from "./uptime-robot";
import type { Signal, Widget } from "./web-tier";

/** Arguments of {@link Uptime}. */
export interface UptimeArgs {
  readonly check: UptimeCheck;
  /** The site's name, for example `example.com`. */
  readonly domain: string;
  /** Path of the health check, for example `/api/health-external`. */
  readonly healthPath: string;
  /** Text that a healthy answer contains. @default '"status":"ok"' */
  readonly keyword?: string;
  /** The stack's AWS region, where alarms, topic and dashboard are. */
  readonly region: string;
  /** Topic that pages. */
  readonly alertTopicArn: pulumi.Input<string>;
  /** Days that the receiver's log is kept. @default 30 */
  readonly logRetentionDays?: number;
}

/** Route 53 publishes the metrics of its health checks here only. */
const healthCheckRegion = "us-east-1";

/**
 * Outside eyes: somebody other than the site's own cloud asks `https://<domain><healthPath>` as a visitor would, by way of
 * DNS, certificate and network, whichever architecture serves.
 *
 * Whoever looks, the result is one metric and one alarm in the stack's region, since an alarm acts in its own region only and
 * composite alarms and dashboard are there. A Route 53 alarm in us-east-1 is forwarded by EventBridge, UptimeRobot calls a
 * webhook; one small function writes the metric for both. The metric has a value only when the state changes, so its alarm
 * keeps its state while data is missing.
 */
export class Uptime extends pulumi.ComponentResource {
  readonly signals: readonly Signal[];
  readonly widgets: readonly Widget[];
  /** What the plan's reader must know about provider and plan. */
  readonly notices: readonly string[];

  constructor(name: string, args: UptimeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Uptime", name, {}, opts);
    const { check } = args;
    const problems = uptimeProblems(check);
    if (problems.length > 0) {
      throw new Error(problems.map((p) => `${p.key}: ${p.found}. ${p.allowed}. ${p.how}`).join("\n"));
    }
    this.notices = [uptimeLimits(check).notice];
    const seen =
      check.provider === "route53"
        ? this.route53(name, args, check)
        : check.provider === "uptimerobot"
          ? this.uptimeRobot(name, args, check)
          : { signals: [], widgets: [] };
    this.signals = seen.signals;
    this.widgets = seen.widgets;
    this.registerOutputs({});
  }

  private route53(name: string, args: UptimeArgs, check: Extract<UptimeCheck, { provider: "route53" }>) {
    const parent = { parent: this };
    const health = new aws.route53.HealthCheck(
      `${name}-health`,
      {
        type: "HTTPS_STR_MATCH",
        fqdn: args.domain,
        port: 443,
        resourcePath: args.healthPath,
        searchString: args.keyword ?? defaultKeyword,
        enableSni: true,
        requestInterval: check.intervalSeconds ?? uptimeLimits(check).defaultInterval,
        failureThreshold: check.failureThreshold ?? 3,
        tags: { Name: `${args.domain}${args.healthPath}` },
      },
      parent,
    );
    const home = args.region === healthCheckRegion;
    const alarm = new aws.cloudwatch.MetricAlarm(
      `${name}-health-alarm`,
      {
        region: healthCheckRegion,
        alarmDescription: `Route 53 does not get a healthy answer from https://${args.domain}${args.healthPath}`,
        namespace: "AWS/Route53",
        metricName: "HealthCheckStatus",
        dimensions: { HealthCheckId: health.id },
        statistic: "Minimum",
        comparisonOperator: "LessThanThreshold",
        threshold: 1,
        period: 60,
        evaluationPeriods: 1,
        // The metric is there as long as the health check is; breaching would page while a new one starts.
        treatMissingData: "missing",
        ...(home && { alarmActions: [args.alertTopicArn], okActions: [args.alertTopicArn] }),
      },
      parent,
    );
    const widgets: Widget[] = [
      {
        title: "Seen from outside (Route 53)",
        section: "external",
        metrics: health.id.apply((id) => [["AWS/Route53", "HealthCheckPercentageHealthy", "HealthCheckId", id]]),
        label: "% of checkers",
        region: healthCheckRegion,
      },
    ];
    if (home) return { signals: [signal(alarm)], widgets };

    const receiver = new UptimeReceiver(`${name}-receiver`, args, parent);
    const eventPattern = pulumi.jsonStringify({
      source: ["aws.cloudwatch"],
      "detail-type": ["CloudWatch Alarm State Change"],
      resources: [alarm.arn],
    });
    const arrived = new aws.cloudwatch.EventRule(
      `${name}-arrived`,
      { description: "Route 53's alarm, forwarded from us-east-1", eventPattern },
      parent,
    );
    const delivered = receiver.invokedBy(`${name}-arrived-target`, arrived, this);
    const account = aws.getCallerIdentityOutput({}, parent).accountId;
    const bus = pulumi.interpolate`arn:aws:events:${args.region}:${account}:event-bus/default`;
    const role = new aws.iam.Role(
      `${name}-forward-role`,
      {
        description: "Forwards the alarm of the health check to the site's region",
        assumeRolePolicy: trust("events.amazonaws.com"),
        inlinePolicies: [
          {
            name: "forward",
            policy: pulumi.jsonStringify({
              Version: "2012-10-17",
              Statement: [{ Effect: "Allow", Action: "events:PutEvents", Resource: bus }],
            }),
          },
        ],
      },
      parent,
    );
    const leaving = new aws.cloudwatch.EventRule(
      `${name}-leaving`,
      { region: healthCheckRegion, description: `Forwards Route 53's alarm to ${args.region}`, eventPattern },
      { ...parent, dependsOn: delivered },
    );
    new aws.cloudwatch.EventTarget(
      `${name}-leaving-target`,
      { region: healthCheckRegion, rule: leaving.name, arn: bus, roleArn: role.arn },
      parent,
    );
    return { signals: [signal(receiver.alarm)], widgets: [...widgets, receiver.widget] };
  }

  private uptimeRobot(name: string, args: UptimeArgs, check: Extract<UptimeCheck, { provider: "uptimerobot" }>) {
    const parent = { parent: this };
    const marker = [pulumi.getProject(), pulumi.getStack(), name].join("-").toLowerCase();
    const { reportsToAws, defaultInterval } = uptimeLimits(check);
    const token = reportsToAws
      ? new random.RandomPassword(`${name}-token`, { length: 48, special: false }, parent).result
      : undefined;
    const receiver = token && new UptimeReceiver(`${name}-receiver`, { ...args, token }, parent);
    const webhook =
      token && receiver && new UptimeRobotWebhook(`${name}-webhook`, { marker, url: receiver.url(), token }, parent);
    new UptimeRobotMonitor(
      `${name}-monitor`,
      {
        marker,
        friendlyName: `${args.domain} (${pulumi.getStack()})`,
        url: `https://${args.domain}${args.healthPath}`,
        interval: check.intervalSeconds ?? defaultInterval,
        timeout: 30,
        keyword: args.keyword ?? defaultKeyword,
        contacts: pulumi
          .all([webhook?.id])
          .apply(([id]) => [...(check.contacts ?? []), ...(id === undefined ? [] : [{ id }])]),
      },
      parent,
    );
    return receiver ? { signals: [signal(receiver.alarm)], widgets: [receiver.widget] } : { signals: [], widgets: [] };
  }
}

const defaultKeyword = '"status":"ok"';

const signal = ({ name, arn }: aws.cloudwatch.MetricAlarm): Signal => ({
  name,
  arn,
  severity: "page",
  subject: "reachability",
});
