import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { type Grant, logGrants, serviceRole } from "./iam";
import { lambdaCode } from "./lambda-code";

export interface LambdaFunctionArgs {
  /** Folder below `functions/` whose `index.ts` exports `handler`. */
  readonly folder: string;
  readonly description: string;
  readonly logs: aws.cloudwatch.LogGroup;
  readonly role: aws.iam.Role;
  /** MiB; CPU comes with memory. */
  readonly memorySize: number;
  /** Seconds. */
  readonly timeout: number;
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
}

/** A function of `functions/`, on the newest LTS of Node that Lambda has and the cheaper of its two processors. */
export function lambdaFunction(
  name: string,
  { folder, logs, role, environment, ...args }: LambdaFunctionArgs,
  opts: pulumi.CustomResourceOptions,
): aws.lambda.Function {
  return new aws.lambda.Function(
    name,
    {
      ...args,
      runtime: "nodejs24.x",
      architectures: ["arm64"],
      handler: "index.handler",
      code: lambdaCode(folder),
      role: role.arn,
      // WARN: the log holds what the function writes, not a line for the start and end of every call.
      loggingConfig: { logFormat: "JSON", systemLogLevel: "WARN", applicationLogLevel: "INFO", logGroup: logs.name },
      environment: { variables: { ...environment } },
    },
    opts,
  );
}

/** The role of a function: it writes its log, and does what `grants` say. */
export const lambdaRole = (
  name: string,
  logs: aws.cloudwatch.LogGroup,
  grants: readonly Grant[],
  opts: pulumi.CustomResourceOptions,
): aws.iam.Role => serviceRole(name, "lambda.amazonaws.com", [...logGrants([logs.arn]), ...grants], opts);

/** Lets a service of AWS call a function, on behalf of one source. */
export const mayInvoke = (
  name: string,
  lambda: aws.lambda.Function,
  service: "elasticloadbalancing" | "events" | "sns",
  source: Pick<aws.lambda.PermissionArgs, "sourceArn" | "sourceAccount">,
  opts: pulumi.CustomResourceOptions,
): aws.lambda.Permission =>
  new aws.lambda.Permission(
    name,
    { function: lambda.name, action: "lambda:InvokeFunction", principal: `${service}.amazonaws.com`, ...source },
    opts,
  );

/** Calls a function by a rule of EventBridge. */
export function invokeOn(
  name: string,
  lambda: aws.lambda.Function,
  rule: aws.cloudwatch.EventRuleArgs,
  target: Omit<aws.cloudwatch.EventTargetArgs, "rule" | "arn">,
  opts: pulumi.CustomResourceOptions,
): aws.cloudwatch.EventRule {
  const created = new aws.cloudwatch.EventRule(name, rule, opts);
  const permission = mayInvoke(`${name}-permission`, lambda, "events", { sourceArn: created.arn }, opts);
  new aws.cloudwatch.EventTarget(
    `${name}-target`,
    { rule: created.name, arn: lambda.arn, ...target },
    { ...opts, dependsOn: [permission] },
  );
  return created;
}
