import { planStack } from "../../cli/planner/planner";
import type { Plan } from "../../core/plan-format";
import { architectures } from "../../stacks/settings/schema";
import { REGION } from "./dummies";
import { existingDatabase, parts, released } from "./parts";
import { randomConfigs } from "./random";

/** One way to configure the site. */
export interface Combination {
  readonly name: string;
  readonly stack: string;
  readonly architecture?: string;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** How many combinations come from one seed: enough to try each value of each choice. */
const RANDOM = 24;

/** Combinations that nobody thought of, the same for the same seed; every other one is of a production stack. */
export function randomCombinations(seed: number): readonly Combination[] {
  const stacks = Array.from({ length: RANDOM }, (_, index) => (index % 2 ? "prod" : "staging"));
  return randomConfigs(seed, stacks).map((config, index) => {
    const { canary } = config.traffic as { readonly canary?: string };
    const tiers = `${config.architecture}${canary ? ` + ${canary}` : ""}`;
    return { name: `random ${seed}.${index + 1}: ${tiers}`, stack: stacks[index] as string, config };
  });
}

/** The region of a combination. */
export const regionOf = ({ config }: Combination): string => String(config?.["aws:region"] ?? REGION);

/** Both stacks as they are, and in each architecture, each database mode, with and without each optional part. */
export const combinations: readonly Combination[] = [
  ...["staging", "prod"].flatMap((stack) => [
    { name: `${stack} as it is`, stack },
    ...architectures.map((architecture) => ({
      name: `${stack} ${architecture}`,
      stack,
      architecture,
      config: released,
    })),
  ]),
  ...architectures.map((architecture) => ({
    name: `${architecture}, existing database`,
    stack: "prod",
    architecture,
    config: { ...released, ...existingDatabase },
  })),
  ...parts.flatMap(({ name, architectures: where, config }) =>
    where.map((architecture) => ({
      name: `${architecture}, ${name}`,
      stack: "staging",
      architecture,
      config: { ...released, ...config },
    })),
  ),
  ...randomCombinations(1),
];

/** What `pulumi up` would build for a combination. */
export const planOf = ({ stack, architecture, config }: Combination): Promise<Plan> =>
  planStack(stack, { ...(architecture ? { architecture } : {}), ...(config ? { config } : {}) });
