import assert from "node:assert/strict";
import { planStack } from "../../../../cli/planner/planner";
import { isConcat, isRef, type Plan, type PlannedResource, type PlanValue } from "../../../../core/plan-format";

const released = { release: { url: "s3://iamvet-releases/site-1.tar.gz", sha256: "0".repeat(64) } };
/** The plan of a server that the stack makes. */
export const planOf = (config: Record<string, unknown>) =>
  planStack("staging", { architecture: "monitored-instance", config: { instance: released, ...config } });

export const named = ({ resources }: Plan, name: string): PlannedResource => {
  const found = resources.find((resource) => resource.name === name);
  assert.ok(found, `${name} is in the plan`);
  return found;
};

/** A value of a plan as text, with every reference as the name of what it refers to. */
export function text(value: PlanValue | undefined): string {
  if (isRef(value)) return `<${value.$ref.split("::").at(-1)}.${value.property}>`;
  if (isConcat(value))
    return value.$concat.map((part) => (typeof part === "string" ? part : text(part).replaceAll('"', "'"))).join("");
  return typeof value === "string" ? value : JSON.stringify(value);
}
