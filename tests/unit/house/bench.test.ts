import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planStack } from "../../../cli/planner/planner";
import { skipIf } from "../../skip";

const bench = join(__dirname, "..", "..", "bench");

/** What a kind of our plan is in CloudFormation: a type of its own, with as many unless `fewer` says why not, or part of another. */
type Counterpart =
  | { readonly as: string; readonly fewer?: readonly [count: number, why: string] }
  | { readonly coveredBy: string };

const as = (type: string, fewer?: readonly [number, string]): Counterpart => ({
  as: `AWS::${type}`,
  ...(fewer ? { fewer } : {}),
});
const covered = (coveredBy: string): Counterpart => ({ coveredBy });

const counterparts: Readonly<Record<string, Counterpart>> = {
  "aws:acm/certificate:Certificate": as("CertificateManager::Certificate"),
  "aws:acm/certificateValidation:CertificateValidation": covered("the certificate, which CloudFormation waits for"),
  "aws:appautoscaling/policy:Policy": as("ApplicationAutoScaling::ScalingPolicy"),
  "aws:appautoscaling/target:Target": as("ApplicationAutoScaling::ScalableTarget"),
  "aws:backup/plan:Plan": as("Backup::BackupPlan"),
  "aws:backup/restoreTestingPlan:RestoreTestingPlan": as("Backup::RestoreTestingPlan"),
  "aws:backup/restoreTestingSelection:RestoreTestingSelection": as("Backup::RestoreTestingSelection"),
  "aws:backup/selection:Selection": as("Backup::BackupSelection"),
  "aws:backup/vault:Vault": as("Backup::BackupVault"),
  "aws:backup/vaultLockConfiguration:VaultLockConfiguration": covered("LockConfiguration of the vault"),
  "aws:budgets/budget:Budget": as("Budgets::Budget"),
  "aws:cloudwatch/compositeAlarm:CompositeAlarm": as("CloudWatch::CompositeAlarm"),
  "aws:cloudwatch/dashboard:Dashboard": as("CloudWatch::Dashboard"),
  "aws:cloudwatch/eventRule:EventRule": as("Events::Rule"),
  "aws:cloudwatch/eventTarget:EventTarget": covered("Targets of the rule"),
  "aws:cloudwatch/logGroup:LogGroup": as("Logs::LogGroup"),
  "aws:cloudwatch/logMetricFilter:LogMetricFilter": as("Logs::MetricFilter"),
  "aws:cloudwatch/metricAlarm:MetricAlarm": as("CloudWatch::Alarm"),
  "aws:cloudwatch/queryDefinition:QueryDefinition": as("Logs::QueryDefinition"),
  "aws:ec2/securityGroup:SecurityGroup": as("EC2::SecurityGroup"),
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": covered("LifecyclePolicy of the repository"),
  "aws:ecr/repository:Repository": as("ECR::Repository"),
  "aws:ecs/cluster:Cluster": as("ECS::Cluster"),
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": as("ECS::ClusterCapacityProviderAssociations"),
  "aws:ecs/service:Service": as("ECS::Service"),
  "aws:ecs/taskDefinition:TaskDefinition": as("ECS::TaskDefinition"),
  "aws:iam/role:Role": as("IAM::Role"),
  "aws:iam/rolePolicy:RolePolicy": as("IAM::Policy"),
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": covered("ManagedPolicyArns of the role"),
  "aws:kms/key:Key": as("KMS::Key"),
  "aws:lambda/function:Function": as("Lambda::Function"),
  "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": as("Lambda::EventInvokeConfig"),
  "aws:lambda/permission:Permission": as("Lambda::Permission"),
  "aws:lb/listener:Listener": as("ElasticLoadBalancingV2::Listener"),
  "aws:lb/listenerRule:ListenerRule": as("ElasticLoadBalancingV2::ListenerRule"),
  "aws:lb/loadBalancer:LoadBalancer": as("ElasticLoadBalancingV2::LoadBalancer"),
  "aws:lb/targetGroup:TargetGroup": as("ElasticLoadBalancingV2::TargetGroup"),
  "aws:lb/targetGroupAttachment:TargetGroupAttachment": covered("Targets of the target group"),
  "aws:rds/instance:Instance": as("RDS::DBInstance"),
  "aws:rds/parameterGroup:ParameterGroup": as("RDS::DBParameterGroup"),
  "aws:rds/subnetGroup:SubnetGroup": as("RDS::DBSubnetGroup"),
  "aws:route53/healthCheck:HealthCheck": as("Route53::HealthCheck"),
  "aws:route53/record:Record": as("Route53::RecordSet", [2, "the certificate makes the records of its validation"]),
  "aws:s3/bucket:Bucket": as("S3::Bucket"),
  "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": covered("CorsConfiguration of the bucket"),
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": covered("LifecycleConfiguration of the bucket"),
  "aws:s3/bucketPolicy:BucketPolicy": as("S3::BucketPolicy"),
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": covered("PublicAccessBlockConfiguration of the bucket"),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": covered(
    "BucketEncryption of the bucket",
  ),
  "aws:secretsmanager/secret:Secret": as("SecretsManager::Secret"),
  "aws:secretsmanager/secretVersion:SecretVersion": as("SecretsManager::SecretTargetAttachment", [
    1,
    "the value of a secret is a property of it; only the database's address is attached",
  ]),
  "aws:sns/topic:Topic": as("SNS::Topic"),
  "aws:sns/topicPolicy:TopicPolicy": as("SNS::TopicPolicy"),
  "aws:sns/topicSubscription:TopicSubscription": as("SNS::Subscription"),
  "aws:ssm/parameter:Parameter": as("SSM::Parameter"),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": as("EC2::SecurityGroupEgress", [
    1,
    "rules for addresses are in the group",
  ]),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": as("EC2::SecurityGroupIngress", [
    2,
    "rules for addresses are in the group",
  ]),
  "random:index/randomBytes:RandomBytes": covered("GenerateSecretString of the secret"),
  "random:index/randomId:RandomId": covered("the names that CloudFormation makes"),
  "random:index/randomPassword:RandomPassword": covered("GenerateSecretString of the secret"),
};

const tally = (types: readonly string[]) => {
  const counts: Record<string, number> = {};
  for (const type of types) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};

describe("the architecture that the bench compares with", function () {
  this.timeout(120_000);

  it("has in CDK what our plan has, kind by kind", async function () {
    const cdk = existsSync(join(bench, "node_modules/aws-cdk-lib"));
    skipIf(this, cdk ? undefined : "needs AWS CDK. Run: npm ci --prefix tests/bench");
    const { resources } = await planStack("prod", { architecture: "fargate" });
    const ours = tally(resources.filter(({ custom }) => custom).map(({ type }) => type));
    const expected: Record<string, number> = {};
    for (const [type, count] of Object.entries(ours)) {
      const counterpart = counterparts[type];
      assert.ok(counterpart, `${type} has no counterpart: add it to tests/bench/site.cdk.cjs, and to this table`);
      if ("as" in counterpart) expected[counterpart.as] = count - (counterpart.fewer?.[0] ?? 0);
    }
    assert.deepEqual(theirs(), expected);
    assert.deepEqual(
      Object.keys(counterparts).filter((type) => !(type in ours)),
      [],
      "the table has only kinds of the plan",
    );
  });
});

/** The resources of one site as CDK synthesises it, by type. Validation has no part in what it synthesises, and takes most of the time. */
function theirs(): Record<string, number> {
  const out = mkdtempSync(join(tmpdir(), "cdk-"));
  try {
    const said = execFileSync(process.execPath, [join(bench, "site.cdk.cjs"), "1", out, "no-validation"], {
      encoding: "utf8",
    });
    return JSON.parse(said).kinds;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
