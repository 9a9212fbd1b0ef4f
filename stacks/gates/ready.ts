import * as pulumi from "@pulumi/pulumi";
import { knownAs } from "../state";
import type { Gates } from "./contract";
import type { Context } from "./gate-context";
import { probeUrl } from "./probe";
import { notReady, upCommand, waysText } from "./stops";
import { lookUntil } from "./wait";

export const ready =
  (context: Context): Gates["ready"] =>
  async ({ tier, probe, balanced }) => {
    const { healthyCount, timeoutSeconds, asked, found } = context;
    if (balanced) await context.question("the load balancer's rule", meetRule(context));
    const expected = [{ tier: probe.expectTier, version: probe.expectVersion }];
    const why = await lookUntil(`Waiting for ${tier} to answer`, healthyCount, context.patience(), (left) =>
      context.probe(probe, expected, left),
    );
    if (!why) return;
    throw new pulumi.RunError(
      [
        `${tier} is not ready: ${probeUrl(probe)} did not give ${answersText(healthyCount)} within ${timeoutSeconds} s. The last answer:`,
        `  ${why}`,
        ...notReady({ tier, before: found?.state?.value, intent: found?.intent?.value, asked }),
      ].join("\n"),
    );
  };

/**
 * Whether visitors who are led to the load balancer meet a rule there. The engine makes none that the state has already, though an update
 * that was killed after AWS deleted it, or a hand, may have taken it away: all of them would be answered 503.
 * @throws before traffic moves, with the command that cures it
 */
async function meetRule({ known, aws, asked, refresh }: Context): Promise<void> {
  const id = knownAs(known, "aws:lb/listenerRule:ListenerRule", "traffic-catch-all")[0]?.id;
  if (id === undefined || (await aws.rule(id)) !== undefined) return;
  throw new pulumi.RunError(
    [
      "The load balancer's rule for visitors is gone from AWS, and this stack's state still has it: they would be answered 503.",
      `  ${id}`,
      "Traffic has not moved, and nothing was deleted.",
      ...waysText(`\`${refresh()}\`, which takes over what is live, then \`${upCommand(asked?.stack)}\`.`, undefined),
    ].join("\n"),
  );
}

export const answersText = (times: number) => (times === 1 ? "a healthy answer" : `${times} healthy answers in a row`);
