import type { Fact, Incident, Recording, Source, SourceKind } from "../../../core/incident";
import type { About } from "../../../core/reporter-config";
import { redactAll } from "../../redact";
import { diagnose, type Gap, type Suspect, toEvidence } from "../causes/diagnose";
import { minutesBetween } from "../collectors/facts";

/** One moment of the timeline. */
export interface Moment {
  readonly at: string;
  readonly kind: Fact["kind"];
  readonly subject: string;
  readonly text: string;
}

export interface Link {
  readonly title: string;
  readonly url: string;
}

/** `started`: the first message of an incident; `ended`: the last one, with its duration; `asked`: a person asked. */
export type Phase = "started" | "ended" | "asked";

/** What is known of an incident: the JSON form that is stored, and all that the other forms are written from. */
export interface Report {
  readonly phase: Phase;
  readonly about: About;
  readonly incident: Incident;
  /** Whole minutes from start to end; undefined while it lasts. */
  readonly minutes?: number;
  readonly writtenAt: string;
  /** Causes, the likeliest first; empty if no rule applies. */
  readonly causes: readonly Suspect[];
  readonly timeline: readonly Moment[];
  /** The first line of an error, and those that came most often. */
  readonly errors: { readonly first?: Fact; readonly top: readonly Fact[] };
  /** Collectors that brought nothing, or not everything. */
  readonly gaps: readonly Gap[];
  readonly looked: readonly SourceKind[];
  readonly links: readonly Link[];
  readonly facts: readonly Fact[];
}

/** Kinds of facts that tell of a moment; states and metrics say how things are, not when they came. */
const MOMENTS: readonly Fact["kind"][] = [
  "alarm",
  "change",
  "event",
  "deployment",
  "task",
  "scaling",
  "service",
  "recovery",
  "database",
  "instance",
  "vercel",
];
const LONGEST_TIMELINE = 60;
const TOP_ERRORS = 5;
/** Minutes before the start from which on the timeline tells, and in which the first error is looked for. */
const BEFORE = 120;
const ERRORS_BEFORE = 45;

/** The report of what the collectors brought. Pure; every text in it is redacted. */
export function buildReport(
  recording: Recording,
  about: About,
  { phase, now }: { readonly phase: Phase; readonly now: Date },
): Report {
  const { incident } = recording;
  const evidence = toEvidence(recording);
  const { causes, gaps } = diagnose(evidence);
  const log = evidence.facts.filter((fact) => fact.kind === "log");
  // Every log has old errors that nobody minds: the first one is looked for from a while before the start.
  const first = log
    .filter(({ at }) => at !== undefined && minutesBetween(at, incident.startedAt) <= ERRORS_BEFORE)
    .sort(byTime)[0];
  return redactAll({
    phase,
    about,
    incident,
    ...(incident.endedAt === undefined
      ? {}
      : { minutes: Math.max(1, Math.round(minutesBetween(incident.startedAt, incident.endedAt))) }),
    writtenAt: now.toISOString(),
    causes,
    timeline: buildTimeline(evidence.facts, causes, incident, first),
    errors: {
      ...(first ? { first } : {}),
      top: [...log].sort((a, b) => (b.count ?? 1) - (a.count ?? 1)).slice(0, TOP_ERRORS),
    },
    gaps,
    looked: evidence.looked,
    links: consoleLinks(recording, about),
    facts: evidence.facts,
  });
}

function buildTimeline(
  facts: readonly Fact[],
  causes: readonly Suspect[],
  incident: Incident,
  firstError: Fact | undefined,
): Moment[] {
  const proof = new Set(causes.flatMap(({ evidence }) => evidence));
  const told = facts.filter(
    (fact) =>
      fact.at !== undefined &&
      (MOMENTS.includes(fact.kind) || proof.has(fact) || fact === firstError) &&
      minutesBetween(fact.at, incident.startedAt) <= BEFORE,
  );
  const seen = new Set<string>();
  const moments = told.sort(byTime).flatMap((fact) => {
    const text = (fact.text ?? fact.name ?? "").replace(/\s+/g, " ").slice(0, 200);
    const key = `${fact.at?.slice(0, 16)} ${fact.kind} ${text.slice(0, 60)}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const { kind, subject, at = "" } = fact;
    return [{ fact, moment: { at, kind, subject, text } }];
  });
  if (moments.length <= LONGEST_TIMELINE) return moments.map(({ moment }) => moment);
  // What proves a cause and what is nearest to the start stays.
  const weight = ({ fact, moment }: (typeof moments)[number]) =>
    (proof.has(fact) ? 0 : 1000) + Math.abs(minutesBetween(moment.at, incident.startedAt));
  const kept = new Set([...moments].sort((a, b) => weight(a) - weight(b)).slice(0, LONGEST_TIMELINE));
  return moments.filter((one) => kept.has(one)).map(({ moment }) => moment);
}

const byTime = (a: Fact, b: Fact) => Date.parse(a.at ?? "") - Date.parse(b.at ?? "");

/** Places in the console where a person looks on; those of the sources that have one. */
function consoleLinks({ findings }: Recording, { region, dashboard }: About): Link[] {
  const home = `https://${region}.console.aws.amazon.com`;
  const page = (service: string, rest: string) => `${home}/${service}/home?region=${region}${rest}`;
  const of = (source: Source): Link | undefined => {
    switch (source.kind) {
      case "alarms":
        return { title: "Alarms", url: page("cloudwatch", "#alarmsV2:?~(alarmStateFilter~'ALARM)") };
      case "logs":
        return {
          title: `Log ${source.logGroup}`,
          url: page("cloudwatch", `#logsV2:log-groups/log-group/${source.logGroup.replaceAll("/", "$252F")}`),
        };
      case "instance":
        return { title: "Instance", url: page("ec2", `#InstanceDetails:instanceId=${source.instanceId}`) };
      case "autoscaling":
        return { title: "Auto Scaling group", url: page("ec2", `#AutoScalingGroupDetails:id=${source.group}`) };
      case "ecs":
        return {
          title: "ECS service",
          url:
            `${home}/ecs/v2/clusters/${source.cluster.split("/").at(-1)}` +
            `/services/${source.service.split("/").at(-1)}/tasks?region=${region}`,
        };
      case "database":
        return { title: "Database", url: page("rds", `#database:id=${source.identifier}`) };
      case "recovery-runs":
        return { title: "Recovery runs", url: `${home}/systems-manager/automation/executions?region=${region}` };
      case "changes":
        return { title: "CloudTrail", url: page("cloudtrailv2", "#/events?ReadOnly=false") };
      case "vercel":
        return { title: "Vercel", url: "https://vercel.com/dashboard" };
      default:
        return undefined;
    }
  };
  const links = findings.flatMap(({ source }) => of(source) ?? []);
  const all = dashboard ? [{ title: "Dashboard", url: dashboard }, ...links] : links;
  return [...new Map(all.map((link) => [link.url, link])).values()];
}
