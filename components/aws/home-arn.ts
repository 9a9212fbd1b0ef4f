import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** ARN of something in the stack's own region and account: `arn("ssm", "document/name")`. */
export type HomeArn = (service: string, rest: pulumi.Input<string>) => pulumi.Output<string>;

export function homeArn(parent: pulumi.Resource): HomeArn {
  const { region } = aws.getRegionOutput({}, { parent });
  const { accountId } = aws.getCallerIdentityOutput({}, { parent });
  return (service, rest) => pulumi.interpolate`arn:aws:${service}:${region}:${accountId}:${rest}`;
}
