import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface FirewallArgs {
  /** ARN of the load balancer. */
  readonly resourceArn: pulumi.Input<string>;
  /**
   * `count` lets everything pass and counts what `block` would refuse, in metrics and sampled requests. The way to begin: the common
   * rules refuse bodies over 8 KB, which an upload or a rich text editor sends.
   */
  readonly mode: "count" | "block";
  /** Requests of one address in five minutes beyond which it is refused until it slows down. AWS takes 10 to 2,000,000,000. */
  readonly rateLimit: number;
}

/** AWS's rule groups, in the order in which they are asked: the cheap look at the address first. None costs extra. */
const MANAGED = [
  "AWSManagedRulesAmazonIpReputationList",
  "AWSManagedRulesKnownBadInputsRuleSet",
  "AWSManagedRulesCommonRuleSet",
] as const;

/**
 * AWS WAF before the load balancer: AWS's lists of bad addresses and known attacks, and a limit of requests by address. 5 USD a
 * month for the list, 1 USD for each of its four rules, 0.60 USD for a million requests. The four take 926 of the 1,500 capacity units
 * that this price includes.
 */
export class Firewall extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: FirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Firewall", name, {}, opts);
    const seen = (metricName: string) => ({
      cloudwatchMetricsEnabled: true,
      sampledRequestsEnabled: true,
      metricName,
    });
    const counting = args.mode === "count";
    const list = new aws.wafv2.WebAcl(
      `${name}-list`,
      {
        scope: "REGIONAL",
        description: "Refuses known attacks and addresses that ask too often",
        defaultAction: { allow: {} },
        visibilityConfig: seen(name),
        rules: [
          {
            name: "rate-limit",
            priority: 0,
            action: counting ? { count: {} } : { block: {} },
            statement: {
              rateBasedStatement: { limit: args.rateLimit, aggregateKeyType: "IP", evaluationWindowSec: 300 },
            },
            visibilityConfig: seen(`${name}-rate-limit`),
          },
          ...MANAGED.map((group, index) => ({
            name: group,
            priority: index + 1,
            overrideAction: counting ? { count: {} } : { none: {} },
            statement: { managedRuleGroupStatement: { vendorName: "AWS", name: group } },
            visibilityConfig: seen(group),
          })),
        ],
      },
      { parent: this },
    );
    new aws.wafv2.WebAclAssociation(
      `${name}-association`,
      { webAclArn: list.arn, resourceArn: args.resourceArn },
      { parent: this },
    );
    this.arn = list.arn;
    this.registerOutputs({ arn: this.arn });
  }
}
