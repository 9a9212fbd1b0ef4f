import type { Clients } from "./clients";

/** One statement of a policy document, with its lists made whole. */
interface Statement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Principal: { readonly Service?: string | readonly string[] };
}

const listOf = (value: unknown): readonly string[] =>
  value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)];

export const statementsOf = (document: string): Statement[] =>
  JSON.parse(document.startsWith("%7B") ? decodeURIComponent(document) : document).Statement.map(
    (statement: Record<string, unknown>) => ({
      ...statement,
      Action: listOf(statement.Action),
      Resource: listOf(statement.Resource),
    }),
  );

/** Whether a pattern of IAM, in which `*` stands for anything, covers a text. */
const covers = (pattern: string, text: string) =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`).test(text);

/** What has been built, as clients of AWS see it. Each question is asked once. */
export class World {
  private readonly answers = new Map<string, Promise<unknown>>();

  constructor(
    readonly clients: Clients,
    readonly domain: string,
    readonly zoneId: string,
  ) {}

  /** Asks `question` at its first call; the key names it. */
  private once<T>(key: string, question: () => Promise<T>): Promise<T> {
    const known = this.answers.get(key) as Promise<T> | undefined;
    if (known) return known;
    const asked = question();
    this.answers.set(key, asked);
    return asked;
  }

  /** The answer, or undefined where AWS says that there is no such thing. */
  async find<T>(question: Promise<T>): Promise<T | undefined> {
    return question.catch(() => undefined);
  }

  records = () =>
    this.once("records", async () => {
      const { ResourceRecordSets = [] } = await this.clients.route53.listResourceRecordSets({
        HostedZoneId: this.zoneId,
        MaxItems: 300,
      });
      return ResourceRecordSets.map((record) => ({ ...record, Name: record.Name?.replace(/\.$/, "") ?? "" }));
    });

  balancers = () =>
    this.once("balancers", async () => (await this.clients.elb.describeLoadBalancers({})).LoadBalancers ?? []);

  groups = () => this.once("groups", async () => (await this.clients.elb.describeTargetGroups({})).TargetGroups ?? []);

  /** The HTTPS listener of the load balancer, with its rules. */
  https = () =>
    this.once("https", async () => {
      const [balancer] = await this.balancers();
      const { Listeners = [] } = await this.clients.elb.describeListeners({
        LoadBalancerArn: balancer?.LoadBalancerArn,
      });
      const listener = Listeners.find(({ Port }) => Port === 443);
      if (!listener) throw new Error("the load balancer has no listener on port 443");
      const { Rules = [] } = await this.clients.elb.describeRules({ ListenerArn: listener.ListenerArn });
      return { listener, rules: Rules };
    });

  scalingGroups = () =>
    this.once(
      "scalingGroups",
      async () => (await this.clients.autoscaling.describeAutoScalingGroups({})).AutoScalingGroups ?? [],
    );

  /** What an Auto Scaling group's instances are started from, in the version that the group names. */
  template = (groupName: string) =>
    this.once(`template ${groupName}`, async () => {
      const group = (await this.scalingGroups()).find(({ AutoScalingGroupName }) => AutoScalingGroupName === groupName);
      const { LaunchTemplateVersions: [version] = [] } = await this.clients.ec2.describeLaunchTemplateVersions({
        LaunchTemplateId: group?.LaunchTemplate?.LaunchTemplateId,
        Versions: [group?.LaunchTemplate?.Version ?? ""],
      });
      return version?.LaunchTemplateData ?? {};
    });

  services = () =>
    this.once("services", async () => {
      const { clusterArns = [] } = await this.clients.ecs.listClusters({});
      const found = await Promise.all(
        clusterArns.map(async (cluster) => {
          const { serviceArns = [] } = await this.clients.ecs.listServices({ cluster });
          if (serviceArns.length === 0) return [];
          return (await this.clients.ecs.describeServices({ cluster, services: serviceArns })).services ?? [];
        }),
      );
      return found.flat();
    });

  instances = () =>
    this.once("instances", async () => {
      const { Reservations = [] } = await this.clients.ec2.describeInstances({});
      return Reservations.flatMap(({ Instances = [] }) => Instances);
    });

  /** Single servers that serve the site: not those that a group started. */
  servers = () =>
    this.once("servers", async () => {
      const grouped = new Set(
        (await this.scalingGroups()).flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId)),
      );
      return (await this.instances()).filter(({ InstanceId }) => !grouped.has(InstanceId));
    });

  databases = () =>
    this.once("databases", async () => (await this.clients.rds.describeDBInstances({})).DBInstances ?? []);

  topics = () =>
    this.once("topics", async () =>
      ((await this.clients.sns.listTopics({})).Topics ?? []).map(({ TopicArn }) => TopicArn ?? ""),
    );

  alarms = () =>
    this.once(
      "alarms",
      async () => (await this.clients.cloudwatch.describeAlarms({ MaxRecords: 100 })).MetricAlarms ?? [],
    );

  logGroups = () =>
    this.once("logGroups", async () =>
      ((await this.clients.logs.describeLogGroups({ limit: 50 })).logGroups ?? []).map(
        ({ logGroupName }) => logGroupName,
      ),
    );

  /** The metrics that filters on log groups make, as `namespace metric`. */
  filtered = () =>
    this.once("filtered", async () => {
      const { metricFilters = [] } = await this.clients.logs.describeMetricFilters({});
      return metricFilters.flatMap(({ metricTransformations = [] }) =>
        metricTransformations.map(({ metricNamespace, metricName }) => `${metricNamespace} ${metricName}`),
      );
    });

  rules = () =>
    this.once("rules", async () => {
      const { Rules = [] } = await this.clients.events.listRules({});
      return Promise.all(
        Rules.map(async (rule) => ({
          rule,
          targets: (await this.clients.events.listTargetsByRule({ Rule: rule.Name })).Targets ?? [],
        })),
      );
    });

  /** Who may assume a role, and what it may do; undefined if there is no such role. */
  role = (arn: string) =>
    this.once(`role ${arn}`, async () => {
      const RoleName = arn.split("/").at(-1) ?? "";
      const { Role } = (await this.find(this.clients.iam.getRole({ RoleName }))) ?? {};
      if (!Role || Role.Arn !== arn) return undefined;
      const { PolicyNames = [] } = await this.clients.iam.listRolePolicies({ RoleName });
      const policies = await Promise.all(
        PolicyNames.map(async (PolicyName) => {
          const { PolicyDocument = "" } = await this.clients.iam.getRolePolicy({ RoleName, PolicyName });
          return statementsOf(PolicyDocument);
        }),
      );
      const trusted = statementsOf(Role.AssumeRolePolicyDocument ?? "").flatMap(({ Principal }) =>
        listOf(Principal.Service),
      );
      const statements = policies.flat();
      return {
        trusts: (service: string) => trusted.includes(service),
        may: (action: string, resource: string) =>
          statements.some(
            ({ Effect, Action, Resource }) =>
              Effect === "Allow" &&
              Action.some((pattern) => covers(pattern, action)) &&
              Resource.some((pattern) => covers(pattern, resource)),
          ),
      };
    });

  /** The keys of a secret that holds JSON; undefined if there is no such secret. */
  secretKeys = (arn: string) =>
    this.once(`secret ${arn}`, async () => {
      const found = await this.find(this.clients.secrets.getSecretValue({ SecretId: arn }));
      if (!found || found.ARN !== arn) return undefined;
      try {
        return Object.keys(JSON.parse(found.SecretString ?? ""));
      } catch {
        return [];
      }
    });

  parameter = (name: string) =>
    this.once(`parameter ${name}`, async () => {
      const found = await this.find(this.clients.ssm.getParameter({ Name: name }));
      return found?.Parameter;
    });

  /** Who may open a TCP port of a security group: other groups and address ranges. */
  admitted = (groupId: string, port: number, direction: "in" | "out" = "in") =>
    this.once(`admitted ${groupId} ${port} ${direction}`, async () => {
      const { SecurityGroups: [group] = [] } =
        (await this.find(this.clients.ec2.describeSecurityGroups({ GroupIds: [groupId] }))) ?? {};
      const permissions = (direction === "in" ? group?.IpPermissions : group?.IpPermissionsEgress) ?? [];
      return permissions
        .filter(
          ({ IpProtocol, FromPort = 0, ToPort = 0 }) => IpProtocol === "-1" || (FromPort <= port && port <= ToPort),
        )
        .flatMap(({ UserIdGroupPairs = [], IpRanges = [] }) => [
          ...UserIdGroupPairs.map(({ GroupId }) => GroupId ?? ""),
          ...IpRanges.map(({ CidrIp }) => CidrIp ?? ""),
        ]);
    });
}
