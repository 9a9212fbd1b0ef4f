import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateClusterCommand, ECSClient } from "@aws-sdk/client-ecs";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { bundle } from "../../components/aws/lambda-code";
import type { ReporterConfig } from "../../core/reporter-config";
import type { Report } from "../../functions/incident/reporter/incident-report";
import { run } from "../provider/terraform";
import { emulator } from "./cli";
import type { Moto } from "./moto";

const REGION = "ap-northeast-2";
const BUCKET = "incident-reports";
const ALARM = "iamvet-prod-site-is-down";
/** In the repository, so that the bundle finds the SDK that Lambda's runtime has beside it. */
const CACHE = join(__dirname, "../../.cache/incident");
/** Goals of the bundle and of its start. */
const MOST_BYTES = 5 * 1024 ** 2;

const journalLine = JSON.stringify({
  event: {
    "detail-type": "ECS Task State Change",
    source: "aws.ecs",
    time: new Date().toISOString(),
    resources: ["arn:aws:ecs:task/1"],
    detail: {
      stoppedReason: "Essential container in task exited",
      containers: [{ exitCode: 137, reason: "OutOfMemoryError: Container killed due to memory usage" }],
    },
  },
});

describe("the incident reporter, from its bundle, against AWS on an emulator", function () {
  this.timeout(150_000);
  let moto: Moto;
  let silent: Server;
  let cloudWatch: HttpServer;
  let alarm = { value: "ALARM", since: new Date() };
  let topics: { page: string; warning: string };
  const file = join(CACHE, "index.js");

  before(async function () {
    // Installing the Python packages takes minutes, once.
    this.timeout(900_000);
    moto = await emulator(this);
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(file, await bundle("incident"));
    // The emulator knows CloudWatch's older protocol only, so this stands in for the four questions about one alarm.
    cloudWatch = createHttpServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const operation = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
        response.setHeader("content-type", "application/x-amz-json-1.0");
        response.end(JSON.stringify(cloudWatchAnswers(operation, JSON.parse(body || "{}"), alarm)));
      });
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => cloudWatch.once("listening", resolve));
    // Takes connections and never answers: the worst that an API can do.
    silent = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
  });
  after(() => {
    moto?.stop();
    silent?.close();
    cloudWatch?.closeAllConnections();
    cloudWatch?.close();
  });

  beforeEach(async () => {
    await moto.reset();
    const options = {
      region: REGION,
      endpoint: moto.endpoint,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    };
    await new S3Client({ ...options, forcePathStyle: true }).send(
      new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: { LocationConstraint: REGION } }),
    );
    const sns = new SNSClient(options);
    const topic = async (Name: string) => (await sns.send(new CreateTopicCommand({ Name }))).TopicArn ?? "";
    topics = { page: await topic("page"), warning: await topic("warning") };
    alarm = { value: "ALARM", since: new Date() };
    const logs = new CloudWatchLogsClient(options);
    for (const [logGroupName, message] of [
      ["app", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"],
      ["journal", journalLine],
    ] as const) {
      await logs.send(new CreateLogGroupCommand({ logGroupName }));
      await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }));
      await logs.send(
        new PutLogEventsCommand({ logGroupName, logStreamName: "s", logEvents: [{ timestamp: Date.now(), message }] }),
      );
    }
    await new ECSClient(options).send(new CreateClusterCommand({ clusterName: "site" }));
    const config: ReporterConfig = {
      about: { site: "iamvet.invalid", stack: "prod", region: REGION },
      language: "en",
      triggers: [ALARM],
      sources: [
        { kind: "alarms", names: [ALARM] },
        { kind: "events", logGroup: "journal" },
        { kind: "logs", logGroup: "app" },
        { kind: "changes" },
        { kind: "ecs", cluster: "site", service: "web" },
        { kind: "database", identifier: "iamvet-db" },
        { kind: "certificate", host: "iamvet.invalid" },
        { kind: "logs", logGroup: "gone" },
      ],
    };
    await new SSMClient(options).send(
      new PutParameterCommand({ Name: "/iamvet/prod/incident", Type: "String", Value: JSON.stringify(config) }),
    );
  });

  /** What the function and the command line find around them. */
  const environment = (): Record<string, string> => ({
    PATH: process.env.PATH ?? "",
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    BUCKET,
    CONFIG_PARAMETER: "/iamvet/prod/incident",
    PAGE_TOPIC: topics.page,
    WARNING_TOPIC: topics.warning,
    ...moto.env,
    AWS_ENDPOINT_URL_CLOUDWATCH: `http://127.0.0.1:${(cloudWatch.address() as AddressInfo).port}`,
  });

  /** One cold start of the function, in a process of its own. */
  async function invoke(value: "ALARM" | "OK", at: Date, env: Record<string, string> = {}) {
    const event = {
      time: at.toISOString(),
      detail: { alarmName: ALARM, state: { value, timestamp: at.toISOString() } },
    };
    const script = `
      const t = performance.now();
      const { handler } = require(${JSON.stringify(file)});
      const loaded = performance.now() - t;
      handler(${JSON.stringify(event)}).then(
        (o) => {
          console.log("RESULT " + JSON.stringify({ ...o, loaded, took: performance.now() - t }));
          process.exit(0);
        },
        (e) => { console.error(e); process.exit(1); });`;
    const result = await run(process.execPath, ["-e", script], {
      env: { ...environment(), ...env },
      timeoutSeconds: 90,
    });
    assert.equal(result.code, 0, result.stderr);
    const line = result.stdout.split("\n").find((one) => one.startsWith("RESULT ")) ?? "";
    return JSON.parse(line.slice(7)) as { outcome: string; incident?: string; loaded: number; took: number };
  }

  const sent = async (topic: string) => {
    const data = (await (await fetch(`${moto.endpoint}/moto-api/data.json`)).json()) as {
      sns?: { Topic?: { arn: string; sent_notifications: [string, string, string][] }[] };
    };
    const found = data.sns?.Topic?.find(({ arn }) => arn === topic);
    return (found?.sent_notifications ?? []).map(([, message, subject]) => ({ message, subject }));
  };

  async function reports() {
    const s3 = new S3Client({
      region: REGION,
      endpoint: moto.endpoint,
      forcePathStyle: true,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    const read = async (Key: string) =>
      (await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }))).Body?.transformToString() ?? "";
    return Object.fromEntries(
      await Promise.all(Contents.map(async ({ Key = "" }) => [Key, (await read(Key)) ?? ""] as const)),
    ) as Record<string, string>;
  }

  const reportIn = (kept: Record<string, string>): Report => {
    const key = Object.keys(kept).find((one) => one.endsWith(".json") && one.startsWith("reports/"));
    assert.ok(key, Object.keys(kept).join(", "));
    return JSON.parse(kept[key] ?? "") as Report;
  };

  it("stays small, starts fast, reports once, and follows up with the duration", async () => {
    assert.ok((await bundle("incident")).length < MOST_BYTES);
    const start = new Date(Date.now() - 20_000);
    const first = await invoke("ALARM", start);
    assert.equal(first.outcome, "reported");
    console.log(
      `    bundle ${Math.round((await bundle("incident")).length / 1024)} KiB, cold start ` +
        `${Math.round(first.loaded)} ms, report in ${Math.round(first.took)} ms`,
    );
    assert.equal((await invoke("ALARM", start)).outcome, "joined");
    const kept = await reports();
    const report = reportIn(kept);
    assert.equal(report.causes[0]?.id, "memory-exhausted");
    assert.ok(Object.keys(kept).some((key) => key.endsWith(".html")));
    assert.ok(report.looked.includes("alarms") && report.looked.includes("events") && report.looked.includes("logs"));
    assert.ok(
      report.gaps.some(({ kind, subject }) => kind === "logs" && subject === "gone"),
      "what is gone is named",
    );

    assert.equal((await invoke("OK", new Date())).outcome, "nothing", "the alarm itself is still raised");
    alarm = { value: "OK", since: new Date() };
    assert.equal((await invoke("OK", new Date(start.getTime() + 600_000))).outcome, "ended");
    assert.equal(reportIn(await reports()).minutes, 10);
    assert.ok(!("open-incident.json" in (await reports())));

    const [page, warning] = [await sent(topics.page), await sent(topics.warning)];
    assert.equal(page.length, 1);
    assert.equal(warning.length, 1);
    assert.match(page[0]?.message ?? "", /iamvet\.invalid is down/);
    assert.match(warning[0]?.message ?? "", /lasted: 10 min/);
  });

  it("reports within a minute when collectors fail, and names each", async () => {
    const address = silent.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const result = await invoke("ALARM", new Date(), {
      AWS_ENDPOINT_URL_RDS: `http://127.0.0.1:${port}`,
      AWS_ENDPOINT_URL_CLOUDTRAIL: "http://127.0.0.1:1",
      AWS_ENDPOINT_URL_ECS: "http://127.0.0.1:1",
    });
    assert.equal(result.outcome, "reported");
    assert.ok(result.took < 60_000, `${result.took} ms`);
    const report = reportIn(await reports());
    const failed = report.gaps.map(({ kind }) => kind);
    for (const kind of ["database", "changes", "ecs"] as const) assert.ok(failed.includes(kind), `${failed}`);
    assert.match(report.gaps.find(({ kind }) => kind === "database")?.error ?? "", /no answer within|abort/i);
    assert.equal(report.causes[0]?.id, "memory-exhausted", "the others still tell");
    assert.match((await sent(topics.page))[0]?.message ?? "", /Could not be asked[\s\S]*database iamvet-db/);
  });

  it("gives the same report to a terminal: platform why", async () => {
    const why = (...args: string[]) =>
      run(process.execPath, [join(__dirname, "../../cli/bin.mjs"), "why", "--stack", "prod", ...args], {
        env: environment(),
        timeoutSeconds: 90,
      });
    const json = await why("--json");
    assert.equal(json.code, 0, json.stderr);
    const report = JSON.parse(json.stdout) as Report;
    assert.equal(report.phase, "asked");
    assert.equal(report.incident.alarm, ALARM);
    assert.equal(report.causes[0]?.id, "memory-exhausted");
    const text = await why("--since", "2h", "--language", "ko");
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /iamvet\.invalid 점검 결과[\s\S]*원인[\s\S]*타임라인/);
    const missing = await run(process.execPath, [join(__dirname, "../../cli/bin.mjs"), "why", "--stack", "staging"], {
      env: environment(),
      timeoutSeconds: 60,
    });
    assert.equal(missing.code, 2, missing.stderr);
    assert.match(missing.stderr, /staging is not in the account 123456789012, region ap-northeast-2/);
    assert.doesNotMatch(missing.stderr, /\n {4}at /);
  });
});

/** What CloudWatch answers of the one alarm. */
function cloudWatchAnswers(
  operation: string,
  { StateValue }: { readonly StateValue?: string },
  { value, since }: { readonly value: string; readonly since: Date },
): object {
  const seconds = since.getTime() / 1000;
  const one = {
    AlarmName: ALARM,
    StateValue: value,
    StateReason: "no healthy target",
    StateTransitionedTimestamp: seconds,
  };
  switch (operation) {
    case "DescribeAlarms":
      return { MetricAlarms: StateValue === undefined || StateValue === value ? [one] : [], CompositeAlarms: [] };
    case "DescribeAlarmHistory":
      return {
        AlarmHistoryItems: [
          {
            AlarmName: ALARM,
            HistoryItemType: "StateUpdate",
            Timestamp: seconds,
            HistorySummary: `Alarm updated from OK to ${value}`,
          },
        ],
      };
    default:
      return { MetricDataResults: [], Metrics: [] };
  }
}
