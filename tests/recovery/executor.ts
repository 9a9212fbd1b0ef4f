/** A step of an Automation document (schema 0.3), as far as the recovery uses it. */
export interface Step {
  readonly name: string;
  readonly action: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly onFailure?: string;
  readonly isCritical?: boolean;
  readonly nextStep?: string;
  readonly isEnd?: boolean;
  readonly timeoutSeconds?: number;
  readonly maxAttempts?: number;
  readonly outputs?: readonly { readonly Name: string; readonly Selector: string }[];
}

export interface AutomationDocument {
  readonly parameters: Readonly<Record<string, { readonly default?: string }>>;
  readonly mainSteps: readonly Step[];
}

/** What performing a step gave: its outputs by name. */
export interface Performed {
  readonly ok: boolean;
  readonly outputs: Readonly<Record<string, string>>;
}

/** A step that ran. */
export interface Ran extends Performed {
  readonly step: Step;
}

export interface Execution {
  readonly ran: readonly Ran[];
  readonly status: "Success" | "Failed";
  /** Everything that `{{ }}` stood for in the end: parameters, and outputs as `step.Output`. */
  readonly values: Readonly<Record<string, string>>;
}

interface Choice {
  readonly NextStep: string;
  readonly Variable: string;
  readonly StringEquals?: string;
  readonly StartsWith?: string;
  readonly Contains?: string;
}

/** Branches in a row beyond which a document would go round for ever. */
const MOST_STEPS = 200;

/**
 * Runs an Automation document as Systems Manager does. Source for each rule: Systems Manager user guide, "Properties shared by all
 * actions" and "aws:branch", 2026-11:
 * - a step is tried `maxAttempts` times (1) before it counts as failed, or as timed out;
 * - a failed step ends the run (`onFailure: Abort`, the default), unless it says `Continue`, or names a step (`step:name`);
 * - after success comes `nextStep`, or else the next in the list; `isEnd` ends the run whether the step succeeded or failed;
 * - a run in which a critical step failed (`isCritical`, the default) is Failed in the end, whatever came after it;
 * - an input that names an output that is not there (its step never ran, or failed) fails the step that wants it;
 * - a branch takes the first choice that holds, then `Default`; without one it goes on to the next step.
 *
 * @param perform does what one step asks, its inputs filled in; the steps so far are handed in for what AWS records of a run
 */
export async function execute(
  document: AutomationDocument,
  parameters: Readonly<Record<string, string>>,
  perform: (step: Step, ran: readonly Ran[]) => Performed | Promise<Performed>,
): Promise<Execution> {
  const steps = new Map(document.mainSteps.map((step, index) => [step.name, index]));
  const at = (name: string): number => {
    const found = steps.get(name);
    if (found === undefined) throw new Error(`The automation has no step ${name}`);
    return found;
  };
  const values: Record<string, string> = {};
  for (const [name, { default: value }] of Object.entries(document.parameters)) values[name] = value ?? "";
  Object.assign(values, parameters);
  const ran: Ran[] = [];
  let status: Execution["status"] = "Success";
  let index: number | undefined = 0;
  for (let count = 0; index !== undefined && index < document.mainSteps.length; count++) {
    if (count > MOST_STEPS) throw new Error("The automation goes round in a circle");
    const step: Step = document.mainSteps[index] as Step;
    const inputs = filled(step.inputs, values);
    const done: Performed =
      inputs === undefined ? { ok: false, outputs: {} } : await attempts({ ...step, inputs }, ran, perform);
    for (const [name, value] of Object.entries(done.outputs)) values[`${step.name}.${name}`] = value;
    ran.push({ step, ...done });
    if (!done.ok && step.isCritical !== false) status = "Failed";
    index = nextOf(step, index, done, at);
    if (!done.ok && index === undefined && !step.isEnd) status = "Failed";
  }
  return { ran, status, values };
}

async function attempts(step: Step, ran: readonly Ran[], perform: Parameters<typeof doStep>[2]): Promise<Performed> {
  let done = await doStep(step, ran, perform);
  for (let left = (step.maxAttempts ?? 1) - 1; !done.ok && left > 0; left--) done = await doStep(step, ran, perform);
  return done;
}

function doStep(
  step: Step,
  ran: readonly Ran[],
  perform: (step: Step, ran: readonly Ran[]) => Performed | Promise<Performed>,
) {
  if (step.action !== "aws:branch") return perform(step, ran);
  const { Choices, Default } = step.inputs as { Choices: readonly Choice[]; Default?: string };
  const taken = Choices.find(holds)?.NextStep ?? Default;
  return { ok: true, outputs: taken === undefined ? {} : { NextStep: taken } };
}

function holds({ Variable, StringEquals, StartsWith, Contains }: Choice): boolean {
  if (StringEquals !== undefined) return Variable === StringEquals;
  if (StartsWith !== undefined) return Variable.startsWith(StartsWith);
  return Contains !== undefined && Variable.includes(Contains);
}

function nextOf(
  step: Step,
  index: number,
  { ok, outputs }: Performed,
  at: (name: string) => number,
): number | undefined {
  if (step.isEnd) return undefined;
  if (step.action === "aws:branch" && outputs.NextStep) return at(outputs.NextStep);
  if (!ok && step.onFailure?.startsWith("step:")) return at(step.onFailure.slice("step:".length));
  if (!ok && step.onFailure !== "Continue") return undefined;
  return step.nextStep ? at(step.nextStep) : index + 1;
}

/** Inputs with every `{{ name }}` replaced; undefined if one of them is not there. */
function filled(inputs: Step["inputs"], values: Readonly<Record<string, string>>): Step["inputs"] | undefined {
  let missing = false;
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") {
      return value.replaceAll(/\{\{ ([\w.:]+) \}\}/g, (_, name: string) => {
        if (!(name in values)) missing = true;
        return values[name] ?? "";
      });
    }
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item)]));
  };
  const all = fill(inputs) as Step["inputs"];
  return missing ? undefined : all;
}

/** What a script's answer holds by the step's selectors (`$.Payload.Name`). */
export function selected({ outputs = [] }: Step, payload: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    outputs.map(({ Name, Selector }) => [Name, payload[Selector.replace("$.Payload.", "")] ?? ""]),
  );
}
