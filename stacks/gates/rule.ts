import * as pulumi from "@pulumi/pulumi";
import { type KnownResource, knownAs } from "../state";
import type { AwsReader } from "./live-aws";
import { type Asked, refreshCommand, upCommand, waysText } from "./stops";

/**
 * Whether visitors who are led to the load balancer meet a rule there. The engine makes none that the state has already, though an update
 * that was killed after AWS deleted it, or a hand, may have taken it away: all of them would be answered 503.
 * @throws before traffic moves, with the command that cures it
 */
export async function meetRule(
  known: readonly KnownResource[],
  rule: AwsReader["rule"],
  asked: Asked | undefined,
): Promise<void> {
  const id = knownAs(known, "aws:lb/listenerRule:ListenerRule", "traffic-catch-all")[0]?.id;
  if (id === undefined || (await rule(id)) !== undefined) return;
  const refresh = asked ? refreshCommand(asked.stack) : "pulumi refresh";
  throw new pulumi.RunError(
    [
      "The load balancer's rule for visitors is gone from AWS, and this stack's state still has it: they would be answered 503.",
      `  ${id}`,
      "Traffic has not moved, and nothing was deleted.",
      ...waysText(`\`${refresh}\`, which takes over what is live, then \`${upCommand(asked?.stack)}\`.`, undefined),
    ].join("\n"),
  );
}
