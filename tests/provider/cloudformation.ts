import { parse } from "yaml";
import { isUnknown, type Plan, type PlannedResource, type PlanValue } from "../../core/plan-format";
import { FORMLESS } from "./dummies";
import type { Literals } from "./literals";

type Inputs = Readonly<Record<string, PlanValue>>;

/** How one type is written as CloudFormation: only what cfn-lint knows more of than the provider does. */
interface Row {
  readonly type: string;
  /** Input of Pulumi -> property of CloudFormation. */
  readonly properties: Readonly<Record<string, string>>;
  /** Properties whose shape differs. */
  readonly further?: (inputs: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** Properties that CloudFormation requires and that are checked elsewhere. */
  readonly constant?: Readonly<Record<string, unknown>>;
}

const json = (value: unknown) => (typeof value === "string" ? JSON.parse(value) : value);

const capitalised = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(capitalised);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.replace(/^[a-z]/, (letter) => letter.toUpperCase()),
      capitalised(item),
    ]),
  );
};

const ROWS: Readonly<Record<string, Row>> = {
  "aws:ec2/instance:Instance": {
    type: "AWS::EC2::Instance",
    properties: { instanceType: "InstanceType" },
    constant: { ImageId: "ami-0123456789abcdef0" },
  },
  "aws:ec2/launchTemplate:LaunchTemplate": {
    type: "AWS::EC2::LaunchTemplate",
    properties: {},
    further: ({ instanceType }) => ({ LaunchTemplateData: { InstanceType: instanceType } }),
  },
  "aws:rds/instance:Instance": {
    type: "AWS::RDS::DBInstance",
    properties: {
      instanceClass: "DBInstanceClass",
      engine: "Engine",
      engineVersion: "EngineVersion",
      allocatedStorage: "AllocatedStorage",
      maxAllocatedStorage: "MaxAllocatedStorage",
      storageType: "StorageType",
      storageEncrypted: "StorageEncrypted",
      backupRetentionPeriod: "BackupRetentionPeriod",
      backupWindow: "PreferredBackupWindow",
      maintenanceWindow: "PreferredMaintenanceWindow",
      multiAz: "MultiAZ",
      monitoringInterval: "MonitoringInterval",
      enabledCloudwatchLogsExports: "EnableCloudwatchLogsExports",
      caCertIdentifier: "CACertificateIdentifier",
      performanceInsightsRetentionPeriod: "PerformanceInsightsRetentionPeriod",
    },
    constant: { MasterUsername: "postgres", ManageMasterUserPassword: true },
  },
  "aws:ecs/taskDefinition:TaskDefinition": {
    type: "AWS::ECS::TaskDefinition",
    properties: {
      cpu: "Cpu",
      memory: "Memory",
      family: "Family",
      networkMode: "NetworkMode",
      requiresCompatibilities: "RequiresCompatibilities",
      executionRoleArn: "ExecutionRoleArn",
      taskRoleArn: "TaskRoleArn",
    },
    further: ({ containerDefinitions, runtimePlatform }) => ({
      ContainerDefinitions: (json(containerDefinitions) as Record<string, unknown>[]).map(containerDefinition),
      ...(runtimePlatform !== undefined && { RuntimePlatform: capitalised(runtimePlatform) }),
    }),
  },
  "aws:ecs/service:Service": {
    type: "AWS::ECS::Service",
    properties: {
      launchType: "LaunchType",
      desiredCount: "DesiredCount",
      healthCheckGracePeriodSeconds: "HealthCheckGracePeriodSeconds",
      schedulingStrategy: "SchedulingStrategy",
      enableExecuteCommand: "EnableExecuteCommand",
      platformVersion: "PlatformVersion",
    },
    constant: { TaskDefinition: "site:1", Cluster: "site" },
  },
  "aws:cloudwatch/logGroup:LogGroup": {
    type: "AWS::Logs::LogGroup",
    properties: { name: "LogGroupName", retentionInDays: "RetentionInDays" },
  },
  "aws:cloudwatch/eventRule:EventRule": {
    type: "AWS::Events::Rule",
    properties: { scheduleExpression: "ScheduleExpression" },
    further: ({ eventPattern }) => (eventPattern === undefined ? {} : { EventPattern: json(eventPattern) }),
  },
  "aws:scheduler/schedule:Schedule": {
    type: "AWS::Scheduler::Schedule",
    properties: {
      scheduleExpression: "ScheduleExpression",
      scheduleExpressionTimezone: "ScheduleExpressionTimezone",
      state: "State",
    },
    further: ({ flexibleTimeWindow, target }) => {
      const { arn, roleArn } = target as { arn: string; roleArn: string };
      return { FlexibleTimeWindow: capitalised(flexibleTimeWindow), Target: { Arn: arn, RoleArn: roleArn } };
    },
  },
  "aws:cloudwatch/metricAlarm:MetricAlarm": {
    type: "AWS::CloudWatch::Alarm",
    properties: {
      namespace: "Namespace",
      metricName: "MetricName",
      statistic: "Statistic",
      extendedStatistic: "ExtendedStatistic",
      period: "Period",
      evaluationPeriods: "EvaluationPeriods",
      datapointsToAlarm: "DatapointsToAlarm",
      threshold: "Threshold",
      comparisonOperator: "ComparisonOperator",
      treatMissingData: "TreatMissingData",
      alarmDescription: "AlarmDescription",
      unit: "Unit",
    },
    further: ({ alarmActions, dimensions }) => ({
      ...(alarmActions !== undefined && { AlarmActions: alarmActions }),
      ...(dimensions !== undefined && {
        Dimensions: Object.entries(dimensions as Record<string, unknown>).map(([Name, Value]) => ({ Name, Value })),
      }),
    }),
  },
  "aws:lambda/function:Function": {
    type: "AWS::Lambda::Function",
    properties: {
      runtime: "Runtime",
      handler: "Handler",
      timeout: "Timeout",
      memorySize: "MemorySize",
      architectures: "Architectures",
      reservedConcurrentExecutions: "ReservedConcurrentExecutions",
      role: "Role",
    },
    constant: { Code: { ZipFile: "exports.handler = async () => {}" } },
  },
  "aws:route53/record:Record": {
    type: "AWS::Route53::RecordSet",
    properties: {
      zoneId: "HostedZoneId",
      name: "Name",
      type: "Type",
      ttl: "TTL",
      setIdentifier: "SetIdentifier",
    },
    further: ({ weightedRoutingPolicies, aliases, records }) => {
      const [weighted] = (weightedRoutingPolicies ?? []) as { weight: number }[];
      const [alias] = (aliases ?? []) as { name: string; zoneId: string; evaluateTargetHealth: boolean }[];
      return {
        // A list that only AWS knows is one dummy.
        ...(records !== undefined && { ResourceRecords: [records].flat() }),
        ...(weighted && { Weight: weighted.weight }),
        ...(alias && {
          AliasTarget: {
            DNSName: alias.name,
            HostedZoneId: alias.zoneId,
            EvaluateTargetHealth: alias.evaluateTargetHealth,
          },
        }),
      };
    },
  },
  "aws:route53/healthCheck:HealthCheck": {
    type: "AWS::Route53::HealthCheck",
    properties: {},
    further: ({ type, fqdn, port, resourcePath, requestInterval, failureThreshold, searchString, regions }) => ({
      HealthCheckConfig: defined({
        Type: type,
        FullyQualifiedDomainName: fqdn,
        Port: port,
        ResourcePath: resourcePath,
        RequestInterval: requestInterval,
        FailureThreshold: failureThreshold,
        SearchString: searchString,
        Regions: regions,
      }),
    }),
  },
  "aws:lb/targetGroup:TargetGroup": {
    type: "AWS::ElasticLoadBalancingV2::TargetGroup",
    properties: { port: "Port", protocol: "Protocol", targetType: "TargetType", vpcId: "VpcId" },
    further: ({ healthCheck }) => {
      const check = (healthCheck ?? {}) as Record<string, unknown>;
      return defined({
        HealthCheckPath: check.path,
        HealthCheckIntervalSeconds: check.interval,
        HealthCheckTimeoutSeconds: check.timeout,
        HealthyThresholdCount: check.healthyThreshold,
        UnhealthyThresholdCount: check.unhealthyThreshold,
        Matcher: check.matcher === undefined ? undefined : { HttpCode: check.matcher },
      });
    },
  },
  "aws:iam/role:Role": {
    type: "AWS::IAM::Role",
    properties: { description: "Description", maxSessionDuration: "MaxSessionDuration" },
    further: ({ assumeRolePolicy }) => ({ AssumeRolePolicyDocument: json(assumeRolePolicy) }),
  },
  "aws:autoscaling/group:Group": {
    type: "AWS::AutoScaling::AutoScalingGroup",
    properties: {
      desiredCapacity: "DesiredCapacity",
      healthCheckType: "HealthCheckType",
      healthCheckGracePeriod: "HealthCheckGracePeriod",
      defaultInstanceWarmup: "DefaultInstanceWarmup",
    },
    further: ({ minSize, maxSize, terminationPolicies }) =>
      defined({ MinSize: String(minSize), MaxSize: String(maxSize), TerminationPolicies: terminationPolicies }),
    constant: {
      LaunchTemplate: { LaunchTemplateId: "lt-0123456789abcdef0", Version: "1" },
      VPCZoneIdentifier: ["subnet-0123456789abcdef0"],
    },
  },
  "aws:ssm/document:Document": {
    type: "AWS::SSM::Document",
    properties: { documentType: "DocumentType", documentFormat: "DocumentFormat" },
    further: ({ content, documentFormat }) => ({
      Content: documentFormat === "YAML" ? parse(String(content)) : json(content),
    }),
  },
  "aws:sns/topicSubscription:TopicSubscription": {
    type: "AWS::SNS::Subscription",
    properties: { protocol: "Protocol", endpoint: "Endpoint", topic: "TopicArn" },
  },
};

const defined = (properties: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined && value !== null));

/** Container definitions in CloudFormation are those of the API with capital letters; environment variables stay as they are. */
function containerDefinition({ logConfiguration, ...rest }: Record<string, unknown>): unknown {
  const log = logConfiguration as { logDriver: string; options: unknown } | undefined;
  return {
    ...(capitalised(rest) as object),
    ...(log && { LogConfiguration: { LogDriver: log.logDriver, Options: log.options } }),
  };
}

/** One template of everything in a plan that cfn-lint can judge, and who stands behind each logical id. */
export function cloudFormation(plan: Plan, literals: Literals) {
  const resources: Record<string, unknown> = {};
  const origin = new Map<string, PlannedResource>();
  for (const resource of plan.resources) {
    const row = ROWS[resource.type];
    if (!row || !resource.custom) continue;
    const id = `R${origin.size}`;
    origin.set(id, resource);
    resources[id] = { Type: row.type, Properties: properties(row, resource.inputs, literals) };
  }
  return { template: { AWSTemplateFormatVersion: "2010-09-09", Resources: resources }, origin };
}

function properties(row: Row, inputs: Inputs, literals: Literals): Record<string, unknown> {
  const literal = literals.of(inputs) as Readonly<Record<string, unknown>>;
  const renamed = Object.entries(row.properties)
    // What only AWS knows, and nothing is known of the form of, cannot be judged.
    .filter(([from]) => !isUnknown(inputs[from]) || literal[from] !== FORMLESS)
    .map(([from, to]) => [to, literal[from]] as const);
  return { ...defined(Object.fromEntries(renamed)), ...row.constant, ...row.further?.(literal) };
}
