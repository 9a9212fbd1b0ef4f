import type { Plan, PlannedResource, PlanValue, Ref } from "../../insight/plan";

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
