import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Call } from "../harness/cloud";
import { signal } from "../harness/processes";
import { type Project, projectFor, STACK, settings } from "../harness/stack";
import { DOMAIN } from "../harness/world";

/** Of each kind that AWS makes once under its name: a resource of the stack, by its name. */
const FIXED = [
  "traffic-intent",
  "traffic-state",
  "traffic-serving",
  "traffic-canary",
  `traffic-www.${DOMAIN}`,
  "incident-config",
  "migrated",
  "load-balancer-http",
  "load-balancer-https",
  "load-balancer-redirect",
  "fargate-probe",
  "asset-server-rule",
  "traffic-catch-all",
  "database-log-postgresql",
  "database-instance",
  "fargate-to-database",
  "fargate-to-targets-3000",
  "fargate-from-balancer-3000",
  "ci-access-github",
] as const;

/** Of what Pulumi names itself. */
const NAMED = ["fargate-service", "load-balancer-balancer"] as const;

describe("what an update that was killed leaves behind, on the real engine", () => {
  let project: Project;
  before(async function () {
    project = await projectFor(this);
  });
  after(() => project?.stop());

  const config = () =>
    settings("fargate", {
      "iamvet:domain": { name: DOMAIN, ttl: 30, redirectFrom: [`www.${DOMAIN}`] },
      "iamvet:app": { version: "v1", migrate: true },
      "iamvet:ci": { repository: "iamvet/site" },
    });
  const since = async <T>(work: () => Promise<T>) => {
    const from = project.cloud.calls.length;
    const did = await work();
    return { did, calls: project.cloud.calls.slice(from) };
  };
  /** Takes resources out of the state, as a kill between AWS's answer and the engine's note leaves it. */
  const forget = async (names: readonly string[]) => {
    const state = JSON.parse(await project.must("stack", "export", "--stack", STACK));
    const nameOf = (urn: string) => urn.split("::").at(-1) ?? "";
    const gone = (urn: string) => names.includes(nameOf(urn));
    const before: { urn: string }[] = state.deployment.resources;
    const found = before.map(({ urn }) => nameOf(urn)).filter((name) => names.includes(name));
    assert.deepEqual(found.sort(), [...names].sort(), "all of them were in the state");
    state.deployment.resources = before.filter(({ urn }) => !gone(urn));
    // What depends on what is forgotten would make the state one that the engine refuses.
    for (const one of state.deployment.resources) {
      one.dependencies = one.dependencies?.filter((urn: string) => !gone(urn));
      for (const key of Object.keys(one.propertyDependencies ?? {})) {
        one.propertyDependencies[key] = one.propertyDependencies[key]?.filter((urn: string) => !gone(urn));
      }
    }
    const file = join(project.folder, "state.json");
    writeFileSync(file, JSON.stringify(state));
    await project.must("stack", "import", "--stack", STACK, "--file", file);
  };

  it("killed in the midst of a creation, by SIGKILL, the next `up` takes over what it left, and completes the site", async () => {
    project.configure(config());
    const args = ["up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive"];
    const { child, done } = project.start("pulumi", ...args);
    project.cloud.after = async ({ name, op }) => {
      if (op !== "create" || name !== "traffic-intent") return;
      signal(child, "SIGKILL");
      await done;
    };
    await done;
    project.cloud.after = () => {};
    await project.must("cancel", "--yes", "--stack", STACK);
    const { did, calls } = await since(() => project.up());
    assert.equal(did.code, 0, did.output);
    assert.match(did.output, /the parameter \/iamvet\/test\/traffic-intent is there already.*it is taken over/);
    assert.ok(!calls.some(({ op, name }) => op === "create" && name === "traffic-intent"), "it was not made again");
  });

  it("each kind that AWS makes once under its name is taken over, and the next `up` changes nothing", async () => {
    await forget(FIXED);
    const { did, calls } = await since(() => project.up());
    assert.equal(did.code, 0, did.output);
    const made = (list: readonly Call[]) =>
      list.map(({ op, name }) => `${op} ${name}`).filter((one) => !/^update/.test(one));
    assert.deepEqual(made(calls), [], "nothing was made again, and nothing deleted");
    const again = await since(() => project.up());
    assert.equal(again.did.code, 0, again.did.output);
    assert.deepEqual(
      again.calls.map(({ op, name }) => `${op} ${name}`),
      [],
    );
  });

  it("a policy that it left on a role, or that somebody added by hand, does not hold the role's deletion up", async () => {
    const policies = () => project.cloud.of("aws:iam/rolePolicy:RolePolicy");
    const held = "fargate-execution-policy";
    await forget([held]);
    const { did } = await since(() => project.up());
    assert.equal(did.code, 0, did.output);
    assert.equal(
      policies().filter(({ name }) => name === held).length,
      2,
      "the role has the one that was left as well",
    );
    project.configure({ ...config(), "iamvet:architecture": "monitored-instance" });
    const away = await since(() => project.up());
    assert.equal(away.did.code, 0, away.did.output);
    assert.ok(away.calls.some(({ op, name }) => op === "delete" && name === "fargate-execution"));
    assert.deepEqual(
      policies().filter(({ name }) => name === held),
      [],
    );
    project.configure(config());
    const back = await since(() => project.up());
    assert.equal(back.did.code, 0, back.did.output);
  });

  it("what is somebody else's is left alone, and named with the command that deletes it", async () => {
    const [intent] = project.cloud.of("aws:ssm/parameter:Parameter").filter(({ name }) => name === "traffic-intent");
    const [rule] = project.cloud.of("aws:lb/listenerRule:ListenerRule").filter(({ name }) => name === "fargate-probe");
    const tags = intent?.inputs.tags;
    for (const one of [intent, rule]) if (one) one.inputs = { ...one.inputs, tags: { ...tags, Stack: "another" } };
    await forget(["traffic-intent", "fargate-probe"]);
    const { did, calls } = await since(() => project.up());
    assert.notEqual(did.code, 0);
    assert.match(did.output, /rule of priority 21 is there already, and it is not this stack's/);
    assert.match(did.output, /aws elbv2 delete-rule --rule-arn arn:aws:elasticloadbalancing/);
    assert.deepEqual(
      calls.filter(({ op }) => op === "delete"),
      [],
    );
    for (const one of [intent, rule]) if (one) one.inputs = { ...one.inputs, tags };
    assert.equal((await project.up()).code, 0);
  });

  it("of what Pulumi names itself a second one is made, and the first one is told of, with the command that deletes it", async () => {
    const [first] = project.cloud.of("aws:ecs/service:Service");
    await forget(NAMED.slice(0, 1));
    const { did, calls } = await since(() => project.up());
    assert.equal(did.code, 0, did.output);
    assert.ok(calls.some(({ op, name }) => op === "create" && name === "fargate-service"));
    assert.match(
      did.output,
      new RegExp(`${first?.id} \\(aws:ecs/service:Service\\) is there from an update that was interrupted`),
    );
    assert.match(did.output, new RegExp(`aws ecs delete-service --force --cluster \\S+ --service ${first?.id}`));
  });
});
