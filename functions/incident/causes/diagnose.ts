import type { Fact, Incident, Recording, SourceKind } from "../../../core/incident";
import type { Bilingual } from "../../../core/language";
import { readFacts } from "../collectors";
import { minutesBetween } from "../collectors/facts";
import { CAUSES } from ".";
import type { Cause, Clue, Pattern } from "./cause";

/** A collector that brought nothing, or not everything. */
export interface Gap {
  readonly kind: SourceKind;
  readonly subject: string;
  readonly error: string;
}

/** Facts of an incident, and who was asked. */
export interface Evidence {
  readonly incident: Incident;
  readonly facts: readonly Fact[];
  /** Kinds of the collectors that answered. */
  readonly looked: readonly SourceKind[];
  readonly gaps: readonly Gap[];
}

export type Level = "high" | "medium" | "low";

/** One cause with the facts that speak for it. */
export interface Suspect {
  readonly id: string;
  readonly title: Bilingual;
  readonly do: Bilingual;
  /** 0 to 1. */
  readonly confidence: number;
  readonly level: Level;
  readonly evidence: readonly Fact[];
  /** What it brought about: found too, and not causes of their own. */
  readonly consequences: readonly { readonly id: string; readonly title: Bilingual; readonly confidence: number }[];
}

/** What is believed: causes, the likeliest first; empty if no rule applies. */
export interface Verdict {
  readonly causes: readonly Suspect[];
  readonly gaps: readonly Gap[];
}

/** From here on a confidence is high or medium; what is below `low` is not reported. */
const LEVELS = { high: 0.8, medium: 0.5, low: 0.25 } as const;

/** Turns what the collectors brought into evidence. Pure. */
export function toEvidence({ incident, findings }: Recording): Evidence {
  return {
    incident,
    facts: placed(
      findings.flatMap((finding) => readFacts(finding, incident)),
      findings.filter(({ source }) => source.kind !== "changes"),
    ),
    looked: [...new Set(findings.filter((f) => f.answers !== undefined).map((f) => f.source.kind))],
    gaps: findings
      .filter((f) => f.error !== undefined)
      .map(({ source, error }) => ({ kind: source.kind, subject: sourceSubject(source), error: error ?? "" })),
  };
}

/**
 * Marks what happened elsewhere: an account often holds several stacks, and CloudTrail tells of all of them. A change that names
 * what it acts on concerns the site only if another source, or what it answered, has that name too.
 */
function placed(facts: readonly Fact[], findings: Recording["findings"]): Fact[] {
  const known = JSON.stringify(findings.map(({ source, answers }) => [source, answers]));
  const isKnown = (name: string) =>
    new RegExp(`(?<![\\w.-])${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\w-])`, "i").test(known);
  return facts.map((fact) =>
    fact.actsOn === undefined || fact.actsOn.length === 0 || fact.actsOn.some(isKnown)
      ? fact
      : { ...fact, elsewhere: true },
  );
}

/** The value by which a source is told from others of its kind. */
function sourceSubject(source: object): string {
  const [, value] = Object.entries(source).find(([key]) => key !== "kind") ?? ["", ""];
  return Array.isArray(value) ? `${value.length} alarms` : String(value);
}

/**
 * Weighs the evidence by the rules. Pure. A clue counts once, however many facts match it; clues of one cause add up as
 * independent probabilities. Evidence only ever adds: with a collector less, no confidence rises and no cause appears. How many places were
 * looked at bounds every confidence, since what was not asked could have told otherwise.
 */
export function diagnose({ facts, incident, looked, gaps }: Evidence): Verdict {
  const breadth = 1 - 0.3 * 0.6 ** new Set(looked).size;
  const found = CAUSES.map((cause) => {
    const matches = cause.clues
      .map((one) => ({ clue: one, facts: matching(one, facts, incident) }))
      .filter((m) => m.facts.length > 0);
    const doubt = matches.reduce((rest, m) => rest * (1 - m.clue.weight), 1);
    const evidence = [...new Set([...matches].sort((a, b) => b.clue.weight - a.clue.weight).flatMap((m) => m.facts))];
    return { cause, evidence, confidence: round(Math.min(1 - doubt, cause.cap ?? 1) * breadth) };
  }).filter(({ confidence }) => confidence >= LEVELS.low);
  type Found = (typeof found)[number];
  // A lead does not explain what is all but certain.
  const explains = (a: Found, b: Found) =>
    a !== b &&
    a.confidence >= Math.max(LEVELS.medium, 0.65 * b.confidence) &&
    (a.cause.explains ?? []).includes(b.cause.id);
  // What nothing else explains is a root; what only an explained cause would explain is looked at again without that one.
  const roots: Found[] = [];
  for (let rest = found; rest.length > 0; ) {
    const free = rest.filter((one) => !rest.some((other) => explains(other, one)));
    const next = free.length > 0 ? free : rest;
    roots.push(...next);
    rest = rest.filter((one) => !next.includes(one) && !next.some((root) => explains(root, one)));
  }
  return {
    causes: roots
      .sort((a, b) => b.confidence - a.confidence || a.cause.id.localeCompare(b.cause.id))
      .map((one) => ({
        ...reported(one.cause),
        confidence: one.confidence,
        level: confidenceLevel(one.confidence),
        evidence: one.evidence.slice(0, 12),
        consequences: found
          .filter((other) => explains(one, other) && !roots.includes(other))
          .map((other) => ({ id: other.cause.id, title: other.cause.title, confidence: other.confidence })),
      })),
    gaps,
  };
}

const reported = ({ id, title, do: advice }: Cause) => ({ id, title, do: advice });
const round = (n: number) => Math.round(n * 1000) / 1000;
const confidenceLevel = (confidence: number): Level =>
  confidence >= LEVELS.high ? "high" : confidence >= LEVELS.medium ? "medium" : "low";

/** The facts that satisfy every pattern of the clue, or none. */
function matching({ all }: Clue, facts: readonly Fact[], incident: Incident): readonly Fact[] {
  const perPattern = all.map((pattern) => facts.filter((fact) => fits(pattern, fact, incident)));
  return perPattern.every((found) => found.length > 0) ? perPattern.flat() : [];
}

/** Minutes before the start of an incident from which on a fact is about it, unless its pattern says otherwise. */
const WITHIN = 45;

function fits(pattern: Pattern, fact: Fact, incident: Incident): boolean {
  const kinds = typeof pattern.kind === "string" ? [pattern.kind] : pattern.kind;
  if (!kinds.includes(fact.kind) || fact.elsewhere === true) return false;
  if (pattern.name !== undefined && !pattern.name.test(fact.name ?? "")) return false;
  if (pattern.text !== undefined && !pattern.text.test(fact.text ?? "")) return false;
  if (pattern.from !== undefined && !pattern.from.test(fact.from)) return false;
  if (pattern.count !== undefined && (fact.count ?? 1) < pattern.count) return false;
  if (pattern.rising === true && fact.rising !== true) return false;
  if (pattern.min !== undefined && !(fact.value !== undefined && fact.value >= pattern.min)) return false;
  if (pattern.max !== undefined && !(fact.value !== undefined && fact.value <= pattern.max)) return false;
  if (pattern.usual !== undefined && !(fact.baseline !== undefined && fact.baseline >= pattern.usual)) return false;
  if (pattern.times !== undefined) {
    // Without a "before" nothing can be said to be unusual.
    if (fact.value === undefined || fact.baseline === undefined) return false;
    if (fact.value < pattern.times * Math.max(fact.baseline, 1e-9)) return false;
  }
  if (fact.at === undefined) return pattern.timed !== true;
  const before = minutesBetween(fact.at, incident.startedAt);
  const after = minutesBetween(incident.endedAt ?? incident.startedAt, fact.at);
  // A change cannot cause what began before it; clocks and detection allow two minutes.
  if (fact.kind === "change") return before <= (pattern.within ?? WITHIN) && before >= -2;
  return before <= (pattern.within ?? WITHIN) && after <= 90;
}
