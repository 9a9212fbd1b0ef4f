import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Grant, logGrants, managedGrants, metricGrant, serviceRole } from "../aws/iam";
import { METRICS } from "../monitoring/log-metric";
import { agentParameter } from "./boot";
import { renderAgentConfig } from "./boot-config";
import type { ExistingServer } from "./monitored-instance";

/** Patterns by which the agent's config (runbooks/agent/cloudwatch-agent.json) counts processes. */
export const processPatterns = (existing?: ExistingServer) => ({
  nginx: "nginx: master process",
  app: existing?.appPattern ?? "next-server|server\\.js",
});

/** Log groups that the agent's config names. */
const sources = ["app", "nginx-access", "nginx-error", "system"] as const;
export type ServerLogs = Readonly<Record<(typeof sources)[number], aws.cloudwatch.LogGroup>>;

/** Log groups of a server, each for one kind of its logs. */
export const serverLogs = (name: string, retentionInDays: number, opts: pulumi.CustomResourceOptions): ServerLogs =>
  Object.fromEntries(
    sources.map((source) => [source, new aws.cloudwatch.LogGroup(`${name}-${source}-logs`, { retentionInDays }, opts)]),
  ) as ServerLogs;

/** The config of its agent. */
export const serverAgent = (
  name: string,
  logs: ServerLogs,
  existing: ExistingServer | undefined,
  opts: pulumi.CustomResourceOptions,
): aws.ssm.Parameter =>
  agentParameter(
    name,
    pulumi.output(Object.fromEntries(sources.map((source) => [source, logs[source].name]))).apply((logGroups) =>
      renderAgentConfig("instance", {
        logGroups,
        appPattern: processPatterns(existing).app,
        ...(existing
          ? {
              files: {
                "/var/log/nginx/access.log": existing.logFiles.access,
                "/var/log/nginx/error.log": existing.logFiles.error,
                "/var/log/site/app.log": existing.logFiles.app,
                "/var/log/site/app-error.log": existing.processes.appErrorLog,
              },
            }
          : {}),
      }),
    ),
    opts,
  );

/** What a server may do: be managed, send metrics and logs, and what `grants` adds. An existing one gets it by `platform attach`. */
export function serverProfile(
  name: string,
  logs: ServerLogs,
  agent: aws.ssm.Parameter,
  grants: readonly Grant[],
  opts: pulumi.CustomResourceOptions,
) {
  const role = serviceRole(
    `${name}-role`,
    "ec2.amazonaws.com",
    [
      ...managedGrants,
      ...logGrants(Object.values(logs).map(({ arn }) => arn)),
      { actions: ["ssm:GetParameter"], resources: [agent.arn] },
      metricGrant(METRICS),
      ...grants,
    ],
    opts,
  );
  return { role, profile: new aws.iam.InstanceProfile(`${name}-profile`, { role: role.name }, opts) };
}
