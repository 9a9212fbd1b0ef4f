import type { AutoScalingGroup, InstanceRefresh } from "@aws-sdk/client-auto-scaling";
import type { Rollout } from "../../../core/web-tier";
import { type Look, never, notYet } from "../wait";
import type { Watch } from ".";

type Asked = Extract<Rollout, { kind: "autoscaling" }>;

/** What a group's rollout is asked and begun by. */
export interface GroupCloud {
  /** The group, and its latest instance refresh. */
  group(asked: Asked): Promise<{ readonly group?: AutoScalingGroup; readonly refresh?: InstanceRefresh }>;
  /** @returns the id of the refresh; undefined if another one has begun meanwhile */
  startRefresh(asked: Asked): Promise<string | undefined>;
  cancelRefresh(asked: Asked): Promise<void>;
}

/** Auto Scaling ends these by itself; one that replaces instances may be cancelled, one that goes back may not. */
const CANCELLABLE = new Set(["Pending", "InProgress", "Baking"]);
const UNDER_WAY = new Set([...CANCELLABLE, "Cancelling", "RollbackInProgress"]);
const ENDED_BADLY = new Set(["Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"]);

/**
 * Replaces the instances by an instance refresh of this program's own, which names the version as its desired configuration: the group
 * keeps the version before until the refresh has succeeded, so that a rollback has somewhere to return to. A refresh for the same
 * version is joined; one for another version is cancelled, as AWS runs one at a time, and one that goes back is waited for.
 */
export function watchGroup(asked: Asked, cloud: GroupCloud, log: (message: string) => void): Watch {
  let own: string | undefined;
  return {
    async look() {
      const { group, refresh } = await cloud.group(asked);
      const seen = judgeGroup(asked, group, refresh);
      if (seen.done || !group) return seen;
      // What AWS lists may be older than what it has just started.
      if (own) return refresh?.InstanceRefreshId === own ? seen : notYet(`the instance refresh ${own} begins`);
      if (refresh?.Status && UNDER_WAY.has(refresh.Status)) {
        if (!CANCELLABLE.has(refresh.Status)) return notYet(`${seen.why}, which is waited for`);
        if (isAsked(asked, refresh.DesiredConfiguration?.LaunchTemplate)) {
          own = refresh.InstanceRefreshId;
          return seen;
        }
        log(`Another instance refresh of ${asked.group} is under way, for another version: it is cancelled`);
        await cloud.cancelRefresh(asked);
        return notYet("the instance refresh of another version is cancelled");
      }
      // Those of the right version are only coming up; a refresh would begin with them anew.
      const instances = group.Instances ?? [];
      if (isAsked(asked, group.LaunchTemplate) && instances.every((one) => isAsked(asked, one.LaunchTemplate))) {
        return notYet(seen.why);
      }
      own = await cloud.startRefresh(asked);
      if (own) log(`Auto Scaling replaces the instances of ${asked.group} by version ${asked.version}`);
      return notYet(seen.why);
    },
  };
}

/** A refresh that ended well may have replaced nothing (skip matching), so instances and the group are asked, not the refresh alone. */
export function judgeGroup(asked: Asked, group: AutoScalingGroup | undefined, refresh?: InstanceRefresh): Look {
  if (!group) return notYet(`Auto Scaling does not know the group ${asked.group} (yet)`);
  const instances = group.Instances ?? [];
  const serving = instances.filter(
    ({ LifecycleState, HealthStatus }) => LifecycleState === "InService" && HealthStatus?.toLowerCase() === "healthy",
  );
  const good = serving.filter(({ LaunchTemplate }) => isAsked(asked, LaunchTemplate)).length;
  const desired = group.DesiredCapacity ?? 0;
  const others = [...new Set(serving.map(({ LaunchTemplate }) => LaunchTemplate?.Version ?? "none"))].sort();
  const state =
    `${good} of ${desired} instances in service with version ${asked.version} of ${asked.launchTemplate}` +
    ` (in service: version ${others.join(" and ") || "none"})`;
  if (refresh?.Status && UNDER_WAY.has(refresh.Status)) {
    return notYet(`${state}, instance refresh ${refresh.Status} (${refresh.PercentageComplete ?? 0} %)`);
  }
  // An instance that is started tomorrow has the version of the group.
  const kept = group.LaunchTemplate === undefined || isAsked(asked, group.LaunchTemplate);
  if (desired > 0 && good >= desired && good === instances.length && kept) return { done: true };
  if (refresh?.Status && ENDED_BADLY.has(refresh.Status)) {
    return never(
      `${state}; the instance refresh ended as ${refresh.Status}: ${refresh.StatusReason ?? "no reason given"}`,
    );
  }
  return notYet(desired === 0 ? "the group is asked to run no instance at all" : state);
}

const isAsked = (
  { launchTemplate, version }: Asked,
  found: { LaunchTemplateId?: string; Version?: string } | undefined,
): boolean => found?.LaunchTemplateId === launchTemplate && found.Version === version;
