import { setTimeout as after } from "node:timers/promises";
import { UserError } from "../../../../core/errors";
import { keepRecoveryOut, MUTED_MINUTES } from "../../../../stacks/gates/mute";
import { type AwsAccess, askAws } from "../../../lib/aws-access";

/** Seconds in which the server must begin: one that comes back later must not deploy with nobody watching and its recovery on. */
const BEGINS_WITHIN = 60;

/**
 * A command under the lock that the server's own timer heeds, which may not be able to read the mute. What the command leaves running
 * does not hold it.
 */
export function underReleaseLock(command: string): string {
  return `flock --close /run/lock/site-release sh -c '${command.replaceAll("'", "'\\''")}'`;
}

/** Runs a command on a server while the recovery is muted, and leaves the mute as it found it however the command ends. */
export async function runOnServer(
  access: AwsAccess,
  instanceId: string,
  mute: string | undefined,
  command: string,
): Promise<void> {
  const { SSMClient, SendCommandCommand, GetCommandInvocationCommand } = await import("@aws-sdk/client-ssm");
  const client = new SSMClient(access.config);
  const unmute = await askAws(access, `write the parameter ${mute}`, () => keepRecoveryOut(access.config, mute));
  try {
    const { Command } = await askAws(access, `run a command on ${instanceId}`, () =>
      client.send(
        new SendCommandCommand({
          DocumentName: "AWS-RunShellScript",
          InstanceIds: [instanceId],
          TimeoutSeconds: BEGINS_WITHIN,
          Comment: "platform release",
          Parameters: { commands: [underReleaseLock(command)], executionTimeout: [String((MUTED_MINUTES - 2) * 60)] },
        }),
      ),
    );
    for (const end = Date.now() + MUTED_MINUTES * 60_000; Date.now() < end; await after(3_000)) {
      const answer = await client
        .send(new GetCommandInvocationCommand({ CommandId: Command?.CommandId, InstanceId: instanceId }))
        // The invocation is known a moment after the command.
        .catch((error: Error) => (error.name === "InvocationDoesNotExist" ? undefined : Promise.reject(error)));
      if (answer?.Status === "Success") return;
      if (answer && !["Pending", "InProgress", "Delayed"].includes(answer.Status ?? "")) {
        const tail = `${answer.StandardOutputContent ?? ""}\n${answer.StandardErrorContent ?? ""}`
          .trim()
          .split("\n")
          .slice(-15);
        throw new UserError(
          `The release on ${instanceId} ended as ${answer.Status}; the old one serves on.\n${tail.join("\n")}`,
        );
      }
    }
    throw new UserError(`The release on ${instanceId} did not end within ${MUTED_MINUTES} minutes.`);
  } finally {
    await askAws(access, `write the parameter ${mute}`, unmute);
  }
}
