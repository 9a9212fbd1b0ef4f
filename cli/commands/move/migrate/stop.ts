/** A person asked to stop. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Ctrl-C and its like: what runs comes to an orderly end, and waiting ends at once. */
export class Stop {
  asked = false;
  /** Called once; the engine is in the terminal's process group and hears Ctrl-C by itself, but not the other signals. */
  onInterrupt: () => void = () => {};
  private end: (why: Interrupted) => void = () => {};
  private readonly ended = new Promise<never>((_, reject) => {
    this.end = reject;
  });
  private readonly onSignal = (signal: NodeJS.Signals) => {
    if (this.asked) return;
    this.asked = true;
    console.error("Stopping: what the engine has begun is finished first.");
    if (signal !== "SIGINT") this.onInterrupt();
    this.end(new Interrupted());
  };

  constructor() {
    // Nobody may be waiting when it comes.
    this.ended.catch(() => {});
    for (const signal of signals) process.on(signal, this.onSignal);
  }

  /** Leaves the signals to their usual effect again. */
  forget(): void {
    for (const signal of signals) process.off(signal, this.onSignal);
  }

  /** @throws {Interrupted} as soon as a person stops the run */
  sleep(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    return this.race(slept).finally(() => clearTimeout(timer));
  }

  /** The promise's value, unless a person stops the run before. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([this.ended, work]);
  }
}
