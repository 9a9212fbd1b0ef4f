import type { Plan } from "../../core/plan-format";
import { byUrn } from "../../core/plan-reader";
import { type Change, rootOf } from "./flip-changes";
import { ttlOf } from "./flip-time";

/** What visitors are led to, and what is told of its replacement beside the old one. */
const TOLD: Readonly<Record<string, (because: string, ttl: number) => string>> = {
  "aws:lb/targetGroup:TargetGroup": (because) =>
    `is replaced beside what serves, behind the gates (${because}): new targets start and answer ` +
    "their probe, then the load balancer's rule leads visitors to them, then the old ones go.",
  "aws:ec2/instance:Instance": (because, ttl) =>
    `is replaced beside what serves, behind the gates (${because}): a new server with an address of ` +
    `its own starts and answers its probe, then DNS moves to it and resolvers let go within ${ttl} ` +
    "s, then the old one goes, and its disk with it. Copy what the app wrote there, and tell those " +
    "who admit the site by its address.",
};
const WHILE = "Until then both run, and both are paid for; the new one begins at its smallest size.";

/**
 * What a change does inside a tier that serves before and after it: nothing is taken from its visitors before its successor has
 * answered, and that has a price. Empty for a plain flip, whose stages say it.
 */
export function insideOf(changes: readonly Change[], before: Plan, after: Plan): string[] {
  const ttl = ttlOf(before);
  const replaced = changes.flatMap(({ urn, type, operation, because }) => {
    const resource = byUrn(after).get(urn);
    if (operation !== "replace" || !resource) return [];
    const told = TOLD[type]?.(`${because.join(", ")} changes`, ttl);
    return told ? [`${rootOf(after, resource).name} ${told} ${WHILE}`] : [];
  });
  if (replaced.length > 0 || before.architecture !== after.architecture) return replaced;
  const addresses = changes.filter(
    ({ type, stage, properties }) =>
      type === "aws:route53/record:Record" && stage === "switch" && properties.some((key) => MOVES.includes(key)),
  );
  return addresses.length > 0
    ? [
        `Visitors of ${after.architecture} are led to other addresses, behind the gates: these answer ` +
          `their probe, then the records move, and resolvers let go of the old ones within ${ttl} s. The ` +
          "servers at the old ones have to run until then.",
      ]
    : [];
}

/** Properties of a record that say where visitors get. */
const MOVES = ["records", "aliases"];
