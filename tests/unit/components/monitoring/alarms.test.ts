import assert from "node:assert/strict";
import fc from "fast-check";
import { planStack } from "../../../../cli/planner/planner";
import { isConcat, isRef, type Plan, type PlannedResource, type PlanValue, SECRET } from "../../../../core/plan-format";
import { costOf } from "../../../../insight/cost/cost";
import { architectures } from "../../../../stacks/settings/schema";

const METRIC = "aws:cloudwatch/metricAlarm:MetricAlarm";
const COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm";
const LEVELS = ["basic", "standard"] as const;

/** Seconds after the fault at which the alarms of an outage go off, by a part of their name. */
type Outage = Readonly<Record<string, number>>;

/** What goes off when each tier breaks, as its metrics would have it. Alarms that a level or a stack has not are passed over. */
const outages: Readonly<Record<string, Readonly<Record<string, Outage>>>> = {
  "monitored-instance": {
    "the machine fails": {
      "system-check": 120,
      "instance-check": 180,
      "app-process": 130,
      "nginx-process": 130,
      heartbeat: 300,
      volume: 180,
      uptime: 90,
    },
    "the app is killed for memory": { memory: 0, "app-process": 130, "server-errors": 190, uptime: 100 },
    "the disk is full": { disk: 0, "server-errors": 190, "app-process": 240, "nginx-process": 250, uptime: 100 },
    "the database stops": { "server-errors": 190, database: 120, uptime: 90, "error-lines": 300 },
  },
  "ha-web-tier": {
    "no target is healthy": { "healthy-hosts": 130, "load-balancer": 190, errors: 200, latency: 300, uptime: 90 },
    "the database stops": { errors: 190, "healthy-hosts": 160, "load-balancer": 240, database: 120, uptime: 90 },
  },
  fargate: {
    "a release that does not start": { "healthy-hosts": 130, "load-balancer": 190, errors: 220, uptime: 90 },
    "tasks run out of memory": {
      memory: 0,
      latency: 200,
      errors: 200,
      "healthy-hosts": 230,
      "load-balancer": 240,
      uptime: 120,
    },
    "the database stops": {
      errors: 190,
      "healthy-hosts": 160,
      "load-balancer": 240,
      database: 120,
      latency: 300,
      uptime: 90,
    },
  },
  vercel: {
    "the deployment fails": { uptime: 90, "errors-alarm": 120 },
    "the database stops": { database: 120, uptime: 90 },
  },
};

describe("alarms of the site", function () {
  // A dozen plans on a machine that may be busy.
  this.timeout(60_000);
  const plans = new Map<string, Plan>();
  const plan = (architecture: string, level: string) => plans.get(`${architecture} ${level}`) as Plan;

  before(async () => {
    for (const architecture of architectures) {
      for (const level of LEVELS) {
        // The level that stays inside the free tier, without parts that have none: the external check and AWS Backup.
        const parts =
          level === "basic"
            ? { uptime: { provider: "none" }, backups: { enabled: false } }
            : { uptime: { provider: "route53" } };
        const config = { monitoring: { level }, ...parts };
        plans.set(`${architecture} ${level}`, await planStack("prod", { architecture, config }));
      }
    }
  });

  for (const architecture of architectures) {
    for (const level of LEVELS) {
      for (const [fault, outage] of Object.entries(outages[architecture] ?? {})) {
        it(`page at most twice when ${fault} (${architecture}, ${level})`, () => {
          const pages = simulate(plan(architecture, level), ({ name }) => onsetOf(name, outage));
          // On Vercel nothing but the external check sees an outage.
          if (architecture !== "vercel" || level === "standard") assert.ok(pages.length >= 1, "an outage pages");
          assert.ok(pages.length <= 2, pages.join(", "));
        });
      }
    }
  }

  it("page at most twice whichever of them go off, in whatever order within four minutes", () => {
    for (const [title, one] of plans) {
      const alarms = ofType(one, METRIC);
      fc.assert(
        fc.property(
          fc.array(fc.option(fc.integer({ min: 0, max: 240 }), { nil: undefined }), {
            minLength: alarms.length,
            maxLength: alarms.length,
          }),
          (onsets) => {
            const pages = simulate(one, ({ name }) => onsets[alarms.findIndex((alarm) => alarm.name === name)]);
            assert.ok(pages.length <= 2, `${title}: ${pages}`);
          },
        ),
        { numRuns: 20 },
      );
    }
  });

  it("page for every paging alarm, at the level standard without any code of ours in between", () => {
    for (const architecture of architectures) {
      const one = plan(architecture, "standard");
      const silent = ofType(one, METRIC).filter(({ inputs }) => alarmsOn(one, inputs.alarmActions).length === 0);
      const speaking = new Set(ofType(one, COMPOSITE).flatMap(({ inputs }) => refs(inputs.alarmRule)));
      for (const { urn, inputs, name } of silent) {
        // The alarm of another region cannot tell a topic here: it is forwarded, and a second alarm speaks for it.
        if (inputs.region === undefined) assert.ok(speaking.has(urn), `${architecture}: ${name} tells nobody`);
      }
      const composites = ofType(one, COMPOSITE);
      assert.ok(
        composites.some(({ name }) => name === "site-site-is-down"),
        architecture,
      );
      for (const composite of composites) {
        assert.ok(alarmsOn(one, composite.inputs.alarmActions).includes("alerts-page"), composite.name);
      }
    }
  });

  it("say meaning, causes, first command and dashboard, within what CloudWatch keeps", () => {
    for (const [title, one] of plans) {
      for (const { name, inputs } of [...ofType(one, METRIC), ...ofType(one, COMPOSITE)]) {
        const text = plainText(inputs.alarmDescription ?? "");
        assert.match(
          text,
          /^[A-Z][^\n]{20,}\n\nLikely: .+\.\nFirst: .+\nDashboard: https:\/\/.+#dashboards/,
          `${title} ${name}`,
        );
        assert.ok(text.length <= 1024, `${title} ${name} has ${text.length} characters`);
      }
    }
  });

  it("cost nothing at the level basic beyond the free tier, composites included", () => {
    for (const [title, one] of plans) {
      const { lines } = costOf(one, { region: "ap-northeast-2" });
      const of = (price: string) =>
        lines.filter((line) => line.price === price).reduce((n, line) => n + line.quantity, 0);
      assert.ok(of("cloudwatch:dashboard") <= 3, title);
      if (title.endsWith("basic")) {
        assert.equal(of("cloudwatch:composite-alarm"), 0, title);
        assert.ok(of("cloudwatch:alarm") <= 10, `${title}: ${of("cloudwatch:alarm")} alarms`);
      } else assert.ok(of("cloudwatch:composite-alarm") >= 1, title);
    }
  });

  it("mute what tells people until the given time, and what acts goes on", async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const one = await planStack("prod", {
      architecture: "monitored-instance",
      config: {
        monitoring: { level: "standard" },
        alerts: { emails: ["ops@iamvet.kr"], muteUntil: until },
      },
    });
    const rule = ofType(one, "aws:cloudwatch/alarmMuteRule:AlarmMuteRule")[0];
    assert.match(String(rule?.inputs.expireDate), /^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/);
    assert.ok(Date.parse(String(rule?.inputs.expireDate)) >= Date.parse(until));
    const muted = refs(rule?.inputs.muteTargets ?? null).map((urn) => urn.split("::").at(-1));
    assert.ok(
      JSON.stringify(rule?.inputs.muteTargets).includes("iamvet-prod-site-is-down") &&
        muted.includes("monitored-instance-memory"),
    );
    assert.ok(!muted.includes("monitored-instance-system-check"), "it recovers the machine");
    for (const name of ["notifier-function", "incident-function"]) {
      const { inputs } = one.resources.find((resource) => resource.name === name) as PlannedResource;
      assert.match(JSON.stringify(inputs.environment), /"MUTE_UNTIL":/);
    }
    assert.match(
      String(one.resources.find(({ name }) => name === "incident-mute-ended")?.inputs.scheduleExpression),
      /^cron\(\d+ \d+ \d+ \d+ \? \d{4}\)$/,
    );
  });

  it("keep the address of a webhook out of the plan, and pass on to it what both topics tell", async () => {
    const webhook = "https://hooks.example.com/services/T0/B0/verysecret";
    const one = await planStack("prod", { config: { alerts: { emails: ["ops@iamvet.kr"], webhook } } });
    assert.doesNotMatch(JSON.stringify(one), /verysecret/);
    const parameter = one.resources.find(({ name }) => name === "notifier-webhook");
    assert.equal(parameter?.inputs.value, SECRET);
    assert.equal(parameter?.inputs.type, "SecureString");
    const passed = ofType(one, "aws:sns/topicSubscription:TopicSubscription").filter(
      ({ inputs }) => inputs.protocol === "lambda",
    );
    assert.equal(passed.length, 2);
  });
});

const ofType = (plan: Plan, type: string) => plan.resources.filter((resource) => resource.type === type);

/** When an alarm goes off in an outage: the longest part of its name decides. */
function onsetOf(name: string, outage: Outage): number | undefined {
  const key = Object.keys(outage)
    .filter((part) => name.includes(part))
    .sort((a, b) => b.length - a.length)[0];
  return key === undefined ? undefined : outage[key];
}

/** Pages of a plan's alarms that go off at the given seconds and stay: composite alarms, suppressors, and the incident reporter. */
function simulate(plan: Plan, onset: (alarm: PlannedResource) => number | undefined): string[] {
  const metric = ofType(plan, METRIC);
  const composite = ofType(plan, COMPOSITE);
  const starts = new Map<string, number>();
  for (const alarm of metric) {
    const at = onset(alarm);
    if (at !== undefined) starts.set(alarm.urn, at);
  }
  for (const alarm of composite) {
    const at = Math.min(...refs(alarm.inputs.alarmRule).flatMap((urn) => starts.get(urn) ?? []));
    if (Number.isFinite(at)) starts.set(alarm.urn, at);
  }
  const pages = [...metric, ...composite].flatMap((alarm) => {
    const at = starts.get(alarm.urn);
    if (at === undefined || !alarmsOn(plan, alarm.inputs.alarmActions).includes("alerts-page")) return [];
    const suppressor = alarm.inputs.actionsSuppressor as { alarm: PlanValue; waitPeriod: number } | undefined;
    const suppressed = refs(suppressor?.alarm ?? null).some(
      (urn) => (starts.get(urn) ?? Number.POSITIVE_INFINITY) <= at + (suppressor?.waitPeriod ?? 0),
    );
    return suppressed ? [] : [alarm.name];
  });
  const rule = plan.resources.find(({ name }) => name === "incident-on-alarm");
  const reported = refs(rule?.inputs.eventPattern ?? null).some((urn) => starts.has(urn));
  return [...pages, ...(reported ? ["the incident report"] : [])];
}

/** Names of the topics that an alarm tells. */
const alarmsOn = (_plan: Plan, actions: PlanValue | undefined): string[] =>
  refs(actions ?? null).map((urn) => urn.split("::").at(-1) ?? "");

function refs(value: PlanValue | undefined): string[] {
  if (value === undefined || value === null) return [];
  if (isRef(value)) return [value.$ref];
  if (isConcat(value)) return value.$concat.flatMap((part) => refs(part as PlanValue));
  if (typeof value === "object") return Object.values(value).flatMap((part) => refs(part as PlanValue));
  return [];
}

const plainText = (value: PlanValue): string =>
  isConcat(value)
    ? value.$concat.map((part) => (typeof part === "string" ? part : "x".repeat(40))).join("")
    : String(value);
