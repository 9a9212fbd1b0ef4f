import { ACM } from "@aws-sdk/client-acm";
import { AutoScaling } from "@aws-sdk/client-auto-scaling";
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { EC2 } from "@aws-sdk/client-ec2";
import { ECS } from "@aws-sdk/client-ecs";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { EventBridge } from "@aws-sdk/client-eventbridge";
import { IAM } from "@aws-sdk/client-iam";
import { RDS } from "@aws-sdk/client-rds";
import { Route53 } from "@aws-sdk/client-route-53";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { SNS } from "@aws-sdk/client-sns";
import { SSM } from "@aws-sdk/client-ssm";
import { AwsQueryProtocol } from "@aws-sdk/core/protocols";

/** A client of each service that is read back, talking to an endpoint that needs no account. */
export function clientsOf(endpoint: string, region: string) {
  const config = {
    endpoint,
    region,
    credentials: { accessKeyId: "testing", secretAccessKey: "testing", sessionToken: "testing" },
    maxAttempts: 2,
  };
  return {
    acm: new ACM(config),
    autoscaling: new AutoScaling(config),
    // moto does not know the JSON protocol of CloudWatch yet.
    cloudwatch: new CloudWatch({ ...config, protocol: AwsQueryProtocol }),
    logs: new CloudWatchLogs(config),
    ec2: new EC2(config),
    ecs: new ECS(config),
    elb: new ElasticLoadBalancingV2(config),
    events: new EventBridge(config),
    iam: new IAM(config),
    functionOf: functionsAt(endpoint, region),
    rds: new RDS(config),
    route53: new Route53(config),
    secrets: new SecretsManager(config),
    sns: new SNS(config),
    ssm: new SSM(config),
  };
}

/** A function's settings, as far as they are read back. */
interface FunctionSettings {
  readonly FunctionName: string;
  readonly Role: string;
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> };
}

/** Asks Lambda for a function by name or ARN, by HTTP, as the project has no client of it. moto reads the service from the header. */
const functionsAt =
  (endpoint: string, region: string) =>
  async (name: string): Promise<FunctionSettings | undefined> => {
    const scope = `Credential=testing/20261130/${region}/lambda/aws4_request, SignedHeaders=host, Signature=none`;
    const url = `${endpoint}/2015-03-31/functions/${encodeURIComponent(name)}/configuration`;
    const response = await fetch(url, { headers: { authorization: `AWS4-HMAC-SHA256 ${scope}` } });
    return response.ok ? ((await response.json()) as FunctionSettings) : undefined;
  };

export type Clients = ReturnType<typeof clientsOf>;
