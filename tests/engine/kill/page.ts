import { changeOf, changeText, type Family } from "./families";
import type { Outcome } from "./lane";
import type { Entry } from "./progress";
import { ASKERS, type Case, caseText } from "./requests";

/** One family's result. */
export interface Result {
  readonly family: Family;
  /** The kills that there are to make. */
  readonly all: readonly Case[];
  readonly entries: readonly Entry[];
}

export const isWrong = ({ wrong }: Outcome): boolean => wrong.length > 0;
const isLeft = (one: Outcome) => !isWrong(one) && one.pending.length + one.orphans.length > 0;

/** What of a text differs from kill to kill, and so must not tell two faults apart. */
const shape = (text: string) => text.replace(/^\d+ of \d+ visits/, "some visits").replace(/\b[0-9a-f]{12,}\b/g, "…");

/** More files are counted and not named. */
const LISTED = 8;

/** What was tried, how and when. */
function made(
  entries: readonly Entry[],
  there: number,
  differing: (commit: string) => readonly string[],
  day: string,
): string[] {
  const copies = entries.filter(({ copied }) => copied).length;
  const commits = [...new Set(entries.map(({ commit }) => commit))].map((commit) => {
    const count = entries.filter((one) => one.commit === commit).length;
    const files = differing(commit);
    const which = files.length > LISTED ? `${files.length} files` : files.join(", ");
    return `- ${count} on commit ${commit}${which ? `, which differs in ${which}` : ""}`;
  });
  const [tried, kills] = [entries.length, entries.length - copies];
  return [`${tried} of ${there} requests tried, by ${copies} copies and ${kills} kills, ${day}:`, "", ...commits];
}

/**
 * The page that a full run writes.
 * @param differing files of the program in which a commit is another one than what was tried last
 * @param day ISO date
 */
export function page(
  results: readonly Result[],
  differing: (commit: string) => readonly string[],
  day: string,
): string {
  const rows = results.map(({ family, all, entries }) => {
    const { by, takenBack } = changeOf(family);
    const outcomes = entries.map(({ outcome }) => outcome);
    const count = (which: (one: Outcome) => boolean) => outcomes.filter(which).length;
    const whole = entries.length - count(isWrong) - count(isLeft);
    const how = `${by === "up" ? "`pulumi up`" : "`platform migrate`"}${takenBack ? ", taken back" : ""}`;
    const visits = outcomes.reduce((sum, one) => sum + one.visits, 0);
    const killed = ASKERS.map((asker) => {
      const [made, there] = [entries.map((one) => one.case), all].map(
        (some) => some.filter(({ request: { by } }) => by === asker).length,
      );
      return there ? `${made} of ${there}` : "–";
    });
    return `| ${changeText(family)} | ${how} | ${killed.join(" | ")} | ${whole} | ${count(isLeft)} | ${count(isWrong)} | ${visits} |`;
  });
  const faults = new Map<string, string[]>();
  for (const { family, entries } of results) {
    for (const entry of entries) {
      for (const why of entry.outcome.wrong.map(shape)) {
        faults.set(why, [...(faults.get(why) ?? []), `${family}: ${caseText(entry.case)}`]);
      }
    }
  }
  const listed = [...faults].sort(([, a], [, b]) => b.length - a.length);
  return [
    "# Killed at every request",
    "",
    "Written by `npm run test:engine -- --kill all`; do not edit.",
    "",
    "Engine, program and `platform migrate` are killed at once (SIGKILL) at one request that changes something: of the engine to a",
    "provider, or of the program or `migrate` to an API of AWS; before it takes effect, and after it did and before anybody knows.",
    "Then `pulumi cancel` takes the lock away, the stack's file is set back where the change is taken back, and one plain `pulumi",
    "up` follows. One that refuses, and says how to go on, is obeyed to the letter. A visitor asks the site all the while. The",
    "engine is the real one; AWS and Vercel are stand-ins.",
    "",
    "So that a change need not be made again for each of its requests, it is made once: engine and `migrate` are stopped (SIGSTOP) at",
    "each request, and what a kill would leave there is copied: the backend's files with the lock, the stack's file, the clouds and",
    "their time, and what the visitor's resolver holds. The `up` that follows begins with such a copy, and has the program in a process",
    "that stays. `npm run test:engine -- --kill` kills the processes themselves, once for each kind of request.",
    "",
    ...made(
      results.flatMap(({ entries }) => entries),
      results.reduce((sum, { all }) => sum + all.length, 0),
      differing,
      day,
    ),
    "",
    "| change | by | at a request of the engine | of the program | of `migrate` | whole | whole, something left | not whole | visits |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
    "Whole: `up` ended well, state and cloud have the same resources, and no visit failed. Something left: besides, the engine",
    "remembers an operation that was cut off, and told so, which `pulumi refresh` clears (and did, where the change was taken back",
    "and needs again what had just been deleted); or something exists that no stack knows of and that costs nothing, or that `up`",
    "has told of with the command that deletes it.",
    "",
    "## Not whole",
    "",
    ...(listed.length > 0 ? listed.map(([why, at]) => `- ${why} (${at.length}; ${at[0]})`) : ["Nothing."]),
    "",
  ].join("\n");
}
