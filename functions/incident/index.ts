import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { S3Client } from "@aws-sdk/client-s3";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { ReporterConfig } from "../../core/reporter-config";
import { createClients } from "./collectors/clients";
import { gather } from "./collectors/gather";
import { s3Store } from "./reporter/report-store";
import { type AlarmEvent, type MuteEnded, reporter } from "./reporter/reporter";

/** From the call to the message there are 60 s; what is left of them is for writing and sending. */
const GATHER_MS = 50_000;

const { AWS_REGION: region = "", BUCKET = "", CONFIG_PARAMETER, VERCEL_TOKEN_PARAMETER, MUTE_UNTIL } = process.env;
const TOPICS = { page: process.env.PAGE_TOPIC, warning: process.env.WARNING_TOPIC };

const options = { region, maxAttempts: 4 };
const ssm = new SSMClient(options);
const sns = new SNSClient(options);
const cloudWatch = new CloudWatchClient(options);
const clients = createClients({ region });

const parameter = async (Name: string | undefined, secret = false): Promise<string> =>
  (await ssm.send(new GetParameterCommand({ Name, WithDecryption: secret }))).Parameter?.Value ?? "";

/** The token that a person may have left for the reporter; without it the collector says that it had none. */
const vercelToken = async (): Promise<string | undefined> =>
  VERCEL_TOKEN_PARAMETER ? parameter(VERCEL_TOKEN_PARAMETER, true).catch(() => undefined) : undefined;

const report = reporter({
  config: async () => JSON.parse(await parameter(CONFIG_PARAMETER)) as ReporterConfig,
  // Path style works with every endpoint, also one without a DNS name for each bucket.
  store: s3Store(new S3Client({ ...options, forcePathStyle: true }), BUCKET),
  gather: async ({ sources }, from, to) => {
    const token = await vercelToken();
    return gather(sources, { aws: clients, from, to, deadline: GATHER_MS, ...(token ? { vercelToken: token } : {}) });
  },
  raised: async (triggers) => {
    const { MetricAlarms = [], CompositeAlarms = [] } = await cloudWatch.send(
      new DescribeAlarmsCommand({
        AlarmNames: [...triggers],
        AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
        StateValue: "ALARM",
        MaxRecords: 100,
      }),
    );
    return [...MetricAlarms, ...CompositeAlarms].flatMap(({ AlarmName }) => AlarmName ?? []);
  },
  send: async ({ severity, subject, text, sms }) => {
    await sns.send(
      new PublishCommand({
        TopicArn: TOPICS[severity],
        Subject: subject,
        MessageStructure: "json",
        Message: JSON.stringify({ default: text, sms }),
      }),
    );
  },
  ...(MUTE_UNTIL ? { muteUntil: MUTE_UNTIL } : {}),
});

/**
 * Entry point of the Lambda function. Environment: BUCKET, CONFIG_PARAMETER, PAGE_TOPIC, WARNING_TOPIC, and optionally
 * VERCEL_TOKEN_PARAMETER, MUTE_UNTIL.
 */
export const handler = async (event: AlarmEvent | MuteEnded) => {
  const outcome = await report(event);
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  return outcome;
};
