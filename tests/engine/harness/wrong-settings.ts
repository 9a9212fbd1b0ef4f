import type { Architecture } from "../../../stacks/settings/schema";
import { settings } from "./stack";
import { DOMAIN } from "./world";

/** What is wrong, the settings beside those of the serving architecture, the command's arguments, and what it must say. */
export type WrongInput = [what: string, settings: () => Record<string, unknown>, args: string[], message: RegExp];

/** The settings of a stack with some keys of one section changed. */
export const withSection = (serving: Architecture, section: string, change: Record<string, unknown>) => {
  const all: Record<string, unknown> = settings(serving);
  return { ...all, [`iamvet:${section}`]: { ...(all[`iamvet:${section}`] as object | undefined), ...change } };
};

/**
 * Settings with which no change of architecture may begin, by whichever command. They are functions, since the servers' addresses
 * are known only once the suite has begun.
 *
 * @param canary a third architecture, in the place that the change needs
 */
export const wrongSettings = (serving: Architecture, to: Architecture, canary: Architecture): WrongInput[] => [
  [
    "settings of the target",
    () => withSection(serving, "vercel", { repository: undefined }),
    ["--to", "vercel"],
    /iamvet:vercel\.repository/,
  ],
  [
    "an apex with CNAME",
    () => withSection(serving, "domain", { record: "CNAME" }),
    ["--to", to],
    /iamvet:domain\.record[\s\S]*apex/,
  ],
  [
    "a subdomain with CNAME",
    () => ({
      ...withSection(serving, "domain", { record: "CNAME", name: `www.${DOMAIN}`, zoneName: DOMAIN }),
      "iamvet:architecture": "vercel",
    }),
    ["--to", "fargate"],
    /iamvet:domain\.record[\s\S]*fargate is served by addresses/,
  ],
  [
    "a share without a canary",
    () => withSection(serving, "traffic", { percent: 50 }),
    ["--to", to],
    /iamvet:traffic\.percent/,
  ],
  [
    "the share of a tier that is not live",
    () => withSection(serving, "traffic", { canary: to, percent: 50 }),
    ["--to", to],
    new RegExp(`gives ${to} 50 % of the traffic, but ${to} is not live[\\s\\S]*traffic\\.percent 0`),
  ],
  [
    "a canary that stands in the way",
    () => withSection(serving, "traffic", { canary, percent: 0 }),
    ["--to", to],
    new RegExp(`${canary} is the canary of test.*Take it out first`),
  ],
];
