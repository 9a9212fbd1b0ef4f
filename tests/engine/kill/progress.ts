import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { Family } from "./families";
import type { Outcome } from "./lane";
import { type Case, caseText } from "./requests";

/** One kill that was made. */
export interface Entry {
  readonly commit: string;
  readonly family: Family;
  readonly case: Case;
  readonly outcome: Outcome;
}

/** The kills that were made so far, one a line in a file, so that a long run may end at any time and go on. */
export class Progress {
  private readonly entries: Entry[];

  /** @param file outside the tree, or ignored by git; undefined keeps nothing */
  constructor(
    private readonly commit: string,
    private readonly file?: string,
  ) {
    const lines = file && existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
    // What another commit did says nothing of this one.
    this.entries = lines.map((line) => JSON.parse(line) as Entry).filter((entry) => entry.commit === commit);
  }

  has = (family: Family, one: Case): boolean =>
    this.entries.some((entry) => entry.family === family && caseText(entry.case) === caseText(one));

  of = (family: Family): readonly Entry[] => this.entries.filter((entry) => entry.family === family);

  add(family: Family, one: Case, outcome: Outcome): void {
    const entry = { commit: this.commit, family, case: one, outcome };
    this.entries.push(entry);
    if (this.file) appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
  }
}
