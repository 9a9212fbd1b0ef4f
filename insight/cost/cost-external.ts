import type { Plan, PlannedResource } from "../../core/plan-format";
import { byUrn, flag, number, ofType, text } from "../../core/plan-reader";
import { type Estimate, fixed, type Item, SECONDS_PER_MONTH, unknownPrice, usage } from "./cost-item";

/** What is billed by others than AWS: Vercel, and who looks at the site from outside. */

/**
 * Who may open the database's port: the whole internet, some addresses (Vercel's static ones), or nobody outside. Tells how
 * Vercel reaches the database, which no resource of Vercel's names.
 */
export function databaseExposure(plan: Plan): "internet" | "static-ips" | "private" {
  if (!ofType(plan, "aws:rds/instance:Instance").some((db) => flag(db.inputs.publiclyAccessible))) return "private";
  const open = ofType(plan, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    .filter((rule) => number(rule.inputs.fromPort) === 5432)
    .flatMap((rule) => text(rule.inputs.cidrIpv4) ?? text(rule.inputs.cidrIpv6) ?? []);
  if (open.some((cidr) => cidr.endsWith("/0"))) return "internet";
  return open.length > 0 ? "static-ips" : "private";
}

/** The settings of the Vercel tier, which no resource of Vercel's own names; plans of other programs count as Pro. */
export function vercelChoices(plan: Plan): { readonly plan: string; readonly protection: string } {
  const inputs = ofType(plan, "iamvet:index:VercelApp")[0]?.inputs ?? {};
  return { plan: text(inputs.plan) ?? "pro", protection: text(inputs.protection) ?? "standard" };
}

/**
 * Requests a month of whoever looks from outside: Route 53's checkers together ask every two seconds at an interval of 30 s
 * (Route 53 developer guide, "How Route 53 determines whether a health check is healthy"), UptimeRobot once an interval.
 */
function checksFromOutside(plan: Plan): number {
  const route53 = ofType(plan, "aws:route53/healthCheck:HealthCheck").map(
    ({ inputs }) => (SECONDS_PER_MONTH / 2) * (30 / (number(inputs.requestInterval) ?? 30)),
  );
  const robots = ofType(plan, MONITOR).map(({ inputs }) => SECONDS_PER_MONTH / (number(inputs.interval) ?? 300));
  return [...route53, ...robots].reduce((total, requests) => total + requests, 0);
}

/**
 * Pro costs 20 USD a seat with 20 USD of credit, 1 TB and 10 million edge requests. The project has no plan of its own, so
 * the seat is counted; Hobby is free within its limits and for non-commercial use. https://vercel.com/pricing
 */
const vercelProject: Estimate = (_resource, { plan, usage: month }) => {
  const chosen = vercelChoices(plan);
  if (chosen.plan === "hobby")
    return [fixed("Vercel Hobby", "vercel:hobby", 1, "non-commercial use within its limits")];
  if (chosen.plan === "enterprise") return [unknownPrice("Vercel Enterprise", "its price stands in the contract")];
  const checks = checksFromOutside(plan);
  const invocations = month.requestsPerMonth * month.vercelFunctionShare + checks;
  const cpuHours = (invocations * month.vercelCpuMsPerRequest) / 3_600_000;
  const gb = Math.max(0, month.gbOutPerMonth - 1000);
  const requests = Math.max(0, month.requestsPerMonth + checks - 10_000_000);
  const note =
    `${checks > 0 ? `${Math.round(checks).toLocaleString("en-US")} checks from outside included; ` : ""}before ` +
    "the plan's monthly credit of 20 USD, which pays for it first";
  return [
    fixed("Vercel Pro, seats", "vercel:pro-seat", month.vercelSeats, "Pro: the Hobby plan forbids commercial use"),
    ...(databaseExposure(plan) === "static-ips" ? [fixed("Static outbound addresses", "vercel:static-ips", 1)] : []),
    ...(chosen.protection === "password" ? [fixed("Password protection", "vercel:password-protection", 1)] : []),
    ...(gb > 0 ? [usage("Transfer above 1 TB", "vercel:transfer", gb)] : []),
    ...(requests > 0 ? [usage("Edge requests above 10 million", "vercel:edge-request", requests)] : []),
    usage("Function invocations", "vercel:invocation", invocations, note),
    usage("Active CPU", "vercel:cpu-hour", cpuHours, note),
    usage("Provisioned memory", "vercel:memory", cpuHours * 4, `2 GB, twice the CPU time; ${note}`),
  ];
};

const logDrain: Estimate = ({ inputs }, { usage: month }) => [
  usage("Log drain", "vercel:drain", month.logGbPerMonth * (number(inputs.samplingRate) ?? 1), "usage.logGbPerMonth"),
];

/** Type of a monitor of UptimeRobot. */
export const MONITOR = "pulumi-nodejs:dynamic/uptimerobot:Monitor";

/** An account of UptimeRobot is paid as a whole, whatever else it watches; the free plan costs nothing. */
const monitor: Estimate = (resource: PlannedResource, { plan }): Item[] => {
  const name = text(byUrn(plan).get(resource.parent ?? "")?.inputs.plan) ?? "free";
  return name === "free" ? [] : [fixed(`UptimeRobot ${name}`, `uptimerobot:${name}`, 1, "the whole account's price")];
};

const healthCheck: Estimate = ({ inputs }) => {
  const type = text(inputs.type) ?? "HTTPS";
  if (["CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"].includes(type)) {
    return [fixed(`Health check (${type.toLowerCase()})`, "route53:health-check-aws", 1)];
  }
  const options = [
    type.startsWith("HTTPS"),
    type.endsWith("STR_MATCH"),
    number(inputs.requestInterval) === 10,
    flag(inputs.measureLatency),
  ];
  const count = options.filter(Boolean).length;
  return [
    fixed("Health check", "route53:health-check", 1, "as an endpoint outside AWS: it is checked by its name"),
    ...(count > 0 ? [fixed("HTTPS, text match, 10 s or latency", "route53:health-check-option", count)] : []),
  ];
};

export const externalTypes: Readonly<Record<string, Estimate>> = {
  "vercel:index/project:Project": vercelProject,
  "vercel:index/logDrain:LogDrain": logDrain,
  "aws:route53/healthCheck:HealthCheck": healthCheck,
  [MONITOR]: monitor,
};
