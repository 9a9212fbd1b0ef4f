import { UserError } from "../../../../core/errors";
import type { Settings } from "../../../../stacks/settings/schema";
import type { Exec } from "./tools";

/** Files of a dirty working tree that a message names. */
const SHOWN_FILES = 5;

/**
 * The commit that a release on Vercel is: the working tree's HEAD, which Vercel must find at the Git host, as it builds there. So the
 * release is this commit whatever is pushed meanwhile.
 *
 * @returns the full hash; undefined where Vercel builds nothing, as the site comes built
 * @throws {UserError} with all that is in the way, if what is here is not what Vercel would build
 */
export async function releasedCommit(
  { vercel }: Pick<Settings, "vercel">,
  folder: string,
  exec: Exec,
): Promise<string | undefined> {
  const { repository, prebuilt, rootDirectory, gitHost } = vercel;
  if (prebuilt || !repository) return undefined;
  const git = async (...args: string[]) => {
    try {
      return (await exec("git", args, { cwd: folder, take: true })).trim();
    } catch {
      return undefined;
    }
  };
  const refuse = (...problems: string[]): never => {
    throw new UserError(
      [
        `Vercel builds this release from ${repository} at ${gitHost}, where it would not find what is here:`,
        ...problems.map((problem) => `  ${problem}`),
        "Nothing was changed; what serves goes on.",
      ].join("\n"),
    );
  };

  const top = await git("rev-parse", "--show-toplevel");
  const commit = await git("rev-parse", "--verify", "HEAD");
  if (!top || !commit)
    return refuse(`${folder} is no Git working tree with a commit. Release from a clone of ${repository}.`);

  const remote = remoteOf((await git("remote", "--verbose")) ?? "", repository);
  // A stack's file changes with every release, and Vercel does not read it.
  const paths = [rootDirectory || ".", ":(exclude,glob)**/Pulumi.*.yaml"];
  const changed = ((await git("-C", top, "status", "--porcelain", "--", ...paths)) ?? "").split("\n").filter(Boolean);
  const problems = [
    ...(changed.length > 0
      ? [`Not committed: ${listed(changed.map((line) => line.trim().split(/\s+/)[1] ?? line))}.`]
      : []),
    ...(remote === undefined
      ? [`No remote of ${top} is ${repository}. Release from a clone of it, or correct vercel.repository.`]
      : (await isPushed(commit, remote, git))
        ? []
        : [`${commit.slice(0, 12)} is not pushed: git push ${remote} HEAD`]),
  ];
  return problems.length > 0 ? refuse(...problems) : commit;
}

type Git = (...args: string[]) => Promise<string | undefined>;

/** Name of the remote that leads to a repository, whatever the way: `https://host/owner/name.git`, `git@host:owner/name`. */
function remoteOf(listing: string, repository: string): string | undefined {
  const wanted = repository.toLowerCase();
  const found = listing
    .split("\n")
    .map((line) => line.split(/\s+/))
    .find(([, url = ""]) => /[^/:]+\/[^/:]+$/.exec(url.toLowerCase().replace(/\/?(\.git)?\/?$/, ""))?.[0] === wanted);
  return found?.[0];
}

/** By what was fetched of the remote, which needs no access to it; else by what it has at its branches and tags now. */
const isPushed = async (commit: string, remote: string, git: Git): Promise<boolean> =>
  Boolean(await git("for-each-ref", "--count=1", `--contains=${commit}`, `refs/remotes/${remote}/`)) ||
  ((await git("ls-remote", remote)) ?? "").includes(commit);

const listed = (files: readonly string[]) =>
  files.length > SHOWN_FILES
    ? `${files.slice(0, SHOWN_FILES).join(", ")} and ${files.length - SHOWN_FILES} more`
    : files.join(", ");
