import assert from "node:assert/strict";
import { movesTraffic } from "./harness/checks";
import { type Project, projectFor, STACK, settings } from "./harness/stack";
import { ADDRESSES } from "./harness/world";

const BACK = `To go back: \`pulumi config set --stack ${STACK} iamvet:architecture monitored-instance && pulumi up --stack ${STACK}\``;

/** What a stop says is what is live, on the real engine. */
describe("the message of a stop", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this, () => settings("monitored-instance"));
  });
  after(() => project?.stop());
  afterEach(() => project.calm());

  const stopped = async (architecture: string) => {
    project.configure(settings(architecture));
    const calls = project.cloud.calls.length;
    const { code, output } = await project.up();
    assert.notEqual(code, 0, output);
    const did = project.cloud.calls.slice(calls);
    assert.deepEqual(
      did.filter(({ op }) => op === "delete"),
      [],
    );
    assert.doesNotMatch(output, /<what|<stack>/, "real values, no places to fill in");
    return { output, moved: did.some((call) => movesTraffic(call)) };
  };

  it("where a record was changed by hand: nothing has moved, and only a refresh cures it", async () => {
    const record = project.cloud.of("aws:route53/record:Record").find(({ name }) => name === "traffic-serving");
    assert.ok(record);
    record.inputs = { ...record.inputs, records: [ADDRESSES.instances[1]] };
    record.outputs = { ...record.outputs, records: [ADDRESSES.instances[1]] };
    const { output, moved } = await stopped("monitored-instance");
    assert.equal(moved, false);
    assert.match(output, /Traffic has not moved: monitored-instance has all visitors/);
    assert.match(output, /Route 53 does not say what this stack's state says/);
    assert.match(
      output,
      /To go on: `pulumi refresh --stack test`, which takes over what is live, then `pulumi up --stack test`/,
    );
    assert.doesNotMatch(output, /has moved to|Both sides are live/);
    await project.must("refresh", "--yes", "--skip-preview", "--stack", STACK);
    const { code, output: mended } = await project.up();
    assert.equal(code, 0, mended);
    assert.deepEqual(record.inputs.records, [ADDRESSES.instance]);
  });

  it("where traffic has moved, and at the second up, which moves nothing: the command back is the same", async () => {
    project.cloud.after = ({ name, op }) => {
      if (name === "traffic-state" && op === "update") project.services.health.sick.add("vercel");
    };
    const first = await stopped("vercel");
    assert.equal(first.moved, true);
    assert.match(first.output, /Traffic has moved to vercel[\s\S]*Both sides are live/);
    assert.ok(first.output.includes(BACK), first.output);
    const second = await stopped("vercel");
    assert.equal(second.moved, false);
    assert.match(second.output, /Traffic points at vercel, where this update did not move it/);
    assert.doesNotMatch(second.output, /has moved|Both sides are live/);
    assert.ok(second.output.includes(BACK), second.output);
  });

  it("and the command back leads back", async () => {
    const where = ["--stack", STACK, "--non-interactive"];
    await project.must("config", "set", "iamvet:architecture", "monitored-instance", ...where);
    const { code, output } = await project.up();
    assert.equal(code, 0, output);
    const serving = project.cloud.of("aws:route53/record:Record").find(({ name }) => name === "traffic-serving");
    assert.deepEqual(serving?.inputs.records, [ADDRESSES.instance]);
  });
});
