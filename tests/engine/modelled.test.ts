import assert from "node:assert/strict";
import { leaveOut } from "../../cli/planner/plan-shortcuts";
import { readStack } from "../../stacks/config";
import { liveGates } from "../../stacks/gates";
import { deploySite } from "../../stacks/site";
import { Engine } from "../simulation/engine";
import { ModelWorld } from "../simulation/world";
import type { Call } from "./harness/cloud";
import { signal } from "./harness/processes";
import { type Project, projectFor, STACK, settings } from "./harness/stack";
import { REGION } from "./harness/world";

type Config = Readonly<Record<string, unknown>>;

/** One update of a fixed history: what is asked, which create is refused, after which update the engine is killed. */
interface Step {
  readonly what: string;
  readonly config: Config;
  readonly refused?: string;
  readonly killedAfter?: string;
}

const STEPS: readonly Step[] = [
  { what: "a first update", config: settings("monitored-instance") },
  { what: "a second one", config: settings("monitored-instance") },
  { what: "a flip", config: settings("fargate") },
  {
    what: "a change that makes new ones beside",
    config: settings("fargate", { "iamvet:app": { version: "v1", port: 3001 } }),
  },
  { what: "a creation that is refused", config: settings("vercel"), refused: "vercel-deployment" },
  { what: "and the same again", config: settings("vercel") },
  { what: "a flip that is killed", config: settings("monitored-instance"), killedAfter: "traffic-serving" },
  { what: "and the same again, after a refresh", config: settings("monitored-instance") },
  { what: "what the foundation had kept", config: settings("monitored-instance") },
];

/** What awsx's plugin registers in its own process, which the modelled engine does not run. */
const isElsewhere = ({ type }: Call) => type === "aws:ecr/repository:Repository";

/** The requests of one update that can be compared: the real engine makes independent ones side by side, in no order. */
function told(calls: readonly Call[]) {
  const ours = calls.filter((call) => !isElsewhere(call));
  const texts = (of: readonly Call[]) => of.map(({ op, urn }) => `${op} ${urn.split("::").slice(2).join("::")}`);
  const changes = ours.filter(({ op }) => op !== "delete");
  return {
    requests: texts(ours).sort(),
    // What hangs together keeps its order in both.
    traffic: texts(ours.filter(({ name }) => name.startsWith("traffic-"))),
    deletedLast: ours.slice(0, changes.length).every(({ op }) => op !== "delete"),
  };
}

describe("the modelled engine makes the requests that the real one makes", () => {
  let project: Project;
  let restore = () => {};
  const world = new ModelWorld();
  const engine = new Engine(world.cloud, () => world.pass(1));
  before(async function () {
    project = await projectFor(this);
    process.env.VERCEL_API_TOKEN ??= "test";
    restore = leaveOut();
  });
  after(() => {
    restore();
    project?.stop();
  });

  const real = async ({ config, refused, killedAfter }: Step) => {
    const { cloud } = project;
    project.configure(config);
    const from = cloud.calls.length;
    const args = ["up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive"];
    const { child, done } = project.start("pulumi", ...args);
    cloud.before = (op, _, name) => {
      if (op === "create" && name === refused) throw new Error("refused");
    };
    cloud.after = async ({ name, op }) => {
      if (op !== "update" || name !== killedAfter) return;
      signal(child, "SIGKILL");
      await done;
    };
    await done;
    [cloud.before, cloud.after] = [() => {}, () => {}];
    const calls = cloud.calls.slice(from);
    if (killedAfter) {
      await project.must("cancel", "--yes", "--stack", STACK);
      await project.must("refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", STACK);
    }
    return calls;
  };

  const modelled = async ({ config, refused, killedAfter }: Step) => {
    const { cloud } = world;
    const from = cloud.calls.length;
    const texts = Object.entries({ "aws:region": REGION, ...config }).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    const program = async () => {
      const stack = readStack();
      const gates = liveGates({ ...stack.settings.gates, ...world.gateOptions(() => 0) });
      return deploySite(stack, { ...gates, rolledOut: async () => {} });
    };
    engine.cutAt = ({ op, name }) =>
      op === "create" && name === refused
        ? "refused"
        : op === "update" && name === killedAfter
          ? "unrecorded"
          : undefined;
    await engine.up(program, Object.fromEntries(texts));
    if (killedAfter) engine.refresh();
    return cloud.calls.slice(from);
  };

  for (const step of STEPS) {
    it(step.what, async () => {
      assert.deepEqual(told(await modelled(step)), told(await real(step)));
    });
  }
});
