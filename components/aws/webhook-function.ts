import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Grant } from "./iam";
import { lambdaFunction, lambdaRole } from "./lambda-function";

/** Arguments of {@link WebhookFunction}. */
export interface WebhookFunctionArgs {
  /** Folder below `functions/` whose `index.ts` exports `handler`. */
  readonly folder: string;
  readonly description: string;
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** What the function may do besides writing its log. @default [] */
  readonly grants?: readonly Grant[];
  /** Secret that callers from outside present as bearer token. With it the function has a public URL. @default no URL */
  readonly token?: pulumi.Output<string>;
  /** Days that the log is kept. @default 30 */
  readonly logRetentionDays?: number;
}

/**
 * A small Lambda function that services outside AWS may call. The URL is public, as none of them can sign requests; the
 * function compares the caller's token with a digest, in constant time. Costs cents a month at the rate of these callers.
 */
export class WebhookFunction extends pulumi.ComponentResource {
  readonly lambda: aws.lambda.Function;
  readonly logGroupName: pulumi.Output<string>;
  /** Known once callers are let through; undefined without a token. */
  readonly url?: pulumi.Output<string>;

  constructor(name: string, args: WebhookFunctionArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:WebhookFunction", name, {}, opts);
    const parent = { parent: this };
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays ?? 30 }, parent);
    this.logGroupName = logs.name;
    this.lambda = lambdaFunction(
      `${name}-function`,
      {
        description: args.description,
        folder: args.folder,
        logs,
        role: lambdaRole(`${name}-role`, logs, args.grants ?? [], parent),
        memorySize: 128,
        timeout: 10,
        environment: {
          ...args.environment,
          // A digest: who may read the function's settings learns nothing that opens the door.
          ...(args.token && {
            TOKEN_SHA256: args.token.apply((value) => createHash("sha256").update(value).digest("hex")),
          }),
        },
      },
      parent,
    );
    if (args.token) this.url = openUrl(name, this.lambda, parent);
    this.registerOutputs({});
  }
}

function openUrl(
  name: string,
  lambda: aws.lambda.Function,
  parent: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const url = new aws.lambda.FunctionUrl(
    `${name}-url`,
    { functionName: lambda.name, authorizationType: "NONE" },
    parent,
  );
  // Since October 2025 a public URL needs both (AWS Lambda developer guide, "Control access to function URLs").
  const everybody = { function: lambda.name, principal: "*" };
  const permissions = [
    new aws.lambda.Permission(
      `${name}-url-permission`,
      { ...everybody, action: "lambda:InvokeFunctionUrl", functionUrlAuthType: "NONE" },
      parent,
    ),
    new aws.lambda.Permission(
      `${name}-invoke-permission`,
      { ...everybody, action: "lambda:InvokeFunction", invokedViaFunctionUrl: true },
      parent,
    ),
  ];
  return pulumi.all([url.functionUrl, ...permissions.map(({ id }) => id)]).apply(([address]) => address ?? "");
}
