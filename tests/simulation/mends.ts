import type { Without } from "./history";

const nothing = async () => {};

/** What can be taken out of the program, to see that the histories find what it is for. */
export const MENDS: Readonly<Record<string, Without>> = {
  /** The gate before traffic moves. */
  ready: (gates) => ({ ...gates, ready: nothing }),
  /** Other targets of the tier that serves prove themselves like another tier. */
  targets: (gates) => {
    let serving: string | undefined;
    return {
      ...gates,
      live: async (...asked) => {
        const live = await gates.live(...asked);
        serving = live.state?.value?.slots.serving.tier;
        return live;
      },
      ready: async (tier) => (tier.tier === serving ? undefined : gates.ready(tier)),
    };
  },
  /** The gate before anything is deleted. */
  settled: (gates) => ({ ...gates, settled: nothing }),
  /** The wait for the TTL, by what resolvers may hold. */
  ttl: (gates) => ({
    ...gates,
    settled: ({ before: { told: _, ...before }, ...traffic }) =>
      gates.settled({ ...traffic, before: { ...before, asked: [] } }),
  }),
  /** Earlier versions of the two parameters: TTLs, and places that were left lately. */
  history: (gates) => ({
    ...gates,
    live: async (...asked) => {
      const live = await gates.live(...asked);
      return { ...live, asked: live.asked.filter(({ given }) => given === Number.POSITIVE_INFINITY) };
    },
  }),
  /** The foundation keeps what those need who may be reached. */
  tiersWithVisitors: (gates) => ({
    ...gates,
    live: async (...asked) => ({ ...(await gates.live(...asked)), at: Number.POSITIVE_INFINITY, named: [] }),
  }),
};
