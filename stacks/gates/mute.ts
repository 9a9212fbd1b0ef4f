import type { SSMClientConfig } from "@aws-sdk/client-ssm";
import { clockOf } from "./live-aws";

/** Minutes that the recovery stays out of a release at most, longer than its command may take (runbooks/release.command.yaml). */
export const MUTED_MINUTES = 30;

/**
 * Keeps the recovery out of what is done to a server. A mute of a person that lasts longer is left as it is.
 * @param parameter undefined where there is no recovery; one that does not exist mutes nothing
 * @returns puts back what was there before
 */
export async function keepRecoveryOut(
  config: SSMClientConfig,
  parameter: string | undefined,
): Promise<() => Promise<void>> {
  if (parameter === undefined) return async () => {};
  const { SSMClient, GetParameterCommand, PutParameterCommand } = await import("@aws-sdk/client-ssm");
  const client = new SSMClient(config);
  const now = clockOf(client);
  const before = await client.send(new GetParameterCommand({ Name: parameter })).then(
    (answer) => answer.Parameter?.Value,
    (error: Error) => (error.name === "ParameterNotFound" ? undefined : Promise.reject(error)),
  );
  if (before === undefined) return async () => {};
  const until = now() + MUTED_MINUTES * 60_000;
  if (Date.parse(before) >= until) return async () => {};
  const write = (Value: string) =>
    client.send(new PutParameterCommand({ Name: parameter, Value, Overwrite: true })).then(() => {});
  await write(new Date(until).toISOString().replace(/\.\d+Z$/, "Z"));
  // What an update that was killed had set has its own end.
  return () => write(before);
}
