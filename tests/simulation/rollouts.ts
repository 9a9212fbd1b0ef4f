import type { RolloutCloud } from "../../stacks/gates/rollout";
import type { Cloud, Stored } from "../engine/harness/cloud";
import { tierOf } from "../engine/harness/services";

/**
 * What AWS tells of rollouts in the modelled world: one ends well while its tier is well, and goes back once it is sick. How rollouts go
 * has tests of its own, on the facts of tests/standins/rollout-facts.ts.
 */
export function rolloutsIn(cloud: Cloud, sick: ReadonlySet<string>, now: () => number): RolloutCloud {
  const isSick = ({ urn }: Pick<Stored, "urn">) => sick.has(tierOf(urn) ?? "");
  const found = (type: string, isIt: (one: Stored) => boolean) => cloud.of(type).find(isIt);
  const server = (id: string) => found("aws:ec2/instance:Instance", (one) => one.id === id);
  return {
    async service({ service, taskDefinition }) {
      const one = found("aws:ecs/service:Service", ({ id, outputs }) => [id, outputs.name].includes(service));
      if (!one) return { now: now() };
      const bad = isSick(one);
      const at = new Date(now());
      const status = "PRIMARY";
      const counts = { runningCount: bad ? 0 : 1, desiredCount: 1, createdAt: at, updatedAt: at };
      const rolloutState = bad ? "FAILED" : "COMPLETED";
      return { now: now(), service: { deployments: [{ status, taskDefinition, rolloutState, ...counts }] } };
    },
    deploy: async () => {},
    async group({ group, launchTemplate, version }) {
      const one = found("aws:autoscaling/group:Group", ({ id, outputs }) => [id, outputs.name].includes(group));
      if (!one) return {};
      const LaunchTemplate = { LaunchTemplateId: launchTemplate, Version: version };
      const HealthStatus = isSick(one) ? "Unhealthy" : "Healthy";
      const instance = { LifecycleState: "InService" as const, HealthStatus, LaunchTemplate };
      const told = { DesiredCapacity: 1, Instances: [instance as never], LaunchTemplate };
      return {
        group: told as never,
        ...(isSick(one) ? { refresh: { InstanceRefreshId: "1", Status: "RollbackSuccessful" } } : {}),
      };
    },
    startRefresh: async () => "1",
    cancelRefresh: async () => {},
    async record({ instanceId, parameter }) {
      const one = server(instanceId);
      return one && !isSick(one) ? `${instanceId} ${parameter}` : undefined;
    },
    underWay: async () => undefined,
    online: async ({ instanceId }) => server(instanceId) !== undefined,
    install: async () => "1",
    installed: async () => ({ state: "failed", why: "the app does not answer" }),
    mute: async () => async () => {},
  };
}
