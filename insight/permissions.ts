import type { Plan } from "./plan";
import { built } from "./read";

/**
 * What the AWS provider calls for one type of resource. `read` is enough for a preview with refresh, `write` comes on top for an
 * update. Source: the provider's resources (hashicorp/terraform-provider-aws 6) and the Service Authorization Reference, 2026-11;
 * `npm run test:account` asks a copy of that reference whether each action exists.
 */
export interface Permissions {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** Actions of one service, its prefix written once. */
const of = (service: string, read: string, write: string): Permissions => ({
  read: read.split(" ").map((action) => `${service}:${action}`),
  write: write ? write.split(" ").map((action) => `${service}:${action}`) : [],
});

const both = (...parts: readonly Permissions[]): Permissions => ({
  read: parts.flatMap(({ read }) => read),
  write: parts.flatMap(({ write }) => write),
});

const ec2Tags = of("ec2", "DescribeTags", "CreateTags DeleteTags");

/** Type token without the module's file part -> permissions: `ec2/Instance` stands for `aws:ec2/instance:Instance`. */
const table: Readonly<Record<string, Permissions>> = {
  "acm/Certificate": of(
    "acm",
    "DescribeCertificate ListTagsForCertificate GetCertificate",
    "RequestCertificate DeleteCertificate AddTagsToCertificate RemoveTagsFromCertificate UpdateCertificateOptions",
  ),
  "acm/CertificateValidation": of("acm", "DescribeCertificate", ""),
  "appautoscaling/Policy": of(
    "application-autoscaling",
    "DescribeScalingPolicies",
    "PutScalingPolicy DeleteScalingPolicy",
  ),
  "appautoscaling/ScheduledAction": of(
    "application-autoscaling",
    "DescribeScheduledActions",
    "PutScheduledAction DeleteScheduledAction",
  ),
  "appautoscaling/Target": of(
    "application-autoscaling",
    "DescribeScalableTargets ListTagsForResource",
    "RegisterScalableTarget DeregisterScalableTarget TagResource UntagResource",
  ),
  "autoscaling/Group": of(
    "autoscaling",
    "DescribeAutoScalingGroups DescribeScalingActivities DescribeTags DescribeInstanceRefreshes DescribeWarmPool",
    "CreateAutoScalingGroup UpdateAutoScalingGroup DeleteAutoScalingGroup CreateOrUpdateTags DeleteTags StartInstanceRefresh CancelInstanceRefresh EnableMetricsCollection DisableMetricsCollection SuspendProcesses ResumeProcesses AttachLoadBalancerTargetGroups DetachLoadBalancerTargetGroups AttachTrafficSources DetachTrafficSources PutLifecycleHook DeleteLifecycleHook SetInstanceProtection",
  ),
  "autoscaling/LifecycleHook": of("autoscaling", "DescribeLifecycleHooks", "PutLifecycleHook DeleteLifecycleHook"),
  "autoscaling/Policy": of("autoscaling", "DescribePolicies", "PutScalingPolicy DeletePolicy"),
  "autoscaling/Schedule": of(
    "autoscaling",
    "DescribeScheduledActions",
    "PutScheduledUpdateGroupAction DeleteScheduledAction",
  ),
  "backup/Plan": of(
    "backup",
    "GetBackupPlan ListTags",
    "CreateBackupPlan UpdateBackupPlan DeleteBackupPlan TagResource UntagResource",
  ),
  "backup/RestoreTestingPlan": of(
    "backup",
    "GetRestoreTestingPlan ListTags",
    "CreateRestoreTestingPlan UpdateRestoreTestingPlan DeleteRestoreTestingPlan TagResource UntagResource",
  ),
  "backup/RestoreTestingSelection": of(
    "backup",
    "GetRestoreTestingSelection",
    "CreateRestoreTestingSelection UpdateRestoreTestingSelection DeleteRestoreTestingSelection",
  ),
  "backup/Selection": of("backup", "GetBackupSelection", "CreateBackupSelection DeleteBackupSelection"),
  "backup/Vault": of(
    "backup",
    "DescribeBackupVault ListTags",
    "CreateBackupVault DeleteBackupVault TagResource UntagResource",
  ),
  "backup/VaultLockConfiguration": of(
    "backup",
    "DescribeBackupVault",
    "PutBackupVaultLockConfiguration DeleteBackupVaultLockConfiguration",
  ),
  "backup/VaultNotifications": of(
    "backup",
    "GetBackupVaultNotifications",
    "PutBackupVaultNotifications DeleteBackupVaultNotifications",
  ),
  "backup/VaultPolicy": of(
    "backup",
    "GetBackupVaultAccessPolicy",
    "PutBackupVaultAccessPolicy DeleteBackupVaultAccessPolicy",
  ),
  "budgets/Budget": of("budgets", "ViewBudget ListTagsForResource", "ModifyBudget TagResource UntagResource"),
  "cloudwatch/CompositeAlarm": of(
    "cloudwatch",
    "DescribeAlarms ListTagsForResource",
    "PutCompositeAlarm DeleteAlarms EnableAlarmActions DisableAlarmActions TagResource UntagResource",
  ),
  "cloudwatch/Dashboard": of("cloudwatch", "GetDashboard", "PutDashboard DeleteDashboards"),
  "cloudwatch/EventRule": of(
    "events",
    "DescribeRule ListTagsForResource",
    "PutRule DeleteRule EnableRule DisableRule TagResource UntagResource",
  ),
  "cloudwatch/EventTarget": of("events", "ListTargetsByRule", "PutTargets RemoveTargets"),
  "cloudwatch/EventPermission": of("events", "DescribeEventBus", "PutPermission RemovePermission"),
  "cloudwatch/LogGroup": of(
    "logs",
    "DescribeLogGroups ListTagsForResource ListTagsLogGroup",
    "CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy TagResource UntagResource AssociateKmsKey DisassociateKmsKey",
  ),
  "cloudwatch/LogMetricFilter": of("logs", "DescribeMetricFilters", "PutMetricFilter DeleteMetricFilter"),
  "cloudwatch/LogResourcePolicy": of("logs", "DescribeResourcePolicies", "PutResourcePolicy DeleteResourcePolicy"),
  "cloudwatch/LogSubscriptionFilter": of(
    "logs",
    "DescribeSubscriptionFilters",
    "PutSubscriptionFilter DeleteSubscriptionFilter",
  ),
  "cloudwatch/MetricAlarm": of(
    "cloudwatch",
    "DescribeAlarms ListTagsForResource",
    "PutMetricAlarm DeleteAlarms TagResource UntagResource",
  ),
  "cloudwatch/QueryDefinition": of("logs", "DescribeQueryDefinitions", "PutQueryDefinition DeleteQueryDefinition"),
  "ec2/DefaultSecurityGroup": both(
    of(
      "ec2",
      "DescribeSecurityGroups DescribeSecurityGroupRules",
      "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress",
    ),
    ec2Tags,
  ),
  "ec2/Eip": both(of("ec2", "DescribeAddresses DescribeAddressesAttribute", "AllocateAddress ReleaseAddress"), ec2Tags),
  "ec2/EipAssociation": of("ec2", "DescribeAddresses", "AssociateAddress DisassociateAddress"),
  "ec2/FlowLog": both(of("ec2", "DescribeFlowLogs", "CreateFlowLogs DeleteFlowLogs"), ec2Tags),
  "ec2/Instance": both(
    of(
      "ec2",
      "DescribeInstances DescribeInstanceTypes DescribeInstanceAttribute DescribeInstanceCreditSpecifications DescribeVolumes DescribeImages DescribeVpcs DescribeSubnets",
      "RunInstances TerminateInstances StartInstances StopInstances ModifyInstanceAttribute ModifyInstanceMetadataOptions ModifyInstanceCreditSpecification ModifyVolume AssociateIamInstanceProfile DisassociateIamInstanceProfile ReplaceIamInstanceProfileAssociation MonitorInstances UnmonitorInstances",
    ),
    of("ec2", "DescribeIamInstanceProfileAssociations", ""),
    ec2Tags,
  ),
  "ec2/InternetGateway": both(
    of(
      "ec2",
      "DescribeInternetGateways",
      "CreateInternetGateway DeleteInternetGateway AttachInternetGateway DetachInternetGateway",
    ),
    ec2Tags,
  ),
  "ec2/LaunchTemplate": both(
    of(
      "ec2",
      "DescribeLaunchTemplates DescribeLaunchTemplateVersions",
      "CreateLaunchTemplate CreateLaunchTemplateVersion ModifyLaunchTemplate DeleteLaunchTemplate RunInstances",
    ),
    ec2Tags,
  ),
  "ec2/Route": of("ec2", "DescribeRouteTables", "CreateRoute DeleteRoute ReplaceRoute"),
  "ec2/RouteTable": both(
    of("ec2", "DescribeRouteTables", "CreateRouteTable DeleteRouteTable CreateRoute DeleteRoute ReplaceRoute"),
    ec2Tags,
  ),
  "ec2/RouteTableAssociation": of(
    "ec2",
    "DescribeRouteTables",
    "AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation",
  ),
  "ec2/SecurityGroup": both(
    of(
      "ec2",
      "DescribeSecurityGroups DescribeSecurityGroupRules DescribeNetworkInterfaces",
      "CreateSecurityGroup DeleteSecurityGroup AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress RevokeSecurityGroupIngress",
    ),
    ec2Tags,
  ),
  "ec2/Subnet": both(
    of("ec2", "DescribeSubnets DescribeNetworkInterfaces", "CreateSubnet DeleteSubnet ModifySubnetAttribute"),
    ec2Tags,
  ),
  "ec2/Vpc": both(
    of(
      "ec2",
      "DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups",
      "CreateVpc DeleteVpc ModifyVpcAttribute",
    ),
    ec2Tags,
  ),
  "ec2/VpcEndpoint": both(
    of("ec2", "DescribeVpcEndpoints DescribePrefixLists", "CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints"),
    ec2Tags,
  ),
  "ecr/LifecyclePolicy": of("ecr", "GetLifecyclePolicy", "PutLifecyclePolicy DeleteLifecyclePolicy"),
  "ecr/Repository": of(
    "ecr",
    "DescribeRepositories ListTagsForResource",
    "CreateRepository DeleteRepository PutImageTagMutability PutImageScanningConfiguration TagResource UntagResource",
  ),
  "ecr/RepositoryPolicy": of("ecr", "GetRepositoryPolicy", "SetRepositoryPolicy DeleteRepositoryPolicy"),
  "ecs/Cluster": of(
    "ecs",
    "DescribeClusters ListTagsForResource",
    "CreateCluster UpdateCluster DeleteCluster UpdateClusterSettings TagResource UntagResource",
  ),
  "ecs/ClusterCapacityProviders": of("ecs", "DescribeClusters", "PutClusterCapacityProviders"),
  "ecs/Service": of(
    "ecs",
    "DescribeServices DescribeServiceDeployments ListServiceDeployments ListTagsForResource",
    "CreateService UpdateService DeleteService TagResource UntagResource",
  ),
  "ecs/TaskDefinition": of(
    "ecs",
    "DescribeTaskDefinition ListTagsForResource",
    "RegisterTaskDefinition DeregisterTaskDefinition TagResource UntagResource",
  ),
  "iam/InstanceProfile": of(
    "iam",
    "GetInstanceProfile ListInstanceProfileTags",
    "CreateInstanceProfile DeleteInstanceProfile AddRoleToInstanceProfile RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile PassRole",
  ),
  "iam/OpenIdConnectProvider": of(
    "iam",
    "GetOpenIDConnectProvider ListOpenIDConnectProviders ListOpenIDConnectProviderTags",
    "CreateOpenIDConnectProvider DeleteOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint AddClientIDToOpenIDConnectProvider RemoveClientIDFromOpenIDConnectProvider TagOpenIDConnectProvider UntagOpenIDConnectProvider",
  ),
  "iam/Policy": of(
    "iam",
    "GetPolicy GetPolicyVersion ListPolicyVersions ListPolicyTags",
    "CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion TagPolicy UntagPolicy",
  ),
  "iam/Role": of(
    "iam",
    "GetRole ListRoleTags ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole",
    "CreateRole DeleteRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy PassRole TagRole UntagRole",
  ),
  "iam/RolePolicy": of("iam", "GetRolePolicy", "PutRolePolicy DeleteRolePolicy"),
  "iam/RolePolicyAttachment": of("iam", "ListAttachedRolePolicies", "AttachRolePolicy DetachRolePolicy"),
  "kms/Alias": of("kms", "ListAliases", "CreateAlias UpdateAlias DeleteAlias"),
  "kms/Key": of(
    "kms",
    "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
    "CreateKey EnableKeyRotation DisableKeyRotation PutKeyPolicy ScheduleKeyDeletion UpdateKeyDescription TagResource UntagResource",
  ),
  "lambda/Function": of(
    "lambda",
    "GetFunction GetFunctionCodeSigningConfig ListVersionsByFunction ListTags",
    "CreateFunction UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction PutFunctionConcurrency DeleteFunctionConcurrency TagResource UntagResource",
  ),
  "lambda/FunctionEventInvokeConfig": of(
    "lambda",
    "GetFunctionEventInvokeConfig",
    "PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig",
  ),
  "lambda/FunctionUrl": of(
    "lambda",
    "GetFunctionUrlConfig",
    "CreateFunctionUrlConfig UpdateFunctionUrlConfig DeleteFunctionUrlConfig",
  ),
  "lambda/Permission": of("lambda", "GetPolicy", "AddPermission RemovePermission"),
  "lb/Listener": of(
    "elasticloadbalancing",
    "DescribeListeners DescribeListenerAttributes DescribeTags",
    "CreateListener ModifyListener ModifyListenerAttributes DeleteListener AddTags RemoveTags",
  ),
  "lb/ListenerCertificate": of(
    "elasticloadbalancing",
    "DescribeListenerCertificates",
    "AddListenerCertificates RemoveListenerCertificates",
  ),
  "lb/ListenerRule": of(
    "elasticloadbalancing",
    "DescribeRules DescribeTags",
    "CreateRule ModifyRule DeleteRule SetRulePriorities AddTags RemoveTags",
  ),
  "lb/LoadBalancer": of(
    "elasticloadbalancing",
    "DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeCapacityReservation DescribeTags",
    "CreateLoadBalancer DeleteLoadBalancer ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets SetIpAddressType AddTags RemoveTags",
  ),
  "lb/TargetGroup": of(
    "elasticloadbalancing",
    "DescribeTargetGroups DescribeTargetGroupAttributes DescribeTargetHealth DescribeTags",
    "CreateTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup AddTags RemoveTags",
  ),
  "lb/TargetGroupAttachment": of("elasticloadbalancing", "DescribeTargetHealth", "RegisterTargets DeregisterTargets"),
  "rds/EventSubscription": of(
    "rds",
    "DescribeEventSubscriptions ListTagsForResource",
    "CreateEventSubscription ModifyEventSubscription DeleteEventSubscription AddTagsToResource RemoveTagsFromResource",
  ),
  "rds/Instance": of(
    "rds",
    "DescribeDBInstances ListTagsForResource",
    "CreateDBInstance ModifyDBInstance RebootDBInstance StartDBInstance StopDBInstance RestoreDBInstanceToPointInTime RestoreDBInstanceFromDBSnapshot AddTagsToResource RemoveTagsFromResource",
  ),
  "rds/ParameterGroup": of(
    "rds",
    "DescribeDBParameterGroups DescribeDBParameters ListTagsForResource",
    "CreateDBParameterGroup ModifyDBParameterGroup ResetDBParameterGroup DeleteDBParameterGroup AddTagsToResource RemoveTagsFromResource",
  ),
  "rds/SubnetGroup": of(
    "rds",
    "DescribeDBSubnetGroups ListTagsForResource",
    "CreateDBSubnetGroup ModifyDBSubnetGroup DeleteDBSubnetGroup AddTagsToResource RemoveTagsFromResource",
  ),
  "route53/HealthCheck": of(
    "route53",
    "GetHealthCheck ListTagsForResource",
    "CreateHealthCheck UpdateHealthCheck DeleteHealthCheck ChangeTagsForResource",
  ),
  "route53/Record": of("route53", "ListResourceRecordSets GetHostedZone GetChange", "ChangeResourceRecordSets"),
  "route53/Zone": of(
    "route53",
    "GetHostedZone ListHostedZones ListTagsForResource GetDNSSEC",
    "CreateHostedZone UpdateHostedZoneComment DeleteHostedZone ChangeTagsForResource",
  ),
  "s3/Bucket": of(
    "s3",
    "ListBucket GetBucketLocation GetBucketTagging GetBucketPolicy GetBucketAcl GetBucketCORS GetBucketWebsite GetBucketVersioning GetBucketLogging GetBucketRequestPayment GetLifecycleConfiguration GetReplicationConfiguration GetEncryptionConfiguration GetAccelerateConfiguration GetBucketObjectLockConfiguration",
    "CreateBucket DeleteBucket PutBucketTagging",
  ),
  "s3/BucketCorsConfiguration": of("s3", "GetBucketCORS", "PutBucketCORS"),
  "s3/BucketLifecycleConfiguration": of("s3", "GetLifecycleConfiguration", "PutLifecycleConfiguration"),
  "s3/BucketPolicy": of("s3", "GetBucketPolicy", "PutBucketPolicy DeleteBucketPolicy"),
  "s3/BucketPublicAccessBlock": of("s3", "GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock"),
  "s3/BucketServerSideEncryptionConfiguration": of("s3", "GetEncryptionConfiguration", "PutEncryptionConfiguration"),
  "s3/BucketVersioning": of("s3", "GetBucketVersioning", "PutBucketVersioning"),
  "scheduler/Schedule": of("scheduler", "GetSchedule", "CreateSchedule UpdateSchedule DeleteSchedule"),
  "scheduler/ScheduleGroup": of(
    "scheduler",
    "GetScheduleGroup ListTagsForResource",
    "CreateScheduleGroup DeleteScheduleGroup TagResource UntagResource",
  ),
  "secretsmanager/Secret": of(
    "secretsmanager",
    "DescribeSecret GetResourcePolicy",
    "CreateSecret UpdateSecret DeleteSecret TagResource UntagResource",
  ),
  "secretsmanager/SecretVersion": of("secretsmanager", "GetSecretValue", "PutSecretValue UpdateSecretVersionStage"),
  "sns/Topic": of(
    "sns",
    "GetTopicAttributes ListTagsForResource",
    "CreateTopic SetTopicAttributes DeleteTopic TagResource UntagResource",
  ),
  "sns/TopicPolicy": of("sns", "GetTopicAttributes", "SetTopicAttributes"),
  "sns/TopicSubscription": of("sns", "GetSubscriptionAttributes", "Subscribe SetSubscriptionAttributes Unsubscribe"),
  "sqs/Queue": of(
    "sqs",
    "GetQueueAttributes GetQueueUrl ListQueueTags",
    "CreateQueue SetQueueAttributes DeleteQueue TagQueue UntagQueue",
  ),
  "sqs/QueuePolicy": of("sqs", "GetQueueAttributes", "SetQueueAttributes"),
  "ssm/Association": of(
    "ssm",
    "DescribeAssociation ListTagsForResource",
    "CreateAssociation UpdateAssociation DeleteAssociation AddTagsToResource RemoveTagsFromResource",
  ),
  "ssm/Document": of(
    "ssm",
    "DescribeDocument GetDocument DescribeDocumentPermission ListTagsForResource",
    "CreateDocument UpdateDocument UpdateDocumentDefaultVersion DeleteDocument AddTagsToResource RemoveTagsFromResource",
  ),
  "ssm/Parameter": of(
    "ssm",
    "GetParameter GetParameters DescribeParameters ListTagsForResource",
    "PutParameter DeleteParameter AddTagsToResource RemoveTagsFromResource",
  ),
  "vpc/SecurityGroupEgressRule": both(
    of(
      "ec2",
      "DescribeSecurityGroupRules",
      "AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress ModifySecurityGroupRules",
    ),
    ec2Tags,
  ),
  "vpc/SecurityGroupIngressRule": both(
    of(
      "ec2",
      "DescribeSecurityGroupRules",
      "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress ModifySecurityGroupRules",
    ),
    ec2Tags,
  ),
};

/** What the program and its gates ask besides the resources. */
const asked = [
  "autoscaling:DescribeAutoScalingGroups",
  "autoscaling:DescribeInstanceRefreshes",
  "ec2:DescribeAvailabilityZones",
  "ec2:DescribeSubnets",
  "ec2:DescribeVpcs",
  "ecs:DescribeServices",
  "elasticloadbalancing:DescribeRules",
  "rds:DescribeDBInstances",
  "route53:ListHostedZonesByName",
  "route53:ListHostedZones",
  "route53:ListResourceRecordSets",
  "ssm:GetParameter",
  "ssm:GetParameterHistory",
  "sts:GetCallerIdentity",
] as const;

const keyOf = (type: string) => type.replace(/^aws:(\w+)\/\w+:(\w+)$/, "$1/$2");

/** The permissions of a type; undefined for one that is not of AWS, or not in the table. */
export const permissionsOf = (type: string): Permissions | undefined => table[keyOf(type)];

const unique = (actions: readonly string[]) => [...new Set(actions)].sort();

/** Every action of the table: what building any architecture, and moving between them, takes. */
export const allPermissions: Permissions = {
  read: unique([...asked, ...Object.values(table).flatMap(({ read }) => read)]),
  write: unique(Object.values(table).flatMap(({ write }) => write)),
};

/** What `pulumi up` of a plan takes, and which of its AWS types the table does not know. */
export function permissionsFor(plan: Plan): Permissions & { readonly unknown: readonly string[] } {
  const types = [...new Set(built(plan).map(({ type }) => type))].filter((type) => type.startsWith("aws:"));
  const known = types.flatMap((type) => permissionsOf(type) ?? []);
  return {
    read: unique([...asked, ...known.flatMap(({ read }) => read)]),
    write: unique(known.flatMap(({ write }) => write)),
    unknown: types.filter((type) => !permissionsOf(type)).sort(),
  };
}
