import assert from "node:assert/strict";
import { movesTraffic, violations, waitOf } from "./harness/checks";
import type { Call } from "./harness/cloud";
import { signal } from "./harness/processes";
import { tierOf } from "./harness/services";
import { type Project, projectFor, STACK, settings } from "./harness/stack";
import { ADDRESSES, DOMAIN } from "./harness/world";

const isDatabase = ({ type }: Call) => type === "aws:rds/instance:Instance";

/** What a flip has to know of the updates before it. */
describe("what the gates remember, on the real engine", () => {
  let project: Project;
  beforeEach(async function () {
    project = await projectFor(this);
  });
  afterEach(() => project?.stop());

  const up = async (config: Record<string, unknown>) => {
    project.configure(config);
    const { cloud, services } = project;
    const [calls, answers] = [cloud.calls.length, services.health.answers.length];
    const { code, output } = await project.up();
    return { code, output, calls: cloud.calls.slice(calls), answers: services.health.answers.slice(answers) };
  };
  const must = async (config: Record<string, unknown>) => {
    const { code, output, ...did } = await up(config);
    assert.equal(code, 0, output);
    return { output, ...did };
  };

  it("a TTL that an update was about to lower when it was killed still counts in the flip after", async () => {
    const long = 300;
    const withTtl = (architecture: string, ttl: number, traffic = {}) =>
      settings(architecture, { "iamvet:domain": { name: DOMAIN, ttl }, "iamvet:traffic": traffic });
    // Built ahead, so that the flip itself takes less than the TTL.
    const warm = { canary: "fargate", percent: 0 };
    await must(withTtl("monitored-instance", long, warm));
    project.configure(withTtl("monitored-instance", 30, warm));
    const before = project.cloud.calls.length;
    const args = ["up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive"];
    const { child, done } = project.start("pulumi", ...args);
    let text = "";
    child.stdout?.on("data", (chunk) => {
      const changed = () => /traffic-serving updated/.test(text);
      const earlier = changed();
      text += chunk;
      if (changed() && !earlier) signal(child, "SIGKILL");
    });
    const { output } = await done;
    assert.match(output, /traffic-serving updated/, "it was killed where it should be");
    const lowered = project.cloud.calls.slice(before).filter(movesTraffic).at(-1);
    await project.must("cancel", "--yes", "--stack", STACK);

    const flip = await must(withTtl("fargate", 30));
    const deleted = flip.calls.find(({ op, urn }) => op === "delete" && tierOf(urn) === "monitored-instance");
    const waited = ((deleted?.time ?? 0) - (lowered?.time ?? 0)) / 1000;
    assert.ok(waited >= long + 20, `the old tier was deleted ${waited} s after the TTL was lowered`);
  });

  it("the database keeps the public address that Vercel needs while it has visitors, and loses it with the update after", async () => {
    const address = (calls: readonly Call[]) => calls.filter(isDatabase).map(({ inputs }) => inputs.publiclyAccessible);
    const first = await must(settings("vercel"));
    assert.deepEqual(address(first.calls), [true]);

    project.services.health.sick.add("monitored-instance");
    const refused = await up(settings("monitored-instance"));
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /monitored-instance is not ready/);
    assert.deepEqual(address(refused.calls), [], "Vercel serves on, and needs its database");

    project.services.health.sick.clear();
    const { calls, answers } = await must(settings("monitored-instance"));
    const flip = { from: "vercel", to: "monitored-instance", seconds: waitOf("vercel") };
    assert.deepEqual(violations(calls, answers, flip), []);
    assert.deepEqual(address(calls), [], "it had visitors when the foundation was updated");

    const after = await must(settings("monitored-instance"));
    assert.deepEqual(address(after.calls), [false]);
    assert.deepEqual(
      after.calls.filter((call) => !isDatabase(call)),
      [],
    );
  });

  it("a server that was there before is moved away from and back to, and never touched", async () => {
    project.services.health.ownServer = true;
    const existing = {
      instanceId: "i-0123456789abcdef0",
      securityGroupId: "sg-0123456789abcdef0",
      addresses: [ADDRESSES.instance],
    };
    const config = (architecture: string) => settings(architecture, { "iamvet:existing": existing });
    const walk = ["monitored-instance", "fargate", "monitored-instance", "vercel", "monitored-instance"];
    await must(config(walk[0] as string));
    for (const [step, to] of walk.slice(1).entries()) {
      const from = walk[step] as string;
      const { calls, answers } = await must(config(to));
      assert.deepEqual(violations(calls, answers, { from, to, seconds: waitOf(from) }), [], `${from} -> ${to}`);
    }
    const servers = project.cloud.calls.filter(({ type }) => /^aws:ec2\/(instance|eip)/.test(type));
    assert.deepEqual(servers, [], "the stack neither makes nor deletes a server");
    const records = project.cloud.of("aws:route53/record:Record").filter(({ name }) => name === "traffic-serving");
    assert.deepEqual(
      records.map(({ inputs }) => inputs.records),
      [[ADDRESSES.instance]],
    );
  });
});
