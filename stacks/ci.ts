import { CiAccess } from "../components/ci-access";
import { allPermissions } from "../insight/permissions";
import type { StackConfig } from "./config";
import type { Foundation } from "./foundation";

/** Names of the stack's roles, profiles and policies begin with their component's; the CI's own do not. */
export const ownNames = [
  "alerts-*",
  "asset-server-*",
  "backup*",
  "database-*",
  "fargate-*",
  "ha-web-tier-*",
  "incident*",
  "monitored-instance-*",
  "network-*",
  "notifier-*",
  "uptime-*",
  "vercel-*",
];

/** Names of the stack's buckets. */
export const ownBuckets = ["assets-*", "incident-*", "load-balancer-*"];

/** Managed policies of AWS that some role of the program has. */
export const attachable = [
  "AmazonSSMManagedInstanceCore",
  "service-role/AmazonRDSEnhancedMonitoringRole",
  "service-role/AWSBackupServiceRolePolicyForBackup",
  "service-role/AWSBackupServiceRolePolicyForRestores",
  "service-role/AmazonECSTaskExecutionRolePolicy",
  "service-role/AWSLambdaBasicExecutionRole",
].map((name) => `arn:aws:iam::aws:policy/${name}`);

/** Roles for GitHub Actions, where a repository is named (`ci.repository`). */
export function layCi({ settings, stack, region }: StackConfig, foundation: Foundation): CiAccess | undefined {
  const { repository, environment, branch, provider, stateBucket, stateKeyArn, releaseBucket } = settings.ci;
  if (!repository) return undefined;
  const { urlSecretArn } = settings.database;
  return new CiAccess("ci-access", {
    repository,
    environment: environment ?? stack,
    branch,
    stack,
    createProvider: provider === "new",
    region,
    zoneId: foundation.zone.zoneId,
    permissions: allPermissions,
    ownNames,
    ownBuckets,
    attachable,
    secretArns: urlSecretArn ? [urlSecretArn] : [],
    repositoryArn: foundation.repository.arn,
    ...(releaseBucket ? { releaseBucket } : {}),
    ...(stateBucket ? { state: { bucket: stateBucket, ...(stateKeyArn ? { keyArn: stateKeyArn } : {}) } } : {}),
  });
}
