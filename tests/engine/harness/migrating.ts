import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Call } from "./cloud";
import { signal } from "./processes";
import { type Project, STACK } from "./stack";

/** When a run is to be killed: at a call that has taken effect and that the engine does not know of, or at a line of its output. */
export type Moment = { readonly call: (call: Call) => boolean } | { readonly line: RegExp };

/** `platform migrate` in a project. */
export class Migrating {
  constructor(private readonly project: Project) {}

  /** The stack's file. */
  file = () => readFileSync(join(this.project.folder, `Pulumi.${STACK}.yaml`), "utf8");

  start = (...args: string[]) =>
    this.project.start("node", "cli/bin.mjs", "migrate", "--stack", STACK, "-C", this.project.folder, ...args);

  /** Runs the command and returns what it did. */
  async run(...args: string[]) {
    const { cloud, services } = this.project;
    const [calls, answers] = [cloud.calls.length, services.health.answers.length];
    const { code, output } = await this.start("--yes", "--bake", "20s", ...args).done;
    return { code, output, calls: cloud.calls.slice(calls), answers: services.health.answers.slice(answers) };
  }

  /** Runs the command and kills it and all that it has started, at once, at a moment. */
  async killed(when: Moment, ...args: string[]) {
    const { cloud } = this.project;
    const calls = cloud.calls.length;
    const { child, done } = this.start("--yes", "--bake", "20s", ...args);
    let hit = false;
    const kill = () => {
      if (hit) return;
      hit = true;
      signal(child, "SIGKILL");
    };
    let text = "";
    child.stdout?.on("data", (chunk) => {
      text += chunk;
      if ("line" in when && when.line.test(text)) kill();
    });
    cloud.after = async (call) => {
      if (!("call" in when) || hit || !when.call(call)) return;
      kill();
      await done;
    };
    const { output } = await done;
    cloud.after = () => {};
    assert.ok(hit, `it was to be killed and ended before:\n${output}`);
    return { output, calls: cloud.calls.slice(calls) };
  }
}
