import { factsOf } from "../../../cli/commands/look/flip";
import type { StackContext } from "../../../cli/planner/load";
import type { Plan, PlannedResource, PlanValue, Ref } from "../../../core/plan-format";
import { readSettings } from "../../../stacks/settings/settings-check";
import { rawConfig } from "../stacks/settings/fixtures";

/** What a stack's file says, with these sections in it. */
export function contextOf(sections: Readonly<Record<string, unknown>> = {}): StackContext {
  const settings = readSettings("iamvet", "prod", rawConfig(sections));
  return { region: "ap-northeast-2", settings, usage: settings.usage, sections };
}

/** What a flip is judged by where a stack's file says nothing of its own. */
export const flipFacts = factsOf(contextOf());

/** A resource of a hand-made plan. */
export function resource(
  type: string,
  name: string,
  inputs: Readonly<Record<string, PlanValue>> = {},
  more: Partial<PlannedResource> = {},
): PlannedResource {
  return {
    urn: `urn:pulumi:test::iamvet::${type}::${name}`,
    type,
    name,
    inputs,
    protect: false,
    dependencies: [],
    custom: true,
    ignoreChanges: [],
    retainOnDelete: false,
    ...more,
  };
}

/** A reference to a resource of the same plan. */
export const ref = (to: PlannedResource, property = "id"): Ref => ({ $ref: to.urn, property });

/** A plan of these resources. */
export const planOf = (architecture: string, ...resources: readonly PlannedResource[]): Plan => ({
  stack: "test",
  project: "iamvet",
  architecture,
  resources,
  outputs: {},
  notices: [],
});

export const subnets = (region: string): [PlannedResource, PlannedResource] => [
  resource("aws:ec2/subnet:Subnet", "public-a", { availabilityZone: `${region}a` }),
  resource("aws:ec2/subnet:Subnet", "public-b", { availabilityZone: `${region}b` }),
];
