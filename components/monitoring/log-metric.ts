import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** Namespace of the CloudWatch agent's metrics and of those that metric filters make (runbooks/agent/cloudwatch-agent.json). */
export const METRICS = "Site";

/**
 * Counts the lines of a log that match a pattern: a custom metric (0.30 USD a month beyond the free ten).
 * @returns the metric's name, which is the filter's
 */
export function countLines(
  name: string,
  logGroupName: pulumi.Input<string>,
  pattern: string,
  opts: pulumi.CustomResourceOptions,
): string {
  new aws.cloudwatch.LogMetricFilter(
    name,
    { logGroupName, pattern, metricTransformation: { namespace: METRICS, name, value: "1", defaultValue: "0" } },
    opts,
  );
  return name;
}
