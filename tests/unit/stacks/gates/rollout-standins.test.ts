import assert from "node:assert/strict";
import { setTimeout as after } from "node:timers/promises";
import { Cloud, type Properties } from "../../../engine/harness/cloud";
import { SPEED } from "../../../engine/harness/world";

const urn = (type: string, name: string) => `urn:pulumi:test::iamvet::${type}::${name}`;

/** Until everything that takes its time has ended, its way back too. */
const ended = () => after((31_000 / SPEED) | 0);

/** What was wrong, seen by the facts that the stand-ins keep to: the ways that the program no longer goes. */
describe("what the stand-ins of a rollout say of other ways", () => {
  const group = async (inputs: Properties) => {
    const cloud = new Cloud();
    const boot = (version: string) => ({ type: "String", value: JSON.stringify({ version }) });
    const parameter = await cloud.create(urn("aws:ssm/parameter:Parameter", "boot"), boot("v1"));
    const template = (version: number, imageId = "ami-1") => ({
      imageId,
      tagSpecifications: [{ tags: { "boot-parameter": `${parameter.outputs.name}:${version}` } }],
    });
    const made = await cloud.create(urn("aws:ec2/launchTemplate:LaunchTemplate", "template"), template(1));
    const asked = (version: string) => ({ minSize: 1, launchTemplate: { id: made.id, version }, ...inputs });
    const { id, outputs, urn: own } = await cloud.create(urn("aws:autoscaling/group:Group", "group"), asked("1"));
    await cloud.update(parameter.urn, parameter.id, boot("v2"));
    return {
      cloud,
      name: outputs.name as string,
      next: (imageId?: string) => cloud.update(made.urn, made.id, template(2, imageId)),
      update: (further: Properties = {}, version = "2") => cloud.update(own, id, { ...asked(version), ...further }),
      desired: { id: made.id, version: "2" },
    };
  };

  it("the provider's refresh goes back to the version that has just failed (terraform-provider-aws#34189)", async () => {
    const { cloud, name, next, update } = await group({ instanceRefresh: { preferences: { autoRollback: true } } });
    cloud.rollouts.bad.add("v2");
    await next();
    await update();
    await ended();
    const state = cloud.rollouts.group(name);
    assert.equal(state?.refreshes[0]?.status, "RollbackSuccessful");
    assert.deepEqual([state?.template.version, state?.instances[0]?.version], ["2", "2"]);
  });

  it("a refresh of one's own goes back to the version before", async () => {
    const { cloud, name, next, desired } = await group({});
    cloud.rollouts.bad.add("v2");
    await next();
    cloud.rollouts.startRefresh(name, desired, true);
    assert.throws(() => cloud.rollouts.startRefresh(name, desired, true), { code: "InstanceRefreshInProgress" });
    await ended();
    const state = cloud.rollouts.group(name);
    assert.equal(state?.refreshes[0]?.status, "RollbackSuccessful");
    assert.deepEqual([state?.template.version, state?.instances[0]?.version], ["1", "1"]);
  });

  it("automatic rollback is refused for an AMI by its alias, and without a desired configuration", async () => {
    const { cloud, name, next, desired } = await group({});
    await next("resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023");
    assert.throws(() => cloud.rollouts.startRefresh(name, desired, true), { code: "ValidationError" });
    assert.throws(() => cloud.rollouts.startRefresh(name, undefined, true), { code: "ValidationError" });
  });

  it("waiting for exactly `min` fails in a group that has scaled out", async () => {
    for (const [input, fails] of [
      ["waitForElbCapacity", true],
      ["minElbCapacity", false],
    ] as const) {
      const { cloud, name, update } = await group({ [input]: 1 });
      cloud.rollouts.scaleOut(name, 3);
      const raised = update({ minSize: 2, [input]: 2 }, "1");
      await (fails ? assert.rejects(raised, /exactly 2 healthy instances; there are 3/) : raised);
    }
  });
});
