import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Family } from "./families";
import type { Outcome } from "./lane";
import { type Case, caseText } from "./requests";

/** What a kill was tried on. */
export interface Tried {
  /** Short. */
  readonly commit: string;
  /** Hash of the program that a person runs, which a commit to its tests or documents leaves as it is. */
  readonly program: string;
}

/** One kill that was made. */
export interface Entry extends Tried {
  readonly family: Family;
  readonly case: Case;
  /** Whether it was a copy of what a kill leaves. @default a SIGKILL of its own */
  readonly copied?: boolean;
  readonly outcome: Outcome;
}

/** The kills that were made so far, one a line in a file, so that a long run may end at any time and go on. */
export class Progress {
  private readonly entries: Entry[];

  /**
   * @param file outside the tree, or ignored by git; undefined keeps nothing
   * @param also programs of which what was whole counts
   */
  constructor(
    private readonly tried: Tried,
    private readonly file?: string,
    also: readonly string[] = [],
  ) {
    const lines = file && existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
    // What another program did says nothing of this one, unless somebody says that it does.
    this.entries = lines
      .map((line) => JSON.parse(line) as Entry)
      .filter(({ program, outcome }) =>
        program === tried.program ? true : also.includes(program) && outcome.wrong.length === 0,
      );
  }

  has = (family: Family, one: Case): boolean =>
    this.entries.some((entry) => entry.family === family && caseText(entry.case) === caseText(one));

  of = (family: Family): readonly Entry[] => this.entries.filter((entry) => entry.family === family);

  add(made: Omit<Entry, keyof Tried>): void {
    const entry = { ...this.tried, ...made };
    this.entries.push(entry);
    if (this.file) appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
  }
}
