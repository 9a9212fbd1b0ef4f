import { SLOTS, type SlotName, targetText } from "../../core/traffic-state";
import type { RequestedTraffic } from "./contract";
import type { LiveTraffic } from "./reach";
import { migrateCommand, refreshCommand, setCommand, upCommand } from "./stops";

/**
 * Why a stack file must not be applied to what is live, and what to do about it; undefined if it may. A changed
 * `architecture` is a flip and always may. What may not, unless the file says that it knows by a higher `traffic.revision`:
 * a file from before the latest step of a migration, a file that does not name the tier of a running canary, and weights
 * that somebody changed in Route 53 by hand.
 */
export function disagreement(live: LiveTraffic, requested: RequestedTraffic, name: string): string | undefined {
  const simple = live.records.find((record) => record.slot === undefined);
  if (simple) {
    return [
      `${name} is live with a simple record (${targetText(simple.target)}), beside which weighted records cannot exist.`,
      `Take it over without an interruption: \`platform adopt-dns --stack ${requested.stack}\`. Nothing was changed.`,
    ].join("\n");
  }
  const state = live.state?.value;
  if (!state) return undefined;
  const revision = requested.revision ?? 0;
  if (revision > state.revision) return undefined;

  const { serving, canary } = state.slots;
  const isLive = `live:  ${serving.tier} ${serving.share} %, ${canary.tier} ${canary.share} % (traffic.revision ${state.revision})`;
  const wanted = requested.canary ?? { tier: requested.architecture, percent: 0 };
  const asks =
    `file:  ${requested.architecture} ${100 - wanted.percent} %, ${wanted.tier} ${wanted.percent} % ` +
    `(traffic.revision ${revision})`;
  const target = canary.share > 0 ? canary.tier : serving.tier;
  const onward = `\`${migrateCommand(requested.stack)} --to ${target}\`, which goes on.`;
  const named = (percent: number) =>
    `\`${setCommand(requested, "traffic.canary", canary.tier)} && ${setCommand(requested, "traffic.percent", percent)}\``;
  const stop = (what: string, keepLive: string, first: readonly string[] = []) => {
    const file = [...first, setCommand(requested, "traffic.revision", state.revision + 1), upCommand(requested.stack)];
    return [
      what,
      `  ${isLive}`,
      `  ${asks}`,
      "Nothing was changed. Decide which of the two to keep:",
      `- what is live: ${keepLive}`,
      `- the file: \`${file.join(" && ")}\`.`,
    ].join("\n");
  };

  if (revision < state.revision) {
    return stop(
      `The stack file of ${requested.stack} is older than what is live: \`platform migrate\` has moved on since.`,
      `take the stack file that \`platform migrate\` wrote (pull it, or ask who ran it), or run ${onward}`,
    );
  }
  if (canary.share > 0 && canary.tier !== requested.architecture && canary.tier !== requested.canary?.tier) {
    return stop(
      `${canary.tier} has ${canary.share} % of the traffic, and the stack file of ${requested.stack} does not name it.`,
      `${named(canary.share)}, or ${onward}`,
    );
  }
  // The latest update wrote its intent or its state; after a crash some of the weights may be at the one and some at the other.
  const known = [state, live.intent?.value ?? state];
  const asked = [100 - wanted.percent, wanted.percent];
  const found = SLOTS.map((slot) => live.records.find((record) => record.slot === slot)?.weight);
  const explained = found.every((weight, i) =>
    known.some(({ slots }) => slots[SLOTS[i] as SlotName].weight === weight),
  );
  if (found.every((weight) => weight !== undefined) && !explained && !found.every((weight, i) => weight === asked[i])) {
    return stop(
      `The weights of ${name} in Route 53 are ${found.join(" and ")}, which no update of ${requested.stack} ` +
        "wrote: they were changed by hand.",
      `${named(Number(found[1]))}, then \`${upCommand(requested.stack)}\`.`,
      // The engine writes nothing of which it does not know that it has changed.
      [refreshCommand(requested.stack)],
    );
  }
  return undefined;
}
