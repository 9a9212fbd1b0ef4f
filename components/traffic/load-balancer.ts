import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { PREFIX } from "../../core/asset";
import type { Probe, Signal } from "../../core/web-tier";
import { beside } from "../aws/beside";
import { privateBucket } from "../aws/private-bucket";
import { publicWebGroup } from "../aws/public-web-group";
import type { AlarmActions } from "../monitoring/alarm";
import { type AlarmEntry, type AlarmLevel, alarms, over } from "../monitoring/alarm-table";
import { Firewall, type FirewallArgs } from "./firewall";

export interface LoadBalancerArgs {
  readonly vpcId: pulumi.Input<string>;
  /** Public subnets in at least two zones. */
  readonly subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** ACM certificate of the site's names, in the same region. */
  readonly certificateArn: pulumi.Input<string>;
  /** The site's name, to which the other names redirect. */
  readonly domain: string;
  readonly redirectFrom: readonly string[];
  /** Days that access logs are kept. @default 90 */
  readonly accessLogDays?: number;
  /**
   * Refuse deletion by hand, by other tools and by `pulumi destroy`. A flip to an architecture without a load balancer may still
   * delete it: the program lifts the protection when both of its gates are passed (`Gates.allowDeletion`). @default true
   */
  readonly deletionProtection?: boolean;
  /** A web application firewall; see {@link Firewall} for its price. @default none */
  readonly firewall?: Pick<FirewallArgs, "mode" | "rateLimit">;
  readonly alarmLevel: AlarmLevel;
  readonly alarmActions: AlarmActions;
}

/**
 * Rule priorities of the HTTPS listener, in the order in which requests meet them. They are one table because AWS refuses two
 * rules of one priority, and two tiers live side by side during a flip.
 */
const priority = { redirect: 10, probe: { "ha-web-tier": 20, fargate: 21 }, assets: 100, catchAll: 1000 } as const;

/** Tiers that can stand behind the load balancer. */
export type BalancedTier = keyof typeof priority.probe;

/**
 * Seconds between a target's leaving and the end of its connections: longer than the slowest request worth waiting for (the app gives
 * its database 5 s), short enough that a deploy does not drag. Both tiers keep a leaving process alive for longer than this.
 */
const DRAIN_SECONDS = 30;

/** How targets are asked whether they may get visitors, in seconds and answers in a row. One that hangs is out after 3 x 10 s. */
const HEALTH_CHECK = { interval: 10, timeout: 5, healthyThreshold: 2, unhealthyThreshold: 3 } as const;

/** Seconds an idle connection stays open; Node's keep-alive must be longer, or the load balancer meets closed connections (502). */
const IDLE_SECONDS = 60;

/**
 * The load balancer that `ha-web-tier` and `fargate` share, so that a flip between them keeps its address. About 16 to 20 USD a
 * month fixed, plus 3.65 USD for each of its public IPv4 addresses and its capacity units.
 *
 * Until {@link catchAll} is called it answers everything but probes with 503.
 *
 * Not `awsx.lb.ApplicationLoadBalancer` (3.9.0): its listener always forwards to a target group of its own, from the first moment, and
 * its security group admits every port unless it is replaced.
 */
export class LoadBalancer extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  readonly arnSuffix: pulumi.Output<string>;
  readonly dnsName: pulumi.Output<string>;
  readonly zoneId: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  readonly httpsListenerArn: pulumi.Output<string>;
  /** Its own alarms; those of the targets belong to the tiers. */
  readonly signals: readonly Signal[];

  constructor(
    name: string,
    private readonly args: LoadBalancerArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("iamvet:index:LoadBalancer", name, {}, opts);
    const child = { parent: this };
    const group = publicWebGroup(name, args.vpcId, "HTTP and HTTPS from everywhere", child);
    const logs = this.accessLogs(name, args.accessLogDays ?? 90);
    const balancer = new aws.lb.LoadBalancer(
      `${name}-balancer`,
      {
        loadBalancerType: "application",
        subnets: args.subnetIds,
        securityGroups: [group.id],
        idleTimeout: IDLE_SECONDS,
        dropInvalidHeaderFields: true,
        enableDeletionProtection: args.deletionProtection ?? true,
        accessLogs: { bucket: logs.bucket.bucket, enabled: true },
      },
      // The delivery of logs is tested when it is turned on.
      { ...child, dependsOn: [logs.policy] },
    );
    new aws.lb.Listener(
      `${name}-http`,
      {
        loadBalancerArn: balancer.arn,
        port: 80,
        protocol: "HTTP",
        defaultActions: [{ type: "redirect", redirect: { protocol: "HTTPS", port: "443", statusCode: "HTTP_301" } }],
      },
      child,
    );
    const https = new aws.lb.Listener(
      `${name}-https`,
      {
        loadBalancerArn: balancer.arn,
        port: 443,
        protocol: "HTTPS",
        sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06",
        certificateArn: args.certificateArn,
        defaultActions: [
          {
            type: "fixed-response",
            fixedResponse: { statusCode: "503", contentType: "text/plain", messageBody: "No tier serves yet" },
          },
        ],
      },
      child,
    );
    if (args.redirectFrom.length > 0) {
      new aws.lb.ListenerRule(
        `${name}-redirect`,
        {
          listenerArn: https.arn,
          priority: priority.redirect,
          conditions: [{ hostHeader: { values: [...args.redirectFrom] } }],
          actions: [{ type: "redirect", redirect: { host: args.domain, statusCode: "HTTP_301" } }],
        },
        child,
      );
    }
    if (args.firewall) {
      new Firewall(`${name}-firewall`, { resourceArn: balancer.arn, ...args.firewall }, child);
    }
    this.signals = this.alarms(name, balancer.arnSuffix);
    this.arn = balancer.arn;
    this.arnSuffix = balancer.arnSuffix;
    this.dnsName = balancer.dnsName;
    this.zoneId = balancer.zoneId;
    this.securityGroupId = group.id;
    this.httpsListenerArn = https.arn;
    this.registerOutputs({ arn: this.arn, dnsName: this.dnsName });
  }

  /**
   * A target group and the probe rule that leads a gate's requests to it. Without a rule ECS refuses the group and health checks
   * never start, and a probe would be answered by the tier that serves now.
   *
   * A new group, as another port or health check makes one, stands beside the old: the probe rule leads to it at once, visitors are led
   * to it behind the gate alone, by {@link catchAll}. AWS would judge the targets that serve by a new path in place, and end those of a
   * release that does not know it.
   */
  attach(tier: BalancedTier, args: TargetArgs, parent: pulumi.Resource) {
    const group = new aws.lb.TargetGroup(
      `${args.name}-targets`,
      {
        vpcId: this.args.vpcId,
        port: args.port,
        protocol: "HTTP",
        targetType: args.targetType,
        deregistrationDelay: DRAIN_SECONDS,
        // A fresh Node process is slow until its code is compiled; a ramp of 30 s, the least AWS offers, keeps the first requests few.
        slowStart: 30,
        healthCheck: { path: args.healthPath, matcher: "200", ...HEALTH_CHECK },
      },
      { parent, ...beside("healthCheck") },
    );
    const rule = this.probeRule(tier, { ...args, targetGroupArn: group.arn }, parent);
    this.admit(tier, args, parent);
    return { group, rule };
  }

  /**
   * Lets the load balancer reach the targets' port. The port is in the rules' names: each has rules of its own, so that the old ones stay
   * as long as the old targets, and going back finds them where AWS would refuse the same rule twice.
   */
  private admit(tier: BalancedTier, { name, port, securityGroupId }: TargetArgs, parent: pulumi.Resource) {
    const way = { ipProtocol: "tcp", fromPort: port, toPort: port };
    const opts = (former: string) => ({
      parent,
      ...beside("fromPort", "toPort", "referencedSecurityGroupId"),
      aliases: [{ name: former }],
    });
    new aws.vpc.SecurityGroupEgressRule(
      `${name}-from-balancer-${port}`,
      {
        ...way,
        securityGroupId: this.securityGroupId,
        referencedSecurityGroupId: securityGroupId,
        description: `To ${tier}`,
      },
      opts(`${name}-from-balancer`),
    );
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-to-targets-${port}`,
      {
        ...way,
        securityGroupId,
        referencedSecurityGroupId: this.securityGroupId,
        description: "From the load balancer",
      },
      opts(`${name}-to-targets`),
    );
  }

  /** The rule that leads a gate's requests, and nobody else's, to one tier. */
  probeRule(
    tier: BalancedTier,
    args: { name: string; targetGroupArn: pulumi.Input<string>; probeToken: pulumi.Input<string> },
    parent: pulumi.Resource,
  ) {
    return new aws.lb.ListenerRule(
      `${args.name}-probe`,
      {
        listenerArn: this.httpsListenerArn,
        priority: priority.probe[tier],
        conditions: [{ httpHeader: { httpHeaderName: PROBE_HEADER, values: [probeValue(tier, args.probeToken)] } }],
        actions: [{ type: "forward", targetGroupArn: args.targetGroupArn }],
      },
      { parent },
    );
  }

  /** How a gate asks one tier through the load balancer. */
  probe(
    tier: BalancedTier,
    args: { healthPath: string; probeToken: pulumi.Input<string>; version: pulumi.Input<string> },
  ) {
    return pulumi.all([this.dnsName, args.probeToken, args.version]).apply(
      ([dnsName, token, version]): Probe => ({
        connectTo: dnsName,
        port: 443,
        servername: this.args.domain,
        host: this.args.domain,
        path: args.healthPath,
        headers: { [PROBE_HEADER]: `${tier}.${token}` },
        expectTier: tier,
        expectVersion: version,
      }),
    );
  }

  /** What the probe rules of all tiers ask for, whether or not a tier is there. */
  probeValues(token: pulumi.Input<string>): pulumi.Output<string>[] {
    return (Object.keys(priority.probe) as BalancedTier[]).map((tier) => probeValue(tier, token));
  }

  /** The rule that leads the built files of all releases to one target group, whichever tier serves; behind the probe rules. */
  assetRule(name: string, targetGroupArn: pulumi.Input<string>, opts: pulumi.CustomResourceOptions) {
    return new aws.lb.ListenerRule(
      name,
      {
        listenerArn: this.httpsListenerArn,
        priority: priority.assets,
        conditions: [{ pathPattern: { values: [`/${PREFIX}*`] } }],
        actions: [{ type: "forward", targetGroupArn }],
      },
      opts,
    );
  }

  /**
   * The rule that sends everybody to the tiers, by weight. Its URN is constant: a flip between two tiers behind the load balancer
   * changes its weights only. Called behind the gate, and by nobody but {@link Traffic}.
   */
  catchAll(
    name: string,
    groups: readonly { readonly arn: pulumi.Input<string>; readonly weight: number }[],
    opts: pulumi.CustomResourceOptions,
  ) {
    return new aws.lb.ListenerRule(
      name,
      {
        listenerArn: this.httpsListenerArn,
        priority: priority.catchAll,
        conditions: [{ pathPattern: { values: ["/*"] } }],
        actions: [
          {
            type: "forward",
            forward: {
              targetGroups: [...groups],
              // Stickiness goes before weights, a weight of 0 included: who was led to a tier that turned bad would stay with it for
              // the duration, whatever takes traffic back (https://repost.aws/questions/QUugYm4uzWSI2af5mnmMjlZQ).
              stickiness: { enabled: false, duration: 1 },
            },
          },
        ],
      },
      opts,
    );
  }

  private alarms(name: string, LoadBalancer: pulumi.Output<string>): Signal[] {
    const metric = {
      namespace: "AWS/ApplicationELB",
      dimensions: { LoadBalancer },
      statistic: "Sum",
      evaluationPeriods: 3,
      treatMissingData: "notBreaching",
    } as const;
    const table: Record<string, AlarmEntry> = {
      "server-errors": {
        ...metric,
        level: "basic",
        severity: "page",
        subject: "errors",
        meaning:
          "More than 5 requests in a minute got an error (5xx) of the load balancer itself, three minutes in a row",
        causes: [
          "no-targets: no target is healthy (503)",
          "app-crash: targets close connections or die (502)",
          "app-hang: targets answer too late (504)",
          "asset-server-failing: the function that answers /_next/static fails, or Lambda has no capacity left for it (502)",
        ],
        metricName: "HTTPCode_ELB_5XX_Count",
        ...over(5),
      },
      "rejected-connections": {
        ...metric,
        level: "standard",
        severity: "warning",
        subject: "capacity",
        meaning: "The load balancer refused connections, three minutes in a row, because it had reached its most",
        causes: [
          "traffic-spike: a sudden rise in traffic, faster than the load balancer grows",
          "traffic-spike: an attack that opens connections",
        ],
        metricName: "RejectedConnectionCount",
        ...over(0),
      },
    };
    return alarms(name, table, { level: this.args.alarmLevel, actions: this.args.alarmActions }, { parent: this });
  }

  private accessLogs(name: string, days: number) {
    return privateBucket(
      `${name}-logs`,
      {
        expireDays: days,
        // Without the force a flip away from the load balancer would fail at its end, since the bucket is never empty.
        forceDestroy: true,
        statements: (bucket) => [
          {
            Sid: "AccessLogs",
            Effect: "Allow",
            Principal: { Service: "logdelivery.elasticloadbalancing.amazonaws.com" },
            Action: "s3:PutObject",
            Resource: pulumi.interpolate`${bucket.arn}/AWSLogs/*`,
          },
        ],
      },
      { parent: this },
    );
  }
}

/** Header by which a probe rule knows a gate's request. */
export const PROBE_HEADER = "x-site-probe";

const probeValue = (tier: BalancedTier, token: pulumi.Input<string>) => pulumi.interpolate`${tier}.${token}`;

export interface TargetArgs {
  /** Prefix of the children's names. */
  readonly name: string;
  readonly targetType: "instance" | "ip";
  readonly port: number;
  readonly healthPath: string;
  readonly probeToken: pulumi.Input<string>;
  /** Security group of the instances or tasks. */
  readonly securityGroupId: pulumi.Input<string>;
}
