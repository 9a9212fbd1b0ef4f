import type { Plan, PlannedResource, PlanValue } from "../core/plan-format";
import { isComponent, number, ofType, text } from "../core/plan-reader";
import { type CostReport, costOf } from "../insight/cost/cost";
import { dollars } from "../output/format";

/** What the engine hands a stack policy of one resource. */
export interface StackResource {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  readonly props: Readonly<Record<string, unknown>>;
  readonly propertyDependencies: Readonly<Record<string, readonly StackResource[]>>;
  readonly parent?: { readonly urn: string };
}

/**
 * A value as a plan has it. Before an update, reading what only AWS knows throws: such a value stands for the resource that it
 * comes from, so that a group still finds its launch template.
 */
function planValue(read: () => unknown, from: StackResource | undefined): PlanValue {
  const unknown: PlanValue = from ? { $ref: from.urn, property: "id" } : { $unknown: true };
  let value: unknown;
  try {
    value = read();
  } catch {
    return unknown;
  }
  if (value === undefined) return from ? unknown : null;
  if (value === null || typeof value !== "object") return value as PlanValue;
  const holder = value as Record<string, unknown>;
  // By index: the engine's lists throw in `map` already where an entry is unknown.
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, i) => planValue(() => holder[i], from));
  return Object.fromEntries(Object.keys(holder).map((key) => [key, planValue(() => holder[key], from)]));
}

/** A resource's properties as a plan has its inputs; {@link planValue} says what stands for the unknown ones. */
export function planInputs(
  props: Readonly<Record<string, unknown>>,
  dependencies: StackResource["propertyDependencies"] = {},
): PlannedResource["inputs"] {
  const keys = new Set([...Object.keys(props), ...Object.keys(dependencies)]);
  return Object.fromEntries([...keys].map((key) => [key, planValue(() => props[key], dependencies[key]?.[0])]));
}

/** The engine's resources as a plan, so that costs come from one place. */
export function planFrom(resources: readonly StackResource[]): Plan {
  const planned = resources.map(({ type, name, urn, props, propertyDependencies, parent }): PlannedResource => {
    const inputs = planInputs(props, propertyDependencies);
    return {
      urn,
      type,
      name,
      ...(parent ? { parent: parent.urn } : {}),
      inputs,
      custom: !isComponent(type),
      protect: false,
      dependencies: [],
      ignoreChanges: [],
      retainOnDelete: false,
    };
  });
  const has = (type: string) => planned.some((resource) => resource.type === type);
  const architecture = has("vercel:index/project:Project") ? "vercel" : has("aws:ecs/service:Service") ? "fargate" : "";
  const [, stack = "", project = ""] = /^urn:pulumi:([^:]+)::([^:]+)::/.exec(resources[0]?.urn ?? "") ?? [];
  return { stack, project, architecture, resources: planned, outputs: {}, notices: [] };
}

/** The month's limit that the stack's own AWS Budget names. */
export function budgetLimit(plan: Plan): number | undefined {
  const budget = ofType(plan, "aws:budgets/budget:Budget").find(
    (b) => (text(b.inputs.timeUnit) ?? "MONTHLY") === "MONTHLY",
  );
  return number(budget?.inputs.limitAmount);
}

/** What to say when a plan passes the budget; nothing while it does not, or where there is none. */
export function overBudget(plan: Plan, limitUsd: number | undefined, region?: string): string | undefined {
  const limit = limitUsd ?? budgetLimit(plan);
  if (limit === undefined) return undefined;
  const report: CostReport = costOf(plan, region ? { region } : {});
  if (report.totalUsd <= limit) return undefined;
  const greatest = [...report.lines].sort((a, b) => b.monthlyUsd - a.monthlyUsd).slice(0, 3);
  const parts = greatest.map((line) => `${line.resource} ${dollars(line.monthlyUsd)}`).join(", ");
  const more = report.unknown.length > 0 ? ` ${report.unknown.length} resource(s) have no price and come on top.` : "";
  return (
    `This plan costs ${dollars(report.totalUsd)} a month, ${dollars(report.totalUsd - limit)} more than the ` +
    `budget of ${dollars(limit)}. Greatest: ${parts}.${more} See npm run platform -- compare.`
  );
}
