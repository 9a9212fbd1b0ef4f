import type { SettingProblem } from "../../core/setting-problem";
import type { VercelDatabaseAccess } from "./vercel-database";

/** Plans of Vercel. */
export type VercelPlan = "hobby" | "pro" | "enterprise";

/** Who may open the deployments' own `*.vercel.app` addresses. The site's domain is public in the first two. */
export type VercelProtection = "none" | "standard" | "password" | "all";

/** What a plan of Vercel allows, as far as a setting of this project depends on it. */
export interface VercelPlanLimits {
  readonly title: string;
  /** The fair use guidelines restrict Hobby to non-commercial personal use. */
  readonly commercialUse: boolean;
  /** Hobby is one person's account: it has no team. */
  readonly team: boolean;
  /** Longest run of a function, in seconds (fluid compute, Node.js). */
  readonly maxFunctionSeconds: number;
  /** Regions in which functions may run at once. */
  readonly maxFunctionRegions: number;
  readonly cpuTypes: readonly VercelCpu[];
  readonly skewProtection: boolean;
  readonly logDrain: boolean;
  readonly protections: readonly VercelProtection[];
  readonly databaseAccess: readonly VercelDatabaseAccess["kind"][];
  /** Availability that a contract promises; undefined where there is none. */
  readonly sla?: number;
}

/** CPU of a function: `standard` 1 vCPU and 2 GB, `performance` 1.7 to 2 vCPU and 4 GB, billed by active CPU time. */
export type VercelCpu = "standard_legacy" | "standard" | "performance";

/**
 * What each plan allows. Looked up 2026-11-24: docs/functions/limitations (run time, memory), docs/skew-protection,
 * docs/deployment-protection (methods by plan; password on Pro is an add-on of 150 USD a month), docs/connectivity/secure-compute
 * (Enterprise), log drains (Pro and Enterprise), all on vercel.com. Not found again, and taken from earlier reading: three
 * regions for functions on Pro, the 99.99 % of the Enterprise SLA.
 */
const vercelPlans: Readonly<Record<VercelPlan, VercelPlanLimits>> = {
  hobby: {
    title: "Hobby",
    commercialUse: false,
    team: false,
    maxFunctionSeconds: 300,
    maxFunctionRegions: 1,
    cpuTypes: ["standard_legacy", "standard"],
    skewProtection: false,
    logDrain: false,
    protections: ["none", "standard"],
    databaseAccess: ["public-tls"],
  },
  pro: {
    title: "Pro",
    commercialUse: true,
    team: true,
    maxFunctionSeconds: 800,
    maxFunctionRegions: 3,
    cpuTypes: ["standard_legacy", "standard", "performance"],
    skewProtection: true,
    logDrain: true,
    protections: ["none", "standard", "password", "all"],
    databaseAccess: ["public-tls", "static-ips"],
  },
  enterprise: {
    title: "Enterprise",
    commercialUse: true,
    team: true,
    maxFunctionSeconds: 800,
    maxFunctionRegions: 20,
    cpuTypes: ["standard_legacy", "standard", "performance"],
    skewProtection: true,
    logDrain: true,
    protections: ["none", "standard", "password", "all"],
    databaseAccess: ["public-tls", "static-ips", "private-link"],
    sla: 0.9999,
  },
};

/** Vercel's region in the same place as each AWS region (vercel.com/docs/regions, read 2026-11-24). */
export const vercelRegions: Readonly<Record<string, string>> = {
  "af-south-1": "cpt1",
  "ap-east-1": "hkg1",
  "ap-northeast-1": "hnd1",
  "ap-northeast-2": "icn1",
  "ap-northeast-3": "kix1",
  "ap-south-1": "bom1",
  "ap-southeast-1": "sin1",
  "ap-southeast-2": "syd1",
  "ca-central-1": "yul1",
  "eu-central-1": "fra1",
  "eu-north-1": "arn1",
  "eu-west-1": "dub1",
  "eu-west-2": "lhr1",
  "eu-west-3": "cdg1",
  "me-central-1": "dxb1",
  "sa-east-1": "gru1",
  "us-east-1": "iad1",
  "us-east-2": "cle1",
  "us-west-1": "sfo1",
  "us-west-2": "pdx1",
};

/** What {@link vercelPlanProblems} looks at: the part of the settings that a plan may refuse. */
export interface VercelPlanChoices {
  readonly plan: VercelPlan;
  /** Whether the site earns money or belongs to a business. @default true */
  readonly commercial?: boolean;
  readonly teamId?: unknown;
  readonly regions?: readonly string[];
  readonly functions?: { readonly maxSeconds?: number; readonly cpu?: VercelCpu };
  readonly protection?: VercelProtection;
  readonly skewProtection?: string;
  readonly logDrain?: unknown;
  readonly database?: { readonly kind: VercelDatabaseAccess["kind"] };
  /** Availability that the site must be promised by contract, for example 0.9999. */
  readonly requiredSla?: number;
}

interface PlanRule {
  readonly key: string;
  /** What was asked for, or undefined if it was not. */
  readonly found: (choices: VercelPlanChoices) => string | undefined;
  readonly allows: (limits: VercelPlanLimits, choices: VercelPlanChoices) => boolean;
  readonly allowed: (limits: VercelPlanLimits) => string;
  readonly instead: string;
  readonly fix: (limits: VercelPlanLimits) => SettingProblem["fix"];
}

const remove = () => "remove" as const;

const rules: readonly PlanRule[] = [
  {
    key: "commercial",
    found: ({ commercial = true }) => (commercial ? "commercial use" : undefined),
    allows: (limits) => limits.commercialUse,
    allowed: () => "non-commercial personal use only (Vercel's fair use guidelines)",
    instead: "set vercel.commercial to false if the site earns nothing",
    fix: () => ({ value: false }),
  },
  {
    key: "teamId",
    found: ({ teamId }) => (teamId === undefined ? undefined : "a team"),
    allows: (limits) => limits.team,
    allowed: () => "a personal account",
    instead: "remove vercel.teamId",
    fix: remove,
  },
  {
    key: "regions",
    found: ({ regions = [] }) => (regions.length > 1 ? regions.join(", ") : undefined),
    allows: (limits, { regions = [] }) => regions.length <= limits.maxFunctionRegions,
    allowed: (limits) => `at most ${limits.maxFunctionRegions} region(s) for functions`,
    instead: "keep the one region next to the database",
    fix: remove,
  },
  {
    key: "functions.maxSeconds",
    found: ({ functions }) => (functions?.maxSeconds === undefined ? undefined : `${functions.maxSeconds} s`),
    allows: (limits, { functions }) => {
      const seconds = functions?.maxSeconds ?? 1;
      return Number.isInteger(seconds) && seconds >= 1 && seconds <= limits.maxFunctionSeconds;
    },
    allowed: (limits) => `1 to ${limits.maxFunctionSeconds} s`,
    instead: "lower vercel.functions.maxSeconds, or move the long work to a queue",
    fix: (limits) => ({ value: limits.maxFunctionSeconds }),
  },
  {
    key: "functions.cpu",
    found: ({ functions }) => functions?.cpu,
    allows: (limits, { functions }) => functions?.cpu === undefined || limits.cpuTypes.includes(functions.cpu),
    allowed: (limits) => limits.cpuTypes.join(", "),
    instead: "use standard",
    fix: remove,
  },
  {
    key: "protection",
    found: ({ protection }) => protection,
    allows: (limits, { protection = "standard" }) => limits.protections.includes(protection),
    allowed: (limits) => limits.protections.join(", "),
    instead: "use standard, which protects everything but the site's own domain",
    fix: remove,
  },
  {
    key: "skewProtection",
    found: ({ skewProtection }) => skewProtection,
    allows: (limits) => limits.skewProtection,
    allowed: () => "no skew protection",
    instead: "remove vercel.skewProtection",
    fix: remove,
  },
  {
    key: "logDrain",
    found: ({ logDrain }) => (logDrain === undefined ? undefined : "a log drain"),
    allows: (limits) => limits.logDrain,
    allowed: () => "no log drain",
    instead: "remove vercel.logDrain; runtime logs stay in Vercel's dashboard for one hour",
    fix: remove,
  },
  {
    key: "databaseAccess",
    found: ({ database }) => database?.kind,
    allows: (limits, { database }) => database === undefined || limits.databaseAccess.includes(database.kind),
    allowed: (limits) => limits.databaseAccess.join(", "),
    instead: "use public-tls, which opens the database's port to the internet with TLS forced",
    fix: () => ({ value: "public-tls" }),
  },
  {
    key: "requiredSla",
    found: ({ requiredSla }) => (requiredSla === undefined ? undefined : percent(requiredSla)),
    allows: (limits, { requiredSla = 0 }) => (limits.sla ?? 0) >= requiredSla,
    allowed: (limits) => (limits.sla === undefined ? "no availability by contract" : percent(limits.sla)),
    instead: "remove vercel.requiredSla",
    fix: remove,
  },
];

/**
 * What the chosen plan does not allow. Pure, and empty if all is well: the settings' schema and the component both call it,
 * so that nothing is created before the answer is known.
 */
export function vercelPlanProblems(choices: VercelPlanChoices): SettingProblem[] {
  const limits = vercelPlans[choices.plan];
  return rules.flatMap(({ key, found: find, allows, allowed, instead, fix }) => {
    const found = find(choices);
    if (found === undefined || allows(limits, choices)) return [];
    const better = (Object.keys(vercelPlans) as VercelPlan[]).find((plan) => allows(vercelPlans[plan], choices));
    return [
      {
        key: `vercel.${key}`,
        found,
        allowed: `${limits.title}: ${allowed(limits)}${better ? `; vercel.plan ${better} allows it` : ""}`,
        how: sentence(better === undefined ? instead : `${instead}, or set vercel.plan to ${better}`),
        fix: fix(limits),
      },
    ];
  });
}

/** What a plan lacks, as a sentence for every plan of a stack. */
export function vercelPlanNotice(plan: VercelPlan): string {
  const limits = vercelPlans[plan];
  const lacks = [
    limits.commercialUse ? "" : "commercial use",
    limits.team ? "" : "a team",
    limits.databaseAccess.includes("static-ips") ? "" : "static addresses",
    limits.databaseAccess.includes("private-link") ? "" : "a private network to the database",
    limits.skewProtection ? "" : "skew protection",
    limits.logDrain ? "" : "log drains",
    limits.sla === undefined ? "an availability by contract" : "",
  ].filter(Boolean);
  const promised =
    limits.sla === undefined ? "" : ` Its contract promises ${percent(limits.sla)}, the database not included.`;
  return (
    `Vercel ${limits.title}: functions run up to ${limits.maxFunctionSeconds} s ` +
    `in at most ${limits.maxFunctionRegions} ` +
    `region(s).${lacks.length > 0 ? ` It does not have: ${lacks.join(", ")}.` : ""}${promised}`
  );
}

const percent = (share: number) => `${Number((share * 100).toFixed(4))} %`;
const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
