import { listener, listenerRule, loadBalancers } from "./adopted-balancing";
import { database } from "./adopted-database";
import { addresses, instances, securityGroupRule } from "./adopted-network";
import type { Account, Found, Inputs } from "./found";
import { groups } from "./groups";
import { identityProvider } from "./identity-provider";
import { logGroup } from "./log-group";
import { parameter } from "./parameter";
import { record, saidByInputs, saidByIntent } from "./record";
import { services } from "./services";

/** How AWS tells one thing from another of its type, where the stack's name for it is not AWS's own choice. */
export interface Fixed {
  /** Inputs that AWS refuses to have twice. */
  readonly identity: readonly string[];
  /** What AWS has under this identity. */
  readonly find: (inputs: Inputs, account: Account) => Promise<Found | undefined>;
  /** What inputs say, for what has no tags: it is the stack's if it says what the stack says, or has said. */
  readonly says?: (inputs: Inputs) => string;
  /** And what it was about to say by the stack's intents, which are written before. */
  readonly saidByIntent?: (intent: string) => readonly string[];
  /** What a message calls it. */
  readonly named: (inputs: Inputs) => string;
  /** Deletes it. @default nothing is said of deleting it, as it holds data or shares its name with others */
  readonly remove?: (inputs: Inputs, found: Found) => string;
  /** Shows what has no `remove`. */
  readonly look?: (inputs: Inputs, found: Found) => string;
  /** There is one for the account, in whatever region its stacks are. */
  readonly shared?: true;
}

/** Things that Pulumi names with a random end: after a kill a second one is made, and the first one stays, costs or serves. */
export interface Named {
  /** What AWS has of the stack's own under this logical name, whichever of them the stack knows. */
  readonly all: (name: string, inputs: Inputs, account: Account) => Promise<readonly Found[]>;
  readonly remove: (found: Found, inputs: Inputs) => string;
}

const text = (value: unknown) => String(value ?? "");

const ruleOf = (direction: "ingress" | "egress"): Fixed => ({
  identity: ["securityGroupId", "ipProtocol", "fromPort", "toPort", "cidrIpv4", "referencedSecurityGroupId"],
  find: (inputs, account) => securityGroupRule(inputs, account, direction),
  named: ({ securityGroupId, fromPort }) =>
    `the ${direction} rule of ${securityGroupId} for port ${text(fromPort) || "any"}`,
  remove: ({ securityGroupId }, { id }) =>
    `aws ec2 revoke-security-group-${direction} --group-id ${securityGroupId} --security-group-rule-ids ${id}`,
});

/** What AWS refuses to make a second time, by type. */
export const FIXED: Readonly<Record<string, Fixed>> = {
  "aws:ssm/parameter:Parameter": {
    identity: ["name"],
    find: parameter,
    named: ({ name }) => `the parameter ${name}`,
    remove: ({ name }) => `aws ssm delete-parameter --name ${name}`,
  },
  "aws:route53/record:Record": {
    identity: ["zoneId", "name", "type", "setIdentifier"],
    find: record,
    says: saidByInputs,
    saidByIntent,
    named: ({ name, type, setIdentifier }) =>
      `the ${text(type)} record ${text(name)}${setIdentifier ? ` "${text(setIdentifier)}"` : ""}`,
    look: ({ zoneId, name, type }) =>
      `aws route53 list-resource-record-sets --hosted-zone-id ${zoneId} ` +
      `--start-record-name ${name} --start-record-type ${type} --max-items 3`,
  },
  "aws:lb/listener:Listener": {
    identity: ["loadBalancerArn", "port"],
    find: listener,
    named: ({ port }) => `the load balancer's listener of port ${port}`,
    remove: (_, { id }) => `aws elbv2 delete-listener --listener-arn ${id}`,
  },
  "aws:lb/listenerRule:ListenerRule": {
    identity: ["listenerArn", "priority"],
    find: listenerRule,
    named: ({ priority }) => `the load balancer's rule of priority ${priority}`,
    remove: (_, { id }) => `aws elbv2 delete-rule --rule-arn ${id}`,
  },
  "aws:cloudwatch/logGroup:LogGroup": {
    identity: ["name"],
    find: logGroup,
    named: ({ name }) => `the log group ${name}`,
    remove: ({ name }) => `aws logs delete-log-group --log-group-name ${name}`,
  },
  "aws:rds/instance:Instance": {
    identity: ["identifier"],
    find: database,
    named: ({ identifier }) => `the database ${identifier}`,
    look: ({ identifier }) => `aws rds describe-db-instances --db-instance-identifier ${identifier}`,
  },
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
    identity: ["url"],
    find: identityProvider,
    named: ({ url }) => `the identity provider ${url}`,
    shared: true,
    look: (_, { id }) => `aws iam list-open-id-connect-provider-tags --open-id-connect-provider-arn ${id}`,
  },
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ruleOf("ingress"),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ruleOf("egress"),
};

/** What would be there twice, by type. */
export const NAMED: Readonly<Record<string, Named>> = {
  "aws:ecs/service:Service": {
    all: services,
    remove: ({ id }, { cluster }) => `aws ecs delete-service --force --cluster ${cluster} --service ${id}`,
  },
  "aws:autoscaling/group:Group": {
    all: groups,
    remove: ({ id }) => `aws autoscaling delete-auto-scaling-group --force-delete --auto-scaling-group-name ${id}`,
  },
  "aws:lb/loadBalancer:LoadBalancer": {
    all: loadBalancers,
    remove: ({ id }) =>
      `aws elbv2 modify-load-balancer-attributes --load-balancer-arn ${id} --attributes Key=deletion_protection.enabled,Value=false` +
      ` && aws elbv2 delete-load-balancer --load-balancer-arn ${id}`,
  },
  "aws:ec2/instance:Instance": {
    all: instances,
    remove: ({ id }) =>
      `aws ec2 modify-instance-attribute --instance-id ${id} --no-disable-api-termination` +
      ` && aws ec2 terminate-instances --instance-ids ${id}`,
  },
  "aws:ec2/eip:Eip": {
    all: addresses,
    remove: ({ id }) => `aws ec2 release-address --allocation-id ${id}`,
  },
};

/** Whether what a kill left of this type is looked for, to be taken over or told of. */
export const isLookedFor = (type: string): boolean => type in FIXED || type in NAMED;
