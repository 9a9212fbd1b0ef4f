import { on, onOwn, type Use } from "./call";
import { networkCalls } from "./provider-network";

/**
 * What the AWS provider calls for one type of resource, and the look-ups of the program; `ec2/Instance` stands for the type token
 * `aws:ec2/instance:Instance`. Source: the provider's resources (hashicorp/terraform-provider-aws 6) and the Service Authorization
 * Reference, 2026-11; `npm run test:provider` asks a copy of that reference whether each action exists on each form, and
 * `npm run test:emulator` compares the table with the calls that the provider logs.
 */
export const providerCalls: Readonly<Record<string, readonly Use[]>> = {
  ...networkCalls,
  "appautoscaling/Policy": [
    on("application-autoscaling", "DescribeScalingPolicies"),
    on("application-autoscaling:ScalableTarget", "", "PutScalingPolicy DeleteScalingPolicy"),
  ],
  "appautoscaling/ScheduledAction": [
    on("application-autoscaling", "DescribeScheduledActions"),
    on("application-autoscaling:ScalableTarget", "", "PutScheduledAction DeleteScheduledAction"),
  ],
  "appautoscaling/Target": [
    on("application-autoscaling", "DescribeScalableTargets"),
    on(
      "application-autoscaling:ScalableTarget",
      "ListTagsForResource",
      "RegisterScalableTarget DeregisterScalableTarget TagResource UntagResource",
    ),
  ],
  "autoscaling/Group": [
    // It waits until the group's instances are healthy behind the load balancer.
    on("elasticloadbalancing", "DescribeTargetHealth"),
    on(
      "autoscaling",
      `DescribeAutoScalingGroups DescribeScalingActivities DescribeTags DescribeInstanceRefreshes DescribeWarmPool`,
    ),
    on(
      "autoscaling:autoScalingGroup",
      "",
      `CreateAutoScalingGroup UpdateAutoScalingGroup DeleteAutoScalingGroup CreateOrUpdateTags DeleteTags
      StartInstanceRefresh CancelInstanceRefresh EnableMetricsCollection DisableMetricsCollection SuspendProcesses
      ResumeProcesses AttachLoadBalancerTargetGroups DetachLoadBalancerTargetGroups AttachTrafficSources
      DetachTrafficSources PutLifecycleHook DeleteLifecycleHook SetInstanceProtection`,
    ),
  ],
  "autoscaling/LifecycleHook": [
    on("autoscaling", "DescribeLifecycleHooks"),
    on("autoscaling:autoScalingGroup", "", "PutLifecycleHook DeleteLifecycleHook"),
  ],
  "autoscaling/Policy": [
    on("autoscaling", "DescribePolicies"),
    on("autoscaling:autoScalingGroup", "", "PutScalingPolicy DeletePolicy"),
  ],
  "backup/Plan": [
    on(
      "backup:backupPlan",
      "GetBackupPlan ListTags",
      "CreateBackupPlan UpdateBackupPlan DeleteBackupPlan TagResource UntagResource",
    ),
  ],
  "backup/RestoreTestingPlan": [
    on(
      "backup:restoreTestingPlan",
      "GetRestoreTestingPlan ListTags",
      `CreateRestoreTestingPlan UpdateRestoreTestingPlan DeleteRestoreTestingPlan TagResource UntagResource`,
    ),
  ],
  "backup/RestoreTestingSelection": [
    on(
      "backup:restoreTestingPlan",
      "GetRestoreTestingSelection",
      `CreateRestoreTestingSelection UpdateRestoreTestingSelection DeleteRestoreTestingSelection`,
    ),
  ],
  "backup/Selection": [on("backup:backupPlan", "GetBackupSelection", "CreateBackupSelection DeleteBackupSelection")],
  "backup/Vault": [
    on(
      "backup:backupVault",
      "DescribeBackupVault ListTags",
      "CreateBackupVault DeleteBackupVault TagResource UntagResource",
    ),
    // A vault with a key of its own: docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault.html, 2026-11.
    on("backup-storage", "", "MountCapsule"),
    onOwn("kms:key", "", "CreateGrant Decrypt GenerateDataKey RetireGrant"),
  ],
  "backup/VaultLockConfiguration": [
    on(
      "backup:backupVault",
      "DescribeBackupVault",
      "PutBackupVaultLockConfiguration DeleteBackupVaultLockConfiguration",
    ),
  ],
  "budgets/Budget": [on("budgets:budget", "ViewBudget ListTagsForResource", "ModifyBudget TagResource UntagResource")],
  "cloudwatch/AlarmMuteRule": [
    on(
      "cloudwatch:alarm-mute-rule",
      "GetAlarmMuteRule ListTagsForResource",
      "PutAlarmMuteRule DeleteAlarmMuteRule TagResource UntagResource",
    ),
    on("cloudwatch:alarm", "", "PutAlarmMuteRule"),
  ],
  "cloudwatch/CompositeAlarm": [
    on("cloudwatch", "DescribeAlarms"),
    on(
      "cloudwatch:alarm",
      "ListTagsForResource",
      `PutCompositeAlarm DeleteAlarms EnableAlarmActions DisableAlarmActions TagResource UntagResource`,
    ),
  ],
  "cloudwatch/Dashboard": [on("cloudwatch:dashboard", "GetDashboard", "PutDashboard DeleteDashboards")],
  "cloudwatch/EventRule": [
    on(
      "events:rule-on-default-event-bus",
      "DescribeRule ListTagsForResource",
      "PutRule DeleteRule EnableRule DisableRule TagResource UntagResource",
    ),
  ],
  "cloudwatch/EventTarget": [on("events:rule-on-default-event-bus", "ListTargetsByRule", "PutTargets RemoveTargets")],
  "cloudwatch/LogGroup": [
    on("logs", "DescribeLogGroups"),
    on(
      "logs:log-group",
      "ListTagsForResource ListTagsLogGroup",
      `CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy TagResource UntagResource
      AssociateKmsKey DisassociateKmsKey`,
    ),
  ],
  "cloudwatch/LogMetricFilter": [on("logs:log-group", "DescribeMetricFilters", "PutMetricFilter DeleteMetricFilter")],
  "cloudwatch/MetricAlarm": [
    on("cloudwatch", "DescribeAlarms"),
    on("cloudwatch:alarm", "ListTagsForResource", "PutMetricAlarm DeleteAlarms TagResource UntagResource"),
  ],
  "cloudwatch/QueryDefinition": [on("logs", "DescribeQueryDefinitions", "PutQueryDefinition DeleteQueryDefinition")],
  "ecr/LifecyclePolicy": [on("ecr:repository", "GetLifecyclePolicy", "PutLifecyclePolicy DeleteLifecyclePolicy")],
  "ecr/Repository": [
    on(
      "ecr:repository",
      "DescribeRepositories ListTagsForResource",
      `CreateRepository DeleteRepository PutImageTagMutability PutImageScanningConfiguration TagResource
      UntagResource`,
    ),
  ],
  "ecs/Cluster": [
    on(
      "ecs:cluster",
      "DescribeClusters ListTagsForResource",
      `CreateCluster UpdateCluster DeleteCluster UpdateClusterSettings TagResource UntagResource`,
    ),
  ],
  "ecs/ClusterCapacityProviders": [on("ecs:cluster", "DescribeClusters", "PutClusterCapacityProviders")],
  "ecs/Service": [
    on(
      "ecs:service",
      "DescribeServices ListServiceDeployments ListTagsForResource",
      "CreateService UpdateService DeleteService TagResource UntagResource",
    ),
    on("ecs:service ecs:service-deployment", "DescribeServiceDeployments"),
  ],
  "ecs/TaskDefinition": [
    on("ecs", "DescribeTaskDefinition", "DeregisterTaskDefinition"),
    on("ecs:task-definition", "ListTagsForResource", "RegisterTaskDefinition TagResource UntagResource"),
  ],
  "iam/InstanceProfile": [
    on(
      "iam:instance-profile",
      "GetInstanceProfile ListInstanceProfileTags",
      `CreateInstanceProfile DeleteInstanceProfile AddRoleToInstanceProfile RemoveRoleFromInstanceProfile
      TagInstanceProfile UntagInstanceProfile`,
    ),
    on("iam:role", "GetRole", "PassRole"),
  ],
  "iam/OpenIdConnectProvider": [
    on(
      "iam:oidc-provider iam:oidc-provider#ci",
      "GetOpenIDConnectProvider ListOpenIDConnectProviderTags",
      `CreateOpenIDConnectProvider DeleteOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint
      AddClientIDToOpenIDConnectProvider RemoveClientIDFromOpenIDConnectProvider TagOpenIDConnectProvider
      UntagOpenIDConnectProvider`,
    ),
    on("iam", "ListOpenIDConnectProviders"),
  ],
  "iam/Policy": [
    on(
      "iam:policy#ci",
      "GetPolicy GetPolicyVersion ListPolicyVersions ListPolicyTags",
      "CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion TagPolicy UntagPolicy",
    ),
  ],
  "iam/Role": [
    on(
      "iam:role iam:role#ci",
      "GetRole ListRoleTags ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole",
      // The last two: a role is deleted with whatever policies it has by then.
      "CreateRole DeleteRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy TagRole UntagRole DeleteRolePolicy DetachRolePolicy",
    ),
    on("iam:role", "", "PassRole"),
    on("iam:role#linked", "", "CreateServiceLinkedRole"),
  ],
  "iam/RolePolicy": [on("iam:role", "GetRolePolicy", "PutRolePolicy DeleteRolePolicy")],
  "iam/RolePolicyAttachment": [
    on("iam:role iam:role#ci", "ListAttachedRolePolicies", "AttachRolePolicy DetachRolePolicy"),
  ],
  "kms/Key": [
    on(
      "kms:key",
      "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
      "EnableKeyRotation UpdateKeyDescription TagResource UntagResource",
    ),
    onOwn("kms:key", "", "DisableKeyRotation PutKeyPolicy ScheduleKeyDeletion"),
    on("kms", "", "CreateKey"),
  ],
  "lambda/Function": [
    on(
      "lambda:function",
      "GetFunction GetFunctionCodeSigningConfig ListVersionsByFunction ListTags",
      `CreateFunction UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction PutFunctionConcurrency
      DeleteFunctionConcurrency TagResource UntagResource`,
    ),
  ],
  "lambda/FunctionEventInvokeConfig": [
    on(
      "lambda:function",
      "GetFunctionEventInvokeConfig",
      `PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig`,
    ),
  ],
  "lambda/FunctionUrl": [
    on(
      "lambda:function",
      "GetFunctionUrlConfig",
      "CreateFunctionUrlConfig UpdateFunctionUrlConfig DeleteFunctionUrlConfig",
    ),
  ],
  "lambda/Permission": [on("lambda:function", "GetPolicy", "AddPermission RemovePermission")],
  "rds/Instance": [
    on(
      "rds:db",
      "DescribeDBInstances ListTagsForResource",
      "RebootDBInstance AddTagsToResource RemoveTagsFromResource",
    ),
    on("rds:db rds:og rds:pg rds:subgrp", "", "CreateDBInstance CreateDBInstanceReadReplica ModifyDBInstance"),
    on("rds:deployment", "DescribeBlueGreenDeployments", "SwitchoverBlueGreenDeployment DeleteBlueGreenDeployment"),
    on("rds:db rds:deployment rds:pg", "", "CreateBlueGreenDeployment"),
    on("rds:db", "", "DeleteDBInstance"),
    on("rds:auto-backup rds:db rds:og rds:pg rds:subgrp", "", "RestoreDBInstanceToPointInTime"),
    on("rds:db rds:og rds:pg rds:snapshot rds:subgrp", "", "RestoreDBInstanceFromDBSnapshot"),
  ],
  "rds/ParameterGroup": [
    on(
      "rds:pg",
      "DescribeDBParameterGroups DescribeDBParameters ListTagsForResource",
      `CreateDBParameterGroup ModifyDBParameterGroup ResetDBParameterGroup DeleteDBParameterGroup AddTagsToResource
      RemoveTagsFromResource`,
    ),
  ],
  "rds/SubnetGroup": [
    on(
      "rds:subgrp",
      "DescribeDBSubnetGroups ListTagsForResource",
      `CreateDBSubnetGroup ModifyDBSubnetGroup DeleteDBSubnetGroup AddTagsToResource RemoveTagsFromResource`,
    ),
  ],
  "s3/Bucket": [
    on(
      "s3:bucket",
      `ListBucket GetBucketLocation GetBucketTagging GetBucketPolicy GetBucketAcl GetBucketCORS GetBucketWebsite
      GetBucketVersioning GetBucketLogging GetBucketRequestPayment GetLifecycleConfiguration
      GetReplicationConfiguration GetEncryptionConfiguration GetAccelerateConfiguration
      GetBucketObjectLockConfiguration`,
      "CreateBucket DeleteBucket PutBucketTagging",
    ),
    // A bucket that goes with what is in it (forceDestroy), as the balancer's does at the end of a flip: the provider lists versions
    // and deletes each by its id, also where the bucket has none (its internal/service/s3/delete.go, 2026-11).
    on("s3:bucket", "", "ListBucketVersions"),
    on("s3:object#forced", "", "DeleteObject DeleteObjectVersion"),
  ],
  "s3/BucketCorsConfiguration": [on("s3:bucket", "GetBucketCORS", "PutBucketCORS")],
  "s3/BucketLifecycleConfiguration": [on("s3:bucket", "GetLifecycleConfiguration", "PutLifecycleConfiguration")],
  "s3/BucketPolicy": [on("s3:bucket", "GetBucketPolicy", "PutBucketPolicy DeleteBucketPolicy")],
  "s3/BucketPublicAccessBlock": [on("s3:bucket", "GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock")],
  "s3/BucketServerSideEncryptionConfiguration": [
    on("s3:bucket", "GetEncryptionConfiguration", "PutEncryptionConfiguration"),
  ],
  "secretsmanager/Secret": [
    on(
      "secretsmanager:Secret",
      "DescribeSecret GetResourcePolicy",
      "CreateSecret UpdateSecret DeleteSecret TagResource UntagResource",
    ),
  ],
  "secretsmanager/SecretVersion": [
    onOwn("secretsmanager:Secret", "GetSecretValue"),
    on("secretsmanager:Secret", "DescribeSecret", "PutSecretValue UpdateSecretVersionStage"),
  ],
  "sns/Topic": [
    on(
      "sns:topic",
      "GetTopicAttributes ListTagsForResource",
      "CreateTopic SetTopicAttributes DeleteTopic TagResource UntagResource",
    ),
  ],
  "sns/TopicPolicy": [on("sns:topic", "GetTopicAttributes", "SetTopicAttributes")],
  "sns/TopicSubscription": [
    on("sns", "GetSubscriptionAttributes", "SetSubscriptionAttributes Unsubscribe"),
    on("sns:topic", "ListSubscriptionsByTopic", "Subscribe"),
  ],
  "sqs/Queue": [
    on(
      "sqs:queue",
      "GetQueueAttributes ListQueueTags",
      "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue",
    ),
  ],
  "sqs/QueuePolicy": [on("sqs:queue", "GetQueueAttributes", "SetQueueAttributes")],
  "ssm/Association": [
    on(
      "ssm:association ssm:document ssm:instance",
      "DescribeAssociation",
      "CreateAssociation UpdateAssociation DeleteAssociation",
    ),
    on("ssm:association", "ListTagsForResource", "AddTagsToResource RemoveTagsFromResource"),
  ],
  "ssm/Document": [
    on(
      "ssm:document",
      "DescribeDocument GetDocument DescribeDocumentPermission ListTagsForResource",
      `CreateDocument UpdateDocument UpdateDocumentDefaultVersion DeleteDocument AddTagsToResource
      RemoveTagsFromResource`,
    ),
  ],
  "ssm/Parameter": [
    on(
      "ssm:parameter",
      "GetParameter GetParameters ListTagsForResource",
      "PutParameter DeleteParameter AddTagsToResource RemoveTagsFromResource",
    ),
    on("ssm", "DescribeParameters"),
  ],
  // Functions that look something up.
  getAvailabilityZones: [on("ec2", "DescribeAvailabilityZones")],
  getCallerIdentity: [on("sts", "GetCallerIdentity")],
  getRegion: [],
  "ec2/getSubnet": [on("ec2", "DescribeSubnets")],
  "ec2/getSubnets": [on("ec2", "DescribeSubnets")],
  "ec2/getVpc": [on("ec2", "DescribeVpcs DescribeRouteTables"), on("ec2:vpc", "DescribeVpcAttribute")],
  "ecr/getAuthorizationToken": [on("ecr", "GetAuthorizationToken")],
  "rds/getInstance": [on("rds:db#any", "DescribeDBInstances ListTagsForResource")],
  "rds/getInstances": [on("rds:db#any", "DescribeDBInstances")],
  "rds/getSnapshot": [on("rds:snapshot", "DescribeDBSnapshots ListTagsForResource")],
  "rds/getSubnetGroup": [on("rds:subgrp", "DescribeDBSubnetGroups")],
  "route53/getZone": [
    on("route53", "ListHostedZones ListHostedZonesByName"),
    on("route53:hostedzone", "GetHostedZone ListTagsForResource ListResourceRecordSets"),
  ],
  "secretsmanager/getSecretVersion": [on("secretsmanager:Secret#others", "GetSecretValue DescribeSecret")],
  "ssm/getParameter": [on("ssm:parameter#aws", "GetParameter")],
};
