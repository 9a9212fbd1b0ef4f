import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { beside } from "./beside";
import { serviceRole } from "./iam";
import { renderRunbook } from "./runbook";

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

export interface RecoveryArgs {
  readonly instanceId: pulumi.Input<string>;
  readonly domain: string;
  readonly port: number;
  readonly healthPath: string;
  readonly processes: ServerProcesses;
  /** Database that the app needs, as host:port: while it is away nothing is restarted. */
  readonly database: pulumi.Input<string>;
  /** Names of the alarms that start a run. */
  readonly alarmNames: readonly pulumi.Input<string>[];
  /** Hears what each run found, tried and achieved. */
  readonly topicArn: pulumi.Input<string>;
  /** Runs that act within an hour before a person is called instead. */
  readonly maxRunsPerHour: number;
  /** Minutes between two looks at a site that an alarm may have missed while a run or a deploy held the lock; 0 for none. */
  readonly recheckMinutes: number;
  readonly logRetentionDays: number;
}

/**
 * Brings the site back on its instance: an alarm starts a Systems Manager Automation that collects evidence first and then climbs
 * from restarting the app to stopping and starting the instance. Free within 100,000 automation steps a month.
 *
 * An alarm cannot start an Automation itself, so EventBridge does, and because EventBridge sees transitions only, a schedule looks
 * again: what a lock or a mute dropped does not come twice.
 */
export class Recovery extends pulumi.ComponentResource {
  readonly documentName: pulumi.Output<string>;
  /** The steps on the server, which its own timer takes as well. */
  readonly command: aws.ssm.Document;
  readonly logGroup: pulumi.Output<string>;
  /** SSM parameter with the time until which nothing is recovered; a deploy writes it. */
  readonly muteParameter: pulumi.Output<string>;
  readonly muteArn: pulumi.Output<string>;

  constructor(name: string, args: RecoveryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Recovery", name, {}, opts);
    const child = { parent: this };
    // Another instance has a recovery of its own, beside that of the one which serves until it goes.
    const its = { ...child, ...beside(), replacementTrigger: args.instanceId };
    const { region } = aws.getRegionOutput({}, child);
    const account = aws.getCallerIdentityOutput({}, child).accountId;
    const instanceArn = pulumi.interpolate`arn:aws:ec2:${region}:${account}:instance/${args.instanceId}`;

    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays }, child);
    const mute = new aws.ssm.Parameter(
      `${name}-mute`,
      { type: "String", value: "off", description: "Until when nothing is recovered (ISO 8601, UTC), or off" },
      // Deploys write it between two updates.
      { ...child, ignoreChanges: ["value"] },
    );
    const { processes } = args;
    const command = new aws.ssm.Document(
      `${name}-command`,
      {
        documentType: "Command",
        documentFormat: "YAML",
        targetType: "/AWS::EC2::Instance",
        content: pulumi.output(args.database).apply((Database) =>
          renderRunbook("recover.command.yaml", {
            Database,
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
        ),
      },
      child,
    );
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
            "ec2:DescribeAddresses",
            "ec2:DescribeInstances",
            "ec2:DescribeInstanceStatus",
          ],
          resources: ["*"],
        },
        { actions: ["ssm:GetParameter"], resources: [mute.arn] },
        { actions: ["ec2:RebootInstances", "ec2:StopInstances", "ec2:StartInstances"], resources: [instanceArn] },
        { actions: ["sns:Publish"], resources: [args.topicArn] },
      ],
      its,
      { StringEquals: { "aws:SourceAccount": account } },
    );
    const automation = new aws.ssm.Document(
      `${name}-automation`,
      {
        documentType: "Automation",
        documentFormat: "YAML",
        content: pulumi
          .all([args.instanceId, command.name, logs.name, args.topicArn, mute.name, role.arn])
          .apply(([InstanceId, CommandDocument, LogGroup, TopicArn, MuteParameter, AutomationAssumeRole]) =>
            renderRunbook("recover.automation.yaml", {
              AutomationAssumeRole,
              InstanceId,
              CommandDocument,
              LogGroup,
              TopicArn,
              MuteParameter,
              MaxRunsPerHour: String(args.maxRunsPerHour),
            }),
          ),
      },
      its,
    );
    // EventBridge wants the definition with a version, not the document.
    const definition = pulumi.interpolate`arn:aws:ssm:${region}:${account}:automation-definition/${automation.name}`;
    const starter = serviceRole(
      `${name}-starter-role`,
      "events.amazonaws.com",
      [
        {
          // The reference asks for all three forms (2026); EventBridge's own example has the definition alone.
          actions: ["ssm:StartAutomationExecution"],
          resources: [
            pulumi.interpolate`${definition}:*`,
            automation.arn,
            pulumi.interpolate`arn:aws:ssm:${region}:${account}:automation-execution/*`,
          ],
        },
        {
          actions: ["iam:PassRole"],
          resources: [role.arn],
          conditions: { StringEquals: { "iam:PassedToService": "ssm.amazonaws.com" } },
        },
      ],
      its,
      { StringEquals: { "aws:SourceAccount": account } },
    );
    const target = { arn: pulumi.interpolate`${definition}:$DEFAULT`, roleArn: starter.arn };
    const onAlarm = new aws.cloudwatch.EventRule(
      `${name}-on-alarm`,
      {
        description: "Starts the recovery when an alarm of the server goes off",
        eventPattern: pulumi.jsonStringify({
          source: ["aws.cloudwatch"],
          "detail-type": ["CloudWatch Alarm State Change"],
          detail: { alarmName: [...args.alarmNames], state: { value: ["ALARM"] } },
        }),
      },
      its,
    );
    new aws.cloudwatch.EventTarget(
      `${name}-on-alarm-target`,
      {
        rule: onAlarm.name,
        ...target,
        inputTransformer: { inputPaths: { alarm: "$.detail.alarmName" }, inputTemplate: '{"Trigger": ["<alarm>"]}' },
      },
      its,
    );
    if (args.recheckMinutes > 0) {
      const recheck = new aws.cloudwatch.EventRule(
        `${name}-recheck`,
        {
          description: "Looks again, since an alarm that a lock or a mute dropped does not come twice",
          scheduleExpression: `rate(${args.recheckMinutes} ${args.recheckMinutes === 1 ? "minute" : "minutes"})`,
        },
        its,
      );
      new aws.cloudwatch.EventTarget(
        `${name}-recheck-target`,
        { rule: recheck.name, ...target, input: JSON.stringify({ Trigger: ["recheck"] }) },
        its,
      );
    }
    this.documentName = automation.name;
    this.command = command;
    this.logGroup = logs.name;
    this.muteParameter = mute.name;
    this.muteArn = mute.arn;
    this.registerOutputs({ documentName: this.documentName, muteParameter: this.muteParameter });
  }
}
