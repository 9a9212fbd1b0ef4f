import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** A Command document of Systems Manager for servers. */
export const commandDocument = (
  name: string,
  content: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): aws.ssm.Document =>
  new aws.ssm.Document(
    name,
    { documentType: "Command", documentFormat: "YAML", targetType: "/AWS::EC2::Instance", content },
    opts,
  );
