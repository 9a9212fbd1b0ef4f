import { UserError } from "../../../../core/errors";
import { keepRecoveryOut, MUTED_MINUTES } from "../../../../stacks/gates/mute";
import { type AwsAccess, askAws } from "../../../lib/aws-access";
import { RUNNING, runCommand } from "../../../lib/run-command";

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
  const unmute = await askAws(access, `write the parameter ${mute}`, () => keepRecoveryOut(access.config, mute));
  try {
    const { status, output, errors } = await runCommand(access, instanceId, {
      comment: "platform release",
      lines: [underReleaseLock(command)],
      beginsWithin: BEGINS_WITHIN,
      endsWithin: (MUTED_MINUTES - 2) * 60,
      patience: MUTED_MINUTES * 60,
    });
    if (status === "Success") return;
    if (RUNNING.includes(status)) {
      throw new UserError(`The release on ${instanceId} did not end within ${MUTED_MINUTES} minutes.`);
    }
    const tail = `${output}\n${errors}`.trim().split("\n").slice(-15);
    throw new UserError(`The release on ${instanceId} ended as ${status}; the old one serves on.\n${tail.join("\n")}`);
  } finally {
    await askAws(access, `write the parameter ${mute}`, unmute);
  }
}
