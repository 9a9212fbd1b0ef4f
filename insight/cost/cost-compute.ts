import type { Plan, PlannedResource } from "../../core/plan-format";
import { flag, list, number, ofType, record, refersTo, target, text, zones } from "../../core/plan-reader";
import type { Usage } from "../../core/usage";
import {
  type CostContext,
  type Estimate,
  fixed,
  HOURS_PER_MONTH,
  type Item,
  SECONDS_PER_MONTH,
  unknownPrice,
  usage,
} from "./cost-item";

function instanceType(value: unknown, item = "Instance"): string | Item {
  return text(value) ?? unknownPrice(item, "the instance type is not known before the update");
}

/** gp3 includes 3,000 IOPS and 125 MiB/s; https://aws.amazon.com/ebs/pricing/ */
export function volume(name: string, ebs: Readonly<Record<string, unknown>>, count: number): Item[] {
  const type = text(ebs.volumeType) ?? text(ebs.type) ?? "gp3";
  const gb = number(ebs.volumeSize ?? ebs.size);
  const assumption = gb === undefined ? "8 GB, the size of Amazon Linux images, as none is set" : undefined;
  const items = [fixed(`${name} ${type}`, `ebs:${type}`, (gb ?? 8) * count, assumption)];
  if (type !== "gp3") return items;
  const iops = (number(ebs.iops) ?? 3000) - 3000;
  const throughput = (number(ebs.throughput) ?? 125) - 125;
  if (iops > 0) items.push(fixed(`${name} IOPS above 3,000`, "ebs:gp3-iops", iops * count));
  if (throughput > 0) items.push(fixed(`${name} MiB/s above 125`, "ebs:gp3-throughput", throughput * count));
  return items;
}

/** Metrics that the CloudWatch agent sends: only where an alarm reads one of them. */
function agentMetrics(context: CostContext, instances: number): Item[] {
  const agent = ofType(context.plan, "aws:cloudwatch/metricAlarm:MetricAlarm").some((alarm) =>
    /"CWAgent"|"mem_used_percent"|"disk_used_percent"|"procstat_/.test(JSON.stringify(alarm.inputs)),
  );
  if (!agent || context.usage.metricsPerInstance === 0) return [];
  return [
    usage("Custom metrics of the CloudWatch agent", "cloudwatch:metric", context.usage.metricsPerInstance * instances),
  ];
}

export const instance: Estimate = (resource, context) => {
  const type = instanceType(resource.inputs.instanceType);
  if (typeof type !== "string") return [type];
  const elastic = ["aws:ec2/eip:Eip", "aws:ec2/eipAssociation:EipAssociation"].some((kind) =>
    context.plan.resources.some((other) => other.type === kind && refersTo(other, resource.urn)),
  );
  return [
    fixed(`${type} on demand, Linux`, `ec2:${type}`, HOURS_PER_MONTH),
    ...volume("Root volume", record(resource.inputs.rootBlockDevice), 1),
    ...list(resource.inputs.ebsBlockDevices).flatMap((device) => volume("Volume", record(device), 1)),
    ...(flag(resource.inputs.associatePublicIpAddress) && !elastic
      ? [fixed("Public IPv4 address", "ipv4:address", HOURS_PER_MONTH)]
      : []),
    ...(flag(resource.inputs.monitoring) ? [fixed("Detailed monitoring", "cloudwatch:metric", 7)] : []),
    ...agentMetrics(context, 1),
  ];
};

/** An Auto Scaling group pays for what its launch template starts: the minimum always, the rest by usage. */
export const scalingGroup: Estimate = (resource, context) => {
  const reference =
    record(resource.inputs.launchTemplate).id ??
    record(record(record(resource.inputs.mixedInstancesPolicy).launchTemplate).launchTemplateSpecification)
      .launchTemplateId;
  const template = target(context.plan, reference);
  const type = instanceType(template?.inputs.instanceType, "Instances of the Auto Scaling group");
  if (typeof type !== "string") return [type];
  const inputs = template?.inputs ?? {};
  const count = number(resource.inputs.desiredCapacity) ?? number(resource.inputs.minSize) ?? 1;
  const most = number(resource.inputs.maxSize) ?? count;
  const extra = most > count ? context.usage.scaleOutHours : 0;
  const publicAddress = list(inputs.networkInterfaces).some((nic) => flag(record(nic).associatePublicIpAddress));
  const disks = list(inputs.blockDeviceMappings).flatMap((mapping) =>
    volume("Volume", record(record(mapping).ebs), count),
  );
  return [
    fixed(`${count} x ${type} on demand, Linux`, `ec2:${type}`, count * HOURS_PER_MONTH),
    ...(extra > 0 ? [usage(`${type} on scale-out`, `ec2:${type}`, extra, `${extra} h a month beyond ${count}`)] : []),
    ...(disks.length > 0 ? disks : volume("Root volume", {}, count)),
    ...(publicAddress ? [fixed("Public IPv4 addresses", "ipv4:address", count * HOURS_PER_MONTH)] : []),
    ...(publicAddress && extra > 0 ? [usage("Public IPv4 on scale-out", "ipv4:address", extra)] : []),
    ...(flag(record(inputs.monitoring).enabled) ? [fixed("Detailed monitoring", "cloudwatch:metric", 7 * count)] : []),
    ...agentMetrics(context, count),
  ];
};

/** Whether a function answers for the built files behind the load balancer. */
export const answersFiles = (plan: Plan, lambda: PlannedResource): boolean =>
  ofType(plan, "aws:lb/targetGroupAttachment:TargetGroupAttachment").some((attached) => refersTo(attached, lambda.urn));

/**
 * One LCU is 25 new connections a second, 3,000 active connections a minute, 1 GB an hour (0.4 GB of a function's answers) or 1,000
 * rules a second, the greatest counts. https://aws.amazon.com/elasticloadbalancing/pricing/
 */
function averageLcu(
  { lcu, requestsPerMonth, gbOutPerMonth, staticShare }: Usage,
  files: boolean,
): { lcu: number; assumption: string } {
  if (lcu !== undefined) return { lcu, assumption: "usage.lcu" };
  const perSecond = requestsPerMonth / SECONDS_PER_MONTH;
  const dearer = files ? 1 - staticShare + staticShare / 0.4 : 1;
  const dimensions = { connections: perSecond / 25, bytes: (gbOutPerMonth / HOURS_PER_MONTH) * dearer };
  const [name, value] =
    dimensions.bytes >= dimensions.connections ? ["GB", dimensions.bytes] : ["connections", dimensions.connections];
  return { lcu: value as number, assumption: `average over the month, from ${name}; a connection for each request` };
}

export const loadBalancer: Estimate = (resource, { plan, usage: month }) => {
  const kind = text(resource.inputs.loadBalancerType) ?? "application";
  if (kind !== "application") return [unknownPrice("Load balancer", `the table has no prices for the type "${kind}"`)];
  const subnets = [
    ...list(resource.inputs.subnets),
    ...list(resource.inputs.subnetMappings).map((m) => record(m).subnetId),
  ];
  const addresses = flag(resource.inputs.internal) ? 0 : Math.max(zones(plan, subnets).length, 2);
  const files = ofType(plan, "aws:lambda/function:Function").some((lambda) => answersFiles(plan, lambda));
  const { lcu, assumption } = averageLcu(month, files);
  return [
    fixed("Application Load Balancer", "alb:hour", HOURS_PER_MONTH),
    ...(addresses > 0
      ? [fixed("Public IPv4 addresses", "ipv4:address", addresses * HOURS_PER_MONTH, "one in each zone")]
      : []),
    usage("Load balancer capacity units", "alb:lcu", lcu * HOURS_PER_MONTH, assumption),
  ];
};

export const service: Estimate = (resource, { plan, usage: month }) => {
  const providers = list(resource.inputs.capacityProviderStrategies).map(record);
  const launch = text(resource.inputs.launchType) ?? (providers.length > 0 ? "FARGATE" : "EC2");
  if (launch !== "FARGATE")
    return [unknownPrice("ECS service", `its launch type is ${launch}, and the table knows Fargate`)];
  const task = target(plan, resource.inputs.taskDefinition);
  const cpu = number(task?.inputs.cpu);
  const memory = number(task?.inputs.memory);
  if (cpu === undefined || memory === undefined) {
    return [unknownPrice("Fargate tasks", "the task definition is not in the plan, or has no cpu and memory")];
  }
  const arm = text(record(task?.inputs.runtimePlatform).cpuArchitecture) === "ARM64";
  const isa = arm ? "arm" : "x86";
  const tasks = number(resource.inputs.desiredCount) ?? 1;
  const spot = spotTasks(providers, tasks);
  const scalable = ofType(plan, "aws:appautoscaling/target:Target").some((scaling) => refersTo(scaling, resource.urn));
  const extra = scalable ? month.scaleOutHours : 0;
  const [vcpu, gb] = [cpu / 1024, memory / 1024];
  const storage = (number(record(task?.inputs.ephemeralStorage).sizeInGib) ?? 20) - 20;
  const address = flag(record(resource.inputs.networkConfiguration).assignPublicIp);
  const run = (name: string, table: string, hours: number, item: typeof fixed): Item[] =>
    hours === 0
      ? []
      : [
          item(`${name}: ${vcpu} vCPU ${arm ? "ARM" : "x86"}`, `${table}:${isa}:vcpu`, vcpu * hours),
          item(`${name}: ${gb} GB`, `${table}:${isa}:gb`, gb * hours),
          ...(storage > 0 ? [item(`${name}: storage above 20 GB`, "fargate:storage", storage * hours)] : []),
          ...(address ? [item(`${name}: public IPv4`, "ipv4:address", hours)] : []),
        ];
  return [
    ...run(`${tasks - spot} Fargate task(s)`, "fargate", (tasks - spot) * HOURS_PER_MONTH, fixed),
    ...run(`${spot} Fargate Spot task(s)`, "fargate-spot", spot * HOURS_PER_MONTH, fixed),
    ...run("Fargate on scale-out", "fargate", extra, usage),
  ];
};

/** ECS fills the bases first, then the weights. */
function spotTasks(providers: ReturnType<typeof record>[], tasks: number): number {
  const isSpot = (provider: ReturnType<typeof record>) => text(provider.capacityProvider) === "FARGATE_SPOT";
  if (!providers.some(isSpot)) return 0;
  const base = (spot: boolean) =>
    providers.filter((p) => isSpot(p) === spot).reduce((total, p) => total + (number(p.base) ?? 0), 0);
  const weight = (spot: boolean) =>
    providers.filter((p) => isSpot(p) === spot).reduce((total, p) => total + (number(p.weight) ?? 0), 0);
  const rest = Math.max(0, tasks - base(true) - base(false));
  const all = weight(true) + weight(false);
  return Math.min(tasks, base(true) + (all === 0 ? 0 : Math.round((rest * weight(true)) / all)));
}

/** Container Insights sends its metrics as custom metrics: 8 a cluster and 8 a service (6 CPU, memory, network and 2 storage). */
export const cluster: Estimate = (resource, { plan }) => {
  const value = list(resource.inputs.settings)
    .map(record)
    .find((setting) => text(setting.name) === "containerInsights");
  const mode = text(value?.value);
  if (mode === undefined || mode === "disabled") return [];
  if (mode === "enhanced") {
    return [
      unknownPrice("Container Insights, enhanced", "it is billed by observation, for which the table has no price"),
    ];
  }
  const services = ofType(plan, "aws:ecs/service:Service").filter((s) => refersTo(s, resource.urn)).length;
  return [
    usage("Container Insights metrics", "cloudwatch:metric", 8 + 8 * services, "8 for the cluster, 8 for each service"),
  ];
};
