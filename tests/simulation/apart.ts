import { createRequire } from "node:module";

const { LocalStore } = createRequire(require.resolve("@pulumi/pulumi"))("./runtime/state") as {
  LocalStore: new () => object;
};

/** A state of the SDK for one run. The SDK's own way, `AsyncLocalStorage`, would take a tenth of the time. */
export function ownRuntime(): () => void {
  const owner = globalThis as { globalStore?: object };
  const { globalStore } = owner;
  owner.globalStore = new LocalStore();
  return () => Object.assign(owner, { globalStore });
}

/** Notes timers until it is told to forget them. */
export function trackTimers(): () => void {
  const { setTimeout } = globalThis;
  const timers: NodeJS.Timeout[] = [];
  globalThis.setTimeout = ((run: () => void, milliseconds?: number) => {
    const timer = setTimeout(run, milliseconds);
    timers.push(timer);
    return timer;
  }) as typeof setTimeout;
  return () => {
    globalThis.setTimeout = setTimeout;
    for (const timer of timers) clearTimeout(timer);
  };
}

/** What a program that throws leaves behind are rejections that nobody awaits, as in a process that ends with it. */
export function ignoreRejections(): () => void {
  const event = "unhandledRejection";
  const listeners = process.listeners(event);
  process.removeAllListeners(event);
  process.on(event, () => {});
  return () => {
    process.removeAllListeners(event);
    for (const listener of listeners) process.on(event, listener);
  };
}
