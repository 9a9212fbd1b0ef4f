import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface DnsZoneArgs {
  /** Domain name of the zone, without a dot at its end. */
  readonly name: string;
  /** Look an existing zone up, or create one. A new zone costs 0.50 USD a month and must be delegated at the registrar. */
  readonly create: boolean;
}

/** The hosted zone of the site. */
export class DnsZone extends pulumi.ComponentResource {
  readonly name: string;
  readonly zoneId: pulumi.Output<string>;
  /** Authoritative servers of the zone. */
  readonly servers: pulumi.Output<string[]>;
  /** Set for a new zone only: the name servers to enter at the registrar. */
  readonly nameServers?: pulumi.Output<string[]>;

  constructor(name: string, args: DnsZoneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:DnsZone", name, {}, opts);
    this.name = args.name;
    if (args.create) {
      // A zone that is created again gets other name servers, and the site is gone until the registrar is told.
      const zone = new aws.route53.Zone(`${name}-zone`, { name: args.name }, { parent: this, protect: true });
      this.zoneId = zone.zoneId;
      this.nameServers = zone.nameServers;
      this.servers = zone.nameServers;
    } else {
      const zone = aws.route53.getZoneOutput({ name: args.name, privateZone: false }, { parent: this });
      this.zoneId = zone.zoneId;
      this.servers = zone.nameServers;
    }
    this.registerOutputs({ zoneId: this.zoneId });
  }
}
