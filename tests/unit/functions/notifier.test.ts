import assert from "node:assert/strict";
import type { SNSEvent } from "aws-lambda";
import { planStack } from "../../../cli/planner/planner";
import { isConcat } from "../../../core/plan-format";
import { type CloudEvent, ENTRIES } from "../../../functions/notifier/messages";
import { channelText, notifier } from "../../../functions/notifier/notify";
import { architectures } from "../../../stacks/settings/schema";

function world(further: Partial<Parameters<typeof notifier>[0]> = {}) {
  const lines: string[] = [];
  const sent: { subject: string; text: string }[] = [];
  const posted: string[] = [];
  const state = { now: new Date("2026-03-02T04:12:00Z") };
  const call = notifier({
    site: "iamvet.kr",
    language: "en",
    journal: (line) => void lines.push(line),
    publish: async (subject, text) => void sent.push({ subject, text }),
    post: async (text) => void posted.push(text),
    now: () => state.now,
    ...further,
  });
  return { call, lines, sent, posted, state };
}

const event = (type: string, detail: Record<string, unknown>, resources: string[] = []): CloudEvent => ({
  "detail-type": type,
  source: "aws.test",
  time: "2026-03-02T04:12:00Z",
  resources,
  detail,
});

const oom = event("ECS Task State Change", {
  lastStatus: "STOPPED",
  group: "service:web",
  stoppedReason: "Essential container in task exited",
  containers: [{ name: "app", exitCode: 137, reason: "OutOfMemoryError: Container killed due to memory usage" }],
});

/** Events in the shapes that AWS documents, and a word that the message must have; undefined: journal only. */
const cases: readonly (readonly [CloudEvent, RegExp | undefined])[] = [
  [oom, /A task of web stopped: .*app exit 137 OutOfMemoryError/],
  [
    event("ECS Task State Change", {
      group: "service:web",
      stoppedReason: "Scaling activity initiated by (deployment ecs-svc/1)",
    }),
    undefined,
  ],
  [
    event("ECS Deployment State Change", { eventName: "SERVICE_DEPLOYMENT_FAILED", reason: "tasks failed to start" }, [
      "arn:aws:ecs:r:1:service/site/web",
    ]),
    /deployment of web failed.*tasks failed to start/,
  ],
  [event("ECS Deployment State Change", { eventName: "SERVICE_DEPLOYMENT_COMPLETED" }), undefined],
  [event("EC2 Instance State-change Notification", { "instance-id": "i-1", state: "stopped" }), /i-1 is stopped/],
  [event("EC2 Instance State-change Notification", { "instance-id": "i-1", state: "running" }), undefined],
  [event("EC2 Spot Instance Interruption Warning", { "instance-id": "i-1" }), /two minutes/],
  [
    event("EC2 Instance Launch Unsuccessful", { AutoScalingGroupName: "web", StatusMessage: "no capacity" }),
    /web could not start.*no capacity/,
  ],
  [
    event("EC2 Instance Terminate Successful", {
      AutoScalingGroupName: "web",
      EC2InstanceId: "i-2",
      Cause: "an instance was taken out of service in response to an ELB system health check failure",
    }),
    /replaces the instance i-2/,
  ],
  [
    event("EC2 Instance Terminate Successful", {
      AutoScalingGroupName: "web",
      Cause: "shrinking the capacity from 3 to 2",
    }),
    undefined,
  ],
  [event("EC2 Auto Scaling Instance Refresh Failed", { AutoScalingGroupName: "web" }), /roll-out to web failed/],
  [
    event("RDS DB Instance Event", {
      SourceIdentifier: "db",
      EventCategories: ["failover"],
      Message: "Multi-AZ instance failover started.",
    }),
    /Database db: Multi-AZ/,
  ],
  [
    event("RDS DB Instance Event", { SourceIdentifier: "db", EventCategories: ["backup"], Message: "Backing up" }),
    undefined,
  ],
  [
    event("AWS Health Event", {
      service: "EC2",
      eventTypeCode: "AWS_EC2_OPERATIONAL_ISSUE",
      eventDescription: [{ latestDescription: "We are investigating" }],
    }),
    /AWS_EC2_OPERATIONAL_ISSUE. We are/,
  ],
  [
    event("ACM Certificate Approaching Expiration", { DaysToExpiry: 20, CommonName: "iamvet.kr" }),
    /iamvet\.kr.*20 days/,
  ],
  [
    event("EC2 Automation Execution Status-change Notification", {
      Definition: "recover",
      Status: "Failed",
      ExecutionId: "x",
    }),
    /ended as Failed/,
  ],
  [
    event("EC2 Automation Execution Status-change Notification", { Definition: "recover", Status: "Success" }),
    undefined,
  ],
  [event("Parameter Store Change", { name: "/iamvet/prod/traffic-state", operation: "Update" }), /Traffic was moved/],
];

describe("the notifier", () => {
  for (const [one, expected] of cases) {
    const what = `${one["detail-type"]} ${JSON.stringify(one.detail).slice(0, 60)}`;
    it(`${expected ? "tells" : "keeps in the journal"}: ${what}`, async () => {
      for (const language of ["en", "ko"] as const) {
        const { call, sent, lines } = world({ language });
        await call(one);
        assert.equal(lines.length, 1);
        assert.equal(JSON.parse(lines[0] ?? "").event["detail-type"], one["detail-type"]);
        assert.equal(sent.length, expected ? 1 : 0);
        if (!expected) continue;
        if (language === "en") assert.match(sent[0]?.text ?? "", expected);
        assert.doesNotMatch(sent[0]?.text ?? "", /undefined|\[object/);
        assert.match(sent[0]?.subject ?? "", /^[\x20-\x7e]{1,99}$/);
      }
    });
  }

  it("tells of a crash loop once in a quarter of an hour, and of another subject at once", async () => {
    const { call, sent, lines, state } = world();
    for (let i = 0; i < 20; i++) await call(oom);
    assert.deepEqual([sent.length, lines.length], [1, 20]);
    await call({ ...oom, detail: { ...oom.detail, group: "service:other" } });
    assert.equal(sent.length, 2);
    state.now = new Date(state.now.getTime() + 15 * 60_000);
    await call(oom);
    assert.equal(sent.length, 3);
  });

  it("tries a message again that could not be sent", async () => {
    let fails = true;
    const sent: string[] = [];
    const { call } = world({
      publish: async (_subject, text) => {
        if (fails) throw new Error("throttled");
        sent.push(text);
      },
    });
    await assert.rejects(call(oom));
    fails = false;
    await call(oom);
    assert.equal(sent.length, 1);
  });

  it("is silent while muted, and keeps the journal", async () => {
    const { call, sent, lines, state } = world({ muteUntil: "2026-03-02T05:00:00Z" });
    await call(oom);
    assert.deepEqual([sent.length, lines.length], [0, 1]);
    state.now = new Date("2026-03-02T05:00:00Z");
    await call(oom);
    assert.equal(sent.length, 1);
  });

  it("keeps unknown events and hides secrets in all it writes", async () => {
    const { call, lines, sent } = world();
    await call(event("Something New", { password: "hunter2", url: "postgres://a:hunter2@db/x" }));
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines.join(), /a:hunter2/);
    assert.equal(sent.length, 0);
  });

  it("marks deployments and moves of traffic for the dashboard", async () => {
    const { call, lines } = world();
    await call(event("Parameter Store Change", { name: "p" }));
    await call(event("ECS Deployment State Change", { eventName: "SERVICE_DEPLOYMENT_COMPLETED" }));
    await call(event("ECS Deployment State Change", { eventName: "SERVICE_DEPLOYMENT_IN_PROGRESS" }));
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).mark),
      ["flip", "deploy", undefined],
    );
  });

  it("passes on to the channel what the topics tell", async () => {
    const { call, posted, sent } = world();
    const record = (Subject: string, Message: string) => ({ Sns: { Subject, Message } });
    await call({
      Records: [record("DOWN iamvet.kr", "why: postgres://a:b@c/d"), record("x", "y")],
    } as unknown as SNSEvent);
    assert.deepEqual(posted, ["DOWN iamvet.kr\nwhy: postgres://[redacted]@c/d", "x\ny"]);
    assert.equal(sent.length, 0);
    const alarm = JSON.stringify({
      AlarmName: "a",
      NewStateValue: "ALARM",
      NewStateReason: "r",
      AlarmDescription: "d",
    });
    assert.equal(channelText("ALARM: a", alarm), "ALARM: a\nr\nd");
  });
});

describe("rules of the notifier", () => {
  it("want only events that have a message, only of what the site has, in patterns that EventBridge takes", async function () {
    this.timeout(60_000);
    for (const architecture of architectures) {
      const plan = await planStack("prod", { architecture });
      const rules = plan.resources.filter(
        ({ type, name }) => type === "aws:cloudwatch/eventRule:EventRule" && name.startsWith("notifier-"),
      );
      const names = rules.map(({ name }) => name.replace("notifier-", ""));
      const expected = {
        "monitored-instance": ["instance", "recovery"],
        "ha-web-tier": [
          "group-rolled-out",
          "ha-web-tier-deployment-failed",
          "ha-web-tier-instance-ended",
          "ha-web-tier-launch-failed",
        ],
        fargate: [
          "fargate-deployment-failed",
          "fargate-spot-interruption",
          "fargate-task-stopped",
          "service-rolled-out",
        ],
        vercel: [],
      }[architecture];
      assert.deepEqual(
        names.sort(),
        [...expected, "certificate", "database", "health", "traffic"].sort(),
        architecture,
      );
      for (const { name, inputs } of rules) {
        const text = isConcat(inputs.eventPattern)
          ? inputs.eventPattern.$concat.map((part) => (typeof part === "string" ? part : "known-later")).join("")
          : String(inputs.eventPattern);
        assert.ok(text.length <= 2048, name);
        const pattern = JSON.parse(text) as { "detail-type": string[]; source: string[] };
        assert.ok(pattern.source.every((source) => source.startsWith("aws.")));
        for (const type of pattern["detail-type"]) assert.ok(ENTRIES[type], `${name}: no message for ${type}`);
      }
    }
  });
});
