import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** The metadata service of an instance: by token only, not from a container; the boot scripts read the instance's tags from it. */
export const METADATA = {
  httpEndpoint: "enabled",
  httpTokens: "required",
  httpPutResponseHopLimit: 1,
  instanceMetadataTags: "enabled",
} as const;

/** A parameter that instances read: free up to 4 KB, 0.05 USD a month beyond. */
const instanceParameter = (
  name: string,
  description: string,
  value: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): aws.ssm.Parameter =>
  new aws.ssm.Parameter(name, { type: "String", tier: "Intelligent-Tiering", description, value }, opts);

/** The config of the CloudWatch agent. */
export const agentParameter = (
  name: string,
  value: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): aws.ssm.Parameter => instanceParameter(`${name}-agent`, "CloudWatch agent config", value, opts);

/** The boot configuration. @param who reads it */
export const bootParameter = (
  name: string,
  who: string,
  value: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): aws.ssm.Parameter =>
  instanceParameter(
    `${name}-boot`,
    `What ${who} reads when it boots; it says where secrets are, never their values`,
    value,
    opts,
  );

/** Amazon Linux 2023 as AWS publishes it now. */
export const newestAmi = (
  architecture: "arm64" | "x86_64",
  opts: pulumi.InvokeOutputOptions,
): pulumi.Output<string> => {
  const name = `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`;
  return aws.ssm.getParameterOutput({ name }, opts).value;
};
