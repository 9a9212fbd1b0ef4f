import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import {
  ALIAS_TTL,
  encodeTraffic,
  type FoundTraffic,
  inWritingOrder,
  ruleWeights,
  type SlotName,
  type TrafficState,
} from "../../core/traffic-state";
import type { WebTier } from "../../core/web-tier";
import type { LoadBalancer } from "./load-balancer";

/** What visitors are to get. */
export interface WantedTraffic {
  /** Seconds that resolvers may hold the address. An alias of a load balancer has {@link ALIAS_TTL}, whatever is asked here. */
  readonly ttl: number;
  readonly serving: WebTier;
  /** A second tier and its share of traffic in percent, 0 to 100. */
  readonly canary?: { readonly tier: WebTier; readonly percent: number };
  /** Counts the steps of `platform migrate`. */
  readonly revision: number;
}

export interface TrafficArgs extends WantedTraffic {
  /** What visitors are led away from, where no update had led them there. */
  readonly found?: FoundTraffic;
  readonly zoneId: pulumi.Input<string>;
  /** The site's name. */
  readonly domain: string;
  /** Names that are aliases of the site's; the tiers answer them with a redirect. */
  readonly redirectFrom: readonly string[];
  /** CNAME only for a subdomain that Vercel alone serves, now and later: a name cannot have both A and CNAME records. */
  readonly recordType: "A" | "CNAME";
  /** The load balancer, while a tier stands behind it. */
  readonly loadBalancer?: LoadBalancer;
  /** Names of the two parameters around a change; see {@link TrafficState}. */
  readonly parameters: { readonly intent: string; readonly state: string };
  /**
   * All that visitors need. Traffic is registered after the last part of it, so `pulumi destroy`, which deletes in the opposite order,
   * meets the protected records first. @default nothing but the targets
   */
  readonly behind?: readonly pulumi.Resource[];
  /** Whether the two records refuse to be deleted. Not while the site is renamed. @default true */
  readonly protect?: boolean;
}

/**
 * Where visitors are to go, known when everything that they are led to is there. The gate before {@link Traffic} asks it what has to
 * prove itself, and {@link Traffic} does it.
 */
export function desiredTraffic(traffic: WantedTraffic): pulumi.Output<TrafficState> {
  const { serving, canary, ttl, revision } = traffic;
  const { dns } = weights(serving, canary);
  const percent = canary?.percent ?? 0;
  const tiers = tiersIn(traffic);
  const aliased = Object.values(tiers).some(({ target }) => target.kind === "alias");
  return pulumi.output({
    revision,
    ttl: aliased ? Math.max(ttl, ALIAS_TTL) : ttl,
    slots: {
      serving: slotState(tiers.serving, dns.serving, 100 - percent),
      canary: slotState(tiers.canary, dns.canary, percent),
    },
  }) as pulumi.Output<TrafficState>;
}

/** Who stands behind each record; an unused canary is whoever serves. */
const tiersIn = ({ serving, canary }: WantedTraffic): Record<SlotName, WebTier> => ({
  serving,
  canary: canary?.tier ?? serving,
});

/**
 * Where visitors go: two weighted record sets, `serving` and `canary`, and the load balancer's catch-all rule. All have constant
 * URNs and identifiers and are updated in place by a flip, since a record that dies with its tier leaves no TTL in between. An
 * unused canary has weight 0 and the target of `serving`. Registered only behind the gate. Both are protected: no flip deletes one, and
 * without them the site is gone.
 *
 * The rule comes first and the records after it, since whoever they send to the load balancer is answered 503 without it; and the rule
 * comes after who serves behind it.
 */
export class Traffic extends pulumi.ComponentResource {
  /** What the slots point at, known when all of it is live. */
  readonly state: pulumi.Output<TrafficState>;

  constructor(name: string, args: TrafficArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Traffic", name, {}, opts);
    const child = { parent: this };
    const { serving, canary } = args;
    const { dns, balancer } = weights(serving, canary);
    const wanted = desiredTraffic(args).apply((state) => ({ ...state, ...(args.found && { found: args.found }) }));
    const intent = new aws.ssm.Parameter(
      `${name}-intent`,
      {
        name: args.parameters.intent,
        type: "String",
        description: "What the site's traffic is about to be switched to",
        value: wanted.apply((state) => encodeTraffic(state)),
      },
      { ...child, dependsOn: [...(args.behind ?? [])] },
    );
    const catchAll = args.loadBalancer?.catchAll(`${name}-catch-all`, balancer, { ...child, dependsOn: [intent] });
    const ahead: pulumi.Resource[] = catchAll ? [intent, catchAll] : [intent];
    const tiers = tiersIn(args);
    const [first, second] = inWritingOrder(dns) as [SlotName, SlotName];
    const write = (slot: SlotName, dependsOn: pulumi.Resource[]) =>
      record(name, slot, tiers[slot], dns[slot], args, { ...child, protect: args.protect ?? true, dependsOn });
    const one = write(first, ahead);
    // An alias of the site's own records follows every flip by itself.
    const redirects = args.redirectFrom.map(
      (host) =>
        new aws.route53.Record(
          `${name}-${host}`,
          {
            zoneId: args.zoneId,
            name: host,
            type: args.recordType,
            aliases: [{ name: args.domain, zoneId: args.zoneId, evaluateTargetHealth: false }],
          },
          { ...child, dependsOn: [one] },
        ),
    );
    // After the redirects, which no `destroy` reaches so.
    const records = [one, write(second, [...ahead, one, ...redirects])];
    const state = pulumi.all([wanted, catchAll?.arn]).apply(
      ([found, arn]): TrafficState => ({
        ...found,
        ...(arn && { rule: { arn, weights: ruleWeights(found.slots) ?? {} } }),
      }),
    );
    const written = new aws.ssm.Parameter(
      `${name}-state`,
      {
        name: args.parameters.state,
        type: "String",
        description: "What the site's traffic was last switched to",
        value: pulumi.all([state, intent.version]).apply(([found, version]) => encodeTraffic(found, version)),
      },
      { ...child, dependsOn: catchAll ? [...records, catchAll] : records },
    );
    this.state = pulumi.all([state, written.id]).apply(([found]) => found);
    this.registerOutputs({ state: this.state });
  }
}

const slotState = ({ tier, target, targetGroupArn }: WebTier, weight: number, share: number) => ({
  tier,
  weight,
  share,
  target,
  ...(targetGroupArn ? { group: targetGroupArn } : {}),
});

function record(
  name: string,
  slot: SlotName,
  { target }: WebTier,
  weight: number,
  args: TrafficArgs,
  opts: pulumi.CustomResourceOptions,
) {
  return new aws.route53.Record(
    `${name}-${slot}`,
    {
      zoneId: args.zoneId,
      name: args.domain,
      type: args.recordType,
      setIdentifier: slot,
      weightedRoutingPolicies: [{ weight }],
      ...(target.kind === "alias"
        ? // DNS moves through gates only: health evaluation would send visitors to the other slot behind their back.
          { aliases: [{ name: target.dnsName, zoneId: target.zoneId, evaluateTargetHealth: false }] }
        : { records: target.kind === "addresses" ? target.ipv4.apply(inOrder) : [target.name], ttl: args.ttl }),
    },
    opts,
  );
}

/** A list whose order is not ours must not look like a change. */
const inOrder = (texts: readonly string[]) => [...texts].sort();

/**
 * Splits traffic between DNS and the load balancer. Two tiers behind the load balancer are one address, so its rule shares them;
 * otherwise the two record sets do.
 */
function weights(serving: WebTier, canary: TrafficArgs["canary"]) {
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
