import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Collector, Severity, WebTier } from "../../core/web-tier";
import { homeArn } from "../aws/home-arn";
import type { Grant } from "../aws/iam";
import { lambdaFunction, lambdaRole, mayInvoke } from "../aws/lambda-function";

export interface NotifierArgs {
  /** The site's name, by which messages begin. */
  readonly site: string;
  readonly language: "en" | "ko";
  /** Whose events are told: those of everything that the collectors look at. */
  readonly collectors: readonly Collector[];
  /** Tiers with events of their own. They inform, whatever their severity: what hits visitors pages by its alarm. */
  readonly tiers: readonly Pick<WebTier, "tier" | "events">[];
  /** SSM parameter that changes when traffic moves. */
  readonly trafficParameter: string;
  readonly topics: Readonly<Record<Severity, pulumi.Input<string>>>;
  /** Address of a Slack-compatible webhook that gets what both topics tell. It is kept as a SecureString. @default none */
  readonly webhook?: pulumi.Output<string>;
  /** Time (ISO 8601) until which nobody is told. */
  readonly muteUntil?: string;
  /** Days that the journal is kept. */
  readonly logRetentionDays: number;
}

/** An EventBridge pattern whose values may be known later. */
interface Pattern {
  readonly source: readonly string[];
  readonly "detail-type": readonly string[];
  readonly resources?: readonly unknown[];
  readonly detail?: Readonly<Record<string, readonly unknown[]>>;
}

type Of<K extends Collector["kind"]> = Extract<Collector, { kind: K }>;

/**
 * Events of AWS services (AWS Health, EC2, Auto Scaling, ECS, RDS, ACM, recovery runs, moves of traffic) as short messages to the
 * warning topic. All of them are kept in {@link journal}, where incident reports find what no API tells afterwards. Free within
 * the free tiers: events of AWS services cost nothing. AWS Budgets tells the topic by itself.
 */
export class Notifier extends pulumi.ComponentResource {
  /** Log group of the journal: a line of JSON an event. */
  readonly journal: pulumi.Output<string>;

  constructor(name: string, args: NotifierArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Notifier", name, {}, opts);
    const child = { parent: this };
    const { accountId } = aws.getCallerIdentityOutput({}, child);
    const logs = new aws.cloudwatch.LogGroup(`${name}-journal`, { retentionInDays: args.logRetentionDays }, child);
    const webhook =
      args.webhook &&
      new aws.ssm.Parameter(
        `${name}-webhook`,
        { type: "SecureString", description: "Webhook of the team's channel", value: pulumi.secret(args.webhook) },
        child,
      );
    const grants: Grant[] = [
      { actions: ["sns:Publish"], resources: [args.topics.warning] },
      ...(webhook ? [{ actions: ["ssm:GetParameter"], resources: [webhook.arn] }] : []),
    ];
    const lambda = lambdaFunction(
      `${name}-function`,
      {
        description: "Turns events of AWS services into short messages",
        folder: "notifier",
        logs,
        role: lambdaRole(`${name}-role`, logs, grants, child),
        memorySize: 256,
        timeout: 30,
        environment: {
          WARNING_TOPIC: args.topics.warning,
          SITE: args.site,
          LANGUAGE: args.language,
          ...(webhook ? { WEBHOOK_PARAMETER: webhook.name } : {}),
          ...(args.muteUntil ? { MUTE_UNTIL: args.muteUntil } : {}),
        },
      },
      child,
    );
    // The rules below: their names begin with this component's.
    const rules = { sourceAccount: accountId, sourceArn: homeArn(this)("events", `rule/${name}-*`) };
    mayInvoke(`${name}-events-permission`, lambda, "events", rules, child);
    const listen = (key: string, description: string, eventPattern: pulumi.Output<string>) => {
      const rule = new aws.cloudwatch.EventRule(`${name}-${key}`, { description, eventPattern }, child);
      new aws.cloudwatch.EventTarget(`${name}-${key}-target`, { rule: rule.name, arn: lambda.arn }, child);
    };
    for (const [key, pattern] of Object.entries(eventPatterns(args))) {
      listen(key, descriptions[key as keyof typeof descriptions], pulumi.jsonStringify(pattern));
    }
    for (const { tier, events = [] } of args.tiers) {
      for (const event of events) listen(`${tier}-${event.name}`, event.meaning, event.pattern);
    }
    if (webhook) {
      for (const [severity, topic] of Object.entries(args.topics)) {
        mayInvoke(`${name}-${severity}-permission`, lambda, "sns", { sourceArn: topic }, child);
        new aws.sns.TopicSubscription(
          `${name}-${severity}-to-channel`,
          { topic, protocol: "lambda", endpoint: lambda.arn },
          child,
        );
      }
    }
    this.journal = logs.name;
    this.registerOutputs({ journal: this.journal });
  }
}

const descriptions = {
  health: "AWS Health: faults and planned work of the services that the site uses",
  instance: "The server stopped or was terminated",
  "group-rolled-out": "A release is rolled out to the group",
  "service-rolled-out": "A release is rolled out to the service",
  database: "Failover, restart, low storage and maintenance of the database",
  certificate: "The certificate expires and is not renewed",
  recovery: "Ends of recovery runs",
  traffic: "Traffic was moved",
} as const;

/** Which events are wanted, by name of the rule; only of what the site has. Messages are in functions/notifier/messages.ts. */
function eventPatterns({
  collectors,
  trafficParameter,
}: NotifierArgs): Partial<Record<keyof typeof descriptions, Pattern>> {
  const of = <K extends Collector["kind"]>(kind: K) => collectors.filter((one): one is Of<K> => one.kind === kind);
  const some = <T>(found: readonly T[], pattern: (found: readonly T[]) => Pattern) =>
    found.length > 0 ? pattern(found) : undefined;
  const wanted = {
    health: {
      source: ["aws.health"],
      "detail-type": ["AWS Health Event"],
      detail: {
        service: ["EC2", "EBS", "ECS", "RDS", "ELASTICLOADBALANCING", "AUTOSCALING", "ROUTE53", "ACM", "VPC", "SSM"],
        eventTypeCategory: ["issue", "scheduledChange"],
      },
    },
    instance: some(of("instance"), (found) => ({
      source: ["aws.ec2"],
      "detail-type": ["EC2 Instance State-change Notification", "EC2 Spot Instance Interruption Warning"],
      detail: { "instance-id": found.map(({ instanceId }) => instanceId) },
    })),
    "group-rolled-out": some(of("autoscaling"), (found) => ({
      source: ["aws.autoscaling"],
      "detail-type": ["EC2 Auto Scaling Instance Refresh Succeeded"],
      detail: { AutoScalingGroupName: found.map(({ group }) => group) },
    })),
    "service-rolled-out": some(of("ecs"), (found) => ({
      source: ["aws.ecs"],
      "detail-type": ["ECS Deployment State Change"],
      resources: found.map(({ cluster, service }) => ({ suffix: pulumi.interpolate`:service/${cluster}/${service}` })),
      detail: { eventName: ["SERVICE_DEPLOYMENT_COMPLETED"] },
    })),
    database: some(of("database"), (found) => ({
      source: ["aws.rds"],
      "detail-type": ["RDS DB Instance Event"],
      detail: { SourceIdentifier: found.map(({ identifier }) => identifier) },
    })),
    certificate: some(
      of("certificate").flatMap(({ arn }) => arn ?? []),
      (resources) => ({
        source: ["aws.acm"],
        "detail-type": [
          "ACM Certificate Approaching Expiration",
          "ACM Certificate Expired",
          "ACM Certificate Renewal Action Required",
        ],
        resources,
      }),
    ),
    recovery: some(of("recovery-runs"), (found) => ({
      source: ["aws.ssm"],
      "detail-type": ["EC2 Automation Execution Status-change Notification"],
      detail: {
        Definition: found.map(({ document }) => document),
        Status: ["Success", "Failed", "TimedOut", "Cancelled"],
      },
    })),
    traffic: {
      source: ["aws.ssm"],
      "detail-type": ["Parameter Store Change"],
      detail: { name: [trafficParameter], operation: ["Create", "Update"] },
    },
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, pattern]) => pattern !== undefined));
}
