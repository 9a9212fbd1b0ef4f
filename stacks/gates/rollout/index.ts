import * as pulumi from "@pulumi/pulumi";
import { reason } from "../../../core/errors";
import type { Rollout } from "../../../core/web-tier";
import type { Gates } from "../contract";
import type { Context } from "../gate-context";
import { type Look, lookUntil, never, notYet, type Patience, refused } from "../wait";
import { type GroupCloud, watchGroup } from "./group";
import { type ServerCloud, watchServer } from "./server-rollout";
import { type ServiceCloud, watchService } from "./service";
import { lookAtDeployment } from "./vercel-rollout";

/** What rollouts are asked and begun by; tests bring their own. */
export type RolloutCloud = ServiceCloud & GroupCloud & ServerCloud;

/**
 * One rollout under watch. A look acts at most once: it begins what nothing else begins or begins again, and the later looks see how
 * that went. So a rollout that went back is an error of this update, and the next update begins it again.
 */
export interface Watch {
  look(): Promise<Look>;
  /** Undoes what held for the time of the watch, however that ended. */
  end?(): Promise<void>;
}

/** A tier whose rollout is to be watched to its end. */
export interface TierToRollOut {
  readonly tier: string;
  readonly rollout: Rollout;
}

export const rolledOut =
  ({ rollouts, began, patience, question }: Context): Gates["rolledOut"] =>
  async ({ tier, rollout }) => {
    const until = patience();
    const watch = watchOf(rollout, rollouts, began, until);
    const last: { look?: Look } = {};
    const look = async (): Promise<Look> => {
      try {
        return await question("the state of the rollout", watch.look());
      } catch (error) {
        return (refused(error) ? never : notYet)(reason(error));
      }
    };
    try {
      const why = await lookUntil(`Waiting for the rollout of ${tier}`, 1, until, async () => {
        last.look = await look();
        return last.look;
      });
      if (why === undefined) return;
      const over = last.look?.done === false && last.look.final;
      throw new pulumi.RunError(
        [
          over
            ? `The release was not rolled out on ${tier}: ${WITNESSES[rollout.kind]} does not confirm what was asked.`
            : `The rollout on ${tier} did not end in time, and goes on.`,
          `  ${why}`,
          "No traffic was moved to another tier, and nothing was deleted. Visitors are served by what runs.",
          over
            ? "To go on: repair the release and run `pulumi up` again, which begins the rollout again."
            : "To go on: run `pulumi up` again, which watches it on; `gates.timeoutSeconds` is how long it waits.",
        ].join("\n"),
      );
    } finally {
      await watch.end?.();
    }
  };

const WITNESSES = { ecs: "ECS", autoscaling: "Auto Scaling", server: "the server", vercel: "Vercel" } as const;

function watchOf(rollout: Rollout, cloud: RolloutCloud, began: number, { clock, log }: Patience): Watch {
  switch (rollout.kind) {
    case "ecs":
      return watchService(rollout, cloud, () => clock.now() - began, log);
    case "autoscaling":
      return watchGroup(rollout, cloud, log);
    case "server":
      return watchServer(rollout, cloud, log);
    case "vercel":
      return { look: () => lookAtDeployment(rollout) };
  }
}
