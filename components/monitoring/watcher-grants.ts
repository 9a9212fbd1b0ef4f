import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { HomeArn } from "../aws/home-arn";
import { type Grant, logGrants } from "../aws/iam";

/** What the watcher works with. */
export interface WatcherGrantsArgs {
  readonly mute: aws.ssm.Parameter;
  readonly state: aws.ssm.Parameter;
  readonly logs: aws.cloudwatch.LogGroup;
  /** What EventBridge could not deliver, and looks that failed. */
  readonly dead: aws.sqs.Queue;
  readonly topicArn: pulumi.Input<string>;
  readonly databaseIdentifier: pulumi.Input<string>;
  /** The recovery that it starts, and the role that it hands over. */
  readonly automation: aws.ssm.Document;
  readonly role: aws.iam.Role;
}

/** What the watcher may do: look, start the recovery, and tell. */
export function watcherGrants(
  { mute, state, logs, dead, topicArn, databaseIdentifier, automation, role }: WatcherGrantsArgs,
  arn: HomeArn,
): Grant[] {
  return [
    ...logGrants([logs.arn]),
    { actions: ["ssm:GetParameter"], resources: [mute.arn, state.arn] },
    { actions: ["ssm:PutParameter"], resources: [state.arn] },
    {
      // The reference asks for all three forms (Service Authorization Reference, 2026-11).
      actions: ["ssm:StartAutomationExecution"],
      resources: [
        arn("ssm", pulumi.interpolate`automation-definition/${automation.name}:*`),
        // Not its `arn`, which the provider makes of the definition.
        arn("ssm", pulumi.interpolate`document/${automation.name}`),
        arn("ssm", "automation-execution/*"),
      ],
    },
    { actions: ["ssm:GetAutomationExecution"], resources: [arn("ssm", "automation-execution/*")] },
    {
      actions: ["iam:PassRole"],
      resources: [role.arn],
      conditions: { StringEquals: { "iam:PassedToService": "ssm.amazonaws.com" } },
    },
    {
      // Reads that know no resource.
      actions: [
        "ec2:DescribeAddresses",
        "ec2:DescribeInstances",
        "ec2:DescribeInstanceStatus",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVolumes",
        "ssm:DescribeInstanceInformation",
      ],
      resources: ["*"],
    },
    {
      actions: ["rds:DescribeDBInstances"],
      resources: [arn("rds", pulumi.interpolate`db:${databaseIdentifier}`)],
    },
    // Only whose a key is.
    { actions: ["kms:DescribeKey"], resources: [arn("kms", "key/*")] },
    { actions: ["sns:Publish"], resources: [topicArn] },
    { actions: ["sqs:SendMessage"], resources: [dead.arn] },
  ];
}
