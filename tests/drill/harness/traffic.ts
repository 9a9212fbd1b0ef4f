import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Visit } from "./client";

/** A client in a process of its own, whose results come as one JSON line each: visitors, or a writer of rows. */
export class Client<Result> {
  readonly results: Result[] = [];
  private readonly child: ChildProcess;

  /** @param script in this folder */
  constructor(script: string, plan: object) {
    // Without tsx's parent process, so that the signal reaches the client itself.
    const args = ["--import", "tsx", join(__dirname, script), JSON.stringify(plan)];
    this.child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: join(__dirname, "..", "..", ".."),
    });
    if (this.child.stdout) {
      createInterface(this.child.stdout).on("line", (line) => this.results.push(JSON.parse(line)));
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Stops sending, waits for the last answers, and returns all. */
  async stop(): Promise<readonly Result[]> {
    if (this.child.exitCode === null) {
      const ended = new Promise((done) => this.child.once("close", done));
      this.child.kill("SIGTERM");
      await ended;
    }
    return this.results;
  }
}

/** Visitors at a constant rate, as {@link Visit}s. */
export class Traffic extends Client<Visit> {
  constructor(plan: Record<string, unknown>) {
    super("client.ts", plan);
  }

  get visits(): readonly Visit[] {
    return this.results;
  }
}

/** Reads the lines that are added to a log, and goes on where the log is emptied: what the CloudWatch agent does on AWS. */
export class Tail {
  readonly lines: string[] = [];
  private offset = 0;
  private rest = "";
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly file: string) {
    this.timer = setInterval(() => this.read(), 100);
  }

  /** Reads what is left and stops. */
  stop(): readonly string[] {
    clearInterval(this.timer);
    this.read();
    return this.lines;
  }

  private read(): void {
    const size = statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
    if (size < this.offset) this.offset = 0;
    if (size === this.offset) return;
    const buffer = Buffer.alloc(size - this.offset);
    const handle = openSync(this.file, "r");
    readSync(handle, buffer, 0, buffer.length, this.offset);
    closeSync(handle);
    this.offset = size;
    const parts = (this.rest + buffer.toString()).split("\n");
    this.rest = parts.pop() ?? "";
    this.lines.push(...parts);
  }
}
