import assert from "node:assert/strict";
import type { PlannedResource } from "../../../core/plan-format";
import { costOf } from "../../../insight/cost/cost";
import { graphOf } from "../../../insight/report/diagram";
import { planOf, ref, resource } from "./fixtures";

const component = (type: string, inputs: PlannedResource["inputs"]) =>
  resource(`iamvet:index:${type}`, type.toLowerCase(), inputs, { custom: false });
const vercel = (inputs: PlannedResource["inputs"], ...further: PlannedResource[]) =>
  planOf("vercel", component("VercelApp", inputs), resource("vercel:index/project:Project", "project"), ...further);
const robot = (plan: string) => {
  const uptime = component("Uptime", { provider: "uptimerobot", plan });
  const monitor = resource(
    "pulumi-nodejs:dynamic/uptimerobot:Monitor",
    "monitor",
    { interval: 300 },
    { parent: uptime.urn },
  );
  return planOf("fargate", uptime, monitor);
};
const region = "ap-northeast-2";
const priceOf = (plan: ReturnType<typeof planOf>, price: string) =>
  costOf(plan, { region }).lines.find((line) => line.price === price);

describe("the cost of what is outside AWS", () => {
  it("follows Vercel's plan: nothing for Hobby, seats for Pro, a contract for Enterprise", () => {
    const hobby = costOf(vercel({ plan: "hobby" }), { region });
    assert.deepEqual([hobby.totalUsd, hobby.unknown.length], [0, 0]);
    assert.equal(priceOf(vercel({ plan: "pro" }), "vercel:pro-seat")?.monthlyUsd, 20);
    assert.match(costOf(vercel({ plan: "enterprise" }), { region }).unknown[0]?.reason ?? "", /contract/);
  });

  it("counts what is added to Pro: password protection, and a drain by what it samples", () => {
    const drain = resource("vercel:index/logDrain:LogDrain", "drain", { samplingRate: 0.5 });
    const plan = vercel({ plan: "pro", protection: "password" }, drain);
    assert.equal(priceOf(plan, "vercel:password-protection")?.monthlyUsd, 150);
    // 5 GB of logs, half of them, 0.50 USD each
    assert.equal(priceOf(plan, "vercel:drain")?.monthlyUsd, 1.25);
  });

  it("counts the checks from outside as requests of Vercel's functions", () => {
    const check = resource("aws:route53/healthCheck:HealthCheck", "check", {
      type: "HTTPS_STR_MATCH",
      requestInterval: 30,
    });
    const without = priceOf(vercel({ plan: "pro" }), "vercel:invocation")?.quantity ?? 0;
    const found = priceOf(vercel({ plan: "pro" }, check), "vercel:invocation");
    // one request every two seconds, 730 hours of 3,600 s
    assert.equal((found?.quantity ?? 0) - without, 1_314_000);
    assert.match(found?.assumption ?? "", /1,314,000 checks/);
  });

  it("knows UptimeRobot's plans", () => {
    assert.ok(!costOf(robot("free"), { region }).lines.some(({ price }) => price.startsWith("uptimerobot")));
    assert.equal(costOf(robot("free"), { region }).unknown.length, 0);
    assert.ok((priceOf(robot("team"), "uptimerobot:team")?.monthlyUsd ?? 0) > 0);
  });

  it("counts a metric that a function of the site writes, once, and none that AWS or a log filter writes", () => {
    const alarm = (name: string, namespace: string) =>
      resource("aws:cloudwatch/metricAlarm:MetricAlarm", name, {
        namespace,
        metricName: "m",
        dimensions: { Site: "a" },
      });
    const filter = resource("aws:cloudwatch/logMetricFilter:LogMetricFilter", "filter", {
      metricTransformation: { namespace: "Iamvet/Vercel", name: "m" },
    });
    const alarms = [
      alarm("a", "Iamvet/Uptime"),
      alarm("b", "Iamvet/Uptime"),
      alarm("c", "AWS/RDS"),
      alarm("d", "Iamvet/Vercel"),
    ];
    const { lines } = costOf(planOf("fargate", ...alarms, filter), { region });
    const metrics = lines.filter((line) => line.price === "cloudwatch:metric");
    assert.deepEqual(metrics.map(({ type, quantity }) => [type, quantity]).sort(), [
      ["aws:cloudwatch/logMetricFilter:LogMetricFilter", 1],
      ["site", 1],
    ]);
  });
});

describe("the picture of what is outside AWS", () => {
  const record = resource("aws:route53/record:Record", "serving", { type: "A" });
  const database = resource("aws:rds/instance:Instance", "database");
  const arrows = (plan: ReturnType<typeof planOf>) => graphOf(plan).arrows.map(({ from, to }) => `${from}>${to}`);

  it("lets outside eyes come by the site's name, as visitors do", () => {
    const check = resource("aws:route53/healthCheck:HealthCheck", "check");
    assert.ok(arrows(vercel({}, record, check)).includes("checks>dns"));
  });

  it("takes no receiver of reports for the incident reporter", () => {
    const receiver = resource("aws:lambda/function:Function", "uptime-receiver-function");
    assert.ok(!graphOf(vercel({}, record, receiver)).boxes.some(({ id }) => id === "reporter"));
    const reporter = resource("aws:lambda/function:Function", "incident-function");
    assert.ok(graphOf(vercel({}, record, reporter)).boxes.some(({ id }) => id === "reporter"));
  });

  it("has no arrow from a name to what stands behind the tier", () => {
    const waiting = {
      ...record,
      dependencies: [database.urn],
      inputs: { ...record.inputs, records: [ref(database, "address")] },
    };
    assert.ok(!arrows(vercel({}, waiting, database)).includes("dns>database"));
  });
});
