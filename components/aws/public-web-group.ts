import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/**
 * The security group of what visitors reach: HTTP and HTTPS from everywhere, nothing else in, nothing out. The rules stand by
 * themselves, so that others may be added without replacing it.
 */
export function publicWebGroup(
  name: string,
  vpcId: pulumi.Input<string>,
  description: string,
  opts: pulumi.CustomResourceOptions,
): aws.ec2.SecurityGroup {
  const group = new aws.ec2.SecurityGroup(`${name}-security-group`, { vpcId, description }, opts);
  for (const port of [80, 443]) {
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-port-${port}`,
      {
        securityGroupId: group.id,
        cidrIpv4: "0.0.0.0/0",
        ipProtocol: "tcp",
        fromPort: port,
        toPort: port,
        description: "The site is public",
      },
      opts,
    );
  }
  return group;
}
