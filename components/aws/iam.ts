import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** One statement of a policy; `Effect` is always Allow. */
export interface Grant {
  readonly actions: readonly string[];
  readonly resources: readonly pulumi.Input<string>[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, pulumi.Input<string | string[]>>>>>;
}

/** An IAM policy document of these statements. */
export const policyDocument = (...statements: readonly object[]): pulumi.Output<string> =>
  pulumi.jsonStringify({ Version: "2012-10-17", Statement: statements });

/**
 * Who may take a role by a token of an OpenID Connect issuer: the named subjects, without a pattern.
 *
 * @param provider ARN of the issuer's identity provider in IAM
 * @param issuer the issuer's address without `https://`
 */
export const federatedTrust = (
  provider: pulumi.Input<string>,
  issuer: string,
  audience: string,
  subjects: pulumi.Input<string> | readonly pulumi.Input<string>[],
): pulumi.Output<string> =>
  policyDocument({
    Effect: "Allow",
    Principal: { Federated: provider },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: { StringEquals: { [`${issuer}:aud`]: audience, [`${issuer}:sub`]: subjects } },
  });

/**
 * IAM deletes no role that has a policy (docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html), not one that an update left
 * which was killed, nor one that somebody added by hand. With this the provider takes every attached and inline policy away first
 * (hashicorp/terraform-provider-aws#2388): nobody else's, since they go with their role.
 */
export const deletable = { forceDetachPolicies: true } as const;

/**
 * A role that one AWS service assumes, with exactly the given grants as its inline policy.
 *
 * @param service for example `ecs-tasks.amazonaws.com`
 * @param trust further conditions on who may assume it, against a service acting for another account
 */
export function serviceRole(
  name: string,
  service: string,
  grants: readonly Grant[],
  opts: pulumi.CustomResourceOptions,
  trust?: Grant["conditions"],
): aws.iam.Role {
  const role = new aws.iam.Role(
    name,
    {
      ...deletable,
      assumeRolePolicy: policyDocument({
        Effect: "Allow",
        Principal: { Service: service },
        Action: "sts:AssumeRole",
        ...(trust ? { Condition: trust } : {}),
      }),
    },
    opts,
  );
  if (grants.length > 0) {
    new aws.iam.RolePolicy(`${name}-policy`, { role: role.id, policy: grantPolicy(grants) }, opts);
  }
  return role;
}

/** An IAM policy document that allows the given grants. */
export function grantPolicy(grants: readonly Grant[]): pulumi.Output<string> {
  return policyDocument(
    ...grants.map(({ actions, resources, conditions }) => ({
      Effect: "Allow",
      Action: [...actions],
      Resource: [...resources],
      ...(conditions ? { Condition: conditions } : {}),
    })),
  );
}

/**
 * What the agent of Systems Manager takes, for Run Command, associations, patch scans and Session Manager: the managed policy
 * AmazonSSMManagedInstanceCore less `ssm:GetParameter` and `ssm:GetParameters`, which would let a server that visitors reach read every
 * parameter of the account. What it has to read is granted by itself. Source: AWS managed policy reference, 2026-11.
 */
export const managedGrants: readonly Grant[] = [
  {
    actions: [
      "ssm:DescribeAssociation",
      "ssm:DescribeDocument",
      "ssm:GetDeployablePatchSnapshotForInstance",
      "ssm:GetDocument",
      "ssm:GetManifest",
      "ssm:ListAssociations",
      "ssm:ListInstanceAssociations",
      "ssm:PutComplianceItems",
      "ssm:PutConfigurePackageResult",
      "ssm:PutInventory",
      "ssm:UpdateAssociationStatus",
      "ssm:UpdateInstanceAssociationStatus",
      "ssm:UpdateInstanceInformation",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
      "ec2messages:AcknowledgeMessage",
      "ec2messages:DeleteMessage",
      "ec2messages:FailMessage",
      "ec2messages:GetEndpoint",
      "ec2messages:GetMessages",
      "ec2messages:SendReply",
    ],
    resources: ["*"],
  },
];

/** What pulling the app's image takes. The token call has no resource of its own. */
export function pullGrants(repositoryArns: readonly pulumi.Input<string>[]): Grant[] {
  return [
    { actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
    {
      actions: ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
      resources: repositoryArns,
    },
  ];
}

/** What reading the app's secrets takes. */
export function secretGrants(arns: readonly pulumi.Input<string>[]): Grant[] {
  return [{ actions: ["secretsmanager:GetSecretValue"], resources: arns }];
}

/** What writing the metrics of one namespace takes. The call has no resource of its own. */
export const metricGrant = (namespace: string): Grant => ({
  actions: ["cloudwatch:PutMetricData"],
  resources: ["*"],
  conditions: { StringEquals: { "cloudwatch:namespace": namespace } },
});

/** What writing to log groups takes. */
export function logGrants(logGroupArns: readonly pulumi.Input<string>[]): Grant[] {
  return [
    {
      actions: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
      resources: logGroupArns.map((arn) => pulumi.interpolate`${arn}:*`),
    },
  ];
}
