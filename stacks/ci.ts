import { CiAccess } from "../components/foundation/ci-access";
import { roleStatements, type Scope } from "../core/calls/grants";
import type { StackConfig } from "./config";
import type { Foundation } from "./foundation";

/** Roles for GitHub Actions, where a repository is named (`ci.repository`). */
export function createCiAccess(config: StackConfig, foundation: Foundation): CiAccess | undefined {
  const { settings, stack } = config;
  const { repository, environment, branch, provider } = settings.ci;
  if (!repository) return undefined;
  const scope = scopeOf(config);
  return new CiAccess("ci-access", {
    repository,
    environment: environment ?? stack,
    branch,
    createProvider: provider === "new",
    grants: { preview: roleStatements("preview", scope), deploy: roleStatements("deploy", scope) },
    zoneId: foundation.zone.zoneId,
  });
}

/** What the forms of the table of calls stand for in a stack; account and zone are known to AWS alone. */
function scopeOf({ settings, project, stack, region }: StackConfig): Scope {
  const { ci, database, backups, existing } = settings;
  const some = (value: string | undefined) => (value === undefined ? [] : [value]);
  return {
    account: ["{account}"],
    zone: ["{zone}"],
    project: [project],
    stack: [stack],
    region: [...new Set([region, "us-east-1", ...some(backups.copyRegion)])],
    stateBucket: some(ci.stateBucket),
    stateKeyArn: some(ci.stateKeyArn),
    releaseBucket: some(ci.releaseBucket),
    secretArn: some(database.urlSecretArn),
    databaseIdentifier: some(database.identifier),
    instanceId: some(existing.instanceId),
  };
}
