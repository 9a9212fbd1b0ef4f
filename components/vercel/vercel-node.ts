import type { SettingProblem } from "../../core/setting-problem";

/**
 * Node.js majors of builds and functions on Vercel, and the day from which it fails new deployments on one. Looked up 2026-11-30:
 * vercel.com/docs/functions/runtimes/node-js/node-js-versions, vercel.com/changelog/node-js-20-is-being-deprecated, and the table of
 * `@vercel/build-utils` 14.21.1. Vercel has 26.x too, which its provider (5.9.1) does not take.
 */
const versions: Readonly<Record<string, { readonly endsOn?: string }>> = {
  "18.x": { endsOn: "2025-09-01" },
  "20.x": { endsOn: "2026-10-01" },
  "22.x": {},
  "24.x": {},
};

/** Versions whose end nobody has announced, the oldest first. */
export const lastingNodeVersions = Object.keys(versions).filter((version) => !versions[version]?.endsOn);

export const defaultNodeVersion = "22.x";

const endDate = (version: string): Date | undefined => {
  const endsOn = versions[version]?.endsOn;
  return endsOn === undefined ? undefined : new Date(endsOn);
};

/** Refuses a version that Vercel has ended, or never had. @param now @default the present time */
export function vercelNodeProblems(version: string, now = new Date()): SettingProblem[] {
  const end = endDate(version);
  if (version in versions && !(end && now >= end)) return [];
  const why = end ? `: Vercel fails every deployment on ${version} since ${day(end)}` : "";
  return [
    {
      key: "vercel.nodeVersion",
      found: version,
      allowed: `${lastingNodeVersions.join(" or ")}${why}`,
      how: `Set vercel.nodeVersion to ${defaultNodeVersion}.`,
      fix: { value: defaultNodeVersion },
    },
  ];
}

/** What to tell of a version that Vercel is about to end; undefined if there is nothing. */
export function vercelNodeNotice(version: string, now = new Date()): string | undefined {
  const end = endDate(version);
  if (!end || now >= end) return undefined;
  return (
    `Vercel fails every deployment on Node.js ${version} from ${day(end)} on: set ` +
    `vercel.nodeVersion to ${lastingNodeVersions.join(" or ")} before that.`
  );
}

const day = (date: Date) => date.toISOString().slice(0, 10);
