import type { Plan, PlannedResource, PlanValue } from "../../../core/plan-format";
import { planOf, ref, resource, subnets } from "./fixtures";

const REGION = "ap-northeast-2";

/** What every architecture stands on; the database is open to Vercel alone. */
function foundationOf(multiAz: boolean) {
  const [a, b] = subnets(REGION);
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
  const all = (open: boolean) => [a, b, zone, page, email, group, secret, database(open), logs, unreachable];
  const record = (target: PlannedResource, inputs: Record<string, PlanValue>) =>
    resource(
      "aws:route53/record:Record",
      "serving",
      { zoneId: ref(zone), type: "A", ...inputs },
      { dependencies: [target.urn] },
    );
  return { a, b, group, all, record };
}

type Foundation = ReturnType<typeof foundationOf>;

/** One server that is watched and recovered. */
function server({ a, record }: Foundation): PlannedResource[] {
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
    alarmActions: [`arn:aws:automate:${REGION}:ec2:recover`],
  });
  return [instance, runbook, rule, start, system, record(instance, { records: [ref(instance, "publicIp")] })];
}

/** A load balancer, its target group, and the record that leads there. */
function balanced({ a, b, record }: Foundation) {
  const balancer = resource("aws:lb/loadBalancer:LoadBalancer", "balancer", { subnets: [ref(a), ref(b)] });
  const targets = resource("aws:lb/targetGroup:TargetGroup", "web", {
    healthCheck: { interval: 10, unhealthyThreshold: 3, healthyThreshold: 2 },
  });
  const listener = resource("aws:lb/listener:Listener", "https", {
    loadBalancerArn: ref(balancer, "arn"),
    defaultActions: [{ type: "forward", targetGroupArn: ref(targets, "arn") }],
  });
  const alias = {
    aliases: [{ name: ref(balancer, "dnsName"), zoneId: ref(balancer, "zoneId"), evaluateTargetHealth: false }],
  };
  return { targets, shared: [balancer, targets, listener], last: record(balancer, alias) };
}

function scaled(min: number, { a, b }: Foundation, targets: PlannedResource): PlannedResource[] {
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
  return [template, scaling];
}

function tasks(min: number, { a, b }: Foundation, targets: PlannedResource): PlannedResource[] {
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
  return [cluster, task, service];
}

function onVercel(open: boolean, { group, record }: Foundation): PlannedResource[] {
  const vercel = resource("vercel:index/project:Project", "site");
  const rule = resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "vercel", {
    securityGroupId: ref(group),
    fromPort: 5432,
    toPort: 5432,
    cidrIpv4: open ? "0.0.0.0/0" : "203.0.113.7/32",
  });
  return [vercel, rule, record(vercel, { records: ["192.0.2.10"] })];
}

/** A site in all four architectures, much as the program plans it: enough for comparisons and reports. */
export function samplePlans(settings: { min?: number; multiAz?: boolean; publicDatabase?: boolean } = {}): Plan[] {
  const { min = 1, multiAz = false, publicDatabase = true } = settings;
  const foundation = foundationOf(multiAz);
  const { targets, shared, last } = balanced(foundation);
  const image = resource("aws:ecr/repository:Repository", "app");
  const plan = (architecture: string, ...tier: readonly PlannedResource[]) =>
    planOf(architecture, ...foundation.all(architecture === "vercel"), ...tier);
  return [
    plan("monitored-instance", ...server(foundation)),
    plan("ha-web-tier", ...shared, ...scaled(min, foundation, targets), last),
    plan("fargate", image, ...shared, ...tasks(min, foundation, targets), last),
    plan("vercel", ...onVercel(publicDatabase, foundation)),
  ];
}
