import { type CostContext, type Estimate, fixed, HOURS, type Item, MONTH_S, unknownPrice, usage } from "./cost-item";
import { outside } from "./cost-outside";
import type { Plan, PlannedResource } from "./plan";
import { flag, list, number, ofType, record, refersTo, target, text, zones } from "./read";
import type { Usage } from "./usage";

// ---------------------------------------------------------------------------------------------------------------- EC2

function instanceType(value: unknown, item = "Instance"): string | Item {
  return text(value) ?? unknownPrice(item, "the instance type is not known before the update");
}

/** gp3 includes 3,000 IOPS and 125 MiB/s; https://aws.amazon.com/ebs/pricing/ */
function volume(name: string, ebs: Readonly<Record<string, unknown>>, count: number): Item[] {
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

const instance: Estimate = (resource, context) => {
  const type = instanceType(resource.inputs.instanceType);
  if (typeof type !== "string") return [type];
  const elastic = ["aws:ec2/eip:Eip", "aws:ec2/eipAssociation:EipAssociation"].some((kind) =>
    context.plan.resources.some((other) => other.type === kind && refersTo(other, resource.urn)),
  );
  return [
    fixed(`${type} on demand, Linux`, `ec2:${type}`, HOURS),
    ...volume("Root volume", record(resource.inputs.rootBlockDevice), 1),
    ...list(resource.inputs.ebsBlockDevices).flatMap((device) => volume("Volume", record(device), 1)),
    ...(flag(resource.inputs.associatePublicIpAddress) && !elastic
      ? [fixed("Public IPv4 address", "ipv4:address", HOURS)]
      : []),
    ...(flag(resource.inputs.monitoring) ? [fixed("Detailed monitoring", "cloudwatch:metric", 7)] : []),
    ...agentMetrics(context, 1),
  ];
};

/** An Auto Scaling group pays for what its launch template starts: the minimum always, the rest by usage. */
const scalingGroup: Estimate = (resource, context) => {
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
    fixed(`${count} x ${type} on demand, Linux`, `ec2:${type}`, count * HOURS),
    ...(extra > 0 ? [usage(`${type} on scale-out`, `ec2:${type}`, extra, `${extra} h a month beyond ${count}`)] : []),
    ...(disks.length > 0 ? disks : volume("Root volume", {}, count)),
    ...(publicAddress ? [fixed("Public IPv4 addresses", "ipv4:address", count * HOURS)] : []),
    ...(publicAddress && extra > 0 ? [usage("Public IPv4 on scale-out", "ipv4:address", extra)] : []),
    ...(flag(record(inputs.monitoring).enabled) ? [fixed("Detailed monitoring", "cloudwatch:metric", 7 * count)] : []),
    ...agentMetrics(context, count),
  ];
};

// -------------------------------------------------------------------------------------------------------- Load balancer

/** Whether a function answers for the built files behind the load balancer. */
const answersFiles = (plan: Plan, lambda: PlannedResource): boolean =>
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
  const perSecond = requestsPerMonth / MONTH_S;
  const dearer = files ? 1 - staticShare + staticShare / 0.4 : 1;
  const dimensions = { connections: perSecond / 25, bytes: (gbOutPerMonth / HOURS) * dearer };
  const [name, value] =
    dimensions.bytes >= dimensions.connections ? ["GB", dimensions.bytes] : ["connections", dimensions.connections];
  return { lcu: value as number, assumption: `average over the month, from ${name}; a connection for each request` };
}

const loadBalancer: Estimate = (resource, { plan, usage: month }) => {
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
    fixed("Application Load Balancer", "alb:hour", HOURS),
    ...(addresses > 0 ? [fixed("Public IPv4 addresses", "ipv4:address", addresses * HOURS, "one in each zone")] : []),
    usage("Load balancer capacity units", "alb:lcu", lcu * HOURS, assumption),
  ];
};

// -------------------------------------------------------------------------------------------------------------- Fargate

const service: Estimate = (resource, { plan, usage: month }) => {
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
    ...run(`${tasks - spot} Fargate task(s)`, "fargate", (tasks - spot) * HOURS, fixed),
    ...run(`${spot} Fargate Spot task(s)`, "fargate-spot", spot * HOURS, fixed),
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
const cluster: Estimate = (resource, { plan }) => {
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

// ------------------------------------------------------------------------------------------------------------- Database

/** gp3 of RDS for PostgreSQL: 3,000 IOPS under 400 GB, 12,000 from there; more is billed and rare, so it is not in the table. */
const database: Estimate = (resource, { plan }) => {
  const source = primaryOf(plan, resource);
  const inherited = source?.inputs ?? {};
  const engine = text(resource.inputs.engine) ?? text(inherited.engine) ?? "postgres";
  const instanceClass = text(resource.inputs.instanceClass);
  if (engine !== "postgres") return [unknownPrice("Database", `the table knows PostgreSQL, not ${engine}`)];
  if (!instanceClass) return [unknownPrice("Database", "the instance class is not known before the update")];
  const deployment = flag(resource.inputs.multiAz) ? "multi" : "single";
  const storage = text(resource.inputs.storageType) ?? text(inherited.storageType) ?? "gp2";
  const gb = number(resource.inputs.allocatedStorage) ?? number(inherited.allocatedStorage);
  return [
    fixed(
      `${instanceClass} PostgreSQL, ${deployment === "multi" ? "Multi-AZ" : "Single-AZ"}`,
      `rds:postgres:${deployment}:${instanceClass}`,
      HOURS,
    ),
    gb === undefined
      ? unknownPrice("Database storage", "the size is not known before the update")
      : fixed(`Storage ${storage}`, `rds:${storage}:${deployment}`, gb, "backups up to this size are free"),
    ...(flag(resource.inputs.publiclyAccessible) ? [fixed("Public IPv4 address", "ipv4:address", HOURS)] : []),
    ...enhancedMonitoring(resource),
  ];
};

/** The instance that a read replica follows: referred to, or named as it is. */
function primaryOf(plan: Plan, { inputs }: PlannedResource): PlannedResource | undefined {
  const source = inputs.replicateSourceDb;
  if (source === undefined) return undefined;
  const name = JSON.stringify(source);
  return (
    target(plan, source) ??
    ofType(plan, "aws:rds/instance:Instance").find((other) => JSON.stringify(other.inputs.identifier) === name)
  );
}

/** A record of the operating system, some 6 KB with its process list, at every interval. */
function enhancedMonitoring({ inputs }: PlannedResource): Item[] {
  const interval = number(inputs.monitoringInterval) ?? 0;
  if (interval === 0) return [];
  const gb = ((MONTH_S / interval) * 6) / 1e6;
  return [usage("Enhanced monitoring, log lines", "logs:ingest", gb, `6 KB every ${interval} s, an assumption`)];
}

// --------------------------------------------------------------------------------------------------------- Observability

/** Alarms are billed by metric; below 60 s the price triples, and a band doubles and adds to it (three metrics). */
const metricAlarm: Estimate = ({ inputs }) => {
  const queries = list(inputs.metricQueries).map(record);
  const metrics = queries.filter((query) => Object.keys(record(query.metric)).length > 0);
  const period = Math.min(
    number(inputs.period) ?? 300,
    ...metrics.map((query) => number(record(query.metric).period) ?? 300),
    ...queries.map((query) => number(query.period) ?? 300),
  );
  const band = queries.some((query) => text(query.expression)?.startsWith("ANOMALY_DETECTION_BAND"));
  const count = Math.max(1, metrics.length) * (band ? 3 : 1);
  return [
    period < 60
      ? fixed("High-resolution alarm", "cloudwatch:alarm-high-resolution", count)
      : fixed("Alarm", "cloudwatch:alarm", count),
  ];
};

const monthly =
  (item: string, price: string): Estimate =>
  () => [fixed(item, price, 1)];

const subscription: Estimate = ({ inputs }, { plan, usage: month }) => {
  const protocol = text(inputs.protocol);
  if (protocol === "email" || protocol === "email-json") {
    const all = ofType(plan, "aws:sns/topicSubscription:TopicSubscription").filter(
      (s) => text(s.inputs.protocol) === protocol,
    );
    return [
      usage("E-mails", "sns:email", month.emailsPerMonth / all.length, "usage.emailsPerMonth, divided among all"),
    ];
  }
  if (protocol !== "sms" || month.smsPerMonth === 0) return [];
  const price = `sns:sms:${month.smsCountry}`;
  return [
    {
      ...usage("SMS", price, month.smsPerMonth),
      unknown: `${month.smsPerMonth} SMS: the price depends on the country and carrier, and the table has none for ${month.smsCountry}`,
    },
  ];
};

/** Seconds that a scheduled run takes, which finds nothing to do: a few requests, its start included. An assumption. */
const LOOK_SECONDS = 2;
/** Steps of a recovery run that restarts the app: guard, evidence, question, restart, check, report, and branches. */
const RUN_STEPS = 9;

/** Seconds that a built file takes the function that answers for it, most of them the read from S3: an assumption. */
const FILE_SECONDS = 0.05;

const lambda: Estimate = (resource, { plan, usage: month }) => {
  const arm = list(resource.inputs.architectures).includes("arm64");
  const mb = number(resource.inputs.memorySize) ?? 128;
  const compute = arm ? "lambda:arm" : "lambda:x86";
  if (answersFiles(plan, resource)) {
    const files = month.requestsPerMonth * month.staticShare;
    const assumption = `${files} built files: usage.staticShare of all requests`;
    return [
      usage("Built files answered", "lambda:request", files, assumption),
      usage("Compute", compute, (files * FILE_SECONDS * mb) / 1024, `${FILE_SECONDS * 1000} ms each, an assumption`),
      usage("Built files read from S3", "s3:read", files, assumption),
    ];
  }
  const scheduled = scheduledRuns(plan, resource);
  const runs = month.incidentsPerMonth + scheduled;
  const most = Math.min(number(resource.inputs.timeout) ?? 3, 30);
  const seconds = month.incidentsPerMonth * most + scheduled * Math.min(most, LOOK_SECONDS);
  const looks = scheduled > 0 ? `, ${scheduled} by schedule of ${Math.min(most, LOOK_SECONDS)} s` : "";
  const assumption = `${month.incidentsPerMonth} incidents of ${most} s${looks}`;
  return [
    usage("Requests", "lambda:request", runs, assumption),
    usage("Compute", compute, (seconds * mb) / 1024, assumption),
  ];
};

/** Runs a month of the schedules and rules that start a function. */
function scheduledRuns(plan: Plan, resource: PlannedResource): number {
  const schedules = ofType(plan, "aws:scheduler/schedule:Schedule").filter((s) => refersTo(s, resource.urn));
  const rules = ofType(plan, "aws:cloudwatch/eventTarget:EventTarget")
    .filter((t) => refersTo(t, resource.urn))
    .flatMap((t) => target(plan, t.inputs.rule) ?? []);
  return [...schedules, ...rules].reduce((total, s) => total + runsPerMonth(text(s.inputs.scheduleExpression)), 0);
}

/** `rate(5 minutes)` gives 8,760; `cron(...)` counts minutes, hours, and days of the month or of the week. */
export function runsPerMonth(expression: string | undefined): number {
  const rate = expression?.match(/^rate\((\d+) (minute|hour|day)s?\)$/);
  if (rate)
    return (HOURS * 60) / (Number(rate[1]) * { minute: 1, hour: 60, day: 1440 }[rate[2] as "minute" | "hour" | "day"]);
  const cron = expression?.match(/^cron\((\S+) (\S+)(?: (\S+) \S+ (\S+))?/);
  if (!cron) return 0;
  const named = (field: string | undefined) => (field && !/^[?*]$/.test(field) ? field.split(",").length : 0);
  const days = named(cron[3]) || (named(cron[4]) * HOURS) / 24 / 7 || HOURS / 24;
  const minutes = cron[1]?.match(/^(?:\*|0)\/(\d+)$/);
  const perHour = cron[1] === "*" ? 60 : minutes ? 60 / Number(minutes[1]) : 1;
  return perHour * (cron[2] === "*" ? 24 : 1) * days;
}

const schedule: Estimate = ({ inputs }) => [
  usage("Invocations", "scheduler:invocation", runsPerMonth(text(inputs.scheduleExpression))),
];

const firewall: Estimate = ({ inputs }, { usage: month }) => [
  fixed("Web ACL", "waf:acl", 1),
  ...(list(inputs.rules).length > 0 ? [fixed("Rules and rule groups", "waf:rule", list(inputs.rules).length)] : []),
  usage("Requests inspected", "waf:request", month.requestsPerMonth),
];

const natGateway: Estimate = (_resource, { usage: month }) => [
  fixed("NAT gateway", "nat:hour", HOURS),
  usage("Data processed", "nat:gb", month.gbOutPerMonth, "as much as leaves for the internet"),
];

const vpcEndpoint: Estimate = ({ inputs }) => {
  if ((text(inputs.vpcEndpointType) ?? "Gateway") !== "Interface") return [];
  return [
    fixed("Interface endpoint", "vpce:hour", Math.max(1, list(inputs.subnetIds).length) * HOURS, "one in each subnet"),
  ];
};

/** Buckets, repositories and vaults share one figure of the usage settings, so it is divided among them. */
const shared =
  (item: string, price: string, field: "objectGb" | "imageGb"): Estimate =>
  (resource, { plan, usage: month }) => [
    usage(
      item,
      price,
      month[field] / Math.max(1, ofType(plan, resource.type).length),
      `usage.${field}, divided among all`,
    ),
  ];

const backupPlan: Estimate = ({ inputs }, { usage: month }) => {
  const copied = list(inputs.rules).some((rule) => list(record(rule).copyActions).length > 0);
  const kept = "usage.backupGb: changed blocks of all recovery points";
  return [
    usage("Backups kept in AWS Backup", "backup:rds", month.backupGb, kept),
    ...(copied
      ? [
          usage(
            "Copies in the second region",
            "backup:rds",
            month.backupGb,
            "usage.backupGb again, at this region's price",
          ),
          usage(
            "Transfer of the copies",
            "transfer:out",
            month.backupGb * 0.2,
            "a fifth of usage.backupGb a month, as dear as to the internet: an upper bound",
          ),
        ]
      : []),
  ];
};

/** Restore tests run an instance of the database's class: an hour to restore, and one to look at it. */
const restoreTests: Estimate = ({ inputs }, { plan }) => {
  const instanceClass = ofType(plan, "aws:rds/instance:Instance").map(({ inputs: db }) => text(db.instanceClass))[0];
  if (!instanceClass) return [unknownPrice("Restore tests", "the database's class is not known before the update")];
  const runs = runsPerMonth(text(inputs.scheduleExpression));
  return [usage("Restore tests", `rds:postgres:single:${instanceClass}`, runs * 2, "2 h each")];
};

// ----------------------------------------------------------------------------------------------------------------- Site

/** Metrics that functions of the site write: what alarms read that is neither AWS's, nor the agent's, nor a log filter's. */
function ownMetrics(plan: Plan): number {
  const filtered = new Set(
    ofType(plan, "aws:cloudwatch/logMetricFilter:LogMetricFilter").map(
      ({ inputs }) => text(record(inputs.metricTransformation).namespace) ?? "",
    ),
  );
  const found = ofType(plan, "aws:cloudwatch/metricAlarm:MetricAlarm").flatMap(({ inputs }) => {
    const namespace = text(inputs.namespace) ?? "";
    const foreign = namespace === "" || /^(AWS\/|CWAgent$|Site$|ECS\/)/.test(namespace) || filtered.has(namespace);
    return foreign ? [] : [JSON.stringify([namespace, inputs.metricName, inputs.dimensions])];
  });
  return new Set(found).size;
}

/** What belongs to the site rather than to one resource: traffic, logs, DNS, traffic between zones. */
function site({ plan, usage: month }: CostContext): Item[] {
  const has = (type: string) => ofType(plan, type).length > 0;
  const vercel = plan.architecture === "vercel";
  const items: Item[] = [];
  if (!vercel) items.push(usage("Data transfer to the internet", "transfer:out", month.gbOutPerMonth));
  if (has("aws:cloudwatch/logGroup:LogGroup")) {
    const days = Math.max(
      ...ofType(plan, "aws:cloudwatch/logGroup:LogGroup").map((g) => number(g.inputs.retentionInDays) ?? 30),
    );
    items.push(
      usage("Logs taken in", "logs:ingest", month.logGbPerMonth),
      usage(
        "Logs kept",
        "logs:store",
        month.logGbPerMonth * 0.15 * (days / 30),
        `kept ${days} days, compressed to 15 %`,
      ),
    );
  }
  const billed = ofType(plan, "aws:route53/record:Record").some(
    ({ inputs }) =>
      ["A", "AAAA", "CNAME"].includes(text(inputs.type) ?? "") &&
      list(inputs.aliases).length === 0 &&
      (inputs.records ?? null) !== null,
  );
  if (billed) items.push(usage("DNS queries", "route53:query", month.dnsQueriesPerMonth));
  if (
    has("aws:lb/loadBalancer:LoadBalancer") ||
    ofType(plan, "aws:rds/instance:Instance").some((d) => flag(d.inputs.multiAz))
  ) {
    items.push(usage("Traffic between zones", "transfer:zone", month.zoneGb * 2, "each direction is billed"));
  }
  const own = ownMetrics(plan);
  if (own > 0) items.push(usage("Custom metrics of the site's functions", "cloudwatch:metric", own));
  if (has("aws:sns/topic:Topic")) {
    const published = month.emailsPerMonth + month.smsPerMonth;
    items.push(usage("Notifications published", "sns:publish", published));
  }
  if (ofType(plan, "aws:ssm/document:Document").some(({ inputs }) => text(inputs.documentType) === "Automation")) {
    items.push(
      usage(
        "Automation steps",
        "ssm:automation-step",
        month.incidentsPerMonth * RUN_STEPS,
        `${month.incidentsPerMonth} recovery runs of ${RUN_STEPS} steps; without a free tier since the end of 2025`,
      ),
    );
  }
  return items;
}

/** Everything that is billed, by Pulumi type. An empty answer means that these settings cost nothing. */
const resources: Readonly<Record<string, Estimate>> = {
  "aws:ec2/instance:Instance": instance,
  "aws:autoscaling/group:Group": scalingGroup,
  "aws:ebs/volume:Volume": ({ inputs }) => volume("Volume", inputs, 1),
  "aws:ec2/eip:Eip": () => [fixed("Public IPv4 address", "ipv4:address", HOURS)],
  "aws:ec2/natGateway:NatGateway": natGateway,
  "aws:ec2/vpcEndpoint:VpcEndpoint": vpcEndpoint,
  "aws:lb/loadBalancer:LoadBalancer": loadBalancer,
  "aws:ecs/cluster:Cluster": cluster,
  "aws:ecs/service:Service": service,
  "aws:rds/instance:Instance": database,
  "aws:cloudwatch/metricAlarm:MetricAlarm": metricAlarm,
  "aws:cloudwatch/compositeAlarm:CompositeAlarm": monthly("Composite alarm", "cloudwatch:composite-alarm"),
  "aws:cloudwatch/dashboard:Dashboard": monthly("Dashboard", "cloudwatch:dashboard"),
  "aws:cloudwatch/logMetricFilter:LogMetricFilter": () => [
    usage("Custom metric of a log filter", "cloudwatch:metric", 1, "in months in which the filter matches"),
  ],
  "aws:route53/zone:Zone": monthly("Hosted zone", "route53:zone"),
  "aws:sns/topicSubscription:TopicSubscription": subscription,
  "aws:secretsmanager/secret:Secret": monthly("Secret", "secrets:secret"),
  "aws:kms/key:Key": (_resource, { usage: month }) => [
    fixed("Customer managed key", "kms:key", 1),
    usage("Requests", "kms:request", month.emailsPerMonth + month.smsPerMonth, "one for each notification"),
  ],
  "aws:lambda/function:Function": lambda,
  "aws:scheduler/schedule:Schedule": schedule,
  "aws:wafv2/webAcl:WebAcl": firewall,
  "aws:s3/bucket:Bucket": shared("Objects", "s3:standard", "objectGb"),
  "aws:s3/bucketV2:BucketV2": shared("Objects", "s3:standard", "objectGb"),
  "aws:ecr/repository:Repository": shared("Images", "ecr:storage", "imageGb"),
  "aws:backup/plan:Plan": backupPlan,
  "aws:backup/restoreTestingPlan:RestoreTestingPlan": restoreTests,
  ...outside,
};

export const priced = { resources, site };

/** Types that cost nothing, and why: a prefix of the type token, longest match first. */
const FREE: readonly (readonly [string, string])[] = [
  ["pulumi:", "no resource of a cloud"],
  ["pulumi-nodejs:dynamic/", "a step that Pulumi runs, no resource of a cloud"],
  ["random:", "computed by Pulumi, no resource of a cloud"],
  ["command:", "run by Pulumi, no resource of a cloud"],
  ["aws:iam/", "IAM is free"],
  ["aws:acm/certificate", "public certificates are free while ACM keeps the key"],
  ["aws:autoscaling/", "Auto Scaling is free; the instances are billed with their group"],
  ["aws:appautoscaling/", "Application Auto Scaling is free; its tasks are billed with their service"],
  ["aws:backup/", "AWS Backup bills what is stored, counted with the backup plan"],
  ["aws:budgets/budget:", "budgets with alerts only are free"],
  ["aws:cloudwatch/alarmMuteRule", "mute rules are free"],
  ["aws:cloudwatch/event", "events of AWS services and their rules are free"],
  ["aws:cloudwatch/logGroup", "billed by volume, counted once for the site"],
  ["aws:cloudwatch/log", "log settings are free"],
  ["aws:cloudwatch/queryDefinition", "saved queries are free; a query is billed by the GB it reads"],
  ["aws:ec2/launchTemplate", "launch templates are free; what they start is billed with its group"],
  ["aws:ec2/eipAssociation", "the address is billed with its Elastic IP"],
  ["aws:ec2/volumeAttachment", "the volume is billed by itself"],
  ["aws:ec2/", ""],
  ["aws:ecr/", "settings of a repository are free"],
  ["aws:ecs/taskDefinition", "task definitions are free; tasks are billed with their service"],
  ["aws:ecs/clusterCapacityProviders", "capacity providers are free"],
  ["aws:kms/alias", "aliases are free"],
  ["aws:kms/keyPolicy", "key policies are free"],
  ["aws:lambda/permission", "permissions are free"],
  ["aws:lambda/", "settings of a function are free"],
  ["aws:lb/", "listeners, rules and target groups are free; the load balancer is billed"],
  ["aws:rds/subnetGroup", "subnet groups are free"],
  ["aws:rds/parameterGroup", "parameter groups are free"],
  ["aws:rds/eventSubscription", "event subscriptions are free; notifications are counted with the topic"],
  ["aws:route53/record", "records are free; queries are counted once for the site"],
  ["aws:s3/bucket", "settings of a bucket are free"],
  ["aws:s3/object", "counted with usage.objectGb"],
  ["aws:scheduler/scheduleGroup", "schedule groups are free"],
  ["aws:secretsmanager/secret", "versions, policies and rotation settings are free; the secret is billed"],
  ["aws:sns/topic:", "topics are free; notifications are counted once for the site"],
  ["aws:sns/", "settings of a topic are free"],
  ["aws:sqs/", "the first million requests a month is free, and alarms stay far below"],
  ["aws:ssm/parameter", "standard parameters are free"],
  ["aws:ssm/document", "documents are free; automation steps are counted once for the site"],
  ["aws:ssm/", "Session Manager, Run Command and associations of EC2 instances are free"],
  ["aws:vpc/", "security group rules are free"],
  ["aws:wafv2/webAclAssociation", "associations are free"],
  ["vercel:index/", "settings of a Vercel project are free; the project is billed"],
];

/** Network parts of EC2 that cost nothing; other EC2 types are unknown rather than free. */
const FREE_EC2 =
  /^aws:ec2\/(vpc|subnet|routeTable|route|routeTableAssociation|internetGateway|securityGroup|securityGroupRule|networkAcl|networkAclRule|vpcDhcpOptions|vpcDhcpOptionsAssociation|defaultSecurityGroup|defaultRouteTable|defaultNetworkAcl|egressOnlyInternetGateway|mainRouteTableAssociation|instanceMetadataDefaults|keyPair|managedPrefixList|tag|placementGroup):/;

/** Why a type costs nothing; undefined if the table does not say so. */
export function freeTypes(type: string): string | undefined {
  if (FREE_EC2.test(type)) return "networks, subnets, routes and security groups are free";
  const found = FREE.filter(([prefix]) => type.startsWith(prefix)).sort((a, b) => b[0].length - a[0].length)[0];
  return found?.[1] || undefined;
}
