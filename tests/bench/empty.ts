// What every Pulumi program pays before its first line: importing the SDK and the AWS provider.
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

process.stdout.write(
  `${JSON.stringify({ loaded: typeof aws.ec2.Instance === "function" && typeof pulumi.output === "function" })}\n`,
);
