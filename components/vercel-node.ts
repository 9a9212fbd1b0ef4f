import type { SettingProblem } from "./setting-problem";

/**
 * Node.js majors of builds and functions on Vercel, and the day from which it fails new deployments on one. Looked up 2026-11-30:
 * vercel.com/docs/functions/runtimes/node-js/node-js-versions, vercel.com/changelog/node-js-20-is-being-deprecated, and the table of
 * `@vercel/build-utils` 14.21.1. Vercel has 26.x too, which its provider (5.9.1) does not take.
 */
export const vercelNodeVersions = {
  "18.x": { endsOn: "2025-09-01" },
  "20.x": { endsOn: "2026-10-01" },
  "22.x": {},
  "24.x": {},
} as const satisfies Readonly<Record<string, { readonly endsOn?: string }>>;

export type VercelNodeVersion = keyof typeof vercelNodeVersions;

/** The day from which Vercel fails new deployments on a version, if that was announced. */
export function endOf(version: VercelNodeVersion): Date | undefined {
  const { endsOn }: { endsOn?: string } = vercelNodeVersions[version];
  return endsOn === undefined ? undefined : new Date(endsOn);
}

/** Versions whose end no one has announced, the oldest first. */
export const lastingNodeVersions = (Object.keys(vercelNodeVersions) as VercelNodeVersion[]).filter(
  (one) => !endOf(one),
);

/** Refuses a version that Vercel has ended. @param now @default the present time */
export function vercelNodeProblems(version: VercelNodeVersion, now = new Date()): SettingProblem[] {
  const end = endOf(version);
  if (!end || now < end) return [];
  return [
    {
      key: "vercel.nodeVersion",
      found: version,
      allowed: `${lastingNodeVersions.join(" or ")}: Vercel fails every deployment on ${version} since ${day(end)}`,
      how: `Set vercel.nodeVersion to ${lastingNodeVersions[0]}.`,
      mend: { value: lastingNodeVersions[0] },
    },
  ];
}

/** What to tell of a version that Vercel is about to end; undefined if there is nothing. */
export function vercelNodeNotice(version: VercelNodeVersion, now = new Date()): string | undefined {
  const end = endOf(version);
  if (!end || now >= end) return undefined;
  return `Vercel fails every deployment on Node.js ${version} from ${day(end)} on: set vercel.nodeVersion to ${lastingNodeVersions.join(" or ")} before that.`;
}

const day = (date: Date) => date.toISOString().slice(0, 10);
