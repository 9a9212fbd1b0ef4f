import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { planStack } from "../../../../cli/planner/planner";
import type { Plan, PlanValue } from "../../../../core/plan-format";
import type { PreviewStep } from "../../../../insight/change/flip-changes";
import { type Flip, flipOf } from "../../../../insight/change/flip-effects";
import { architectures } from "../../../../stacks/settings/schema";
import { flipFacts, planOf, ref, resource } from "../fixtures";
import { samplePlans } from "../sample-plans";

const IMAGE = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/iamvet:1";
const artifacts = {
  image: { uri: IMAGE },
  instance: { release: { url: "s3://iamvet-releases/site-1.tar.gz", sha256: "0".repeat(64) } },
};
const pairs = architectures.flatMap((from) => architectures.filter((to) => to !== from).map((to) => ({ from, to })));

describe("the flip of a server that the stack only watches", () => {
  it("leaves the server, and says so of its jobs, its files and its cost", async () => {
    const root = path.join(__dirname, "..", "..", "..", "..");
    const folder = mkdtempSync(path.join(tmpdir(), "adopted-"));
    after(() => rmSync(folder, { recursive: true }));
    copyFileSync(path.join(root, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
    copyFileSync(path.join(root, "examples/adopted-instance/Pulumi.prod.yaml"), path.join(folder, "Pulumi.prod.yaml"));
    const [from, to] = await Promise.all([
      planStack("prod", { folder }),
      planStack("prod", { folder, architecture: "fargate", config: artifacts }),
    ]);
    const { stages, moves } = flipOf(from, to, { ...flipFacts, existingServer: true });
    const told = JSON.stringify([stages.at(-1)?.what, stages.at(-1)?.spans, moves]);
    assert.match(told, /the server stays/);
    assert.match(told, /runs on, and costs/);
    assert.match(told, /jobs? .*go on there/i);
    assert.match(told, /holds no variable/);
    assert.doesNotMatch(told, /terminated|stop when the old tier goes/);
  });
});

describe("the flip of every pair of architectures", () => {
  const plans = new Map<string, Plan>();
  const flips = new Map<string, Flip>();
  before(async function () {
    this.timeout(60_000);
    for (const architecture of architectures) {
      plans.set(architecture, await planStack("prod", { architecture, config: artifacts }));
    }
    for (const { from, to } of pairs) {
      flips.set(`${from} ${to}`, flipOf(plans.get(from) as Plan, plans.get(to) as Plan, flipFacts));
    }
  });
  const each = (check: (flip: Flip, title: string) => void) => {
    assert.equal(flips.size, 12);
    for (const [title, flip] of flips) check(flip, title);
  };
  const of = (from: string, to: string) => flips.get(`${from} ${to}`) as Flip;

  it("deletes and replaces nothing that holds data", () => {
    each((flip, title) => {
      assert.deepEqual(flip.data.lost, [], title);
      assert.equal(flip.data.safe, true, title);
      const held = [...flip.data.kept, ...flip.data.updated].map(({ name }) => name);
      for (const name of ["database-instance", "database-url", "database-password", "app-secret", "image-repository"])
        assert.ok(held.includes(name), `${title}: ${name}`);
      assert.equal(flip.counts.replace, 0, title);
    });
  });

  it("has the two gates between building, switching and retiring", () => {
    each(({ stages }, title) => {
      assert.deepEqual(
        stages.map(({ name }) => name),
        ["build", "ready", "switch", "settled", "finish", "retire"],
        title,
      );
      for (const { gate, changes } of stages) if (gate) assert.deepEqual(changes, []);
    });
  });

  it("builds the whole new tier before traffic moves", () => {
    each((flip, title) => {
      const plan = plans.get(flip.to) as Plan;
      const parents = new Map(plan.resources.map(({ urn, parent }) => [urn, parent]));
      const tier = plan.resources.find(({ name, type }) => name === flip.to && type.startsWith("iamvet:"))?.urn;
      assert.ok(tier, title);
      const within = (urn: string | undefined): boolean =>
        urn !== undefined && (urn === tier || within(parents.get(urn)));
      for (const { name, changes } of flip.stages) {
        const late = changes.filter(({ urn, operation }) => operation === "create" && within(urn));
        if (name !== "build")
          assert.deepEqual(
            late.map((change) => change.name),
            [],
            `${title}: ${name}`,
          );
        else assert.ok(late.length > 0, title);
      }
    });
  });

  it("touches the site's records between the gates only, in place", () => {
    each(({ stages }, title) => {
      for (const { name, changes } of stages) {
        for (const change of changes) {
          const traffic = change.name.startsWith("traffic-");
          // The rule of the load balancer comes and goes with it; the records stay.
          if (traffic && change.type !== "aws:lb/listenerRule:ListenerRule") {
            assert.equal(name, "switch", `${title}: ${change.name}`);
            assert.equal(change.operation, "update", `${title}: ${change.name}`);
          }
        }
      }
    });
  });

  it("deletes the old tier last, and what depends on others first", () => {
    each(({ stages, from, to }) => {
      const retired = stages.find(({ name }) => name === "retire")?.changes ?? [];
      assert.ok(retired.length > 0, `${from} ${to}`);
      const order = new Map(retired.map(({ urn }, index) => [urn, index]));
      for (const { urn, dependencies } of (plans.get(from) as Plan).resources) {
        for (const dependency of dependencies) {
          const [own, needed] = [order.get(urn), order.get(dependency)];
          if (own !== undefined && needed !== undefined) assert.ok(own < needed, `${urn} before ${dependency}`);
        }
      }
      for (const { name, changes } of stages) {
        if (name !== "retire")
          assert.ok(
            changes.every(({ operation }) => operation !== "delete"),
            `${from} ${to}`,
          );
      }
    });
  });

  it("counts every resource of both plans once", () => {
    each(({ counts, from, to }) => {
      const own = (plan: Plan | undefined) =>
        new Set(plan?.resources.filter(({ custom }) => custom).map(({ urn }) => urn));
      const all = new Set([...own(plans.get(from)), ...own(plans.get(to))]);
      const sum = counts.create + counts.update + counts.replace + counts.delete + counts.keep;
      assert.equal(sum, all.size, `${from} ${to}`);
    });
  });

  it("moves only the load balancer's rule between ha-web-tier and fargate", () => {
    for (const [from, to] of [
      ["ha-web-tier", "fargate"],
      ["fargate", "ha-web-tier"],
    ] as const) {
      const moved = of(from, to).stages.find(({ name }) => name === "switch")?.changes ?? [];
      assert.ok(moved.some(({ name, operation }) => name === "traffic-catch-all" && operation === "update"));
      assert.ok(!moved.some(({ type }) => type === "aws:route53/record:Record"));
      assert.ok(
        !of(from, to).stages.some(({ changes }) => changes.some(({ name }) => name.startsWith("load-balancer"))),
      );
    }
  });

  it("expects no downtime", () => {
    each(({ downtime, from, to }) => assert.deepEqual(downtime, { seconds: 0, reasons: [] }, `${from} ${to}`));
  });

  it("says how long it takes, TTL and drain included, with a source for every figure", () => {
    each(({ time, stages, from, to }) => {
      assert.ok(time.untilServed >= 120, `${from} ${to}`);
      assert.ok(time.total > time.untilServed);
      for (const { spans } of stages) for (const { from: source } of spans) assert.ok(source.length > 5);
    });
    const slow = flipOf(plans.get("vercel") as Plan, plans.get("fargate") as Plan, {
      ...flipFacts,
      gates: { ...flipFacts.gates, drainSeconds: 3600 },
    });
    assert.equal(slow.time.total - of("vercel", "fargate").time.total, 3540);
  });

  it("prices both sides and the time in between", () => {
    each(({ cost, from, to }) => {
      assert.ok(cost.beforeUsd > 0 && cost.afterUsd > 0, `${from} ${to}`);
      assert.ok(Math.abs(cost.deltaUsd - (cost.afterUsd - cost.beforeUsd)) < 0.011);
      assert.ok(cost.overlapUsd >= 0 && cost.overlapUsd < 1);
      const back = of(to, from);
      assert.equal(cost.deltaUsd, -back.cost.deltaUsd);
    });
  });

  it("names what else has to move, what is lost without it first", () => {
    each(({ moves, from, to }) => {
      assert.deepEqual(
        moves.map(({ subject }) => subject).sort(),
        ["addresses", "cron jobs", "database migrations", "environment", "sessions", "uploads"],
        `${from} ${to}`,
      );
      const uploads = moves.find(({ subject }) => subject === "uploads");
      assert.equal(uploads?.need, from === "monitored-instance" ? "do" : "check");
      const needs = moves.map(({ need }) => ["do", "check", "none"].indexOf(need));
      assert.deepEqual(needs, [...needs].sort());
    });
  });

  it("warns of a database that opens to the internet, and of logs that go", () => {
    const risks = (from: string, to: string) => of(from, to).risks.join("\n");
    assert.match(risks("fargate", "vercel"), /5432 is open to the internet/);
    assert.doesNotMatch(risks("vercel", "fargate"), /5432/);
    assert.match(risks("fargate", "vercel"), /fargate-logs/);
  });

  it("is blocked while the target lacks what only a person can give", () => {
    const without = { ...(plans.get("fargate") as Plan), notices: [{ blocking: true, message: "No image" }] };
    const flip = flipOf(plans.get("vercel") as Plan, without, flipFacts);
    assert.equal(flip.verdict, "blocked");
    assert.deepEqual(flip.missing, ["No image"]);
  });

  it("takes a preview of the state in place of the plans, each replacement once", () => {
    const [before, after] = [plans.get("fargate") as Plan, plans.get("vercel") as Plan];
    const urn = (plan: Plan, name: string) => plan.resources.find((one) => one.name === name)?.urn as string;
    const step = (op: string, at: string, more: Partial<PreviewStep> = {}): PreviewStep => ({
      op,
      urn: at,
      type: at.split("::").at(-2)?.split("$").at(-1) as string,
      protect: false,
      retained: false,
      diff: [],
      replaces: [],
      ...more,
    });
    const database = urn(before, "database-instance");
    const preview = [
      step("same", "urn:pulumi:prod::iamvet::pulumi:providers:aws::default_7"),
      step("create-replacement", database, { protect: true, diff: ["username"], replaces: ["username"] }),
      step("replace", database),
      step("delete-replaced", database),
      step("update", urn(after, "traffic-serving"), { diff: ["records"] }),
      step("delete", urn(before, "fargate-service")),
      step("same", urn(after, "app-secret")),
    ];
    const flip = flipOf(before, after, { ...flipFacts, preview, why: "a preview" });
    assert.deepEqual(flip.basis, { kind: "state", why: "a preview" });
    assert.deepEqual(flip.counts, { create: 0, update: 1, replace: 1, delete: 1, keep: 1 });
    assert.equal(flip.verdict, "unsafe");
    assert.match(flip.data.findings[0] as string, /replaced \(username\).*protected/);
    const at = (name: string) => flip.stages.find((stage) => stage.name === name)?.changes.map((one) => one.name);
    assert.deepEqual(at("switch"), ["traffic-serving"]);
    assert.deepEqual(at("retire"), ["fargate-service"]);
  });
});

describe("the flip's verdict on data", () => {
  const subnets = resource("aws:rds/subnetGroup:SubnetGroup", "subnets", { subnetIds: ["subnet-1"] });
  const database = (inputs: Readonly<Record<string, PlanValue>> = {}, more = {}) =>
    resource(
      "aws:rds/instance:Instance",
      "database",
      { instanceClass: "db.t4g.micro", engine: "postgres", username: "app", storageEncrypted: true, ...inputs },
      { protect: true, ...more },
    );
  const zone = (name = "a") => resource("aws:ec2/subnet:Subnet", name, { availabilityZone: "ap-northeast-2a" });
  const flip = (before: Plan["resources"], after: Plan["resources"]) =>
    flipOf(planOf("fargate", zone(), ...before), planOf("vercel", zone(), ...after), flipFacts);

  for (const [key, value] of [
    ["engine", "mysql"],
    ["username", "root"],
    ["storageEncrypted", false],
    ["kmsKeyId", "arn:aws:kms:ap-northeast-2:123456789012:key/1"],
    ["dbName", "other"],
    ["snapshotIdentifier", "snapshot-1"],
  ] as const) {
    it(`a database whose ${key} changes would be replaced: unsafe`, () => {
      const { verdict, data } = flip([database()], [database({ [key]: value })]);
      assert.equal(verdict, "unsafe");
      assert.match(data.findings.join(), new RegExp(`replaced \\(${key}\\).*the engine refuses`));
    });
  }

  for (const [key, value] of [
    ["multiAz", true],
    ["backupRetentionPeriod", 14],
    ["publiclyAccessible", true],
    ["allocatedStorage", 100],
    ["tags", { a: "b" }],
  ] as const) {
    it(`a database whose ${key} changes is updated: safe, without downtime`, () => {
      const { verdict, data, downtime } = flip([database()], [database({ [key]: value })]);
      assert.equal(verdict, "safe");
      assert.equal(data.updated.length, 1);
      assert.equal(downtime.seconds, 0);
    });
  }

  it("a database of another class restarts: safe, and the downtime is said", () => {
    const { verdict, downtime } = flip(
      [database()],
      [database({ instanceClass: "db.t4g.small", applyImmediately: true })],
    );
    assert.equal(verdict, "safe");
    assert.ok(downtime.seconds > 0);
    assert.match(downtime.reasons[0]?.what as string, /at once/);
  });

  it("an ignored property changes nothing", () => {
    const ignoring = { ignoreChanges: ["username"] };
    const { counts } = flip([database()], [database({ username: "root" }, ignoring)]);
    assert.equal(counts.replace, 0);
  });

  it("the order of an object's keys changes nothing", () => {
    const { counts } = flip([database({ tags: { a: "1", b: "2" } })], [database({ tags: { b: "2", a: "1" } })]);
    assert.equal(counts.update, 0);
  });

  it("what goes without replacement is unsafe, unless it stays on AWS", () => {
    assert.equal(flip([database()], []).verdict, "unsafe");
    const retained = flip([database({}, { retainOnDelete: true })], []);
    assert.equal(retained.verdict, "safe");
    assert.match(retained.data.findings.join(), /stays on AWS/);
  });

  it("a bucket of files is data, a bucket that the program empties itself is not", () => {
    const bucket = (inputs: Readonly<Record<string, PlanValue>>) => resource("aws:s3/bucket:Bucket", "files", inputs);
    assert.equal(flip([bucket({})], []).verdict, "unsafe");
    assert.equal(flip([bucket({ forceDestroy: true })], []).verdict, "safe");
  });

  it("follows a replacement to what refers to it", () => {
    const key = (usage: string) => resource("aws:kms/key:Key", "key", { keyUsage: usage });
    const held = (of: ReturnType<typeof key>) => database({ kmsKeyId: ref(of, "arn") });
    const [old, fresh] = [key("ENCRYPT_DECRYPT"), key("SIGN_VERIFY")];
    const { data } = flip([old, subnets, held(old)], [fresh, subnets, held(fresh)]);
    assert.deepEqual(
      data.lost.map(({ name }) => name),
      ["key", "database"],
    );
  });

  it("says that the database's public address stays until Vercel has no visitors left", () => {
    const plans = samplePlans();
    const [vercel, fargate] = [plans[3] as Plan, plans[2] as Plan];
    const { downtime, verdict, risks } = flipOf(vercel, fargate, flipFacts);
    assert.equal(verdict, "safe");
    assert.deepEqual(downtime, { seconds: 0, reasons: [] });
    assert.match(risks.join(), /keeps its public address.*once more/);
    assert.doesNotMatch(flipOf(fargate, vercel, flipFacts).risks.join(), /keeps its public address/);
  });
});
