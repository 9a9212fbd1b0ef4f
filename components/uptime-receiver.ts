import { createHash } from "node:crypto";
import { join } from "node:path";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Widget } from "./web-tier";

/** Arguments of {@link UptimeReceiver}. */
export interface UptimeReceiverArgs {
  readonly domain: string;
  readonly healthPath: string;
  readonly alertTopicArn: pulumi.Input<string>;
  /** Days that the function's log is kept. @default 30 */
  readonly logRetentionDays?: number;
  /** Secret that a webhook must present. @default webhooks are refused */
  readonly token?: pulumi.Output<string>;
}

const namespace = "Iamvet/Uptime";
const metricName = "Healthy";

/** The function that turns reports from outside into a metric, and the alarm on it. Costs cents a month. */
export class UptimeReceiver extends pulumi.ComponentResource {
  readonly alarm: aws.cloudwatch.MetricAlarm;
  readonly widget: Widget;
  private readonly lambda: aws.lambda.Function;

  constructor(
    private readonly name: string,
    args: UptimeReceiverArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("iamvet:index:UptimeReceiver", name, {}, opts);
    const parent = { parent: this };
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays ?? 30 }, parent);
    const role = new aws.iam.Role(
      `${name}-role`,
      {
        description: "Writes what outside eyes report as a metric",
        assumeRolePolicy: trust("lambda.amazonaws.com"),
        inlinePolicies: [
          {
            name: "report",
            policy: pulumi.jsonStringify({
              Version: "2012-10-17",
              Statement: [
                {
                  Effect: "Allow",
                  Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
                  Resource: pulumi.interpolate`${logs.arn}:*`,
                },
                {
                  Effect: "Allow",
                  Action: "cloudwatch:PutMetricData",
                  Resource: "*",
                  Condition: { StringEquals: { "cloudwatch:namespace": namespace } },
                },
              ],
            }),
          },
        ],
      },
      parent,
    );
    this.lambda = new aws.lambda.Function(
      `${name}-function`,
      {
        description: "Receives what outside eyes report about the site",
        runtime: "nodejs22.x",
        architectures: ["arm64"],
        handler: "index.handler",
        code: bundled("uptime-webhook"),
        role: role.arn,
        memorySize: 128,
        timeout: 10,
        loggingConfig: { logFormat: "Text", logGroup: logs.name },
        environment: {
          variables: {
            METRIC_NAMESPACE: namespace,
            METRIC_NAME: metricName,
            SITE: args.domain,
            // A digest: who may read the function's settings learns nothing that opens the door.
            ...(args.token && {
              TOKEN_SHA256: args.token.apply((value) => createHash("sha256").update(value).digest("hex")),
            }),
          },
        },
      },
      parent,
    );
    this.alarm = new aws.cloudwatch.MetricAlarm(
      `${name}-alarm`,
      {
        alarmDescription: `The site does not answer from outside: https://${args.domain}${args.healthPath}`,
        namespace,
        metricName,
        dimensions: { Site: args.domain },
        statistic: "Minimum",
        comparisonOperator: "LessThanThreshold",
        threshold: 1,
        period: 60,
        evaluationPeriods: 1,
        treatMissingData: "ignore",
        alarmActions: [args.alertTopicArn],
        okActions: [args.alertTopicArn],
      },
      parent,
    );
    this.widget = {
      title: "Reports from outside (1 up, 0 down)",
      section: "external",
      metrics: [[namespace, metricName, "Site", args.domain]],
      stat: "Minimum",
    };
    this.registerOutputs({});
  }

  /** Lets an EventBridge rule call the function. */
  invokedBy(name: string, rule: aws.cloudwatch.EventRule, parent: pulumi.Resource): pulumi.Resource[] {
    return [
      new aws.lambda.Permission(
        `${name}-permission`,
        {
          function: this.lambda.name,
          action: "lambda:InvokeFunction",
          principal: "events.amazonaws.com",
          sourceArn: rule.arn,
        },
        { parent },
      ),
      new aws.cloudwatch.EventTarget(name, { rule: rule.name, arn: this.lambda.arn }, { parent }),
    ];
  }

  /** Opens the function's public URL; the function itself checks the caller's token. */
  url(): pulumi.Output<string> {
    const parent = { parent: this };
    const url = new aws.lambda.FunctionUrl(
      `${this.name}-url`,
      { functionName: this.lambda.name, authorizationType: "NONE" },
      parent,
    );
    // Since October 2025 a public URL needs both (AWS Lambda developer guide, "Control access to function URLs").
    const shared = { function: this.lambda.name, principal: "*" };
    const permissions = [
      new aws.lambda.Permission(
        `${this.name}-url-permission`,
        { ...shared, action: "lambda:InvokeFunctionUrl", functionUrlAuthType: "NONE" },
        parent,
      ),
      new aws.lambda.Permission(
        `${this.name}-invoke-permission`,
        { ...shared, action: "lambda:InvokeFunction", invokedViaFunctionUrl: true },
        parent,
      ),
    ];
    return pulumi.all([url.functionUrl, ...permissions.map(({ id }) => id)]).apply(([address]) => address ?? "");
  }
}

/** A function of `functions/` as one file. The AWS SDK is part of Lambda's runtime. */
function bundled(name: string): pulumi.asset.AssetArchive {
  // Loaded here, as most runs of the program that import this file build no function.
  const { buildSync } = require("esbuild") as typeof import("esbuild");
  const { outputFiles } = buildSync({
    entryPoints: [join(__dirname, "..", "functions", name, "index.ts")],
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    external: ["@aws-sdk/*"],
    write: false,
    logLevel: "error",
  });
  return new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset(outputFiles[0]?.text ?? "") });
}

/** Trust policy of a role for one AWS service. */
export const trust = (service: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  });
