import assert from "node:assert/strict";
import { movesTraffic } from "./harness/checks";
import type { Call } from "./harness/cloud";
import { signal } from "./harness/processes";
import { type Project, projectFor, STACK, settings } from "./harness/stack";
import { tierOf, visit } from "./harness/visits";
import { ADDRESSES, SPEED } from "./harness/world";

const APP = { version: "v1" };
const onPort = (architecture: string, port: number) => settings(architecture, { "iamvet:app": { ...APP, port } });
const text = ({ op, name }: Call) => `${op} ${name}`;
const deletes = (calls: readonly Call[]) => calls.filter(({ op }) => op === "delete");
const UP = ["up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive"];
const TTL = 60;
const DRAIN = 20;

/** What serves behind the load balancer, by architecture. */
const WORKLOAD = { fargate: "aws:ecs/service:Service", "ha-web-tier": "aws:autoscaling/group:Group" } as const;

describe("a replacement inside a tier, on the real engine", () => {
  let project: Project;
  /** Each part has a stack of its own. */
  const fresh = async (suite: Mocha.Context) => {
    project?.stop();
    project = await projectFor(suite);
  };
  after(() => project?.stop());
  afterEach(() => project.calm());

  /** Runs `up` under the eyes of a visitor. */
  const up = async (config: Record<string, unknown>, ...args: string[]) => {
    project.configure(config);
    const { cloud, services } = project;
    const [calls, answers] = [cloud.calls.length, services.health.answers.length];
    const serves = cloud.of("aws:route53/record:Record").some(({ name }) => name === "traffic-serving");
    const end = serves ? visit(services, TTL) : async () => ({ requests: 0, lost: [] });
    const { code, output } = await project.up(...args);
    const { requests, lost } = await end();
    const did = { calls: cloud.calls.slice(calls), answers: services.health.answers.slice(answers) };
    return { code, output, requests, lost, ...did };
  };
  /** An update that ends well and loses nobody. */
  const must = async (config: Record<string, unknown>, ...args: string[]) => {
    const { code, output, requests, lost, ...did } = await up(config, ...args);
    assert.equal(code, 0, output);
    assert.deepEqual(tally(lost), {}, `${lost.length} of ${requests} requests were lost`);
    return { output, requests, ...did };
  };
  const refused = async (config: Record<string, unknown>, why: RegExp, ...args: string[]) => {
    const { code, output, requests, lost, calls } = await up(config, ...args);
    assert.notEqual(code, 0, "`up` ends red");
    assert.match(output, why);
    assert.deepEqual(tally(lost), {}, `${lost.length} of ${requests} requests were lost`);
    assert.deepEqual(calls.filter(movesTraffic).map(text), [], "nothing moves");
    assert.deepEqual(deletes(calls).map(text), [], "nothing is deleted");
    return { output, requests };
  };
  /** Target groups of tiers; the built files of releases have one of their own. */
  const groups = () =>
    project.cloud.of("aws:lb/targetGroup:TargetGroup").filter(({ inputs }) => inputs.targetType !== "lambda");
  /** How many resources of a type there are, by name. */
  const standing = (type: string) => project.cloud.of(type).map(({ name }) => name);

  for (const tier of ["fargate", "ha-web-tier"] as const) {
    describe(`${tier}: app.port`, () => {
      before(async function () {
        await fresh(this);
      });
      const whole = () => {
        assert.equal(standing(WORKLOAD[tier]).length, 1, `one ${WORKLOAD[tier]}`);
        assert.equal(groups().length, 1, "one target group of the tier");
        const rules = [...standing(SECURITY("Ingress")), ...standing(SECURITY("Egress"))];
        assert.deepEqual(rules.filter((name) => /(from-balancer|to-targets)/.test(name)).length, 2, rules.join(", "));
      };

      it("a first up makes the records only when the rule is there, and a second one changes and waits for nothing", async () => {
        const { calls } = await must(onPort(tier, 3000));
        const made = calls.map(text);
        const rule = made.indexOf("create traffic-catch-all");
        const records = calls.findIndex(
          ({ type, name }) => /record:Record/.test(type) && /^traffic-serving$/.test(name),
        );
        assert.ok(rule >= 0 && rule < records, `the rule is call ${rule}, the first record ${records}`);
        const workload = calls.findIndex(({ op, type }) => op === "create" && type === WORKLOAD[tier]);
        assert.ok(workload < rule, "and the rule only when somebody serves behind it");
        const second = await must(onPort(tier, 3000));
        assert.deepEqual(second.calls.map(text), []);
        const third = await must(onPort(tier, 3000));
        assert.doesNotMatch(third.output, /let go of the old answer/, "the TTL is long over");
      });

      it("is replaced beside the old one, proven, and only then led to, without a lost request", async () => {
        const [old] = groups();
        const { calls, answers, requests, output } = await must(onPort(tier, 3001));
        const moved = calls.filter(movesTraffic);
        assert.deepEqual(moved.map(text), ["update traffic-catch-all"]);
        const [rule] = moved as [Call];
        const [now] = groups();
        assert.notEqual(now?.id, old?.id);
        const proven = answers.some(
          ({ target, probe, healthy, time }) => target === now?.id && probe && healthy && time <= rule.time,
        );
        assert.ok(proven, "the new targets answered their probe before the rule led anybody to them");
        const touched = calls.filter(({ op, type }) => op === "update" && type === WORKLOAD[tier]);
        assert.deepEqual(touched.map(text), [], "what serves is left as it is");
        for (const { name, time } of deletes(calls)) {
          const waited = (time - rule.time + 2 * SPEED) / 1000;
          assert.ok(waited >= TTL + DRAIN, `${name} was deleted ${waited} s after the rule had moved`);
        }
        assert.match(output, /serves iamvet\.example/);
        assert.ok(requests > 100, `${requests} requests`);
        whole();
      });

      it("killed when the rule has moved and nobody knows, it is proven again and the old one waits in full", async () => {
        const config = onPort(tier, 3002);
        project.configure(config);
        const end = visit(project.services, TTL);
        const { child, done } = project.start("pulumi", ...UP);
        project.cloud.after = async ({ name, op }) => {
          if (name !== "traffic-catch-all" || op !== "update") return;
          signal(child, "SIGKILL");
          await done;
        };
        await done;
        project.cloud.after = () => {};
        await project.must("cancel", "--yes", "--stack", STACK);
        await project.must("refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", STACK);
        const moved = project.cloud.calls.findLast(movesTraffic) as Call;
        assert.equal(text(moved), "update traffic-catch-all", "it was killed where it should be");
        const { calls, answers } = await must(config);
        assert.deepEqual((await end()).lost, []);
        assert.ok(answers.some(({ probe, healthy }) => probe && healthy));
        const gone = deletes(calls);
        assert.ok(gone.length > 0);
        for (const { name, time } of gone) assert.ok(time - moved.time >= (TTL + DRAIN - 2) * 1000, name);
        whole();
      });

      it("that never answers ends red, twice, and the old one serves; put back, it heals", async () => {
        const was = project.cloud.of("aws:lb/targetGroup:TargetGroup")[0]?.inputs.port;
        project.services.health.deadPorts.add(4000);
        // ECS gives a service up whose first tasks never get well, and the provider then fails its creation.
        project.cloud.before = (op, type) => {
          if (op === "create" && type === WORKLOAD[tier]) throw new Error("tasks failed to start");
        };
        await refused(onPort(tier, 4000), /tasks failed to start/);
        project.cloud.before = () => {};
        const { output } = await refused(onPort(tier, 4000), new RegExp(`${tier} is not ready`));
        assert.match(output, new RegExp(`Traffic has not moved: ${tier} serves as before`));
        assert.match(output, /To go back: undo the change/);
        await must(onPort(tier, was));
        whole();
      });
    });
  }

  describe("between tiers, and of a server", () => {
    before(async function () {
      await fresh(this);
    });

    it("a balancer's rule that AWS refuses keeps the records where they are", async () => {
      await must(settings("vercel"));
      project.cloud.before = (op, _, name) => {
        if (op === "create" && name === "traffic-catch-all") throw new Error("TooManyRules");
      };
      await refused(settings("fargate"), /TooManyRules/);
      project.cloud.before = () => {};
      const { calls } = await must(settings("fargate"));
      const order = calls.filter((call) => movesTraffic(call) && call.op !== "delete").map(text);
      assert.equal(order[0], "create traffic-catch-all", order.join(", "));
    });

    it("a server that is made anew has an address of its own, and the old one serves until resolvers have let go", async () => {
      await must(settings("monitored-instance"));
      const [old] = project.cloud.of("aws:ec2/instance:Instance");
      const { calls, requests } = await must(settings("monitored-instance"), "--replace", old?.urn ?? "");
      const [now] = project.cloud.of("aws:ec2/instance:Instance");
      assert.notEqual(now?.id, old?.id);
      const record = calls.find(movesTraffic);
      assert.ok(record, "DNS moves to the new one's address");
      assert.equal(record.inputs.records[0], project.cloud.of("aws:ec2/eip:Eip")[0]?.outputs.publicIp);
      for (const { name, time } of deletes(calls)) assert.ok(time - record.time >= (30 + DRAIN - 2) * 1000, name);
      assert.ok(requests > 100, `${requests} requests`);
    });

    it("subnets that AWS lists in another order replace nothing, and change nothing", async () => {
      const ids = ["subnet-0000000000000000b", "subnet-0000000000000000a"];
      project.cloud.lookups["aws:ec2/getSubnets:getSubnets"] = () => ({ id: "r", ids });
      const { calls } = await must(settings("monitored-instance"));
      assert.deepEqual(calls.map(text), []);
      // One that AWS lists no more, or a new one in front, is no reason either.
      ids.unshift("subnet-00000000000000000");
      assert.deepEqual(
        (await must(settings("monitored-instance"))).calls.filter(({ urn }) => tierOf(urn)).map(text),
        [],
      );
      delete project.cloud.lookups["aws:ec2/getSubnets:getSubnets"];
    });

    it("another existing server at a dead address ends red and nothing moves", async () => {
      project.services.health.ownServer = true;
      const server = (...addresses: string[]) =>
        settings("monitored-instance", {
          "iamvet:existing": { instanceId: "i-0123456789abcdef0", securityGroupId: "sg-0123456789abcdef0", addresses },
        });
      const admitted = () =>
        project.cloud
          .of(SECURITY("Ingress"))
          .filter(({ name }) => name.startsWith("monitored-instance-to-database"))
          .map(({ inputs }) => inputs.referencedSecurityGroupId);
      await must(server(ADDRESSES.instance));
      const dead = ADDRESSES.instances[2];
      const other = { instanceId: "i-0fedcba9876543210", securityGroupId: "sg-0fedcba9876543210", addresses: [dead] };
      await refused(settings("monitored-instance", { "iamvet:existing": other }), /monitored-instance is not ready/);
      assert.deepEqual(
        admitted().sort(),
        ["sg-0123456789abcdef0", "sg-0fedcba9876543210"],
        "the database lets both in",
      );
      // Nor beside one that answers: visitors would get at both.
      await refused(server(ADDRESSES.instance, dead), /monitored-instance is not ready/);
      await must(server(ADDRESSES.instance));
      assert.deepEqual(admitted(), ["sg-0123456789abcdef0"]);
    });
  });
});

const SECURITY = (way: string) => `aws:vpc/securityGroup${way}Rule:SecurityGroup${way}Rule`;

/** How often each fault came. */
const tally = (lost: readonly string[]) => {
  const counts: Record<string, number> = {};
  for (const one of lost) counts[one] = (counts[one] ?? 0) + 1;
  return counts;
};
