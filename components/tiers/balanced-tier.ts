import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { BeforeRollout, MigrationTask, Signal, Widget } from "../../core/web-tier";
import type { Database } from "../database/database";
import type { AppEnvironment } from "../foundation/app-environment";
import type { AlarmActions } from "../monitoring/alarm";
import { type AlarmEntry, type AlarmLevel, alarmTable, atLeast, over, under } from "../monitoring/alarm-table";
import type { BalancedTier, LoadBalancer } from "../traffic/load-balancer";

/** What both tiers behind the load balancer are told. A target is an instance or a task. */
export interface BalancedTierArgs {
  readonly vpcId: pulumi.Input<string>;
  /**
   * Public subnets in at least two zones, over which the targets spread. They have public addresses and closed security groups, which
   * spares the NAT gateways (43 USD a month each in Seoul).
   */
  readonly subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  readonly loadBalancer: LoadBalancer;
  readonly database: Database;
  /** Image with digest or an immutable tag. */
  readonly image: pulumi.Input<string>;
  readonly repositoryArns: readonly pulumi.Input<string>[];
  /** Release that the gate expects in the answer. */
  readonly version: pulumi.Input<string>;
  readonly environment: AppEnvironment;
  readonly probeToken: pulumi.Input<string>;
  readonly port: number;
  readonly healthPath: string;
  /** Fewest targets; 2 survive the loss of a zone without an outage, 1 costs half and is an outage until its successor is up. */
  readonly min: number;
  readonly max: number;
  /** Percent. */
  readonly cpuTarget: number;
  /** Requests per minute and target. */
  readonly requestsPerTarget: number;
  /** Migrates the database before the targets get a release. @default none: the release is rolled out as it is */
  readonly beforeRollout?: BeforeRollout;
  readonly logRetentionDays: number;
  readonly alarmLevel: AlarmLevel;
  readonly alarmActions: AlarmActions;
}

/** The security group of the targets: in from the load balancer only, out to HTTPS and to the database, nothing else. */
export function targetsGroup(
  name: string,
  description: string,
  { vpcId, database }: BalancedTierArgs,
  opts: pulumi.CustomResourceOptions,
): aws.ec2.SecurityGroup {
  const group = new aws.ec2.SecurityGroup(`${name}-security-group`, { vpcId, description }, opts);
  const out = (rule: string, port: number, to: Partial<aws.vpc.SecurityGroupEgressRuleArgs>) =>
    new aws.vpc.SecurityGroupEgressRule(
      `${name}-to-${rule}`,
      { securityGroupId: group.id, ipProtocol: "tcp", fromPort: port, toPort: port, ...to },
      opts,
    );
  out("https", 443, { cidrIpv4: "0.0.0.0/0", description: "AWS APIs and third parties" });
  out("postgres", 5432, { referencedSecurityGroupId: database.securityGroupId, description: "The database" });
  database.admit(`${name}-to-database`, group.id, opts);
  return group;
}

/** Where visitors are led, and how a gate asks before; known when somebody serves in the target group. */
export function behindBalancer(
  tier: BalancedTier,
  args: BalancedTierArgs,
  targets: aws.lb.TargetGroup,
  serving: aws.ecs.Service | aws.autoscaling.Group,
) {
  const { loadBalancer } = args;
  return {
    target: { kind: "alias", dnsName: loadBalancer.dnsName, zoneId: loadBalancer.zoneId },
    probe: loadBalancer.probe(tier, args),
    targetGroupArn: pulumi.all([targets.arn, serving.id]).apply(([arn]) => arn),
  } as const;
}

/**
 * What a service or group is given of a release, known only after its migrations: a failure of theirs leaves it with the release that
 * it has. A preview runs none and knows it at once.
 */
export function afterMigration<T>(
  value: pulumi.Output<T>,
  migration: pulumi.Output<MigrationTask> | undefined,
  beforeRollout: BeforeRollout | undefined,
): pulumi.Output<T> {
  if (!migration || !beforeRollout || pulumi.runtime.isDryRun()) return value;
  const done = migration.apply((task) => beforeRollout(task as MigrationTask));
  return pulumi.all([value, done]).apply(([known]) => known as T) as pulumi.Output<T>;
}

type TargetDimensions = { LoadBalancer: pulumi.Output<string>; TargetGroup: pulumi.Output<string> };

/**
 * Alarms that both tiers behind the load balancer have, and the tier's own ones. They are made before the service or the group, which
 * names `errors` as the alarm that rolls a release back.
 */
export function balancedAlarms(
  name: string,
  dimensions: TargetDimensions,
  args: Pick<BalancedTierArgs, "min" | "max" | "alarmLevel" | "alarmActions">,
  opts: pulumi.CustomResourceOptions,
): { readonly errors: Signal; readonly signals: readonly Signal[] } {
  const metric = {
    namespace: "AWS/ApplicationELB",
    dimensions,
    level: "basic",
    treatMissingData: "notBreaching",
  } as const;
  const table = {
    errors: {
      ...metric,
      severity: "page",
      subject: "errors",
      meaning: "More than 5 answers of the app in a minute were errors (5xx), three minutes in a row",
      causes: [
        "bad-deploy: the last release",
        "database-connections: the database refuses connections",
        "dependency-failing: a dependency of the app is down",
      ],
      metricName: "HTTPCode_Target_5XX_Count",
      statistic: "Sum",
      evaluationPeriods: 3,
      ...over(5),
    },
    "healthy-hosts": {
      ...metric,
      severity: "page",
      subject: "reachability",
      meaning: "No healthy target has been behind the load balancer for two minutes: visitors get 503",
      causes: [
        "bad-deploy: the last release does not start",
        "database-down: the database is down, so the health check fails",
        "zone-impaired: a zone is lost and min is 1",
      ],
      metricName: "HealthyHostCount",
      evaluationPeriods: 2,
      ...under(1),
      treatMissingData: "breaching",
    },
    latency: {
      ...metric,
      severity: "warning",
      subject: "latency",
      meaning: "One request in twenty has taken over 2 s for five minutes",
      causes: [
        "database-overload: slow statements in the database",
        "cpu-saturated: CPU at its limit",
        "dependency-failing: a slow third party",
      ],
      metricName: "TargetResponseTime",
      extendedStatistic: "p95",
      evaluationPeriods: 5,
      ...over(2),
    },
    "at-maximum": {
      ...metric,
      // A size that is fixed is always at its maximum.
      applies: args.max > args.min,
      severity: "warning",
      subject: "capacity",
      meaning: "The tier has stood at its maximum for ten minutes: the next rise in traffic will be felt",
      causes: ["traffic-spike: more traffic than planned", "cpu-saturated: a loop in the app that eats CPU"],
      // The healthy targets, as ECS tells its running count only with Container Insights; a deploy doubles them for a shorter time.
      metricName: "HealthyHostCount",
      statistic: "Minimum",
      evaluationPeriods: 10,
      ...atLeast(args.max),
    },
  } satisfies Record<string, AlarmEntry>;
  const made = alarmTable(name, table, { level: args.alarmLevel, actions: args.alarmActions }, opts);
  return { errors: made.errors as Signal, signals: Object.values(made) };
}

/** Graphs that both tiers behind the load balancer have. */
export function balancedWidgets({ LoadBalancer, TargetGroup }: TargetDimensions): Widget[] {
  const rows = (...metrics: string[]) =>
    pulumi
      .all([LoadBalancer, TargetGroup])
      .apply(([lb, group]) =>
        metrics.map((metric) => ["AWS/ApplicationELB", metric, "LoadBalancer", lb, "TargetGroup", group]),
      );
  return [
    { title: "Requests", section: "traffic", stat: "Sum", metrics: rows("RequestCount") },
    {
      title: "Errors of the app",
      section: "errors",
      stat: "Sum",
      metrics: rows("HTTPCode_Target_5XX_Count", "HTTPCode_Target_4XX_Count"),
    },
    {
      title: "Response time p95",
      section: "latency",
      stat: "p95",
      label: "seconds",
      metrics: rows("TargetResponseTime"),
    },
    { title: "Targets", section: "capacity", stat: "Minimum", metrics: rows("HealthyHostCount", "UnHealthyHostCount") },
  ];
}
