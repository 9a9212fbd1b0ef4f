import { createHash } from "node:crypto";
import { IdempotentParameterMismatch, type SSMClient, StartAutomationExecutionCommand } from "@aws-sdk/client-ssm";
import { REHEARSAL } from "./rehearsal";

/** Looks as close together as this, as of two alarms in one minute, start one run between them. */
const TOGETHER = 120_000;

/** A text as a UUID, which is the form of a client token. */
function tokenFrom(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

/**
 * Starts a run of the automation, and answers its id; undefined where another look has just started one.
 *
 * Of one client token Systems Manager starts one run. Told of it again it answers the same run, or, where the trigger is another, that
 * the parameters do not match (Systems Manager API reference, StartAutomationExecution: ClientToken, IdempotentParameterMismatch, 2026-11).
 */
export async function start(
  ssm: Pick<SSMClient, "send">,
  DocumentName: string,
  trigger: string,
  now = Date.now(),
): Promise<string | undefined> {
  const ClientToken = tokenFrom(`${DocumentName} ${trigger === REHEARSAL} ${Math.floor(now / TOGETHER)}`);
  const Parameters = { Trigger: [trigger] };
  try {
    const command = new StartAutomationExecutionCommand({
      ...{ DocumentName, DocumentVersion: "$DEFAULT", ClientToken, Parameters },
    });
    return (await ssm.send(command)).AutomationExecutionId;
  } catch (error) {
    if (error instanceof IdempotentParameterMismatch) return undefined;
    throw error;
  }
}
