import type { MetricAlarm } from "@aws-sdk/client-cloudwatch";
import { parse } from "yaml";
import { ACCOUNT, REGION } from "../provider/dummies";
import { statementsOf, type World } from "./world";

/** A question to AWS about what was built: one sentence that must hold, and what speaks against it. */
interface Check {
  readonly name: string;
  /** @returns what is wrong; undefined if the option has nothing to ask about. */
  readonly problems: (world: World) => Promise<readonly string[] | undefined>;
}

/** A tier as its security groups and target group show it. */
interface Tier {
  readonly name: string;
  readonly securityGroups: readonly string[];
  readonly targetGroups: readonly string[];
}

/** Services, Auto Scaling groups and single instances that serve the site. */
async function tiersOf(world: World): Promise<Tier[]> {
  const services = (await world.services()).map((service) => ({
    name: `service ${service.serviceName}`,
    securityGroups: service.networkConfiguration?.awsvpcConfiguration?.securityGroups ?? [],
    targetGroups: (service.loadBalancers ?? []).map(({ targetGroupArn = "" }) => targetGroupArn),
  }));
  const groups = (await world.scalingGroups()).map(async ({ AutoScalingGroupName = "", TargetGroupARNs = [] }) => {
    // From the template: moto's instances do not take its network interfaces.
    const { NetworkInterfaces = [] } = await world.template(AutoScalingGroupName);
    const securityGroups = NetworkInterfaces.flatMap(({ Groups = [] }) => Groups);
    return { name: `group ${AutoScalingGroupName}`, securityGroups, targetGroups: TargetGroupARNs };
  });
  return [...services, ...(await Promise.all(groups))];
}

const missing = (what: string, name: unknown) => `there is no ${what} ${name}`;

/** Problems of each thing, each with the thing's name in front. */
async function each<T>(
  things: readonly T[],
  name: (thing: T) => unknown,
  problems: (thing: T) => Promise<readonly (string | false | undefined)[]>,
): Promise<string[]> {
  const found = await Promise.all(
    things.map(async (thing) =>
      (await problems(thing))
        .filter((problem) => typeof problem === "string")
        .map((problem) => `${name(thing)}: ${problem}`),
    ),
  );
  return found.flat();
}

/** Where an alarm's or a graph's dimension must lead, by its name. */
const DIMENSIONS: Readonly<Record<string, (world: World) => Promise<readonly (string | undefined)[]>>> = {
  InstanceId: async (world) => (await world.instances()).map(({ InstanceId }) => InstanceId),
  LoadBalancer: async (world) =>
    (await world.balancers()).map(({ LoadBalancerArn }) => LoadBalancerArn?.split(":loadbalancer/")[1]),
  TargetGroup: async (world) => (await world.groups()).map(({ TargetGroupArn }) => TargetGroupArn?.split(":").at(-1)),
  ClusterName: async (world) => (await world.services()).map(({ clusterArn }) => clusterArn?.split("/").at(-1)),
  ServiceName: async (world) => (await world.services()).map(({ serviceName }) => serviceName),
  AutoScalingGroupName: async (world) =>
    (await world.scalingGroups()).map(({ AutoScalingGroupName }) => AutoScalingGroupName),
  DBInstanceIdentifier: async (world) =>
    (await world.databases()).map(({ DBInstanceIdentifier }) => DBInstanceIdentifier),
};

async function badDimension(world: World, name = "", value = ""): Promise<string | undefined> {
  const things = await DIMENSIONS[name]?.(world);
  return things && !things.includes(value) ? missing(name, value) : undefined;
}

const dimensionsOf = (alarm: MetricAlarm) => [
  ...(alarm.Dimensions ?? []),
  ...(alarm.Metrics ?? []).flatMap(({ MetricStat }) => MetricStat?.Metric?.Dimensions ?? []),
];

/** Everything that is asked of what was built. What an option does not have is passed over, and said so in the output. */
export const CHECKS: readonly Check[] = [
  {
    name: "both record sets of the site resolve to the tier",
    problems: async (world) => {
      const records = (await world.records()).filter(({ Name, Type }) => Name === world.domain && Type === "A");
      const [balancer] = await world.balancers();
      const { Addresses = [] } = await world.clients.ec2.describeAddresses({});
      const attached = Addresses.filter(({ InstanceId }) => InstanceId).map(({ PublicIp }) => PublicIp);
      const sets = records.map(({ SetIdentifier }) => SetIdentifier).sort();
      return [
        ...(sets.join() === "canary,serving" ? [] : [`the record sets are ${sets.join(", ") || "none"}`]),
        ...(await each(
          // Addresses of Vercel are known to Vercel alone.
          records.filter(({ AliasTarget, ResourceRecords }) => AliasTarget || attached.length > 0 || !ResourceRecords),
          ({ SetIdentifier }) => SetIdentifier,
          async ({ AliasTarget, ResourceRecords = [] }) => {
            if (!AliasTarget) {
              return ResourceRecords.map(
                ({ Value }) => !attached.includes(Value) && `no server has the address ${Value}`,
              );
            }
            const name = AliasTarget.DNSName?.replace(/^dualstack\.|\.$/g, "");
            return [
              name !== balancer?.DNSName && `points at ${name}, the load balancer is ${balancer?.DNSName}`,
              AliasTarget.HostedZoneId !== balancer?.CanonicalHostedZoneId &&
                `names the zone ${AliasTarget.HostedZoneId}, the load balancer's is ${balancer?.CanonicalHostedZoneId}`,
            ];
          },
        )),
      ];
    },
  },
  {
    name: "other names are aliases of the site's own records",
    problems: async (world) => {
      const others = (await world.records()).filter(
        ({ Name, Type, AliasTarget }) => Name !== world.domain && Type === "A" && AliasTarget,
      );
      if (others.length === 0) return undefined;
      return each(
        others,
        ({ Name }) => Name,
        async ({ AliasTarget }) => [
          AliasTarget?.DNSName?.replace(/\.$/, "") !== world.domain && `points at ${AliasTarget?.DNSName}`,
          AliasTarget?.HostedZoneId !== world.zoneId && `names the zone ${AliasTarget?.HostedZoneId}`,
        ],
      );
    },
  },
  {
    name: "the listener's certificate is the site's, and its validation records stand in the zone",
    problems: async (world) => {
      const { CertificateSummaryList = [] } = await world.clients.acm.listCertificates({});
      const records = new Map((await world.records()).map((record) => [record.Name, record]));
      const listener = (await world.balancers()).length > 0 ? (await world.https()).listener : undefined;
      const used = listener?.Certificates?.[0]?.CertificateArn;
      const arns = CertificateSummaryList.map(({ CertificateArn }) => CertificateArn);
      return [
        ...(listener && !arns.includes(used) ? [missing("certificate", used)] : []),
        ...(await each(
          arns,
          (arn) => arn,
          async (CertificateArn) => {
            const { Certificate } = await world.clients.acm.describeCertificate({ CertificateArn });
            return [
              Certificate?.DomainName !== world.domain && `is for ${Certificate?.DomainName}`,
              ...(Certificate?.DomainValidationOptions ?? []).map(({ ResourceRecord }) => {
                const record = records.get(ResourceRecord?.Name?.replace(/\.$/, "") ?? "");
                return (
                  record?.ResourceRecords?.[0]?.Value !== ResourceRecord?.Value &&
                  `no record ${ResourceRecord?.Name} proves it`
                );
              }),
            ];
          },
        )),
      ];
    },
  },
  {
    name: "the listener forwards to the groups in which the instances or tasks are",
    problems: async (world) => {
      if ((await world.balancers()).length === 0) return undefined;
      const { rules } = await world.https();
      const tiers = await tiersOf(world);
      const groups = await world.groups();
      const toAll = rules.find(({ Conditions }) =>
        Conditions?.some(
          ({ Field, Values, PathPatternConfig }) =>
            Field === "path-pattern" && [...(Values ?? []), ...(PathPatternConfig?.Values ?? [])].includes("/*"),
        ),
      );
      const forwarded = toAll?.Actions?.flatMap(({ TargetGroupArn, ForwardConfig }) => [
        ...(TargetGroupArn ? [{ TargetGroupArn, Weight: 1 }] : []),
        ...(ForwardConfig?.TargetGroups ?? []),
      ]).filter(({ Weight = 1 }) => Weight > 0);
      if (!forwarded?.length) return ["no rule forwards everybody"];
      return each(
        forwarded,
        ({ TargetGroupArn }) => TargetGroupArn,
        async ({ TargetGroupArn = "" }) => {
          const group = groups.find((candidate) => candidate.TargetGroupArn === TargetGroupArn);
          const tier = tiers.find(({ targetGroups }) => targetGroups.includes(TargetGroupArn));
          return [
            !group && missing("target group", TargetGroupArn),
            group && !tier && "no service and no Auto Scaling group puts its targets there",
            tier?.name.startsWith("group ") &&
              (await world.clients.elb.describeTargetHealth({ TargetGroupArn })).TargetHealthDescriptions?.length ===
                0 &&
              "holds no instance",
          ];
        },
      );
    },
  },
  {
    name: "each tier has a probe rule of its own that leads to its group",
    problems: async (world) => {
      const tiers = await tiersOf(world);
      if (tiers.length === 0) return undefined;
      const { rules } = await world.https();
      const probed = rules
        .filter(({ Conditions }) => Conditions?.some(({ Field }) => Field === "http-header"))
        .flatMap(({ Actions = [] }) =>
          Actions.flatMap(({ TargetGroupArn, ForwardConfig }) => [
            TargetGroupArn,
            ...(ForwardConfig?.TargetGroups ?? []).map((group) => group.TargetGroupArn),
          ]),
        );
      return each(
        tiers,
        ({ name }) => name,
        async ({ targetGroups }) => targetGroups.map((arn) => !probed.includes(arn) && `no probe rule leads to ${arn}`),
      );
    },
  },
  {
    name: "the load balancer reaches the tier, and nobody else does",
    problems: async (world) => {
      const tiers = await tiersOf(world);
      if (tiers.length === 0) return undefined;
      const [balancer] = await world.balancers();
      const [balancerGroup = ""] = balancer?.SecurityGroups ?? [];
      const groups = await world.groups();
      return each(
        tiers,
        ({ name }) => name,
        async ({ securityGroups, targetGroups }) => {
          const port = groups.find(({ TargetGroupArn }) => targetGroups.includes(TargetGroupArn ?? ""))?.Port ?? 0;
          const admitted = (await Promise.all(securityGroups.map((id) => world.admitted(id, port)))).flat();
          const outward = await world.admitted(balancerGroup, port, "out");
          return [
            securityGroups.length === 0 && "has no security group",
            admitted.join() !== balancerGroup && `port ${port} admits ${admitted.join(", ") || "nobody"}`,
            !securityGroups.some((id) => outward.includes(id)) &&
              `the load balancer may not send to port ${port} of it`,
          ];
        },
      );
    },
  },
  {
    name: "the database admits the tiers, and no other group",
    problems: async (world) => {
      const tiers = [...(await tiersOf(world)), ...(await serversOf(world))];
      if (tiers.length === 0) return undefined;
      const ours = new Set(tiers.flatMap(({ securityGroups }) => securityGroups));
      return each(
        await world.databases(),
        ({ DBInstanceIdentifier }) => DBInstanceIdentifier,
        async ({ VpcSecurityGroups = [] }) => {
          const ids = VpcSecurityGroups.map(({ VpcSecurityGroupId = "" }) => VpcSecurityGroupId);
          const admitted = (await Promise.all(ids.map((id) => world.admitted(id, 5432)))).flat();
          return [
            ...tiers.map(
              ({ name, securityGroups }) =>
                !securityGroups.some((id) => admitted.includes(id)) && `does not admit ${name}`,
            ),
            ...admitted.map((id) => id.startsWith("sg-") && !ours.has(id) && `admits ${id}, which no tier has`),
          ];
        },
      );
    },
  },
  {
    name: "instances have a role that reads their configuration, and all that it names is there",
    problems: async (world) => {
      const parameters = await bootParameters(world);
      if (parameters.length === 0) return undefined;
      return each(
        parameters,
        ({ of }) => of,
        async ({ parameter: name, profile }) => {
          const found = await world.parameter(name);
          if (!found) return [missing("parameter", name)];
          const { InstanceProfile } =
            (await world.find(
              world.clients.iam.getInstanceProfile({ InstanceProfileName: profile.split("/").at(-1) ?? "" }),
            )) ?? {};
          if (!InstanceProfile || ![InstanceProfile.Arn, InstanceProfile.InstanceProfileName].includes(profile)) {
            return [missing("instance profile", profile)];
          }
          const role = await world.role(InstanceProfile.Roles?.[0]?.Arn ?? "");
          if (!role?.trusts("ec2.amazonaws.com")) return ["its role is not one for EC2"];
          const boot = JSON.parse(found.Value ?? "") as BootConfig;
          if (!boot.agentConfigParameter) return [`the parameter ${name} holds no boot configuration`];
          const agent = await world.parameter(boot.agentConfigParameter);
          const logGroups = await world.logGroups();
          const named = [...(agent?.Value ?? "").matchAll(/"log_group_name": "([^"]+)"/g)].map(
            (match) => match[1] ?? "",
          );
          const group = boot.targetGroupArn;
          return [
            !role.may("ssm:GetParameter", found.ARN ?? "") && `its role may not read ${name}`,
            !agent && missing("parameter", boot.agentConfigParameter),
            agent && !role.may("ssm:GetParameter", agent.ARN ?? "") && `its role may not read ${agent.Name}`,
            ...[...named, ...Object.values(boot.logGroups ?? {})].map(
              (log) => !logGroups.includes(log) && missing("log group", log),
            ),
            group &&
              !(await world.groups()).some(({ TargetGroupArn }) => TargetGroupArn === group) &&
              missing("target group", group),
            group &&
              !role.may("elasticloadbalancing:DeregisterTargets", group) &&
              "its role may not leave its target group",
            ...(await Promise.all(
              Object.values(boot.secrets).map(({ secretArn, key }) => secretProblem(world, secretArn, key, role)),
            )),
          ];
        },
      );
    },
  },
  {
    name: "tasks have an execution role that reads the secrets they name, and the secrets are there",
    problems: async (world) => {
      const services = await world.services();
      if (services.length === 0) return undefined;
      return each(
        services,
        ({ serviceName }) => serviceName,
        async ({ taskDefinition, loadBalancers = [] }) => {
          const { taskDefinition: definition } =
            (await world.find(world.clients.ecs.describeTaskDefinition({ taskDefinition }))) ?? {};
          if (!definition) return [missing("task definition", taskDefinition)];
          const [execution, task] = await Promise.all(
            [definition.executionRoleArn, definition.taskRoleArn].map((arn) => world.role(arn ?? "")),
          );
          const containers = definition.containerDefinitions ?? [];
          const logGroups = await world.logGroups();
          return [
            !execution?.trusts("ecs-tasks.amazonaws.com") && "its execution role is not one for ECS tasks",
            !task?.trusts("ecs-tasks.amazonaws.com") && "its task role is not one for ECS tasks",
            ...loadBalancers.map(
              ({ containerName, containerPort }) =>
                !containers.some(
                  ({ name, portMappings = [] }) =>
                    name === containerName && portMappings.some((port) => port.containerPort === containerPort),
                ) && `no container ${containerName} listens on ${containerPort}`,
            ),
            ...(await Promise.all(
              containers
                .flatMap(({ secrets = [] }) => secrets)
                .map(({ valueFrom = "" }) => {
                  const [arn, key] = [valueFrom.split(":").slice(0, 7).join(":"), valueFrom.split(":")[7]];
                  return secretProblem(world, arn, key, execution);
                }),
            )),
            ...containers.map(({ logConfiguration }) => {
              const log = logConfiguration?.options?.["awslogs-group"];
              return log !== undefined && !logGroups.includes(log) && missing("log group", log);
            }),
          ];
        },
      );
    },
  },
  {
    name: "alarms watch what is there and tell topics that exist, which hear CloudWatch",
    problems: async (world) => {
      const topics = await world.topics();
      const filtered = await world.filtered();
      const told = [...new Set((await world.alarms()).flatMap(({ AlarmActions = [] }) => AlarmActions))].filter((arn) =>
        topics.includes(arn),
      );
      return [
        ...(await each(
          await world.alarms(),
          ({ AlarmName }) => AlarmName,
          async (alarm) => [
            ...[...(alarm.AlarmActions ?? []), ...(alarm.OKActions ?? [])].map(
              (arn) =>
                !topics.includes(arn) &&
                !/^arn:aws:automate:[\w-]+:ec2:(recover|reboot)$/.test(arn) &&
                missing("topic", arn),
            ),
            ...(await Promise.all(dimensionsOf(alarm).map(({ Name, Value }) => badDimension(world, Name, Value)))),
            // What has no dimension comes from a log's lines.
            alarm.Namespace === SITE &&
              alarm.Dimensions?.length === 0 &&
              !filtered.includes(`${SITE} ${alarm.MetricName}`) &&
              `no metric filter makes ${alarm.MetricName}`,
          ],
        )),
        ...(await each(
          told,
          (arn) => arn,
          async (TopicArn) => {
            const { Attributes = {} } = await world.clients.sns.getTopicAttributes({ TopicArn });
            const publishers = statementsOf(Attributes.Policy ?? '{"Statement":[]}').filter(
              ({ Effect, Action, Resource }) =>
                Effect === "Allow" && Action.includes("sns:Publish") && Resource.includes(TopicArn),
            );
            const { Subscriptions = [] } = await world.clients.sns.listSubscriptionsByTopic({ TopicArn });
            return [
              !publishers.some(({ Principal }) => [Principal.Service].flat().includes("cloudwatch.amazonaws.com")) &&
                "its policy lets no alarm publish",
              Subscriptions.length === 0 && "nobody has subscribed",
            ];
          },
        )),
      ];
    },
  },
  {
    name: "EventBridge may start the watcher, which may start the automation, and all that both name is there",
    problems: async (world) => {
      const starts = (await world.rules()).flatMap(({ rule, targets }) =>
        targets.filter(({ Arn }) => /:function:.*-watcher-/.test(Arn ?? "")).map((target) => ({ rule, target })),
      );
      if (starts.length === 0) return undefined;
      const alarms = (await world.alarms()).map(({ AlarmName }) => AlarmName);
      return each(
        starts,
        ({ rule }) => rule.Name,
        async ({ rule, target: { Arn = "", Input, InputTransformer } }) => {
          const called = await world.clients.functionOf(Arn);
          if (!called) return [missing("function", Arn)];
          const input = JSON.parse((Input ?? InputTransformer?.InputTemplate ?? "{}").replaceAll(/<(\w+)>/g, "$1"));
          const document = await world.find(world.clients.ssm.getDocument({ Name: input.Document }));
          if (document?.DocumentType !== "Automation") return [missing("automation", input.Document)];
          const { parameters } = parse(document.Content ?? "") as Automation;
          const starter = await world.role(called.Role);
          const passed = parameters.AutomationAssumeRole?.default ?? "";
          const wanted = JSON.parse(rule.EventPattern ?? "{}").detail?.alarmName ?? [];
          const ssm = `arn:aws:ssm:${REGION}:${ACCOUNT}`;
          const variables = called.Environment?.Variables ?? {};
          return [
            !starter?.trusts("lambda.amazonaws.com") && `Lambda may not assume ${called.Role}`,
            ...["automation-definition", "automation-execution", "document"].map(
              (form) =>
                !starter?.may(
                  "ssm:StartAutomationExecution",
                  `${ssm}:${form}/${input.Document}${form === "automation-definition" ? ":$DEFAULT" : ""}`,
                ) && `${called.Role} may not start ${form}/${input.Document}`,
            ),
            !starter?.may("iam:PassRole", passed) && `${called.Role} may not pass ${passed}`,
            ...wanted.map((alarm: string) => !alarms.includes(alarm) && missing("alarm", alarm)),
            ...(await Promise.all(
              ["MUTE_PARAMETER", "STATE_PARAMETER"].map(
                async (name) =>
                  !(await world.parameter(variables[name] ?? "")) && missing("parameter", variables[name] ?? name),
              ),
            )),
            parameters.Watcher?.default !== called.FunctionName && `the automation asks ${parameters.Watcher?.default}`,
            ...(await automationProblems(world, parameters)),
          ];
        },
      );
    },
  },
  {
    name: "the dashboard's graphs show what is there",
    problems: async (world) => {
      const { DashboardEntries = [] } = await world.clients.cloudwatch.listDashboards({});
      return each(
        DashboardEntries,
        ({ DashboardName }) => DashboardName,
        async ({ DashboardName }) => {
          const { DashboardBody = "{}" } = await world.clients.cloudwatch.getDashboard({ DashboardName });
          const { widgets = [] } = JSON.parse(DashboardBody) as {
            widgets?: { properties: { metrics?: unknown[][] } }[];
          };
          const rows = widgets.flatMap(({ properties }) => properties.metrics ?? []).filter(Array.isArray);
          const pairs = rows.flatMap((row) => {
            const names = row.slice(2).filter((part) => typeof part === "string");
            return names.flatMap((name, at) => (at % 2 === 0 ? [[name, names[at + 1]] as const] : []));
          });
          return Promise.all(pairs.map(([name, value]) => badDimension(world, name, value)));
        },
      );
    },
  },
  {
    name: "what traffic was switched to is written down, as the next update will read it",
    problems: async (world) => {
      // Where Vercel serves, its addresses stand in the text, and only Vercel knows them.
      if ((await tiersOf(world)).length + (await serversOf(world)).length === 0) return undefined;
      const { Parameters = [] } = await world.clients.ssm.describeParameters({
        ParameterFilters: [{ Key: "Name", Option: "Contains", Values: ["/traffic-"] }],
      });
      const names = Parameters.map(({ Name = "" }) => Name).filter((name) => /\/traffic-(intent|state)$/.test(name));
      const values = await Promise.all(names.map(async (name) => (await world.parameter(name))?.Value));
      return [
        ...(names.length === 2 ? [] : [`the parameters are ${names.join(", ") || "none"}`]),
        ...values.map((text, at) => (text?.includes('"slots"') ? "" : `${names[at]} holds ${text}`)).filter(Boolean),
      ];
    },
  },
];

/** Namespace of the site's own metrics. */
const SITE = "Site";

interface BootConfig {
  readonly agentConfigParameter: string;
  readonly secrets: Readonly<Record<string, { readonly secretArn: string; readonly key?: string }>>;
  readonly logGroups?: Readonly<Record<string, string>>;
  readonly targetGroupArn?: string;
}

interface Automation {
  readonly parameters: Readonly<Record<string, { readonly default?: string } | undefined>>;
}

type Role = Awaited<ReturnType<World["role"]>>;

async function serversOf(world: World): Promise<Tier[]> {
  return (await world.servers()).map(({ InstanceId, SecurityGroups = [] }) => ({
    name: `instance ${InstanceId}`,
    securityGroups: SecurityGroups.map(({ GroupId = "" }) => GroupId),
    targetGroups: [],
  }));
}

/** Where instances find their configuration, and the profile that they find it with. */
async function bootParameters(world: World) {
  const tagged = (tags: readonly { readonly Key?: string; readonly Value?: string }[] = []) =>
    tags.find(({ Key }) => Key === "boot-parameter")?.Value;
  const servers = (await world.servers()).map(({ InstanceId, Tags, IamInstanceProfile }) => ({
    of: `instance ${InstanceId}`,
    parameter: tagged(Tags),
    profile: IamInstanceProfile?.Arn ?? "",
  }));
  const templates = (await world.scalingGroups()).map(async ({ AutoScalingGroupName = "" }) => {
    const { TagSpecifications = [], IamInstanceProfile } = await world.template(AutoScalingGroupName);
    return {
      of: `group ${AutoScalingGroupName}`,
      parameter: TagSpecifications.map(({ Tags }) => tagged(Tags)).find(Boolean),
      profile: IamInstanceProfile?.Arn ?? IamInstanceProfile?.Name ?? "",
    };
  });
  // A server that was taken over reads nothing from this stack.
  return [...servers, ...(await Promise.all(templates))].flatMap(({ parameter, ...rest }) =>
    parameter ? [{ ...rest, parameter }] : [],
  );
}

async function secretProblem(world: World, arn: string, key: string | undefined, role: Role) {
  const keys = await world.secretKeys(arn);
  if (!keys) return missing("secret", arn);
  if (key && !keys.includes(key)) return `the secret ${arn} has no key ${key}`;
  return role?.may("secretsmanager:GetSecretValue", arn) ? undefined : `its role may not read ${arn}`;
}

/** What is wrong with the parameters by which an automation finds its instance, documents, topic and role. */
async function automationProblems(world: World, parameters: Automation["parameters"]) {
  const value = (name: string) => parameters[name]?.default ?? "";
  const role = await world.role(value("AutomationAssumeRole"));
  const command = await world.find(world.clients.ssm.describeDocument({ Name: value("CommandDocument") }));
  const instances = (await world.instances()).map(({ InstanceId }) => InstanceId);
  return [
    !role?.trusts("ssm.amazonaws.com") && `Systems Manager may not assume ${value("AutomationAssumeRole")}`,
    !instances.includes(value("InstanceId")) && missing("instance", value("InstanceId")),
    command?.Document?.DocumentType !== "Command" && missing("command document", value("CommandDocument")),
    ...[`document/${value("CommandDocument")}`, `instance/${value("InstanceId")}`].map(
      (resource) =>
        !role?.may(
          "ssm:SendCommand",
          `arn:aws:${resource.startsWith("doc") ? "ssm" : "ec2"}:${REGION}:${ACCOUNT}:${resource}`,
        ) && `the automation's role may not send a command with ${resource}`,
    ),
    !role?.may("sns:Publish", value("TopicArn")) && `the automation's role may not publish to ${value("TopicArn")}`,
    !(await world.topics()).includes(value("TopicArn")) && missing("topic", value("TopicArn")),
    !(await world.logGroups()).includes(value("LogGroup")) && missing("log group", value("LogGroup")),
    !(await world.parameter(value("MuteParameter"))) && missing("parameter", value("MuteParameter")),
  ];
}
