import { forms } from "../../core/calls/forms";
import { isRef, isUnknown, type Plan, type PlannedResource } from "../../core/plan-format";

/** A text of the plan, with what only AWS knows as a word. */
export function textOf(value: unknown): string {
  const concat = (value as { $concat?: unknown[] } | undefined)?.$concat;
  return concat ? concat.map((part) => (typeof part === "string" ? part : "KNOWN-LATER")).join("") : String(value);
}

/** Actions that the inline policies of a role allow. */
export function grantedTo({ resources }: Plan, role: string): string[] {
  const known = ({ inputs }: PlannedResource) => !isUnknown(inputs.policy);
  const own = resources.find(({ type, name }) => type === "aws:iam/role:Role" && name === role);
  return resources
    .filter(
      ({ type, inputs: { role: of } }) => type === "aws:iam/rolePolicy:RolePolicy" && isRef(of) && of.$ref === own?.urn,
    )
    .filter(known)
    .flatMap(({ inputs }) => (JSON.parse(textOf(inputs.policy)) as { Statement: { Action: string[] }[] }).Statement)
    .flatMap(({ Action }) => Action);
}

/** Types whose names are in their ARNs: their forms, and what follows the account in an ARN. */
const NAMED: Readonly<Record<string, readonly [forms: string, end: string]>> = {
  "autoscaling/group:Group": ["autoscaling:autoScalingGroup", "autoScalingGroup:0a1b:autoScalingGroupName/{}"],
  "backup/restoreTestingPlan:RestoreTestingPlan": ["backup:restoreTestingPlan", "restore-testing-plan:{}-0a1b"],
  "backup/vault:Vault": ["backup:backupVault", "backup-vault:{}"],
  "budgets/budget:Budget": ["budgets:budget", "budget/{}"],
  "cloudwatch/alarmMuteRule:AlarmMuteRule": ["cloudwatch:alarm-mute-rule", "alarm-mute-rule:{}"],
  "cloudwatch/compositeAlarm:CompositeAlarm": ["cloudwatch:alarm", "alarm:{}"],
  "cloudwatch/dashboard:Dashboard": ["cloudwatch:dashboard", "dashboard/{}"],
  "cloudwatch/eventRule:EventRule": ["events:rule-on-default-event-bus", "rule/{}"],
  "cloudwatch/logGroup:LogGroup": ["logs:log-group", "log-group:{}"],
  "cloudwatch/metricAlarm:MetricAlarm": ["cloudwatch:alarm", "alarm:{}"],
  "ecr/repository:Repository": ["ecr:repository", "repository/{}"],
  "ecs/cluster:Cluster": ["ecs:cluster", "cluster/{}"],
  "ecs/service:Service": ["ecs:service", "service/fargate-cluster-0a1b2c3/{}"],
  "iam/instanceProfile:InstanceProfile": ["iam:instance-profile", "instance-profile/{}"],
  "iam/policy:Policy": ["iam:policy#ci", "policy/{}"],
  "iam/role:Role": ["iam:role iam:role#ci", "role/{}"],
  "lambda/function:Function": ["lambda:function", "function:{}"],
  "lb/loadBalancer:LoadBalancer": ["elasticloadbalancing:loadbalancer/app/", "loadbalancer/app/{}/0a1b"],
  "lb/targetGroup:TargetGroup": ["elasticloadbalancing:targetgroup", "targetgroup/{}/0a1b"],
  "rds/instance:Instance": ["rds:db", "db:{}"],
  "rds/parameterGroup:ParameterGroup": ["rds:pg", "pg:{}"],
  "rds/subnetGroup:SubnetGroup": ["rds:subgrp", "subgrp:{}"],
  "s3/bucket:Bucket": ["s3:bucket", "{}"],
  "secretsmanager/secret:Secret": ["secretsmanager:Secret", "secret:{}-AbCdEf"],
  "sns/topic:Topic": ["sns:topic", "{}"],
  "sqs/queue:Queue": ["sqs:queue", "{}"],
  "ssm/document:Document": ["ssm:document", "document/{}"],
  "ssm/parameter:Parameter": ["ssm:parameter", "parameter/{}"],
  "wafv2/webAcl:WebAcl": ["wafv2:webacl", "regional/webacl/{}/0a1b"],
};

/** What a resource is called in AWS, if none of its forms has an ARN for it. */
export function unnamed({ type, name, inputs }: PlannedResource, { project, stack }: Plan): string[] {
  const row = NAMED[type.replace(/^aws:/, "")];
  if (!row) return [];
  const given = inputs.name ?? inputs.bucket ?? inputs.identifier ?? inputs.dashboardName;
  const physical =
    given === undefined ? `${name}-0a1b2c3` : textOf(given).replace(/^\//, row[0] === "ssm:parameter" ? "" : "/");
  const end = row[1].replace("{}", physical);
  const patterns = row[0]
    .split(" ")
    .flatMap((form) => (forms[form] ?? []).map((arn) => patternOf(arn, { project, stack })));
  return patterns.some((pattern) => pattern.test(end)) ? [] : [`${row[0]}: ${end}`];
}

/** What follows the account in an ARN, or the three colons of a bucket's, as a pattern. */
function patternOf(arn: string, known: Readonly<Record<string, string>>): RegExp {
  const end = arn.split(/\{account\}[:/]|:::/).at(-1) ?? "";
  const filled = end.replace(/\{(\w+)\}/g, (_, key: string) => known[key] ?? "*");
  return new RegExp(`^${filled.replace(/[.+$^]/g, "\\$&").replaceAll("*", ".*")}$`);
}
