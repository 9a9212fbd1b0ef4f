import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { renderRunbook } from "../../components/runbook";
import { readIfThere } from "./processes";

/** A step of an Automation document (schema 0.3), as far as the recovery uses it. */
export interface Step {
  readonly name: string;
  readonly action: string;
  readonly inputs: Record<string, unknown>;
  readonly onFailure?: string;
  readonly nextStep?: string;
  readonly isEnd?: boolean;
  readonly timeoutSeconds?: number;
  readonly outputs?: readonly { readonly Name: string; readonly Selector: string }[];
}

interface AutomationDocument {
  readonly parameters: Record<string, { readonly default?: string }>;
  readonly mainSteps: readonly Step[];
}

interface CommandDocument {
  readonly parameters: Record<string, { readonly default?: string; readonly allowedPattern?: string }>;
  readonly mainSteps: readonly { readonly inputs: { readonly runCommand: readonly string[] } }[];
}

/** What AWS records of a step. */
export interface StepExecution {
  readonly StepName: string;
  readonly StepStatus: "Success" | "Failed";
  readonly ExecutionStartTime: string;
  readonly Outputs: Record<string, string[]>;
}

/** What a run of the automation told. */
export interface Run {
  readonly steps: readonly StepExecution[];
  /** Outcome as report.py returns it; `failed` when it raised. */
  readonly outcome: string;
  readonly cause: string;
  /** Message published to SNS, if any. */
  readonly report?: { readonly Subject: string; readonly Message: string };
  /** Steps that only AWS can do, which the run came to. */
  readonly notDrilled: readonly string[];
}

/** Settings of {@link Automation}. */
export interface AutomationArgs {
  /** Folder for the record that stands in for AWS: runs, mute parameter, published messages. */
  readonly record: string;
  /** Environment of the scripts on the instance. */
  readonly env: NodeJS.ProcessEnv;
  /** Defaults of the command document's parameters, as a stack would set them. */
  readonly command: Readonly<Record<string, string>>;
  /** Steps that do nothing and fail, to show that the drill notices. */
  readonly disabled?: readonly string[];
}

/** Actions that need AWS; a run that comes to one of them has left what can be shown on this machine. */
const NEEDS_AWS = new Set(["aws:executeAwsApi", "aws:changeInstanceState"]);

/**
 * Runs `recover.automation.yaml` on this machine as Systems Manager would: the rendered document is walked step by step, and
 * what its commands and scripts contain is what runs, byte by byte.
 */
export class Automation {
  readonly document = parse(renderRunbook("recover.automation.yaml")) as AutomationDocument;
  private readonly command: CommandDocument;
  private readonly runs: Record<string, unknown>[] = [];

  constructor(private readonly args: AutomationArgs) {
    this.command = parse(renderRunbook("recover.command.yaml", args.command)) as CommandDocument;
    const names = this.document.mainSteps.map((step) => step.name);
    for (const name of args.disabled ?? []) {
      if (!names.includes(name)) throw new Error(`There is no step ${name}. The automation has: ${names.join(", ")}.`);
    }
    mkdirSync(args.record, { recursive: true });
    writeFileSync(join(args.record, "parameter"), "off");
    writeFileSync(join(args.record, "addresses.json"), "[]");
  }

  /**
   * The shell script that one step runs on the instance, as Systems Manager builds it from the command document.
   *
   * @throws Error when a value does not match the parameter's pattern
   */
  script(stepParameters: Readonly<Record<string, string>>): string {
    const values: Record<string, string> = {};
    for (const [name, { default: value, allowedPattern }] of Object.entries(this.command.parameters)) {
      values[name] = stepParameters[name] ?? value ?? "";
      if (allowedPattern && !new RegExp(allowedPattern).test(values[name])) {
        throw new Error(`${name} is ${values[name]}, but must match ${allowedPattern}`);
      }
    }
    const lines = this.command.mainSteps.flatMap((step) => step.inputs.runCommand);
    return `${lines.map((line) => line.replaceAll(/\{\{ (\w+) \}\}/g, (_, name: string) => values[name] ?? "")).join("\n")}\n`;
  }

  /** One run, started by the alarm `trigger`. */
  async run(trigger: string): Promise<Run> {
    const id = `drill-${this.runs.length + 1}`;
    const started = new Date().toISOString();
    const context: Record<string, string> = { "automation:EXECUTION_ID": id };
    for (const [name, parameter] of Object.entries(this.document.parameters)) context[name] = parameter.default ?? "";
    Object.assign(context, {
      InstanceId: "i-0123456789abcdef0",
      Trigger: trigger,
      LogGroup: "drill",
      MuteParameter: "mute",
    });
    const steps: StepExecution[] = [];
    const notDrilled: string[] = [];
    const published = this.published().length;

    for (let step = this.document.mainSteps[0]; step; ) {
      if (step.action === "aws:branch") {
        step = this.find(branch(step, context));
        continue;
      }
      const start = new Date().toISOString();
      if (NEEDS_AWS.has(step.action)) notDrilled.push(step.name);
      this.record(id, started, steps);
      const result = await this.perform(step, context, notDrilled.length > 0);
      for (const [name, value] of Object.entries(result.outputs)) context[`${step.name}.${name}`] = value;
      const outputs = Object.fromEntries(Object.entries(result.outputs).map(([name, value]) => [name, [value]]));
      const status = result.ok ? "Success" : "Failed";
      steps.push({ StepName: step.name, StepStatus: status, ExecutionStartTime: start, Outputs: outputs });
      step = this.next(step, result.ok);
    }

    const outcome = context["report.Outcome"] ?? "failed";
    this.runs.push({
      AutomationExecutionId: id,
      AutomationExecutionStatus: outcome === "failed" ? "Failed" : "Success",
      ExecutionStartTime: started,
      Outputs: { "report.Outcome": [outcome] },
    });
    const cause = /^remedy=\S+ cause=(\S+)/.exec(context["evidence.Output"] ?? "")?.[1] ?? "unknown";
    return { steps, outcome, cause, report: this.published()[published], notDrilled };
  }

  /** Forgets earlier runs, as an hour without trouble does for the cap on attempts. */
  anHourPasses(): void {
    this.runs.length = 0;
  }

  private published(): { Subject: string; Message: string }[] {
    const lines = readIfThere(join(this.args.record, "published.jsonl")).split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line));
  }

  private record(id: string, started: string, steps: readonly StepExecution[]): void {
    const me = { AutomationExecutionId: id, AutomationExecutionStatus: "InProgress", ExecutionStartTime: started };
    writeFileSync(join(this.args.record, "runs.json"), JSON.stringify([me, ...this.runs]));
    writeFileSync(
      join(this.args.record, "run.json"),
      JSON.stringify({ DocumentName: "recover", StepExecutions: steps }),
    );
  }

  private async perform(step: Step, context: Record<string, string>, leftThisMachine: boolean): Promise<Result> {
    const failed = { ok: false, outputs: {} };
    if (this.args.disabled?.includes(step.name)) return failed;
    if (step.action === "aws:executeScript") return this.python(step, context);
    // After a reboot that did not happen its wait and its check mean nothing.
    if (NEEDS_AWS.has(step.action) || leftThisMachine) return failed;
    if (step.action === "aws:runCommand") {
      const file = join(this.args.record, "_script.sh");
      writeFileSync(file, this.script((step.inputs.Parameters ?? {}) as Record<string, string>));
      chmodSync(file, 0o700);
      const { code, output } = await collect(
        "sh",
        ["-c", file],
        this.args.env,
        "",
        (step.timeoutSeconds ?? 600) * 1000,
      );
      return { ok: code === 0, outputs: { Output: output.slice(0, 24_000), ResponseCode: String(code) } };
    }
    throw new Error(`${step.name}: the drill cannot run ${step.action}`);
  }

  private async python(step: Step, context: Record<string, string>): Promise<Result> {
    const inputs = step.inputs as { Script: string; Handler: string; InputPayload: Record<string, string> };
    const payload = Object.fromEntries(Object.entries(inputs.InputPayload).map(([k, v]) => [k, fill(v, context)]));
    const file = join(this.args.record, `_${step.name}.py`);
    const call = `import json, sys\nprint("\\n" + json.dumps(${inputs.Handler}(json.load(sys.stdin), None)))`;
    writeFileSync(file, `${inputs.Script}\n\n${call}\n`);
    const env = {
      ...this.args.env,
      PYTHONPATH: join(__dirname, "aws"),
      AWS_RECORD: this.args.record,
      PYTHONDONTWRITEBYTECODE: "1",
    };
    const { code, output, errors } = await collect("python3", [file], env, JSON.stringify(payload), 60_000);
    if (code !== 0) {
      // report.py fails on purpose when a person has to act; anything else is a fault of the script.
      if (!errors.includes("RuntimeError: ")) throw new Error(`${step.name}: ${errors}`);
      return { ok: false, outputs: {} };
    }
    const answer = JSON.parse(output.trim().split("\n").at(-1) ?? "{}") as Record<string, string>;
    const outputs = (step.outputs ?? []).map(({ Name, Selector }) => [
      Name,
      answer[Selector.replace("$.Payload.", "")] ?? "",
    ]);
    return { ok: true, outputs: Object.fromEntries(outputs) };
  }

  private next(step: Step, ok: boolean): Step | undefined {
    if (step.isEnd) return undefined;
    if (!ok && step.onFailure?.startsWith("step:")) return this.find(step.onFailure.slice("step:".length));
    if (!ok && step.onFailure !== "Continue" && step.action !== "aws:sleep") return undefined;
    if (step.nextStep) return this.find(step.nextStep);
    return this.document.mainSteps[this.document.mainSteps.indexOf(step) + 1];
  }

  private find(name: string): Step {
    const step = this.document.mainSteps.find((candidate) => candidate.name === name);
    if (!step) throw new Error(`The automation has no step ${name}`);
    return step;
  }
}

interface Result {
  readonly ok: boolean;
  readonly outputs: Record<string, string>;
}

interface Choice {
  readonly NextStep: string;
  readonly Variable: string;
  readonly StringEquals?: string;
  readonly StartsWith?: string;
}

function branch(step: Step, context: Record<string, string>): string {
  const { Choices, Default } = step.inputs as { Choices: Choice[]; Default: string };
  const match = Choices.find(({ Variable, StringEquals, StartsWith }) => {
    const value = fill(Variable, context);
    return StringEquals !== undefined
      ? value === StringEquals
      : StartsWith !== undefined && value.startsWith(StartsWith);
  });
  return match?.NextStep ?? Default;
}

function fill(text: string, context: Record<string, string>): string {
  return text.replaceAll(/\{\{ ([\w.:]+) \}\}/g, (_, name: string) => context[name] ?? "");
}

function collect(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input: string,
  limit: number,
): Promise<{ code: number | null; output: string; errors: string }> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { env, timeout: limit, killSignal: "SIGKILL", cwd: "/" });
    let output = "";
    let errors = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.stderr.on("data", (data) => {
      errors += data;
    });
    child.on("error", fail);
    // Not `close`: a daemon that a script started (PM2, Nginx) may hold its output open.
    child.on("exit", (code) => setTimeout(() => done({ code, output, errors }), 50));
    child.stdin.end(input);
  });
}
