import type { Cloud, Properties, Stored } from "./cloud";
import { element, failure, json, members, type Reply, result, xml } from "./replies";

/**
 * What a program asks AWS before it makes something: whether it is there already, and whose it is; undefined for another question. The
 * shapes are those of the API references (docs.aws.amazon.com: systems-manager, AmazonCloudWatchLogs, elasticloadbalancing, AmazonRDS,
 * AWSEC2, IAM, AmazonECS, autoscaling; read 2026-11-30).
 */
export function existingApi(cloud: Cloud, target: string | undefined, text: string): Reply | undefined {
  const asked = target ? (JSON.parse(text) as Properties) : {};
  // Two services call an action by this name.
  const asJson = JSON_CALLS[target === "ListTagsForResource" && asked.resourceArn ? "ListTagsOfLogs" : (target ?? "")];
  if (asJson) return asJson(cloud, asked);
  const form = new URLSearchParams(text);
  const action = form.get("Action") ?? "";
  const body = XML_CALLS[action]?.(cloud, form);
  if (body === undefined) return undefined;
  if (typeof body !== "string") return body;
  return EC2.has(action) ? xml(element({ [`${action}Response`]: body })) : result(action, body);
}

/** EC2 answers without a result element. */
const EC2: ReadonlySet<string> = new Set([
  "DescribeSecurityGroupRules",
  "DescribeInstances",
  "DescribeAddresses",
  "DescribeInstanceAttribute",
  "ModifyInstanceAttribute",
]);

const tagList = ({ inputs }: Stored): { Key: string; Value: string }[] =>
  Object.entries((inputs.tags ?? {}) as Record<string, string>).map(([Key, Value]) => ({ Key, Value }));

const JSON_CALLS: Readonly<Record<string, (cloud: Cloud, asked: Properties) => Reply>> = {
  ListTagsForResource: (cloud, { ResourceId }) => {
    const found = cloud.of("aws:ssm/parameter:Parameter").find(({ outputs }) => outputs.name === ResourceId);
    return found ? json({ TagList: tagList(found) }) : json({ __type: "InvalidResourceId" }, 400);
  },
  DescribeLogGroups: (cloud, { logGroupNamePrefix }) =>
    json({
      logGroups: cloud
        .of("aws:cloudwatch/logGroup:LogGroup")
        .filter(({ outputs }) => outputs.name.startsWith(logGroupNamePrefix))
        .map(({ outputs: { name, arn } }) => ({ logGroupName: name, logGroupArn: arn, arn: `${arn}:*` })),
    }),
  ListTagsOfLogs: (cloud, { resourceArn }) => {
    const found = cloud.of("aws:cloudwatch/logGroup:LogGroup").find(({ outputs }) => outputs.arn === resourceArn);
    return json({ tags: found?.inputs.tags ?? {} });
  },
  ListServices: (cloud, { cluster }) =>
    json({
      serviceArns: cloud
        .of("aws:ecs/service:Service")
        .filter(({ inputs }) => inputs.cluster === cluster)
        .map(({ id }) => id),
    }),
};

/** Tags as EC2 writes them. */
const tagSet = (stored: Stored) =>
  `<tagSet>${members(
    tagList(stored).map(({ Key, Value }) => element({ key: Key, value: Value })),
    "item",
  )}</tagSet>`;

const everywhere = (form: URLSearchParams, prefix: string) =>
  [...form].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value);

const XML_CALLS: Readonly<Record<string, (cloud: Cloud, form: URLSearchParams) => string | Reply | undefined>> = {
  DescribeTags: (cloud, form) => {
    const arns = everywhere(form, "ResourceArns.member.");
    const found = [...cloud.resources.values()].filter(({ id }) => arns.includes(id));
    const described = found.map((one) =>
      element({ ResourceArn: one.id, Tags: members(tagList(one).map((tag) => element(tag))) }),
    );
    return element({ TagDescriptions: members(described) });
  },
  DescribeListeners: (cloud, form) => {
    const found = cloud
      .of("aws:lb/listener:Listener")
      .filter(({ inputs }) => inputs.loadBalancerArn === form.get("LoadBalancerArn"));
    return element({
      Listeners: members(found.map(({ id, inputs }) => element({ ListenerArn: id, Port: inputs.port }))),
    });
  },
  // By the rules' own ARNs the gates ask (services.ts).
  DescribeRules: (cloud, form) => {
    const listener = form.get("ListenerArn");
    if (!listener) return undefined;
    const found = cloud.of("aws:lb/listenerRule:ListenerRule").filter(({ inputs }) => inputs.listenerArn === listener);
    return element({
      Rules: members(found.map(({ id, inputs }) => element({ RuleArn: id, Priority: inputs.priority }))),
    });
  },
  DescribeDBInstances: (cloud, form) => {
    const name = form.get("DBInstanceIdentifier");
    const found = cloud.of("aws:rds/instance:Instance").find(({ outputs }) => outputs.identifier === name);
    if (!found) return failure("DBInstanceNotFound", `DBInstance ${name} not found.`, 404);
    const TagList = members(
      tagList(found).map((tag) => element(tag)),
      "Tag",
    );
    return element({
      DBInstances: members([element({ DBInstanceIdentifier: name, TagList })], "DBInstance"),
    });
  },
  ListOpenIDConnectProviders: (cloud) =>
    element({
      OpenIDConnectProviderList: members(
        cloud.of("aws:iam/openIdConnectProvider:OpenIdConnectProvider").map(({ id }) => element({ Arn: id })),
      ),
    }),
  ListOpenIDConnectProviderTags: (cloud, form) => {
    const found = cloud
      .of("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
      .find(({ id }) => id === form.get("OpenIDConnectProviderArn"));
    return element({ Tags: members(found ? tagList(found).map((tag) => element(tag)) : []) });
  },
  DescribeSecurityGroupRules: (cloud, form) => {
    const group = form.get("Filter.1.Value.1");
    const items = (["Ingress", "Egress"] as const).flatMap((direction) =>
      cloud
        .of(`aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`)
        .filter(({ inputs }) => inputs.securityGroupId === group)
        .map((one) => ruleElement(one, direction === "Egress")),
    );
    return `<securityGroupRuleSet>${members(items, "item")}</securityGroupRuleSet>`;
  },
  DescribeInstances: (cloud) => {
    const found = cloud
      .of("aws:ec2/instance:Instance")
      .map((one) => `${element({ instanceId: one.id })}${tagSet(one)}`);
    return `<reservationSet><item><instancesSet>${members(found, "item")}</instancesSet></item></reservationSet>`;
  },
  DescribeLoadBalancerAttributes: (cloud, form) => {
    const Value = protection(cloud, form.get("LoadBalancerArn"), "enableDeletionProtection");
    if (Value === undefined) return noBalancer();
    return element({ Attributes: members([element({ Key: "deletion_protection.enabled", Value })]) });
  },
  ModifyLoadBalancerAttributes: (cloud, form) => {
    const value = form.get("Attributes.member.1.Value");
    return protection(cloud, form.get("LoadBalancerArn"), "enableDeletionProtection", value) ? "" : noBalancer();
  },
  DescribeInstanceAttribute: (cloud, form) => {
    const value = protection(cloud, form.get("InstanceId"), "disableApiTermination");
    if (value === undefined) return noServer(form.get("InstanceId"));
    return element({ disableApiTermination: element({ value }) });
  },
  ModifyInstanceAttribute: (cloud, form) => {
    const [id, value] = [form.get("InstanceId"), form.get("DisableApiTermination.Value")];
    return protection(cloud, id, "disableApiTermination", value) ? element({ return: true }) : noServer(id);
  },
  DescribeAddresses: (cloud) => {
    const found = cloud.of("aws:ec2/eip:Eip").map((one) => `${element({ allocationId: one.id })}${tagSet(one)}`);
    return `<addressesSet>${members(found, "item")}</addressesSet>`;
  },
};

/** A load balancer's or a server's protection, which is told and changed behind the provider's back; undefined where it is gone. */
function protection(cloud: Cloud, id: string | null, input: string, value?: string | null): string | undefined {
  const found = [...cloud.resources.values()].find((one) => one.id === id);
  if (!found) return undefined;
  if (value) found.inputs = { ...found.inputs, [input]: value === "true" };
  return String(found.inputs[input] === true);
}

/** docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, and the ELB API's reference of the action. */
const noServer = (id: string | null) => {
  const error = { Code: "InvalidInstanceID.NotFound", Message: `The instance ID '${id}' does not exist` };
  return xml(element({ Response: element({ Errors: element({ Error: element(error) }), RequestID: 1 }) }), 400);
};
const noBalancer = () => failure("LoadBalancerNotFound", "One or more load balancers not found");

function ruleElement(rule: Stored, isEgress: boolean): string {
  const { ipProtocol, fromPort, toPort, cidrIpv4, referencedSecurityGroupId } = rule.inputs;
  return `${element({
    securityGroupRuleId: rule.id,
    isEgress,
    ipProtocol,
    fromPort: fromPort ?? -1,
    toPort: toPort ?? -1,
    cidrIpv4,
    referencedGroupInfo: referencedSecurityGroupId && element({ groupId: referencedSecurityGroupId }),
  })}${tagSet(rule)}`;
}
