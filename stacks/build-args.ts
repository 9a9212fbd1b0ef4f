import { createHash } from "node:crypto";
import { SERVER_ACTIONS_KEY } from "../components/foundation/app-environment";
import type { Settings } from "./settings/schema";

/** Id under which app/Dockerfile mounts the key of Server Actions. */
export const BUILD_SECRET = "server-actions-key";

/** Label of an image, and metadata of a server's archive, that holds what its build wrote into it ({@link bakedBy}). */
export const BAKED_LABEL = "iamvet.baked";

/** Next.js writes these into the pages that browsers get. In a fixed order, so that two stacks' can be compared as text. */
function publicEnvironment({ environment }: Settings["app"]): Readonly<Record<string, string>> {
  const entries = Object.entries(environment).filter(([name]) => name.startsWith("NEXT_PUBLIC_"));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Arguments of app/Dockerfile. */
export function buildArgs(app: Settings["app"], version: string): Readonly<Record<string, string>> {
  const open = publicEnvironment(app);
  return { SITE_VERSION: version, ...(Object.keys(open).length > 0 ? { SITE_PUBLIC: JSON.stringify(open) } : {}) };
}

/**
 * What a build writes into its result, so that the result runs as well on another stack only where all of it is the same there. The
 * key of Server Actions stands for itself by a hash: the image itself holds the key, so that this gives nothing away.
 */
export function bakedBy(
  app: Settings["app"],
  platforms: readonly string[],
  serverActionsKey: string,
): Readonly<Record<string, string>> {
  return {
    ...publicEnvironment(app),
    [SERVER_ACTIONS_KEY]: createHash("sha256").update(serverActionsKey).digest("hex").slice(0, 12),
    platform: platforms.join(","),
  };
}

/** What differs between two results, a phrase each; no key is shown. */
export function differences(
  found: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): readonly string[] {
  const names = [...new Set([...Object.keys(found), ...Object.keys(wanted)])].filter(
    (name) => found[name] !== wanted[name],
  );
  return names.map((name) =>
    name === SERVER_ACTIONS_KEY
      ? `another ${name}`
      : `${name} ${found[name] ?? "not set"} instead of ${wanted[name] ?? "none"}`,
  );
}
