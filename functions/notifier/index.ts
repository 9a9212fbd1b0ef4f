import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { notifier } from "./notify";

const { WARNING_TOPIC, WEBHOOK_PARAMETER, SITE = "", LANGUAGE, MUTE_UNTIL } = process.env;
const sns = new SNSClient({ maxAttempts: 5 });

let webhook: Promise<string> | undefined;
/** The address is a secret: it is read where it is used, and stands in no setting of the function. */
function webhookUrl(): Promise<string> {
  webhook ??= new SSMClient({ maxAttempts: 5 })
    .send(new GetParameterCommand({ Name: WEBHOOK_PARAMETER, WithDecryption: true }))
    .then(({ Parameter }) => Parameter?.Value ?? "")
    .catch((error) => {
      webhook = undefined;
      throw error;
    });
  return webhook;
}

async function post(text: string): Promise<void> {
  const response = await fetch(await webhookUrl(), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
    signal: AbortSignal.timeout(8_000),
  });
  // Thrown, so that Lambda tries again; the address is in no message.
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
}

/** Entry point of the Lambda function. Environment: WARNING_TOPIC, SITE, LANGUAGE, and optionally WEBHOOK_PARAMETER, MUTE_UNTIL. */
export const handler = notifier({
  site: SITE,
  language: LANGUAGE === "ko" ? "ko" : "en",
  journal: (line) => void process.stdout.write(`${line}\n`),
  publish: async (Subject, Message) => {
    await sns.send(new PublishCommand({ TopicArn: WARNING_TOPIC, Subject, Message }));
  },
  ...(WEBHOOK_PARAMETER ? { post } : {}),
  ...(MUTE_UNTIL ? { muteUntil: MUTE_UNTIL } : {}),
});
