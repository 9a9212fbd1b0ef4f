import { type AwsAccess, askAws, isDenied } from "./aws-access";

export interface ShellCommand {
  /** For the account's records. */
  readonly comment: string;
  /** Lines of a shell script. */
  readonly lines: readonly string[];
  /** Seconds in which it must begin, since Systems Manager delivers for an hour otherwise. */
  readonly beginsWithin: number;
  /** Seconds after which Systems Manager ends it. */
  readonly endsWithin: number;
  /** Seconds that the end is waited for. */
  readonly patience: number;
}

/** What Systems Manager calls a command that has not ended. */
export const RUNNING: readonly string[] = ["Pending", "InProgress", "Delayed"];

/** How a command on an instance ended, or {@link RUNNING}. */
export interface CommandEnd {
  readonly status: string;
  readonly output: string;
  readonly errors: string;
}

/**
 * Runs a script as root on an instance by Systems Manager, and waits for its end. A question that fails meanwhile is asked again,
 * unless the caller may not ask it.
 */
export async function runCommand(access: AwsAccess, instanceId: string, command: ShellCommand): Promise<CommandEnd> {
  const sdk = await import("@aws-sdk/client-ssm");
  const client = new sdk.SSMClient(access.config);
  const { comment, lines, beginsWithin, endsWithin, patience } = command;
  return askAws(access, `run a command on ${instanceId} (ssm:SendCommand, ssm:GetCommandInvocation)`, async () => {
    const { Command } = await client.send(
      new sdk.SendCommandCommand({
        DocumentName: "AWS-RunShellScript",
        InstanceIds: [instanceId],
        TimeoutSeconds: beginsWithin,
        Comment: comment,
        Parameters: { commands: [...lines], executionTimeout: [String(endsWithin)] },
      }),
    );
    const invocation = { CommandId: Command?.CommandId, InstanceId: instanceId };
    // The waiter takes every error for one that passes.
    const stop = new AbortController();
    client.middlewareStack.add(
      (next) => (request) =>
        next(request).catch((error: unknown) => {
          if (isDenied(error)) stop.abort();
          throw error;
        }),
      { step: "initialize" },
    );
    await sdk
      .waitUntilCommandExecuted(
        { client, maxWaitTime: patience, minDelay: 1, maxDelay: 3, abortSignal: stop.signal },
        invocation,
      )
      // How it ended, and whether it did, the invocation tells.
      .catch(() => {});
    const end = await client.send(new sdk.GetCommandInvocationCommand(invocation));
    return {
      status: end.Status ?? "Pending",
      output: end.StandardOutputContent ?? "",
      errors: end.StandardErrorContent ?? "",
    };
  });
}
