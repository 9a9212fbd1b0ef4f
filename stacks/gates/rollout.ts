import type { AutoScalingGroup, InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import type { Service } from "@aws-sdk/client-ecs";
import type { Rollout } from "../../components/web-tier";
import type { AwsReader } from "./aws";
import { lookAtDeployment } from "./vercel";
import type { Look } from "./wait";

/** Does what runs equal what was asked? */
export async function lookAtRollout(rollout: Rollout, aws: AwsReader): Promise<Look> {
  if (rollout.kind === "ecs") return judgeService(rollout, await aws.service(rollout.cluster, rollout.service));
  if (rollout.kind === "vercel") return lookAtDeployment(rollout);
  const { group, refresh } = await aws.group(rollout.group);
  return judgeGroup(rollout, group, refresh);
}

type Ecs = Extract<Rollout, { kind: "ecs" }>;
type Group = Extract<Rollout, { kind: "autoscaling" }>;

const TELLS_WHY = /failed|unable|unhealthy|alarm detected/i;

/** After a rollback the circuit breaker's deployment is the primary one, of the old task definition, and steady. */
export function judgeService(asked: Ecs, service: Service | undefined): Look {
  if (!service || service.status === "INACTIVE") return wait(`ECS does not know the service ${asked.service} (yet)`);
  const deployments = service.deployments ?? [];
  const primary = deployments.find(({ status }) => status === "PRIMARY");
  const own = deployments.find(({ taskDefinition }) => taskDefinition === asked.taskDefinition);
  // Newest first; after a rollback the newest says that all is steady again, and one further down says why.
  const messages = service.events?.flatMap(({ message }) => message ?? []) ?? [];
  const event = messages.find((message) => TELLS_WHY.test(message)) ?? messages[0];
  const because = event ? `; ECS says: ${event}` : "";
  if (own?.rolloutState === "FAILED") {
    return never(`the deployment of ${short(asked.taskDefinition)} failed: ${own.rolloutStateReason ?? ""}${because}`);
  }
  if (!primary) return wait("the service has no primary deployment yet");
  if (primary.taskDefinition !== asked.taskDefinition) {
    const why = `ECS runs ${short(primary.taskDefinition)} instead of ${short(asked.taskDefinition)}`;
    return primary.rolloutState === "COMPLETED"
      ? never(`${why}: it was rolled back${because}`)
      : wait(`${why}${because}`);
  }
  const running = primary.runningCount ?? 0;
  const desired = primary.desiredCount ?? 0;
  const others = deployments.filter((one) => one !== primary && (one.runningCount ?? 0) > 0).length;
  // A deployment controller other than ECS reports no state of its rollout.
  const completed = primary.rolloutState === undefined || primary.rolloutState === "COMPLETED";
  if (completed && desired > 0 && running >= desired && others === 0) return { done: true };
  if (desired === 0) return wait("the service is asked to run no task at all");
  return wait(`${running} of ${desired} tasks run, rollout ${primary.rolloutState ?? "unknown"}${because}`);
}

const ENDED_BADLY = new Set(["Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"]);
const UNDER_WAY = new Set(["Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"]);

/** An update of the group returns when its instance refresh starts, so instances are counted by their template's version. */
export function judgeGroup(asked: Group, group: AutoScalingGroup | undefined, refresh?: InstanceRefresh): Look {
  if (!group) return wait(`Auto Scaling does not know the group ${asked.group} (yet)`);
  const instances = group.Instances ?? [];
  const good = instances.filter(
    ({ LifecycleState, HealthStatus, LaunchTemplate }) =>
      LifecycleState === "InService" &&
      HealthStatus?.toLowerCase() === "healthy" &&
      LaunchTemplate?.LaunchTemplateId === asked.launchTemplate &&
      LaunchTemplate?.Version === asked.version,
  ).length;
  const desired = group.DesiredCapacity ?? 0;
  const state = `${good} of ${desired} instances in service with version ${asked.version} of ${asked.launchTemplate}`;
  if (refresh?.Status && UNDER_WAY.has(refresh.Status)) {
    return wait(`${state}, instance refresh ${refresh.Status} (${refresh.PercentageComplete ?? 0} %)`);
  }
  if (desired > 0 && good >= desired && good === instances.length) return { done: true };
  if (desired === 0) return wait("the group is asked to run no instance at all");
  if (refresh?.Status && ENDED_BADLY.has(refresh.Status)) {
    return never(
      `${state}; the instance refresh ended as ${refresh.Status}: ${refresh.StatusReason ?? "no reason given"}`,
    );
  }
  return wait(state);
}

const wait = (why: string): Look => ({ done: false, why });
const never = (why: string): Look => ({ done: false, why, final: true });
const short = (arn: string | undefined) => arn?.split("/").pop() ?? "nothing";
