import type { Plan } from "../../core/plan-format";
import { flag, list, number, ofType, record, text } from "../../core/plan-reader";
import { type CostContext, type Item, usage } from "./cost-item";
import { RUN_STEPS } from "./cost-services";

/** Metrics that functions of the site write: what alarms read that is neither AWS's, nor the agent's, nor a log filter's. */
function ownMetrics(plan: Plan): number {
  const filtered = new Set(
    ofType(plan, "aws:cloudwatch/logMetricFilter:LogMetricFilter").map(
      ({ inputs }) => text(record(inputs.metricTransformation).namespace) ?? "",
    ),
  );
  const found = ofType(plan, "aws:cloudwatch/metricAlarm:MetricAlarm").flatMap(({ inputs }) => {
    const namespace = text(inputs.namespace) ?? "";
    const foreign = namespace === "" || /^(AWS\/|CWAgent$|Site$|ECS\/)/.test(namespace) || filtered.has(namespace);
    return foreign ? [] : [JSON.stringify([namespace, inputs.metricName, inputs.dimensions])];
  });
  return new Set(found).size;
}

/** What belongs to the site rather than to one resource: traffic, logs, DNS, traffic between zones. */
export function site({ plan, usage: month }: CostContext): Item[] {
  const has = (type: string) => ofType(plan, type).length > 0;
  const vercel = plan.architecture === "vercel";
  const items: Item[] = [];
  if (!vercel) items.push(usage("Data transfer to the internet", "transfer:out", month.gbOutPerMonth));
  if (has("aws:cloudwatch/logGroup:LogGroup")) {
    const days = Math.max(
      ...ofType(plan, "aws:cloudwatch/logGroup:LogGroup").map((g) => number(g.inputs.retentionInDays) ?? 30),
    );
    items.push(
      usage("Logs taken in", "logs:ingest", month.logGbPerMonth),
      usage(
        "Logs kept",
        "logs:store",
        month.logGbPerMonth * 0.15 * (days / 30),
        `kept ${days} days, compressed to 15 %`,
      ),
    );
  }
  const billed = ofType(plan, "aws:route53/record:Record").some(
    ({ inputs }) =>
      ["A", "AAAA", "CNAME"].includes(text(inputs.type) ?? "") &&
      list(inputs.aliases).length === 0 &&
      (inputs.records ?? null) !== null,
  );
  if (billed) items.push(usage("DNS queries", "route53:query", month.dnsQueriesPerMonth));
  if (
    has("aws:lb/loadBalancer:LoadBalancer") ||
    ofType(plan, "aws:rds/instance:Instance").some((d) => flag(d.inputs.multiAz))
  ) {
    items.push(usage("Traffic between zones", "transfer:zone", month.zoneGb * 2, "each direction is billed"));
  }
  const own = ownMetrics(plan);
  if (own > 0) items.push(usage("Custom metrics of the site's functions", "cloudwatch:metric", own));
  if (has("aws:sns/topic:Topic")) {
    const published = month.emailsPerMonth + month.smsPerMonth;
    items.push(usage("Notifications published", "sns:publish", published));
  }
  if (ofType(plan, "aws:ssm/document:Document").some(({ inputs }) => text(inputs.documentType) === "Automation")) {
    items.push(
      usage(
        "Automation steps",
        "ssm:automation-step",
        month.incidentsPerMonth * RUN_STEPS,
        `${month.incidentsPerMonth} recovery runs of ${RUN_STEPS} steps; without a free tier since the end of 2025`,
      ),
    );
  }
  return items;
}
