import type { Fact, Finding, Incident, SourceKind } from "../../../core/incident";
import { redactAll } from "../../redact";
import { alarms } from "./alarms";
import { autoscaling } from "./autoscaling";
import { certificate } from "./certificate-collector";
import { changes } from "./changes";
import type { CollectorDefinition } from "./context";
import { database } from "./database-collector";
import { dns } from "./dns";
import { ecs } from "./ecs";
import { events } from "./events";
import { instance } from "./instance";
import { logs } from "./logs";
import { recoveryRuns } from "./recovery-runs";
import { targetHealth } from "./target-health";
import { vercel } from "./vercel";

/** One collector for each kind of source. */
export const COLLECTORS: { readonly [K in SourceKind]: CollectorDefinition<K> } = {
  alarms,
  changes,
  events,
  instance,
  autoscaling,
  ecs,
  "target-health": targetHealth,
  logs,
  "recovery-runs": recoveryRuns,
  database,
  certificate,
  dns,
  vercel,
};

/** What a collector brought back as redacted facts. Pure. */
export function readFacts(finding: Finding, incident: Incident): Fact[] {
  if (finding.answers === undefined) return [];
  const definition = COLLECTORS[finding.source.kind] as CollectorDefinition;
  return redactAll(definition.facts(finding.source, finding.answers, incident));
}
