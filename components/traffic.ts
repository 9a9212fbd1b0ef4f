import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { LoadBalancer } from "./load-balancer";
import type { TrafficTarget, WebTier } from "./web-tier";

export interface TrafficArgs {
  readonly zoneId: pulumi.Input<string>;
  /** The site's name. */
  readonly domain: string;
  /** Names that are aliases of the site's; the tiers answer them with a redirect. */
  readonly redirectFrom: readonly string[];
  /** Seconds that resolvers may hold the address. An alias of a load balancer has 60, whatever is asked here. */
  readonly ttl: number;
  /** CNAME only for a subdomain that Vercel alone serves, now and later: a name cannot have both A and CNAME records. */
  readonly recordType: "A" | "CNAME";
  readonly serving: WebTier;
  /** A second tier and its share of traffic in percent, 0 to 100. */
  readonly canary?: { readonly tier: WebTier; readonly percent: number };
  /** The load balancer, while a tier stands behind it. */
  readonly loadBalancer?: LoadBalancer;
  /** Name of the SSM parameter that says what was last switched to; see {@link Traffic.state}. */
  readonly stateParameter: string;
}

/**
 * Where visitors go: two weighted record sets, `serving` and `canary`, and the load balancer's catch-all rule. All have constant
 * URNs and identifiers and are updated in place by a flip, since a record that dies with its tier leaves no TTL in between. An
 * unused canary has weight 0 and the target of `serving`. Registered only behind the gate.
 */
export class Traffic extends pulumi.ComponentResource {
  /**
   * What the slots point at, as JSON. The parameter is written after the records, so its modification date is never earlier than
   * the last change of a record: the second gate counts the TTL from it, also when an earlier update died in between.
   */
  readonly state: pulumi.Output<string>;

  constructor(name: string, args: TrafficArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Traffic", name, {}, opts);
    const { serving, canary } = args;
    const { dns, balancer } = weights(serving, canary);
    const slots = [
      this.slot(name, "serving", serving, dns.serving, args),
      this.slot(name, "canary", canary?.tier ?? serving, dns.canary, args),
    ];
    for (const host of args.redirectFrom) {
      // An alias of the site's own records follows every flip by itself.
      new aws.route53.Record(
        `${name}-${host}`,
        {
          zoneId: args.zoneId,
          name: host,
          type: args.recordType,
          aliases: [{ name: args.domain, zoneId: args.zoneId, evaluateTargetHealth: false }],
        },
        { parent: this, dependsOn: slots },
      );
    }
    const rules =
      args.loadBalancer && balancer.length > 0 ? [args.loadBalancer.catchAll(`${name}-catch-all`, balancer, this)] : [];
    const state = pulumi.jsonStringify({
      serving: { tier: serving.tier, target: serving.target, weight: dns.serving },
      canary: { tier: canary?.tier.tier ?? serving.tier, target: (canary?.tier ?? serving).target, weight: dns.canary },
      balancer: balancer.map(({ arn, weight }) => ({ arn, weight })),
    });
    const parameter = new aws.ssm.Parameter(
      `${name}-state`,
      {
        name: args.stateParameter,
        type: "String",
        value: state,
        description: "What the site's traffic was last switched to",
      },
      { parent: this, dependsOn: [...slots, ...rules] },
    );
    this.state = parameter.value;
    this.registerOutputs({ state: this.state });
  }

  private slot(name: string, slot: "serving" | "canary", tier: WebTier, weight: number, args: TrafficArgs) {
    const at = <T>(pick: (target: TrafficTarget) => T) => tier.target.apply(pick);
    return new aws.route53.Record(
      `${name}-${slot}`,
      {
        zoneId: args.zoneId,
        name: args.domain,
        type: args.recordType,
        setIdentifier: slot,
        weightedRoutingPolicies: [{ weight }],
        // DNS moves through gates only: health evaluation would send visitors to the other slot behind their back.
        aliases: at((target) =>
          target.kind === "alias"
            ? [{ name: target.dnsName, zoneId: target.zoneId, evaluateTargetHealth: false }]
            : undefined,
        ) as pulumi.Input<aws.types.input.route53.RecordAlias[]>,
        records: at((target) =>
          target.kind === "addresses" ? [...target.ipv4] : target.kind === "cname" ? [target.name] : undefined,
        ) as pulumi.Input<string[]>,
        ttl: at((target) => (target.kind === "alias" ? undefined : args.ttl)) as pulumi.Input<number>,
      },
      { parent: this },
    );
  }
}

/**
 * Splits traffic between DNS and the load balancer. Two tiers behind the load balancer are one address, so its rule shares them;
 * otherwise the two record sets do.
 */
export function weights(serving: WebTier, canary: TrafficArgs["canary"]) {
  const percent = canary?.percent ?? 0;
  const shared = canary && serving.targetGroupArn && canary.tier.targetGroupArn;
  const groups = [
    { arn: serving.targetGroupArn, weight: shared ? 100 - percent : 100 },
    { arn: canary?.tier.targetGroupArn, weight: shared ? percent : 100 },
  ];
  return {
    dns: shared ? { serving: 100, canary: 0 } : { serving: 100 - percent, canary: percent },
    balancer: groups.flatMap(({ arn, weight }) => (arn ? [{ arn, weight }] : [])),
  };
}
