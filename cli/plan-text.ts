import pc from "picocolors";
import { isConcat, isRef, isUnknown, type Plan, type PlannedResource, type PlanValue, SECRET } from "../insight/plan";

/** A plan as a person reads it: a tree of components and resources, counts, where the site will be, and what is left to do. */
export function renderPlan(plan: Plan): string {
  const own = plan.resources.filter(({ custom }) => custom);
  const guarded = own.filter(({ protect }) => protect);
  return [
    `${pc.bold(pc.underline(plan.stack))}  ${pc.cyan(plan.architecture)}  ${String(plan.outputs.url)}`,
    "",
    ...tree(plan),
    "",
    `${pc.bold(`${own.length} resources`)}, ${guarded.length} of them protected ${pc.green(SHIELD)}: ${counts(own)}`,
    "",
    pc.bold("Outputs"),
    ...outputs(plan),
    ...notices(plan),
  ].join("\n");
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

function tree({ resources }: Plan): string[] {
  const children = new Map<string | undefined, PlannedResource[]>();
  for (const resource of resources) {
    const siblings = children.get(resource.parent) ?? [];
    children.set(resource.parent, [...siblings, resource]);
  }
  const root = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const branch = (parent: string | undefined, indent: string): string[] => {
    const list = children.get(parent) ?? [];
    return list.flatMap((resource, index) => {
      const last = index === list.length - 1;
      const line = `${indent}${last ? "└─ " : "├─ "}${resource.custom ? leaf(resource) : pc.bold(componentTitle(resource))}`;
      return [line, ...branch(resource.urn, `${indent}${last ? "   " : "│  "}`)];
    });
  };
  return branch(root?.urn, "");
}

/** Our own by its name alone, another package's with where it is from. */
const componentTitle = ({ type, name }: PlannedResource) => `${kind(type).replace(/^iamvet\./, "")} ${pc.dim(name)}`;

function leaf({ type, name, protect, inputs }: PlannedResource): string {
  const key = telling.find((candidate) => inputs[candidate] !== undefined && inputs[candidate] !== name);
  const detail = key ? pc.dim(`  ${key} ${show(inputs[key] as PlanValue)}`) : "";
  return `${kind(type)} ${pc.dim(name)}${protect ? pc.green(` ${SHIELD}`) : ""}${detail}`;
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
function show(value: PlanValue): string {
  if (isUnknown(value)) return pc.italic("known after up");
  if (isRef(value)) return `<${value.$ref.split("::").at(-1)}.${value.property}>`;
  if (isConcat(value)) return value.$concat.map((part) => (typeof part === "string" ? part : show(part))).join("");
  if (value === SECRET) return SECRET;
  if (Array.isArray(value)) return value.map(show).join(", ");
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

function outputs({ outputs: values }: Plan): string[] {
  const entries = Object.entries(values).filter(([key]) => key !== "nextSteps");
  const width = Math.max(...entries.map(([key]) => key.length));
  return entries.map(([key, value]) => `  ${key.padEnd(width)}  ${show(value)}`);
}

function notices({ notices: all }: Plan): string[] {
  const section = (title: string, blocking: boolean) => {
    const messages = all.filter((notice) => notice.blocking === blocking).map(({ message }) => message);
    return messages.length > 0
      ? ["", title, ...messages.map((message) => `  • ${message.replaceAll("\n", "\n    ")}`)]
      : [];
  };
  return [
    ...section(pc.yellow(pc.bold("`pulumi up` needs before it goes on")), true),
    ...section(pc.bold("For you to know or to do"), false),
  ];
}
