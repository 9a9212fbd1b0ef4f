import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Signal } from "../../core/web-tier";
import { homeArn } from "../aws/home-arn";
import { grantPolicy, policyDocument, serviceRole } from "../aws/iam";
import { invokeOn, lambdaFunction } from "../aws/lambda-function";
import { ALARM_STATE_CHANGE, type AlarmActions } from "./alarm";
import { type AlarmEntry, type AlarmLevel, alarms, atLeast } from "./alarm-table";
import { watcherGrants } from "./watcher-grants";

export interface WatcherArgs {
  readonly instanceId: pulumi.Input<string>;
  /** The server's own public IPv4 addresses. */
  readonly addresses: pulumi.Input<readonly pulumi.Input<string>[]>;
  readonly domain: string;
  readonly healthPath: string;
  /** Identifier of the RDS instance: while it is away no restart of the server helps. */
  readonly databaseIdentifier: pulumi.Input<string>;
  /** SSM parameter with the time until which nothing is recovered. */
  readonly mute: aws.ssm.Parameter;
  /** Names of the alarms that make it look at once. */
  readonly alarmNames: readonly pulumi.Input<string>[];
  /** Hears what it finds and no restart mends. */
  readonly topicArn: pulumi.Input<string>;
  /** Runs that it starts within an hour. */
  readonly maxRunsPerHour: number;
  /** Minutes between two looks. */
  readonly everyMinutes: number;
  readonly logRetentionDays: number;
  readonly alarmLevel: AlarmLevel;
  readonly alarmActions: AlarmActions;
  /** The recovery, made from the name of the function that it asks before each rung. */
  readonly recovery: (watcher: pulumi.Output<string>) => {
    readonly automation: aws.ssm.Document;
    readonly role: aws.iam.Role;
  };
}

/** Amazon's echo of the asker's address: if not even this answers, it is the watcher that sees nothing. */
const CONTROL_URL = "https://checkip.amazonaws.com/";

/**
 * Looks at the site from outside, on a schedule and when an alarm goes off, and starts the recovery only of a site that is down; the
 * recovery asks it again before each rung that takes something away. Every five minutes it costs 0.06 USD a month before Lambda's free
 * tier (the plan's estimate has the source); nothing beyond within it.
 *
 * What EventBridge cannot deliver, and what the function fails at, lies in a queue whose alarm tells.
 */
export class Watcher extends pulumi.ComponentResource {
  readonly automation: aws.ssm.Document;
  /** Alarms on the watcher itself. */
  readonly signals: readonly Signal[];

  /** @param opts options of the component, and of what belongs to one instance alone */
  constructor(
    name: string,
    args: WatcherArgs,
    opts: pulumi.ComponentResourceOptions,
    its: pulumi.CustomResourceOptions,
  ) {
    super("iamvet:index:Watcher", name, {}, opts);
    const own = { ...its, parent: this };
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logRetentionDays }, own);
    const state = new aws.ssm.Parameter(
      `${name}-state`,
      { type: "String", value: "nothing yet", description: "What the watcher knows from one look to the next" },
      // The watcher writes it.
      { ...own, ignoreChanges: ["value"] },
    );
    // What waits here for a day tells that the recovery is not started, or fails.
    const dead = new aws.sqs.Queue(
      `${name}-failed`,
      { messageRetentionSeconds: 86_400, sqsManagedSseEnabled: true },
      own,
    );
    const role = serviceRole(`${name}-role`, "lambda.amazonaws.com", [], own);
    const lambda = lambdaFunction(
      `${name}-function`,
      {
        description: "Looks at the site from outside, and is asked before the recovery acts",
        folder: "watcher",
        logs,
        role,
        memorySize: 256,
        // Two looks of at most 16 s with a pause between them.
        timeout: 60,
        environment: {
          SITE: args.domain,
          HEALTH_PATH: args.healthPath,
          ADDRESSES: pulumi.jsonStringify(args.addresses),
          CONTROL_URL,
          INSTANCE_ID: args.instanceId,
          DATABASE: args.databaseIdentifier,
          MUTE_PARAMETER: args.mute.name,
          STATE_PARAMETER: state.name,
          TOPIC: args.topicArn,
          MAX_PER_HOUR: String(args.maxRunsPerHour),
        },
      },
      own,
    );
    // Its policy names the recovery, which asks it by its name.
    const recovery = args.recovery(lambda.name);
    this.automation = recovery.automation;
    const policy = new aws.iam.RolePolicy(
      `${name}-role-policy`,
      { role: role.id, policy: grantPolicy(watcherGrants({ ...args, ...recovery, logs, state, dead }, homeArn(this))) },
      own,
    );
    new aws.lambda.FunctionEventInvokeConfig(
      `${name}-retries`,
      {
        functionName: lambda.name,
        maximumRetryAttempts: 1,
        // A later look is another look.
        maximumEventAgeInSeconds: 300,
        destinationConfig: { onFailure: { destination: dead.arn } },
      },
      // Lambda asks whether the function may send to it.
      { ...own, dependsOn: [policy] },
    );
    const schedule = this.start(name, args, lambda, dead, own);
    this.signals = this.alarms(name, args, dead, schedule);
    this.registerOutputs({});
  }

  /**
   * Two rules call the function, and may leave in the queue what they cannot deliver: an alarm of the server, and the schedule.
   * @returns the schedule
   */
  private start(
    name: string,
    args: WatcherArgs,
    lambda: aws.lambda.Function,
    dead: aws.sqs.Queue,
    own: pulumi.CustomResourceOptions,
  ) {
    const delivery = {
      deadLetterConfig: { arn: dead.arn },
      retryPolicy: { maximumEventAgeInSeconds: 300, maximumRetryAttempts: 5 },
    };
    const schedule = {
      description: "Looks at the site",
      scheduleExpression: `rate(${args.everyMinutes} ${args.everyMinutes === 1 ? "minute" : "minutes"})`,
    };
    const onAlarm = {
      description: "Looks at the site when an alarm of the server goes off",
      eventPattern: pulumi.jsonStringify({
        ...ALARM_STATE_CHANGE,
        detail: { alarmName: [...args.alarmNames], state: { value: ["ALARM"] } },
      }),
    };
    const input = pulumi.jsonStringify({ Trigger: "schedule", Document: this.automation.name });
    const inputTransformer = {
      inputPaths: { trigger: "$.detail.alarmName" },
      inputTemplate: pulumi.interpolate`{"Trigger": "<trigger>", "Document": "${this.automation.name}"}`,
    };
    const rules = [
      invokeOn(`${name}-schedule`, lambda, schedule, { input, ...delivery }, own),
      invokeOn(`${name}-on-alarm`, lambda, onAlarm, { inputTransformer, ...delivery }, own),
    ] as const;
    new aws.sqs.QueuePolicy(
      `${name}-failed-policy`,
      {
        queueUrl: dead.url,
        policy: policyDocument({
          Effect: "Allow",
          Principal: { Service: "events.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: dead.arn,
          Condition: { ArnEquals: { "aws:SourceArn": rules.map(({ arn }) => arn) } },
        }),
      },
      own,
    );
    return rules[0];
  }

  /**
   * The queue tells of both: of what EventBridge could not deliver, and of looks at which the function failed. `FailedInvocations`
   * is told at the level standard as well; alone it would not see a function that fails.
   */
  private alarms(name: string, args: WatcherArgs, dead: aws.sqs.Queue, schedule: aws.cloudwatch.EventRule): Signal[] {
    const shared = {
      severity: "warning",
      subject: "process",
      period: 300,
      evaluationPeriods: 1,
      ...atLeast(1),
      treatMissingData: "notBreaching",
      causes: [
        "permission-denied: the function's role or its permission was changed",
        "recovery-broken: the automation's document was deleted",
      ],
    } as const;
    const table: Record<string, AlarmEntry> = {
      "failed-looks": {
        ...shared,
        level: "basic",
        namespace: "AWS/SQS",
        metricName: "ApproximateNumberOfMessagesVisible",
        dimensions: { QueueName: dead.name },
        meaning: "The watcher could not look at the site, or not start the recovery: nobody would bring the site back",
        firstCommand: pulumi.interpolate`aws sqs receive-message --queue-url ${dead.url}`,
      },
      "failed-invocations": {
        ...shared,
        level: "standard",
        namespace: "AWS/Events",
        metricName: "FailedInvocations",
        dimensions: { RuleName: schedule.name },
        statistic: "Sum",
        meaning: "EventBridge could not start the watcher: nobody would bring the site back",
      },
    };
    return alarms(name, table, { level: args.alarmLevel, actions: args.alarmActions }, { parent: this });
  }
}
