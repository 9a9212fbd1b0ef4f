import type { Principal, Use } from "./call";
import { commandCalls } from "./commands";
import { forms } from "./forms";
import { programCalls } from "./program";
import { providerCalls } from "./provider";
import { runtimeCalls } from "./runtime";
import { withheld } from "./withheld";

/** What stands for `{...}` in the forms and conditions below: nothing, one value or several. */
export interface Scope {
  readonly account: readonly string[];
  readonly project: readonly string[];
  readonly stack: readonly string[];
  /** Regions in which the stack has something. */
  readonly region: readonly string[];
  readonly zone: readonly string[];
  readonly stateBucket?: readonly string[];
  readonly stateKeyArn?: readonly string[];
  readonly releaseBucket?: readonly string[];
  /** Secrets of others that the program reads; its own bear the tag `Stack`. */
  readonly secretArn?: readonly string[];
  /** An adopted database, and an adopted server. */
  readonly databaseIdentifier?: readonly string[];
  readonly instanceId?: readonly string[];
}

type Condition = Readonly<Record<string, Readonly<Record<string, string | string[]>>>>;

/** One statement of a policy that allows something. */
export interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Condition;
}

/** Services that the stack passes roles to. */
const PASSED_TO = ["ec2", "ecs-tasks", "events", "lambda", "monitoring.rds", "backup", "ssm"];
/** Services whose own roles AWS makes when they are first used in an account; `events` for alarms that act on an instance. */
const LINKED = ["autoscaling", "ecs", "ecs.application-autoscaling", "elasticloadbalancing", "events", "rds", "backup"];
const principals = (services: readonly string[]) => services.map((service) => `${service}.amazonaws.com`);

/** Managed policies of AWS that some role of the program has. */
export const attachable = [
  "service-role/AmazonRDSEnhancedMonitoringRole",
  "service-role/AWSBackupServiceRolePolicyForBackup",
  "service-role/AWSBackupServiceRolePolicyForRestores",
].map((name) => `arn:aws:iam::aws:policy/${name}`);

/** What holds an action, or everything on a form, beside its ARNs. */
const conditions: Readonly<Record<string, Condition>> = {
  "ecs:ListTasks": { ArnLike: { "ecs:cluster": "arn:aws:ecs:*:{account}:cluster/fargate-*" } },
  "ecs:RunTask": { ArnLike: { "ecs:cluster": "arn:aws:ecs:*:{account}:cluster/fargate-*" } },
  "iam:AttachRolePolicy": { ArnEquals: { "iam:PolicyARN": attachable } },
  "iam:DetachRolePolicy": { ArnEquals: { "iam:PolicyARN": attachable } },
  "iam:CreateServiceLinkedRole": { StringEquals: { "iam:AWSServiceName": principals(LINKED) } },
  "iam:PassRole": { StringEquals: { "iam:PassedToService": principals(PASSED_TO) } },
  // Instances of the group bear the name of its boot parameter (components/tiers/ha-instances.ts).
  "ssm:instance#group": { StringLike: { "ssm:resourceTag/boot-group": "ha-web-tier-*" } },
};

/** Services without regions, or whose ARNs have none. */
const GLOBAL = /^(iam|route53|budgets|s3):/;

/** A condition on the tag `Stack`; Systems Manager has a key of its own for the instances that it reaches. */
const ownTag = (service: string): Condition => ({
  StringEquals: { [`${service === "ssm" ? "ssm:resourceTag" : "aws:ResourceTag"}/Stack`]: "{stack}" },
});

/** Everything that a principal calls, in the order of the table. */
export const principalUses = (principal: Principal): Use[] => [
  ...(principal === "deploy" || principal === "preview" || principal === "person"
    ? Object.values(providerCalls).flat()
    : []),
  ...[...programCalls, ...commandCalls, ...runtimeCalls]
    .filter(({ by }) => by.includes(principal))
    .flatMap(({ uses }) => uses),
];

/**
 * What a role of the CI needs: one statement for all actions with the same resources and conditions. A preview takes the provider's
 * reads alone; of the other calls it has its own, as the lock of the state, which is written.
 */
export function roleStatements(principal: "deploy" | "preview", scope: Scope): Statement[] {
  const provider = new Set(Object.values(providerCalls).flat());
  const found = new Map<string, { actions: Set<string>; resources: readonly string[]; conditions: Condition }>();
  for (const use of principalUses(principal)) {
    const looksOnly = principal === "preview" && provider.has(use);
    for (const action of [...use.read, ...(looksOnly ? [] : use.write)]) {
      if (action in withheld) continue;
      const changes = use.write.includes(action);
      const on = use.forms.filter((form) => !(changes && form in withheld));
      const resources = use.forms.length === 0 ? ["*"] : on.flatMap((form) => fill(forms[form] ?? [], scope));
      if (resources.length === 0) continue;
      const held = merge([
        ...(use.tagged ? [ownTag(action.split(":")[0] as string)] : []),
        ...[action, ...use.forms].flatMap((key): Condition[] => (conditions[key] ? [conditions[key]] : [])),
        ...(changes && !GLOBAL.test(action) ? [{ StringEquals: { "aws:RequestedRegion": [...scope.region] } }] : []),
      ]);
      const filled = fillCondition(held, scope);
      const key = JSON.stringify([resources, filled]);
      const entry = found.get(key) ?? { actions: new Set(), resources, conditions: filled };
      entry.actions.add(action);
      found.set(key, entry);
    }
  }
  return [...found.values()].map(({ actions, resources, conditions: held }) => ({
    actions: [...actions].sort(),
    resources,
    ...(Object.keys(held).length > 0 ? { conditions: held } : {}),
  }));
}

const merge = (parts: readonly Condition[]): Condition => {
  const all: Record<string, Record<string, string | string[]>> = {};
  for (const part of parts)
    for (const [operator, keys] of Object.entries(part)) all[operator] = { ...all[operator], ...keys };
  return all;
};

/** Texts with every value in place of `{...}`; a text whose value is unknown is left out. */
function fill(texts: readonly string[], scope: Scope): string[] {
  const known = scope as unknown as Readonly<Record<string, readonly string[] | undefined>>;
  return texts.flatMap((text) => {
    const names = new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name));
    return [...names].reduce(
      (filled, name) => filled.flatMap((one) => (known[name] ?? []).map((value) => one.replaceAll(`{${name}}`, value))),
      [text],
    );
  });
}

const fillCondition = (condition: Condition, scope: Scope): Condition =>
  Object.fromEntries(
    Object.entries(condition).map(([operator, keys]) => [
      operator,
      Object.fromEntries(
        Object.entries(keys).map(([key, value]) => [
          key,
          typeof value === "string" ? (fill([value], scope)[0] ?? value) : fill(value, scope),
        ]),
      ),
    ]),
  );
