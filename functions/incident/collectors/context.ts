import type { ACMClient } from "@aws-sdk/client-acm";
import type { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import type { CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { ECSClient } from "@aws-sdk/client-ecs";
import type { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { RDSClient } from "@aws-sdk/client-rds";
import type { Route53Client } from "@aws-sdk/client-route-53";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { Answers, Fact, Incident, Source, SourceKind } from "../../../core/incident";

/** Clients of the AWS APIs that the collectors ask. */
export interface Clients {
  readonly acm: ACMClient;
  readonly autoscaling: AutoScalingClient;
  readonly cloudtrail: CloudTrailClient;
  /** CloudTrail in us-east-1, where IAM, Route 53 and CloudFront are recorded; the same client when that is home. */
  readonly cloudtrailGlobal: CloudTrailClient;
  readonly cloudwatch: CloudWatchClient;
  readonly logs: CloudWatchLogsClient;
  readonly ec2: EC2Client;
  readonly ecs: ECSClient;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly rds: RDSClient;
  readonly route53: Route53Client;
  readonly ssm: SSMClient;
}

/** What a collector works with. */
export interface Context {
  readonly aws: Clients;
  /** Start and end of what is looked at. */
  readonly from: Date;
  readonly to: Date;
  /** Passed to every AWS call: ends them when the collector's time is up. */
  readonly http: { readonly abortSignal: AbortSignal };
  /** Vercel API token; undefined where none is configured. */
  readonly vercelToken?: string;
  /** Called for parts that could not be had while the rest could. */
  readonly missed: (what: string, error: unknown) => void;
}

/** One collector: how it asks, how long it may take, and what its answers mean. `facts` is pure. */
export interface CollectorDefinition<K extends SourceKind = SourceKind> {
  readonly kind: K;
  /** Milliseconds after which the collector is given up. */
  readonly timeLimit: number;
  readonly gather: (source: Extract<Source, { kind: K }>, context: Context) => Promise<Answers>;
  readonly facts: (source: Extract<Source, { kind: K }>, answers: Answers, incident: Incident) => Fact[];
}

/** Runs the questions of one collector side by side; one that fails is reported as missed and the others stand. */
export async function askAll(
  context: Context,
  questions: Readonly<Record<string, () => Promise<unknown>>>,
): Promise<Answers> {
  const names = Object.keys(questions);
  const results = await Promise.allSettled(Object.values(questions).map((ask) => ask()));
  const answers: Record<string, unknown> = {};
  const failures: unknown[] = [];
  results.forEach((result, i) => {
    const name = names[i] ?? "";
    if (result.status === "fulfilled") answers[name] = result.value;
    else {
      failures.push(result.reason);
      context.missed(name, result.reason);
    }
  });
  if (failures.length === names.length && failures.length > 0) throw failures[0];
  return answers;
}
