import { factsOf } from "../../../cli/commands/look/flip";
import type { StackContext } from "../../../cli/planner/load";
import type { Plan, PlannedResource, PlanValue, Ref } from "../../../core/plan-format";
import { readSettings } from "../../../stacks/settings/settings-check";
import { rawConfig } from "../stacks/settings/fixtures";

/** What a stack's file says, with these sections in it. */
export function contextOf(sections: Readonly<Record<string, unknown>> = {}): StackContext {
  const settings = readSettings("iamvet", "prod", rawConfig(sections));
  return { region: "ap-northeast-2", settings, usage: settings.usage, sections };
}

/** What a flip is judged by where a stack's file says nothing of its own. */
export const flipFacts = factsOf(contextOf());

/** A resource of a hand-made plan. */
export function resource(
  type: string,
  name: string,
  inputs: Readonly<Record<string, PlanValue>> = {},
  more: Partial<PlannedResource> = {},
): PlannedResource {
  return {
    urn: `urn:pulumi:test::iamvet::${type}::${name}`,
    type,
    name,
    inputs,
    protect: false,
    dependencies: [],
    custom: true,
    ignoreChanges: [],
    retainOnDelete: false,
    ...more,
  };
}

/** A reference to a resource of the same plan. */
export const ref = (to: PlannedResource, property = "id"): Ref => ({ $ref: to.urn, property });

/** A plan of these resources. */
export const planOf = (architecture: string, ...resources: readonly PlannedResource[]): Plan => ({
  stack: "test",
  project: "iamvet",
  architecture,
  resources,
  outputs: {},
  notices: [],
});

export const subnets = (region: string): [PlannedResource, PlannedResource] => [
  resource("aws:ec2/subnet:Subnet", "public-a", { availabilityZone: `${region}a` }),
  resource("aws:ec2/subnet:Subnet", "public-b", { availabilityZone: `${region}b` }),
];

/** A site in all four architectures, much as the program plans it: enough for comparisons and reports. */
export function samplePlans(settings: { min?: number; multiAz?: boolean; publicDatabase?: boolean } = {}): Plan[] {
  const { min = 1, multiAz = false, publicDatabase = true } = settings;
  const region = "ap-northeast-2";
  const [a, b] = subnets(region);
  const page = resource("aws:sns/topic:Topic", "alerts-page");
  const email = resource("aws:sns/topicSubscription:TopicSubscription", "ops", { protocol: "email", topic: ref(page) });
  const zone = resource("aws:route53/zone:Zone", "zone", { name: "iamvet.kr" });
  const group = resource("aws:ec2/securityGroup:SecurityGroup", "database");
  const secret = resource("aws:secretsmanager/secret:Secret", "url");
  const logs = resource("aws:cloudwatch/logGroup:LogGroup", "app", { retentionInDays: 30 });
  const unreachable = resource("aws:cloudwatch/metricAlarm:MetricAlarm", "unreachable", {
    name: "unreachable",
    namespace: "AWS/Route53",
    metricName: "HealthCheckStatus",
    period: 60,
    evaluationPeriods: 2,
    alarmActions: [ref(page, "arn")],
  });
  const database = (publiclyAccessible: boolean) =>
    resource(
      "aws:rds/instance:Instance",
      "database",
      {
        engine: "postgres",
        instanceClass: "db.t4g.micro",
        allocatedStorage: 20,
        storageType: "gp3",
        storageEncrypted: true,
        multiAz,
        publiclyAccessible,
        backupRetentionPeriod: 7,
        vpcSecurityGroupIds: [ref(group)],
      },
      { protect: true },
    );
  const foundation = (open = false) => [a, b, zone, page, email, group, secret, database(open), logs, unreachable];
  const record = (target: PlannedResource, inputs: Record<string, PlanValue>) =>
    resource(
      "aws:route53/record:Record",
      "serving",
      { zoneId: ref(zone), type: "A", ...inputs },
      { dependencies: [target.urn] },
    );

  const instance = resource("aws:ec2/instance:Instance", "web", {
    instanceType: "t3.medium",
    subnetId: ref(a),
    associatePublicIpAddress: true,
    rootBlockDevice: { volumeType: "gp3", volumeSize: 20 },
  });
  const runbook = resource("aws:ssm/document:Document", "recover", {
    documentType: "Automation",
    content: JSON.stringify({
      schemaVersion: "0.3",
      mainSteps: [{ name: "restart", action: "aws:runCommand", inputs: {} }],
    }),
  });
  const rule = resource("aws:cloudwatch/eventRule:EventRule", "on-alarm", {
    eventPattern: JSON.stringify({ "detail-type": ["CloudWatch Alarm State Change"] }),
  });
  const start = resource("aws:cloudwatch/eventTarget:EventTarget", "recover", {
    rule: ref(rule, "name"),
    arn: ref(runbook, "arn"),
  });
  const system = resource("aws:cloudwatch/metricAlarm:MetricAlarm", "system", {
    metricName: "StatusCheckFailed_System",
    period: 60,
    evaluationPeriods: 2,
    dimensions: { InstanceId: ref(instance) },
    alarmActions: [`arn:aws:automate:${region}:ec2:recover`],
  });

  const balancer = resource("aws:lb/loadBalancer:LoadBalancer", "balancer", { subnets: [ref(a), ref(b)] });
  const targets = resource("aws:lb/targetGroup:TargetGroup", "web", {
    healthCheck: { interval: 10, unhealthyThreshold: 3, healthyThreshold: 2 },
  });
  const listener = resource("aws:lb/listener:Listener", "https", {
    loadBalancerArn: ref(balancer, "arn"),
    defaultActions: [{ type: "forward", targetGroupArn: ref(targets, "arn") }],
  });
  const template = resource("aws:ec2/launchTemplate:LaunchTemplate", "web", {
    instanceType: "t4g.small",
    networkInterfaces: [{ associatePublicIpAddress: "true" }],
    blockDeviceMappings: [{ ebs: { volumeSize: 20, volumeType: "gp3" } }],
  });
  const scaling = resource("aws:autoscaling/group:Group", "web", {
    minSize: min,
    maxSize: 3,
    healthCheckType: "ELB",
    launchTemplate: { id: ref(template) },
    vpcZoneIdentifiers: [ref(a), ref(b)],
    targetGroupArns: [ref(targets, "arn")],
  });
  const image = resource("aws:ecr/repository:Repository", "app");
  const cluster = resource("aws:ecs/cluster:Cluster", "web");
  const task = resource("aws:ecs/taskDefinition:TaskDefinition", "web", {
    cpu: "512",
    memory: "1024",
    runtimePlatform: { cpuArchitecture: "ARM64" },
  });
  const service = resource("aws:ecs/service:Service", "web", {
    cluster: ref(cluster, "arn"),
    launchType: "FARGATE",
    desiredCount: min,
    taskDefinition: ref(task, "arn"),
    networkConfiguration: { assignPublicIp: true, subnets: [ref(a), ref(b)] },
    loadBalancers: [{ targetGroupArn: ref(targets, "arn") }],
    deploymentCircuitBreaker: { enable: true, rollback: true },
  });
  const vercel = resource("vercel:index/project:Project", "site");
  const open = resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "vercel", {
    securityGroupId: ref(group),
    fromPort: 5432,
    toPort: 5432,
    cidrIpv4: publicDatabase ? "0.0.0.0/0" : "203.0.113.7/32",
  });
  const alias = {
    aliases: [{ name: ref(balancer, "dnsName"), zoneId: ref(balancer, "zoneId"), evaluateTargetHealth: false }],
  };
  return [
    planOf(
      "monitored-instance",
      ...foundation(),
      instance,
      runbook,
      rule,
      start,
      system,
      record(instance, { records: [ref(instance, "publicIp")] }),
    ),
    planOf("ha-web-tier", ...foundation(), balancer, targets, listener, template, scaling, record(balancer, alias)),
    planOf(
      "fargate",
      ...foundation(),
      image,
      balancer,
      targets,
      listener,
      cluster,
      task,
      service,
      record(balancer, alias),
    ),
    planOf("vercel", ...foundation(true), vercel, open, record(vercel, { records: ["192.0.2.10"] })),
  ];
}
