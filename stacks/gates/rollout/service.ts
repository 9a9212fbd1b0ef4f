import type { Service } from "@aws-sdk/client-ecs";
import type { Rollout } from "../../../core/web-tier";
import { type Look, never, notYet } from "../wait";
import type { Watch } from ".";

type Asked = Extract<Rollout, { kind: "ecs" }>;

/** What a service's rollout is asked and begun by. */
export interface ServiceCloud {
  /** `now` is the clock of AWS, in milliseconds since the epoch. */
  service(asked: Asked): Promise<{ readonly service?: Service; readonly now: number }>;
  /** Deploys a task definition although the service's last deployment of it was given up. */
  deploy(asked: Asked): Promise<void>;
}

/**
 * A service that has stood rolled back since before this update is deployed again: the state believes that it runs what was asked, so
 * the engine changes nothing. One that went back during this update is the error of this update.
 * @param elapsed milliseconds since this update began
 */
export function watchService(
  asked: Asked,
  cloud: ServiceCloud,
  elapsed: () => number,
  log: (message: string) => void,
): Watch {
  let again = false;
  return {
    async look() {
      const { service, now } = await cloud.service(asked);
      const seen = judgeService(asked, service);
      if (seen.done || !seen.final || lastChange(service) >= now - elapsed()) return seen;
      if (again) return notYet("ECS has not begun to deploy it again");
      again = true;
      log(`${seen.why}. That was before this update: ${short(asked.taskDefinition)} is deployed again`);
      await cloud.deploy(asked);
      return notYet(`${short(asked.taskDefinition)} is deployed again`);
    },
  };
}

/** Of any of the service's deployments, in milliseconds since the epoch: a rollback may go on in the deployment that it returns to. */
const lastChange = (service: Service | undefined): number =>
  Math.max(
    0,
    ...(service?.deployments ?? []).flatMap(({ createdAt, updatedAt }) =>
      [createdAt, updatedAt].map((at) => at?.getTime() ?? 0),
    ),
  );

const TELLS_WHY = /failed|unable|unhealthy|alarm detected/i;

/** After a rollback the circuit breaker's deployment is the primary one, of the old task definition, and steady. */
export function judgeService(asked: Asked, service: Service | undefined): Look {
  if (!service || service.status === "INACTIVE") return notYet(`ECS does not know the service ${asked.service} (yet)`);
  const deployments = service.deployments ?? [];
  const primary = deployments.find(({ status }) => status === "PRIMARY");
  // An earlier deployment of the same definition, which failed, may still be listed.
  const ofAsked = deployments.filter(({ taskDefinition }) => taskDefinition === asked.taskDefinition);
  const own = ofAsked.find((one) => one === primary) ?? ofAsked[0];
  // Newest first; after a rollback the newest says that all is steady again, and one further down says why.
  const messages = service.events?.flatMap(({ message }) => message ?? []) ?? [];
  const event = messages.find((message) => TELLS_WHY.test(message)) ?? messages[0];
  const because = event ? `; ECS says: ${event}` : "";
  if (own?.rolloutState === "FAILED") {
    return never(`the deployment of ${short(asked.taskDefinition)} failed: ${own.rolloutStateReason ?? ""}${because}`);
  }
  if (!primary) return notYet("the service has no primary deployment yet");
  if (primary.taskDefinition !== asked.taskDefinition) {
    const why = `ECS runs ${short(primary.taskDefinition)} instead of ${short(asked.taskDefinition)}`;
    return primary.rolloutState === "COMPLETED"
      ? never(`${why}: it was rolled back${because}`)
      : notYet(`${why}${because}`);
  }
  const running = primary.runningCount ?? 0;
  const desired = primary.desiredCount ?? 0;
  const others = deployments.filter((one) => one !== primary && (one.runningCount ?? 0) > 0).length;
  // A deployment controller other than ECS reports no state of its rollout.
  const completed = primary.rolloutState === undefined || primary.rolloutState === "COMPLETED";
  if (completed && desired > 0 && running >= desired && others === 0) return { done: true };
  if (desired === 0) return notYet("the service is asked to run no task at all");
  return notYet(`${running} of ${desired} tasks run, rollout ${primary.rolloutState ?? "unknown"}${because}`);
}

const short = (arn: string | undefined) => arn?.split("/").pop() ?? "nothing";
