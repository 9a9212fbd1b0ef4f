import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { lambdaFunction, lambdaRole, mayInvoke } from "../aws/lambda-function";
import type { AssetBucket } from "./asset-bucket";
import { type LoadBalancer, PROBE_HEADER } from "./load-balancer";

export interface AssetServerArgs {
  readonly bucket: AssetBucket;
  readonly loadBalancer: LoadBalancer;
  /** The site's name, for which the load balancer's certificate holds. */
  readonly domain: string;
  /** Token of the probe rules, by which the tiers are asked for a file that the bucket does not have. */
  readonly probeToken: pulumi.Input<string>;
  readonly logRetentionDays: number;
}

/**
 * Answers `/_next/static/*` at the load balancer for every release at once, so that a page never misses a script of its own build:
 * while a release is rolled out, after the old targets are gone, and when it is rolled back. Pages and APIs come from the tiers. A
 * function of Lambda, at most 0.9 USD for a million files with the reads of S3, less the free tier; Lambda's SLA (99.95 %) joins the chain.
 */
export class AssetServer extends pulumi.ComponentResource {
  constructor(name: string, args: AssetServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:AssetServer", name, {}, opts);
    const child = { parent: this };
    const { bucket, loadBalancer } = args;
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays }, child);
    // Not to list: S3 then says 403 for a file that is not there, which the function takes for that.
    const grants = [{ actions: ["s3:GetObject", "s3:PutObject"], resources: [bucket.files] }];
    const lambda = lambdaFunction(
      `${name}-function`,
      {
        description: "Answers for the built files of all releases",
        folder: "assets",
        logs,
        role: lambdaRole(`${name}-role`, logs, grants, child),
        // CPU comes with memory: less makes the first answer of a new copy slow, and none much cheaper.
        memorySize: 512,
        // Longer than asking the tiers takes, if each try waits to its end (functions/assets/tiers.ts).
        timeout: 25,
        environment: {
          BUCKET: bucket.name,
          ORIGIN: pulumi.interpolate`https://${loadBalancer.dnsName}`,
          SITE: args.domain,
          PROBE_HEADER,
          PROBE_VALUES: pulumi.jsonStringify(loadBalancer.probeValues(args.probeToken)),
        },
      },
      child,
    );
    const group = new aws.lb.TargetGroup(`${name}-targets`, { targetType: "lambda" }, child);
    const permission = mayInvoke(`${name}-permission`, lambda, "elasticloadbalancing", { sourceArn: group.arn }, child);
    const attached = new aws.lb.TargetGroupAttachment(
      `${name}-attachment`,
      { targetGroupArn: group.arn, targetId: lambda.arn },
      { ...child, dependsOn: [permission] },
    );
    loadBalancer.assetRule(`${name}-rule`, group.arn, { ...child, dependsOn: [attached] });
    this.registerOutputs({});
  }
}
