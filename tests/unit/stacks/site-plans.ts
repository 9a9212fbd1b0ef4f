import assert from "node:assert/strict";
import { planStack } from "../../../cli/planner/planner";
import { isConcat, isRef, type Plan, type PlannedResource } from "../../../core/plan-format";
import { architectures } from "../../../stacks/settings/schema";

/** A release, so that no policy is unknown for want of one. */
const artifacts = {
  instance: { release: { url: "s3://iamvet-releases/site-1.tar.gz", sha256: "0".repeat(64) } },
};

const plans = new Map<string, Plan>();

/** Plans both stacks with every architecture, before the tests of a chapter; once for all chapters. */
export function planAll(): void {
  before(async function () {
    this.timeout(120_000);
    if (plans.size > 0) return;
    for (const stack of ["prod", "staging"]) {
      for (const architecture of architectures) {
        plans.set(`${stack} ${architecture}`, await planStack(stack, { architecture, config: artifacts }));
      }
    }
  });
}

export const plan = (stack: string, architecture: string): Plan => plans.get(`${stack} ${architecture}`) as Plan;

export function each(check: (plan: Plan, title: string) => void): void {
  assert.ok(plans.size > 0);
  for (const [title, one] of plans) check(one, title);
}

export function named(one: Plan, name: string): PlannedResource {
  const found = one.resources.find((resource) => resource.name === name);
  assert.ok(found, `${name} is in the plan`);
  return found;
}

export const messages = ({ notices }: Plan): string => notices.map(({ message }) => message).join("\n");

/** Every reference in a value, however deep. */
export function refsIn(value: unknown): { $ref: string; property: string }[] {
  if (isRef(value)) return [value];
  if (isConcat(value)) return value.$concat.flatMap(refsIn);
  if (Array.isArray(value)) return value.flatMap(refsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(refsIn);
}
