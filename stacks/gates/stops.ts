import { SLOTS, type Slot, type TrafficState, targetText } from "../../core/traffic-state";
import { isLookedFor } from "../adoption/kinds";
import { groupText } from "./reach";

/**
 * What is said where an update or a migration stops: what serves, what moved, what is left over, the one command that goes on and the one
 * that goes back. All of it is computed from what is live and from what was asked, never from what should have been.
 */

/** A tier's part of the visitors, in percent. */
export interface Share {
  readonly tier: string;
  readonly share: number;
}

/** What was asked for when it stopped. */
export interface Asked {
  readonly stack: string;
  /** Namespace of the config's keys. @default Pulumi's own, the project's name */
  readonly project?: string;
  readonly architecture: string;
  readonly canary?: { readonly tier: string; readonly percent: number };
  /** What a migration that is under way moves away from. */
  readonly from?: string;
}

/** The shares of a state, one a tier. */
export function sharesOf({ slots }: Pick<TrafficState, "slots">): Share[] {
  const shares = new Map<string, number>();
  for (const slot of SLOTS) shares.set(slots[slot].tier, (shares.get(slots[slot].tier) ?? 0) + slots[slot].share);
  return [...shares].map(([tier, share]) => ({ tier, share }));
}

/** Who has the visitors: `fargate has 90 % of the visitors, vercel 10 %`. */
export function sharesText(shares: readonly Share[]): string {
  const [first, ...others] = shares.filter(({ share }) => share > 0).sort((a, b) => b.share - a.share);
  if (!first) return "nobody has visitors";
  if (others.length === 0) return `${first.tier} has all visitors`;
  return [
    `${first.tier} has ${first.share} % of the visitors`,
    ...others.map(({ tier, share }) => `${tier} ${share} %`),
  ].join(", ");
}

/** The tier that has most of the visitors. */
export const bearer = ({ serving, canary }: TrafficState["slots"]): string =>
  (serving.share >= canary.share ? serving : canary).tier;

/** @param stack undefined where only the folder's selected one is known */
export const upCommand = (stack: string | undefined): string =>
  `pulumi up${stack === undefined ? "" : ` --stack ${stack}`}`;
/** @param stack undefined where only the folder's selected one is known */
export const refreshCommand = (stack: string | undefined): string => upCommand(stack).replace(" up", " refresh");
/**
 * Lists what bears a stack's tags, but for what the service does not know of: IAM's roles, and what has no tags. What is of no region it
 * lists in us-east-1 (Resource Groups Tagging API reference, GetResources).
 */
export const taggedCommand = (project: string, stack: string): string =>
  `aws resourcegroupstaggingapi get-resources --tag-filters Key=Project,Values=${project} Key=Stack,Values=${stack}`;
export const migrateCommand = (stack: string): string => `platform migrate --stack ${stack}`;
export const setCommand = (
  { stack, project }: Pick<Asked, "stack" | "project">,
  key: string,
  value: string | number,
): string =>
  `pulumi config set --stack ${stack} ${key.includes(".") ? "--path " : ""}${project ? `${project}:` : ""}${key} ${value}`;

/** The two lines at the end of every message. */
export const waysText = (on: string, back: string | undefined): string[] => [
  `To go on: ${on}`,
  ...(back ? [`To go back: ${back}`] : []),
];

/**
 * The command by which visitors go where an earlier state had them; undefined if the file's shares are that state's already, so that what
 * has to be undone is another change of the file.
 */
function backCommand(asked: Asked, earlier: Pick<TrafficState, "slots">): string | undefined {
  if (asked.from) return `\`${migrateCommand(asked.stack)} --back\``;
  const { serving, canary } = earlier.slots;
  const [had, has] = [canary.share > 0 ? canary : undefined, asked.canary];
  const sets: (readonly [key: string, value: string | number])[] = [
    ...(serving.tier === asked.architecture ? [] : [["architecture", serving.tier] as const]),
    ...(had && had.tier !== has?.tier ? [["traffic.canary", had.tier] as const] : []),
    ...(had && had.share !== has?.percent ? [["traffic.percent", had.share] as const] : []),
    ...(!had && has && has.percent > 0 ? [["traffic.percent", 0] as const] : []),
  ];
  if (sets.length === 0) return undefined;
  return `\`${[...sets.map(([key, value]) => setCommand(asked, key, value)), upCommand(asked.stack)].join(" && ")}\``;
}

/** What a gate knows when a tier does not answer before traffic moves. */
export interface Waiting {
  readonly tier: string;
  /** Undefined on a first up. */
  readonly before: TrafficState | undefined;
  /** What an update that was cut off was about to do; equal to `before` unless one was. */
  readonly intent: TrafficState | undefined;
  readonly asked: Asked | undefined;
}

/** Below the reason for which a tier is not ready. */
export function notReady({ tier, before, intent, asked }: Waiting): string[] {
  const up = upCommand(asked?.stack);
  const gone = asked ? `; if a part of it is gone from AWS or Vercel, \`${refreshCommand(asked.stack)}\` first` : "";
  const again = `repair it, then \`${up}\`, which asks again${gone}.`;
  if (!before || !asked)
    return ["No traffic was pointed at it, and nothing was deleted.", ...waysText(again, undefined)];
  const serving = bearer(before.slots);
  const cutOff = intent && sharesText(sharesOf(intent)) !== sharesText(sharesOf(before));
  const serves = cutOff
    ? `this update has not touched it. One before was cut off between two states: ${sharesText(sharesOf(before))}; ` +
      `${sharesText(sharesOf(intent))}.`
    : `${sharesOf(before).filter(({ share }) => share > 0).length === 1 ? `${serving} serves` : sharesText(sharesOf(before))} as before.`;
  const back = backCommand(asked, before);
  return [
    `Traffic has not moved: ${serves} Nothing was deleted, and nothing will be while this gate fails.`,
    ...waysText(
      again,
      back
        ? `${back}${asked.from || tier === serving ? "" : `, which removes ${tier}`}.`
        : `undo the change that made new targets of ${tier}, then \`${up}\`; the old ones serve meanwhile.`,
    ),
  ];
}

/** What a gate knows when traffic points where it should and what it asked is not fulfilled. */
export interface Unsettled {
  readonly now: TrafficState;
  /** What the parameter said at the start of this update; undefined on a first up. */
  readonly before: TrafficState | undefined;
  /** Whether this update has moved visitors; undefined if AWS did not tell. */
  readonly moved: boolean | undefined;
  /** The latest state of updates before that led visitors elsewhere; undefined if none did. */
  readonly earlier: TrafficState | undefined;
  /** Whether Route 53 itself says something else than the engine believes, which a further `up` alone does not change. */
  readonly drifted: boolean;
  readonly asked: Asked | undefined;
}

/** @param fault what is not fulfilled @param why the last answer */
export function notSettled(stop: Unsettled, fault: string, why: string): string {
  const { now, before, moved, earlier, drifted, asked } = stop;
  const to = bearer(now.slots);
  const up = upCommand(asked?.stack);
  const heading = !before
    ? `Traffic points at ${to}, for the first time, and it does not serve as asked: `
    : moved === undefined
      ? `Whether traffic has moved to ${to} is not known: `
      : moved
        ? `Traffic has moved to ${movedText(before, now)}, and it is not safe yet to let go of the old side: `
        : drifted
          ? `Traffic has not moved: ${sharesText(sharesOf(before))} by the latest update. `
          : `Traffic points at ${to}, where this update did not move it, and it does not serve what was asked: `;
  const left = !before
    ? "Nothing was there before, and nothing was deleted."
    : moved
      ? "Both sides are live and nothing was deleted, nor will be while this gate fails."
      : "Nothing was deleted, nor will be while this gate fails.";
  const undone = moved === false ? earlier : before;
  const back = undone && asked && backCommand(asked, undone);
  return [
    `${heading}${fault}`,
    `  ${why}`,
    left,
    ...waysText(
      drifted
        ? `\`${refreshCommand(asked?.stack)}\`, which takes over what is live, then \`${up}\`.`
        : `repair it, then \`${up}\`, which asks again without moving anything.`,
      !undone || drifted
        ? undefined
        : back
          ? `${back}, which moves traffic back${moved === false ? ` and builds ${bearer(undone.slots)} anew if it is gone` : ""}.`
          : `undo the change that made new targets of ${to}, and \`${up}\`, which moves traffic back.`,
    ),
  ].join("\n");
}

/** Where traffic has moved to: another tier, or other targets of one. */
function movedText(before: TrafficState, now: TrafficState): string {
  const to = bearer(now.slots);
  const [from, is] = [sharesText(sharesOf(before)), sharesText(sharesOf(now))];
  if (bearer(before.slots) !== to) return to;
  if (from !== is) return `other shares (${is}; before: ${from})`;
  const [was, places] = [placesOf(before, to), placesOf(now, to)];
  // A state of an earlier version names no groups.
  const told = SLOTS.every((slot) => before.slots[slot].target.kind !== "alias" || before.slots[slot].group);
  return told && was !== places ? `other targets of ${to} (${places} instead of ${was})` : to;
}

const placesOf = ({ slots }: TrafficState, tier: string): string =>
  SLOTS.filter((slot) => slots[slot].share > 0 && slots[slot].tier === tier)
    .map((slot) => placeText(slots[slot]))
    .join(", ");

const placeText = ({ target, group }: Slot): string => (group === undefined ? targetText(target) : groupText(group));

/** An operation that the engine was cut off in. */
export interface Operation {
  /** `creating`, `updating`, `deleting` and others of the engine. */
  readonly what: string;
  readonly type: string;
  readonly name: string;
}

/** What is told where a migration stops. */
export interface Standing {
  readonly stack: string;
  /** Its value of the tag `Project`. */
  readonly project: string;
  /** Live shares; undefined if AWS did not tell. */
  readonly shares: readonly Share[] | undefined;
  readonly pending: readonly Operation[];
  /** Whether a way back is left: none from a way back. */
  readonly back: boolean;
}

export const operationText = ({ what, type, name }: Operation): string => `${what} ${type} ${name}`;

/** How a person finds what was being created and no update looks for; nothing where there is none. */
export function unlookedText({ stack, project, pending }: Pick<Standing, "stack" | "project" | "pending">): string[] {
  const unlooked = pending.filter(({ what, type }) => what === "creating" && !isLookedFor(type));
  if (unlooked.length === 0) return [];
  return [
    `Nothing looks for ${unlooked.map(({ name }) => name).join(", ")}: it may exist without the stack knowing of it, and cost. What of it`,
    "is on AWS bears the stack's tags:",
    `  ${taggedCommand(project, stack)}`,
  ];
}

export function standingText(standing: Standing): string {
  const { stack, shares, pending, back } = standing;
  const command = migrateCommand(stack);
  return [
    shares
      ? `Live: ${sharesText(shares)}.`
      : "Who has the visitors cannot be told: an update was cut off while it moved them, or AWS did not answer.",
    ...(pending.length > 0
      ? [
          "The engine was cut off in the midst of:",
          ...pending.map((operation) => `  ${operationText(operation)}`),
          ...(pending.some(({ what, type }) => what !== "creating" || isLookedFor(type))
            ? ["The next run asks AWS what has become of it, and takes over what was being created, or tells of it."]
            : []),
          ...unlookedText(standing),
        ]
      : []),
    ...waysText(`\`${command}\``, back ? `\`${command} --back\`` : undefined),
  ].join("\n");
}

/** Errors of the engine for which there is one cure, by their words. */
const CURES: readonly { readonly when: RegExp; readonly cure: (stack: string) => string }[] = [
  {
    // What somebody deleted by hand: each provider has its own words for it, Route 53's and EC2's among them.
    when: /\bNot ?Found\b|NoSuch\w+|does not exist|couldn't find resource|no longer exists/i,
    cure: (stack) =>
      `Something that the stack remembers is gone from AWS. \`${refreshCommand(stack)}\` takes over what is live; then go on.`,
  },
  {
    when: /already exists|AlreadyExists|Duplicate|PriorityInUse/i,
    cure: (stack) =>
      "Something exists that the stack does not know of, as an update leaves it that was killed. Look at it: " +
      `delete it, or import it by \`pulumi import --stack ${stack}\`; then go on.`,
  },
];

/** What a person does about an error of the engine beside repairing its cause; undefined for most. */
export const cureOf = (error: string, stack: string): string | undefined =>
  CURES.find(({ when }) => when.test(error))?.cure(stack);
