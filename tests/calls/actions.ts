import { createRequire } from "node:module";

/** One request as the AWS SDK for JavaScript names it. */
export interface Operation {
  /** What the client's package exports: `ListTasksCommand`, `paginateListTasks`, `waitUntilTasksRunning`. */
  readonly exported: string;
  readonly name: string;
  readonly waiter: boolean;
}

/** Prefix in IAM by the client's package, where they differ. */
const PREFIX: Readonly<Record<string, string>> = {
  "auto-scaling": "autoscaling",
  "cloudwatch-logs": "logs",
  "elastic-load-balancing-v2": "elasticloadbalancing",
  eventbridge: "events",
  "route-53": "route53",
  "secrets-manager": "secretsmanager",
  "service-quotas": "servicequotas",
};

/** Operations whose action has another name. Source: Service Authorization Reference, 2026-11. */
const RENAMED: Readonly<Record<string, string>> = {
  "budgets:CreateBudget": "budgets:ModifyBudget",
  "budgets:UpdateBudget": "budgets:ModifyBudget",
  "budgets:DeleteBudget": "budgets:ModifyBudget",
  "budgets:DescribeBudget": "budgets:ViewBudget",
  "budgets:DescribeNotificationsForBudget": "budgets:ViewBudget",
  "budgets:DescribeSubscribersForNotification": "budgets:ViewBudget",
  "s3:HeadBucket": "s3:ListBucket",
  "s3:HeadObject": "s3:GetObject",
  "s3:ListObjectsV2": "s3:ListBucket",
  "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
  "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
  "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
  "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
  "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
  "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
  "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
  "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
  "s3:GetBucketCors": "s3:GetBucketCORS",
  "s3:PutBucketCors": "s3:PutBucketCORS",
  "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
};

/** Prefix in IAM by the name that a service has in its model, where it is not that name without spaces in lower case. */
const SERVICES: Readonly<Record<string, string>> = {
  "Application Auto Scaling": "application-autoscaling",
  "CloudWatch Logs": "logs",
  "Elastic Load Balancing v2": "elasticloadbalancing",
  EventBridge: "events",
};

/** The action behind a request that the provider of AWS logs: `rpc.service` and `rpc.method`. */
export function requestAction(service: string, method: string): string {
  const action = `${SERVICES[service] ?? service.replaceAll(" ", "").toLowerCase()}:${method}`;
  return RENAMED[action] ?? action;
}

/** What a waiter asks. Source: the clients' waiters. */
const WAITERS: Readonly<Record<string, string>> = {
  CommandExecuted: "ssm:GetCommandInvocation",
  DBSnapshotAvailable: "rds:DescribeDBSnapshots",
  ResourceRecordSetsChanged: "route53:GetChange",
};

const packages = createRequire(__filename);

/**
 * @param clients packages of clients that the file names, without `@aws-sdk/client-`
 * @throws Error if none of them, or more than one, has the operation
 */
export function sdkAction(place: string, { exported, name, waiter }: Operation, clients: readonly string[]): string {
  const having = clients.filter((client) => exported in packages(`@aws-sdk/client-${client}`));
  if (having.length !== 1) {
    throw new Error(`${place}: ${exported} is of ${having.join(" or ") || "no client that the file names"}`);
  }
  if (waiter) {
    const asked = WAITERS[name];
    if (!asked) throw new Error(`${place}: say in WAITERS of tests/calls/actions.ts what the waiter ${name} asks`);
    return asked;
  }
  const [client = ""] = having;
  const action = `${PREFIX[client] ?? client}:${name}`;
  return RENAMED[action] ?? action;
}
