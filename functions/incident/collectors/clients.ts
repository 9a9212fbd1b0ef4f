import { ACMClient } from "@aws-sdk/client-acm";
import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECSClient } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { RDSClient } from "@aws-sdk/client-rds";
import { Route53Client } from "@aws-sdk/client-route-53";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { Clients } from "./context";

/** Where IAM, Route 53 and CloudFront leave their CloudTrail records. */
const GLOBAL = "us-east-1";

/** What the clients have in common, for example credentials. */
export interface ClientOptions {
  readonly region: string;
  readonly credentials?: NonNullable<ConstructorParameters<typeof CloudWatchClient>[0]>["credentials"];
}

/** Clients of every API that the collectors ask. */
export function createClients({ region, credentials }: ClientOptions): Clients {
  const options = { region, maxAttempts: 3, ...(credentials && { credentials }) };
  const cloudtrail = new CloudTrailClient(options);
  return {
    acm: new ACMClient(options),
    autoscaling: new AutoScalingClient(options),
    cloudtrail,
    cloudtrailGlobal: region === GLOBAL ? cloudtrail : new CloudTrailClient({ ...options, region: GLOBAL }),
    cloudwatch: new CloudWatchClient(options),
    logs: new CloudWatchLogsClient(options),
    ec2: new EC2Client(options),
    ecs: new ECSClient(options),
    elb: new ElasticLoadBalancingV2Client(options),
    rds: new RDSClient(options),
    route53: new Route53Client(options),
    ssm: new SSMClient(options),
  };
}
