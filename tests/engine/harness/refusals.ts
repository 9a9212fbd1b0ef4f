import type { Call, Cloud, Properties, Stored } from "./cloud";
import { ADDRESSES } from "./world";

/**
 * Inputs that make AWS refuse a deletion, in its words (the API references of DeleteDBInstance, DeleteLoadBalancer and
 * TerminateInstances). The provider does not turn the last one off by itself (terraform-provider-aws#43722).
 */
const PROTECTED: readonly [input: string, error: (id: string) => string][] = [
  [
    "deletionProtection",
    () => "InvalidParameterCombination: Cannot delete protected DB Instance, please disable deletion protection",
  ],
  [
    "enableDeletionProtection",
    (id) => `OperationNotPermitted: Load balancer '${id}' cannot be deleted because deletion protection is enabled`,
  ],
  [
    "disableApiTermination",
    (id) =>
      `OperationNotPermitted: The instance '${id}' may not be terminated. ` +
      "Modify its 'disableApiTermination' instance attribute and try again.",
  ],
];

/** What AWS is asked to do. */
interface Asked {
  readonly op: Call["op"];
  readonly type: string;
  readonly inputs: Properties;
  /** Undefined for a creation. */
  readonly id?: string;
}

const RULE = "aws:lb/listenerRule:ListenerRule";

/**
 * What AWS refuses to make a second time: inputs that tell it, and the error, in AWS's words (the API references of PutParameter,
 * CreateLogGroup, CreateListener, CreateRule, CreateDBInstance and CreateOpenIDConnectProvider; Route 53's as in pulumi/pulumi#19956).
 */
const ONCE: Readonly<Record<string, readonly [identity: readonly string[], error: (inputs: Properties) => string]>> = {
  "aws:ssm/parameter:Parameter": [
    ["name"],
    () =>
      "ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
  ],
  "aws:cloudwatch/logGroup:LogGroup": [
    ["name"],
    () => "ResourceAlreadyExistsException: The specified log group already exists",
  ],
  "aws:lb/listener:Listener": [
    ["loadBalancerArn", "port"],
    () => "DuplicateListener: A listener already exists on this port for this load balancer",
  ],
  [RULE]: [["listenerArn", "priority"], ({ priority }) => `PriorityInUse: Priority '${priority}' is currently in use`],
  "aws:rds/instance:Instance": [
    ["identifier"],
    ({ identifier }) => `DBInstanceAlreadyExists: DB instance already exists: ${identifier}`,
  ],
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": [
    ["url"],
    ({ url }) => `EntityAlreadyExists: Provider with url ${url} already exists.`,
  ],
  "aws:route53/record:Record": [
    ["zoneId", "name", "type", "setIdentifier"],
    ({ name, type }) =>
      `InvalidChangeBatch: [Tried to create resource record set [name='${name}.', type='${type}'] but it already exists]`,
  ],
};

const RECORD = "aws:route53/record:Record";

/** What Route 53 says of a zone that is not there (docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html). */
export const noZone = (zoneId: string) => `NoSuchHostedZone: No hosted zone found with ID: ${zoneId}`;

/** Whether a simple record and one with a policy would stand beside each other. */
const mixed = (a: Properties, b: Properties) =>
  ["zoneId", "name", "type"].every((key) => a[key] === b[key]) &&
  (a.setIdentifier === undefined) !== (b.setIdentifier === undefined);

/** Target groups to which a rule's actions lead. */
export const groupsOf = ({ inputs }: Pick<Stored, "inputs">): { readonly arn: string; readonly weight: number }[] =>
  (inputs.actions as Properties[]).flatMap(({ forward, targetGroupArn }) =>
    forward
      ? forward.targetGroups.map(({ arn, weight }: Properties) => ({ arn, weight: weight ?? 1 }))
      : targetGroupArn
        ? [{ arn: targetGroupArn, weight: 1 }]
        : [],
  );

/** Whether two rules of a security group are one to EC2, which does not look at descriptions. */
const sameRule = (a: Properties, b: Properties) =>
  ["securityGroupId", "ipProtocol", "fromPort", "toPort", "cidrIpv4", "referencedSecurityGroupId"].every(
    (key) => a[key] === b[key],
  );

/**
 * What AWS refuses because of what else there is, beside what the cloud itself knows:
 *
 * - `ResourceInUse`: a target group to which a rule leads is not deleted
 *   (docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteTargetGroup.html);
 * - `DeleteConflict`: a role that has policies is not deleted (docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html), unless the
 *   provider is to take them away first (hashicorp/terraform-provider-aws#2388);
 * - `DependencyViolation`: a security group that something has, or that another one's rule names, is not deleted
 *   (docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html);
 * - what is there already by a name or a place that AWS gives once ({@link ONCE});
 * - `InvalidChangeBatch`: a name has either one simple record of a type or several with a policy (terraform-provider-aws#15622);
 * - `InvalidPermission.Duplicate`: a security group has the rule already
 *   (docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html);
 * - `InvalidParameterException`: ECS takes no target group that no rule leads to ("does not have an associated load balancer";
 *   docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html).
 */
export function refusal(cloud: Cloud, { op, type, inputs, id }: Asked): string | undefined {
  const others = cloud.of(type).filter((one) => one.id !== id);
  if (op === "delete") {
    const held = PROTECTED.find(([input]) => inputs[input]);
    if (held) return held[1](id ?? "");
    if (type === ROLE && !inputs.forceDetachPolicies && policiesOf(cloud, id).length > 0)
      return "DeleteConflict: Cannot delete entity, must delete policies first.";
    if (type === GROUP && id !== undefined && isHeld(cloud, id))
      return `DependencyViolation: resource ${id} has a dependent object`;
    const used = type === "aws:lb/targetGroup:TargetGroup" && cloud.of(RULE).find((rule) => leadsTo(rule, id));
    return used
      ? `ResourceInUse: Target group '${id}' is currently in use by a listener or a rule (${used.name})`
      : undefined;
  }
  const [identity = [], error] = ONCE[type] ?? [];
  const known = identity[0] !== undefined && inputs[identity[0]] !== undefined && !inputs.allowOverwrite;
  if (known && others.some((one) => identity.every((key) => one.inputs[key] === inputs[key]))) return error?.(inputs);
  if (type === RECORD && cloud.lostZones.has(inputs.zoneId)) return noZone(inputs.zoneId);
  if (type === RECORD && others.some((one) => mixed(one.inputs, inputs))) {
    const set = `RRSet with DNS name ${inputs.name}., type ${inputs.type}`;
    return `InvalidChangeBatch: [${set} cannot be created as other RRSets exist with the same name and type.]`;
  }
  if (GROUP_RULE.test(type) && others.some((one) => sameRule(one.inputs, inputs))) {
    return `InvalidPermission.Duplicate: the specified rule from port ${inputs.fromPort} already exists`;
  }
  if (type === "aws:ecs/service:Service") {
    const lost = (inputs.loadBalancers as Properties[]).find(
      ({ targetGroupArn }) => !cloud.of(RULE).some((rule) => leadsTo(rule, targetGroupArn)),
    );
    if (lost)
      return `InvalidParameterException: The target group ${lost.targetGroupArn} does not have an associated load balancer`;
  }
  return undefined;
}

const ROLE = "aws:iam/role:Role";
/** What a role has, by whoever gave it. */
const policiesOf = (cloud: Cloud, role: string | undefined): readonly Stored[] =>
  ["aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"]
    .flatMap((type) => cloud.of(type))
    .filter(({ inputs }) => inputs.role === role);

const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const GROUP_RULE = /^aws:vpc\/securityGroup(In|E)gressRule:/;
const HAS_GROUPS = /^aws:(ec2\/instance|ecs\/service|lb\/loadBalancer|rds\/instance):/;

/** Whether something has a security group, or another one's rule names it. */
const isHeld = ({ resources }: Cloud, group: string): boolean =>
  [...resources.values()].some(
    ({ type, inputs }) =>
      (GROUP_RULE.test(type) && inputs.referencedSecurityGroupId === group && inputs.securityGroupId !== group) ||
      (HAS_GROUPS.test(type) && JSON.stringify(inputs).includes(`"${group}"`)),
  );

/** What AWS deletes with something, also what no stack knows of. */
export function goesWith(cloud: Cloud, type: string, id: string): readonly Stored[] {
  const of = (types: RegExp, key: string) =>
    [...cloud.resources.values()].filter((one) => types.test(one.type) && one.inputs[key] === id);
  if (type === ROLE) return policiesOf(cloud, id);
  if (type === GROUP) return of(GROUP_RULE, "securityGroupId");
  if (type === "aws:lb/listener:Listener") return of(/^aws:lb\/listenerRule:/, "listenerArn");
  if (type !== "aws:lb/loadBalancer:LoadBalancer") return [];
  const listeners = of(/^aws:lb\/listener:/, "loadBalancerArn");
  return [...listeners, ...listeners.flatMap((one) => goesWith(cloud, one.type, one.id))];
}

const leadsTo = (rule: Stored, group: string | undefined) => groupsOf(rule).some(({ arn }) => arn === group);

/** An Elastic IP is one that nobody has. */
export function allocated(cloud: Cloud, type: string): Properties {
  if (type !== "aws:ec2/eip:Eip") return {};
  const taken = cloud.of(type).map(({ outputs }) => outputs.publicIp);
  return { publicIp: ADDRESSES.instances.find((one) => !taken.includes(one)) };
}
