/** How a run of the automation stands. */
export interface RunState {
  readonly ended: boolean;
  /** Whether it did anything to the server; one that says nothing of it may have. */
  readonly acted: boolean;
  /** `Outcome` of report.py. */
  readonly outcome?: string;
  /** `Cause` of report.py: what was broken. */
  readonly cause?: string;
}

/** What the report of a run says, by the run's outputs. Pure. */
export function toldBy(outputs: Readonly<Record<string, readonly string[]>> = {}): Omit<RunState, "ended"> {
  const said = (name: string) => outputs[`report.${name}`]?.[0];
  const [outcome, cause] = [said("Outcome"), said("Cause")];
  return { acted: said("Acted") !== "no", ...(outcome && { outcome }), ...(cause && { cause }) };
}
