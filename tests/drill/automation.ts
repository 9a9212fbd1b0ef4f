import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import { renderRunbook } from "../../components/aws/runbook";
import { type Memory, NOTHING_KNOWN } from "../../functions/watcher/judge";
import type { Observed } from "../../functions/watcher/observed";
import { ask } from "../../functions/watcher/visit";
import { type WatcherEvent, watcher } from "../../functions/watcher/watcher-handler";
import { type AutomationDocument, execute, type Performed, type Ran, type Step } from "../recovery/executor";
import { reported } from "../recovery/model";
import { type Published, Scripts } from "../recovery/scripts";

interface CommandDocument {
  readonly parameters: Record<string, { readonly default?: string; readonly allowedPattern?: string }>;
  readonly mainSteps: readonly { readonly inputs: { readonly runCommand: readonly string[] } }[];
}

/** What a run of the automation told. */
export interface Run {
  /** Names of the steps that ran. */
  readonly steps: readonly string[];
  /** Outcome as report.py returns it; `failed` when it raised. */
  readonly outcome: string;
  readonly cause: string;
  /** Message published to SNS, if any. */
  readonly report?: Published;
  /** Steps that only AWS can do, which the run came to. */
  readonly notDrilled: readonly string[];
}

/** Settings of {@link Automation}. */
export interface AutomationArgs {
  /** Folder for the scripts as they are run. */
  readonly record: string;
  /** Environment of the scripts on the instance. */
  readonly env: NodeJS.ProcessEnv;
  /** Defaults of the command document's parameters, as a stack would set them. */
  readonly command: Readonly<Record<string, string>>;
  /** Steps that do nothing and fail, to show that the drill notices. */
  readonly disabled?: readonly string[];
}

/** The server's own timer, among the steps that may be left out. */
export const TIMER = "timer";

/** Actions that need AWS; a run that comes to one of them has left what can be shown on this machine. */
const NEEDS_AWS = new Set(["aws:executeAwsApi", "aws:changeInstanceState"]);

/** Times as AWS records them, of steps and of runs. */
const now = () => new Date().toISOString();

/**
 * Runs `recover.automation.yaml` on this machine as Systems Manager would (tests/recovery/executor.ts): what its commands and scripts
 * contain is what runs, byte by byte, and before each rung the watcher's own code asks the site here whether it answers.
 */
export class Automation {
  readonly document = parse(renderRunbook("recover.automation.yaml")) as AutomationDocument;
  private readonly command: CommandDocument;
  private readonly runs: Record<string, unknown>[] = [];
  private readonly scripts = new Scripts();
  private readonly asks: (event: WatcherEvent) => Promise<string>;

  constructor(private readonly args: AutomationArgs) {
    this.command = parse(renderRunbook("recover.command.yaml", args.command)) as CommandDocument;
    const names = this.document.mainSteps.map((step) => step.name);
    names.push(TIMER);
    for (const name of args.disabled ?? []) {
      if (!names.includes(name)) throw new Error(`There is no step ${name}. The automation has: ${names.join(", ")}.`);
    }
    mkdirSync(args.record, { recursive: true });
    this.asks = this.watcher();
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

  /** One run, as the watcher starts it of a site that is down. */
  async run(trigger: string): Promise<Run> {
    const id = `drill-${this.runs.length + 1}`;
    const started = now();
    const parameters = {
      "automation:EXECUTION_ID": id,
      InstanceId: "i-0123456789abcdef0",
      Trigger: trigger,
      LogGroup: "drill",
      MuteParameter: "mute",
    };
    const starts: string[] = [];
    const published: Published[] = [];
    const notDrilled: string[] = [];
    const { ran, values } = await execute(this.document, parameters, async (step, before) => {
      starts[before.length] = now();
      if (NEEDS_AWS.has(step.action)) notDrilled.push(step.name);
      if (step.action !== "aws:executeScript") return this.perform(step, notDrilled.length > 0);
      const me = { AutomationExecutionId: id, AutomationExecutionStatus: "InProgress", ExecutionStartTime: started };
      const { published: told, ...result } = await this.scripts.run(step, {
        mute: "off",
        runs: [me, ...this.runs],
        run: { DocumentName: "recover", StepExecutions: recordOf(before, starts) },
      });
      published.push(...told);
      return result;
    });
    const outcome = values["report.Outcome"] ?? "failed";
    this.runs.push({
      AutomationExecutionId: id,
      AutomationExecutionStatus: outcome === "failed" ? "Failed" : "Success",
      ExecutionStartTime: started,
      Outputs: reported(values),
    });
    const cause = /^remedy=\S+ cause=(\S+)/.exec(values["evidence.Output"] ?? "")?.[1] ?? "unknown";
    const steps = ran.map(({ step }) => step.name);
    return { steps, outcome, cause, ...(published[0] ? { report: published[0] } : {}), notDrilled };
  }

  /** One turn of the server's own timer, which has the script that `install` leaves: what it did and why, in its own words. */
  async timer(): Promise<string> {
    if (this.args.disabled?.includes(TIMER)) return "";
    return (await this.onServer({ Step: "install" }, ["heal"], 600_000)).output;
  }

  /** Forgets earlier runs, as an hour without trouble does for the cap on attempts. */
  anHourPasses(): void {
    this.runs.length = 0;
    rmSync(this.args.env.RUN_DIR ?? "", { recursive: true, force: true });
  }

  /** Ends the process that runs the document's scripts. */
  stop(): void {
    this.scripts.stop();
  }

  private async perform(step: Step, leftThisMachine: boolean): Promise<Performed> {
    const failed = { ok: false, outputs: {} };
    if (leftThisMachine || this.args.disabled?.includes(step.name)) return failed;
    if (step.action === "aws:invokeLambdaFunction") {
      const answer = await this.asks(step.inputs.InputPayload as WatcherEvent);
      return { ok: true, outputs: { StatusCode: "200", Payload: JSON.stringify(answer) } };
    }
    if (step.action !== "aws:runCommand") throw new Error(`${step.name}: the drill cannot run ${step.action}`);
    const parameters = (step.inputs.Parameters ?? {}) as Record<string, string>;
    const { code, output } = await this.onServer(parameters, [], (step.timeoutSeconds ?? 600) * 1000);
    return { ok: code === 0, outputs: { Output: output.slice(0, 24_000), ResponseCode: String(code) } };
  }

  private onServer(parameters: Readonly<Record<string, string>>, args: readonly string[], limit: number) {
    const file = join(this.args.record, "_script.sh");
    writeFileSync(file, this.script(parameters));
    chmodSync(file, 0o700);
    return collect([file, ...args], this.args.env, limit);
  }

  /** The watcher itself. What AWS would say of the server is that of one that runs and is managed; the site it asks here. */
  private watcher(): (event: WatcherEvent) => Promise<string> {
    const setting = (name: string) => this.args.command[name] ?? this.command.parameters[name]?.default ?? "";
    const url = new URL(setting("SiteUrl") || `https://127.0.0.1:${setting("AppPort")}`);
    const question = { name: url.hostname, path: setting("HealthPath"), port: Number(url.port || 443) };
    let memory: Memory = { ...NOTHING_KNOWN, armedAt: now() };
    const look = async (): Promise<Observed> => {
      const here = await ask(question, "127.0.0.1");
      const healthy = { systemCheck: "ok", instanceCheck: "ok", volumeCheck: "ok", managed: true } as const;
      return {
        now: now(),
        mute: "off",
        name: here,
        address: here,
        server: { state: "running", launchedAt: "2026-01-01T00:00:00Z", ...healthy },
        around: {
          control: true,
          resolved: ["127.0.0.1"],
          open: true,
          keepsAddress: true,
          customerKey: false,
          database: "available",
        },
      };
    };
    return watcher({
      site: url.hostname,
      addresses: ["127.0.0.1"],
      maxPerHour: 3,
      look,
      pause: () => sleep(500),
      recall: async () => memory,
      keep: async (kept) => {
        memory = kept;
      },
      run: async () => ({ ended: true, acted: false }),
      start: async () => "drill",
      publish: async () => {},
      log: () => {},
    });
  }
}

const recordOf = (ran: readonly Ran[], starts: readonly string[]) =>
  ran.map(({ step, ok, outputs }, index) => ({
    StepName: step.name,
    StepStatus: ok ? "Success" : "Failed",
    // Branches take no time.
    ExecutionStartTime: starts[index] ?? starts.findLast((start) => start !== undefined) ?? now(),
    Outputs: Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, [value]])),
  }));

function collect(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  limit: number,
): Promise<{ code: number | null; output: string }> {
  return new Promise((done, fail) => {
    const child = spawn("sh", ["-c", command.join(" ")], { env, timeout: limit, killSignal: "SIGKILL", cwd: "/" });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.on("error", fail);
    // Not `close`: a daemon that a script started (PM2, Nginx) may hold its output open.
    child.on("exit", (code) => setTimeout(() => done({ code, output }), 50));
    child.stdin.end();
  });
}
