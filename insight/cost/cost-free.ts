/** Types that cost nothing, and why: a prefix of the type token, longest match first. */
const FREE: readonly (readonly [string, string])[] = [
  ["pulumi:", "no resource of a cloud"],
  ["pulumi-nodejs:dynamic/", "a step that Pulumi runs, no resource of a cloud"],
  ["random:", "computed by Pulumi, no resource of a cloud"],
  ["command:", "run by Pulumi, no resource of a cloud"],
  ["aws:iam/", "IAM is free"],
  ["aws:acm/certificate", "public certificates are free while ACM keeps the key"],
  ["aws:autoscaling/", "Auto Scaling is free; the instances are billed with their group"],
  ["aws:appautoscaling/", "Application Auto Scaling is free; its tasks are billed with their service"],
  ["aws:backup/", "AWS Backup bills what is stored, counted with the backup plan"],
  ["aws:budgets/budget:", "budgets with alerts only are free"],
  ["aws:cloudwatch/alarmMuteRule", "mute rules are free"],
  ["aws:cloudwatch/event", "events of AWS services and their rules are free"],
  ["aws:cloudwatch/logGroup", "billed by volume, counted once for the site"],
  ["aws:cloudwatch/log", "log settings are free"],
  ["aws:cloudwatch/queryDefinition", "saved queries are free; a query is billed by the GB it reads"],
  ["aws:ec2/launchTemplate", "launch templates are free; what they start is billed with its group"],
  ["aws:ec2/eipAssociation", "the address is billed with its Elastic IP"],
  ["aws:ec2/volumeAttachment", "the volume is billed by itself"],
  ["aws:ec2/", ""],
  ["aws:ecr/", "settings of a repository are free"],
  ["aws:ecs/taskDefinition", "task definitions are free; tasks are billed with their service"],
  ["aws:ecs/clusterCapacityProviders", "capacity providers are free"],
  ["aws:kms/alias", "aliases are free"],
  ["aws:kms/keyPolicy", "key policies are free"],
  ["aws:lambda/permission", "permissions are free"],
  ["aws:lambda/", "settings of a function are free"],
  ["aws:lb/", "listeners, rules and target groups are free; the load balancer is billed"],
  ["aws:rds/subnetGroup", "subnet groups are free"],
  ["aws:rds/parameterGroup", "parameter groups are free"],
  ["aws:rds/eventSubscription", "event subscriptions are free; notifications are counted with the topic"],
  ["aws:route53/record", "records are free; queries are counted once for the site"],
  ["aws:s3/bucket", "settings of a bucket are free"],
  ["aws:s3/object", "counted with usage.objectGb"],
  ["aws:scheduler/scheduleGroup", "schedule groups are free"],
  ["aws:secretsmanager/secret", "versions, policies and rotation settings are free; the secret is billed"],
  ["aws:sns/topic:", "topics are free; notifications are counted once for the site"],
  ["aws:sns/", "settings of a topic are free"],
  ["aws:sqs/", "the first million requests a month is free, and alarms stay far below"],
  ["aws:ssm/parameter", "standard parameters are free"],
  ["aws:ssm/document", "documents are free; automation steps are counted once for the site"],
  ["aws:ssm/", "Session Manager, Run Command and associations of EC2 instances are free"],
  ["aws:vpc/", "security group rules are free"],
  ["aws:wafv2/webAclAssociation", "associations are free"],
  ["vercel:index/", "settings of a Vercel project are free; the project is billed"],
];

/** Network parts of EC2 that cost nothing; other EC2 types are unknown rather than free. */
const FREE_EC2: readonly string[] = [
  ...["vpc", "subnet", "routeTable", "route", "routeTableAssociation", "mainRouteTableAssociation"],
  ...["internetGateway", "egressOnlyInternetGateway", "securityGroup", "securityGroupRule", "managedPrefixList"],
  ...["networkAcl", "networkAclRule", "vpcDhcpOptions", "vpcDhcpOptionsAssociation"],
  ...["defaultSecurityGroup", "defaultRouteTable", "defaultNetworkAcl"],
  ...["instanceMetadataDefaults", "keyPair", "tag", "placementGroup"],
];

/** Why a type costs nothing; undefined if the table does not say so. */
export function freeTypes(type: string): string | undefined {
  const [, ec2] = /^aws:ec2\/(\w+):/.exec(type) ?? [];
  if (ec2 && FREE_EC2.includes(ec2)) return "networks, subnets, routes and security groups are free";
  const found = FREE.filter(([prefix]) => type.startsWith(prefix)).sort((a, b) => b[0].length - a[0].length)[0];
  return found?.[1] || undefined;
}
