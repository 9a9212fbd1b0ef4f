import type { Call, Cloud, Properties, Stored } from "./cloud";
import { ADDRESSES } from "./world";

/** What AWS is asked to do. */
interface Asked {
  readonly op: Call["op"];
  readonly type: string;
  readonly inputs: Properties;
  /** Undefined for a creation. */
  readonly id?: string;
}

const RULE = "aws:lb/listenerRule:ListenerRule";

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
 * - `PriorityInUse`: two rules of a listener have one priority
 *   (docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html);
 * - `InvalidPermission.Duplicate`: a security group has the rule already
 *   (docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html);
 * - `InvalidParameterException`: ECS takes no target group that no rule leads to ("does not have an associated load balancer";
 *   docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html).
 */
export function refusal(cloud: Cloud, { op, type, inputs, id }: Asked): string | undefined {
  const others = cloud.of(type).filter((one) => one.id !== id);
  if (op === "delete") {
    const used = type === "aws:lb/targetGroup:TargetGroup" && cloud.of(RULE).find((rule) => leadsTo(rule, id));
    return used
      ? `ResourceInUse: Target group '${id}' is currently in use by a listener or a rule (${used.name})`
      : undefined;
  }
  if (type === RULE && others.some((one) => one.inputs.priority === inputs.priority)) {
    return `PriorityInUse: Priority '${inputs.priority}' is currently in use`;
  }
  if (/^aws:vpc\/securityGroup(In|E)gressRule:/.test(type) && others.some((one) => sameRule(one.inputs, inputs))) {
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

const leadsTo = (rule: Stored, group: string | undefined) => groupsOf(rule).some(({ arn }) => arn === group);

/** An Elastic IP is one that nobody has. */
export function allocated(cloud: Cloud, type: string): Properties {
  if (type !== "aws:ec2/eip:Eip") return {};
  const taken = cloud.of(type).map(({ outputs }) => outputs.publicIp);
  return { publicIp: ADDRESSES.instances.find((one) => !taken.includes(one)) };
}
