import type { Plan, PlannedResource } from "../../core/plan-format";
import { flag, list, number, ofType, record, refersTo, zones } from "../../core/plan-reader";
import type { Timing } from "./timings";

/** What of a plan decides on the availability of its parts. */
export interface Shape {
  readonly tier: "instance" | "group" | "ecs" | "vercel";
  /** Instances or tasks that always run. */
  readonly count: number;
  /** Zones that they are spread over. */
  readonly zones: number;
  readonly multiAz: boolean;
  readonly targetGroup?: PlannedResource;
  readonly service?: PlannedResource;
  readonly group?: PlannedResource;
  readonly backupElsewhere: boolean;
}

const TIERS: Readonly<Record<string, Shape["tier"]>> = { fargate: "ecs", "ha-web-tier": "group", vercel: "vercel" };

/** Reads it off. */
export function shapeOf(plan: Plan): Shape {
  const [service] = ofType(plan, "aws:ecs/service:Service");
  const [group] = ofType(plan, "aws:autoscaling/group:Group");
  const [scaling] = ofType(plan, "aws:appautoscaling/target:Target");
  const tier = TIERS[plan.architecture] ?? "instance";
  const counts: Readonly<Record<Shape["tier"], number | undefined>> = {
    ecs: number(service?.inputs.desiredCount) ?? number(scaling?.inputs.minCapacity),
    group: number(group?.inputs.minSize),
    instance: 1,
    vercel: 1,
  };
  const count = counts[tier] ?? 1;
  const owner = tier === "ecs" ? service : group;
  const placed = list(
    tier === "ecs" ? record(service?.inputs.networkConfiguration).subnets : group?.inputs.vpcZoneIdentifiers,
  );
  // Subnets that only the update knows come as one unknown list; AWS's default VPC has one in every zone.
  const spread = placed.length > 0 ? zones(plan, placed).length : 2;
  const groups = ofType(plan, "aws:lb/targetGroup:TargetGroup").filter(({ inputs }) => inputs.targetType !== "lambda");
  const balanced = tier === "ecs" || tier === "group";
  const targetGroup = groups.find(({ urn }) => !owner || refersTo(owner, urn));
  const database = ofType(plan, "aws:rds/instance:Instance").find((db) => db.inputs.replicateSourceDb === undefined);
  return {
    tier,
    count,
    zones: tier === "instance" ? 1 : Math.min(count, spread),
    multiAz: flag(database?.inputs.multiAz),
    backupElsewhere: ofType(plan, "aws:backup/plan:Plan").some((p) => JSON.stringify(p.inputs).includes("copyActions")),
    ...(balanced && targetGroup ? { targetGroup } : {}),
    ...(tier === "ecs" && service ? { service } : {}),
    ...(tier === "group" && group ? { group } : {}),
  };
}

/** The load balancer's view: a target is left out after `threshold` failures, and taken in after as many successes. */
export function targetHealth({ targetGroup }: Shape): { out: Timing; in: Timing } | undefined {
  if (!targetGroup) return undefined;
  const check = record(targetGroup.inputs.healthCheck);
  const interval = number(check.interval) ?? 30;
  const unhealthy = number(check.unhealthyThreshold) ?? 3;
  const healthy = number(check.healthyThreshold) ?? 3;
  const from = `${targetGroup.name}: every ${interval} s`;
  return {
    out: { seconds: interval * unhealthy, from: `${from}, ${unhealthy} failures` },
    in: { seconds: interval * healthy, from: `${from}, ${healthy} successes` },
  };
}
