import type { Bilingual, Language } from "../../core/language";
import type { Plan, PlannedResource } from "../../core/plan-format";
import { built, byUrn, ofType, references } from "../../core/plan-reader";
import { MONITOR } from "../cost/cost-external";

/**
 * Diagrams out of plans: what visitors and operators would name becomes a box, everything else only connects boxes.
 * Nothing is drawn by hand; a layout library places what {@link graphOf} finds.
 */

/** What a box stands for, and its place on the way from visitor to data. */
interface Kind {
  readonly id: string;
  readonly label: Bilingual;
  /** Arrows go from lower to higher. */
  readonly rank: number;
  readonly types: readonly string[];
  /** Which resources of these types the box stands for. @default all */
  readonly when?: (resource: PlannedResource) => boolean;
}

/** Functions that tell nobody of an outage: those that only receive what others tell, and the one that answers for built files. */
const tellsNobody = ({ name }: PlannedResource) => /-(receiver|server)-function$/.test(name);

const kind = (id: string, rank: number, label: Bilingual, types: Kind["types"], when?: Kind["when"]): Kind => ({
  id,
  rank,
  label,
  types,
  ...(when ? { when } : {}),
});

const kinds: readonly Kind[] = [
  kind("dns", 1, { en: "Route 53", ko: "Route 53 DNS" }, ["aws:route53/record:Record"]),
  kind("balancer", 2, { en: "Load balancer", ko: "로드 밸런서" }, ["aws:lb/loadBalancer:LoadBalancer"]),
  kind("instance", 3, { en: "EC2 instance\nnginx, PM2, Next.js", ko: "EC2 인스턴스\nnginx, PM2, Next.js" }, [
    "aws:ec2/instance:Instance",
  ]),
  kind("group", 3, { en: "Auto Scaling group\nNext.js", ko: "Auto Scaling 그룹\nNext.js" }, [
    "aws:autoscaling/group:Group",
  ]),
  kind("service", 3, { en: "ECS Fargate service\nNext.js", ko: "ECS Fargate 서비스\nNext.js" }, [
    "aws:ecs/service:Service",
  ]),
  kind("vercel", 3, { en: "Vercel\nNext.js", ko: "Vercel\nNext.js" }, ["vercel:index/project:Project"]),
  kind("database", 4, { en: "RDS PostgreSQL", ko: "RDS PostgreSQL" }, ["aws:rds/instance:Instance"]),
  kind("backup", 5, { en: "AWS Backup", ko: "AWS Backup" }, ["aws:backup/plan:Plan"]),
  kind("checks", 5, { en: "External checks", ko: "외부 상태 확인" }, ["aws:route53/healthCheck:HealthCheck", MONITOR]),
  kind("alarms", 6, { en: "Alarms", ko: "경보" }, [
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm",
  ]),
  kind(
    "recovery",
    7,
    { en: "Automatic recovery\nSSM", ko: "자동 복구\nSSM" },
    ["aws:ssm/document:Document"],
    ({ inputs }) => inputs.documentType === "Automation",
  ),
  kind(
    "reporter",
    7,
    { en: "Incident reporter\nLambda", ko: "장애 보고\nLambda" },
    ["aws:lambda/function:Function"],
    (resource) => !tellsNobody(resource),
  ),
  kind("topics", 8, { en: "Alerts\nSNS", ko: "알림\nSNS" }, ["aws:sns/topic:Topic"]),
];

/** Resources that only connect: a path between two boxes may lead through these, and through nothing else. */
const LINKS: readonly RegExp[] = [
  /^aws:lb\/(listener|listenerRule|targetGroup|targetGroupAttachment):/,
  /^aws:ec2\/(launchTemplate|eip|eipAssociation):/,
  /^aws:cloudwatch\/(eventRule|eventTarget):/,
  /^aws:(ecs\/taskDefinition|autoscaling\/attachment|backup\/selection):/,
  /^aws:(sns\/topicSubscription|lambda\/permission|scheduler\/schedule):/,
  /^vercel:index\/(projectDomain|deployment):/,
];
const onlyConnects = (type = ""): boolean => LINKS.some((link) => link.test(type));

const kindByType = new Map(kinds.flatMap((kind) => kind.types.map((type) => [type, kind] as const)));

function kindOf(resource: PlannedResource | undefined): Kind | undefined {
  const kind = kindByType.get(resource?.type ?? "");
  return kind && resource && (kind.when?.(resource) ?? true) ? kind : undefined;
}

/** `same` stands before and after a flip, `new` is built by it, `old` goes when it is done. */
export type Change = "same" | "new" | "old";

export interface Box {
  readonly id: string;
  readonly label: Bilingual;
  /** How many resources the box stands for. */
  readonly count: number;
  readonly change: Change;
}

export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly change: Change;
}

export interface Graph {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

const USERS: Box = { id: "users", label: { en: "Visitors", ko: "방문자" }, count: 1, change: "same" };
const PEOPLE: Box = {
  id: "people",
  label: { en: "Operators\ne-mail, SMS", ko: "운영자\n이메일, SMS" },
  count: 1,
  change: "same",
};

/** Boxes that a resource touches, directly or through resources that only connect. */
function touched(
  resource: PlannedResource,
  neighbours: ReadonlyMap<string, readonly string[]>,
  index: ReadonlyMap<string, PlannedResource>,
): Kind[] {
  const found = new Set<Kind>();
  const seen = new Set([resource.urn]);
  const queue = [resource.urn];
  for (let urn = queue.pop(); urn !== undefined; urn = queue.pop()) {
    for (const next of neighbours.get(urn) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      const kind = kindOf(index.get(next));
      if (kind) found.add(kind);
      else if (onlyConnects(index.get(next)?.type)) queue.push(next);
    }
  }
  return [...found];
}

/** The owners of security groups, and who may reach whom: rules name a source group or an address. */
function admitted(plan: Plan, kindsOf: (group: string) => Kind[]): [Kind, Kind][] {
  return ofType(plan, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").flatMap((rule) => {
    const to = references(rule.inputs.securityGroupId).flatMap(kindsOf);
    const from = references(rule.inputs.referencedSecurityGroupId).flatMap(kindsOf);
    return from.flatMap((source) => to.map((sink): [Kind, Kind] => [source, sink]));
  });
}

/** The boxes and arrows of one plan. */
export function graphOf(plan: Plan): Graph {
  const index = byUrn(plan);
  const resources = built(plan);
  const neighbours = new Map<string, string[]>();
  const join = (a: string, b: string) => neighbours.set(a, [...(neighbours.get(a) ?? []), b]);
  for (const resource of resources) {
    for (const other of new Set([...references(resource.inputs), ...resource.dependencies])) {
      join(resource.urn, other);
      join(other, resource.urn);
    }
  }
  const counts = new Map<Kind, number>();
  const pairs = new Map<string, [Kind, Kind]>();
  const pair = (a: Kind, b: Kind) => {
    if (a === b || a.rank === b.rank) return;
    const [from, to] = a.rank < b.rank ? [a, b] : [b, a];
    // A record of Vercel's may wait for a variable that holds the database's address, but names nothing behind the tier.
    if (from.id === "dns" && to.rank > 3) return;
    pairs.set(`${from.id}>${to.id}`, [from, to]);
  };
  for (const resource of resources) {
    const kind = kindOf(resource);
    if (!kind) continue;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    for (const other of touched(resource, neighbours, index)) pair(kind, other);
  }
  const owners = (group: string) => (neighbours.get(group) ?? []).flatMap((urn) => kindOf(index.get(urn)) ?? []);
  for (const [from, to] of admitted(plan, owners)) pair(from, to);

  const has = (id: string) => [...counts.keys()].some((kind) => kind.id === id);
  const find = (id: string) => kinds.find((kind) => kind.id === id) as Kind;
  // The site always reads its database; an address rule or a secret names it without a reference between the two.
  for (const tier of ["instance", "group", "service", "vercel"]) {
    if (has(tier) && has("database")) pair(find(tier), find("database"));
    if (has(tier) && has("dns") && ![...pairs.values()].some(([from, to]) => to.id === tier && from.rank < 3))
      pair(find("dns"), find(tier));
  }
  // EventBridge matches alarms by pattern, without a reference.
  const onAlarm = ofType(plan, "aws:cloudwatch/eventRule:EventRule").filter((rule) =>
    JSON.stringify(rule.inputs.eventPattern ?? "").includes("CloudWatch Alarm State Change"),
  );
  for (const rule of onAlarm) {
    for (const kind of touched(rule, neighbours, index)) if (has("alarms")) pair(find("alarms"), kind);
  }
  const boxes = [...counts].map(([kind, count]): Box => ({ id: kind.id, label: kind.label, count, change: "same" }));
  // Alarms watch everything; only what they set off is worth an arrow, and one from the data shows that it is watched.
  const arrows = [...pairs.values()]
    .filter(([from, to]) => to.id !== "alarms" || from.rank >= 2)
    .map(([from, to]): Arrow => ({ from: from.id, to: to.id, change: "same" }));
  const entry = has("dns") ? ["dns"] : ["balancer", "instance", "vercel"].filter(has).slice(0, 1);
  return {
    boxes: [USERS, ...boxes, ...(has("topics") ? [PEOPLE] : [])],
    arrows: [
      ...entry.map((to): Arrow => ({ from: "users", to, change: "same" })),
      ...arrows,
      // Whoever looks from outside comes by the site's name, as visitors do.
      ...(has("checks") ? entry.map((to): Arrow => ({ from: "checks", to, change: "same" })) : []),
      ...(has("recovery") && has("instance") ? [{ from: "recovery", to: "instance", change: "same" } as const] : []),
      ...(has("topics") ? [{ from: "topics", to: "people", change: "same" } as const] : []),
    ],
  };
}

/** Both tiers at once, as they stand during a flip: what is new, what goes, what stays. */
export function flipGraph(before: Plan, after: Plan): Graph {
  const [old, fresh] = [graphOf(before), graphOf(after)];
  const key = (arrow: Arrow) => `${arrow.from}>${arrow.to}`;
  const merge = <T extends { readonly change: Change }>(
    a: readonly T[],
    b: readonly T[],
    id: (entry: T) => string,
  ): T[] => [
    ...a.map((entry) => ({
      ...entry,
      change: b.some((other) => id(other) === id(entry)) ? ("same" as const) : ("old" as const),
    })),
    ...b
      .filter((entry) => !a.some((other) => id(other) === id(entry)))
      .map((entry) => ({ ...entry, change: "new" as const })),
  ];
  return { boxes: merge(old.boxes, fresh.boxes, (box) => box.id), arrows: merge(old.arrows, fresh.arrows, key) };
}

const CHANGES: Readonly<Record<Change, Bilingual>> = {
  same: { en: "", ko: "" },
  new: { en: "new", ko: "신규" },
  old: { en: "goes last", ko: "마지막에 삭제" },
};

/** The arrows as sentences, for those who cannot see the picture. */
export function describe(graph: Graph, language: Language): string[] {
  const name = (id: string) => graph.boxes.find((box) => box.id === id)?.label[language].replaceAll("\n", ", ") ?? id;
  return graph.arrows.map(({ from, to, change }) => {
    const note = CHANGES[change][language];
    return `${name(from)} → ${name(to)}${note ? ` (${note})` : ""}`;
  });
}

const quote = (value: string): string =>
  `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

/** The graph in Graphviz's language. Colours are classes, which the page's style sheet fills for light and dark. */
export function dotOf(graph: Graph, language: Language): string {
  const boxes = graph.boxes.map(({ id, label, count, change }) => {
    const lines = [label[language], count > 1 ? `× ${count}` : "", CHANGES[change][language]].filter(Boolean);
    const style = change === "old" ? ', style="rounded,filled,dashed"' : "";
    return `${quote(id)} [label=${quote(lines.join("\n"))}, class=${quote(`box ${id} ${change}`)}${style}]`;
  });
  const arrows = graph.arrows.map(({ from, to, change }) => {
    const style = change === "old" ? ', style="dashed"' : change === "new" ? ', style="bold"' : "";
    // A repair leads back, and must not pull its target behind it.
    const back = from === "recovery" ? ", constraint=false" : "";
    return `${quote(from)} -> ${quote(to)} [class=${quote(`arrow ${change}`)}${style}${back}]`;
  });
  return `digraph {
  rankdir=LR; bgcolor="transparent"; nodesep=0.3; ranksep=0.5; pad=0.1;
  node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=12, margin="0.26,0.12"];
  edge [arrowsize=0.7];
  ${[...boxes, ...arrows].join(";\n  ")};
}`;
}
