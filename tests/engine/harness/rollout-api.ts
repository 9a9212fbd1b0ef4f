import type { Cloud, Properties } from "./cloud";
import { element, failure, json, members, type Reply, result } from "./replies";
import { Refused } from "./rollouts";

/** What the gates ask and begin of ECS, Auto Scaling and Systems Manager; undefined for another question. */
export function rolloutApi(cloud: Cloud, target: string | undefined, text: string): Reply | undefined {
  const form = new URLSearchParams(text);
  const action = form.get("Action") ?? "";
  try {
    const asJson = JSON_CALLS[target ?? ""]?.(cloud, target ? JSON.parse(text) : {});
    if (asJson) return json(asJson);
    const asXml = XML_CALLS[action]?.(cloud, (key) => form.get(key) ?? "");
    return asXml === undefined ? undefined : result(action, asXml);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return action ? failure(error.code, error.message) : json({ __type: error.code, message: error.message }, 400);
  }
}

const seconds = (milliseconds: number) => milliseconds / 1000;

/** The document that installs releases on a server; undefined for one that migrates. */
const releaseDocument = (cloud: Cloud, name: string) =>
  cloud.of("aws:ssm/document:Document").find((one) => one.outputs.name === name && one.name.endsWith("-release"));

/** undefined leaves a question to the migrations' part of the stand-in. */
const JSON_CALLS: Readonly<Record<string, (cloud: Cloud, asked: Properties) => object | undefined>> = {
  DescribeServices: (cloud, { services: [name] }) => {
    const found = cloud.of("aws:ecs/service:Service").find(({ id, outputs }) => id === name || outputs.name === name);
    if (!found) return { services: [], failures: [{ arn: name, reason: "MISSING" }] };
    const count = found.inputs.desiredCount ?? 1;
    const deployments = cloud.rollouts
      .deployments(found.id)
      .map(({ id, definition, state, created, updated }, index) => ({
        id,
        status: index === 0 ? "PRIMARY" : "ACTIVE",
        taskDefinition: definition,
        rolloutState: state,
        desiredCount: index === 0 ? count : 0,
        runningCount: index === 0 && state !== "COMPLETED" ? 0 : count,
        createdAt: seconds(created),
        updatedAt: seconds(updated),
      }));
    return { services: [{ serviceArn: found.id, status: "ACTIVE", deployments, events: [] }], failures: [] };
  },
  UpdateService: (cloud, { service, taskDefinition, forceNewDeployment }) => {
    const found = cloud.of("aws:ecs/service:Service").find(({ outputs }) => outputs.name === service);
    if (!found || !forceNewDeployment) throw new Refused("ServiceNotFoundException", service);
    cloud.rollouts.begin(`UpdateService ${cloud.rollouts.releaseOfDefinition(taskDefinition)}`);
    cloud.rollouts.deploy(found.id, taskDefinition);
    return { service: { serviceArn: found.id } };
  },
  ListCommands: (cloud, { Filters = [] }) => {
    const document = Filters.find(({ key }: Properties) => key === "DocumentName")?.value;
    if (!releaseDocument(cloud, document)) return undefined;
    const command = cloud.rollouts.underWay();
    const status = Filters.find(({ key }: Properties) => key === "Status")?.value;
    if (!command || status !== "InProgress") return { Commands: [] };
    const { id, parameter, instance } = command;
    return { Commands: [{ CommandId: id, InstanceIds: [instance], Parameters: { BootParameter: [parameter] } }] };
  },
  DescribeInstanceInformation: (cloud, { Filters = [] }) => {
    const wanted = Filters.find(({ Key }: Properties) => Key === "InstanceIds")?.Values;
    if (!wanted) return undefined;
    const found = cloud.of("aws:ec2/instance:Instance").filter(({ id }) => wanted.includes(id));
    return { InstanceInformationList: found.map(({ id }) => ({ InstanceId: id, PingStatus: "Online" })) };
  },
  SendCommand: (cloud, { DocumentName, InstanceIds, Parameters }) => {
    if (!releaseDocument(cloud, DocumentName)) return undefined;
    const [parameter] = Parameters.BootParameter;
    cloud.rollouts.begin(`SendCommand ${cloud.rollouts.boot(parameter)?.version}`);
    return { Command: { CommandId: cloud.rollouts.send(parameter, InstanceIds[0]) } };
  },
  GetCommandInvocation: (cloud, { CommandId }) => {
    const command = cloud.rollouts.command(CommandId);
    return (
      command && {
        Status: command.status,
        ResponseCode: command.status === "Failed" ? 1 : 0,
        StandardErrorContent:
          command.status === "Failed" ? "sha256sum: WARNING: 1 computed checksum did NOT match" : "",
      }
    );
  },
  PutParameter: (cloud, { Name, Value }) => {
    cloud.rollouts.write(Name, Value);
    return { Version: 1 };
  },
};

const template = ({ id, version }: { id: string; version: string }) =>
  element({ LaunchTemplateId: id, Version: version });

/** A group as it is described; none of one that is not there. */
function group(cloud: Cloud, name: string): string[] {
  const state = cloud.rollouts.group(name);
  if (!state) return [];
  const instances = state.instances.map((one, index) =>
    element({
      InstanceId: `i-${index}`,
      LifecycleState: "InService",
      HealthStatus: "Healthy",
      LaunchTemplate: template(one),
    }),
  );
  const fields = {
    AutoScalingGroupName: name,
    LaunchTemplate: template(state.template),
    DesiredCapacity: instances.length,
    Instances: members(instances),
  };
  return [element(fields)];
}

const XML_CALLS: Readonly<Record<string, (cloud: Cloud, field: (key: string) => string) => string>> = {
  DescribeAutoScalingGroups: (cloud, field) => {
    const asked = field("AutoScalingGroupNames.member.1");
    // "If you omit this property, all Auto Scaling groups are described"
    // (docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html).
    const names = asked ? [asked] : cloud.of("aws:autoscaling/group:Group").map(({ outputs }) => String(outputs.name));
    return element({ AutoScalingGroups: members(names.flatMap((name) => group(cloud, name))) });
  },
  DescribeInstanceRefreshes: (cloud, field) => {
    const [latest] = cloud.rollouts.group(field("AutoScalingGroupName"))?.refreshes ?? [];
    if (!latest) return element({ InstanceRefreshes: "" });
    const refresh = element({
      InstanceRefreshId: latest.id,
      Status: latest.status,
      StatusReason: latest.reason ?? "",
      PercentageComplete: 50,
      DesiredConfiguration: element({ LaunchTemplate: template(latest.desired) }),
    });
    return element({ InstanceRefreshes: members([refresh]) });
  },
  StartInstanceRefresh: (cloud, field) => {
    const at = "DesiredConfiguration.LaunchTemplate";
    const id = field(`${at}.LaunchTemplateId`);
    const desired = id ? { id, version: field(`${at}.Version`) } : undefined;
    const refresh = cloud.rollouts.startRefresh(
      field("AutoScalingGroupName"),
      desired,
      field("Preferences.AutoRollback") === "true",
    );
    cloud.rollouts.begin(`StartInstanceRefresh ${desired && cloud.rollouts.releaseOfTemplate(desired)}`);
    return element({ InstanceRefreshId: refresh });
  },
};
