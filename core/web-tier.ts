import type * as pulumi from "@pulumi/pulumi";

/** Where DNS points: the alias of a load balancer, plain addresses, or another name (Vercel alone on a subdomain). */
export type TrafficTarget =
  | { readonly kind: "alias"; readonly dnsName: string; readonly zoneId: string }
  | { readonly kind: "addresses"; readonly ipv4: readonly string[] }
  | { readonly kind: "cname"; readonly name: string };

/** A tier's own target: its kind is known before anything is built, its address only afterwards. */
export type TierTarget =
  | { readonly kind: "alias"; readonly dnsName: pulumi.Output<string>; readonly zoneId: pulumi.Output<string> }
  | { readonly kind: "addresses"; readonly ipv4: pulumi.Output<string[]> }
  | { readonly kind: "cname"; readonly name: pulumi.Output<string> };

/**
 * How a tier is asked before DNS points at it: a TLS handshake with the site's real name against the tier's own address,
 * so that certificate, routing and application are all proven by one request.
 */
export interface Probe {
  /** Host name or IPv4 address to open the TCP connection to: the tier itself, never the site's public name. */
  readonly connectTo: string;
  /** All of the tier's IPv4 addresses where it has several: each of them gets visitors. @default what `connectTo` resolves to */
  readonly addresses?: readonly string[];
  /** TCP port, 443 for every tier on AWS. */
  readonly port: number;
  /** Server name of the TLS handshake (SNI); the certificate must be valid for it. */
  readonly servername: string;
  /** `Host` header. */
  readonly host: string;
  /** Path of the health check, for example `/api/health-external`. */
  readonly path: string;
  /** Further request headers; the load balancer's probe rule is chosen by a secret one. */
  readonly headers: Readonly<Record<string, string>>;
  /** The tier's name in the answer's `tier` field; undefined for an adopted server whose app does not tell it yet. */
  readonly expectTier?: string;
  /** The release in the answer's `version` field; undefined where the tier does not decide which release runs. */
  readonly expectVersion?: string;
}

/**
 * What was asked of a tier, and who knows whether it runs (stacks/gates/rollout/). The provider is no witness: it returns as well
 * after ECS has rolled a release back, it would spoil the way back of an instance refresh, and it installs nothing on a server.
 */
export type Rollout =
  | { readonly kind: "ecs"; readonly cluster: string; readonly service: string; readonly taskDefinition: string }
  | {
      readonly kind: "autoscaling";
      readonly group: string;
      readonly launchTemplate: string;
      /** A number: AWS rolls back to no `$Latest` or `$Default`. */
      readonly version: string;
      /** Seconds that a new instance gets until the next one is replaced. */
      readonly warmupSeconds: number;
      /** Alarms that roll the refresh back. */
      readonly alarms: readonly string[];
    }
  | {
      readonly kind: "server";
      readonly instanceId: string;
      /** Command document that installs a release (runbooks/release.command.yaml). */
      readonly document: string;
      /** Boot parameter to run by, as `name:version`. */
      readonly parameter: string;
      /** Parameter in which the server itself writes `<instance id> <name:version>` of what it runs. */
      readonly record: string;
      /** Parameter that keeps the recovery out meanwhile; undefined where there is no recovery. */
      readonly mute?: string;
    }
  | {
      readonly kind: "vercel";
      readonly deployment: string;
      /** The site's name, which Vercel has to serve from this deployment. */
      readonly domain: string;
      /** The commit that it was made from, where the settings name one. */
      readonly commit?: string;
      readonly teamId?: string;
    };

/** Where `prisma migrate deploy` of a release can run: a task of its own on ECS, or a command on one of the tier's instances. */
export type MigrationTask =
  | {
      readonly kind: "ecs";
      readonly tier: string;
      readonly cluster: string;
      readonly taskDefinition: string;
      readonly subnets: readonly string[];
      readonly securityGroup: string;
      readonly container: string;
      readonly logGroup: string;
    }
  | {
      readonly kind: "ssm";
      readonly tier: string;
      /** Command document that runs it. */
      readonly document: string;
      /** The release's boot parameter, as `name:version`. */
      readonly parameter: string;
      /** Tag of the tier's instances. */
      readonly tag: { readonly key: string; readonly value: string };
    };

/**
 * Called by a tier when a release is ready to migrate the database and before it is rolled out; the rollout waits for the promise,
 * and does not begin if it rejects. Not called in a preview.
 */
export type BeforeRollout = (task: MigrationTask) => Promise<void>;

/** `page` wakes somebody (SMS and e-mail); `warning` informs (e-mail). */
export type Severity = "page" | "warning";

/** What an alarm is about; the composite "site is down" and the dashboard pick by it. */
export type Subject =
  | "reachability"
  | "errors"
  | "latency"
  | "capacity"
  | "host"
  | "process"
  | "database"
  | "backup"
  | "certificate"
  | "deploy";

/** One alarm of a component. */
export interface Signal {
  readonly name: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  readonly severity: Severity;
  readonly subject: Subject;
}

/**
 * Something that AWS tells once, as an EventBridge event, and that no metric shows: a deployment that was given up, a task that
 * stopped and why.
 */
export interface TierEvent {
  /** Short name, for example `deployment-failed`. */
  readonly name: string;
  readonly severity: Severity;
  readonly subject: Subject;
  /** What it means for the site, one sentence. */
  readonly meaning: string;
  /** EventBridge pattern, as JSON. */
  readonly pattern: pulumi.Output<string>;
}

/** One graph of the dashboard: a title and CloudWatch metrics in the console's own notation. */
export interface Widget {
  readonly title: string;
  /** Row of the dashboard in which the graph stands. */
  readonly section: "traffic" | "errors" | "latency" | "capacity" | "database" | "recovery" | "external" | "cost";
  /** `[namespace, metric, dimension, value, ..., {options}]`, one row a line in the graph. */
  readonly metrics: pulumi.Input<readonly (readonly unknown[])[]>;
  /** CloudWatch statistic. @default "Average" */
  readonly stat?: string;
  /** Unit of the left axis, as a label. */
  readonly label?: string;
  /** Region of the metrics, where it is not the stack's. */
  readonly region?: string;
  /** Seconds of one point. @default 60 */
  readonly periodSeconds?: number;
}

/** Where an incident report looks for a cause. Each kind is one collector of the incident reporter. */
export type Collector =
  | { readonly kind: "instance"; readonly instanceId: pulumi.Input<string> }
  | { readonly kind: "autoscaling"; readonly group: pulumi.Input<string> }
  | { readonly kind: "ecs"; readonly cluster: pulumi.Input<string>; readonly service: pulumi.Input<string> }
  | { readonly kind: "target-health"; readonly targetGroupArn: pulumi.Input<string> }
  | { readonly kind: "logs"; readonly logGroup: pulumi.Input<string> }
  | { readonly kind: "recovery-runs"; readonly document: pulumi.Input<string>; readonly logGroup: pulumi.Input<string> }
  | { readonly kind: "database"; readonly identifier: pulumi.Input<string> }
  | { readonly kind: "certificate"; readonly host: pulumi.Input<string>; readonly arn?: pulumi.Input<string> }
  | { readonly kind: "dns"; readonly zoneId: pulumi.Input<string>; readonly name: pulumi.Input<string> }
  | { readonly kind: "vercel"; readonly projectId: pulumi.Input<string>; readonly teamId?: pulumi.Input<string> };

/**
 * What every architecture returns, and all that the rest of the site knows of it. A tier is built beside the one that
 * serves and never touches DNS or the load balancer's catch-all rule: those belong to {@link Traffic}, behind a gate.
 */
export interface WebTier {
  /** The architecture's name as it stands in the stack's config and in the health check's answer. */
  readonly tier: string;
  readonly target: TierTarget;
  readonly probe: pulumi.Output<Probe>;
  /** Undefined where releases are not this stack's to roll out (an adopted server). */
  readonly rollout?: pulumi.Output<Rollout>;
  /** Where this release's migrations can run; undefined for tiers that migrate in their own way. */
  readonly migration?: pulumi.Output<MigrationTask>;
  /** The target group behind the shared load balancer; undefined for tiers that have no load balancer. */
  readonly targetGroupArn?: pulumi.Output<string>;
  /** What `pulumi stack output` shows of the tier: its instance, service or project. */
  readonly outputs: Readonly<Record<string, pulumi.Output<string>>>;
  readonly signals: readonly Signal[];
  /** Events that somebody should be told of. @default none */
  readonly events?: readonly TierEvent[];
  readonly logGroups: readonly pulumi.Output<string>[];
  readonly widgets: readonly Widget[];
  readonly collectors: readonly Collector[];
}
