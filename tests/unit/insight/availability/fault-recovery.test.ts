import assert from "node:assert/strict";
import { OUTAGES, type Outage } from "../../../../core/faults";
import type { PlannedResource, PlanValue } from "../../../../core/plan-format";
import { availabilityOf, chainOf, parallel, serial, simulate } from "../../../../insight/availability/availability";
import { alarmSeconds } from "../../../../insight/availability/detection";
import { recoveryOf } from "../../../../insight/availability/fault-recovery";
import { runbookSeconds } from "../../../../insight/availability/runbook-time";
import { timings } from "../../../../insight/availability/timings";
import { planOf, ref, resource, subnets } from "../fixtures";

const alarm = (name: string, inputs: Record<string, PlanValue>) =>
  resource("aws:cloudwatch/metricAlarm:MetricAlarm", name, { name, ...inputs });
const database = (multiAz: boolean) => resource("aws:rds/instance:Instance", "db", { engine: "postgres", multiAz });
const targetGroup = (interval: number, unhealthyThreshold: number, healthyThreshold: number) =>
  resource("aws:lb/targetGroup:TargetGroup", "web", {
    healthCheck: { interval, unhealthyThreshold, healthyThreshold },
  });

const course = (plan: ReturnType<typeof planOf>, fault: Outage, options = {}) => {
  const found = recoveryOf(plan, options).find((entry) => entry.fault === fault);
  assert.ok(found);
  return found;
};

function fargate(desiredCount: number, more: Record<string, PlanValue> = {}, multiAz = true): PlannedResource[] {
  const [a, b] = subnets("ap-northeast-2");
  const group = targetGroup(10, 3, 2);
  const service = resource("aws:ecs/service:Service", "web", {
    desiredCount,
    loadBalancers: [{ targetGroupArn: ref(group, "arn") }],
    networkConfiguration: { subnets: [ref(a), ref(b)] },
    deploymentCircuitBreaker: { enable: true, rollback: true },
    ...more,
  });
  return [a, b, group, service, database(multiAz)];
}

function monitored(more: readonly PlannedResource[] = []): PlannedResource[] {
  return [resource("aws:ec2/instance:Instance", "web", { instanceType: "t3.medium" }), database(false), ...more];
}

const hang = alarm("site-unreachable", {
  metricName: "HealthCheckStatus",
  namespace: "AWS/Route53",
  period: 60,
  evaluationPeriods: 2,
});
const runbook = resource("aws:ssm/document:Document", "recover", {
  documentType: "Automation",
  content: JSON.stringify({
    schemaVersion: "0.3",
    mainSteps: [
      { name: "settle", action: "aws:sleep", inputs: { Duration: "PT30S" } },
      { name: "check", action: "aws:branch", inputs: {} },
      { name: "restart", action: "aws:runCommand", inputs: {} },
      { name: "later", action: "aws:sleep", inputs: { Duration: "PT10M" } },
    ],
  }),
});
const rule = resource("aws:cloudwatch/eventRule:EventRule", "on-alarm", {
  eventPattern: JSON.stringify({
    source: ["aws.cloudwatch"],
    "detail-type": ["CloudWatch Alarm State Change"],
    detail: { alarmName: ["site-unreachable"] },
  }),
});
const started = resource("aws:cloudwatch/eventTarget:EventTarget", "recover", {
  rule: ref(rule, "name"),
  arn: ref(runbook, "arn"),
});

describe("insight/availability/fault-recovery", () => {
  it("has a course for every fault in every architecture", () => {
    for (const architecture of ["today", "monitored-instance", "ha-web-tier", "fargate", "vercel"]) {
      const found = recoveryOf(planOf(architecture, ...fargate(2)));
      assert.deepEqual(
        found.map((entry) => entry.fault),
        [...OUTAGES],
      );
      for (const entry of found) {
        assert.equal(entry.totalSeconds, entry.detectionSeconds + entry.recoverySeconds);
        assert.ok(entry.share >= 0 && entry.share <= 1);
        for (const step of entry.steps) assert.ok(step.from.length > 3, `${architecture} ${entry.fault}: ${step.what}`);
      }
    }
  });

  it("detects by the alarm's own period and datapoints", () => {
    assert.equal(alarmSeconds(alarm("a", { period: 60, evaluationPeriods: 5, datapointsToAlarm: 3 })), 180);
    assert.equal(
      alarmSeconds(
        alarm("b", { evaluationPeriods: 2, metricQueries: [{ id: "m", metric: { metricName: "x", period: 30 } }] }),
      ),
      60,
    );
  });

  it("repairs a hang by the runbook that the alarm starts, up to its first repair", () => {
    const found = course(planOf("monitored-instance", ...monitored([hang, runbook, rule, started])), "app-hang");
    // 2 x 60 s alarm + 60 s metric delay; 10 s start + 30 s wait + 15 s command + 2 s PM2
    assert.equal(found.detectionSeconds, 180);
    assert.equal(found.recoverySeconds, 57);
    assert.equal(found.automatic, true);
    assert.deepEqual(runbookSeconds(runbook, 15), { seconds: 45, steps: 3 });
  });

  it("needs a person when nothing follows the alarm, and an hour more when there is none", () => {
    const told = course(planOf("monitored-instance", ...monitored([hang])), "app-hang");
    assert.equal(told.automatic, false);
    assert.equal(told.alerted, true);
    assert.equal(told.totalSeconds, 180 + 1800 + 2);
    const today = course(planOf("today", ...monitored()), "app-hang");
    assert.equal(today.alerted, false);
    assert.equal(today.totalSeconds, 3600 + 1800 + 2);
  });

  it("counts the checks from outside before their alarm, and passes over an alarm that nobody hears", () => {
    const check = resource("aws:route53/healthCheck:HealthCheck", "check", {
      requestInterval: 30,
      failureThreshold: 3,
    });
    const remote = alarm("remote", { metricName: "HealthCheckStatus", period: 60, alarmActions: [] });
    const home = alarm("home", {
      namespace: "Iamvet/Uptime",
      metricName: "Healthy",
      period: 60,
      alarmActions: ["topic"],
    });
    const silent = planOf("vercel", check, remote);
    assert.equal(course(silent, "bad-deploy").alerted, false);
    const found = course(planOf("vercel", check, remote, home), "bad-deploy");
    // 3 failures every 30 s, 60 s alarm, 60 s metric delay
    assert.equal(found.detectionSeconds, 90 + 60 + 60);
    assert.equal(found.alerted, true);
  });

  it("hears an alarm without actions through a composite alarm or the incident reporter", () => {
    const silent = alarm("silent", { metricName: "HTTPCode_Target_5XX_Count", period: 60, alarmActions: [] });
    const told = (...further: PlannedResource[]) => course(planOf("vercel", silent, ...further), "bad-deploy").alerted;
    const composite = resource("aws:cloudwatch/compositeAlarm:CompositeAlarm", "down", {
      alarmRule: ref(silent, "arn"),
    });
    const rule = resource("aws:cloudwatch/eventRule:EventRule", "on-alarm", { eventPattern: ref(silent, "arn") });
    const through = (name: string) => {
      const taker = resource("aws:lambda/function:Function", name);
      const target = { rule: ref(rule, "name"), arn: ref(taker, "arn") };
      return [rule, taker, resource("aws:cloudwatch/eventTarget:EventTarget", "target", target)];
    };
    assert.equal(told(), false);
    assert.equal(told(composite), true);
    assert.equal(told(...through("incident-function")), true);
    assert.equal(told(...through("uptime-receiver-function")), false);
  });

  it("is told by UptimeRobot itself where there is no alarm", () => {
    const monitor = resource("pulumi-nodejs:dynamic/uptimerobot:Monitor", "monitor", { interval: 300 });
    const found = course(planOf("vercel", monitor), "bad-deploy");
    assert.equal(found.detectionSeconds, 300);
    assert.equal(found.alerted, true);
  });

  it("prefers an alarm that repairs to a quicker one that only tells", () => {
    const quick = alarm("quick", { metricName: "HTTPCode_Target_5XX_Count", period: 30, alarmActions: ["topic"] });
    const found = course(planOf("monitored-instance", ...monitored([hang, quick, runbook, rule, started])), "app-hang");
    assert.equal(found.automatic, true);
  });

  it("does not take the automation of another alarm for its own", () => {
    const other = {
      ...rule,
      inputs: { eventPattern: String(rule.inputs.eventPattern).replace("site-unreachable", "disk-full") },
    };
    const found = course(planOf("monitored-instance", ...monitored([hang, runbook, other, started])), "app-hang");
    assert.equal(found.automatic, false);
  });

  it("recovers lost hardware by the recover action of the alarm", () => {
    const system = alarm("system", {
      metricName: "StatusCheckFailed_System",
      period: 60,
      evaluationPeriods: 2,
      alarmActions: ["arn:aws:automate:ap-northeast-2:ec2:recover"],
    });
    const found = course(planOf("monitored-instance", ...monitored([system])), "instance-lost");
    assert.equal(found.automatic, true);
    assert.equal(found.totalSeconds, 120 + 60 + 420);
  });

  it("shows failures only until the load balancer notices, if others serve", () => {
    const two = course(planOf("fargate", ...fargate(2)), "process-crash");
    assert.equal(two.totalSeconds, 30); // 10 s x 3
    assert.equal(two.share, 0.5);
    const one = course(planOf("fargate", ...fargate(1)), "process-crash");
    assert.equal(one.totalSeconds, 30 + 45 + 20); // plus a new task and 10 s x 2
    assert.equal(one.share, 1);
  });

  it("follows the health check that is really in the plan", () => {
    const [a, b, , service, db] = fargate(2) as [
      PlannedResource,
      PlannedResource,
      PlannedResource,
      PlannedResource,
      PlannedResource,
    ];
    const found = course(planOf("fargate", a, b, targetGroup(30, 5, 2), service, db), "process-crash");
    assert.equal(found.detectionSeconds, 150);
  });

  it("rolls a bad deploy back without an outage when the circuit breaker is on", () => {
    assert.equal(course(planOf("fargate", ...fargate(2)), "bad-deploy").share, 0);
    const off = course(
      planOf("fargate", ...fargate(2, { deploymentCircuitBreaker: { enable: false, rollback: false } })),
      "bad-deploy",
    );
    assert.equal(off.automatic, false);
    assert.equal(off.share, 1);
  });

  it("survives a zone only with a database in two", () => {
    assert.equal(course(planOf("fargate", ...fargate(2)), "zone-lost").totalSeconds, 30 + 120);
    assert.equal(course(planOf("fargate", ...fargate(2, {}, false)), "zone-lost").recoverySeconds, 10_800);
    assert.equal(course(planOf("fargate", ...fargate(2)), "database-lost").totalSeconds, 120);
  });

  it("takes other durations where they are given", () => {
    const found = course(planOf("fargate", ...fargate(1)), "process-crash", { seconds: { taskStart: 100 } });
    assert.equal(found.totalSeconds, 30 + 100 + 20);
    assert.ok(found.steps.some((step) => step.from === "as given"));
    assert.equal(timings.taskStart.seconds, 45);
  });
});

describe("insight/availability/availability", () => {
  it("composes in series and in parallel", () => {
    assert.equal(serial(0.9999, 0.9995).toFixed(6), "0.999400");
    assert.equal(parallel(0.99, 0.99).toFixed(6), "0.999900");
  });

  it("multiplies the commitments along the chain", () => {
    const report = availabilityOf(planOf("fargate", ...fargate(2)));
    assert.equal(report.committed.toFixed(8), (0.9999 * 0.9999 * 0.9995).toFixed(8));
    assert.equal(report.weakest.name, "Database, Multi-AZ");
    const single = availabilityOf(planOf("monitored-instance", ...monitored([hang])));
    assert.equal(single.committed.toFixed(6), (0.995 * 0.995).toFixed(6));
    assert.ok(single.composed <= single.committed && single.composed <= single.expected);
    assert.equal(single.minutesPerMonth.toFixed(3), ((1 - single.composed) * 43_800).toFixed(3));
  });

  it("counts one Fargate task as one zone, whatever the brief says", () => {
    assert.ok(chainOf(planOf("fargate", ...fargate(1)), "pro").some((link) => link.name === "One Fargate zone"));
    assert.ok(availabilityOf(planOf("fargate", ...fargate(1))).committed < 0.999);
  });

  it("improves from today to monitored to two tasks", () => {
    const expected = [
      planOf("today", ...monitored()),
      planOf("monitored-instance", ...monitored([hang, runbook, rule, started])),
      planOf("fargate", ...fargate(2)),
    ].map((plan) => availabilityOf(plan).expected);
    assert.ok((expected[0] as number) < (expected[1] as number), expected.join());
    assert.ok((expected[1] as number) < (expected[2] as number), expected.join());
  });

  it("simulates the same year for the same seed, and its mean agrees with the expectation", () => {
    const plan = planOf("monitored-instance", ...monitored([hang]));
    const first = availabilityOf(plan, { seed: 7, years: 4000 });
    assert.deepEqual(availabilityOf(plan, { seed: 7, years: 4000 }).simulation, first.simulation);
    assert.notDeepEqual(availabilityOf(plan, { seed: 8, years: 4000 }).simulation, first.simulation);
    const expectedMinutes = (1 - first.expected) * 8760 * 60;
    assert.ok(
      Math.abs(first.simulation.meanMinutes / expectedMinutes - 1) < 0.1,
      `${first.simulation.meanMinutes} ${expectedMinutes}`,
    );
    assert.ok(first.simulation.medianMinutes <= first.simulation.p90Minutes);
    assert.ok(first.simulation.p90Minutes <= first.simulation.p99Minutes);
  });

  it("has no bad year without faults", () => {
    assert.deepEqual(simulate([{ rate: 0, minutes: 60 }], 100).reaches, { "99.9": 1, "99.95": 1, "99.99": 1 });
  });

  it("refuses wrong input", () => {
    assert.throws(() => simulate([], 0), /years must be a whole number above 0 \(got 0\)/);
    const negative = { failuresPerYear: { "app-hang": -1 } };
    assert.throws(() => availabilityOf(planOf("today"), negative), /failuresPerYear.app-hang must not be negative/);
  });
});
