import { readFileSync } from "node:fs";
import { z } from "zod";
import { UserError } from "../../core/errors";
import type { Plan } from "../../core/plan-format";

/** What every reader of a plan asks for (the whole: core/plan-format.ts). Older plans may lack what was added since. */
const plans = z.object({
  stacks: z.array(
    z.looseObject({
      stack: z.string(),
      architecture: z.string(),
      resources: z.array(
        z.looseObject({
          urn: z.string(),
          type: z.string(),
          name: z.string(),
          inputs: z.record(z.string(), z.unknown()),
          dependencies: z.array(z.string()),
          ignoreChanges: z.array(z.string()),
        }),
      ),
    }),
  ),
});

/**
 * Plans that were kept by `plan --json`.
 * @throws {UserError} if the file holds none
 */
export function readPlans(file: string): readonly Plan[] {
  try {
    return plans.parse(JSON.parse(readFileSync(file, "utf8"))).stacks as unknown as readonly Plan[];
  } catch (error) {
    const why = error instanceof z.ZodError ? at(error) : error instanceof Error ? error.message : error;
    throw new UserError(`${file} holds no plans: write some with \`npm start --silent -- --json > ${file}\`. ${why}`);
  }
}

/** The first place where it is no plan. */
const at = ({ issues: [first] }: z.ZodError) =>
  [...(first && first.path.length > 0 ? [`${first.path.join(".")}: `] : []), `${first?.message}.`].join("");
