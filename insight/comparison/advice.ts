import { UserError } from "../../core/errors";
import { dollars, percent } from "../../output/format";

/** What somebody wants: a price not to exceed, an availability to reach, or both. */
export interface Aim {
  /** USD a month for the whole stack, database included. */
  readonly budgetUsd?: number;
  /** Share of time, 0 to 1. */
  readonly availability?: number;
}

/** An architecture with settings that differ from the stack's. */
export interface Candidate {
  readonly architecture: string;
  /** Config that would have to be set; empty for the stack as it is. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly totalUsd: number;
  readonly availability: number;
}

export interface Advice {
  /** The cheapest that meets the aim; undefined if none does. */
  readonly choice?: Candidate;
  /** Why, or what is missing. */
  readonly reason: string;
  readonly candidates: readonly Candidate[];
}

/** Settings worth trying: one or two of everything, a database in one zone or two. */
export const variations: readonly {
  readonly architecture: string;
  readonly config: Readonly<Record<string, unknown>>;
}[] = [
  ...[false, true].flatMap((multiAz) => [
    { architecture: "monitored-instance", config: { "database.multiAz": multiAz } },
    ...[1, 2].flatMap((min) => [
      {
        architecture: "ha-web-tier",
        config: { "haWebTier.min": min, "haWebTier.desired": min, "database.multiAz": multiAz },
      },
      { architecture: "fargate", config: { "fargate.min": min, "database.multiAz": multiAz } },
    ]),
    { architecture: "vercel", config: { "database.multiAz": multiAz } },
  ]),
];

const named = (candidate: Candidate): string => {
  const settings = Object.entries(candidate.config).map(([key, value]) => `${key}: ${String(value)}`);
  return `${candidate.architecture}${settings.length > 0 ? ` with ${settings.join(", ")}` : ""}`;
};

/**
 * The cheapest candidate that meets an aim, or what is missing.
 * @throws Error for an aim that cannot be meant: a negative budget, an availability outside 0 to 1, or no aim at all.
 */
export function advise(candidates: readonly Candidate[], aim: Aim): Advice {
  const { budgetUsd, availability } = aim;
  if (budgetUsd === undefined && availability === undefined)
    throw new UserError("Say --budget, --availability, or both.");
  if (budgetUsd !== undefined && !(budgetUsd > 0))
    throw new UserError(`--budget must be above 0 USD a month (got ${budgetUsd}).`);
  if (availability !== undefined && !(availability > 0 && availability < 1)) {
    throw new UserError(
      `--availability must lie between 0 and 100 percent, for example 99.9 (got ${availability * 100}).`,
    );
  }
  const byPrice = [...candidates].sort((a, b) => a.totalUsd - b.totalUsd || b.availability - a.availability);
  const affordable = byPrice.filter((c) => budgetUsd === undefined || c.totalUsd <= budgetUsd);
  const reliable = byPrice.filter((c) => availability === undefined || c.availability >= availability);
  const choice = affordable.find((c) => reliable.includes(c));
  if (choice) {
    return {
      choice,
      candidates: byPrice,
      reason: `${named(choice)}: ${dollars(choice.totalUsd)} a month, ${percent(choice.availability)}.`,
    };
  }
  return { reason: missing(aim, byPrice, affordable, reliable), candidates: byPrice };
}

const mostReliable = (some: readonly Candidate[]): Candidate | undefined =>
  [...some].sort((a, b) => b.availability - a.availability)[0];

/** What an aim that no candidate meets would cost, and what the nearest ones give. All lists are by price. */
function missing(
  { budgetUsd, availability }: Aim,
  all: readonly Candidate[],
  affordable: readonly Candidate[],
  [cheapestReliable]: readonly Candidate[],
): string {
  const one = budgetUsd === undefined || availability === undefined;
  const parts = [`None of the options meets ${one ? "the aim" : "both aims"}.`];
  const above = ({ totalUsd }: Candidate) =>
    budgetUsd === undefined ? "" : `: ${dollars(totalUsd - budgetUsd)} above the budget`;
  if (availability !== undefined && cheapestReliable) {
    const price = `${dollars(cheapestReliable.totalUsd)} a month (${named(cheapestReliable)})`;
    parts.push(`${percent(availability)} costs at least ${price}${above(cheapestReliable)}.`);
  } else if (availability !== undefined) {
    const best = mostReliable(all);
    const shown = best ? `${percent(best.availability)} (${named(best)})` : "none";
    parts.push(`No option reaches ${percent(availability)}; the best is ${shown}.`);
  }
  const best = mostReliable(affordable);
  const [cheapest] = all;
  if (budgetUsd !== undefined && best) {
    const shown = `${percent(best.availability)} for ${dollars(best.totalUsd)} (${named(best)})`;
    parts.push(`Within ${dollars(budgetUsd)} the best is ${shown}.`);
  } else if (budgetUsd !== undefined && cheapest) {
    parts.push(`The cheapest costs ${dollars(cheapest.totalUsd)} (${named(cheapest)})${above(cheapest)}.`);
  }
  return parts.join(" ");
}
