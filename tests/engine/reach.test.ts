import assert from "node:assert/strict";
import { movesTraffic } from "./harness/checks";
import type { Call } from "./harness/cloud";
import { signal } from "./harness/processes";
import { tierOf } from "./harness/services";
import { type Project, projectFor, STACK, settings } from "./harness/stack";
import { DOMAIN, SPEED } from "./harness/world";

/** Long enough that an update which begins after another was cut off begins within it. */
const [TTL, DRAIN] = [300, 20];

const isDatabase = ({ type }: Call) => type === "aws:rds/instance:Instance";
const addresses = (calls: readonly Call[]) => calls.filter(isDatabase).map(({ inputs }) => inputs.publiclyAccessible);

/** Who leaves Vercel, whose section of the stack's file may go in the same change. */
const left = () => {
  const { "iamvet:vercel": _, ...rest } = config("monitored-instance");
  return rest;
};
const config = (architecture: string) => settings(architecture, { "iamvet:domain": { name: DOMAIN, ttl: TTL } });

describe("what visitors can still reach, on the real engine", () => {
  let project: Project;
  beforeEach(async function () {
    project = await projectFor(this);
    await must(config("vercel"));
  });
  afterEach(() => project?.stop());

  const up = async (stack: Record<string, unknown>) => {
    project.configure(stack);
    const from = project.cloud.calls.length;
    const { code, output } = await project.up();
    return { code, output, calls: project.cloud.calls.slice(from) };
  };
  const must = async (stack: Record<string, unknown>) => {
    const { code, output, calls } = await up(stack);
    assert.equal(code, 0, output);
    return { output, calls };
  };

  /** Further updates end whole: Vercel goes, and the database's address after it, both not before resolvers have let go. */
  const endsWhole = async (stack: Record<string, unknown>) => {
    const { output } = await must(stack);
    const next = await must(stack);
    const { calls } = project.cloud;
    const moved = Math.max(
      ...calls.filter((call) => movesTraffic(call) && call.op === "update").map(({ time }) => time),
    );
    const closed = calls.find((call) => isDatabase(call) && call.inputs.publiclyAccessible === false);
    const gone = calls.find(({ op, urn }) => op === "delete" && tierOf(urn) === "vercel");
    for (const [what, call] of [
      ["the database lost its public address", closed],
      ["Vercel went", gone],
    ] as const) {
      const waited = ((call?.time ?? 0) - moved + 2 * SPEED) / 1000;
      assert.ok(waited >= TTL + DRAIN, `${what} ${waited} s after visitors were led away, not ${TTL + DRAIN}`);
    }
    assert.deepEqual(addresses(next.calls), [false], "the next plain update takes it");
    assert.match(output, /public address for Vercel, the next `pulumi up` takes it away/);
    assert.deepEqual((await must(stack)).calls, []);
  };

  it("leaving Vercel and removing its section in one change: the database keeps its address while resolvers hold Vercel", async () => {
    await endsWhole(left());
  });

  it("killed during the wait for the TTL, then `up`: the same", async () => {
    project.configure(config("monitored-instance"));
    const args = ["up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive"];
    const { child, done } = project.start("pulumi", ...args);
    let text = "";
    child.stdout?.on("data", (chunk) => {
      const waited = /let go of the old answer/.test(text);
      text += chunk;
      if (!waited && /let go of the old answer/.test(text)) signal(child, "SIGKILL");
    });
    assert.match((await done).output, /let go of the old answer/, "it was killed where it should be");
    await project.must("cancel", "--yes", "--stack", STACK);
    await endsWhole(config("monitored-instance"));
  });

  it("`settled` fails, then `up` as its message says: the same", async () => {
    const record = () => project.cloud.of("aws:route53/record:Record").find(({ name }) => name === "traffic-canary");
    const byHand = (weight: number) => {
      const found = record();
      if (found) found.inputs = { ...found.inputs, weightedRoutingPolicies: [{ weight }] };
    };
    project.cloud.after = ({ name, op }) => {
      if (name === "traffic-state" && op === "update") byHand(7);
    };
    const failed = await up(config("monitored-instance"));
    assert.notEqual(failed.code, 0);
    assert.match(failed.output, /Route 53 does not say what this stack's state says/);
    project.cloud.after = () => {};
    byHand(0);
    await endsWhole(config("monitored-instance"));
  });
});
