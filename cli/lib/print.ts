import type { Document, Inline } from "../../output/document";
import { toTerminal, toTerminalLine } from "../../output/terminal";

/** Prints what a command found: for machines where they asked, else as people read it. */
export const print = (found: unknown, { json = false }: { readonly json?: boolean }, document: () => Document): void =>
  console.log(json ? JSON.stringify(found, null, 2) : toTerminal(document()));

/** Prints a line. */
export const say = (...line: readonly Inline[]): void => console.log(toTerminalLine(line));

/** Prints a line beside a command's output, where a pipe does not take it. */
export const tell = (...line: readonly Inline[]): void => console.error(toTerminalLine(line));
