import type { Fact } from "../../../core/incident";
import { type Language, speak } from "../../../core/language";
import {
  type Block,
  type Document,
  details,
  type Inline,
  type Item,
  list,
  literal,
  muted,
  type Pair,
  pairs,
  type Style,
  section,
  steps,
  strong,
  table,
  text,
} from "../../../output/document";
import { incidentTexts, levelTexts, sourceTexts } from "../../../output/messages/incident-texts";
import type { Suspect } from "../causes/diagnose";
import type { Phase, Report } from "./incident-report";

/** Entries of each list in a message; the stored page has them all. */
const MESSAGE = { causes: 3, evidence: 4, moments: 15, errors: 3, links: 8 } as const;
type Limits = Readonly<Record<keyof typeof MESSAGE, number>>;
const PAGE: Limits = { causes: Infinity, evidence: Infinity, moments: Infinity, errors: Infinity, links: Infinity };
const LINE = 160;

const HEADLINES = { started: "down", ended: "over", asked: "looked" } as const satisfies Record<Phase, string>;
const TONES = { high: "bad", medium: "warn", low: "muted" } as const satisfies Record<Suspect["level"], Style>;

/** A moment for people: UTC in English, Korean time in Korean, with its zone. */
function clock(iso: string, language: Language, withDate = true): string {
  const zone = language === "ko" ? { hours: 9, name: "KST" } : { hours: 0, name: "UTC" };
  const time = new Date(Date.parse(iso) + zone.hours * 3_600_000).toISOString();
  const clockTime = time.slice(11, 19);
  return withDate ? `${time.slice(0, 10)} ${clockTime} ${zone.name}` : clockTime;
}

/**
 * What is known of an incident, for people.
 * @param form `message` is short, `page` has everything
 * @param storedAt where the page is kept
 */
export function incidentDocument(
  report: Report,
  language: Language,
  form: "message" | "page",
  storedAt?: string,
): Document {
  const { incident, causes, gaps, links, phase } = report;
  const say = speak(incidentTexts, language);
  const most = form === "page" ? PAGE : MESSAGE;
  const calm = phase === "asked" && incident.alarm === "";
  return {
    title: headline(report, language),
    language,
    blocks: [
      pairs(reportHead(report, language, calm)),
      section(say("causes"), [
        causes.length > 0
          ? steps(causes.slice(0, most.causes).map((cause) => causeItem(cause, language, most.evidence)))
          : text(say(calm ? "calm" : "unknown")),
      ]),
      section(say("timeline"), [
        table(
          ["", "", ""],
          nearest(report.timeline, incident.startedAt, most.moments).map(({ at, kind, subject, text: what }) => [
            clock(at, language, false),
            kind,
            [`${subject}: `, literal(what.slice(0, LINE))],
          ]),
        ),
      ]),
      section(say("errors"), [list(errorLines(report, language, most.errors))]),
      section(say("gaps"), [
        list(gaps.map(({ kind, subject, error }) => [`${sourceTexts[kind][language]} ${subject}: `, literal(error)])),
        ...(gaps.length > 0 ? [text(say("gapNote"))] : []),
      ]),
      section(say("links"), [
        list([
          ...links.slice(0, most.links).map(({ title, url }) => ({ label: title, url })),
          ...(storedAt ? [`${say("stored")}: ${storedAt}`] : []),
        ]),
      ]),
      ...(form === "page" ? [allFacts(report, language)] : []),
    ],
  };
}

function reportHead({ about, incident, minutes, writtenAt }: Report, language: Language, calm: boolean): Pair[] {
  const say = speak(incidentTexts, language);
  const rows: (Pair | false)[] = [
    [say("stack"), `${about.stack} (${about.region})`],
    !calm && [say("alarm"), incident.alarm],
    !calm && [say("since"), clock(incident.startedAt, language)],
    minutes !== undefined && [say("lasted"), `${minutes} ${say("minutes")}`],
    [say("written"), clock(writtenAt, language)],
  ];
  return rows.filter((row) => row !== false);
}

function causeItem(cause: Suspect, language: Language, most: number): Item {
  const say = speak(incidentTexts, language);
  const { title, level, confidence, do: advice, evidence, consequences } = cause;
  return {
    head: [strong(title[language]), muted(`  [${levelTexts[level][language]}, ${Math.round(confidence * 100)} %]`)],
    tone: TONES[level],
    body: [
      text(strong(`${say("do")}:`), ` ${advice[language]}`),
      list(evidence.slice(0, most).map((fact) => [at(fact, language), `${fact.from}: `, literal(one(fact))])),
      ...(consequences.length > 0
        ? [text(`${say("leadsTo")}: ${consequences.map(({ title: what }) => what[language]).join("; ")}`)]
        : []),
    ],
  };
}

/** The first error line, and the frequent ones beside it. */
function errorLines({ errors: { first, top } }: Report, language: Language, most: number): Inline[] {
  const further = top.filter((fact) => fact.text !== first?.text || (fact.count ?? 1) > 1).slice(0, most);
  return [
    ...(first ? [[at(first, language), `(${incidentTexts.first[language]}) `, literal(one(first))]] : []),
    ...further.map((fact) => [`${fact.count ?? 1} x `, literal(one(fact))]),
  ];
}

const allFacts = ({ facts }: Report, language: Language): Block =>
  details(`${incidentTexts.facts[language]} (${facts.length})`, [
    table(
      ["", "", "", ""],
      facts.map((fact) => [at(fact, language), fact.from, fact.subject, literal(one(fact))]),
    ),
  ]);

const at = (fact: Fact, language: Language) => (fact.at ? `${clock(fact.at, language, false)} ` : "");

const headline = ({ about, phase }: Report, language: Language) =>
  `${about.site} ${incidentTexts[HEADLINES[phase]][language]}`;

/** A fact in one line. */
function one({ name, text: told, value }: Fact): string {
  const words = [name, told === name ? undefined : told].filter(Boolean).join(": ");
  const figure = value === undefined || told?.includes(String(value)) ? "" : ` = ${Math.round(value * 100) / 100}`;
  return `${words}${figure}`.replace(/\s+/g, " ").slice(0, LINE);
}

/** The moments nearest to the start, in order. */
function nearest(timeline: Report["timeline"], startedAt: string, most: number): Report["timeline"] {
  const away = (at: string) => Math.abs(Date.parse(at) - Date.parse(startedAt));
  const kept = new Set([...timeline].sort((a, b) => away(a.at) - away(b.at)).slice(0, most));
  return timeline.filter((moment) => kept.has(moment));
}

/** Subject of the e-mail: SNS takes printable ASCII up to 100 characters, so it is English in every language. */
export function reportSubject({ phase, about, minutes, causes }: Report): string {
  const what = {
    started: `DOWN ${about.site}`,
    ended: `OK ${about.site} (${minutes} min)`,
    asked: `Report ${about.site}`,
  }[phase];
  const why = causes[0] ? `: ${causes[0].title.en}` : "";
  return `${what}${why}`.replace(/[^\x20-\x7e]/g, "?").slice(0, 99);
}

/** For a telephone: what, why and what to do. An SMS holds 160 characters, 70 with Korean in them; more are charged as further parts. */
export function reportSms(report: Report, language: Language): string {
  const say = speak(incidentTexts, language);
  const { phase, minutes, causes } = report;
  const lasted = phase === "ended" ? ` (${minutes} ${say("minutes")})` : "";
  const [cause] = causes;
  const why = cause ? `${cause.title[language]} (${levelTexts[cause.level][language]})` : say("unknown");
  return `${headline(report, language)}${lasted}. ${why}`.slice(0, language === "ko" ? 134 : 306);
}
