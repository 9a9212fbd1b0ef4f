import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Signal } from "../../core/web-tier";
import { beside } from "../aws/beside";
import { commandDocument } from "../aws/command-document";
import { homeArn } from "../aws/home-arn";
import { grantPolicy, logGrants, serviceRole } from "../aws/iam";
import { renderRunbook } from "../aws/runbook";
import { Watcher, type WatcherArgs } from "../monitoring/watcher";

/** How the app runs on its server; defaults are those of a server that this project built. */
export interface ServerProcesses {
  readonly processManager: "pm2" | "systemd" | "docker";
  /** Name of the app in PM2, of the systemd unit, or of the container. */
  readonly appName: string;
  /** Unix user that owns the app. */
  readonly appUser: string;
  /** PM2's or compose's description of the app. */
  readonly ecosystem: string;
  readonly nginxConf: string;
  /** Logs that may be emptied when the disk is full, and what they were rotated into removed. */
  readonly logFiles: readonly string[];
  readonly appErrorLog: string;
  /** Path that answers while the process lives, database or not. */
  readonly processPath: string;
}

export interface RecoveryArgs extends Omit<WatcherArgs, "mute" | "recovery"> {
  readonly port: number;
  readonly processes: ServerProcesses;
  /** Database that the app needs, as host:port: while it is away nothing is restarted. */
  readonly database: pulumi.Input<string>;
  /** Role of the server. Its agent writes what a run saw to the run's log group. */
  readonly serverRole: aws.iam.Role;
}

interface AutomationArgs extends RecoveryArgs {
  /** Name of the function that is asked before each rung. */
  readonly watcher: pulumi.Output<string>;
  readonly logs: aws.cloudwatch.LogGroup;
  readonly mute: aws.ssm.Parameter;
  readonly command: aws.ssm.Document;
}

/**
 * Brings the site back on its instance: a watcher looks at it from outside and starts a Systems Manager Automation of a site that is
 * down, which collects evidence first and then climbs from restarting the app to stopping and starting the instance. A step of it
 * costs 0.002 USD, a run some 0.02 USD; Automation has no free tier since the end of 2025 (pricing page of Systems Manager, 2026-11).
 *
 * Neither an alarm nor EventBridge starts it: both know that a metric is bad, or missing, and not whether the site is down.
 */
export class Recovery extends pulumi.ComponentResource {
  readonly documentName: pulumi.Output<string>;
  /** The steps on the server, which its own timer takes as well. */
  readonly command: aws.ssm.Document;
  readonly logGroup: pulumi.Output<string>;
  /** SSM parameter with the time until which nothing is recovered; a deploy writes it. */
  readonly muteParameter: pulumi.Output<string>;
  readonly muteArn: pulumi.Output<string>;
  /** Alarms on the recovery itself. */
  readonly signals: readonly Signal[];

  constructor(name: string, args: RecoveryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Recovery", name, {}, opts);
    const child = { parent: this };
    // Another instance has a recovery of its own, beside that of the one which serves until it goes.
    const its = { ...child, ...beside(), replacementTrigger: args.instanceId };
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays }, child);
    const mute = new aws.ssm.Parameter(
      `${name}-mute`,
      { type: "String", value: "off", description: "Until when nothing is recovered (ISO 8601, UTC), or off" },
      // Deploys write it between two updates.
      { ...child, ignoreChanges: ["value"] },
    );
    // What Run Command's output to CloudWatch Logs takes (Systems Manager user guide, "Configuring CloudWatch Logs for Run Command").
    new aws.iam.RolePolicy(
      `${name}-evidence-policy`,
      {
        role: args.serverRole.id,
        policy: grantPolicy([...logGrants([logs.arn]), { actions: ["logs:DescribeLogGroups"], resources: ["*"] }]),
      },
      its,
    );
    const command = this.steps(name, args);
    const recovery = (watcher: pulumi.Output<string>) =>
      this.automation(name, { ...args, watcher, logs, mute, command }, its);
    const { automation, signals } = new Watcher(`${name}-watcher`, { ...args, mute, recovery }, child, its);
    this.signals = signals;
    this.documentName = automation.name;
    this.command = command;
    this.logGroup = logs.name;
    this.muteParameter = mute.name;
    this.muteArn = mute.arn;
    this.registerOutputs({ documentName: this.documentName, muteParameter: this.muteParameter });
  }

  /** The steps on the server. */
  private steps(name: string, { processes, ...args }: RecoveryArgs): aws.ssm.Document {
    const child = { parent: this };
    const { region } = aws.getRegionOutput({}, child);
    const content = pulumi.all([args.database, region]).apply(([Database, Region]) =>
      renderRunbook("recover.command.yaml", {
        Database,
        Region,
        AppName: processes.appName,
        AppPort: String(args.port),
        AppUser: processes.appUser,
        ProcessManager: processes.processManager,
        Ecosystem: processes.ecosystem,
        HealthPath: args.healthPath,
        ProcessPath: processes.processPath,
        SiteUrl: `https://${args.domain}`,
        NginxConf: processes.nginxConf,
        LogFiles: processes.logFiles.join(" "),
        AppErrorLog: processes.appErrorLog,
      }),
    );
    return commandDocument(`${name}-command`, content, child);
  }

  /** The run, which climbs over them, and what it may do. */
  private automation(name: string, args: AutomationArgs, its: pulumi.CustomResourceOptions) {
    const { command, mute, logs, watcher } = args;
    const arn = homeArn(this);
    const instanceArn = arn("ec2", pulumi.interpolate`instance/${args.instanceId}`);
    const { accountId } = aws.getCallerIdentityOutput({}, { parent: this });
    const role = serviceRole(
      `${name}-automation-role`,
      "ssm.amazonaws.com",
      [
        { actions: ["ssm:SendCommand"], resources: [command.arn, instanceArn] },
        {
          // Reads that know no resource.
          actions: [
            "ssm:ListCommands",
            "ssm:ListCommandInvocations",
            "ssm:GetCommandInvocation",
            "ssm:DescribeInstanceInformation",
            "ssm:DescribeAutomationExecutions",
            "ssm:GetAutomationExecution",
            "ec2:DescribeInstances",
            "ec2:DescribeInstanceStatus",
          ],
          resources: ["*"],
        },
        { actions: ["ssm:GetParameter"], resources: [mute.arn] },
        {
          actions: ["lambda:InvokeFunction"],
          resources: [arn("lambda", pulumi.interpolate`function:${watcher}`)],
        },
        { actions: ["ec2:RebootInstances", "ec2:StopInstances", "ec2:StartInstances"], resources: [instanceArn] },
        { actions: ["sns:Publish"], resources: [args.topicArn] },
      ],
      its,
      { StringEquals: { "aws:SourceAccount": accountId } },
    );
    const automation = new aws.ssm.Document(
      `${name}-automation`,
      {
        documentType: "Automation",
        documentFormat: "YAML",
        content: pulumi
          .all([args.instanceId, command.name, logs.name, args.topicArn, mute.name, role.arn, watcher])
          .apply(([InstanceId, CommandDocument, LogGroup, TopicArn, MuteParameter, AutomationAssumeRole, Watcher]) =>
            renderRunbook("recover.automation.yaml", {
              AutomationAssumeRole,
              InstanceId,
              CommandDocument,
              LogGroup,
              TopicArn,
              MuteParameter,
              Watcher,
              MaxRunsPerHour: String(args.maxRunsPerHour),
            }),
          ),
      },
      its,
    );
    return { automation, role };
  }
}
