import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Ajv from "ajv";
import { parse } from "yaml";
import { readRunbook, renderRunbook } from "../../../../components/aws/runbook";
import { Automation } from "../../../drill/automation";
import { named, planOf, text } from "./server-plan";

describe("what the drill runs", () => {
  const record = mkdtempSync(join(tmpdir(), "drill-bytes-"));
  const drilled = new Automation({ record, env: {}, command: { AppName: "site" } });
  const deployed = new Map<string, string>();

  before(async function () {
    this.timeout(60_000);
    const plan = await planOf({});
    for (const name of ["command", "automation"]) {
      deployed.set(name, text(named(plan, `monitored-instance-recovery-${name}`).inputs.content));
    }
  });
  after(() => rmSync(record, { recursive: true }));

  it("are the bytes of the command document's step, and of recover.sh", () => {
    const { mainSteps } = parse(deployed.get("command") ?? "") as {
      mainSteps: { inputs: { runCommand: string[] } }[];
    };
    const setting = (line: string) => /^export [A-Z_]+='/.test(line);
    const afterSettings = (lines: readonly string[]) => lines.slice(lines.findLastIndex(setting) + 1).join("\n");
    const lines = mainSteps.flatMap(({ inputs }) => inputs.runCommand);
    const settings = lines.filter(setting).length;
    assert.ok(settings > 10);
    for (const step of ["evidence", "free-disk", "restart-app", "restart-nginx", "check"]) {
      const script = drilled.script({ Step: step });
      assert.equal(script.split("\n").filter(setting).length, settings);
      assert.ok(script.includes(`export STEP='${step}'\n`));
      assert.equal(afterSettings(script.trimEnd().split("\n")), afterSettings(lines));
    }
    const parts = ["process-manager.sh", "look.sh", "heal.sh", "recover.sh"];
    assert.equal(afterSettings(lines), parts.map((part) => readRunbook(part).trimEnd()).join("\n"));
  });

  it("are the scripts and steps of the automation document", () => {
    const { mainSteps } = parse(deployed.get("automation") ?? "") as { mainSteps: unknown[] };
    assert.deepEqual(mainSteps, drilled.document.mainSteps);
    assert.ok(deployed.get("automation")?.includes("def guard(events, _context):"));
  });
});

interface Step {
  readonly name: string;
  readonly action: string;
  readonly onFailure?: string;
  readonly nextStep?: string;
  readonly isEnd?: boolean;
  readonly inputs: { readonly Choices?: readonly { readonly NextStep: string }[]; readonly Default?: string };
}

describe("the recovery's documents", () => {
  const automation = parse(renderRunbook("recover.automation.yaml")) as { mainSteps: Step[] };
  const step = (name: string) => automation.mainSteps.find((candidate) => candidate.name === name) as Step;

  it("pass the schema of Automation documents", () => {
    const text = readFileSync(join(__dirname, "schemas", "ssm-automation.json"), "utf8");
    // The package is of 2024; Systems Manager has taken Python 3.11 since.
    const schema = JSON.parse(text.replace('"python3.7", ', '"python3.7", "python3.11", '));
    const validate = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false }).compile(schema);
    assert.ok(validate(automation), JSON.stringify(validate.errors, null, 2));
    // The check can fail.
    const broken = { ...automation, mainSteps: [{ ...step("guard"), action: "aws:runScript" }] };
    assert.equal(validate(broken), false);
  });

  it("name only steps that exist, and every path ends in the report", () => {
    const { mainSteps } = automation;
    const after = (one: Step, index: number): string[] => {
      if (one.isEnd) return [];
      const { Choices = [], Default } = one.inputs;
      const failure = one.onFailure?.startsWith("step:") ? [one.onFailure.slice("step:".length)] : [];
      if (one.action === "aws:branch")
        return [...Choices.map(({ NextStep }) => NextStep), ...(Default ? [Default] : [])];
      return [one.nextStep ?? (mainSteps[index + 1]?.name as string), ...failure];
    };
    const next = new Map(mainSteps.map((one, index) => [one.name, after(one, index)]));
    for (const [name, steps] of next)
      for (const target of steps) assert.ok(next.has(target), `${name} leads to ${target}`);
    const seen = new Set<string>();
    const walk = (name: string, path: readonly string[]): void => {
      assert.ok(!path.includes(name), `a circle: ${[...path, name].join(" -> ")}`);
      seen.add(name);
      const steps = next.get(name) as string[];
      if (steps.length === 0) assert.equal(name, "report");
      for (const target of steps) walk(target, [...path, name]);
    };
    walk("guard", []);
    assert.deepEqual([...seen].sort(), mainSteps.map(({ name }) => name).sort());
  });

  it("take nothing away without a question just before", () => {
    const { mainSteps } = automation;
    for (const rung of ["freeDisk", "restartApp", "restartNginx", "reboot", "stop"]) {
      const doors = mainSteps.filter(
        ({ onFailure, nextStep, inputs }) =>
          onFailure === `step:${rung}` ||
          nextStep === rung ||
          inputs.Default === rung ||
          inputs.Choices?.some(({ NextStep }) => NextStep === rung),
      );
      assert.ok(doors.length > 0, rung);
      for (const door of doors) {
        const question = mainSteps[mainSteps.indexOf(door) - 1] as Step;
        assert.equal(question.action, "aws:invokeLambdaFunction", `${door.name} leads to ${rung}`);
        assert.deepEqual(door.inputs.Choices, [
          { NextStep: rung, Variable: `{{ ${question.name}.Payload }}`, Contains: "permit=yes" },
        ]);
        assert.equal(question.onFailure, "step:report");
      }
      // Nor does the list lead into it from above.
      assert.equal(mainSteps[mainSteps.indexOf(step(rung)) - 1]?.action, "aws:branch", rung);
    }
  });
});
