import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** A VPC that exists already: nothing is created in it. */
export interface AdoptedNetwork {
  readonly vpcId: pulumi.Input<string>;
  /** Public subnets (with a route to an internet gateway) in at least two zones. */
  readonly subnetIds: pulumi.Input<pulumi.Input<string>[]>;
}

/** A VPC of the site's own, free of charge: without NAT gateways, as the web tier is in public subnets behind closed security groups. */
export interface NewNetwork {
  /** IPv4 range in CIDR notation, /16 to /24. Changing it replaces the VPC and all that is in it. */
  readonly cidr: string;
  /** Availability zones to span, 2 to 4. */
  readonly zones: number;
}

export type NetworkArgs = { readonly adopt: AdoptedNetwork } | { readonly create: NewNetwork };

/**
 * The network that every architecture shares. Its URNs never depend on the architecture.
 *
 * A new one is not `awsx.ec2.Vpc` (3.9.0; its plugin was tried on the engine over a stack with this network, 2026-11-30):
 * - Database subnets have to be routable, which makes them public ones to it: they would hand out public addresses, and in what it
 *   returns only tags tell them from the web's.
 * - It deals the range out by zone: the second web subnet and the first database subnet of a living stack would be replaced. Ranges
 *   can be given (`cidrBlocks`), but then the arithmetic stays here.
 * - Every subnet gets a route table of its own: all subnets but the first would change theirs while they are in use.
 * - Its protection is that of all its children, routes included; here it is that of the VPC and the subnets.
 * - It leaves the VPC's default security group as open as AWS makes it.
 */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  /** Public subnets for load balancer, instances and tasks. */
  readonly webSubnetIds: pulumi.Output<string[]>;
  /**
   * Subnets for the database. They are routable from the first day and closed by security group, because a subnet group cannot
   * move safely later and Vercel must be able to reach the database one day.
   */
  readonly databaseSubnetIds: pulumi.Output<string[]>;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Network", name, {}, opts);
    if ("adopt" in args) {
      this.vpcId = pulumi.output(args.adopt.vpcId);
      // In an order of our own: AWS lists them in any.
      this.webSubnetIds = pulumi.output(args.adopt.subnetIds).apply((ids) => [...ids].sort());
      this.databaseSubnetIds = this.webSubnetIds;
    } else {
      const { vpc, web, database } = this.create(name, args.create);
      this.vpcId = vpc.id;
      this.webSubnetIds = pulumi.all(web.map((subnet) => subnet.id));
      this.databaseSubnetIds = pulumi.all(database.map((subnet) => subnet.id));
    }
    this.registerOutputs({
      vpcId: this.vpcId,
      webSubnetIds: this.webSubnetIds,
      databaseSubnetIds: this.databaseSubnetIds,
    });
  }

  private create(name: string, { cidr, zones }: NewNetwork) {
    // The database lives in here: the protection keeps `pulumi destroy` from leaving it without a network.
    const opts = { parent: this, protect: true };
    const vpc = new aws.ec2.Vpc(
      `${name}-vpc`,
      { cidrBlock: cidr, enableDnsHostnames: true, enableDnsSupport: true, tags: { Name: name } },
      opts,
    );
    // Without rules, so that nothing is reachable by having been given no security group.
    new aws.ec2.DefaultSecurityGroup(`${name}-default-security-group`, { vpcId: vpc.id }, { parent: this });
    const gateway = new aws.ec2.InternetGateway(`${name}-gateway`, { vpcId: vpc.id }, { parent: this });
    const routes = new aws.ec2.RouteTable(`${name}-routes`, { vpcId: vpc.id }, { parent: this });
    new aws.ec2.Route(
      `${name}-internet`,
      { routeTableId: routes.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id },
      { parent: this },
    );
    const zoneNames = aws
      .getAvailabilityZonesOutput(
        { state: "available", filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }] },
        { parent: this },
      )
      .names.apply((names) => [...names].sort());
    const subnets = (role: string, offset: number) =>
      Array.from({ length: zones }, (_, index) => {
        const subnet = new aws.ec2.Subnet(
          `${name}-${role}-${index + 1}`,
          {
            vpcId: vpc.id,
            cidrBlock: subnetCidr(cidr, 4, offset + index),
            availabilityZone: zoneNames.apply((names) => names[index] as string),
            tags: { Name: `${name}-${role}-${index + 1}` },
          },
          // A zone that AWS opens, or takes out of the list for a while, moves the others in it.
          { ...opts, ignoreChanges: ["availabilityZone"] },
        );
        new aws.ec2.RouteTableAssociation(
          `${name}-${role}-${index + 1}-routes`,
          { subnetId: subnet.id, routeTableId: routes.id },
          { parent: this },
        );
        return subnet;
      });
    return { vpc, web: subnets("web", 0), database: subnets("database", 8) };
  }
}

/**
 * The `index`-th subnet of a range when it is split by `newBits` further bits.
 *
 * @example subnetCidr("10.20.0.0/16", 4, 1) === "10.20.16.0/20"
 */
function subnetCidr(cidr: string, newBits: number, index: number): string {
  const [address = "", prefix] = cidr.split("/");
  const length = Number(prefix) + newBits;
  const base = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const at = base + index * 2 ** (32 - length);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(at / 2 ** shift) % 256).join(".")}/${length}`;
}
