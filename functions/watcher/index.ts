import { setTimeout } from "node:timers/promises";
import { EC2Client } from "@aws-sdk/client-ec2";
import { KMSClient } from "@aws-sdk/client-kms";
import { RDSClient } from "@aws-sdk/client-rds";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import {
  GetAutomationExecutionCommand,
  GetParameterCommand,
  PutParameterCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { type Memory, NOTHING_KNOWN } from "./judge";
import { isDown, type Observed } from "./observed";
import { toldBy } from "./run-state";
import { describeServer, describeSurroundings } from "./server";
import { start } from "./start";
import { ask, askControl, resolveName } from "./visit";
import { watcher } from "./watcher-handler";

/** How the automation says that a run is over. Source: Systems Manager API reference, AutomationExecutionStatus, 2026-11. */
const ENDED = new Set([
  "Success",
  "Failed",
  "TimedOut",
  "Cancelled",
  "CompletedWithSuccess",
  "CompletedWithFailure",
  "Exited",
]);

const { SITE = "", HEALTH_PATH = "/", PORT = "443", ADDRESSES = "[]", CONTROL_URL = "" } = process.env;
const { INSTANCE_ID = "", DATABASE = "", MUTE_PARAMETER, STATE_PARAMETER, TOPIC, MAX_PER_HOUR = "3" } = process.env;
const addresses = JSON.parse(ADDRESSES) as readonly string[];
const patient = { maxAttempts: 5 };
const clients = {
  ...{ ec2: new EC2Client(patient), ssm: new SSMClient(patient) },
  ...{ rds: new RDSClient(patient), kms: new KMSClient(patient) },
};
const { ssm } = clients;
const sns = new SNSClient(patient);

const parameter = async (Name: string | undefined): Promise<string> =>
  (await ssm.send(new GetParameterCommand({ Name }))).Parameter?.Value ?? "";

async function look(): Promise<Observed> {
  const question = { name: SITE, path: HEALTH_PATH, port: Number(PORT) };
  const [name, address, server, mute] = await Promise.all([
    ask(question, SITE),
    ask(question, addresses[0] ?? ""),
    describeServer(clients, INSTANCE_ID),
    parameter(MUTE_PARAMETER),
  ]);
  const seen = { now: new Date().toISOString(), mute, name, address, server };
  if (!isDown(seen)) return seen;
  const [control, resolved, account] = await Promise.all([
    askControl(CONTROL_URL),
    resolveName(SITE),
    describeSurroundings(clients, INSTANCE_ID, DATABASE),
  ]);
  return { ...seen, around: { control, resolved, ...account } };
}

/**
 * Entry point of the Lambda function. Environment: SITE, HEALTH_PATH, ADDRESSES (JSON), CONTROL_URL, INSTANCE_ID, DATABASE,
 * MUTE_PARAMETER, STATE_PARAMETER, TOPIC, MAX_PER_HOUR, and PORT where it is not 443.
 */
export const handler = watcher({
  site: SITE,
  addresses,
  maxPerHour: Number(MAX_PER_HOUR),
  // A reload of the app takes less.
  pause: () => setTimeout(15_000),
  look,
  recall: async () => {
    const value = await parameter(STATE_PARAMETER);
    // Before the first look the parameter holds a word (components/monitoring/watcher.ts).
    return value.startsWith("{") ? (JSON.parse(value) as Memory) : NOTHING_KNOWN;
  },
  keep: async (memory) => {
    await ssm.send(new PutParameterCommand({ Name: STATE_PARAMETER, Value: JSON.stringify(memory), Overwrite: true }));
  },
  run: async (AutomationExecutionId) => {
    const { AutomationExecution: run } = await ssm.send(new GetAutomationExecutionCommand({ AutomationExecutionId }));
    return { ended: ENDED.has(run?.AutomationExecutionStatus ?? ""), ...toldBy(run?.Outputs) };
  },
  start: (document, trigger) => start(ssm, document, trigger),
  publish: async (Subject, Message) => {
    await sns.send(new PublishCommand({ TopicArn: TOPIC, Subject, Message }));
  },
  log: (line) => void process.stdout.write(`${line}\n`),
});
