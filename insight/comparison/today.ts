import type { Plan, PlannedResource } from "../../core/plan-format";
import { ofType } from "../../core/plan-reader";

/**
 * Today's setup as a plan: the brief's t3.medium with a public address and the same database in one zone, without alarms.
 * @param reference any plan of the stack, for its subnets and database
 */
export function todayPlan(reference: Plan, instanceType = "t3.medium"): Plan {
  const kept = reference.resources.filter(({ type }) =>
    ["aws:ec2/subnet:Subnet", "pulumi:providers:aws", "aws:route53/zone:Zone"].includes(type),
  );
  const databases = ofType(reference, "aws:rds/instance:Instance").map((db) => ({
    ...db,
    inputs: { ...db.inputs, multiAz: false, publiclyAccessible: false },
  }));
  const made = (type: string, name: string, inputs: PlannedResource["inputs"]): PlannedResource => ({
    urn: `urn:pulumi:${reference.stack}::today::${type}::${name}`,
    type,
    name,
    inputs,
    protect: false,
    dependencies: [],
    custom: true,
    ignoreChanges: [],
    retainOnDelete: false,
  });
  const rootBlockDevice = { volumeType: "gp3", volumeSize: 20 };
  return {
    ...reference,
    architecture: "today",
    resources: [
      ...kept,
      made("aws:ec2/instance:Instance", "today", { instanceType, associatePublicIpAddress: true, rootBlockDevice }),
      made("aws:route53/record:Record", "today", { type: "A", records: ["192.0.2.1"] }),
      ...databases,
    ],
    outputs: {},
    notices: [],
  };
}

/** Option 1 may adopt the server that exists, which no plan then builds: its cost is added so that columns compare. */
export function withExisting(plan: Plan, today: Plan): Plan {
  if (plan.architecture !== "monitored-instance" || ofType(plan, "aws:ec2/instance:Instance").length > 0) return plan;
  return { ...plan, resources: [...plan.resources, ...ofType(today, "aws:ec2/instance:Instance")] };
}
