import type { Acceptance } from "./findings";

/** Findings that are wanted as they are. One that no tool reports any more fails the suite, so that the list stays true. */
export const ACCEPTED: readonly Acceptance[] = [];
