import * as pulumi from "@pulumi/pulumi";
import type { Collector } from "../../core/web-tier";
import type { HomeArn } from "../aws/home-arn";
import type { Grant } from "../aws/iam";

type Kind = Collector["kind"];
type OfKind<K extends Kind> = Extract<Collector, { kind: K }>;

/** Questions that know no resource, or are asked about the account. */
const ASKED_OF_ALL: Readonly<Partial<Record<Kind, readonly string[]>>> = {
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

const readLog = ({ logGroup }: { readonly logGroup: pulumi.Input<string> }, arn: HomeArn): Grant[] => [
  {
    actions: ["logs:FilterLogEvents", "logs:StartQuery"],
    resources: [arn("logs", pulumi.interpolate`log-group:${logGroup}:*`)],
  },
];

/** Questions about the one thing that a collector looks at. */
const ASKED_OF_ONE: { readonly [K in Kind]?: (collector: OfKind<K>, arn: HomeArn) => Grant[] } = {
  instance: ({ instanceId }, arn) => [
    { actions: ["ec2:GetConsoleOutput"], resources: [arn("ec2", pulumi.interpolate`instance/${instanceId}`)] },
  ],
  ecs: ({ cluster, service }, arn) => [
    { actions: ["ecs:DescribeServices"], resources: [arn("ecs", pulumi.interpolate`service/${cluster}/${service}`)] },
    {
      actions: ["ecs:ListTasks"],
      resources: ["*"],
      conditions: { ArnEquals: { "ecs:cluster": arn("ecs", pulumi.interpolate`cluster/${cluster}`) } },
    },
    { actions: ["ecs:DescribeTasks"], resources: [arn("ecs", pulumi.interpolate`task/${cluster}/*`)] },
  ],
  logs: readLog,
  "recovery-runs": readLog,
  database: ({ identifier }, arn) => [
    { actions: ["rds:DescribeDBInstances"], resources: [arn("rds", pulumi.interpolate`db:${identifier}`)] },
  ],
  certificate: ({ arn }) => (arn ? [{ actions: ["acm:DescribeCertificate"], resources: [arn] }] : []),
  dns: ({ zoneId }) => [
    {
      actions: ["route53:GetHostedZone", "route53:ListResourceRecordSets"],
      resources: [pulumi.interpolate`arn:aws:route53:::hostedzone/${zoneId}`],
    },
  ],
};

const questionsFor = (kind: Kind) => ASKED_OF_ONE[kind] as ((one: Collector, arn: HomeArn) => Grant[]) | undefined;

/** What the collectors of functions/incident ask, and no more. */
export function collectorGrants(collectors: readonly Collector[], arn: HomeArn): Grant[] {
  const ofAll = [...new Set(collectors.flatMap(({ kind }) => ASKED_OF_ALL[kind] ?? []))];
  return [
    { actions: ["cloudwatch:DescribeAlarmHistory"], resources: [arn("cloudwatch", "alarm:*")] },
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
    ...collectors.flatMap((one) => questionsFor(one.kind)?.(one, arn) ?? []),
  ];
}
