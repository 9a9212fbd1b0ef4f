import * as pulumi from "@pulumi/pulumi";
import { Dashboard } from "../components/monitoring/dashboard";
import { IncidentReporter } from "../components/monitoring/incident-reporter";
import { Notifier } from "../components/monitoring/notifier";
import { SiteAlarms } from "../components/monitoring/site-alarms";
import type { Collector, Signal, WebTier, Widget } from "../core/web-tier";
import type { StackConfig } from "./config";
import type { Foundation } from "./foundation";

/** What is observed beside the foundation. */
export interface Observed {
  readonly tiers: readonly WebTier[];
  /** Further parts with alarms or graphs of their own, for example the external check. */
  readonly parts: readonly { readonly signals?: readonly Signal[]; readonly widgets?: readonly Widget[] }[];
  /** SSM parameter that changes when traffic moves. */
  readonly trafficParameter: string;
}

/**
 * Who tells whom what, composed from the contracts of whatever the site is built of. Registered behind the gates: a composite alarm
 * must not forget the alarms of a tier that still serves.
 */
export function observe(config: StackConfig, foundation: Foundation, observed: Observed) {
  const { settings } = config;
  const { domain, alerts, monitoring, logs } = settings;
  const { topics } = foundation.alerts;
  const { tiers, parts } = observed;
  const mute = alerts.muteUntil === undefined ? {} : { muteUntil: alerts.muteUntil };

  const signals = [...tiers, ...parts].flatMap((part) => part.signals ?? []);
  const alarms = new SiteAlarms("site", {
    signals,
    level: monitoring.level,
    actions: foundation.alarmActions,
    pageTopic: topics.page,
    ...mute,
  });
  const collectors = distinct([
    ...tiers.flatMap((tier) => tier.collectors),
    { kind: "database", identifier: foundation.database.identifier },
    { kind: "certificate", host: domain.name, arn: foundation.certificate.arn },
    { kind: "dns", zoneId: foundation.zone.zoneId, name: domain.name },
  ]);
  const notifier = new Notifier("notifier", {
    site: domain.name,
    language: alerts.language,
    collectors,
    tiers,
    trafficParameter: observed.trafficParameter,
    topics,
    ...(alerts.webhook === undefined ? {} : { webhook: pulumi.secret(alerts.webhook) }),
    ...mute,
    logRetentionDays: logs.retentionDays,
  });
  const dashboard = new Dashboard("dashboard", {
    widgets: [...parts, ...tiers].flatMap(({ widgets = [] }) => widgets),
    signals: [...new Set([...alarms.triggers, ...signals])],
    logGroups: tiers.flatMap(({ logGroups }) => logGroups),
    journal: notifier.journal,
    marks: monitoring.level === "standard",
  });
  const reporter = new IncidentReporter("incident", {
    site: domain.name,
    language: alerts.language,
    dashboard: dashboard.url,
    triggers: alarms.triggers,
    signals,
    collectors,
    journal: notifier.journal,
    topics,
    ...mute,
    logRetentionDays: logs.retentionDays,
  });
  return { dashboard: dashboard.url, incidentReports: reporter.bucket };
}

/** What is asked once for the site takes the place of what a tier asks of the same kind: one certificate, one name. */
function distinct(collectors: readonly Collector[]): Collector[] {
  const single: readonly Collector["kind"][] = ["certificate", "dns"];
  return collectors.filter(
    ({ kind }, index) => !single.includes(kind) || collectors.findLastIndex((other) => other.kind === kind) === index,
  );
}
