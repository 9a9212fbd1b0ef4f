/**
 * The name of a release, one grammar for everybody who reads it: Next.js' `deploymentId` (letters, digits, - and _), Vercel (at most 32
 * characters, `dpl_` being its own ids'), the tag of an image (which begins with a letter, a digit or _), the name of a folder and of an
 * archive, and the health check's answer.
 */
export const VERSION = /^(?!dpl_)[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

export const VERSION_ALLOWED =
  "1 to 32 letters, digits, - and _, beginning with a letter or digit, and not with Vercel's own dpl_";

/** A release that nobody has named. */
export const UNVERSIONED = "unversioned";

/** Characters of a hash that name a release, as `git log` shows them: enough to be the only one. */
const HASH_LENGTH = 12;

/** The allowed name nearest to a text: `1.4.0` is `1-4-0`, a commit or a digest its first twelve digits. */
export function versionFrom(text: string): string {
  const hash = /^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(text) ? text.slice(0, HASH_LENGTH) : text;
  return (
    hash
      .replace(/[^A-Za-z0-9_-]+/g, "-")
      .replace(/^(dpl_|[_-])+/, "")
      .slice(0, 32)
      .replace(/[_-]+$/, "") || "release"
  );
}

/** A release is known by its image's digest or tag, or by its archive's name. */
export function artifactVersion(artifact: string | undefined): string {
  const name = artifact?.split("/").at(-1);
  if (!name) return UNVERSIONED;
  const digest = /@sha256:([0-9a-f]{64})$/.exec(name)?.[1];
  return versionFrom(digest ?? /:([\w.-]+)$/.exec(name)?.[1] ?? name.replace(/\.(tgz|tar\.gz)$/, ""));
}
