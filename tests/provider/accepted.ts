import type { Acceptance } from "./findings";

const checkov = (rule: string, resource: RegExp, reason: string): Acceptance => ({
  tool: "checkov",
  rule,
  resource,
  reason,
});

/** Findings that are wanted as they are. One that no tool reports any more fails the suite, so that the list stays true. */
export const ACCEPTED: readonly Acceptance[] = [
  {
    tool: "cfn-lint",
    rule: "E3014",
    resource: /database-transactions$/,
    reason:
      "an alarm on metricQueries, which the translation to CloudFormation has no name for; the provider's validation knows them",
  },
  {
    tool: "cfn-lint",
    rule: "W3691",
    message: /Engine version '\d+' /,
    reason: "RDS takes a major version alone as its newest minor; cfn-lint lists most of them as deprecated",
  },
  {
    tool: "cfn-lint",
    rule: "E3023",
    resource: /route53\/record:Record vercel-/,
    reason: "Route 53 wants a TXT value in quotes, which the provider puts around it",
  },
  {
    tool: "parliament",
    rule: "RESOURCE_STAR",
    resource:
      /iam\/rolePolicy:RolePolicy (incident|monitored-instance|ha-web-tier)(-recovery-(automation|watcher))?-(role|recovery-evidence)-/,
    reason:
      "reads of queries, tasks, changes and executions, whose ids nobody knows beforehand, and what the SSM agent takes",
  },
  checkov(
    "CKV_AWS_258",
    /-receiver-url$/,
    "callers cannot sign; the function compares a bearer token in constant time",
  ),
  checkov("CKV_AWS_301", /-receiver-/, "the public URL of the row above"),
  checkov("CKV_AWS_16", /database-replica$/, "a replica is encrypted as its source is, which is"),
  checkov(
    "CKV_AWS_129",
    /rds\/instance/,
    "an adopted database stays as it is, and a replica would pay for the primary's logs twice",
  ),
  checkov("CKV_AWS_353", /rds\/instance/, "an adopted database stays as it is until database.takeOver"),
  checkov("CKV2_AWS_30", /rds\/instance/, "an adopted database keeps its parameter group"),
  checkov("CKV_AWS_226", /rds\/instance/, "database.autoMinorUpgrade decides, on by default"),
  checkov("CKV2_AWS_31", /wafv2/, "WAF's sampled requests and metrics are free; full logs are paid for by volume"),
  checkov(
    "CKV2_AWS_76",
    /lb\/loadBalancer/,
    "the known-bad-inputs group is there; with waf: count it counts and does not block",
  ),
  checkov("CKV_AWS_192", /wafv2/, "the row above, seen from the firewall"),
  checkov("CKV_AWS_337", /ssm\/parameter/, "a SecureString under the AWS-managed key, which is free"),
  checkov(
    "CKV_AWS_355",
    /iam\/policy:Policy ci-access-/,
    "as RESOURCE_STAR below: names by Pulumi, writes bound to the region",
  ),
  checkov(
    "CKV_AWS_158",
    /cloudwatch\/logGroup/,
    "CloudWatch Logs encrypts by itself; a key of one's own costs 1 USD a month each and guards against AWS alone",
  ),
  checkov(
    "CKV_AWS_338",
    /cloudwatch\/logGroup/,
    "retention is logs.retentionDays: a year of logs is paid for by who needs it",
  ),
  checkov("CKV_AWS_157", /rds\/instance/, "Multi-AZ doubles the price: database.multiAz decides, and prod has it"),
  checkov(
    "CKV_AWS_118",
    /rds\/instance/,
    "Performance Insights are on; enhanced monitoring writes paid logs every minute",
  ),
  checkov(
    "CKV_AWS_17",
    /rds\/instance/,
    "Vercel reaches the database by its public address; every plan says so, and vercel.databaseAccess decides who gets in",
  ),
  checkov("CKV_AWS_354", /rds\/instance/, "encrypted with the AWS-managed key, which is free"),
  checkov("CKV_AWS_161", /rds\/instance/, "Prisma logs in with a password; the app has no IAM token to renew"),
  checkov("CKV_AWS_136", /ecr\/repository/, "AES-256 by ECR; the image holds no secrets"),
  checkov(
    "CKV_AWS_135",
    /ec2\/instance/,
    "current types are EBS-optimized by default; the argument has no effect on them",
  ),
  checkov(
    "CKV_AWS_126",
    /ec2\/instance/,
    "the CloudWatch agent measures every minute; detailed monitoring would be paid for twice",
  ),
  checkov(
    "CKV_AWS_88",
    /ec2\/(instance|launchTemplate)/,
    "public subnets with closed security groups instead of NAT gateways (43 USD a month)",
  ),
  checkov(
    "CKV_AWS_333",
    /ecs\/service/,
    "public subnets with closed security groups instead of NAT gateways (43 USD a month)",
  ),
  checkov(
    "CKV_AWS_149",
    /secretsmanager\/secret/,
    "encrypted with the AWS-managed key, which is free; nobody outside the account reads them",
  ),
  checkov(
    "CKV2_AWS_57",
    /secretsmanager\/secret/,
    "values come from the stack's config; rotating them is `pulumi config set` and `up`",
  ),
  checkov(
    "CKV_AWS_26",
    /sns\/topic/,
    "alarms cannot publish to a topic with the AWS-managed key; messages hold no secret (see components/monitoring/alerts.ts)",
  ),
  checkov("CKV_AWS_260", /-port-80$/, "the site is public: port 80 only redirects to HTTPS"),
  checkov("CKV2_AWS_34", /ssm\/parameter/, "configuration without secrets: it refers to secrets by ARN and key"),
  checkov("CKV_AWS_65", /ecs\/cluster/, "fargate.containerInsights decides: its metrics cost some 10 USD a month"),
  checkov("CKV_AWS_224", /ecs\/cluster/, "sessions are logged in an encrypted group, with CloudWatch's own key"),
  checkov("CKV_AWS_18", /-logs$/, "it is the bucket of access logs; logging the log bucket has no end"),
  checkov("CKV2_AWS_62", /-logs$/, "nothing waits for an access log"),
  checkov("CKV_AWS_144", /-logs$/, "access logs need no second region"),
  checkov("CKV_AWS_21", /-logs$/, "access logs are written once and expire"),
  checkov("CKV_AWS_145", /-logs$/, "a load balancer delivers to buckets with SSE-S3 only"),
  checkov(
    "CKV_AWS_18",
    /incident-reports$/,
    "read by the people who are told of an incident; CloudTrail has who opened it",
  ),
  checkov("CKV2_AWS_62", /incident-reports$/, "the reporter itself tells of each report"),
  checkov(
    "CKV_AWS_144",
    /incident-reports$/,
    "a report is sent when it is written; the copy in S3 is for looking it up",
  ),
  checkov("CKV_AWS_21", /incident-reports$/, "a report is written once, by conditional writes, and expires"),
  checkov(
    "CKV_AWS_145",
    /incident-reports$/,
    "SSE-S3: a key of one's own costs 1 USD a month; secrets are redacted before",
  ),
  checkov("CKV_AWS_18", /assets-bucket$/, "what everybody may load from the site; the load balancer's log has who did"),
  checkov("CKV2_AWS_62", /assets-bucket$/, "nothing waits for a built file"),
  checkov("CKV_AWS_144", /assets-bucket$/, "built files are built again, or asked of the tiers"),
  checkov("CKV_AWS_21", /assets-bucket$/, "a built file never gets another content, and expires"),
  checkov("CKV_AWS_145", /assets-bucket$/, "SSE-S3: built files are public by the site, and a key costs 1 USD a month"),
  checkov(
    "CKV_AWS_116",
    /lambda\/function/,
    "what the reporter fails at goes to its on-failure destination; the others are called again by who called them",
  ),
  checkov(
    "CKV_AWS_166",
    /backup\/vault/,
    "encrypted with the AWS-managed key; the copy in the second region has its own",
  ),
  checkov("CKV2_AWS_64", /kms\/key/, "the default key policy leaves access to the account's IAM"),
  checkov(
    "CKV_AWS_336",
    /ecs\/taskDefinition/,
    "only where no image is given, so that the definition is unknown to checkov; a unit test has the read-only root",
  ),
  checkov(
    "CKV_AWS_117",
    /lambda\/function/,
    "they call AWS APIs and nothing in the VPC, which would need a NAT gateway",
  ),
  checkov("CKV_AWS_272", /lambda\/function/, "the code is built from this repository by the update that deploys it"),
  checkov("CKV_AWS_50", /lambda\/function/, "one call an incident or event: its log line says as much as a trace"),
  checkov(
    "CKV_AWS_378",
    /lb\/targetGroup/,
    "TLS ends at the load balancer; behind it two security groups admit each other alone",
  ),
  checkov(
    "CKV_AWS_150",
    /lb\/loadBalancer/,
    "a flip to an architecture without a load balancer deletes it, behind both gates (see components/traffic/load-balancer.ts)",
  ),
  checkov("CKV2_AWS_28", /lb\/loadBalancer/, "WAF costs 5 USD a month and more; a site may bring its own"),
  checkov(
    "CKV2_AWS_11",
    /ec2\/vpc/,
    "flow logs are charged by volume; security groups are the boundary, and changes are in CloudTrail",
  ),
  checkov(
    "CKV2_AWS_38",
    /route53\/zone/,
    "DNSSEC needs a KMS key in us-east-1 and a step at the registrar: a team's own decision",
  ),
  checkov(
    "CKV2_AWS_23",
    /route53\/record/,
    "an alias of the site's own records, which checkov does not take for a resource",
  ),
  {
    tool: "parliament",
    rule: "RESOURCE_STAR",
    resource: /iam\/policy:Policy ci-access-/,
    reason: "tests/emulator/authorization.test.ts asks a newer copy of the reference, and names what stays on *",
  },
  {
    tool: "parliament",
    rule: "RESOURCE_MISMATCH",
    resource: /iam\/policy:Policy ci-access-/,
    reason: "parliament asks for every form in one statement; the row above asks for them in all statements together",
  },
  {
    tool: "parliament",
    rule: "UNKNOWN_ACTION",
    resource: /iam\/policy:Policy ci-access-/,
    message: /(cloudwatch:\w+AlarmMuteRule|elasticloadbalancing:\w+WebACL\w*)$/,
    reason: "newer than parliament's copy of the reference; the row above knows them",
  },
  {
    tool: "parliament",
    rule: "RESOURCE_POLICY_PRIVILEGE_ESCALATION",
    resource: /iam\/policy:Policy ci-access-deploy-/,
    reason: "a deploy writes the policies of the stack's own log buckets, and of no other",
  },
];
