import { readFileSync } from "node:fs";
import { UserError } from "../../core/errors";
import type { Plan, Plans } from "../../core/plan-format";

/**
 * Plans that were kept by `plan --json`.
 * @throws {UserError} if the file holds none
 */
export function readPlans(file: string): readonly Plan[] {
  try {
    const { stacks } = JSON.parse(readFileSync(file, "utf8")) as Plans;
    if (!Array.isArray(stacks)) throw new Error("it has no list of stacks");
    return stacks;
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    throw new UserError(`${file} holds no plans: write some with \`npm start --silent -- --json > ${file}\`. ${why}`);
  }
}
