import { appendFileSync } from "node:fs";
import pc from "picocolors";
import { duration } from "../../../../output/format";

/** One line of a migration's log, for machines. */
export interface Entry {
  /** ISO 8601. */
  readonly time: string;
  readonly step: string;
  readonly state: "started" | "done" | "failed" | "note" | "ended";
  /** Since the step began. */
  readonly seconds?: number;
  readonly detail?: string;
  /** Where an error came from that nobody has foreseen: for the log alone. */
  readonly trace?: string;
}

/** What happens, when, and for how long. */
export class Journal {
  private current = "";
  private latest = "";

  /** @param write receives each entry as it happens */
  constructor(
    private readonly now: () => number,
    private readonly write: (entry: Entry) => void,
  ) {}

  /** A remark within the step that runs; one that differs from the latest in its figures only is left out. */
  readonly say = (detail: string): void => {
    const shape = detail.replace(/\d+/g, "#");
    if (shape !== this.latest) this.put({ step: this.current, state: "note", detail });
    this.latest = shape;
  };

  /** @param trouble what a value says went wrong; undefined if nothing did */
  async record<T>(step: string, work: () => Promise<T>, trouble: (value: T) => string | undefined = () => undefined) {
    const started = this.now();
    const seconds = () => Math.round((this.now() - started) / 1000);
    this.current = step;
    this.latest = "";
    this.put({ step, state: "started" });
    try {
      const value = await work();
      const why = trouble(value);
      this.put({ step, state: why ? "failed" : "done", seconds: seconds(), ...(why ? { detail: why } : {}) });
      return value;
    } catch (error) {
      this.put({ step, state: "failed", seconds: seconds() });
      throw error;
    }
  }

  /** The last line: how the run ended, and with which exit code. */
  end(code: number, detail: string, trace?: string): void {
    this.put({ step: `exit code ${code}`, state: "ended", detail, ...(trace ? { trace } : {}) });
  }

  private put(entry: Omit<Entry, "time">): void {
    this.write({ time: new Date(this.now()).toISOString(), ...entry });
  }
}

/** Adds entries to a file, one JSON object a line. What cannot be written is told once: a migration does not end for want of its log. */
export function logIn(file: string): (entry: Entry) => void {
  let told = false;
  return (entry) => {
    try {
      appendFileSync(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    } catch (error) {
      if (!told) console.error(`${file} cannot be written: ${error instanceof Error ? error.message : error}`);
      told = true;
    }
  };
}

/** An entry as people read it while it happens. */
export function lineOf({ time, step, state, seconds = 0, detail }: Entry): string {
  const at = pc.dim(time.slice(11, 19));
  switch (state) {
    case "started":
      return `${at}  ${step}`;
    case "note":
      return `${at}    ${pc.dim(detail ?? "")}`;
    case "done":
      return `${at}  ${pc.green("✓")} ${step}, ${duration(seconds)}`;
    case "failed":
      return `${at}  ${pc.red("✗")} ${step}, ${duration(seconds)}${detail ? `: ${detail}` : ""}`;
    case "ended":
      return detail ?? "";
  }
}
