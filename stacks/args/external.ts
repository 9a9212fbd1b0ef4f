import type { UptimeCheck } from "../../components/monitoring/uptime-plans";
import type { VercelDatabaseAccess } from "../../components/vercel/vercel-database";
import type { VercelPlanChoices } from "../../components/vercel/vercel-plans";
import type { Settings } from "../settings/schema";

/** The settings of the external check as the component takes them; what belongs to another provider is left out. */
export function uptimeCheckOf(uptime: Settings["uptime"]): UptimeCheck {
  const { provider, plan, commercial, intervalSeconds, failureThreshold, contacts } = uptime;
  const interval = intervalSeconds === undefined ? {} : { intervalSeconds };
  switch (provider) {
    case "uptimerobot":
      return { provider, plan, commercial, ...interval, contacts: contacts.map(known) };
    case "route53":
      return { provider, ...interval, ...(failureThreshold === undefined ? {} : { failureThreshold }) };
    case "none":
      return { provider };
  }
}

/** Without the keys that were left open: a dynamic resource compares what it is given. */
function known({ id, threshold, recurrence }: Settings["uptime"]["contacts"][number]) {
  return {
    id,
    ...(threshold === undefined ? {} : { threshold }),
    ...(recurrence === undefined ? {} : { recurrence }),
  };
}

/** How functions reach the database; `public-tls` stands in where the settings' rules ask for a choice. */
export function vercelAccessOf({
  databaseAccess: kind = "public-tls",
  ...vercel
}: Settings["vercel"]): VercelDatabaseAccess {
  if (kind === "static-ips") return { kind, addresses: vercel.staticIps };
  return kind === "private-link" ? { kind, cidr: vercel.peeredCidr ?? "" } : { kind };
}

/** The settings of Vercel that its plan may refuse, as the component takes them. */
export function vercelChoicesOf(vercel: Settings["vercel"]) {
  const { plan, commercial, teamId, regions, functions, protection, skewProtection, requiredSla } = vercel;
  return {
    plan,
    commercial,
    functions,
    protection,
    ...(teamId ? { teamId } : {}),
    ...(regions.length > 0 ? { regions } : {}),
    ...(skewProtection ? { skewProtection } : {}),
    ...(requiredSla === undefined ? {} : { requiredSla }),
  } satisfies VercelPlanChoices;
}
