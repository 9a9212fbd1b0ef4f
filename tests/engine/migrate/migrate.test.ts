import assert from "node:assert/strict";
import { join } from "node:path";
import { movesTraffic, shares, violations, WALK, waitOf } from "../harness/checks";
import { Migrating } from "../harness/migrating";
import { tierOf } from "../harness/services";
import { type Project, projectFor, settings } from "../harness/stack";
import { type WrongInput, withSection, wrongSettings } from "../harness/wrong-settings";

/** Pairs that are walked step by step here; ENGINE_PAIRS=all walks all twelve. */
const ALL = process.env.ENGINE_PAIRS === "all";

describe("platform migrate on the real engine", () => {
  let project: Project;
  let migrating: Migrating;
  before(async function () {
    project = await projectFor(this, () => settings("monitored-instance"));
    migrating = new Migrating(project);
  });
  after(() => project?.stop());
  afterEach(() => project.calm());

  const file = () => migrating.file();
  const migrate = (...args: string[]) => migrating.run(...args);

  describe("wrong input is told, and nothing is changed", () => {
    // A function, since the servers' addresses are known only once the suite has begun.
    const none = () => ({});
    const cases: WrongInput[] = [
      ["an unknown stack", none, ["--stack", "prd", "--to", "fargate"], /There is no stack prd here\. There is: test/],
      ["an unknown target", none, ["--to", "fargte"], /'fargte' is invalid\. Allowed choices are monitored-instance/],
      ["target = current", none, ["--to", "monitored-instance"], /monitored-instance serves test already/],
      ["no target", none, [], /Say where to:/],
      ["steps that fall", none, ["--to", "fargate", "--steps", "50,10,100"], /--steps is "50,10,100"/],
      ["a time without unit", none, ["--to", "fargate", "--bake", "10"], /--bake is "10"/],
      ["nothing to return from", none, ["--back"], /No migration of test is under way/],
      [
        "the image of the target",
        () => withSection("monitored-instance", "image", { uri: undefined }),
        ["--to", "fargate"],
        /No image of the app is given/,
      ],
      ...wrongSettings("monitored-instance", "fargate", "vercel"),
    ];
    for (const [what, config, args, message] of cases) {
      it(what, async () => {
        project.configure({ ...settings("monitored-instance"), ...config() });
        const before = file();
        const { code, output, calls } = await migrate(...args);
        assert.equal(code, 2, output);
        assert.match(output, message);
        assert.doesNotMatch(output, /^ +at /m, "no stack trace");
        assert.deepEqual(calls, []);
        assert.equal(file(), before);
        assert.deepEqual(project.services.health.snapshots, []);
      });
    }

    it("a target whose token is missing", async () => {
      project.configure(settings("monitored-instance"));
      const before = file();
      project.env.VERCEL_API_TOKEN = "";
      try {
        const { code, output, calls } = await migrate("--to", "vercel");
        assert.equal(code, 2, output);
        assert.match(output, /No Vercel token is given/);
        assert.deepEqual(calls, []);
        assert.equal(file(), before);
      } finally {
        project.env.VERCEL_API_TOKEN = "test";
      }
    });

    it("nobody there to say yes", async () => {
      const { code, output } = await migrating.start("--to", "fargate").done;
      assert.equal(code, 2, output);
      assert.match(output, /10 % to fargate, then watch for 10 min[\s\S]*Nobody is there to say yes/);
      assert.deepEqual(project.services.health.snapshots, []);
    });

    it("no CLI on PATH", async () => {
      const { PATH } = project.env;
      project.env.PATH = join(process.execPath, "..");
      try {
        const { code, output } = await migrating.start("--to", "fargate", "--yes").done;
        assert.equal(code, 2, output);
        assert.match(output, /`pulumi` CLI is not on PATH/);
      } finally {
        project.env.PATH = PATH;
      }
    });

    it("a stack without a state", async () => {
      project.configure(settings("monitored-instance"), "other");
      const { code, output } = await migrating.start("--stack", "other", "--to", "fargate", "--yes").done;
      assert.equal(code, 2, output);
      assert.match(output, /stack other has a file but no state/);
    });
  });

  describe("step by step", () => {
    it("by DNS: warms, walks the shares, swaps and retires, in this order", async () => {
      project.configure(settings("monitored-instance"));
      const { code, output, calls, answers } = await migrate("--to", "fargate", "--steps", "10,100");
      assert.equal(code, 0, output);
      const flip = { from: "monitored-instance", to: "fargate", seconds: waitOf("monitored-instance") };
      assert.deepEqual(violations(calls, answers, flip), []);
      assert.deepEqual(
        shares(calls),
        ["100/0", "90/10", "0/100", "100/0"],
        "weights of serving and canary, after each update",
      );
      assert.equal(project.services.health.snapshots.length, 1, "one copy of the database, before anything");
      assert.match(output, /database snapshot iamvet-test-before-fargate-\d{14}/);
      assert.match(output, /✓ watch fargate at 10 %, 2\d s/);
      assert.match(file(), /iamvet:architecture: "?fargate"?/);
      assert.doesNotMatch(file(), /canary|from:/);
      const plain = await project.up();
      assert.equal(plain.code, 0, plain.output);
      assert.match(plain.output, /unchanged/);
    });

    it("a stack file from before a migration is refused by a plain up", async () => {
      const now = file();
      project.configure(settings("monitored-instance"));
      const calls = project.cloud.calls.length;
      const { code, output } = await project.up();
      assert.notEqual(code, 0);
      assert.match(output, /The stack file of test is older than what is live[\s\S]*Decide which of the two to keep/);
      assert.deepEqual(project.cloud.calls.slice(calls), []);
      project.write(now);
    });

    it("by the load balancer's rule: an alarm at 50 % takes the share back to 10 %, and deletes nothing", async () => {
      project.cloud.after = ({ name, inputs }) => {
        const group = name === "traffic-catch-all" && inputs.actions[0].forward.targetGroups[1];
        if (group?.weight === 50) project.services.health.raised.add("ha-web-tier-healthy-hosts");
      };
      const { code, output, calls } = await migrate("--to", "ha-web-tier");
      assert.equal(code, 1, output);
      assert.match(output, /traffic was taken back: in alarm: ha-web-tier-healthy-hosts/);
      assert.match(output, /Nothing was deleted\.\nLive: fargate has 90 % of the visitors, ha-web-tier 10 %\./);
      assert.deepEqual(shares(calls), ["100/0", "90/10", "50/50", "90/10"]);
      assert.deepEqual(
        calls.filter(({ op }) => op === "delete"),
        [],
      );
      const records = calls.filter(({ type, name }) => type.startsWith("aws:route53") && /serving|canary/.test(name));
      assert.deepEqual(records, [], "two tiers behind one load balancer are one address");
    });

    it("goes on from there; a tier that stops answering gets nothing any more", async () => {
      project.cloud.after = ({ name, inputs }) => {
        const group = name === "traffic-catch-all" && inputs.actions[0].forward.targetGroups[1];
        if (group?.weight === 50) project.services.health.sick.add("ha-web-tier");
      };
      const { code, output, calls } = await migrate();
      assert.equal(code, 1, output);
      assert.match(output, /Live: fargate has all visitors/);
      assert.deepEqual(shares(calls), ["50/50", "100/0"]);
      assert.deepEqual(
        calls.filter(({ op }) => op === "delete"),
        [],
      );
    });

    it("--back returns: the new tier goes, the old one is untouched", async () => {
      const { code, output, calls } = await migrate("--back");
      assert.equal(code, 0, output);
      assert.deepEqual(
        calls.filter(({ urn }) => tierOf(urn) === "fargate"),
        [],
      );
      assert.ok(calls.some(({ op, urn }) => op === "delete" && tierOf(urn) === "ha-web-tier"));
      assert.doesNotMatch(file(), /canary|from:/);
    });

    it("concurrent runs are refused, and said so", async () => {
      let reached: () => void = () => {};
      let go: () => void = () => {};
      const there = new Promise<void>((resolve) => {
        reached = resolve;
      });
      const wait = new Promise<void>((resolve) => {
        go = resolve;
      });
      project.cloud.before = async (op, type) => {
        if (op !== "create" || type !== "aws:autoscaling/group:Group") return;
        reached();
        await wait;
      };
      const first = migrating.start("--to", "ha-web-tier", "--yes", "--bake", "20s");
      await there;
      const before = file();
      const second = await migrate();
      assert.equal(second.code, 2, second.output);
      assert.match(second.output, /Another `platform migrate` \(process \d+\) is working on this stack/);
      const plain = await project.up();
      assert.notEqual(plain.code, 0);
      assert.match(plain.output, /currently locked/);
      assert.equal(file(), before);
      // Ctrl-C, as a terminal sends it: to the whole group.
      process.kill(-(first.child.pid as number), "SIGINT");
      go();
      const { code, output } = await first.done;
      assert.equal(code, 130, output);
      assert.match(output, /Stopped\. The stack is in order\./);
      const back = await migrate("--back");
      assert.equal(back.code, 0, back.output);
    });

    it("is refused while a plain up runs, and leaves the file as it was", async () => {
      const before = file();
      let other: Promise<unknown> | undefined;
      let result: Awaited<ReturnType<typeof migrate>> | undefined;
      project.write(before.replace(/"version": ?"v1"/, '"version":"v1","environment":{"CHANGED":"1"}'));
      project.cloud.before = async (op, type) => {
        if (other || op === "delete" || type !== "aws:ecs/taskDefinition:TaskDefinition") return;
        other = migrate("--to", "ha-web-tier", "--no-snapshot").then((finished) => {
          result = finished;
        });
        await other;
      };
      const changed = file();
      const { code, output } = await project.up();
      assert.equal(code, 0, output);
      assert.equal(result?.code, 2, result?.output);
      assert.match(result?.output ?? "", /Another update of test is running[\s\S]*wait for its end/);
      assert.equal(file(), changed);
    });
  });

  describe("after the swap", () => {
    it("--back, from a run that was killed there, returns by the records", async () => {
      await migrating.killed(
        { line: /✓ monitored-instance takes the place/ },
        "--to",
        "monitored-instance",
        "--steps",
        "100",
      );
      const { code, output, calls } = await migrate("--back");
      assert.equal(code, 0, output);
      assert.deepEqual(shares(calls), ["0/100", "100/0"]);
      assert.ok(calls.some(({ op, urn }) => op === "delete" && tierOf(urn) === "monitored-instance"));
      assert.deepEqual(
        calls.filter(({ op, urn }) => op === "delete" && tierOf(urn) === "fargate"),
        [],
      );
    });
  });

  describe("every pair, step by step", () => {
    // The same round as that of the plain flips, from where the tests above have left the site.
    const round = [...WALK.slice(WALK.indexOf("fargate"), -1), ...WALK.slice(0, WALK.indexOf("fargate") + 1)];
    const walk = ALL ? round : round.slice(0, 3);
    for (const [index, to] of walk.slice(1).entries()) {
      const from = walk[index] as string;
      it(`${from} -> ${to}`, async () => {
        const { code, output, calls, answers } = await migrate("--to", to, "--steps", "100", "--no-snapshot");
        assert.equal(code, 0, output);
        assert.deepEqual(violations(calls, answers, { from, to, seconds: waitOf(from) }), []);
        assert.ok(calls.some(movesTraffic));
      });
    }
  });
});
