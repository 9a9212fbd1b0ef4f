import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type {
  Collector,
  MigrationTask,
  Probe,
  Rollout,
  Signal,
  TierEvent,
  TierTarget,
  WebTier,
  Widget,
} from "../../core/web-tier";
import { beside } from "../aws/beside";
import { logGrants, managedGrants, policyOf, pullGrants, secretGrants, serviceRole } from "../aws/iam";
import { renderRunbook } from "../aws/runbook";
import { identity, secretArns, secretSources } from "../foundation/app-environment";
import { alarmTable } from "../monitoring/alarm-table";
import { afterMigration, type BalancedTierArgs, balancedAlarms, balancedWidgets, egress } from "./balanced-tier";
import { bootScript, renderAgentConfig, renderBootConfig } from "./boot-config";

export interface HaWebTierArgs extends BalancedTierArgs {
  readonly domain: string;
  /** EC2 instance type; its CPU architecture must be the image's. */
  readonly instanceType: string;
  /** Instances at the first start; afterwards the autoscaler decides and `up` never sets it back. */
  readonly desired: number;
  /** Root volume in GiB. */
  readonly volumeGb: number;
  /** AMI of the instances, Amazon Linux 2023 for the instance type's CPU. @default the newest one when `up` runs */
  readonly ami?: string;
}

/**
 * Seconds from launch to a healthy answer. The app's own start is measured by `npm run drill -- balanced` (seconds); boot, Docker's package
 * and the image pull are an estimate, with room: too long a grace only delays the end of an instance that never gets well.
 */
const WARMUP_SECONDS = 180;

/** Seconds from the announcement of an instance's end to it: 5 to notice, 35 to drain, 30 to stop (runbooks/boot-container.sh). */
const DRAIN_AND_STOP_SECONDS = 90;

/** Option 2: EC2 instances in an Auto Scaling group behind the load balancer; one that fails is replaced. */
export class HaWebTier extends pulumi.ComponentResource implements WebTier {
  readonly tier = "ha-web-tier";
  readonly target: TierTarget;
  readonly probe: pulumi.Output<Probe>;
  readonly rollout: pulumi.Output<Rollout>;
  readonly migration?: pulumi.Output<MigrationTask>;
  readonly targetGroupArn: pulumi.Output<string>;
  readonly outputs: Readonly<Record<string, pulumi.Output<string>>>;
  readonly signals: readonly Signal[];
  readonly events: readonly TierEvent[];
  readonly logGroups: readonly pulumi.Output<string>[];
  readonly widgets: readonly Widget[];
  readonly collectors: readonly Collector[];

  constructor(name: string, args: HaWebTierArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:HaWebTier", name, {}, opts);
    const child = { parent: this };
    const { version } = args;
    const { region } = aws.getRegionOutput({}, child);

    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays }, child);
    const group = new aws.ec2.SecurityGroup(
      `${name}-security-group`,
      { vpcId: args.vpcId, description: "Web instances: in from the load balancer only, no SSH" },
      child,
    );
    egress(name, group.id, args.database.securityGroupId, child);
    args.database.admit(`${name}-to-database`, group.id, child);

    const { group: targets, rule } = args.loadBalancer.attach(
      this.tier,
      {
        name,
        targetType: "instance",
        port: args.port,
        healthPath: args.healthPath,
        probeToken: args.probeToken,
        securityGroupId: group.id,
      },
      this,
    );
    const agent = new aws.ssm.Parameter(
      `${name}-agent`,
      {
        type: "String",
        tier: "Intelligent-Tiering",
        description: "CloudWatch agent config",
        value: logs.name.apply((system) => renderAgentConfig("container", { logGroups: { system } })),
      },
      child,
    );
    const boot = new aws.ssm.Parameter(
      `${name}-boot`,
      {
        type: "String",
        tier: "Intelligent-Tiering",
        description: "What an instance reads when it boots; it says where secrets are, never their values",
        value: pulumi
          .output({
            region,
            domain: args.domain,
            port: args.port,
            healthPath: args.healthPath,
            tier: this.tier,
            version,
            environment: { ...args.environment.plain, ...identity(this.tier, version) },
            secrets: secretSources(args.environment),
            agentConfigParameter: agent.name,
            image: args.image,
            logGroups: { app: logs.name },
            targetGroupArn: targets.arn,
          })
          .apply((config) => renderBootConfig("container", config)),
      },
      child,
    );
    const role = serviceRole(
      `${name}-role`,
      "ec2.amazonaws.com",
      [
        ...managedGrants,
        ...pullGrants(args.repositoryArns),
        ...secretGrants(secretArns(args.environment)),
        ...logGrants([logs.arn]),
        { actions: ["ssm:GetParameter"], resources: [boot.arn, agent.arn] },
        {
          actions: ["cloudwatch:PutMetricData"],
          resources: ["*"],
          conditions: { StringEquals: { "cloudwatch:namespace": "Site" } },
        },
      ],
      child,
    );
    // Leaving the target group when a termination is announced; instances of the old group leave the old one.
    new aws.iam.RolePolicy(
      `${name}-leave`,
      {
        role: role.id,
        policy: policyOf([{ actions: ["elasticloadbalancing:DeregisterTargets"], resources: [targets.arn] }]),
      },
      { ...child, ...beside("policy") },
    );
    const profile = new aws.iam.InstanceProfile(`${name}-profile`, { role: role.name }, child);

    const parameter = pulumi.interpolate`${boot.name}:${boot.version}`;
    const runbook =
      args.beforeRollout &&
      new aws.ssm.Document(
        `${name}-migrate`,
        { documentType: "Command", documentFormat: "YAML", content: renderRunbook("migrate.command.yaml") },
        child,
      );
    this.migration =
      runbook &&
      pulumi.all([runbook.name, parameter, boot.name]).apply(
        ([document, release, value]): MigrationTask => ({
          kind: "ssm",
          tier: this.tier,
          document,
          parameter: release,
          tag: { key: "boot-group", value },
        }),
      );

    const template = new aws.ec2.LaunchTemplate(
      `${name}-template`,
      {
        // An id, looked up at each `up`: AWS rolls back to no template whose AMI is an SSM alias. So a newer Amazon Linux is a new
        // version, which is rolled out, watched and rolled back like a release; `haWebTier.ami` pins one.
        imageId: args.ami ?? newestAmi(args.instanceType, child),
        instanceType: args.instanceType,
        iamInstanceProfile: { arn: profile.arn },
        metadataOptions: {
          httpEndpoint: "enabled",
          httpTokens: "required",
          httpPutResponseHopLimit: 1,
          instanceMetadataTags: "enabled",
        },
        networkInterfaces: [
          { associatePublicIpAddress: "true", deleteOnTermination: "true", securityGroups: [group.id] },
        ],
        blockDeviceMappings: [
          {
            deviceName: "/dev/xvda",
            ebs: { volumeSize: args.volumeGb, volumeType: "gp3", encrypted: "true", deleteOnTermination: "true" },
          },
        ],
        monitoring: { enabled: false },
        userData: Buffer.from(bootScript("container")).toString("base64"),
        tagSpecifications: [
          {
            resourceType: "instance",
            // With its version: a changed configuration or image changes the template and with it the group's instances, and an
            // instance of the release before, or one that a rollback starts, goes on reading what it was started with.
            tags: { "boot-parameter": parameter, "boot-group": boot.name },
          },
        ],
        updateDefaultVersion: true,
      },
      child,
    );

    const ofTargets = { LoadBalancer: args.loadBalancer.arnSuffix, TargetGroup: targets.arnSuffix };
    const { errors, signals } = balancedAlarms(name, ofTargets, args, child);
    const scaling = new aws.autoscaling.Group(
      `${name}-group`,
      {
        minSize: args.min,
        maxSize: args.max,
        desiredCapacity: args.desired,
        vpcZoneIdentifiers: args.subnetIds,
        // Of its first start only. Later versions come by an instance refresh that the gate starts (stacks/gates/group-rollout.ts): the
        // provider would write the version to the group first, so that a rollback returned to what has just failed
        // (terraform-provider-aws#34189).
        launchTemplate: {
          id: template.id,
          version: afterMigration(template.latestVersion.apply(String), this.migration, args.beforeRollout),
        },
        targetGroupArns: [targets.arn],
        healthCheckType: "ELB",
        healthCheckGracePeriod: WARMUP_SECONDS,
        defaultInstanceWarmup: WARMUP_SECONDS,
        // When it is made. Afterwards the gate counts, as "exactly so many" is wrong of a group that has scaled out.
        minElbCapacity: args.min,
        waitForCapacityTimeout: "15m",
        capacityRebalance: false,
        // A scale-in during a deploy ends instances of the old release first, so it never undoes the deploy's work.
        terminationPolicies: ["OldestLaunchTemplate", "OldestInstance"],
        instanceMaintenancePolicy: { minHealthyPercentage: 100, maxHealthyPercentage: 200 },
        enabledMetrics: ["GroupInServiceInstances", "GroupDesiredCapacity", "GroupMaxSize"],
        tags: [{ key: "Name", value: name, propagateAtLaunch: true }],
      },
      {
        ...child,
        ignoreChanges: ["desiredCapacity", "launchTemplate"],
        dependsOn: [rule],
        // A group that is given another target group takes its instances out of the first, to which visitors are led until the gate.
        ...beside("targetGroupArns"),
      },
    );
    const ofGroup = { ...child, ...beside() };
    // Holds an instance that is to go until its watcher (runbooks/boot-container.sh) has left the target group, drained and stopped.
    new aws.autoscaling.LifecycleHook(
      `${name}-drain`,
      {
        autoscalingGroupName: scaling.name,
        lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
        heartbeatTimeout: DRAIN_AND_STOP_SECONDS,
        defaultResult: "CONTINUE",
      },
      ofGroup,
    );
    const goals = [
      { on: "cpu", target: args.cpuTarget, specification: { predefinedMetricType: "ASGAverageCPUUtilization" } },
      {
        on: "requests",
        target: args.requestsPerTarget,
        specification: {
          predefinedMetricType: "ALBRequestCountPerTarget",
          resourceLabel: pulumi.interpolate`${args.loadBalancer.arnSuffix}/${targets.arnSuffix}`,
        },
      },
    ];
    for (const { on, target, specification } of goals) {
      new aws.autoscaling.Policy(
        `${name}-scale-on-${on}`,
        {
          autoscalingGroupName: scaling.name,
          policyType: "TargetTrackingScaling",
          targetTrackingConfiguration: { targetValue: target, predefinedMetricSpecification: specification },
        },
        ofGroup,
      );
    }

    this.target = { kind: "alias", dnsName: args.loadBalancer.dnsName, zoneId: args.loadBalancer.zoneId };
    this.probe = args.loadBalancer.probe(this.tier, args);
    this.rollout = pulumi.all([scaling.name, template.id, template.latestVersion, errors.name]).apply(
      ([groupName, launchTemplate, version, alarm]): Rollout => ({
        kind: "autoscaling",
        group: groupName,
        launchTemplate,
        version: String(version),
        warmupSeconds: WARMUP_SECONDS,
        alarms: [alarm],
      }),
    );
    // Known when somebody serves in it.
    this.targetGroupArn = pulumi.all([targets.arn, scaling.id]).apply(([arn]) => arn);
    this.signals = [...signals, ...this.alarms(name, args, scaling.name)];
    this.events = events(scaling.name);
    this.logGroups = [logs.name];
    this.widgets = [
      ...balancedWidgets(ofTargets),
      {
        title: "CPU of the instances",
        section: "capacity",
        label: "percent",
        metrics: scaling.name.apply((groupName) => [["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", groupName]]),
      },
    ];
    this.collectors = [
      { kind: "autoscaling", group: scaling.name },
      { kind: "target-health", targetGroupArn: targets.arn },
      { kind: "logs", logGroup: logs.name },
    ];
    this.outputs = { autoScalingGroup: scaling.name };
    this.registerOutputs({ group: scaling.name });
  }

  private alarms(name: string, args: HaWebTierArgs, group: pulumi.Output<string>): Signal[] {
    const metric = {
      dimensions: { AutoScalingGroupName: group },
      severity: "warning",
      subject: "capacity",
      evaluationPeriods: 5,
      comparisonOperator: "GreaterThanThreshold",
      // The agent's metrics are missing while an instance starts.
      treatMissingData: "notBreaching",
    } as const;
    const made = alarmTable(
      name,
      {
        memory: {
          ...metric,
          level: "basic",
          meaning: "An instance has used over 90 % of its memory for five minutes; at 100 % the kernel kills the app",
          causes: ["a memory leak since the last release", "haWebTier.instanceType is too small"],
          namespace: "Site",
          metricName: "mem_used_percent",
          threshold: 90,
        },
        cpu: {
          ...metric,
          level: "standard",
          meaning: "Instances have used over 85 % of their CPU for ten minutes although the group may scale",
          causes: ["the group is at haWebTier.max", "a loop in the app", "more traffic than planned"],
          namespace: "AWS/EC2",
          metricName: "CPUUtilization",
          statistic: "Average",
          evaluationPeriods: 10,
          threshold: 85,
        },
        disk: {
          ...metric,
          level: "standard",
          meaning: "An instance's disk is over 85 % full; a full one stops Docker and the agent",
          causes: ["images of many releases", "logs that nobody rotates"],
          namespace: "Site",
          metricName: "disk_used_percent",
          threshold: 85,
        },
      },
      { level: args.alarmLevel, actions: args.alarmActions },
      { parent: this },
    );
    return Object.values(made);
  }
}

/** What Auto Scaling tells once. Its instances are on demand, so no Spot interruption comes; the watcher on them handles one anyway. */
function events(group: pulumi.Output<string>): TierEvent[] {
  const of = (detailType: string) =>
    pulumi.jsonStringify({
      source: ["aws.autoscaling"],
      "detail-type": [detailType],
      detail: { AutoScalingGroupName: [group] },
    });
  return [
    {
      name: "deployment-failed",
      severity: "page",
      subject: "deploy",
      meaning: "Auto Scaling gave a release up and goes back to the one before; visitors were served all the time",
      pattern: of("EC2 Auto Scaling Instance Refresh Failed"),
    },
    {
      name: "launch-failed",
      severity: "page",
      subject: "capacity",
      meaning: "Auto Scaling could not start an instance; `StatusMessage` says why",
      pattern: of("EC2 Instance Launch Unsuccessful"),
    },
    {
      name: "instance-ended",
      severity: "warning",
      subject: "host",
      meaning: "Auto Scaling ended an instance; `Cause` says whether it was unhealthy, scaled in or replaced",
      pattern: of("EC2 Instance Terminate Successful"),
    },
  ];
}

/** Amazon Linux 2023 as AWS publishes it now. */
function newestAmi(instanceType: string, opts: pulumi.InvokeOutputOptions): pulumi.Output<string> {
  const architecture = isArm(instanceType) ? "arm64" : "x86_64";
  const name = `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`;
  return aws.ssm.getParameterOutput({ name }, opts).value;
}

/** Graviton families have a `g` after their generation: t4g, m7g, c7gn. */
function isArm(instanceType: string): boolean {
  return /^[a-z]+\d+[a-z]*g[a-z]*\./.test(instanceType);
}
