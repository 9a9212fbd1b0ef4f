import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { AdoptedNetwork } from "../components/foundation/network";
import { type NamedSettings, refuseConflicts } from "./config";
import { ifKnown } from "./gates";
import type { Conflict } from "./settings/conflict";
import type { Settings } from "./settings/schema";

/**
 * The account's default VPC and its default subnet of each zone. Not `awsx.ec2.DefaultVpc`, whose ids come when the component is
 * registered: they are looked at before anything is, and a subnet that somebody added to the VPC is none of the site's.
 */
export function defaultNetwork(): AdoptedNetwork & { readonly subnetIds: pulumi.Output<string[]> } {
  const { id: vpcId } = aws.ec2.getVpcOutput({ default: true });
  const { ids: subnetIds } = aws.ec2.getSubnetsOutput({
    filters: [
      { name: "vpc-id", values: [vpcId] },
      { name: "default-for-az", values: ["true"] },
    ],
  });
  return { vpcId, subnetIds };
}

/**
 * Looks at the subnets that exist already, before anything is registered: their zones are known to AWS alone, and the load balancer
 * and the database's subnet group each want two of them. It looks in previews too; a plan without an account passes.
 *
 * @throws {pulumi.RunError} in the form of a mistake in the settings
 */
export async function checkPlacement(config: NamedSettings): Promise<void> {
  const misplaced = await misplacement(config.settings.network);
  if (misplaced) refuseConflicts(config, [misplaced]);
}

async function misplacement({ vpc, subnetIds }: Settings["network"]): Promise<Conflict | undefined> {
  if (vpc === "new") return undefined;
  if (vpc === "default") {
    const ids = await ifKnown(defaultNetwork().subnetIds);
    if (!ids || ids.length > 1) return undefined;
    const has = ids.length === 1 ? "one default subnet" : "no default subnet";
    return {
      key: "network.vpc",
      found: `default, a VPC with ${has} in this region`,
      allowed: "a VPC with subnets in at least two zones",
      fix: { value: "new" },
    };
  }
  const subnets = (await Promise.all(subnetIds.map(lookUp))).flatMap((subnet) => subnet ?? []);
  const stranger = subnets.findIndex(({ vpcId }) => vpcId !== vpc);
  if (stranger >= 0) {
    const { id, vpcId } = subnets[stranger] as Subnet;
    return {
      key: `network.subnetIds[${stranger}]`,
      found: vpcId ? `${id}, which is in ${vpcId}` : `${id}, which does not exist in this region`,
      allowed: `a subnet of ${vpc}`,
      fix: { value: "subnet-..." },
    };
  }
  const zones = new Set(subnets.map(({ zone }) => zone));
  if (subnets.length === 0 || zones.size > 1) return undefined;
  return {
    key: "network.subnetIds[1]",
    found: `${subnetIds.join(", ")}, all in the zone ${[...zones].join()}`,
    allowed: "subnets in at least two zones: the load balancer and the database need two",
    fix: { value: "subnet-..." },
  };
}

interface Subnet {
  readonly id: string;
  readonly zone?: string;
  /** Empty for a subnet that does not exist. */
  readonly vpcId: string;
}

/** Undefined where no account is asked. */
async function lookUp(id: string): Promise<Subnet | undefined> {
  try {
    const subnet = await ifKnown(aws.ec2.getSubnetOutput({ id }));
    return subnet && { id, zone: subnet.availabilityZone, vpcId: subnet.vpcId };
  } catch (error) {
    if (/InvalidSubnetID|no matching/i.test(String(error))) return { id, vpcId: "" };
    throw error;
  }
}
