import * as pulumi from "@pulumi/pulumi";
import { reason } from "../../core/errors";
import type { KnownResource } from "../state";
import type { Gates } from "./contract";
import type { Context } from "./gate-context";
import { knownValue } from "./wait";

/** What of a stack refuses its own deletion, by type: the input that asks for it, and how AWS is told. */
const KINDS: Readonly<Record<string, { readonly input: string; readonly set: (target: Target) => Promise<void> }>> = {
  "aws:lb/loadBalancer:LoadBalancer": { input: "enableDeletionProtection", set: protectBalancer },
  "aws:ec2/instance:Instance": { input: "disableApiTermination", set: protectServer },
};

interface Target {
  readonly account: { region: string; profile?: string };
  readonly id: string;
  readonly on: boolean;
}

/** A resource of one of these kinds. */
export interface Guarded {
  readonly type: string;
  /** The provider's. */
  readonly id: string;
}

/** What the program has of these kinds. */
export interface Kept extends Guarded {
  /** Whether it is to refuse its deletion. */
  readonly wanted: boolean;
}

/** Turns deletion protection on or off; does nothing where it is so already. Tests bring their own. */
export type Protection = (one: Guarded, on: boolean) => Promise<void>;

/** By the AWS SDK, which is loaded when the first question is asked. */
export const liveProtection =
  (account: Target["account"]): Protection =>
  async ({ type, id }, on) =>
    KINDS[type]?.set({ account, id, on });

/** What of a stack's state is of these kinds. */
const guardedIn = (known: readonly KnownResource[]): Guarded[] =>
  known.flatMap(({ type, id }) => (type in KINDS && id !== undefined ? [{ type, id }] : []));

/** Notes what the program registers of these kinds from now on; the answer is known when AWS has made it. */
export function noteKept(): () => Promise<readonly Kept[]> {
  const noted: { readonly type: string; readonly wanted: boolean; readonly resource: pulumi.CustomResource }[] = [];
  pulumi.runtime.registerStackTransformation(({ type, props, resource }) => {
    const kind = KINDS[type];
    if (kind) noted.push({ type, wanted: props[kind.input] === true, resource: resource as pulumi.CustomResource });
    return undefined;
  });
  return () =>
    Promise.all(
      noted.map(async ({ type, wanted, resource }) => ({
        type,
        wanted,
        id: await knownValue(resource.id, `the id of ${type}`),
      })),
    );
}

async function protectBalancer({ account, id, on }: Target): Promise<void> {
  const sdk = await import("@aws-sdk/client-elastic-load-balancing-v2");
  const client = new sdk.ElasticLoadBalancingV2Client(account);
  const { Attributes = [] } = await client.send(new sdk.DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: id }));
  const Key = "deletion_protection.enabled";
  if (Attributes.some((one) => one.Key === Key && one.Value === String(on))) return;
  const asked = { LoadBalancerArn: id, Attributes: [{ Key, Value: String(on) }] };
  await client.send(new sdk.ModifyLoadBalancerAttributesCommand(asked));
}

async function protectServer({ account, id, on }: Target): Promise<void> {
  const sdk = await import("@aws-sdk/client-ec2");
  const client = new sdk.EC2Client(account);
  const asked = { InstanceId: id, Attribute: "disableApiTermination" } as const;
  const { DisableApiTermination } = await client.send(new sdk.DescribeInstanceAttributeCommand(asked));
  if (DisableApiTermination?.Value === on) return;
  await client.send(new sdk.ModifyInstanceAttributeCommand({ InstanceId: id, DisableApiTermination: { Value: on } }));
}

export const hold =
  (context: Context): Gates["hold"] =>
  async (kept) => {
    const ids = new Set(guardedIn(context.known).map(({ id }) => id));
    // What is new is made with it.
    for (const one of kept.filter(({ wanted, id }) => wanted && ids.has(id))) {
      try {
        await setProtection(context, one, true);
      } catch (error) {
        // What is gone, or is going, must not hold up the way out of it.
        const why = `${one.id} could not be protected against its deletion: ${reason(error)}`;
        context.log(`${why}. If it is gone: \`${context.refresh()}\``);
      }
    }
  };

export const allowDeletion =
  (context: Context): Gates["allowDeletion"] =>
  async (kept) => {
    const stays = new Set(kept.map(({ id }) => id));
    for (const one of guardedIn(context.known).filter(({ id }) => !stays.has(id))) {
      try {
        await setProtection(context, one, false);
        context.log(`Nothing of the site needs ${one.id} any more: its deletion protection is lifted`);
      } catch (error) {
        // Deleting it needs the same rights and will say so; it may be gone already.
        context.log(`The deletion protection of ${one.id} could not be lifted: ${reason(error)}`);
      }
    }
  };

const setProtection = ({ question, protection }: Context, one: Guarded, on: boolean) =>
  question(`the protection of ${one.id}`, protection(one, on));
