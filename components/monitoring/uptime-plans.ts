import type { SettingProblem } from "../../core/setting-problem";
import type { UptimeRobotContact } from "./uptime-robot";

/** Plans of UptimeRobot. */
export type UptimeRobotPlan = "free" | "solo" | "team" | "enterprise";

/** Who looks at the site from outside, and how. */
export type UptimeCheck =
  | {
      readonly provider: "uptimerobot";
      readonly plan: UptimeRobotPlan;
      /** Whether the site earns money or belongs to a business; the free plan is for personal use. @default true */
      readonly commercial?: boolean;
      /** Seconds between checks. @default the shortest that the plan allows */
      readonly intervalSeconds?: number;
      /** Whom UptimeRobot itself tells, besides the alert topic where the plan has webhooks. @default [] */
      readonly contacts?: readonly UptimeRobotContact[];
    }
  | {
      readonly provider: "route53";
      /** Seconds between checks of each checker: 30, or 10 for 2 USD more a month. @default 30 */
      readonly intervalSeconds?: number;
      /** Failed checks in a row that make the site unhealthy, 1 to 10. @default 3 */
      readonly failureThreshold?: number;
    }
  | { readonly provider: "none" };

/** What a provider, on a plan, can do; the only place that knows. */
export interface UptimeLimits {
  readonly title: string;
  /** Allowed seconds between checks. */
  readonly intervals: { readonly min: number; readonly max: number } | readonly number[];
  readonly defaultInterval: number;
  /** Whether it can tell AWS, and so the alert topic, by itself. */
  readonly reportsToAws: boolean;
  /** Whether contacts may have a delay and reminders. */
  readonly contactTiming: boolean;
  readonly commercialUse: boolean;
  /** What people must know, said in every plan. */
  readonly notice: string;
}

const robot = { min: 60, max: 86_400 };

/**
 * UptimeRobot's plans. Looked up 2026-11-24: uptimerobot.com/api/v3 (10 requests a minute on the free plan),
 * help.uptimerobot.com article 14498593 (webhooks on Team and Enterprise), the vendor's Terraform provider (delays of contacts on
 * paid plans only). Not found again, and taken from earlier reading of uptimerobot.com/pricing: monitors and intervals, and
 * that the free plan is for personal, non-commercial use.
 */
const uptimeRobotPlans: Readonly<Record<UptimeRobotPlan, UptimeLimits>> = {
  free: {
    title: "UptimeRobot's free plan",
    intervals: { min: 300, max: 86_400 },
    defaultInterval: 300,
    reportsToAws: false,
    contactTiming: false,
    commercialUse: false,
    notice:
      "UptimeRobot's free plan: 50 monitors, a check every 5 minutes, 10 API requests a " +
      "minute, non-commercial use, no webhooks. An outage is known after up to 5 minutes " +
      "and reaches UptimeRobot's own contacts only, not the alert topic.",
  },
  solo: {
    title: "UptimeRobot's Solo plan",
    intervals: robot,
    defaultInterval: 60,
    reportsToAws: false,
    contactTiming: true,
    commercialUse: true,
    notice:
      "UptimeRobot's Solo plan has no webhooks: an outage reaches UptimeRobot's own contacts only, not the alert topic.",
  },
  team: {
    title: "UptimeRobot's Team plan",
    intervals: robot,
    defaultInterval: 60,
    reportsToAws: true,
    contactTiming: true,
    commercialUse: true,
    notice: "UptimeRobot reports to its own contacts and, by a webhook, to the alert topic.",
  },
  enterprise: {
    title: "UptimeRobot's Enterprise plan",
    intervals: { min: 30, max: 86_400 },
    defaultInterval: 60,
    reportsToAws: true,
    contactTiming: true,
    commercialUse: true,
    notice: "UptimeRobot reports to its own contacts and, by a webhook, to the alert topic.",
  },
};

/** Providers that have no plans. Prices of Route 53: aws.amazon.com/route53/pricing, from earlier reading. */
const otherProviders: Readonly<Record<"route53" | "none", UptimeLimits>> = {
  route53: {
    title: "Route 53",
    intervals: [10, 30],
    defaultInterval: 30,
    reportsToAws: true,
    contactTiming: false,
    commercialUse: true,
    notice:
      "Route 53 checks from several regions at once, about one request every two seconds: 0.50 USD a month " +
      "(0.75 outside AWS) and 1 (2) more each for HTTPS, the text match and 10-second checks.",
  },
  none: {
    title: "No external check",
    intervals: [0],
    defaultInterval: 0,
    reportsToAws: false,
    contactTiming: false,
    commercialUse: true,
    notice:
      "Nobody looks at the site from outside: an outage of DNS, certificate or network " +
      "stays unknown. Set uptime.provider to route53 or uptimerobot.",
  },
};

/** The limits that hold for a check. */
export function uptimeLimits(check: UptimeCheck): UptimeLimits {
  return check.provider === "uptimerobot" ? uptimeRobotPlans[check.plan] : otherProviders[check.provider];
}

/** What the provider or its plan does not allow. Pure, and empty if all is well. */
export function uptimeProblems(check: UptimeCheck): SettingProblem[] {
  if (check.provider === "none") return [];
  const limits = uptimeLimits(check);
  const { intervals } = limits;
  const interval = check.intervalSeconds ?? limits.defaultInterval;
  const allowed = "min" in intervals ? `${intervals.min} to ${intervals.max} s` : `${intervals.join(" or ")} s`;
  const fits =
    "min" in intervals
      ? Number.isInteger(interval) && interval >= intervals.min && interval <= intervals.max
      : intervals.includes(interval);
  const problems: SettingProblem[] = [];
  if (!fits) {
    const faster = check.provider === "uptimerobot" && planFor(interval);
    problems.push({
      key: "uptime.intervalSeconds",
      found: `${interval} s`,
      allowed: `${limits.title}: ${allowed}`,
      how: `Set uptime.intervalSeconds to ${limits.defaultInterval}${faster ? `, or uptime.plan to ${faster}` : ""}.`,
      fix: { value: limits.defaultInterval },
    });
  }
  if (check.provider === "route53") {
    const threshold = check.failureThreshold ?? 3;
    if (!Number.isInteger(threshold) || threshold < 1 || threshold > 10) {
      problems.push({
        key: "uptime.failureThreshold",
        found: String(threshold),
        allowed: "1 to 10 failed checks in a row",
        how: "Set uptime.failureThreshold to 3.",
        fix: { value: 3 },
      });
    }
    return problems;
  }
  if ((check.commercial ?? true) && !limits.commercialUse) {
    problems.push({
      key: "uptime.commercial",
      found: "commercial use",
      allowed: `${limits.title}: personal, non-commercial use`,
      how: "Set uptime.plan to solo, uptime.provider to route53, or uptime.commercial to false if the site earns nothing.",
      fix: { value: false },
    });
  }
  for (const { id, threshold = 0, recurrence = 0 } of check.contacts ?? []) {
    if (!/^\d+$/.test(id)) {
      problems.push({
        key: "uptime.contacts",
        found: id,
        allowed: "ids of alert contacts or integrations",
        how: 'List them: curl -H "Authorization: Bearer $UPTIMEROBOT_API_KEY" https://api.uptimerobot.com/v3/user/alert-contacts',
        fix: { value: '[{"id": "1234567"}]' },
      });
    } else if (threshold + recurrence > 0 && !limits.contactTiming) {
      problems.push({
        key: "uptime.contacts",
        found: `contact ${id} with a delay of ${threshold} and reminders every ${recurrence} minutes`,
        allowed: `${limits.title}: 0 and 0`,
        how: "Remove threshold and recurrence, or set uptime.plan to solo.",
        fix: { value: `[{"id": "${id}"}]` },
      });
    }
  }
  if ((check.contacts ?? []).length === 0 && !limits.reportsToAws) {
    problems.push({
      key: "uptime.contacts",
      found: "none",
      allowed: `${limits.title} reaches nobody without a contact, as it has no webhooks`,
      how: "Add a contact's id to uptime.contacts, or set uptime.plan to team.",
      fix: { value: '[{"id": "1234567"}]' },
    });
  }
  return problems;
}

function planFor(interval: number): UptimeRobotPlan | undefined {
  const plans = Object.keys(uptimeRobotPlans) as UptimeRobotPlan[];
  return plans.find((plan) => {
    const { intervals } = uptimeRobotPlans[plan];
    return "min" in intervals && interval >= intervals.min && interval <= intervals.max;
  });
}
