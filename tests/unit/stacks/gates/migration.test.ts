import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { MigrationTask } from "../../../../core/web-tier";
import { liveGates } from "../../../../stacks/gates";
import type { AwsReader } from "../../../../stacks/gates/live-aws";
import { judgeCommand, judgeTask, type MigrationRun, type MigrationRunner } from "../../../../stacks/gates/migration";

const task: MigrationTask = {
  kind: "ecs",
  tier: "fargate",
  cluster: "c",
  taskDefinition: "migrate:2",
  subnets: ["subnet-1"],
  securityGroup: "sg-1",
  container: "app",
  logGroup: "logs",
};
const step = { release: "site:v2 db:5432", parameter: "/iamvet/prod/migrated", task, required: true };

/** A runner whose runs go through the given states; `places` are the answers to a start. */
function scene(runs: readonly (MigrationRun | Error)[], places: readonly (string | undefined)[] = ["run-1"]) {
  let now = 0;
  const started: string[] = [];
  const left = [...runs];
  const open = [...places];
  const runner: MigrationRunner = {
    start: async (_, mark) => {
      const place = open.length > 1 ? open.shift() : open[0];
      if (place) started.push(mark);
      return place;
    },
    look: async () => {
      const next = (left.length > 1 ? left.shift() : left[0]) as MigrationRun | Error;
      if (next instanceof Error) throw next;
      return next;
    },
  };
  const gates = (migrated?: string) =>
    liveGates({
      region: "ap-northeast-2",
      timeoutSeconds: 60,
      log: () => {},
      clock: {
        now: () => now,
        sleep: async (ms) => {
          now += Math.max(1, ms);
        },
      },
      migrations: runner,
      aws: {
        parameter: async () => (migrated ? { value: migrated, version: 1, modified: 0, now } : undefined),
      } as unknown as AwsReader,
    });
  return { gates, started, seconds: () => now / 1000 };
}

const message = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => assert.fail("it did not throw"),
    (thrown: unknown) => thrown,
  );
  assert.ok(pulumi.RunError.isInstance(error), String(error));
  return (error as Error).message;
};

describe("gate: migrated", () => {
  it("runs a release's migrations to their end", async () => {
    const { gates, started, seconds } = scene([{ state: "running" }, { state: "running" }, { state: "succeeded" }]);
    assert.equal(await gates().migrated(step), true);
    assert.equal(started.length, 1);
    assert.equal(seconds(), 10);
  });

  it("runs nothing for the release that was migrated last, and runs for another one", async () => {
    const { gates, started } = scene([{ state: "succeeded" }]);
    assert.equal(await gates(step.release).migrated(step), true);
    assert.deepEqual(started, []);
    assert.equal(await gates("site:v1 db:5432").migrated(step), true);
    assert.equal(await gates(step.release).migrated({ ...step, release: "site:v2 other-db:5432" }), true);
    assert.equal(new Set(started).size, 2, "each release has a mark of its own");
  });

  it("says with a failure what Prisma said, and keeps passwords out", async () => {
    const output = "Error: P3018\nA migration failed to apply\nat postgresql://iamvet:hunter2@db:5432/iamvet";
    const { gates } = scene([{ state: "failed", why: "exit code 1", output }]);
    const said = await message(gates().migrated(step));
    assert.match(said, /migrations of this release failed.*run-1.*exit code 1/s);
    assert.match(said, /\| A migration failed to apply/);
    assert.match(said, /was not rolled out and traffic has not moved/);
    assert.doesNotMatch(said, /hunter2/);
  });

  it("gives up on one that takes too long without ending it", async () => {
    const { gates, seconds } = scene([{ state: "running" }]);
    assert.match(await message(gates().migrated(step)), /did not end in time.*finds the run and waits/s);
    assert.ok(seconds() <= 61);
  });

  it("survives an answer that AWS refused for a moment", async () => {
    const { gates } = scene([new Error("ThrottlingException"), { state: "succeeded" }]);
    assert.equal(await gates().migrated(step), true);
  });

  it("waits for a place to run in only where it has to", async () => {
    const none = scene([{ state: "succeeded" }], [undefined]);
    assert.equal(await none.gates().migrated({ ...step, required: false }), false);
    assert.match(await message(none.gates().migrated(step)), /no instance of the group is there/);
    const later = scene([{ state: "succeeded" }], [undefined, undefined, "i-1"]);
    assert.equal(await later.gates().migrated(step), true);
  });
});

describe("a migration's answers", () => {
  it("ECS: succeeded by the exit code of its container alone", () => {
    const stopped = (exitCode?: number, reason?: string) => ({
      lastStatus: "STOPPED",
      stoppedReason: "Essential container in task exited",
      containers: [{ name: "app", ...(exitCode === undefined ? {} : { exitCode }), ...(reason ? { reason } : {}) }],
    });
    assert.deepEqual(judgeTask(undefined, "app"), { state: "running" });
    assert.deepEqual(judgeTask({ lastStatus: "DEPROVISIONING" }, "app"), { state: "running" });
    assert.deepEqual(judgeTask(stopped(0), "app"), { state: "succeeded" });
    const failed = judgeTask(stopped(1), "app");
    assert.ok(failed.state === "failed" && /exit code 1/.test(failed.why));
    const unpulled = judgeTask(stopped(undefined, "CannotPullContainerError: not found"), "app");
    assert.ok(unpulled.state === "failed" && /did not start.*CannotPullContainerError/.test(unpulled.why));
  });

  it("Systems Manager: every end but Success is a failure", () => {
    for (const Status of ["Pending", "InProgress", "Delayed"] as const) {
      assert.deepEqual(judgeCommand({ Status }), { state: "running" });
    }
    assert.deepEqual(judgeCommand({ Status: "Success" }), { state: "succeeded" });
    for (const Status of ["Failed", "TimedOut", "Cancelled"] as const) {
      assert.equal(judgeCommand({ Status, StatusDetails: "Undeliverable" }).state, "failed");
    }
    assert.deepEqual(
      judgeCommand({ Status: "Failed", StatusDetails: "Failed", ResponseCode: 1, StandardErrorContent: "P3009" }),
      { state: "failed", why: "Failed, exit code 1", output: "P3009" },
    );
  });
});
