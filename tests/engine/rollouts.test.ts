import assert from "node:assert/strict";
import { untried } from "../standins/rollout-facts";
import type { Call } from "./harness/cloud";
import { type Project, projectFor, STACK, settings } from "./harness/stack";
import { REGION } from "./harness/world";

const REPOSITORY = `123456789012.dkr.ecr.${REGION}.amazonaws.com/site`;

/** What releases do behind the provider's back, by the facts of tests/standins/rollout-facts.ts. */
describe("releases on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => {
    project?.stop();
    console.log(untried());
  });

  const configure = (architecture: string, version: string, further: Readonly<Record<string, unknown>> = {}) => {
    const config = settings(architecture, {
      "iamvet:image": { uri: `${REPOSITORY}:${version}` },
      "iamvet:app": { version, migrate: false },
      ...further,
    });
    // In the world's seconds, which are short: nothing here waits for a gate to give up.
    project.configure({ ...config, "iamvet:gates": { ...config["iamvet:gates"], timeoutSeconds: 1200 } });
    project.services.health.version = version;
  };

  /** An update, and what it and its gates did. */
  const release = async (architecture: string, version: string, further: Readonly<Record<string, unknown>> = {}) => {
    configure(architecture, version, further);
    const { calls, rollouts } = project.cloud;
    const [made, begun, written] = [calls.length, rollouts.begun.length, rollouts.written.length];
    const { code, output } = await project.up();
    return {
      code,
      output,
      calls: calls.slice(made),
      begun: rollouts.begun.slice(begun),
      written: rollouts.written.slice(written),
    };
  };

  const red = async (...args: Parameters<typeof release>) => {
    const result = await release(...args);
    assert.notEqual(result.code, 0, result.output);
    assert.match(result.output, /No traffic was moved to another tier, and nothing was deleted/);
    assert.doesNotMatch(result.output, /at .*gates.*\.ts:/, "no stack trace");
    assert.deepEqual(
      result.calls.filter(({ op }) => op === "delete"),
      [],
    );
    return result;
  };
  const green = async (...args: Parameters<typeof release>) => {
    const result = await release(...args);
    assert.equal(result.code, 0, result.output);
    return result;
  };
  const serving = (tier: string) => project.cloud.rollouts.serving(tier);

  /** A preview, and a refresh that runs the program, begin nothing, whatever stands rolled back. */
  const nothingElseActs = async () => {
    const { begun, written } = project.cloud.rollouts;
    const before = [begun.length, written.length];
    await project.must("preview", "--stack", STACK);
    await project.must("refresh", "--run-program", "--yes", "--skip-preview", "--stack", STACK);
    assert.deepEqual([begun.length, written.length], before);
  };

  describe("fargate", () => {
    it("takes the first release without any further deployment", async () => {
      const { begun } = await green("fargate", "v1");
      assert.deepEqual(begun, []);
      assert.equal(serving("fargate"), "v1");
    });

    it("ends red when ECS has rolled a release back, although the provider saw a steady service", async () => {
      project.cloud.rollouts.bad.add("v2");
      const { output, begun } = await red("fargate", "v2");
      assert.match(output, /not rolled out on fargate: ECS does not confirm.*instead of .*it was rolled back/s);
      assert.deepEqual(begun, [], "what went back in this update is not tried twice");
      assert.equal(serving("fargate"), "v1");
    });

    it("begins nothing in a preview and in `refresh --run-program`", nothingElseActs);

    it("deploys it again with `up` again, and ends red as long as it is bad", async () => {
      const { begun } = await red("fargate", "v2");
      assert.deepEqual(begun, ["UpdateService v2"]);
      assert.equal(serving("fargate"), "v1");
    });

    it("and green once it is mended, with the same `up`", async () => {
      project.cloud.rollouts.bad.clear();
      // The refresh above may have told the engine of the rollback; then the provider deploys it.
      const { begun, calls } = await green("fargate", "v2");
      assert.ok(begun.length + calls.filter(({ type }) => type === "aws:ecs/service:Service").length === 1, `${begun}`);
      assert.equal(serving("fargate"), "v2");
      const again = await green("fargate", "v2");
      assert.deepEqual([again.begun, again.calls], [[], []]);
    });

    it("rolls a changed secret out, by its version", async () => {
      const versions = (calls: readonly Call[]) =>
        calls
          .filter(({ type, name }) => type.includes("taskDefinition") && name === "fargate-definition")
          .flatMap(({ inputs }) => JSON.parse(inputs.containerDefinitions)[0].secrets)
          .map(({ valueFrom }) => valueFrom as string);
      const first = await green("fargate", "v2", { "iamvet:secrets": { AUTH_SECRET: "one" } });
      const second = await green("fargate", "v2", { "iamvet:secrets": { AUTH_SECRET: "two" } });
      const [one, two] = [first, second].map(({ calls }) =>
        versions(calls).find((from) => from.includes("AUTH_SECRET")),
      );
      assert.match(one ?? "", /^arn:aws:secretsmanager:[^:]+:\d+:secret:[^:]+:AUTH_SECRET::\w+$/);
      assert.ok(two && two !== one, `${two}`);
      assert.ok(
        second.calls.some(({ op, type }) => op === "update" && type === "aws:ecs/service:Service"),
        "the service gets the new task definition",
      );
      assert.deepEqual(
        second.calls.filter(({ op, type }) => op === "delete" && type.includes("secretVersion")),
        [],
        "the old value stays for those who started with it",
      );
    });
  });

  describe("ha-web-tier", () => {
    const GROUP = "aws:autoscaling/group:Group";
    const group = () => project.cloud.rollouts.group(project.cloud.of(GROUP)[0]?.outputs.name);

    it("starts with the release that is asked for, and gets the next one by a refresh", async () => {
      const first = await green("ha-web-tier", "v3");
      assert.deepEqual(first.begun, []);
      assert.equal(serving("ha-web-tier"), "v3");
      const next = await green("ha-web-tier", "v4");
      assert.deepEqual(next.begun, ["StartInstanceRefresh v4"]);
      assert.equal(serving("ha-web-tier"), "v4");
      assert.deepEqual(
        next.calls.filter(({ type }) => type === GROUP),
        [],
        "the provider does not write the template to the group",
      );
    });

    it("ends red when the refresh went back, and the group is as before", async () => {
      project.cloud.rollouts.bad.add("v5");
      const kept = group()?.template.version;
      const { output, begun } = await red("ha-web-tier", "v5");
      assert.match(output, /not rolled out on ha-web-tier: .*RollbackSuccessful.*health check/s);
      assert.match(output, new RegExp(`in service: version ${kept}\\)`));
      assert.deepEqual(begun, ["StartInstanceRefresh v5"]);
      assert.equal(serving("ha-web-tier"), "v4");
      assert.equal(group()?.template.version, kept);
    });

    it("begins nothing in a preview and in `refresh --run-program`", nothingElseActs);

    it("starts it again with `up` again", async () => {
      assert.deepEqual((await red("ha-web-tier", "v5")).begun, ["StartInstanceRefresh v5"]);
      project.cloud.rollouts.bad.clear();
      assert.deepEqual((await green("ha-web-tier", "v5")).begun, ["StartInstanceRefresh v5"]);
      assert.equal(serving("ha-web-tier"), "v5");
      assert.deepEqual((await green("ha-web-tier", "v5")).begun, []);
    });

    it("takes a higher `min` while it is scaled out", async () => {
      project.cloud.rollouts.scaleOut(project.cloud.of(GROUP)[0]?.outputs.name, 3);
      const { begun } = await green("ha-web-tier", "v5", { "iamvet:haWebTier": { min: 2, desired: 2 } });
      assert.deepEqual(begun, []);
      assert.equal(group()?.instances.length, 3);
    });

    it("rolls a newer Amazon Linux out like a release, unless one is pinned", async () => {
      const haWebTier = { min: 2, desired: 2, ami: "ami-0fedcba9876543210" };
      const { begun } = await green("ha-web-tier", "v5", { "iamvet:haWebTier": haWebTier });
      assert.deepEqual(begun, ["StartInstanceRefresh v5"]);
    });
  });

  describe("monitored-instance", () => {
    const SERVER = "monitored-instance";
    it("is not installed again what the first boot has installed", async () => {
      const { begun } = await green(SERVER, "v6");
      assert.deepEqual(begun, []);
      assert.equal(serving(SERVER), "v6");
    });

    it("installs the next release in the update, with the recovery kept out meanwhile", async () => {
      const { begun, written } = await green(SERVER, "v7");
      assert.deepEqual(begun, ["SendCommand v7"]);
      assert.equal(serving(SERVER), "v7");
      const [muted, record, unmuted] = written;
      assert.match(muted ?? "", /^monitored-instance-recovery-mute \d{4}-.*Z$/);
      assert.match(record ?? "", /^monitored-instance-record i-\w+ \S+:2$/);
      assert.equal(unmuted, "monitored-instance-recovery-mute off");
      assert.deepEqual((await green(SERVER, "v7")).begun, [], "once");
    });

    it("ends red with the end of its output when it fails, the old one serves on, and `up` again tries again", async () => {
      project.cloud.rollouts.bad.add("v8");
      const { output, begun, written } = await red(SERVER, "v8");
      assert.match(output, /not rolled out on monitored-instance: the server does not confirm/);
      assert.match(output, /Failed, exit code 1.*own record says i-\w+ \S+:2, not/s);
      assert.match(output, /\| sha256sum: WARNING/);
      assert.deepEqual(begun, ["SendCommand v8"]);
      assert.equal(written.at(-1), "monitored-instance-recovery-mute off", "unmuted however it ended");
      assert.equal(serving(SERVER), "v7");
    });

    it("begins nothing in a preview and in `refresh --run-program`", nothingElseActs);

    it("tries it again with `up` again", async () => {
      project.cloud.rollouts.bad.clear();
      assert.deepEqual((await green(SERVER, "v8")).begun, ["SendCommand v8"]);
      assert.equal(serving(SERVER), "v8");
    });

    it("gets changed secrets and settings by the same way", async () => {
      const secrets = await green(SERVER, "v8", { "iamvet:secrets": { AUTH_SECRET: "three" } });
      assert.deepEqual(secrets.begun, ["SendCommand v8"]);
      const app = { version: "v8", migrate: false, environment: { LOG_LEVEL: "debug" } };
      const settings = await green(SERVER, "v8", { "iamvet:secrets": { AUTH_SECRET: "three" }, "iamvet:app": app });
      assert.deepEqual(settings.begun, ["SendCommand v8"]);
    });
  });
});
