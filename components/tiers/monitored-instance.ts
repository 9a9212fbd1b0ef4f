import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Collector, Probe, Rollout, Signal, TierTarget, WebTier, Widget } from "../../core/web-tier";
import { beside } from "../aws/beside";
import { type Grant, logGrants, managedGrants, secretGrants, serviceRole } from "../aws/iam";
import { publicWebGroup } from "../aws/public-web-group";
import { renderRunbook } from "../aws/runbook";
import type { Database } from "../database/database";
import { type AppEnvironment, identity, secretArns, secretSources } from "../foundation/app-environment";
import type { AlarmActions } from "../monitoring/alarm";
import type { AlarmLevel } from "../monitoring/alarm-table";
import { METRICS } from "../monitoring/log-metric";
import { serverAlarms } from "../monitoring/server-alarms";
import { bootScript, renderAgentConfig, renderBootConfig } from "./boot-config";
import { Recovery, type ServerProcesses } from "./recovery";
import { keepAgent, keepHealing, keepPatched } from "./server-agent";

/** A server that a team already has: it is watched and recovered, never created, restarted by `up`, or owned. */
export interface ExistingServer {
  readonly instanceId: string;
  readonly securityGroupId: string;
  /** Its public IPv4 addresses, to which DNS points. */
  readonly addresses: readonly string[];
  /** How its app runs. */
  readonly processes: ServerProcesses;
  /** Log files of Nginx and of the app, on its disk. */
  readonly logFiles: { readonly access: string; readonly error: string; readonly app: string };
  /** Regular expression for the command line of its app. @default that of Next.js, which fits every such app on the server */
  readonly appPattern?: string;
}

/** A new server. */
export interface NewServer {
  /** A public subnet of a new server; one that is there stays where it is. */
  readonly subnetId: pulumi.Input<string>;
  /** EC2 instance type; a change stops and starts the instance, one to two minutes of outage. */
  readonly type: string;
  /** Root volume in GiB, gp3. */
  readonly volumeGb: number;
  /** Whether security updates of its packages are installed once a week, without a reboot. */
  readonly securityUpdates: boolean;
  /** Release of the app: an archive on S3 and its SHA-256. */
  readonly release: { readonly url: pulumi.Input<string>; readonly sha256: pulumi.Input<string> };
  readonly environment: AppEnvironment;
  /** Whether the instance runs a release's migrations before it serves. */
  readonly migrate: boolean;
  /** Release that the gate expects in the answer. */
  readonly version: pulumi.Input<string>;
  /** A second name, which Nginx redirects to the site's. */
  readonly redirectFrom?: string;
  readonly zoneId: pulumi.Input<string>;
  /** Let's Encrypt tells this address if a certificate is about to expire. */
  readonly acmeEmail: string;
}

export interface MonitoredInstanceArgs {
  readonly server: { readonly existing: ExistingServer } | { readonly create: NewServer };
  readonly vpcId: pulumi.Input<string>;
  readonly database: Database;
  readonly domain: string;
  readonly port: number;
  readonly healthPath: string;
  readonly logRetentionDays: number;
  readonly alarmActions: AlarmActions;
  /** `basic` stays within CloudWatch's free tier. */
  readonly alarmLevel: AlarmLevel;
  /** Hears what each recovery run did. */
  readonly recoveryTopicArn: pulumi.Input<string>;
  /** Runs that act within an hour before a person is called instead; 0 turns the recovery off. */
  readonly maxRecoveriesPerHour: number;
  /** Minutes between two looks of the recovery; 0 for none. */
  readonly recheckMinutes: number;
}

/** How the app runs on a server that boot-instance.sh built. */
const builtHere: ServerProcesses = {
  processManager: "pm2",
  appName: "site",
  appUser: "site",
  ecosystem: "/srv/site/current/ecosystem.config.cjs",
  nginxConf: "/etc/nginx/nginx.conf",
  logFiles: ["app.log", "app-error.log"]
    .map((file) => `/var/log/site/${file}`)
    .concat(["access.log", "error.log"].map((file) => `/var/log/nginx/${file}`)),
  appErrorLog: "/var/log/site/app-error.log",
  processPath: "/api/health",
};

/** CloudWatch filter patterns for a 5xx in Nginx's access log: in the format of app/nginx, and in Nginx's own `combined`. */
const serverErrors = {
  built: "[address, dash, time, request, status=5*, ...]",
  combined: "[address, dash, user, time, request, status=5*, ...]",
};

/** Patterns by which the agent's config (runbooks/agent/cloudwatch-agent.json) counts processes. */
const processPatterns = (existing?: ExistingServer) => ({
  nginx: "nginx: master process",
  app: existing?.appPattern ?? "next-server|server\\.js",
});

/** Log groups that the agent's config names. */
const sources = ["app", "nginx-access", "nginx-error", "system"] as const;
type LogGroups = Record<(typeof sources)[number], aws.cloudwatch.LogGroup>;

/** Option 1: one server behind Nginx and PM2, watched by CloudWatch; AWS recovers the machine, a runbook recovers the app. */
export class MonitoredInstance extends pulumi.ComponentResource implements WebTier {
  readonly tier = "monitored-instance";
  readonly target: TierTarget;
  readonly probe: pulumi.Output<Probe>;
  /** Releases on a server that the stack made; an adopted one deploys in its own way. */
  readonly rollout?: pulumi.Output<Rollout>;
  readonly instanceId: pulumi.Output<string>;
  readonly outputs: Readonly<Record<string, pulumi.Output<string>>>;
  readonly signals: readonly Signal[];
  readonly logGroups: readonly pulumi.Output<string>[];
  readonly widgets: readonly Widget[];
  readonly collectors: readonly Collector[];

  constructor(name: string, args: MonitoredInstanceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:MonitoredInstance", name, {}, opts);
    const child = { parent: this };
    const existing = "existing" in args.server ? args.server.existing : undefined;
    const logs = Object.fromEntries(
      sources.map((source) => [
        source,
        new aws.cloudwatch.LogGroup(`${name}-${source}-logs`, { retentionInDays: args.logRetentionDays }, child),
      ]),
    ) as LogGroups;
    const agent = this.agent(name, logs, existing);

    const server =
      "existing" in args.server
        ? { ...args.server.existing, ...this.profile(name, logs, agent), version: undefined, release: undefined }
        : this.create(name, args, args.server.create, logs, agent);
    // A server that serves today reaches a database that exists already; a second rule of the same kind would be refused.
    if (!existing) args.database.admit(`${name}-to-database`, server.securityGroupId, child);
    else if (!args.database.existed) {
      // By its group, so that another server is admitted beside this one, and going back finds the rule that AWS would refuse twice.
      const former = { aliases: [{ name: `${name}-to-database` }] };
      args.database.admit(`${name}-to-database-${existing.securityGroupId}`, existing.securityGroupId, {
        ...child,
        ...former,
      });
    }
    this.instanceId = pulumi.output(server.instanceId);
    this.target = { kind: "addresses", ipv4: pulumi.output(server.addresses).apply((ipv4) => [...ipv4]) };
    this.probe = pulumi.all([server.addresses, server.version]).apply(
      ([addresses, version]): Probe => ({
        connectTo: addresses[0] as string,
        ...(addresses.length > 1 ? { addresses } : {}),
        port: 443,
        servername: args.domain,
        host: args.domain,
        path: args.healthPath,
        headers: {},
        // An adopted server's app need not tell its tier yet.
        ...(version ? { expectTier: this.tier, expectVersion: version } : {}),
      }),
    );

    const alarms = serverAlarms(
      name,
      {
        instanceId: this.instanceId,
        ...("create" in args.server ? { instanceType: args.server.create.type } : {}),
        domain: args.domain,
        accessLog: {
          group: logs["nginx-access"].name,
          serverErrors: existing ? serverErrors.combined : serverErrors.built,
        },
        appLog: logs.app.name,
        processPatterns: processPatterns(existing),
        watchesCertificate: !existing,
        watched: args.maxRecoveriesPerHour > 0,
        level: args.alarmLevel,
        actions: args.alarmActions,
      },
      this,
    );
    const recovery =
      args.maxRecoveriesPerHour > 0
        ? new Recovery(
            `${name}-recovery`,
            {
              instanceId: this.instanceId,
              domain: args.domain,
              port: args.port,
              healthPath: args.healthPath,
              processes: existing?.processes ?? builtHere,
              database: args.database.endpoint,
              addresses: server.addresses,
              databaseIdentifier: args.database.identifier,
              serverRole: server.role,
              alarmNames: ["app-process", "nginx-process", "server-errors"].flatMap((key) => alarms[key]?.name ?? []),
              alarmLevel: args.alarmLevel,
              alarmActions: args.alarmActions,
              topicArn: args.recoveryTopicArn,
              maxRunsPerHour: args.maxRecoveriesPerHour,
              everyMinutes: args.recheckMinutes,
              logRetentionDays: args.logRetentionDays,
            },
            child,
          )
        : undefined;

    this.signals = [...Object.values(alarms), ...(recovery?.signals ?? [])];

    keepAgent(name, this.instanceId, agent, child);
    if ("create" in args.server && args.server.create.securityUpdates) keepPatched(name, this.instanceId, child);
    if (recovery) keepHealing(name, this.instanceId, server.role.name, recovery, args.maxRecoveriesPerHour, child);

    if (server.release) {
      const mute = recovery?.muteParameter ?? pulumi.output(undefined);
      this.rollout = pulumi.all([this.instanceId, server.release, mute]).apply(
        ([instanceId, release, muteParameter]): Rollout => ({
          kind: "server",
          instanceId,
          ...release,
          ...(muteParameter ? { mute: muteParameter } : {}),
        }),
      );
    }

    this.logGroups = Object.values(logs).map((group) => group.name);
    const ofInstance = (namespace: string, ...metrics: string[]) =>
      this.instanceId.apply((id) => metrics.map((metric) => [namespace, metric, "InstanceId", id]));
    this.widgets = [
      { title: "CPU", section: "capacity", label: "percent", metrics: ofInstance("AWS/EC2", "CPUUtilization") },
      {
        title: "Memory and swap",
        section: "capacity",
        label: "percent",
        metrics: ofInstance(METRICS, "mem_used_percent", "swap_used_percent"),
      },
      {
        title: "Errors of the app (5xx)",
        section: "errors",
        stat: "Sum",
        metrics: [[METRICS, `${name}-server-errors`]],
      },
    ];
    this.collectors = [
      { kind: "instance", instanceId: this.instanceId },
      ...this.logGroups.map((logGroup) => ({ kind: "logs" as const, logGroup })),
      ...(recovery
        ? [{ kind: "recovery-runs" as const, document: recovery.documentName, logGroup: recovery.logGroup }]
        : []),
      { kind: "certificate", host: args.domain },
    ];
    this.outputs = {
      instanceId: this.instanceId,
      ...(existing ? { instanceProfile: server.profile.name } : {}),
      ...(recovery ? { recoveryDocument: recovery.documentName, recoveryMute: recovery.muteParameter } : {}),
    };
    this.registerOutputs({ instanceId: this.instanceId });
  }

  /** The agent's config. */
  private agent(name: string, logs: LogGroups, existing?: ExistingServer): aws.ssm.Parameter {
    const child = { parent: this };
    const config = new aws.ssm.Parameter(
      `${name}-agent`,
      {
        type: "String",
        tier: "Intelligent-Tiering",
        description: "CloudWatch agent config",
        value: pulumi
          .output(Object.fromEntries(sources.map((source) => [source, logs[source].name])))
          .apply((logGroups) =>
            renderAgentConfig("instance", {
              logGroups,
              appPattern: processPatterns(existing).app,
              ...(existing
                ? {
                    files: {
                      "/var/log/nginx/access.log": existing.logFiles.access,
                      "/var/log/nginx/error.log": existing.logFiles.error,
                      "/var/log/site/app.log": existing.logFiles.app,
                      "/var/log/site/app-error.log": existing.processes.appErrorLog,
                    },
                  }
                : {}),
            }),
          ),
      },
      child,
    );
    return config;
  }

  /** What the server may do: be managed, send metrics and logs, and what `grants` adds. An existing one gets it by `platform attach`. */
  private profile(name: string, logs: LogGroups, agent: aws.ssm.Parameter, grants: readonly Grant[] = []) {
    const child = { parent: this };
    const role = serviceRole(
      `${name}-role`,
      "ec2.amazonaws.com",
      [
        ...managedGrants,
        ...logGrants(Object.values(logs).map(({ arn }) => arn)),
        { actions: ["ssm:GetParameter"], resources: [agent.arn] },
        {
          actions: ["cloudwatch:PutMetricData"],
          resources: ["*"],
          conditions: { StringEquals: { "cloudwatch:namespace": METRICS } },
        },
        ...grants,
      ],
      child,
    );
    return { role, profile: new aws.iam.InstanceProfile(`${name}-profile`, { role: role.name }, child) };
  }

  private create(
    name: string,
    args: MonitoredInstanceArgs,
    server: NewServer,
    logs: LogGroups,
    agent: aws.ssm.Parameter,
  ) {
    const child = { parent: this };
    const { region } = aws.getRegionOutput({}, child);
    const group = publicWebGroup(name, args.vpcId, "The web server: HTTP and HTTPS in, no SSH (shell by SSM)", child);
    new aws.vpc.SecurityGroupEgressRule(
      `${name}-out`,
      {
        securityGroupId: group.id,
        cidrIpv4: "0.0.0.0/0",
        ipProtocol: "-1",
        description: "Packages, AWS APIs, database, third parties",
      },
      child,
    );

    const record = new aws.ssm.Parameter(
      `${name}-record`,
      { type: "String", value: "nothing yet", description: "Version of the boot parameter by which the server serves" },
      // The server writes it (runbooks/boot-instance.sh).
      { ...child, ignoreChanges: ["value"] },
    );
    const boot = new aws.ssm.Parameter(
      `${name}-boot`,
      {
        type: "String",
        tier: "Intelligent-Tiering",
        description: "What the instance reads when it boots; it says where secrets are, never their values",
        value: pulumi
          .output({
            region,
            domain: args.domain,
            ...(server.redirectFrom ? { redirectFrom: server.redirectFrom } : {}),
            port: args.port,
            healthPath: args.healthPath,
            tier: this.tier,
            version: server.version,
            environment: { ...server.environment.plain, ...identity(this.tier, server.version) },
            secrets: secretSources(server.environment),
            agentConfigParameter: agent.name,
            release: server.release,
            migrate: server.migrate,
            record: record.name,
            acmeEmail: server.acmeEmail,
          })
          .apply((config) => renderBootConfig("instance", config)),
      },
      child,
    );
    const { role, profile } = this.profile(name, logs, agent, [
      ...secretGrants(secretArns(server.environment)),
      { actions: ["ssm:GetParameter"], resources: [boot.arn] },
      { actions: ["ssm:PutParameter"], resources: [record.arn] },
      {
        actions: ["s3:GetObject"],
        resources: [pulumi.output(server.release.url).apply((url) => `arn:aws:s3:::${url.replace("s3://", "")}`)],
      },
      ...acmeGrants(server.zoneId, [args.domain, ...(server.redirectFrom ? [server.redirectFrom] : [])]),
    ]);
    const image = aws.ssm.getParameterOutput(
      { name: "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64" },
      child,
    );
    const instance = new aws.ec2.Instance(
      `${name}-instance`,
      {
        ami: image.value,
        instanceType: server.type,
        subnetId: server.subnetId,
        vpcSecurityGroupIds: [group.id],
        iamInstanceProfile: profile.name,
        userData: bootScript("instance"),
        metadataOptions: {
          httpEndpoint: "enabled",
          httpTokens: "required",
          httpPutResponseHopLimit: 1,
          instanceMetadataTags: "enabled",
        },
        rootBlockDevice: { volumeType: "gp3", volumeSize: server.volumeGb, encrypted: true },
        disableApiTermination: true,
        tags: { Name: name, "boot-parameter": boot.name },
      },
      // A new AMI, a boot script or another subnet must never replace a serving instance unasked: its disk would go. `pulumi up
      // --replace` of it is the way to ask.
      { ...child, ...beside(), ignoreChanges: ["ami", "userData", "subnetId"] },
    );
    // Another instance has another address: moved to one that boots, the old one's would lead its visitors astray.
    const its = { ...child, ...beside(), replacementTrigger: instance.id };
    const address = new aws.ec2.Eip(`${name}-address`, { domain: "vpc", tags: { Name: name } }, its);
    new aws.ec2.EipAssociation(
      `${name}-address-of`,
      { instanceId: instance.id, allocationId: address.allocationId },
      its,
    );
    const document = new aws.ssm.Document(
      `${name}-release`,
      {
        documentType: "Command",
        documentFormat: "YAML",
        targetType: "/AWS::EC2::Instance",
        content: renderRunbook("release.command.yaml"),
      },
      child,
    );
    return {
      instanceId: instance.id,
      role,
      profile,
      release: pulumi.output({
        document: document.name,
        parameter: pulumi.interpolate`${boot.name}:${boot.version}`,
        record: record.name,
      }),
      securityGroupId: group.id,
      addresses: [address.publicIp],
      version: server.version as pulumi.Input<string> | undefined,
    };
  }
}

/** What a certificate by DNS-01 takes: writing the `_acme-challenge` TXT records of the site's names and nothing else. */
function acmeGrants(zoneId: pulumi.Input<string>, names: readonly string[]) {
  return [
    { actions: ["route53:ListHostedZones", "route53:GetChange"], resources: ["*"] },
    {
      actions: ["route53:ChangeResourceRecordSets"],
      resources: [pulumi.interpolate`arn:aws:route53:::hostedzone/${zoneId}`],
      conditions: {
        "ForAllValues:StringEquals": {
          "route53:ChangeResourceRecordSetsNormalizedRecordNames": names.map((host) => `_acme-challenge.${host}`),
          "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"],
        },
      },
    },
  ];
}
