import type { Plan, PlanValue } from "../../core/plan-format";

/** Something of a plan that moto cannot build, by name. */
interface Lack {
  /** Pulumi type token without its last part, for example `aws:ssm/association`. */
  readonly type: string;
  /** Input to leave out. @default the whole resource */
  readonly input?: string;
  readonly reason: string;
}

/** What is taken out of a plan before it is built in the emulator; each row is listed in the suite's output when it was needed. */
export const LACKING: readonly Lack[] = [
  { type: "aws:ssm/association", reason: "moto has no State Manager associations" },
  { type: "aws:cloudwatch/compositeAlarm", reason: "moto lists composite alarms, but its answer breaks the provider" },
  { type: "aws:cloudwatch/queryDefinition", reason: "moto has no Logs Insights queries" },
  { type: "aws:backup/selection", reason: "moto has no backup selections" },
  { type: "aws:backup/restoreTestingPlan", reason: "moto has no restore tests" },
  { type: "aws:backup/restoreTestingSelection", reason: "moto has no restore tests" },
  { type: "aws:budgets/budget", reason: "moto cannot tell who hears a budget, and the provider asks" },
  ...["target", "policy", "scheduledAction"].map((what) => ({
    type: `aws:appautoscaling/${what}`,
    reason: "moto cannot list the tags of a scalable target, and the provider asks",
  })),
  {
    type: "aws:rds/instance",
    input: "caCertIdentifier",
    reason: "set in a second step, for which the provider waits 80 s by timers of its own; test:provider checks it",
  },
  { type: "aws:ecs/service", input: "waitForSteadyState", reason: "moto runs no tasks, so none is ever steady" },
  { type: "aws:autoscaling/group", input: "minElbCapacity", reason: "moto's instances answer no health check" },
];

/** @returns the plan without what moto lacks, and the rows that were needed. */
export function withoutLacking(plan: Plan): { readonly plan: Plan; readonly taken: ReadonlySet<Lack> } {
  const taken = new Set<Lack>();
  const resources = plan.resources.flatMap((resource) => {
    const rows = LACKING.filter(({ type }) => resource.type.startsWith(`${type}:`));
    const inputs: Record<string, PlanValue> = { ...resource.inputs };
    for (const row of rows) {
      if (row.input !== undefined && !(row.input in inputs)) continue;
      taken.add(row);
      if (row.input === undefined) return [];
      delete inputs[row.input];
    }
    return [{ ...resource, inputs }];
  });
  return { plan: { ...plan, resources }, taken };
}

/** A row as the output shows it. */
export const lackText = ({ type, input, reason }: Lack) => `${type}${input ? `.${input}` : ""}: ${reason}`;
