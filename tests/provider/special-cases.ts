/**
 * Where @pulumi/aws departs from the rules by which its bridge derives names from Terraform's `hashicorp/aws`. Each row says
 * why it is there; everything that is not listed follows the rules in schema.ts.
 */

/** Prefixes of Terraform types by Pulumi module, tried in order. A module that is not listed is its own prefix. */
export const PREFIXES: Readonly<Record<string, { readonly prefixes: readonly string[]; readonly reason: string }>> = {
  ec2: {
    prefixes: ["", "ec2_"],
    reason: "EC2 is the provider's oldest service: most of its types carry no service name",
  },
  rds: { prefixes: ["db_", "rds_"], reason: "instances and their groups are db_*, clusters are rds_*" },
  alb: { prefixes: ["lb_"], reason: "an alias of module lb" },
  cfg: { prefixes: ["config_"], reason: "`config` is Pulumi's own module for provider settings" },
};

/** Types whose names no rule gives. */
export const TYPES: Readonly<Record<string, { readonly type: string; readonly reason: string }>> = {
  "aws:lb/loadBalancer:LoadBalancer": { type: "aws_lb", reason: "aws_lb alone, as Pulumi needs a noun" },
  "aws:alb/loadBalancer:LoadBalancer": { type: "aws_lb", reason: "aws_lb alone, as Pulumi needs a noun" },
  "aws:cloudtrail/trail:Trail": { type: "aws_cloudtrail", reason: "the service's name alone, as Pulumi needs a noun" },
  "aws:s3/bucketObjectv2:BucketObjectv2": {
    type: "aws_s3_object",
    reason: "aws_s3_bucket_object is its deprecated forerunner",
  },
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
    type: "aws_iam_openid_connect_provider",
    reason: "OpenID is one word in Terraform",
  },
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": { type: "aws_ecr_lifecycle_policy", reason: "in two modules of Pulumi's" },
};

/** Arguments that Pulumi renamed: Terraform type -> Pulumi name -> Terraform name. */
export const RENAMES: Readonly<
  Record<string, Readonly<Record<string, { readonly name: string; readonly reason: string }>>>
> = {
  aws_cloudwatch_metric_alarm: {
    name: { name: "alarm_name", reason: "auto-named resources carry `name`" },
  },
  aws_lambda_function: {
    name: { name: "function_name", reason: "auto-named resources carry `name`" },
    code: { name: "filename", reason: "an asset instead of a file's path" },
  },
  aws_lambda_permission: { function: { name: "function_name", reason: "takes a Function object too" } },
  aws_lambda_alias: { function: { name: "function_name", reason: "takes a Function object too" } },
  aws_sns_topic_subscription: { topic: { name: "topic_arn", reason: "takes a Topic object too" } },
  aws_ecs_service: { arn: { name: "id", reason: "5.x knows a service's ARN as its id only" } },
  aws_sns_topic_policy: { arn: { name: "arn", reason: "the topic's ARN" } },
};

/** Arguments of provider 6.x, which @pulumi/aws 7 bridges, that 5.x does not know: counted apart, and taken out. */
export const NEWER: readonly { readonly type: RegExp; readonly path: RegExp; readonly reason: string }[] = [
  { type: /^aws_/, path: /^region$/, reason: "a resource's own region, where it is not the provider's" },
  { type: /^aws:cloudwatch\/alarmMuteRule:/, path: /^$/, reason: "alarm mute rules are of 2026" },
  {
    type: /^aws_lambda_permission$/,
    path: /^invokedViaFunctionUrl$/,
    reason: "what function URLs need since October 2025",
  },
  { type: /^aws_budgets_budget$/, path: /^(filterExpression|metrics)/, reason: "filters that combine several tags" },
];

/** Values of provider 6.x that 5.x refuses, and what stands in for them. */
export const NEWER_VALUES: readonly {
  readonly type: string;
  readonly path: string;
  readonly value: string;
  readonly older: string;
  readonly reason: string;
}[] = [
  {
    type: "aws_lambda_function",
    path: "runtime",
    value: "nodejs24.x",
    older: "nodejs22.x",
    reason: "Lambda has Node 24 since November 2025",
  },
];

/** How Pulumi names a resource whose name the program leaves open: argument and maximum length, from the bridge's auto-naming. */
export const AUTO_NAMES: Readonly<
  Record<string, { readonly argument?: string; readonly max: number; readonly lower?: true }>
> = {
  aws_lb: { max: 32 },
  aws_lb_target_group: { max: 32 },
  aws_iam_role: { max: 64 },
  aws_iam_role_policy: { max: 128 },
  aws_iam_policy: { max: 128 },
  aws_iam_instance_profile: { max: 128 },
  aws_lambda_function: { argument: "function_name", max: 64 },
  aws_cloudwatch_metric_alarm: { argument: "alarm_name", max: 255 },
  aws_cloudwatch_event_rule: { max: 64 },
  aws_scheduler_schedule: { max: 64 },
  aws_db_instance: { argument: "identifier", max: 63, lower: true },
  aws_s3_bucket: { argument: "bucket", max: 63, lower: true },
  aws_ecr_repository: { max: 256, lower: true },
  aws_db_subnet_group: { max: 255, lower: true },
  aws_db_parameter_group: { max: 255, lower: true },
};
