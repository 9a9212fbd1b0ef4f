import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type AlarmActions, alarm } from "./alarm";
import type { Signal, Widget } from "./web-tier";

/** Out to HTTPS (AWS APIs, third parties) and to the database, nothing else. */
export function egress(
  name: string,
  securityGroupId: pulumi.Input<string>,
  databaseGroupId: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
) {
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-to-https`,
    {
      securityGroupId,
      cidrIpv4: "0.0.0.0/0",
      ipProtocol: "tcp",
      fromPort: 443,
      toPort: 443,
      description: "AWS APIs and third parties",
    },
    opts,
  );
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-to-postgres`,
    {
      securityGroupId,
      referencedSecurityGroupId: databaseGroupId,
      ipProtocol: "tcp",
      fromPort: 5432,
      toPort: 5432,
      description: "The database",
    },
    opts,
  );
}

type TargetDimensions = { LoadBalancer: pulumi.Output<string>; TargetGroup: pulumi.Output<string> };

/** Alarms that both tiers behind the load balancer have. */
export function balancedSignals(
  name: string,
  dimensions: TargetDimensions,
  args: { min: number; alarmActions: AlarmActions },
  opts: pulumi.CustomResourceOptions,
): Signal[] {
  const metric = { namespace: "AWS/ApplicationELB", dimensions, period: 60 } as const;
  return [
    alarm(
      `${name}-healthy-hosts`,
      {
        ...metric,
        severity: "page",
        subject: "reachability",
        meaning: "No healthy target has been behind the load balancer for two minutes: visitors get 503",
        causes: [
          "the last release does not start",
          "the database is down, so the health check fails",
          "a zone is lost and min is 1",
        ],
        firstCommand: "npm run platform -- why",
        metricName: "HealthyHostCount",
        statistic: "Maximum",
        evaluationPeriods: 2,
        threshold: 1,
        comparisonOperator: "LessThanThreshold",
        treatMissingData: "breaching",
      },
      args.alarmActions,
      opts,
    ),
    alarm(
      `${name}-latency`,
      {
        ...metric,
        severity: "warning",
        subject: "latency",
        meaning: "One request in twenty has taken over 2 s for five minutes",
        causes: ["slow statements in the database", "CPU at its limit", "a slow third party"],
        firstCommand: "npm run platform -- why",
        metricName: "TargetResponseTime",
        extendedStatistic: "p95",
        evaluationPeriods: 5,
        threshold: 2,
        comparisonOperator: "GreaterThanThreshold",
        treatMissingData: "notBreaching",
      },
      args.alarmActions,
      opts,
    ),
  ];
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
