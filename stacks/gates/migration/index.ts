import { createHash } from "node:crypto";
import type { Task } from "@aws-sdk/client-ecs";
import type { GetCommandInvocationCommandOutput } from "@aws-sdk/client-ssm";
import * as pulumi from "@pulumi/pulumi";
import { reason } from "../../../core/errors";
import type { MigrationTask } from "../../../core/web-tier";
import type { Gates } from "../contract";
import type { Context } from "../gate-context";
import { indent, lookUntil, type Patience } from "../wait";

/** What a release's migrations need to be run once. */
export interface MigrationStep {
  /** What makes a release another one: its image, and the database that it is migrated for. */
  readonly release: string;
  /** Name of the SSM parameter that says which release was migrated last. */
  readonly parameter: string;
  readonly task: MigrationTask;
  /** Wait for a place to run in. Otherwise having none is an answer: the first instance does not exist yet. */
  readonly required: boolean;
}

/** State of one run; `output` is the end of what Prisma printed. */
export type MigrationRun =
  | { readonly state: "running" }
  | { readonly state: "succeeded" }
  | { readonly state: "failed"; readonly why: string; readonly output?: string };

/** What runs migrations; tests bring their own. */
export interface MigrationRunner {
  /**
   * Starts a run, or finds the one under way that an update before this one started.
   * @param mark names the release in the run, to find it again
   * @returns the run's id; undefined if there is no place to run in yet
   */
  start(task: MigrationTask, mark: string): Promise<string | undefined>;
  look(task: MigrationTask, run: string): Promise<MigrationRun>;
}

export const migrated =
  ({ aws, migrations, patience }: Context): Gates["migrated"] =>
  (step) =>
    runMigration(step, patience(), migrations, async () => (await aws.parameter(step.parameter))?.value);

/**
 * Runs a release's migrations unless the parameter says that they were. A run that takes longer than the gate waits is left
 * alone, since half a migration is worse than a slow one; the next update finds it and goes on waiting.
 *
 * @returns false if nothing could run them yet and that was allowed
 * @throws when the run fails or takes too long: the service or group has not been given the release by then
 */
async function runMigration(
  step: MigrationStep,
  patience: Patience,
  runner: MigrationRunner,
  migrated: () => Promise<string | undefined>,
): Promise<boolean> {
  const { release, task, required } = step;
  if ((await migrated()) === release) return true;
  const mark = `migrate-${createHash("sha256").update(release).digest("hex").slice(0, 16)}`;
  const start = async () => {
    try {
      return await runner.start(task, mark);
    } catch (error) {
      throw new pulumi.RunError(
        `The migrations of this release could not be started: ${reason(error)}\nThe release was not rolled out and traffic has not moved.`,
      );
    }
  };
  let run = await start();
  if (!run && !required) return false;
  const seen: { run: MigrationRun } = { run: { state: "running" } };
  const late = await lookUntil(`Migrating the database (${task.tier})`, 1, patience, async () => {
    run ??= await start();
    if (!run) return { done: false, why: "no instance of the group is there to run it yet" };
    try {
      seen.run = await runner.look(task, run);
    } catch (error) {
      return { done: false, why: reason(error) };
    }
    return seen.run.state === "running" ? { done: false, why: `${run} is running` } : { done: true };
  });
  const ended = seen.run;
  if (!late && ended.state === "succeeded") return true;
  const failed = ended.state === "failed" ? ended : undefined;
  throw new pulumi.RunError(
    [
      `The migrations of this release ${late ? "did not end in time" : "failed"}: \`prisma migrate deploy\` in ${run ?? task.tier}.`,
      `  ${late ?? failed?.why}`,
      ...(failed?.output ? [indent(failed.output)] : []),
      "The release was not rolled out and traffic has not moved. What serves goes on with the release that it has.",
      late
        ? "To go on: run `pulumi up` again; it finds the run and waits for its end."
        : "To go on: repair the migration (`prisma migrate resolve` marks one that was mended by hand) and run `pulumi up` again.",
      "To release without migrations: `pulumi config set --path iamvet:app.migrate false`.",
    ].join("\n"),
  );
}

/** What an answer of ECS says of a one-off task. */
export function judgeTask(task: Task | undefined, container: string): MigrationRun {
  if (task?.lastStatus !== "STOPPED") return { state: "running" };
  const exitCode = task.containers?.find(({ name }) => name === container)?.exitCode;
  if (exitCode === 0) return { state: "succeeded" };
  const reasons = [task.stoppedReason, ...(task.containers ?? []).map(({ reason }) => reason)].filter(Boolean);
  const ended = exitCode === undefined ? "the task did not start" : `exit code ${exitCode}`;
  return { state: "failed", why: [ended, ...reasons].join("; ") };
}

const RUNNING = new Set(["Pending", "InProgress", "Delayed", "Cancelling"]);

/** What an answer of Systems Manager says of a command on one instance. */
export function judgeCommand(answer: Partial<GetCommandInvocationCommandOutput>): MigrationRun {
  const { Status = "Pending", StatusDetails, ResponseCode, StandardErrorContent, StandardOutputContent } = answer;
  if (RUNNING.has(Status)) return { state: "running" };
  if (Status === "Success") return { state: "succeeded" };
  return {
    state: "failed",
    why: `${StatusDetails ?? Status}, exit code ${ResponseCode ?? "unknown"}`,
    output: [StandardOutputContent, StandardErrorContent].filter(Boolean).join("\n"),
  };
}
