/** A mistake of the person who asked: the message says all that they need, without a stack trace, and the exit code is 2. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** Why something failed, in its own words. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
