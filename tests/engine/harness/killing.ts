import assert from "node:assert/strict";
import type { Call, Cloud } from "./cloud";
import { signal } from "./processes";
import { type Project, STACK } from "./stack";

/** When an update is killed: once a call of the engine has taken effect, or a request of the program that changes records. */
export type Moment = { readonly op: Call["op"]; readonly name: string } | "the records' batch";

/** An `up` that is killed, with its program, at a moment of which neither of them knows; then its lock is taken away. */
export async function killedUp(project: Project, moment: Moment, stack = STACK): Promise<void> {
  const args = ["up", "--yes", "--skip-preview", "--stack", stack, "--non-interactive"];
  const { child, done } = project.start("pulumi", ...args);
  let hit = false;
  const end = async () => {
    hit = true;
    signal(child, "SIGKILL");
    await done;
  };
  project.cloud.after = async ({ op, name }) => {
    if (typeof moment === "object" && !hit && op === moment.op && name === moment.name) await end();
  };
  project.cloud.asked = async (action, phase) => {
    if (typeof moment === "string" && !hit && phase === "after" && action.startsWith("POST ")) await end();
  };
  const { output } = await done;
  project.cloud.after = project.cloud.asked = () => {};
  assert.ok(hit, `the moment did not come\n${output}`);
  await project.must("cancel", "--yes", "--stack", stack);
}

/**
 * Deletes what messages of an update say is to be deleted: what the last word of a printed command of AWS names.
 * @returns the ids
 */
export function deleteAsTold(cloud: Cloud, output: string): string[] {
  const named = [...output.matchAll(/from an update that was interrupted[^\n]*\n[^\n]*\n\s+(aws [^\n]+)/g)];
  const ids = named.map(([, command = ""]) => command.trim().split(" ").at(-1));
  const gone = [...cloud.resources].filter(([, { id }]) => ids.includes(id));
  for (const [key] of gone) cloud.resources.delete(key);
  return gone.map(([, { id }]) => id);
}
