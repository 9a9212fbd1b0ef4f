const named = (before: string, names: string, after = ""): string[] =>
  names.split(" ").map((name) => `${before}${name}-*${after}`);

const ec2 = (type: string) => [`arn:aws:ec2:*:{account}:${type}/*`];
const iam = (kind: string, names: string) => named(`arn:aws:iam::{account}:${kind}/`, names);
const elb = "arn:aws:elasticloadbalancing:*:{account}:";
const ssm = "arn:aws:ssm:*:{account}:";

const logGroups = [
  ...named(
    "arn:aws:logs:*:{account}:log-group:",
    "asset-server fargate ha-web-tier incident monitored-instance notifier uptime vercel",
  ),
  "arn:aws:logs:*:{account}:log-group:/aws/rds/instance/database-*",
];

/**
 * ARNs of the stack's resources, by resource type of the Service Authorization Reference; `#` tells apart two that AWS counts as
 * one type. Pulumi names a resource by its logical name and a random part, and logical names begin with their component's, so
 * names end in `-*`. What AWS names itself is known by its type alone. `{...}` is what `Scope` knows; a form that needs
 * something unknown has no ARN, and its actions are not granted. The region is held by a condition on what is written.
 */
export const forms: Readonly<Record<string, readonly string[]>> = {
  "acm:certificate": ["arn:aws:acm:*:{account}:certificate/*"],
  "application-autoscaling:ScalableTarget": ["arn:aws:application-autoscaling:*:{account}:scalable-target/*"],
  "autoscaling:autoScalingGroup": named(
    "arn:aws:autoscaling:*:{account}:autoScalingGroup:*:autoScalingGroupName/",
    "ha-web-tier",
  ),
  "backup:backupPlan": ["arn:aws:backup:*:{account}:backup-plan:*"],
  "backup:backupVault": named("arn:aws:backup:*:{account}:backup-vault:", "backups"),
  // Named after project and stack (components/database/backups.ts).
  "backup:restoreTestingPlan": ["arn:aws:backup:*:{account}:restore-testing-plan:*_restore-*"],
  "budgets:budget": named("arn:aws:budgets::{account}:budget/", "budget"),
  "cloudwatch:alarm": named(
    "arn:aws:cloudwatch:*:{account}:alarm:",
    "backups database fargate ha-web-tier load-balancer monitored-instance site uptime vercel",
  ),
  "cloudwatch:alarm-mute-rule": named("arn:aws:cloudwatch:*:{account}:alarm-mute-rule:", "site"),
  "cloudwatch:dashboard": ["arn:aws:cloudwatch::{account}:dashboard/{project}-{stack}"],
  "ec2:elastic-ip": ec2("elastic-ip"),
  // Images of AWS.
  "ec2:image": ["arn:aws:ec2:*::image/*"],
  "ec2:instance": ec2("instance"),
  "ec2:internet-gateway": ec2("internet-gateway"),
  "ec2:launch-template": ec2("launch-template"),
  "ec2:network-interface": ec2("network-interface"),
  "ec2:route-table": ec2("route-table"),
  "ec2:security-group": ec2("security-group"),
  "ec2:security-group-rule": ec2("security-group-rule"),
  "ec2:subnet": ec2("subnet"),
  "ec2:volume": ec2("volume"),
  "ec2:vpc": ec2("vpc"),
  "ecr:repository": named("arn:aws:ecr:*:{account}:repository/", "image"),
  "ecs:cluster": named("arn:aws:ecs:*:{account}:cluster/", "fargate"),
  "ecs:service": ["arn:aws:ecs:*:{account}:service/fargate-*/fargate-*"],
  "ecs:service-deployment": ["arn:aws:ecs:*:{account}:service-deployment/fargate-*/fargate-*/*"],
  "ecs:task": ["arn:aws:ecs:*:{account}:task/fargate-*/*"],
  "ecs:task-definition": ["arn:aws:ecs:*:{account}:task-definition/fargate-*:*"],
  "elasticloadbalancing:listener/app": [`${elb}listener/app/load-balancer-*/*/*`],
  "elasticloadbalancing:listener-rule/app": [`${elb}listener-rule/app/load-balancer-*/*/*/*`],
  "elasticloadbalancing:loadbalancer/app/": [`${elb}loadbalancer/app/load-balancer-*/*`],
  "elasticloadbalancing:targetgroup": named(`${elb}targetgroup/`, "asset-server fargate ha-web-tier", "/*"),
  "events:event-bus": ["arn:aws:events:*:{account}:event-bus/default"],
  "events:rule-on-default-event-bus": named(
    "arn:aws:events:*:{account}:rule/",
    "incident monitored-instance notifier uptime",
  ),
  "iam:instance-profile": iam("instance-profile", "ha-web-tier monitored-instance"),
  // Vercel's issuers. GitHub's is the CI's own, and a person's to change.
  "iam:oidc-provider": ["arn:aws:iam::{account}:oidc-provider/oidc.vercel.com/*"],
  "iam:oidc-provider#ci": ["arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com"],
  "iam:policy#ci": iam("policy", "ci-access"),
  "iam:role": iam(
    "role",
    "asset-server backups database fargate ha-web-tier incident monitored-instance notifier uptime vercel",
  ),
  "iam:role#ci": iam("role", "ci-access"),
  "iam:role#linked": ["arn:aws:iam::{account}:role/aws-service-role/*"],
  "kms:alias": ["arn:aws:kms:*:{account}:alias/*"],
  "kms:key": ["arn:aws:kms:*:{account}:key/*"],
  "kms:key#state": ["{stateKeyArn}"],
  "lambda:function": named(
    "arn:aws:lambda:*:{account}:function:",
    "asset-server incident monitored-instance notifier uptime vercel",
  ),
  "logs:log-group": logGroups,
  "logs:log-stream": logGroups.map((group) => `${group}:log-stream:*`),
  "logs:log-stream#task": ["arn:aws:logs:*:{account}:log-group:fargate-*:log-stream:*"],
  // An adopted database keeps the name that it has.
  "rds:db": ["arn:aws:rds:*:{account}:db:database-*", "arn:aws:rds:*:{account}:db:{databaseIdentifier}"],
  "rds:db#any": ["arn:aws:rds:*:{account}:db:*"],
  "rds:og": ["arn:aws:rds:*:{account}:og:default*"],
  "rds:pg": named("arn:aws:rds:*:{account}:pg:", "database"),
  "rds:subgrp": named("arn:aws:rds:*:{account}:subgrp:", "database"),
  // What a database is restored from has a name of its owner's choice.
  "rds:auto-backup": ["arn:aws:rds:*:{account}:auto-backup:*"],
  "rds:deployment": ["arn:aws:rds:*:{account}:deployment:*"],
  "rds:snapshot": ["arn:aws:rds:*:{account}:snapshot:*"],
  "route53:change": ["arn:aws:route53:::change/*"],
  "route53:healthcheck": ["arn:aws:route53:::healthcheck/*"],
  "route53:hostedzone": ["arn:aws:route53:::hostedzone/{zone}"],
  "s3:bucket": named("arn:aws:s3:::", "assets incident load-balancer"),
  "s3:bucket#releases": ["arn:aws:s3:::{releaseBucket}"],
  "s3:bucket#state": ["arn:aws:s3:::{stateBucket}"],
  "s3:object": ["arn:aws:s3:::incident-*/*"],
  "s3:object#assets": named("arn:aws:s3:::", "assets", "/_next/static/*"),
  // Of the buckets that go with what is in them (forceDestroy).
  "s3:object#forced": named("arn:aws:s3:::", "assets load-balancer", "/*"),
  "s3:object#locks": ["arn:aws:s3:::{stateBucket}/.pulumi/locks/*"],
  "s3:object#releases": ["arn:aws:s3:::{releaseBucket}/*"],
  "s3:object#state": ["arn:aws:s3:::{stateBucket}/*"],
  "secretsmanager:Secret": named("arn:aws:secretsmanager:*:{account}:secret:", "app-secret database-url"),
  "secretsmanager:Secret#others": ["{secretArn}"],
  "sns:topic": named("arn:aws:sns:*:{account}:", "alerts"),
  "sqs:queue": named("arn:aws:sqs:*:{account}:", "monitored-instance"),
  "ssm:association": [`${ssm}association/*`],
  "ssm:automation-definition": [`${ssm}automation-definition/monitored-instance-*:*`],
  "ssm:automation-execution": [`${ssm}automation-execution/*`],
  "ssm:document": named(`${ssm}document/`, "ha-web-tier monitored-instance"),
  "ssm:document#shell": ["arn:aws:ssm:*::document/AWS-RunShellScript"],
  "ssm:instance": ec2("instance"),
  "ssm:instance#adopted": ["arn:aws:ec2:*:{account}:instance/{instanceId}"],
  "ssm:instance#group": ec2("instance"),
  "ssm:parameter": [
    ...named(`${ssm}parameter/`, "ha-web-tier monitored-instance notifier"),
    `${ssm}parameter/{project}/{stack}/*`,
  ],
  "ssm:parameter#aws": ["arn:aws:ssm:*::parameter/aws/service/*"],
  "wafv2:loadbalancer/app/": [`${elb}loadbalancer/app/load-balancer-*/*`],
  "wafv2:managedruleset": ["arn:aws:wafv2:*:{account}:regional/managedruleset/*/*"],
  "wafv2:webacl": ["arn:aws:wafv2:*:{account}:regional/webacl/load-balancer-*/*"],
};

/** What the agent of Systems Manager calls about documents, associations and instances that AWS chooses. */
const agents = [
  ...["DescribeAssociation", "DescribeDocument", "GetDocument", "ListInstanceAssociations", "PutComplianceItems"],
  ...["UpdateAssociationStatus", "UpdateInstanceAssociationStatus", "UpdateInstanceInformation"],
].map((name) => [
  `ssm:${name}`,
  "so in AWS's own AmazonSSMManagedInstanceCore: documents and associations may be AWS's",
]);

/** Actions on `*` although the reference has a form for them, and why. */
export const onAll: Readonly<Record<string, string>> = {
  "cloudwatch:DescribeAlarms": "composite alarms are answered only to a permission on * (API reference, 2026-11)",
  "logs:GetQueryResults": "the reference has a form for it since 2026 only; on * it is allowed before and after",
  ...Object.fromEntries(agents),
  "servicequotas:GetServiceQuota": "asked by a person's doctor about the account",
  "ecs:ListTasks": "its form is the container instance, which Fargate has none of; the cluster is held by a condition",
};
