import fc from "fast-check";
import { type History, histories, play, type Without } from "./history";

/** What came of many histories. */
export interface Checked {
  readonly runs: number;
  readonly updates: number;
  /** Updates by how they ended. */
  readonly ends: Readonly<Record<string, number>>;
  /** The shortest history that was found to go wrong, and what goes wrong in it. */
  readonly failure?: { readonly history: History; readonly violations: readonly string[] };
}

/**
 * Plays histories until one goes wrong, which is then shrunk.
 * @param limit milliseconds after which no further one begins
 */
export async function check(options: {
  readonly runs: number;
  readonly seed: number;
  readonly without?: Without;
  /** Whether the site's name changes as well. @default false */
  readonly names?: boolean;
  readonly limit?: number;
  readonly progress?: (runs: number) => void;
}): Promise<Checked> {
  const ends: Record<string, number> = {};
  let [runs, updates] = [0, 0];
  let violations: readonly string[] = [];
  const property = fc.asyncProperty(histories(options.names ?? false), async (history) => {
    const played = await play(history, options.without);
    for (const end of played.ends) ends[end] = (ends[end] ?? 0) + 1;
    updates += played.ends.length;
    options.progress?.(++runs);
    if (played.violations.length === 0) return true;
    violations = played.violations;
    return false;
  });
  const { counterexample, numRuns } = await fc.check(property, {
    numRuns: options.runs,
    seed: options.seed,
    ...(options.limit ? { interruptAfterTimeLimit: options.limit } : {}),
  });
  const [history] = counterexample ?? [];
  return {
    runs: numRuns,
    updates,
    ends,
    ...(history && violations.length > 0 ? { failure: { history, violations } } : {}),
  };
}
