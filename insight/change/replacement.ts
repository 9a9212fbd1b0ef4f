/**
 * Properties whose change replaces a resource instead of updating it, by type, for what the stacks build. `all` means that nothing of
 * the resource can be updated. Rows of AWS were put to the real provider where it could be asked (hashicorp/aws 5.100, which
 * @pulumi/aws bridges: one changed property at a time against a state, and `terraform plan` says whether it replaces). Prefixes,
 * enumerations and ARNs, and all of instances, alarms, ECS services and Auto Scaling groups, are from its documentation instead
 * ("Forces new resource"), as are the rows of random and Vercel. A `?` marks what the provider fills in itself (`Optional` and
 * `Computed` in its schema): left out of the program, it stays as AWS has it. Names have none, since the engine gives new ones.
 *
 * A type that is missing here is updated in place as far as this table knows; `pulumi preview` has the last word.
 */
const REPLACING: Readonly<Record<string, readonly string[] | "all">> = {
  // What holds data, or what data lives in: these rows decide on the verdict of a flip.
  "aws:rds/instance:Instance": [
    "availabilityZone?",
    "backupTarget?",
    "characterSetName?",
    "customIamInstanceProfile",
    "dbName?",
    "engine?",
    "identifierPrefix?",
    "kmsKeyId?",
    "ncharCharacterSetName?",
    "restoreToPointInTime",
    "snapshotIdentifier?",
    "storageEncrypted",
    "timezone?",
    "username?",
  ],
  "aws:rds/subnetGroup:SubnetGroup": ["name", "namePrefix?"],
  "aws:rds/parameterGroup:ParameterGroup": ["name", "namePrefix?", "family", "description"],
  "aws:secretsmanager/secret:Secret": ["name", "namePrefix?"],
  "aws:secretsmanager/secretVersion:SecretVersion": ["secretId", "secretString", "secretBinary"],
  "aws:ecr/repository:Repository": ["name", "encryptionConfigurations"],
  "aws:route53/zone:Zone": ["name", "delegationSetId"],
  "aws:s3/bucket:Bucket": ["bucket", "bucketPrefix?", "objectLockEnabled?"],
  "aws:kms/key:Key": ["customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion?", "xksKeyId"],
  "aws:backup/vault:Vault": ["name", "kmsKeyArn?"],
  "aws:dynamodb/table:Table": ["name", "hashKey?", "rangeKey", "localSecondaryIndexes"],
  "aws:efs/fileSystem:FileSystem": [
    "availabilityZoneName?",
    "creationToken?",
    "encrypted?",
    "kmsKeyId?",
    "performanceMode?",
  ],
  "random:index/randomPassword:RandomPassword": "all",
  "random:index/randomBytes:RandomBytes": "all",
  "random:index/randomId:RandomId": "all",

  "aws:ec2/vpc:Vpc": ["cidrBlock?", "ipv4IpamPoolId"],
  "aws:ec2/routeTable:RouteTable": ["vpcId"],
  "aws:ec2/route:Route": ["routeTableId", "destinationCidrBlock"],
  "aws:ec2/routeTableAssociation:RouteTableAssociation": ["subnetId", "gatewayId"],
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ["vpcId?"],
  "aws:ec2/subnet:Subnet": ["availabilityZone?", "availabilityZoneId?", "cidrBlock", "vpcId"],
  "aws:ec2/securityGroup:SecurityGroup": ["name", "namePrefix?", "description", "vpcId?"],
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ["securityGroupId"],
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ["securityGroupId"],
  "aws:acm/certificate:Certificate": [
    "certificateAuthorityArn",
    "domainName?",
    "keyAlgorithm?",
    "subjectAlternativeNames?",
    "validationMethod?",
  ],
  "aws:acm/certificateValidation:CertificateValidation": "all",
  "aws:sns/topic:Topic": ["name", "namePrefix?", "fifoTopic"],
  "aws:sns/topicSubscription:TopicSubscription": ["topic", "protocol", "endpoint"],
  "aws:sns/topicPolicy:TopicPolicy": ["arn"],
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": "all",
  "aws:s3/bucketPolicy:BucketPolicy": ["bucket"],
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ["bucket"],
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ["bucket"],
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ["bucket"],
  "aws:iam/role:Role": ["name", "namePrefix?", "path"],
  "aws:iam/rolePolicy:RolePolicy": ["name", "namePrefix?", "role"],
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "all",
  "aws:iam/instanceProfile:InstanceProfile": ["name", "namePrefix?", "path"],
  "aws:cloudwatch/logGroup:LogGroup": ["name", "namePrefix?", "logGroupClass?"],
  "aws:cloudwatch/logMetricFilter:LogMetricFilter": ["name", "logGroupName"],
  "aws:cloudwatch/dashboard:Dashboard": ["dashboardName"],
  "aws:cloudwatch/metricAlarm:MetricAlarm": ["name"],
  "aws:cloudwatch/eventRule:EventRule": ["name", "namePrefix?", "eventBusName"],
  "aws:ssm/parameter:Parameter": ["name"],
  "aws:ssm/document:Document": ["name", "documentType"],
  "aws:route53/record:Record": ["name", "zoneId"],
  "aws:lb/loadBalancer:LoadBalancer": ["name", "namePrefix?", "internal?", "loadBalancerType", "customerOwnedIpv4Pool"],
  "aws:lb/listener:Listener": ["loadBalancerArn"],
  "aws:lb/listenerRule:ListenerRule": ["listenerArn"],
  "aws:lb/targetGroup:TargetGroup": [
    "name",
    "namePrefix?",
    "port",
    "protocol",
    "protocolVersion?",
    "targetType",
    "vpcId",
    "ipAddressType?",
  ],
  "aws:ec2/eip:Eip": ["domain?", "address", "ipamPoolId?", "publicIpv4Pool?", "networkBorderGroup?"],
  "aws:ec2/eipAssociation:EipAssociation": "all",
  "aws:ec2/instance:Instance": [
    "ami?",
    "associatePublicIpAddress?",
    "availabilityZone?",
    "keyName?",
    "subnetId?",
    "placementGroup?",
    "tenancy?",
  ],
  "aws:ec2/launchTemplate:LaunchTemplate": ["name", "namePrefix?"],
  "aws:autoscaling/group:Group": ["name", "namePrefix?"],
  "aws:autoscaling/policy:Policy": ["name", "autoscalingGroupName"],
  "aws:autoscaling/lifecycleHook:LifecycleHook": ["name", "autoscalingGroupName"],
  "aws:appautoscaling/scheduledAction:ScheduledAction": ["name", "resourceId", "serviceNamespace"],
  "aws:appautoscaling/target:Target": ["resourceId", "scalableDimension", "serviceNamespace"],
  "aws:appautoscaling/policy:Policy": ["name", "resourceId", "scalableDimension", "serviceNamespace"],
  "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": ["clusterName"],
  "aws:ecs/cluster:Cluster": ["name"],
  "aws:ecs/service:Service": ["cluster?", "launchType?", "name", "schedulingStrategy", "iamRole?"],
  "aws:ecs/taskDefinition:TaskDefinition": "all",
  "vercel:index/deployment:Deployment": "all",
  "vercel:index/projectDomain:ProjectDomain": ["projectId"],
  "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable": ["projectId", "key"],
};

/** Which of the changed properties replace the resource. */
export function replacing(type: string, changed: readonly string[]): string[] {
  const row = REPLACING[type];
  if (row === "all") return changed.filter((key) => key !== "tags");
  // Nothing of AWS moves from one region to another.
  return changed.filter(
    (key) => row?.includes(key) || row?.includes(`${key}?`) || (key === "region" && type.startsWith("aws:")),
  );
}

/** Whether a property that the program leaves out stays as AWS has it, rather than going back to a default. */
export const leftToAws = (type: string, key: string): boolean => REPLACING[type]?.includes(`${key}?`) ?? false;

/**
 * What a resource of this type holds that AWS cannot make again, in a few words; undefined for what can be rebuilt from the program.
 */
export const dataTypes: Readonly<Record<string, string>> = {
  "aws:rds/instance:Instance": "the database",
  "aws:rds/cluster:Cluster": "the database",
  "aws:secretsmanager/secret:Secret": "secrets",
  "aws:ecr/repository:Repository": "images of all releases",
  "aws:route53/zone:Zone": "the zone, and the name servers that the registrar knows",
  "aws:s3/bucket:Bucket": "files",
  "aws:kms/key:Key": "the key of what is encrypted with it",
  "aws:backup/vault:Vault": "backups",
  "aws:dynamodb/table:Table": "a table",
  "aws:efs/fileSystem:FileSystem": "files",
  "random:index/randomPassword:RandomPassword": "a generated password",
  "random:index/randomBytes:RandomBytes": "a generated key",
};

/** Which changes of a server interrupt it, at once. */
export const stoppingChanges: Readonly<Record<string, string>> = {
  instanceType: "EC2 stops it and starts it again as the other type",
};

/** Which changes of a database interrupt it, at once with `applyImmediately`, otherwise in its maintenance window. */
export const interruptingChanges: Readonly<Record<string, string>> = {
  instanceClass: "another class restarts it (with Multi-AZ a failover)",
  engineVersion: "an upgrade restarts it",
  dbSubnetGroupName: "another network restarts it",
  port: "another port restarts it",
};
