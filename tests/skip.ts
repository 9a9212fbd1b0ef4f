/** Leaves a suite or a test out if it lacks something, and says what: `.ci/run` counts it as skipped. */
export function skipIf(test: Mocha.Context, lacks: string | undefined): void {
  if (lacks === undefined) return;
  console.log(`    skipped: ${lacks}`);
  test.skip();
}

/** What a suite or a test needs, or why it is left out, as text. */
export function needed<T extends object>(test: Mocha.Context, found: T | string): T {
  if (typeof found === "string") skipIf(test, found);
  return found as T;
}
