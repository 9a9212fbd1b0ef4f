import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planStack } from "../../../cli/planner/planner";
import { MIGRATE_IN_BUILD } from "../../../components/vercel/vercel-migration";
import { isRef, type Plan, type PlannedResource, SECRET } from "../../../core/plan-format";
import { architectures } from "../../../stacks/settings/schema";
import { each, messages, named, plan, planAll, refsIn } from "./site-plans";

describe("the plans of the stacks", () => {
  planAll();

  it("need no key for an encrypted URL of a database, and do not show what stands in for it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "plans-"));
    try {
      const root = join(__dirname, "../../..");
      const encrypted = "  iamvet:previewSecrets: {DATABASE_URL: {secure: v1:abc:def}}\n";
      writeFileSync(join(folder, "Pulumi.yaml"), readFileSync(join(root, "Pulumi.yaml")));
      writeFileSync(join(folder, "Pulumi.prod.yaml"), readFileSync(join(root, "Pulumi.prod.yaml"), "utf8") + encrypted);
      const one = await planStack("prod", { folder, architecture: "vercel" });
      const urls = one.resources
        .filter(({ inputs }) => inputs.key === "DATABASE_URL")
        .map(({ inputs }) => inputs.value);
      assert.deepEqual(urls, [SECRET, SECRET]);
      assert.doesNotMatch(JSON.stringify(one), /host\.invalid/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("resolve every reference to a resource of the same plan", () => {
    each((one, title) => {
      const urns = new Set(one.resources.map(({ urn }) => urn));
      let count = 0;
      for (const { urn, inputs, dependencies, parent } of one.resources) {
        for (const ref of refsIn(inputs)) {
          assert.ok(urns.has(ref.$ref), `${title}: ${urn} refers to ${ref.$ref}`);
          assert.ok(ref.property.length > 0);
          count++;
        }
        for (const dependency of [...dependencies, ...(parent ? [parent] : [])])
          assert.ok(urns.has(dependency), dependency);
      }
      assert.ok(count > 20, `${title} has references`);
    });
  });

  it("hold no handle and nothing that looks like one", () => {
    each((one, title) => assert.doesNotMatch(JSON.stringify(one), /planref\d/, title));
  });

  it("tell where the site will be, whatever else of the outputs only AWS knows", () => {
    each(({ outputs, stack, architecture }, title) => {
      assert.equal(outputs?.url, stack === "prod" ? "https://iamvet.kr" : "https://staging.iamvet.kr", title);
      assert.equal(outputs.architecture, architecture, title);
      assert.ok(isRef(outputs.alertTopic), title);
    });
  });

  it("have a unique URN for each resource", () => {
    each((one, title) => assert.equal(new Set(one.resources.map(({ urn }) => urn)).size, one.resources.length, title));
  });

  it("keep the foundation's URNs in all six pairs of architectures", () => {
    for (const stack of ["prod", "staging"]) {
      const foundations = architectures.map((architecture) => foundationOf(plan(stack, architecture)));
      for (const [i, first] of foundations.entries()) {
        for (const second of foundations.slice(i + 1)) assert.deepEqual(first, second);
      }
      assert.ok((foundations[0] as string[]).length > 20);
    }
  });

  it("point both record sets at the tier that serves, the canary with weight 0", () => {
    const targets: Record<string, string> = {
      "monitored-instance": "monitored-instance-address",
      "ha-web-tier": "load-balancer-balancer",
      fargate: "load-balancer-balancer",
    };
    for (const [architecture, owner] of Object.entries(targets)) {
      const one = plan("prod", architecture);
      const [serving, canary] = ["traffic-serving", "traffic-canary"].map((name) => named(one, name));
      for (const record of [serving, canary] as PlannedResource[]) {
        const names = refsIn({ a: record.inputs.aliases ?? null, r: record.inputs.records ?? null }).map(({ $ref }) =>
          $ref.split("::").at(-1),
        );
        assert.ok(names.length > 0 && names.every((name) => name === owner), `${architecture}: ${names}`);
        assert.equal(record.inputs.type, "A");
      }
      assert.deepEqual(serving?.inputs.weightedRoutingPolicies, [{ weight: 100 }]);
      assert.deepEqual(canary?.inputs.weightedRoutingPolicies, [{ weight: 0 }]);
    }
  });

  it("build nothing on EC2, ECS or load balancers for Vercel, and say that the database is exposed", () => {
    const one = plan("prod", "vercel");
    const forbidden = /^aws:(ecs|lb|autoscaling|appautoscaling)\/|^aws:ec2\/(instance|launchTemplate|eip)/;
    assert.deepEqual(
      one.resources.filter(({ type }) => forbidden.test(type)).map(({ type }) => type),
      [],
    );
    assert.ok(one.notices.some(({ message }) => message.includes("open to the internet")));
    assert.equal(named(one, "database-instance").inputs.publiclyAccessible, true);
  });

  it("draw the tier's and the database's graphs on one dashboard", () => {
    each((one, title) => {
      const { dashboardBody } = named(one, "dashboard-dashboard").inputs;
      const text = JSON.stringify(dashboardBody);
      assert.match(text, /Database connections/, title);
      assert.ok(
        refsIn(dashboardBody ?? null).some(({ $ref }) => $ref.endsWith("::database-identifier")),
        title,
      );
    });
    assert.match(
      JSON.stringify(named(plan("prod", "fargate"), "dashboard-dashboard").inputs),
      /CPU and memory of the tasks/,
    );
  });

  it("look at prod from outside and keep its budget in every architecture, also without a server of their own", () => {
    for (const architecture of architectures) {
      const one = plan("prod", architecture);
      const check = named(one, "uptime-health");
      assert.equal(check.inputs.fqdn, "iamvet.kr", architecture);
      assert.equal(check.inputs.resourcePath, "/api/health-external");
      // It pages together with everything else that means "down".
      const down = named(one, "site-site-is-down").inputs;
      const heard = refsIn(down.alarmRule ?? null).map(({ $ref }) => $ref.split("::").at(-1));
      assert.ok(heard.includes("uptime-receiver-alarm"), architecture);
      assert.match(refsIn(down.alarmActions ?? null)[0]?.$ref ?? "", /alerts-page$/);
      const budget = named(one, "budget-month").inputs;
      assert.equal(budget.limitAmount, "200");
      assert.deepEqual(budget.filterExpression, {
        ands: [{ tags: { key: "Project", values: ["iamvet"] } }, { tags: { key: "Stack", values: ["prod"] } }],
      });
      for (const notification of budget.notifications as PlannedResource["inputs"][]) {
        assert.match(refsIn({ to: notification.subscriberSnsTopicArns ?? null })[0]?.$ref ?? "", /alerts-warning$/);
      }
      const external = one.resources.find(({ type }) => type === "aws:cloudwatch/dashboard:Dashboard")?.inputs;
      assert.match(JSON.stringify(external), /Seen from outside/);
    }
  });

  it("give Vercel everything that its settings ask for", async () => {
    const { resources, notices } = await planStack("staging", {
      architecture: "vercel",
      config: {
        domain: { name: "staging.iamvet.kr", zoneName: "iamvet.kr", record: "CNAME" },
        secrets: { SESSION_KEY: "a" },
        previewSecrets: { SESSION_KEY: "b", DATABASE_URL: "postgresql://preview@db.example.com/site" },
        vercel: {
          plan: "pro",
          teamId: "team_AbC123",
          repository: "iamvet/site",
          gitHost: "gitlab",
          ref: "v1",
          buildCommand: "npm run build",
          nodeVersion: "24.x",
          regions: ["icn1", "hnd1"],
          functions: { maxSeconds: 30, cpu: "performance" },
          protection: "password",
          password: "correct horse",
          skewProtection: "1 day",
          previewEnvironment: { LOG_LEVEL: "trace" },
          oidc: { teamSlug: "acme", grants: [{ actions: ["s3:PutObject"], resources: ["arn:aws:s3:::uploads/*"] }] },
          logDrain: { samplingRate: 0.5 },
          databaseAccess: "static-ips",
          staticIps: ["203.0.113.7"],
          connectionLimit: 5,
        },
      },
    });
    const input = (name: string) => resources.find((resource) => resource.name === name)?.inputs ?? {};
    const project = input("vercel-project");
    assert.deepEqual(project.gitRepository, { productionBranch: "main", repo: "iamvet/site", type: "gitlab" });
    assert.deepEqual(
      [project.teamId, project.buildCommand, project.nodeVersion, project.skewProtection],
      ["team_AbC123", `${MIGRATE_IN_BUILD} && npm run build`, "24.x", "1 day"],
    );
    assert.deepEqual(project.resourceConfig, {
      fluid: true,
      functionDefaultCpuType: "performance",
      functionDefaultRegions: ["icn1", "hnd1"],
      functionDefaultTimeout: 30,
    });
    assert.match(JSON.stringify(project.passwordProtection), /\[secret\]/);
    assert.equal(input("vercel-deployment").ref, "v1");
    for (const target of ["production", "preview"]) {
      assert.deepEqual(input(`vercel-${target}-SESSION_KEY`).targets, [target]);
      assert.equal(input(`vercel-${target}-SESSION_KEY`).sensitive, true);
      assert.equal(input(`vercel-${target}-LOG_LEVEL`).sensitive, false);
    }
    assert.equal(input("vercel-log-drain").samplingRate, 0.5);
    assert.match(JSON.stringify(input("vercel-identity-policy").policy), /s3:PutObject/);
    assert.equal(input("vercel-to-database-1").cidrIpv4, "203.0.113.7/32");
    const record = input("traffic-serving");
    assert.equal(record.type, "CNAME");
    assert.equal((record.records as unknown[]).length, 1);
    assert.match(messages({ notices } as Plan), /only 203\.0\.113\.7 may reach.*100 USD a month/);
    assert.doesNotMatch(JSON.stringify(resources), /correct horse|preview@db/);
  });

  it("take a site for Vercel that is built already", async () => {
    const vercel = { prebuilt: "app", databaseAccess: "public-tls", plan: "hobby", commercial: false };
    const { resources, notices } = await planStack("staging", { architecture: "vercel", config: { vercel } });
    const project = resources.find(({ name }) => name === "vercel-project")?.inputs;
    assert.equal(project?.gitRepository, undefined);
    assert.ok("files" in (resources.find(({ name }) => name === "vercel-deployment")?.inputs ?? {}));
    assert.match(messages({ notices } as Plan), /Vercel Hobby.*does not have: commercial use/);
  });

  it("leave the count to the autoscaler, and the serving instance to itself", () => {
    assert.deepEqual(named(plan("prod", "fargate"), "fargate-service").ignoreChanges, ["desiredCount"]);
    assert.deepEqual(named(plan("prod", "ha-web-tier"), "ha-web-tier-group").ignoreChanges, [
      "desiredCapacity",
      "launchTemplate",
    ]);
    assert.deepEqual(named(plan("prod", "monitored-instance"), "monitored-instance-instance").ignoreChanges, [
      "ami",
      "userData",
      "subnetId",
    ]);
  });

  it("create, replace or stop no instance where one exists", async () => {
    const one = await planStack("staging", {
      architecture: "monitored-instance",
      config: {
        existing: { instanceId: "i-0123456789abcdef0", securityGroupId: "sg-0a1b2c3d", addresses: ["203.0.113.10"] },
      },
    });
    const types = one.resources.map(({ type }) => type);
    assert.ok(
      !types.some((type) => /^aws:ec2\/(instance|eip|eipAssociation|launchTemplate|ami)/.test(type)),
      types.join(),
    );
    assert.equal(named(one, "monitored-instance-system-check").inputs.alarmName, undefined);
  });

  it("change only target group, weights and tier between options 2 and 3", () => {
    const ids = (architecture: string) =>
      new Set(
        plan("prod", architecture)
          .resources.map(({ urn }) => urn.split("::").at(-1) as string)
          .filter((name) => name.startsWith("load-balancer") || name.startsWith("traffic")),
      );
    assert.deepEqual(ids("ha-web-tier"), ids("fargate"));
  });
});

/** The components that no change of architecture may touch. */
const foundation = [
  "network",
  "dns",
  "alerts",
  "image",
  "app",
  "database",
  "backups",
  "certificate",
  "uptime",
  "budget",
  "dashboard",
];

function foundationOf({ resources }: Plan): string[] {
  const roots = resources.filter(({ name, custom }) => !custom && foundation.includes(name)).map(({ urn }) => urn);
  const mine = resources.filter(({ urn, parent }) => roots.includes(urn) || roots.includes(parent ?? ""));
  return mine.map(({ urn }) => urn).sort();
}
