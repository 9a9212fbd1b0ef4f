import * as pulumi from "@pulumi/pulumi";
import { reason } from "../../core/errors";
import { taggedCommand } from "../gates/stops";
import { ifKnown } from "../gates/wait";
import { type KnownResource, knownAs, type StackState } from "../state";
import { ownTags } from "../tags";
import type { Account, Found, Inputs, Tags } from "./found";
import { FIXED, type Fixed, NAMED, type Named } from "./kinds";
import { history } from "./parameter";

const PARAMETER = "aws:ssm/parameter:Parameter";

/**
 * Takes over what an update that was killed has left in AWS: made, and not written down. AWS refuses to make it again, under the same
 * name, for ever, so what bears the stack's tags, or says just what the stack is about to say, is imported instead, and then updated
 * like anything else. What is somebody else's stops the update, with the command that deletes it. What Pulumi names itself is made a
 * second time, and the first one is told of: an import would have to name it for ever (pulumi-terraform-bridge, `extractSchemaInputs`).
 *
 * A transform, since the engine calls it when all inputs of a resource are known, and waits. Only for an update: a preview waits for
 * nothing.
 *
 * @param before what the stack knew before this update
 * @returns tells of what this program makes no more, for its end; see {@link leftovers}
 */
export function adoptLeftovers(account: Account, before: StackState): () => Promise<void> {
  pulumi.runtime.registerResourceTransform(adoption(account, before));
  return leftovers(account, before);
}

/** How AWS is asked what there is, by type. */
export interface Kinds {
  readonly fixed: Readonly<Record<string, Fixed>>;
  readonly named: Readonly<Record<string, Named>>;
  /** What a parameter has held. */
  readonly history: (parameter: string, account: Account) => Promise<readonly string[]>;
}

const KINDS: Kinds = { fixed: FIXED, named: NAMED, history };

/**
 * What an update was killed in the midst of creating is looked for as well where no later one creates it: a rule of a tier that was left
 * keeps its target group from its deletion, and a service goes on costing. It is told of, with the command that deletes it.
 * @param kinds tests bring their own
 * @returns tells it, behind the last registration
 */
export function leftovers(account: Account, state: StackState, kinds = KINDS): () => Promise<void> {
  const { known: before, pending } = state;
  const registered = new Map<string, pulumi.CustomResource>();
  pulumi.runtime.registerStackTransformation(({ type, name, resource }) => {
    if (type in kinds.fixed || type in kinds.named)
      registered.set(`${type} ${name}`, resource as pulumi.CustomResource);
    return undefined;
  });
  return async () => {
    if (pending.length === 0) return;
    // What is the program's by another name now, too.
    const ids = await Promise.all([...registered.values()].map(({ id }) => ifKnown(id)));
    for (const { type, urn, inputs = {} } of new Map(pending.map((one) => [one.urn, one])).values()) {
      const [name, fixed, named] = [urn.split("::").at(-1) ?? "", kinds.fixed[type], kinds.named[type]];
      if (registered.has(`${type} ${name}`)) continue;
      await unlessUnanswered(name, async () => {
        const own = before.filter((one) => one.type === type);
        const owners = ownersOf(state, type, name);
        if (named) await tell(named, { type, name, inputs, own, owners }, account);
        const found = fixed && (await unknownTo(own, fixed, inputs, account));
        if (!found || ids.includes(found.id)) return;
        if (isOurs(found, namesFor(fixed, owners), [fixed.says?.(inputs)]))
          await pulumi.log.warn(abandoned(fixed, inputs, found));
        else if (isOurs(found, owners.doubtful)) await pulumi.log.warn(doubtful(type, found));
      });
    }
  };
}

const abandoned = ({ named, look, remove }: Fixed, inputs: Inputs, found: Found): string =>
  [
    `${named(inputs)} is there from an update that was interrupted, and this stack neither knows nor wants it.`,
    `It may keep other things from their deletion. ${remove ? "Delete it, then run `pulumi up` again" : "Look what it holds"}:`,
    `  ${remove?.(inputs, found) ?? look?.(inputs, found)}`,
  ].join("\n");

/** Of what another stack may have made, no command is given that deletes it. */
const doubtful = (type: string, { id, tags = {} }: Found): string =>
  [
    `${id} (${type}) bears the tag Stack=${tags.Stack}: an update that was interrupted left it while this stack had that name, or it is ` +
      "another stack's that has it now.",
    "It is left alone. Look whose it is, and what else bears that name:",
    `  ${taggedCommand(String(tags.Project), String(tags.Stack))}`,
  ].join("\n");

/** Goes on where AWS does not answer, and says so. */
async function unlessUnanswered<T>(name: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    const why = reason(error);
    await pulumi.log.warn(
      `Whether ${name} is there already, from an update that was interrupted, could not be looked at: ${why}`,
    );
    return undefined;
  }
}

/** Their transform. @param kinds tests bring their own */
export function adoption(account: Account, state: StackState, kinds: Kinds = KINDS): pulumi.ResourceTransform {
  const before = state.known;
  return async ({ type, name, props, opts }) => {
    const [fixed, named] = [kinds.fixed[type], kinds.named[type]];
    if (!fixed && !named) return undefined;
    // The program itself takes it over, from whomever.
    if ((opts as pulumi.CustomResourceOptions).import) return undefined;
    const inputs = (await known(props)) as Inputs;
    const owners = ownersOf(state, type, name);
    // Of every name that the stack has had: an update that was killed has written it before anything that follows from it.
    const intents = async () => {
      const names = knownAs(before, PARAMETER, "traffic-intent").map((one) => String(one.inputs?.name));
      return (await Promise.all(names.map((one) => kinds.history(one, account)))).flat();
    };
    return unlessUnanswered(name, async () => {
      const own = before.filter((one) => one.type === type);
      if (named) await tell(named, { type, name, inputs, own, owners }, account);
      const found = fixed && (await unknownTo(own, fixed, inputs, account));
      if (!found) return undefined;
      const said = [
        ...[inputs, ...own.flatMap((one) => (one.inputs ? [one.inputs] : []))].map((one) => fixed.says?.(one)),
        ...(fixed.saidByIntent ? (await intents()).flatMap(fixed.saidByIntent) : []),
      ];
      if (isOurs(found, new Set([...namesFor(fixed, owners), ...(fixed.shared ? [] : owners.doubtful)]), said)) {
        await pulumi.log.info(
          `${fixed.named(inputs)} is there already, from an update that was interrupted: it is taken over.`,
        );
        return { props, opts: { ...opts, import: found.id } };
      }
      // AWS refuses to make it, so nothing is lost by going on; but the engine ends the program then, and has to have heard it before.
      await pulumi.log.error(foreign(fixed, inputs, found));
      return undefined;
    });
  };
}

const known = (props: object) =>
  new Promise((resolve) => pulumi.output(props).apply((values) => resolve(values as object)));

/** What AWS has under a resource's identity while the stack knows nothing of it. */
async function unknownTo(
  own: readonly KnownResource[],
  { identity, find }: Fixed,
  inputs: Inputs,
  account: Account,
): Promise<Found | undefined> {
  // Without its first part Pulumi makes the name.
  if (inputs[identity[0] as string] === undefined) return undefined;
  if (own.some((one) => identity.every((key) => one.inputs?.[key] === inputs[key]))) return undefined;
  return find(inputs, account);
}

/** Names of stacks by whose tags a resource may be this stack's. */
interface Owners {
  /** Its own of today. */
  readonly today: string;
  /**
   * Today's, and those from before `pulumi stack rename` which its parameters bear: while it has them, no other stack of the region can.
   */
  readonly certain: ReadonlySet<unknown>;
  /** That under which it was killed in the midst of creating this very resource: since then another stack may have got it. */
  readonly doubtful: ReadonlySet<unknown>;
}

/** Tags of what the stack has do not tell: a database that was imported from another stack bears that one's. */
function ownersOf({ known, pending }: StackState, type: string, name: string): Owners {
  const { Project, Stack: today } = ownTags();
  const named = known.map((one) => (one.type === PARAMETER ? String(one.inputs?.name).split("/") : []));
  const tagged = knownAs(pending, type, name).map(({ inputs }) => inputs?.tags as Tags | undefined);
  return {
    today,
    certain: new Set([today, ...named.flatMap(([, project, stack]) => (project === Project ? [stack] : []))]),
    doubtful: new Set(tagged.flatMap((tags) => (tags?.Project === Project ? [tags.Stack] : []))),
  };
}

const namesFor = ({ shared }: Fixed, { today, certain }: Owners): ReadonlySet<unknown> =>
  shared ? new Set([today]) : certain;

/**
 * @param owners names of the stack
 * @param said what the stack says, for what has no tags; where nothing is said, it is in what is the stack's own
 */
function isOurs(
  { tags, says }: Found,
  owners: ReadonlySet<unknown>,
  said: readonly (string | undefined)[] = [],
): boolean {
  if (!tags) return says === undefined || said.includes(says);
  return tags.Project === ownTags().Project && owners.has(tags.Stack) && tags.ManagedBy === "pulumi";
}

function foreign({ named, look, remove }: Fixed, inputs: Inputs, found: Found): string {
  const { Project, Stack } = ownTags();
  const why = found.tags ? `its tags are not Project=${Project}, Stack=${Stack}` : "it says something else";
  return [
    `${named(inputs)} is there already, and it is not this stack's (${why}).`,
    ...(remove
      ? [
          "Nothing of it was changed. Look whose it is; if nobody needs it, delete it and run `pulumi up` again:",
          `  ${remove(inputs, found)}`,
        ]
      : ["Nothing of it was changed. Look whose it is, and what it holds:", `  ${look?.(inputs, found)}`]),
  ].join("\n");
}

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Inputs;
  readonly own: readonly KnownResource[];
  readonly owners: Owners;
}

/** Says what is there beside what the stack knows. */
async function tell({ all, remove }: Named, registered: Registered, account: Account): Promise<void> {
  const { type, name, inputs, own, owners } = registered;
  for (const found of await all(name, inputs, account)) {
    if (own.some(({ id }) => id === found.id)) continue;
    if (!isOurs(found, owners.certain)) {
      if (isOurs(found, owners.doubtful)) await pulumi.log.warn(doubtful(type, found));
      continue;
    }
    await pulumi.log.warn(
      [
        `${found.id} (${type}) is there from an update that was interrupted, and this stack does not know it: it costs, and may serve.`,
        "It is left alone. Delete it when this update has ended:",
        `  ${remove(found, inputs)}`,
      ].join("\n"),
    );
  }
}
