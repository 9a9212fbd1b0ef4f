import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type AlarmActions, alarm } from "./alarm";
import { type AppEnvironment, identity, secretArns } from "./app-environment";
import { agentParameter, bootParameter, bootScript } from "./boot";
import type { Database } from "./database";
import { logGrants, secretGrants, serviceRole } from "./iam";
import type { Collector, Probe, Signal, TierTarget, WebTier, Widget } from "./web-tier";

/** A server that a team already has: it is watched and recovered, never created, restarted by `up`, or owned. */
export interface ExistingServer {
  readonly instanceId: string;
  readonly securityGroupId: pulumi.Input<string>;
  /** Its public IPv4 addresses, to which DNS points. */
  readonly addresses: readonly string[];
}

/** A new server. */
export interface NewServer {
  /** A public subnet; changing it replaces the instance. */
  readonly subnetId: pulumi.Input<string>;
  /** EC2 instance type; a change stops and starts the instance, one to two minutes of outage. */
  readonly type: string;
  /** Root volume in GiB, gp3. */
  readonly volumeGb: number;
  /** Release of the app on S3, `s3://bucket/key.tgz`. */
  readonly release: pulumi.Input<string>;
  readonly environment: AppEnvironment;
  /** Release that the gate expects in the answer. */
  readonly version: pulumi.Input<string>;
  readonly redirectFrom: readonly string[];
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
}

/** Option 1: one server behind Nginx and PM2, watched by CloudWatch; AWS recovers the machine, a runbook recovers the app. */
export class MonitoredInstance extends pulumi.ComponentResource implements WebTier {
  readonly tier = "monitored-instance";
  readonly target: TierTarget;
  readonly probe: pulumi.Output<Probe>;
  readonly instanceId: pulumi.Output<string>;
  readonly outputs: Readonly<Record<string, pulumi.Output<string>>>;
  readonly signals: readonly Signal[];
  readonly logGroups: readonly pulumi.Output<string>[];
  readonly widgets: readonly Widget[];
  readonly collectors: readonly Collector[];

  constructor(name: string, args: MonitoredInstanceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:MonitoredInstance", name, {}, opts);
    const child = { parent: this };
    const { region } = aws.getRegionOutput({}, child);
    const logs = Object.fromEntries(
      ["app", "nginx", "system"].map((source) => [
        source,
        new aws.cloudwatch.LogGroup(`${name}-${source}-logs`, { retentionInDays: args.logRetentionDays }, child),
      ]),
    );

    const server =
      "existing" in args.server
        ? { ...args.server.existing, version: undefined }
        : this.create(name, args, args.server.create, logs);
    args.database.admit(`${name}-to-database`, server.securityGroupId, child);
    this.instanceId = pulumi.output(server.instanceId);
    this.target = { kind: "addresses", ipv4: pulumi.output(server.addresses).apply((ipv4) => [...ipv4]) };
    this.probe = pulumi.all([server.addresses, server.version]).apply(
      ([addresses, version]): Probe => ({
        connectTo: addresses[0] as string,
        port: 443,
        servername: args.domain,
        host: args.domain,
        path: args.healthPath,
        headers: {},
        // An adopted server's app need not tell its tier yet.
        ...(version ? { expectTier: this.tier, expectVersion: version } : {}),
      }),
    );

    const dimensions = { InstanceId: this.instanceId };
    const host = { namespace: "AWS/EC2", dimensions, statistic: "Maximum", period: 60 } as const;
    this.signals = [
      alarm(
        `${name}-system-check`,
        {
          ...host,
          severity: "page",
          subject: "host",
          meaning:
            "The machine under the instance has failed for two minutes; EC2 moves the instance to another one now",
          causes: ["a fault of the hardware, its power or its network at AWS"],
          firstCommand: "npm run platform -- why",
          metricName: "StatusCheckFailed_System",
          evaluationPeriods: 2,
          threshold: 1,
          comparisonOperator: "GreaterThanOrEqualToThreshold",
          treatMissingData: "missing",
          act: [pulumi.interpolate`arn:aws:automate:${region}:ec2:recover`],
        },
        args.alarmActions,
        child,
      ),
      alarm(
        `${name}-instance-check`,
        {
          ...host,
          severity: "page",
          subject: "host",
          meaning: "The operating system has not answered for three minutes; it is rebooted now",
          causes: ["memory exhausted", "a kernel panic", "a full disk", "a wrong network configuration"],
          firstCommand: "npm run platform -- why",
          metricName: "StatusCheckFailed_Instance",
          // Another count than the system check's: two actions at once would race each other.
          evaluationPeriods: 3,
          threshold: 1,
          comparisonOperator: "GreaterThanOrEqualToThreshold",
          treatMissingData: "missing",
          act: [pulumi.interpolate`arn:aws:automate:${region}:ec2:reboot`],
        },
        args.alarmActions,
        child,
      ),
      alarm(
        `${name}-cpu`,
        {
          ...host,
          statistic: "Average",
          period: 300,
          severity: "warning",
          subject: "capacity",
          meaning: "The CPU has been over 85 % for fifteen minutes",
          causes: ["more traffic than planned", "a loop in the app", "CPU credits used up"],
          firstCommand: "npm run platform -- why",
          metricName: "CPUUtilization",
          evaluationPeriods: 3,
          threshold: 85,
          comparisonOperator: "GreaterThanThreshold",
          treatMissingData: "missing",
        },
        args.alarmActions,
        child,
      ),
    ];
    this.logGroups = Object.values(logs).map((group) => group.name);
    this.widgets = [
      {
        title: "CPU",
        section: "capacity",
        label: "percent",
        metrics: this.instanceId.apply((id) => [["AWS/EC2", "CPUUtilization", "InstanceId", id]]),
      },
    ];
    this.collectors = [
      { kind: "instance", instanceId: this.instanceId },
      ...this.logGroups.map((logGroup) => ({ kind: "logs" as const, logGroup })),
      { kind: "certificate", host: args.domain },
    ];
    this.outputs = { instanceId: this.instanceId };
    this.registerOutputs({ instanceId: this.instanceId });
  }

  private create(
    name: string,
    args: MonitoredInstanceArgs,
    server: NewServer,
    logs: Record<string, aws.cloudwatch.LogGroup>,
  ) {
    const child = { parent: this };
    const group = new aws.ec2.SecurityGroup(
      `${name}-security-group`,
      { vpcId: args.vpcId, description: "The web server: HTTP and HTTPS in, no SSH (shell by SSM)" },
      child,
    );
    for (const port of [80, 443]) {
      new aws.vpc.SecurityGroupIngressRule(
        `${name}-port-${port}`,
        {
          securityGroupId: group.id,
          cidrIpv4: "0.0.0.0/0",
          ipProtocol: "tcp",
          fromPort: port,
          toPort: port,
          description: "The site is public",
        },
        child,
      );
    }
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

    const logGroups = Object.fromEntries(Object.entries(logs).map(([source, { name: group }]) => [source, group]));
    const agent = agentParameter(`${name}-agent`, logGroups, child);
    const boot = bootParameter(
      `${name}-boot`,
      {
        tier: this.tier,
        version: server.version,
        domain: args.domain,
        redirectFrom: server.redirectFrom,
        port: args.port,
        healthPath: args.healthPath,
        app: { release: server.release },
        environment: { ...server.environment.plain, ...identity(this.tier, server.version) },
        secrets: server.environment.secrets,
        logGroups,
        agentConfigParameter: agent.name,
        acmeEmail: server.acmeEmail,
      },
      child,
    );
    const role = serviceRole(
      `${name}-role`,
      "ec2.amazonaws.com",
      [
        ...secretGrants(secretArns(server.environment)),
        ...logGrants(Object.values(logs).map(({ arn }) => arn)),
        { actions: ["ssm:GetParameter"], resources: [boot.arn, agent.arn] },
        {
          actions: ["s3:GetObject"],
          resources: [pulumi.output(server.release).apply((url) => `arn:aws:s3:::${url.replace("s3://", "")}`)],
        },
        {
          actions: ["cloudwatch:PutMetricData"],
          resources: ["*"],
          conditions: { StringEquals: { "cloudwatch:namespace": "Site" } },
        },
        ...acmeGrants(server.zoneId, [args.domain, ...server.redirectFrom]),
      ],
      child,
    );
    new aws.iam.RolePolicyAttachment(
      `${name}-ssm`,
      { role: role.name, policyArn: "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" },
      child,
    );
    const profile = new aws.iam.InstanceProfile(`${name}-profile`, { role: role.name }, child);
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
      // A new AMI or boot script must never replace a serving instance unasked.
      { ...child, ignoreChanges: ["ami", "userData"] },
    );
    const address = new aws.ec2.Eip(`${name}-address`, { domain: "vpc", tags: { Name: name } }, child);
    new aws.ec2.EipAssociation(
      `${name}-address-of`,
      { instanceId: instance.id, allocationId: address.allocationId },
      child,
    );
    return {
      instanceId: instance.id,
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
