/** One version of the parameter that is written before the records change. */
export interface Intended {
  readonly version: number;
  /** Seconds. */
  readonly ttl: number;
}

/** One version of the parameter that is written after the records have changed. */
export interface Reached {
  /** Version of the other parameter that it was written for. */
  readonly intent?: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** An answer that resolvers may hold: Route 53 gave it until then, and they keep it for so long. */
export interface Holding {
  /** Milliseconds since the epoch. */
  readonly given: number;
  /** Seconds. */
  readonly ttl: number;
}

/** When the last resolver that keeps to TTL has let go of an answer, in milliseconds since the epoch. */
export const letGoAt = ({ given, ttl }: Holding): number => given + ttl * 1000;

/**
 * The answers that resolvers may hold, by every TTL that was ever asked for: a lowered TTL does not shorten what was handed out
 * before it. Once a state was written for a later intent, the records have left an intent behind; until then some of them may still
 * be at it, as an update that was killed leaves them, so it counts as given until the latest change.
 * @param latest when the records have changed last, in milliseconds since the epoch
 */
export const holdingsOf = (intents: readonly Intended[], states: readonly Reached[], latest: number): Holding[] =>
  intents.map(({ version, ttl }) => {
    const left = states.filter(({ intent = 0 }) => intent > version).map(({ modified }) => modified);
    return { given: Math.min(latest, ...left), ttl };
  });
