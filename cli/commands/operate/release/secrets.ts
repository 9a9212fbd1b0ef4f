import { SERVER_ACTIONS_KEY } from "../../../../components/foundation/app-environment";
import { UserError } from "../../../../core/errors";
import { type AwsAccess, askAws } from "../../../lib/aws-access";
import type { Release, ReleaseTools } from "./tools";

/** Text of a secret of Secrets Manager. */
export async function secretText(access: AwsAccess, arn: string): Promise<string> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
  const { SecretString = "{}" } = await askAws(access, `read the secret ${arn}`, () =>
    new SecretsManagerClient(access.config).send(new GetSecretValueCommand({ SecretId: arn })),
  );
  return SecretString;
}

/**
 * The key of Server Actions, with which every build of the stack is made. It is the stack's own, since what runs reads that one: another
 * key of the environment counts only where the stack's may not be read.
 *
 * @throws {UserError} where there is none
 */
export async function serverActionsKey({ stack }: Release, { foundation, secret }: ReleaseTools): Promise<string> {
  const given = process.env[SERVER_ACTIONS_KEY];
  const { appSecret } = await foundation(stack);
  let refused = `the stack ${stack} has none yet: run \`pulumi up --stack ${stack}\` once, which builds the foundation`;
  if (appSecret) {
    try {
      const key = (JSON.parse(await secret(appSecret)) as Readonly<Record<string, string>>)[SERVER_ACTIONS_KEY];
      if (key) return key;
      refused = `${appSecret} does not hold it`;
    } catch (error) {
      // What a secret that is no JSON contains is in the parser's message.
      refused = error instanceof UserError ? error.message : `${appSecret} is no JSON`;
    }
  }
  if (given) return given;
  throw new UserError(
    `The build needs the key of Server Actions (${SERVER_ACTIONS_KEY}), and ${refused}. Or export it under this name.`,
  );
}
