import type { MetricAlarm } from "@aws-sdk/client-cloudwatch";
import { parse } from "yaml";
import { ACCOUNT, REGION } from "../../provider/dummies";
import { statementsOf, type World } from "../world";
import { type Check, each, missing, serversOf, tiersOf } from "./check";

/** Namespace of the site's own metrics. */
const SITE = "Site";

interface Automation {
  readonly parameters: Readonly<Record<string, { readonly default?: string } | undefined>>;
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

/** Whether what goes wrong is seen, told and mended. */
export const WATCHING: readonly Check[] = [
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
