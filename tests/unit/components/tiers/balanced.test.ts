import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { planStack } from "../../../../cli/planner/planner";
import { managedGrants } from "../../../../components/aws/iam";
import { containerBootConfig } from "../../../../components/tiers/boot-config";
import { isConcat, type Plan, type PlannedResource, type PlanValue } from "../../../../core/plan-format";
import { references } from "../../../../core/plan-reader";
import { costOf } from "../../../../insight/cost/cost";
import { BUILD_SECRET } from "../../../../stacks/build-args";

const TIERS = ["ha-web-tier", "fargate"] as const;
const IMAGE = `123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/iamvet@sha256:${"0".repeat(64)}`;
/** The other way of what is on by default. */
const OTHER = {
  image: { build: true },
  app: { version: "2026-11-26", migrate: false },
  monitoring: { level: "basic" },
  loadBalancer: { waf: "count", deletionProtection: false },
  fargate: { min: 2, max: 2 },
};
/** Everything on: what a rule of these tests must hold for as well as for the defaults. */
const FULL = {
  image: { uri: IMAGE },
  monitoring: { level: "standard" },
  loadBalancer: { waf: "block" },
  fargate: {
    exec: true,
    spotPercent: 50,
    containerInsights: "enhanced",
    schedules: [
      { schedule: "cron(0 22 * * ? *)", timezone: "Asia/Seoul", min: 1, max: 2 },
      { schedule: "cron(0 7 * * ? *)", timezone: "Asia/Seoul", min: 2, max: 4 },
    ],
  },
};

describe("the tiers behind the load balancer", () => {
  const plans = new Map<string, Plan>();
  let other: Plan;
  before(async function () {
    this.timeout(60_000);
    for (const tier of TIERS) {
      plans.set(
        tier,
        await planStack("prod", {
          architecture: tier,
          config: { image: { uri: IMAGE }, monitoring: { level: "basic" } },
        }),
      );
      plans.set(`${tier}, full`, await planStack("prod", { architecture: tier, config: FULL }));
    }
    other = await planStack("prod", { architecture: "fargate", config: OTHER });
  });
  const plan = (name: string) => plans.get(name) as Plan;
  const find = (one: Plan, name: string) => one.resources.find((resource) => resource.name === name);
  const named = (one: Plan, name: string): PlannedResource => {
    const found = find(one, name);
    assert.ok(found, `${name} is in the plan`);
    return found;
  };
  const each = (check: (one: Plan, title: string) => void) => {
    for (const [title, one] of plans) check(one, title);
  };

  it("have no NAT gateway, and nothing that everybody may enter but the load balancer's 80 and 443", () =>
    each((one, title) => {
      assert.ok(!one.resources.some(({ type }) => /natGateway/i.test(type)), title);
      const open = one.resources.filter(
        ({ type, inputs }) =>
          /IngressRule|securityGroupRule/.test(type) && /"(0\.0\.0\.0|::)\/0"/.test(JSON.stringify(inputs)),
      );
      assert.deepEqual(
        open.map(({ name, inputs }) => [name, inputs.fromPort, inputs.toPort]),
        [
          ["load-balancer-port-80", 80, 80],
          ["load-balancer-port-443", 443, 443],
        ],
        title,
      );
      // The way out: HTTPS to AWS and third parties, whose addresses nobody can list, and nothing else.
      const out = one.resources.filter(
        ({ type, inputs }) => type.includes("EgressRule") && inputs.cidrIpv4 !== undefined,
      );
      assert.ok(out.length > 0 && out.every(({ inputs }) => inputs.fromPort === 443 && inputs.toPort === 443), title);
    }));

  it("grant no wildcard action, and wildcard resources only to actions that know no other", () => {
    const without = new Set([
      "ecr:GetAuthorizationToken",
      "cloudwatch:PutMetricData",
      "logs:DescribeLogGroups",
      // The agent's, and so the channels of ECS Exec.
      ...managedGrants.flatMap(({ actions }) => actions),
    ]);
    each((one, title) => {
      const mine = one.resources.filter(
        ({ type, name }) => type === "aws:iam/rolePolicy:RolePolicy" && /^(ha-web-tier|fargate)-/.test(name),
      );
      assert.ok(mine.length > 0, title);
      for (const { name, inputs } of mine) {
        for (const { Action, Resource } of JSON.parse(flat(inputs.policy)).Statement) {
          for (const action of [Action].flat()) {
            assert.doesNotMatch(action, /\*/, `${title}: ${name}`);
            if ([Resource].flat().includes("*")) assert.ok(without.has(action), `${title}: ${name}: ${action}`);
          }
        }
      }
    });
  });

  it("hand secrets over by reference", () =>
    each((one, title) => {
      for (const { name, type, inputs } of one.resources) {
        if (type === "aws:ecs/taskDefinition:TaskDefinition") {
          const [container] = JSON.parse(flat(inputs.containerDefinitions));
          assert.ok(
            container.secrets.some(({ name }: { name: string }) => name === "DATABASE_URL"),
            `${title}: ${name}`,
          );
          for (const { name: key } of container.environment)
            assert.doesNotMatch(key, /URL|PASSWORD|SECRET|KEY$/, title);
          // A changed login changes what runs, so it is rolled out; the reference is to the current one.
          assert.ok(container.environment.some(({ name }: { name: string }) => name === "DATABASE_LOGIN_VERSION"));
          assert.equal(container.readonlyRootFilesystem, name.includes("migrate") || !title.includes("full"));
        }
      }
    }));

  it("name a secret's version, so that a changed one is rolled out", () => {
    const [container] = JSON.parse(flat(named(plan("fargate"), "fargate-definition").inputs.containerDefinitions));
    const from = (wanted: string) => container.secrets.find(({ name }: { name: string }) => name === wanted).valueFrom;
    assert.equal(from("NEXT_SERVER_ACTIONS_ENCRYPTION_KEY"), "later:NEXT_SERVER_ACTIONS_ENCRYPTION_KEY::later");
    assert.equal(from("DATABASE_URL"), "later:DATABASE_URL::");
  });

  it("keep the load balancer, its name and the records when one takes the other's place", () => {
    const shared = (one: Plan) =>
      one.resources
        .filter(
          ({ name }) =>
            name.startsWith("load-balancer") || name.startsWith("traffic") || name.startsWith("certificate"),
        )
        .map(({ urn, inputs }) => [urn, inputs] as const);
    const [ha, fargate] = TIERS.map((tier) => new Map(shared(plan(tier)))) as [
      Map<string, unknown>,
      Map<string, unknown>,
    ];
    assert.deepEqual([...ha.keys()].sort(), [...fargate.keys()].sort());
    const changed = [...ha].filter(([urn, inputs]) => JSON.stringify(inputs) !== JSON.stringify(fargate.get(urn)));
    assert.deepEqual(
      changed.map(([urn]) => urn.split("::").at(-1)).sort(),
      ["traffic-catch-all"],
      "the rule's target group; what is written down of it is a secret value here",
    );
  });

  it("protect the load balancer unless told otherwise, and shield it only when asked", () => {
    each((one, title) => {
      assert.equal(named(one, "load-balancer-balancer").inputs.enableDeletionProtection, true, title);
      assert.equal(named(one, "load-balancer-balancer").inputs.dropInvalidHeaderFields, true, title);
      assert.equal(find(one, "load-balancer-firewall-list") !== undefined, title.includes("full"));
    });
    assert.equal(named(other, "load-balancer-balancer").inputs.enableDeletionProtection, false);
    const rules = named(other, "load-balancer-firewall-list").inputs.rules as Record<string, PlanValue>[];
    assert.equal(rules.length, 4);
    for (const { action, overrideAction } of rules) assert.deepEqual(action ?? overrideAction, { count: {} });
  });

  it("know the price of all that can be turned on", () => {
    for (const tier of TIERS) {
      const { unknown } = costOf(plan(`${tier}, full`), { region: "ap-northeast-2" });
      assert.deepEqual(
        unknown.filter((line) => !/Container Insights, enhanced|SMS/.test(JSON.stringify(line))),
        [],
        tier,
      );
    }
  });

  it("size Fargate by the clock as the settings say", () => {
    const actions = plan("fargate, full").resources.filter(({ type }) => type.includes("scheduledAction"));
    assert.deepEqual(
      actions.map(({ inputs }) => [inputs.schedule, inputs.timezone, inputs.scalableTargetAction]),
      FULL.fargate.schedules.map(({ schedule, timezone, min, max }) => [
        schedule,
        timezone,
        { minCapacity: min, maxCapacity: max },
      ]),
    );
  });

  it("log every ECS Exec session to a group of its own, which the task may write to", () => {
    const one = plan("fargate, full");
    const log = named(one, "fargate-exec-sessions").urn;
    assert.ok(references(named(one, "fargate-cluster").inputs.configuration).includes(log));
    assert.ok(references(named(one, "fargate-task-policy").inputs.policy).includes(log));
    assert.equal(find(plan("fargate"), "fargate-exec-sessions"), undefined);
    assert.equal(find(plan("fargate"), "fargate-task-policy"), undefined);
  });

  it("roll a release back by alarm, and say when the size is at its end", () => {
    const service = named(plan("fargate"), "fargate-service").inputs;
    assert.deepEqual(service.deploymentCircuitBreaker, { enable: true, rollback: true });
    assert.ok(references(service.alarms).some((urn) => urn.endsWith("fargate-errors")));
    const group = named(plan("ha-web-tier"), "ha-web-tier-group").inputs;
    assert.equal(
      group.instanceRefresh,
      undefined,
      "the provider's own spoils its way back (terraform-provider-aws#34189)",
    );
    assert.deepEqual([group.minElbCapacity, group.waitForElbCapacity], [1, undefined]);
    const { imageId } = named(plan("ha-web-tier"), "ha-web-tier-template").inputs;
    assert.doesNotMatch(flat(imageId), /resolve:ssm/, "AWS rolls back to no template whose AMI is an alias");
    assert.equal(named(plan("ha-web-tier"), "ha-web-tier-at-maximum").inputs.threshold, 3);
  });

  it("have few alarms at the level basic and all of them at standard", () => {
    const names = (one: Plan) =>
      one.resources.flatMap(({ type, name }) =>
        type.includes("metricAlarm") && /^(load-balancer|fargate|ha-web-tier)-/.test(name) ? [name] : [],
      );
    assert.deepEqual(names(plan("fargate")), [
      "load-balancer-server-errors",
      "fargate-errors",
      "fargate-healthy-hosts",
      "fargate-latency",
      "fargate-at-maximum",
      "fargate-memory",
    ]);
    for (const tier of TIERS) {
      const all = names(plan(`${tier}, full`));
      for (const name of ["load-balancer-rejected-connections", `${tier}-cpu`]) assert.ok(all.includes(name), name);
      assert.ok(names(plan(tier)).every((name) => all.includes(name)));
    }
    assert.equal(find(other, "fargate-at-maximum"), undefined, "a fixed size is always at its maximum");
  });

  it("give a leaving instance or task longer than the load balancer drains it", () => {
    for (const tier of TIERS) {
      const drain = named(plan(tier), `${tier}-targets`).inputs.deregistrationDelay as number;
      if (tier === "fargate") {
        const [container] = JSON.parse(flat(named(plan(tier), "fargate-definition").inputs.containerDefinitions));
        assert.ok(container.stopTimeout > drain);
      } else {
        const drainSeconds = containerBootConfig.shape.drainSeconds.parse(undefined);
        assert.ok(drainSeconds > drain);
        assert.ok((named(plan(tier), "ha-web-tier-drain").inputs.heartbeatTimeout as number) >= drainSeconds + 30);
      }
      const idle = named(plan(tier), "load-balancer-balancer").inputs.idleTimeout as number;
      const dockerfile = readFileSync("app/Dockerfile", "utf8");
      assert.ok(
        Number(/KEEP_ALIVE_TIMEOUT=(\d+)/.exec(dockerfile)?.[1]) > idle * 1000,
        "Node keeps connections longer",
      );
    }
  });

  it("may pull the image that they are told to run, also from another repository than the stack's own", () => {
    for (const [tier, role] of [
      ["fargate", "fargate-execution-policy"],
      ["ha-web-tier", "ha-web-tier-role-policy"],
    ] as const) {
      const policy = JSON.stringify(named(plan(tier), role).inputs.policy);
      assert.match(policy, /arn:aws:ecr:ap-northeast-2:123456789012:repository\/iamvet\b/, tier);
      assert.match(policy, /image-repository/, tier);
    }
  });

  it("name a release by its tag, in the length that a gate and a boot take", async () => {
    const uri = `123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/iamvet:${"a".repeat(128)}`;
    const long = await planStack("prod", { architecture: "ha-web-tier", config: { image: { uri } } });
    assert.ok(find(long, "ha-web-tier-boot"));
  });

  it("migrate by a place of their own, unless told not to", () => {
    const [container] = JSON.parse(flat(named(plan("fargate"), "fargate-migrate").inputs.containerDefinitions));
    assert.deepEqual(container.command.slice(-2), ["migrate", "deploy"]);
    assert.equal(container.workingDirectory, "/migrate");
    assert.equal(container.portMappings, undefined);
    assert.match(String(named(plan("ha-web-tier"), "ha-web-tier-migrate").inputs.content), /site-boot migrate/);
    for (const tier of TIERS) {
      assert.ok(find(plan(tier), "migrated"));
    }
    for (const name of ["migrated", "fargate-migrate"]) assert.equal(find(other, name), undefined, name);
  });

  it("let a container write to the same places in both tiers, whatever its user", () => {
    const [{ linuxParameters }] = JSON.parse(
      flat(named(plan("fargate"), "fargate-definition").inputs.containerDefinitions),
    ) as [{ linuxParameters: { tmpfs: { containerPath: string; size: number; mountOptions: string[] }[] } }];
    const unit = /^ExecStart=.*?[^\\]$/ms.exec(readFileSync("runbooks/boot-container.sh", "utf8"))?.[0] ?? "";
    assert.deepEqual(
      linuxParameters.tmpfs.map(({ containerPath, size, mountOptions }) =>
        [`${containerPath}:size=${size}m`, ...mountOptions].join(),
      ),
      [...unit.matchAll(/--tmpfs (\S+)/g)].map(([, mount]) => mount),
    );
    assert.ok(linuxParameters.tmpfs.every(({ mountOptions }) => mountOptions.includes("mode=1777")));
  });

  it("start instances of a release with that release's own boot parameter", () => {
    const { tagSpecifications } = named(plan("ha-web-tier"), "ha-web-tier-template").inputs as {
      tagSpecifications: { tags: Record<string, PlanValue> }[];
    };
    const tag = tagSpecifications[0]?.tags["boot-parameter"];
    assert.ok(isConcat(tag) && tag.$concat.length === 3 && tag.$concat[1] === ":", "name:version");
    assert.match(JSON.stringify(tag), /"property":"version"/);
  });

  it("build an image with what its Dockerfile asks for", () => {
    const { buildArgs } = named(other, "image-build-image").inputs;
    const dockerfile = readFileSync("app/Dockerfile", "utf8");
    const mounted = [...dockerfile.matchAll(/--mount=type=secret,id=([\w-]+)/g)].map(([, id]) => id as string);
    assert.deepEqual(mounted, [BUILD_SECRET]);
    assert.deepEqual(buildArgs, { SITE_VERSION: "2026-11-26" });
    for (const name of ["SITE_VERSION", "SITE_PUBLIC"]) assert.match(dockerfile, new RegExp(`^ARG ${name}$`, "m"));
  });
});

/** A text whose unknown parts stand in for themselves. */
function flat(value: PlanValue | undefined): string {
  return isConcat(value)
    ? value.$concat.map((part) => (typeof part === "string" ? part : "later")).join("")
    : String(value);
}
