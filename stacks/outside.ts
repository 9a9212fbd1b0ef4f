import type { UptimeCheck } from "../components/uptime-plans";
import type { Settings } from "./settings";

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
