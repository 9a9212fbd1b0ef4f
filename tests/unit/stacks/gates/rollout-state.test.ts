import assert from "node:assert/strict";
import { judgeGroup } from "../../../../stacks/gates/rollout/group";
import { judgeService } from "../../../../stacks/gates/rollout/service";

describe("rollouts", () => {
  const ecs = { kind: "ecs", cluster: "c", service: "s", taskDefinition: "td:2" } as const;
  const primary = {
    status: "PRIMARY",
    taskDefinition: "td:2",
    rolloutState: "COMPLETED" as const,
    desiredCount: 2,
    runningCount: 2,
  };
  const service = (...deployments: object[]) => ({ status: "ACTIVE", deployments });

  it("ECS: done when all tasks of the definition run and none of another", () => {
    assert.deepEqual(judgeService(ecs, service(primary)), { done: true });
    assert.equal(judgeService(ecs, service({ ...primary, runningCount: 1 })).done, false);
    assert.equal(
      judgeService(ecs, service(primary, { status: "ACTIVE", taskDefinition: "td:1", runningCount: 1 })).done,
      false,
    );
    assert.equal(judgeService(ecs, service({ ...primary, desiredCount: 0, runningCount: 0 })).done, false);
    assert.equal(judgeService(ecs, undefined).done, false);
  });

  const group = {
    kind: "autoscaling",
    group: "g",
    launchTemplate: "lt",
    version: "3",
    warmupSeconds: 1,
    alarms: [],
  } as const;
  const instance = (Version: string, LifecycleState = "InService") => ({
    InstanceId: "i",
    AvailabilityZone: "a",
    ProtectedFromScaleIn: false,
    HealthStatus: "Healthy",
    LifecycleState: LifecycleState as "InService",
    LaunchTemplate: { LaunchTemplateId: "lt", Version },
  });
  const asg = (...Instances: ReturnType<typeof instance>[]) => ({ DesiredCapacity: 2, Instances }) as never;

  it("Auto Scaling: done when every instance has the version and no refresh is under way", () => {
    const both = asg(instance("3"), instance("3"));
    assert.deepEqual(judgeGroup(group, both), { done: true });
    assert.equal(judgeGroup(group, both, { Status: "InProgress" }).done, false);
    assert.equal(judgeGroup(group, asg(instance("3"), instance("2"))).done, false);
    assert.equal(judgeGroup(group, asg(instance("3"), instance("3", "Pending"))).done, false);
  });

  it("Auto Scaling: an old failed refresh says nothing once all instances are right, and is final otherwise", () => {
    const failed = { Status: "RollbackSuccessful" as const, StatusReason: "alarm" };
    assert.deepEqual(judgeGroup(group, asg(instance("3"), instance("3")), failed), { done: true });
    const look = judgeGroup(group, asg(instance("2"), instance("2")), failed);
    assert.ok(!look.done && look.final && /alarm/.test(look.why));
  });
});
