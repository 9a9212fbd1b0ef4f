import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Collector, Probe, Rollout, Signal, TierTarget, WebTier, Widget } from "../../core/web-tier";
import type { Database } from "../database/database";
import type { AlarmActions } from "../monitoring/alarm";
import type { AlarmLevel } from "../monitoring/alarm-table";
import { METRICS } from "../monitoring/log-metric";
import { serverAlarms } from "../monitoring/server-alarms";
import { type NewServer, newServer } from "./new-server";
import { Recovery, type ServerProcesses } from "./recovery";
import { processPatterns, type ServerLogs, serverAgent, serverLogs, serverProfile } from "./server-access";
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
    const logs = serverLogs(name, args.logRetentionDays, child);
    const agent = serverAgent(name, logs, existing, child);

    const server =
      "existing" in args.server
        ? {
            ...args.server.existing,
            ...serverProfile(name, logs, agent, [], child),
            version: undefined,
            release: undefined,
          }
        : newServer(name, { ...args, tier: this.tier, server: args.server.create, logs, agent }, this);
    this.admit(name, args, server.securityGroupId, existing);
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

    const alarms = this.alarms(name, args, logs);
    const recovery =
      args.maxRecoveriesPerHour > 0 ? this.recovery(name, args, server.addresses, server.role, alarms) : undefined;
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
    this.widgets = this.graphs(name);
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

  /** A server that serves today reaches a database that exists already; a second rule of the same kind would be refused. */
  private admit(
    name: string,
    { database }: MonitoredInstanceArgs,
    securityGroupId: pulumi.Input<string>,
    existing: ExistingServer | undefined,
  ): void {
    const rule = `${name}-to-database`;
    if (!existing) database.admit(rule, securityGroupId, { parent: this });
    else if (!database.existed) {
      // By its group, so that another server is admitted beside this one, and going back finds the rule that AWS would refuse twice.
      const opts = { parent: this, aliases: [{ name: rule }] };
      database.admit(`${rule}-${existing.securityGroupId}`, existing.securityGroupId, opts);
    }
  }

  private alarms(name: string, { server, ...args }: MonitoredInstanceArgs, logs: ServerLogs) {
    const existing = "existing" in server ? server.existing : undefined;
    return serverAlarms(
      name,
      {
        instanceId: this.instanceId,
        ...("create" in server ? { instanceType: server.create.type } : {}),
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
  }

  private recovery(
    name: string,
    { server, database, ...args }: MonitoredInstanceArgs,
    addresses: pulumi.Input<readonly pulumi.Input<string>[]>,
    serverRole: aws.iam.Role,
    alarms: Readonly<Record<string, Signal>>,
  ): Recovery {
    return new Recovery(
      `${name}-recovery`,
      {
        ...args,
        instanceId: this.instanceId,
        processes: "existing" in server ? server.existing.processes : builtHere,
        database: database.endpoint,
        addresses,
        databaseIdentifier: database.identifier,
        serverRole,
        alarmNames: ["app-process", "nginx-process", "server-errors"].flatMap((key) => alarms[key]?.name ?? []),
        topicArn: args.recoveryTopicArn,
        maxRunsPerHour: args.maxRecoveriesPerHour,
        everyMinutes: args.recheckMinutes,
      },
      { parent: this },
    );
  }

  private graphs(name: string): Widget[] {
    const ofInstance = (namespace: string, ...metrics: string[]) =>
      this.instanceId.apply((id) => metrics.map((metric) => [namespace, metric, "InstanceId", id]));
    return [
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
  }
}
