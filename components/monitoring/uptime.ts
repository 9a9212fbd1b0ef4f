import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { problemText } from "../../core/setting-problem";
import type { Signal, Widget } from "../../core/web-tier";
import { metricGrant, serviceRole } from "../aws/iam";
import { mayInvoke } from "../aws/lambda-function";
import { WebhookFunction } from "../aws/webhook-function";
import { ALARM_STATE_CHANGE, type AlarmActions, type AlarmArgs, alarm } from "./alarm";
import { type UptimeCheck, uptimeLimits, uptimeProblems } from "./uptime-plans";
import { UptimeRobotMonitor, UptimeRobotWebhook } from "./uptime-robot";

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
  readonly alarmActions: AlarmActions;
  /** Days that the receiver's log is kept. @default 30 */
  readonly logRetentionDays?: number;
}

/** Route 53 publishes the metrics of its health checks here only. */
const healthCheckRegion = "us-east-1";
const namespace = "Iamvet/Uptime";
const metricName = "Healthy";

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
    const { check } = args;
    // The provider and its plan stand in the plan, where the cost table reads them.
    const { provider } = check;
    super(
      "iamvet:index:Uptime",
      name,
      provider === "uptimerobot" ? { provider, plan: check.plan } : { provider },
      opts,
    );
    const problems = uptimeProblems(check);
    if (problems.length > 0) throw new Error(problemText(problems));
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
    const remote: Signal = alarm(
      `${name}-health-alarm`,
      {
        region: healthCheckRegion,
        ...unreachable(args),
        firstCommand: pulumi.interpolate`aws route53 get-health-check-status --health-check-id ${health.id}`,
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
      },
      // An alarm can tell a topic of its own region only.
      home ? args.alarmActions : { ...args.alarmActions, page: [], warning: [] },
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
    if (home) return { signals: [remote], widgets };

    const receiver = this.receiver(`${name}-receiver`, args);
    this.forward(name, args, remote, receiver.lambda);
    return { signals: receiver.signals, widgets: [...widgets, ...receiver.widgets] };
  }

  /** Carries an alarm of us-east-1 to a function at home: two rules and a bus, the near one first. */
  private forward(name: string, args: UptimeArgs, remote: Signal, lambda: aws.lambda.Function): void {
    const parent = { parent: this };
    const eventPattern = pulumi.jsonStringify({ ...ALARM_STATE_CHANGE, resources: [remote.arn] });
    const arrived = new aws.cloudwatch.EventRule(
      `${name}-arrived`,
      { description: "Route 53's alarm, forwarded from us-east-1", eventPattern },
      parent,
    );
    const delivered = [
      mayInvoke(`${name}-arrived-permission`, lambda, "events", { sourceArn: arrived.arn }, parent),
      new aws.cloudwatch.EventTarget(`${name}-arrived-target`, { rule: arrived.name, arn: lambda.arn }, parent),
    ];
    const account = aws.getCallerIdentityOutput({}, parent).accountId;
    const bus = pulumi.interpolate`arn:aws:events:${args.region}:${account}:event-bus/default`;
    const role = serviceRole(
      `${name}-forward-role`,
      "events.amazonaws.com",
      [{ actions: ["events:PutEvents"], resources: [bus] }],
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
  }

  private uptimeRobot(name: string, args: UptimeArgs, check: Extract<UptimeCheck, { provider: "uptimerobot" }>) {
    const parent = { parent: this };
    const marker = [pulumi.getProject(), pulumi.getStack(), name].join("-").toLowerCase();
    const { reportsToAws, defaultInterval } = uptimeLimits(check);
    const token = reportsToAws
      ? new random.RandomPassword(`${name}-token`, { length: 48, special: false }, parent).result
      : undefined;
    const receiver = token && this.receiver(`${name}-receiver`, args, token);
    const webhook =
      token && receiver?.url && new UptimeRobotWebhook(`${name}-webhook`, { marker, url: receiver.url, token }, parent);
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
    return { signals: receiver?.signals ?? [], widgets: receiver?.widgets ?? [] };
  }

  /** The function that turns reports from outside into a metric, and the alarm on it. */
  private receiver(name: string, args: UptimeArgs, token?: pulumi.Output<string>) {
    const { lambda, url, logGroupName } = new WebhookFunction(
      name,
      {
        folder: "uptime-webhook",
        description: "Receives what outside eyes report about the site",
        environment: { METRIC_NAMESPACE: namespace, METRIC_NAME: metricName, SITE: args.domain },
        grants: [metricGrant(namespace)],
        ...(args.logRetentionDays !== undefined && { logRetentionDays: args.logRetentionDays }),
        ...(token && { token }),
      },
      { parent: this },
    );
    const signal = alarm(
      `${name}-alarm`,
      {
        ...unreachable(args),
        firstCommand: pulumi.interpolate`aws logs tail ${logGroupName} --since 1h`,
        namespace,
        metricName,
        dimensions: { Site: args.domain },
        statistic: "Minimum",
        comparisonOperator: "LessThanThreshold",
        threshold: 1,
        period: 60,
        evaluationPeriods: 1,
        treatMissingData: "ignore",
      },
      args.alarmActions,
      { parent: this },
    );
    const widget: Widget = {
      title: "Reports from outside (1 up, 0 down)",
      section: "external",
      metrics: [[namespace, metricName, "Site", args.domain]],
      stat: "Minimum",
    };
    return { lambda, url, signals: [signal], widgets: [widget] };
  }
}

const defaultKeyword = '"status":"ok"';

/** What an alarm of outside eyes means. */
const unreachable = ({
  domain,
  healthPath,
}: UptimeArgs): Pick<AlarmArgs, "severity" | "subject" | "meaning" | "causes"> => ({
  severity: "page",
  subject: "reachability",
  meaning: `Visitors do not get a healthy answer from https://${domain}${healthPath}.`,
  causes: [
    "app-errors: the site or its database is down",
    "dns-record-wrong: DNS points elsewhere",
    "certificate-expired: the certificate has expired",
    "outside-path: the network",
  ],
});
