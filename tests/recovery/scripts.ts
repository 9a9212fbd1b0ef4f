import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Performed, type Step, selected } from "./executor";

/** What AWS tells the scripts; times in fields that end in `Time` are ISO 8601. */
export interface ScriptWorld {
  readonly runs: readonly Readonly<Record<string, unknown>>[];
  readonly run: Readonly<Record<string, unknown>>;
  readonly mute: string;
  /** @default the machine's time */
  readonly now?: string;
}

/** What a script published. */
export interface Published {
  readonly Subject: string;
  readonly Message: string;
}

export interface ScriptResult extends Performed {
  readonly published: readonly Published[];
}

/** The steps `aws:executeScript` of a document, run by one Python process: guard.py and report.py as they are deployed. */
export class Scripts {
  private child: ChildProcess | undefined;
  private readonly waiting: ((line: string) => void)[] = [];
  private errors = "";
  private ended = false;

  /** The process, started when the first script is wanted. */
  private python(): ChildProcess {
    if (this.child) return this.child;
    const env = { ...process.env, PYTHONPATH: __dirname, PYTHONDONTWRITEBYTECODE: "1" };
    const child = spawn("python3", [join(__dirname, "host.py")], { env, stdio: ["pipe", "pipe", "pipe"] });
    createInterface({ input: child.stdout }).on("line", (line) => this.waiting.shift()?.(line));
    child.stderr.on("data", (data) => {
      this.errors += data;
    });
    child.on("close", () => {
      this.ended = true;
      for (const answer of this.waiting.splice(0)) answer("");
    });
    this.child = child;
    return child;
  }

  async run(step: Step, world: ScriptWorld): Promise<ScriptResult> {
    const { Script: script, Handler: handler, InputPayload: payload } = step.inputs;
    if (this.ended) throw new Error(this.errors);
    const answered = new Promise<string>((done) => this.waiting.push(done));
    this.python().stdin?.write(`${JSON.stringify({ script, handler, payload, world })}\n`);
    const line = await answered;
    if (line === "") throw new Error(`${step.name}: ${this.errors}`);
    const answer = JSON.parse(line) as { payload?: Record<string, string>; published: Published[] };
    return {
      ok: answer.payload !== undefined,
      outputs: answer.payload ? selected(step, answer.payload) : {},
      published: answer.published,
    };
  }

  stop(): void {
    this.child?.stdin?.end();
  }
}
