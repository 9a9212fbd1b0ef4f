/** One setting that a provider or its plan does not allow: where it is, what was found, what is allowed, and what to do. */
export interface SettingProblem {
  /** Key in the stack's settings, for example `vercel.functions.maxSeconds`. */
  readonly key: string;
  readonly found: string;
  readonly allowed: string;
  /** The next step, a sentence. */
  readonly how: string;
  /** A value that mends the key, or that the key is to be removed. */
  readonly fix: { readonly value: unknown } | "remove";
}

/** The problems as the text of one error, a line each. */
export function problemText(problems: readonly SettingProblem[]): string {
  return problems.map(({ key, found, allowed, how }) => `${key}: ${found}. ${allowed}. ${how}`).join("\n");
}
