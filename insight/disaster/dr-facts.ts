import type { Plan } from "../../core/plan-format";
import { flag, list, number, ofType, record, text } from "../../core/plan-reader";

/** What of a plan decides whether data survives. */
export interface DataFacts {
  readonly region: string;
  readonly domain: string;
  /** `elsewhere`: the database belongs to somebody else, and the plan does not know how it is kept. */
  readonly database: "owned" | "adopted" | "elsewhere";
  /** Major version, where the plan knows it. */
  readonly major?: string;
  readonly multiAz: boolean;
  readonly replica: boolean;
  /** Days of automated backups with point-in-time recovery; undefined where the plan does not know. */
  readonly backupDays?: number;
  readonly vault: boolean;
  /** Whether nobody may delete the vault's backups. */
  readonly locked: boolean;
  readonly copyRegion?: string;
  readonly restoreTested: boolean;
  /** URN of the generated password. */
  readonly passwordUrn?: string;
}

const RDS = "aws:rds/instance:Instance";

/** Reads them off. */
export function dataFacts(plan: Plan, region: string): DataFacts {
  const instances = ofType(plan, RDS);
  const primary = instances.find(({ inputs }) => inputs.replicateSourceDb === undefined);
  const vaults = ofType(plan, "aws:backup/vault:Vault");
  const copied = ofType(plan, "aws:backup/plan:Plan").some(({ inputs }) =>
    list(inputs.rules).some((rule) => list(record(rule).copyActions).length > 0),
  );
  const copyRegion = copied ? vaults.map(({ inputs }) => text(inputs.region)).find(Boolean) : undefined;
  const major = text(primary?.inputs.engineVersion)?.split(".")[0];
  const backupDays = number(primary?.inputs.backupRetentionPeriod);
  const passwordUrn = ofType(plan, "random:index/randomPassword:RandomPassword").find(({ name }) =>
    name.startsWith("database"),
  )?.urn;
  return {
    region,
    domain: (text(plan.outputs.url) ?? "").replace("https://", ""),
    database: !primary ? "elsewhere" : primary.importId ? "adopted" : "owned",
    ...(major ? { major } : {}),
    multiAz: flag(primary?.inputs.multiAz),
    replica: instances.length > 1,
    ...(backupDays === undefined ? {} : { backupDays }),
    vault: vaults.length > 0,
    locked: ofType(plan, "aws:backup/vaultLockConfiguration:VaultLockConfiguration").length > 0,
    ...(copyRegion ? { copyRegion } : {}),
    restoreTested: ofType(plan, "aws:backup/restoreTestingPlan:RestoreTestingPlan").length > 0,
    ...(passwordUrn ? { passwordUrn } : {}),
  };
}
