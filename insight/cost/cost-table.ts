import { cluster, instance, loadBalancer, scalingGroup, service, volume } from "./cost-compute";
import { externalTypes } from "./cost-external";
import { type Estimate, fixed, HOURS_PER_MONTH, usage } from "./cost-item";
import {
  backupPlan,
  database,
  firewall,
  lambda,
  metricAlarm,
  monthly,
  natGateway,
  restoreTests,
  schedule,
  shared,
  subscription,
  vpcEndpoint,
} from "./cost-services";
import { site } from "./cost-site";

/** Everything that is billed, by Pulumi type. An empty answer means that these settings cost nothing. */
const resources: Readonly<Record<string, Estimate>> = {
  "aws:ec2/instance:Instance": instance,
  "aws:autoscaling/group:Group": scalingGroup,
  "aws:ebs/volume:Volume": ({ inputs }) => volume("Volume", inputs, 1),
  "aws:ec2/eip:Eip": () => [fixed("Public IPv4 address", "ipv4:address", HOURS_PER_MONTH)],
  "aws:ec2/natGateway:NatGateway": natGateway,
  "aws:ec2/vpcEndpoint:VpcEndpoint": vpcEndpoint,
  "aws:lb/loadBalancer:LoadBalancer": loadBalancer,
  "aws:ecs/cluster:Cluster": cluster,
  "aws:ecs/service:Service": service,
  "aws:rds/instance:Instance": database,
  "aws:cloudwatch/metricAlarm:MetricAlarm": metricAlarm,
  "aws:cloudwatch/compositeAlarm:CompositeAlarm": monthly("Composite alarm", "cloudwatch:composite-alarm"),
  "aws:cloudwatch/dashboard:Dashboard": monthly("Dashboard", "cloudwatch:dashboard"),
  "aws:cloudwatch/logMetricFilter:LogMetricFilter": () => [
    usage("Custom metric of a log filter", "cloudwatch:metric", 1, "in months in which the filter matches"),
  ],
  "aws:route53/zone:Zone": monthly("Hosted zone", "route53:zone"),
  "aws:sns/topicSubscription:TopicSubscription": subscription,
  "aws:secretsmanager/secret:Secret": monthly("Secret", "secrets:secret"),
  "aws:kms/key:Key": (_resource, { usage: month }) => [
    fixed("Customer managed key", "kms:key", 1),
    usage("Requests", "kms:request", month.emailsPerMonth + month.smsPerMonth, "one for each notification"),
  ],
  "aws:lambda/function:Function": lambda,
  "aws:scheduler/schedule:Schedule": schedule,
  "aws:wafv2/webAcl:WebAcl": firewall,
  "aws:s3/bucket:Bucket": shared("Objects", "s3:standard", "objectGb"),
  "aws:s3/bucketV2:BucketV2": shared("Objects", "s3:standard", "objectGb"),
  "aws:ecr/repository:Repository": shared("Images", "ecr:storage", "imageGb"),
  "aws:backup/plan:Plan": backupPlan,
  "aws:backup/restoreTestingPlan:RestoreTestingPlan": restoreTests,
  ...externalTypes,
};

export const priced = { resources, site };
