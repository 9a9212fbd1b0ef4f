import assert from "node:assert/strict";
import type { InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import type { Service } from "@aws-sdk/client-ecs";
import { judgeGroup } from "../../stacks/gates/refresh";
import { judgeService } from "../../stacks/gates/service";
import type { Look } from "../../stacks/gates/wait";
import answers from "./answers/rollouts.json";

/** Answers as they followed each other while a release failed. */
interface Step {
  readonly says: string;
  readonly because?: string;
}

const { asked: askedEcs, ...ecs } = answers.ecs;
const { asked: askedGroup, ...groups } = answers.autoscaling;

function check(look: Look, { says, because }: Step) {
  assert.equal(look.done, false, "a release that failed is never taken for one that runs");
  if (look.done) return;
  assert.equal(look.final ?? false, says === "never", look.why);
  if (because) assert.match(look.why, new RegExp(because));
}

describe("a release that rolled back", () => {
  for (const [why, steps] of Object.entries(ecs)) {
    it(`ECS, by ${why}`, () => {
      for (const step of steps) {
        check(judgeService({ kind: "ecs", ...askedEcs }, step.service as unknown as Service), step);
      }
    });
  }

  for (const [why, steps] of Object.entries(groups)) {
    it(`Auto Scaling, ${why}`, () => {
      for (const step of steps) {
        const Instances = step.instances.map(({ version, state }, index) => ({
          InstanceId: `i-${index}`,
          AvailabilityZone: "ap-northeast-2a",
          HealthStatus: "Healthy",
          LifecycleState: state,
          LaunchTemplate: { LaunchTemplateId: askedGroup.launchTemplate, Version: version },
        }));
        const group = { DesiredCapacity: 1, Instances } as never;
        check(
          judgeGroup(
            { kind: "autoscaling", warmupSeconds: 180, alarms: [], ...askedGroup },
            group,
            step.refresh as InstanceRefresh,
          ),
          step,
        );
      }
    });
  }
});
