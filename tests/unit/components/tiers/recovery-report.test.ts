import assert from "node:assert/strict";
import { parse } from "yaml";
import { renderRunbook } from "../../../../components/aws/runbook";
import { sections } from "../../../../stacks/settings/schema";
import type { Step } from "../../../recovery/executor";
import { deployed } from "../../../recovery/model";
import { type ScriptResult, Scripts } from "../../../recovery/scripts";

const AT = "2026-11-30T12:00:00Z";
const NOT_TAKEN = "not taken: another step holds the lock";

/** A step as AWS records it. */
const step = (
  StepName: string,
  StepStatus: string,
  Outputs: Record<string, string[]> = {},
  FailureMessage?: string,
) => ({
  ...{ StepName, StepStatus, Outputs, ExecutionStartTime: AT },
  ...(FailureMessage && { FailureMessage }),
});
const guard = step("guard", "Success", { Decision: ["proceed"] });
const evidence = (remedy: string, cause: string) =>
  step("evidence", "Success", { Output: [`remedy=${remedy} cause=${cause} detail=what was seen`] });
const asked = (name: string, answer: string) => step(name, "Success", { Payload: [JSON.stringify(answer)] });
const permitted = "permit=yes cause=site-down why=status 502 by its name";

describe("the report of a run", () => {
  const scripts = new Scripts();
  after(() => scripts.stop());
  const scriptOf = (name: string) => deployed.mainSteps.find((one) => one.name === name) as Step;
  const told = (steps: readonly object[], Trigger = "schedule"): Promise<ScriptResult> => {
    const report = scriptOf("report");
    const payload = {
      ExecutionId: "me",
      InstanceId: "i-0123456789abcdef0",
      TopicArn: "topic",
      LogGroup: "logs",
      Trigger,
    };
    const world = { now: "2026-11-30T12:01:00Z", mute: "off", runs: [], run: { StepExecutions: steps } };
    return scripts.run({ ...report, inputs: { ...report.inputs, InputPayload: payload } }, world);
  };
  const outcome = async (steps: readonly object[]) => {
    const { outputs } = await told(steps);
    return `${outputs.Outcome} ${outputs.Cause} acted=${outputs.Acted}`;
  };
  const served = asked("askApp", "permit=no cause=site-answers why=the site answers");

  it("calls healthy only what the server's own evidence calls so", async () => {
    assert.equal(await outcome([guard, evidence("none", "none")]), "healthy none acted=no");
    assert.equal(
      await outcome([guard, evidence("restart-app", "app-stopped"), served]),
      "answers app-stopped acted=no",
    );
    const unreached = [guard, step("evidence", "TimedOut"), { ...served, StepName: "askUnreachable" }];
    assert.equal(await outcome(unreached), "answers instance-unresponsive acted=no");
  });

  it("does not name the database where another thing is waited for", async () => {
    const { published } = await told([guard, evidence("wait", "deploying")]);
    assert.equal(published[0]?.Subject, "Not restarted, and waits: deploying");
  });

  it("says nothing of a rehearsal: the watcher does", async () => {
    const { published } = await told([guard, evidence("restart-app", "app-stopped"), served], "rehearsal");
    assert.deepEqual(published, []);
  });

  // Where Run Command fails, AWS has what the command said in the step's message; where it does not, in its outputs.
  for (const [where, refused] of [
    ["message", step("restartApp", "Failed", {}, `ResponseCode=[75], Output=[${NOT_TAKEN}\n]`)],
    ["outputs", step("restartApp", "Failed", { Output: [NOT_TAKEN] })],
  ] as const)
    it(`leaves out what waited for another step's lock in vain, by the step's ${where}`, async () => {
      const asking = asked("askApp", permitted);
      const check = step("checkAfterApp", "Success");
      const steps = [guard, evidence("restart-app", "app-stopped"), asking, refused, check];
      const { published, outputs } = await told(steps);
      assert.equal(`${outputs.Outcome} ${outputs.Acted}`, "healthy no");
      assert.match(published[0]?.Message ?? "", /Tried: nothing\n/);
    });

  it("is what the guard counts: a run that did nothing is no attempt, one without a report is", async () => {
    const run = (id: string, Outputs: object) => ({
      ...{ AutomationExecutionId: id, AutomationExecutionStatus: "Success", ExecutionStartTime: AT, Outputs },
    });
    const decided = async (outputs: object) => {
      const script = scriptOf("guard");
      const payload = { ExecutionId: "me", MuteParameter: "mute", MaxRunsPerHour: "1" };
      const inputs = { ...script.inputs, InputPayload: payload };
      const runs = [run("before", outputs), run("me", {})];
      const world = { now: "2026-11-30T12:05:00Z", mute: "off", runs, run: { DocumentName: "recover" } };
      return (await scripts.run({ ...script, inputs }, world)).outputs.Decision;
    };
    assert.equal(await decided({ "report.Outcome": ["answers"], "report.Acted": ["no"] }), "proceed");
    assert.equal(await decided({ "report.Outcome": ["recovered"], "report.Acted": ["yes"] }), "capped");
    assert.equal(await decided({}), "capped");
  });
});

describe("the command document", () => {
  it("takes every health path that a config may name", () => {
    const { parameters } = parse(renderRunbook("recover.command.yaml")) as {
      parameters: Record<string, { allowedPattern: string }>;
    };
    const path = "/~team/health-2.ok";
    assert.ok(sections.app.safeParse({ healthPath: path }).success);
    // The process is asked by the health path where no other is named.
    for (const name of ["HealthPath", "ProcessPath"])
      assert.match(path, new RegExp(parameters[name]?.allowedPattern ?? ""), name);
  });
});
