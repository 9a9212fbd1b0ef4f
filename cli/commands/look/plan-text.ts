import { isConcat, isRef, isUnknown, type Plan, type PlannedResource, type PlanValue } from "../../../core/plan-format";
import {
  code,
  type Document,
  good,
  type Inline,
  list,
  muted,
  pairs,
  section,
  strong,
  text,
  warn,
  withCommands,
} from "../../../output/document";

/** A plan as a person reads it: a tree of components and resources, counts, where the site will be, and what is left to do. */
export function planDocument(plan: Plan): Document {
  const own = plan.resources.filter(({ custom }) => custom);
  const guarded = own.filter(({ protect }) => protect);
  const { nextSteps: _, ...outputs } = plan.outputs;
  const notices = (blocking: boolean) =>
    list(plan.notices.filter((notice) => notice.blocking === blocking).map(({ message }) => withCommands(message)));
  return {
    title: `${plan.stack}: ${plan.architecture} at ${plan.outputs.url}`,
    blocks: [
      code(tree(plan)),
      section([`${own.length} resources, ${guarded.length} of them protected `, good(SHIELD)], [text(counts(own))]),
      section("Outputs", [pairs(Object.entries(outputs).map(([key, value]) => [key, show(value)]))]),
      section(warn("`pulumi up` needs before it goes on"), [notices(true)]),
      section("For you to know or to do", [notices(false)]),
    ],
  };
}

const SHIELD = "◆";

/** What a reader wants to know of a resource at a glance: the first of these inputs that is there. */
const telling = [
  "instanceClass",
  "instanceType",
  "engineVersion",
  "cidrBlock",
  "fqdn",
  "domainName",
  "setIdentifier",
  "endpoint",
  "protocol",
  "metricName",
  "retentionInDays",
  "maxSize",
  "cpu",
  "port",
  "fromPort",
  "priority",
  "schedule",
  "name",
];

function tree({ resources }: Plan): Inline[] {
  const children = new Map<string | undefined, PlannedResource[]>();
  for (const resource of resources) {
    const siblings = children.get(resource.parent) ?? [];
    children.set(resource.parent, [...siblings, resource]);
  }
  const root = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const branch = (parent: string | undefined, indent: string): Inline[] => {
    const list = children.get(parent) ?? [];
    return list.flatMap((resource, index) => {
      const last = index === list.length - 1;
      const line = resource.custom ? leaf(resource) : strong(componentTitle(resource));
      return [[`${indent}${last ? "└─ " : "├─ "}`, line], ...branch(resource.urn, `${indent}${last ? "   " : "│  "}`)];
    });
  };
  return branch(root?.urn, "");
}

/** Our own by its name alone, another package's with where it is from. */
const componentTitle = ({ type, name }: PlannedResource): Inline => [
  `${kind(type).replace(/^iamvet\./, "")} `,
  muted(name),
];

function leaf({ type, name, protect, inputs }: PlannedResource): Inline {
  const key = telling.find((candidate) => inputs[candidate] !== undefined && inputs[candidate] !== name);
  return [
    `${kind(type)} `,
    muted(name),
    protect ? good(` ${SHIELD}`) : "",
    key ? muted([`  ${key} `, show(inputs[key] as PlanValue)]) : "",
  ];
}

/** `aws:ec2/securityGroup:SecurityGroup` -> `ec2.SecurityGroup` */
export function kind(type: string): string {
  const [provider, module = "", name] = type.split(":");
  const place = module.split("/")[0];
  return `${provider === "aws" ? place : place === "index" ? provider : `${provider}.${place}`}.${name}`;
}

/** How many resources of each service, the most first. */
export function counts(resources: readonly { readonly type: string }[]): string {
  const byService = new Map<string, number>();
  for (const { type } of resources) {
    const service = kind(type).split(".")[0] as string;
    byService.set(service, (byService.get(service) ?? 0) + 1);
  }
  return [...byService]
    .sort(([, a], [, b]) => b - a)
    .map(([service, count]) => `${service} ${count}`)
    .join(", ");
}

/** A value in one line: what only AWS knows is shown as such. */
function show(value: PlanValue): Inline {
  if (isUnknown(value)) return muted("known after up");
  if (isRef(value)) return `<${value.$ref.split("::").at(-1)}.${value.property}>`;
  if (isConcat(value)) return value.$concat.map((part) => (typeof part === "string" ? part : show(part)));
  if (Array.isArray(value)) return value.flatMap((one, i) => (i === 0 ? [show(one)] : [", ", show(one)]));
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
