import { hostname } from "node:os";
import type { EngineEvent, OutputMap, Stack } from "@pulumi/pulumi/automation";
import { reason, UserError } from "../../../../core/errors";
import type { Operation } from "../../../../stacks/gates/stops";
import type { Watch } from "../../../../stacks/watch";
import { isRunning } from "./running";

/** What a migration asks of the user's own `pulumi`. */
export interface Engine {
  /** Version of the CLI. */
  readonly version: string;
  /** Operations that an update was killed in; empty if none was. */
  pending(): Promise<readonly Operation[]>;
  /** The stack's output `watch`; undefined before the first complete update. */
  watch(): Promise<Watch | undefined>;
  /**
   * Brings the stack to what its file says.
   * @returns the output `watch`
   * @throws {UpdateFailed} @throws {StackBusy}
   */
  up(message: string): Promise<Watch | undefined>;
  /**
   * Asks the cloud what there is, and forgets operations that were cut off, but for creations: of these the next update takes over, or
   * tells of, what they have left.
   * @throws {UpdateFailed} @throws {StackBusy}
   */
  repair(): Promise<void>;
  /** Takes away a lock whose holder is gone. */
  unlock(): Promise<void>;
  /** Asks an update that runs to end; it finishes what it has begun. */
  interrupt(): void;
}

/** An update that ended with an error; the message is the engine's own. */
export class UpdateFailed extends Error {
  override readonly name = "UpdateFailed";
}

/** Another update has the stack. */
export class StackBusy extends Error {
  override readonly name = "StackBusy";
  /** @param abandoned the lock was left by a process of this machine that is gone */
  constructor(
    message: string,
    readonly abandoned: boolean,
  ) {
    super(message);
  }
}

const INSTALL = "https://www.pulumi.com/docs/install/";

/**
 * Opens a stack by the Automation API.
 * @param say receives the program's lines of progress
 * @throws {UserError} if there is no CLI, no sign-in, no passphrase or no such stack
 */
export async function openEngine(folder: string, stack: string, say: (line: string) => void): Promise<Engine> {
  const { LocalWorkspace, PulumiCommand, StackNotFoundError, CommandError, ConcurrentUpdateError } = await import(
    "@pulumi/pulumi/automation"
  );
  const command = await PulumiCommand.get().catch((error: unknown) => {
    const text = reason(error);
    throw new UserError(
      /ENOENT/.test(text)
        ? `The \`pulumi\` CLI is not on PATH. Install it: ${INSTALL}`
        : `The \`pulumi\` CLI cannot be used: ${firstError(text)}. How to install or upgrade it: ${INSTALL}`,
    );
  });
  // Colours belong to a terminal, and the language of its messages is matched below.
  const envVars = { PULUMI_SKIP_UPDATE_CHECK: "true", NO_COLOR: "1" };
  let opened: Stack;
  try {
    opened = await LocalWorkspace.selectStack(
      { stackName: stack, workDir: folder },
      { pulumiCommand: command, envVars },
    );
  } catch (error) {
    if (error instanceof StackNotFoundError) {
      throw new UserError(
        `The stack ${stack} has a file but no state: nothing is deployed that could be migrated. Run \`pulumi up --stack ${stack}\` first.`,
      );
    }
    throw new UserError(`\`pulumi stack select ${stack}\` does not work: ${firstError(reason(error))}`);
  }

  let stopping = new AbortController();
  /** Runs what takes the stack's lock; the engine's own words are kept for the error. */
  const locked = async <T>(
    run: (listening: { onEvent: (event: EngineEvent) => void; signal: AbortSignal }) => Promise<T>,
  ): Promise<T> => {
    const errors: string[] = [];
    stopping = new AbortController();
    const onEvent = ({ diagnosticEvent }: EngineEvent) => {
      if (!diagnosticEvent) return;
      const text = diagnosticEvent.message.replace(/<\{%[^%]*%\}>/g, "").trim();
      if (diagnosticEvent.severity === "error") errors.push(text);
      else if (/^(info|warning)$/.test(diagnosticEvent.severity) && text) say(text);
    };
    try {
      return await run({ onEvent, signal: stopping.signal });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const text = reason(error);
      if (error instanceof ConcurrentUpdateError) throw new StackBusy(firstError(text), holderIsGone(text));
      const own = errors.filter((line) => !/^(update|refresh) failed$/.test(line));
      throw new UpdateFailed(own.length > 0 ? own.join("\n") : firstError(text));
    }
  };

  const pending = () => pendingIn(opened);
  // The program's gates are for updates, whatever PULUMI_RUN_PROGRAM says.
  const refresh = (options: { clearPendingCreates?: true } = {}) =>
    locked((listening) => opened.refresh({ runProgram: false, ...options, ...listening }));

  return {
    version: command.version?.toString() ?? "unknown",
    pending,
    watch: async () => watchIn(await opened.outputs()),
    async up(message) {
      const { outputs } = await locked((listening) => opened.up({ message, ...listening }));
      // The engine would name them in each update, and they would keep a further migration from beginning.
      if ((await pending()).some(({ what }) => what === "creating")) {
        await refresh({ clearPendingCreates: true });
      }
      return watchIn(outputs);
    },
    async repair() {
      await refresh();
    },
    unlock: () => opened.cancel(),
    interrupt: () => stopping.abort(),
  };
}

/** What the engine began and does not know the end of. */
async function pendingIn(stack: Stack) {
  const { deployment } = await stack.exportStack();
  const operations: { type: string; resource: { urn: string; type: string } }[] = deployment?.pending_operations ?? [];
  return operations.map(({ type: what, resource: { type, urn } }) => ({
    what,
    type,
    name: urn.split("::").at(-1) ?? "",
  }));
}

const watchIn = (outputs: OutputMap) => outputs.watch?.value as Watch | undefined;

/** The engine's message within the output of a command. */
function firstError(text: string): string {
  const from = /^error: /m.exec(text) ?? /error: /.exec(text);
  const message = from ? text.slice(from.index + from[0].length) : text;
  return message.split(/\n err\?:/)[0]?.trim() ?? message;
}

/** Whether every lock was taken by a process of this machine that runs no more. */
function holderIsGone(text: string): boolean {
  const holders = [...text.matchAll(/created by \S*@(\S+) \(pid (\d+)\)/g)];
  return holders.length > 0 && holders.every(([, host, pid]) => host === hostname() && !isRunning(Number(pid)));
}
