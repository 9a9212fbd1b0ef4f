import type { Suspect } from "./diagnose";
import type { Report } from "./report";
import type { Fact } from "./types";
import { clock, type Language, LEVEL_WORDS, SOURCE_WORDS, WORDS } from "./words";

/** Lines of each list in a message; the stored report has them all. */
const MOST = { causes: 3, evidence: 4, moments: 15, errors: 3 } as const;
const LINE = 160;

/** The report as plain text, for e-mail and terminal. */
export function reportText(report: Report, language: Language, storedAt?: string): string {
  const say = (key: keyof typeof WORDS) => WORDS[key][language];
  const { about, incident, minutes, causes, timeline, errors, gaps, links } = report;
  const head = {
    started: `${about.site} ${say("down")}`,
    ended: `${about.site} ${say("over")}`,
    asked: `${about.site} ${say("looked")}`,
  }[report.phase];
  const quiet = report.phase === "asked" && incident.alarm === "";
  const lines = [
    head,
    "",
    `${say("stack")}: ${about.stack} (${about.region})`,
    ...(quiet
      ? [say("calm")]
      : [`${say("alarm")}: ${incident.alarm}`, `${say("since")}: ${clock(incident.startedAt, language)}`]),
    ...(minutes === undefined ? [] : [`${say("lasted")}: ${minutes} ${say("minutes")}`]),
  ];
  const section = (title: string, body: readonly string[]) => {
    if (body.length > 0) lines.push("", `${title}`, ...body);
  };
  if (causes.length > 0) {
    section(
      say("causes"),
      causes.slice(0, MOST.causes).flatMap((cause, i) => causeLines(cause, i + 1, language)),
    );
  } else if (!quiet) section(say("cause"), [`  ${say("unknown")}`]);
  section(
    say("timeline"),
    nearest(timeline, incident.startedAt).map(
      ({ at, kind, subject, text }) =>
        `  ${clock(at, language, false)}  ${kind.padEnd(10)} ${(kind === "alarm" ? `${subject}: ${text}` : text).slice(0, LINE)}`,
    ),
  );
  const top = furtherErrors(report).slice(0, MOST.errors);
  section(say("errors"), [
    ...(errors.first
      ? [`  ${clock(errors.first.at ?? incident.startedAt, language, false)} (${say("first")}) ${one(errors.first)}`]
      : []),
    ...top.map((fact) => `  ${fact.count ?? 1} x ${one(fact)}`),
  ]);
  section(
    say("gaps"),
    gaps.length === 0
      ? []
      : [
          ...gaps.map(({ kind, subject, error }) => `  ${SOURCE_WORDS[kind][language]} ${subject}: ${error}`),
          `  ${say("gapNote")}`,
        ],
  );
  section(say("links"), [
    ...links.slice(0, 8).map(({ title, url }) => `  ${title}: ${url}`),
    ...(storedAt ? [`  ${say("stored")}: ${storedAt}`] : []),
  ]);
  return `${lines.join("\n")}\n`;
}

function causeLines(cause: Suspect, rank: number, language: Language): string[] {
  const say = (key: keyof typeof WORDS) => WORDS[key][language];
  return [
    `${rank}. ${cause.title[language]}  [${LEVEL_WORDS[cause.level][language]}, ${Math.round(cause.confidence * 100)} %]`,
    `   ${say("do")}: ${cause.do[language]}`,
    ...cause.evidence
      .slice(0, MOST.evidence)
      .map((fact) => `   - ${fact.at ? `${clock(fact.at, language, false)} ` : ""}${fact.from}: ${one(fact)}`),
    ...(cause.consequences.length > 0
      ? [`   ${say("leadsTo")}: ${cause.consequences.map(({ title }) => title[language]).join("; ")}`]
      : []),
  ];
}

/** The frequent error lines beside the first one. */
export const furtherErrors = ({ errors: { first, top } }: Report): readonly Fact[] =>
  top.filter((fact) => fact.text !== first?.text || (fact.count ?? 1) > 1);

/** A fact in one line. */
export function one({ name, text, value }: Fact): string {
  const words = [name, text === name ? undefined : text].filter(Boolean).join(": ");
  const figure = value === undefined || text?.includes(String(value)) ? "" : ` = ${Math.round(value * 100) / 100}`;
  return `${words}${figure}`.replace(/\s+/g, " ").slice(0, LINE);
}

/** The moments nearest to the start, in order. */
function nearest(timeline: Report["timeline"], startedAt: string): Report["timeline"] {
  const away = (at: string) => Math.abs(Date.parse(at) - Date.parse(startedAt));
  const kept = new Set([...timeline].sort((a, b) => away(a.at) - away(b.at)).slice(0, MOST.moments));
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
export function reportSms({ about, phase, causes, minutes }: Report, language: Language): string {
  const say = (key: keyof typeof WORDS) => WORDS[key][language];
  const what =
    phase === "ended" ? `${about.site} ${say("over")} (${minutes} ${say("minutes")})` : `${about.site} ${say("down")}`;
  const [cause] = causes;
  const why = cause ? `${cause.title[language]} (${LEVEL_WORDS[cause.level][language]})` : say("unknown");
  return `${what}. ${why}`.slice(0, language === "ko" ? 134 : 306);
}
