import type { Report } from "./report";
import { furtherErrors, one, reportText } from "./text";
import { clock, type Language, LEVEL_WORDS, SOURCE_WORDS, WORDS } from "./words";

const inHtml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin-top: 2rem; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--soft); overflow-wrap: anywhere; }
.cause { border: 1px solid var(--line); border-left: 6px solid #c33; border-radius: 6px; padding: .2rem 1rem .6rem; margin: 1rem 0; }
.medium { border-left-color: #c80; } .low { border-left-color: #888; }
.at { white-space: nowrap; font-variant-numeric: tabular-nums; } code { overflow-wrap: anywhere; }
`;

/** The report as one page without any outside resource: it opens from a bucket or an attachment. */
export function reportHtml(report: Report, language: Language): string {
  const say = (key: keyof typeof WORDS) => WORDS[key][language];
  const { about, incident, minutes, causes, timeline, errors, gaps, links, facts, writtenAt } = report;
  const head = `${about.site} ${say(report.phase === "ended" ? "over" : report.phase === "asked" ? "looked" : "down")}`;
  const rows = (cells: readonly (readonly string[])[]) =>
    `<table>${cells.map(([first = "", ...rest]) => `<tr><td class="at">${first}</td>${rest.map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("\n")}</table>`;
  const section = (title: string, body: string) => (body === "" ? "" : `<h2>${title}</h2>\n${body}\n`);
  const list = (items: readonly string[]) =>
    items.length === 0 ? "" : `<ul>${items.map((item) => `<li>${item}</li>`).join("\n")}</ul>`;
  const causeOf = (cause: Report["causes"][number]) =>
    `<div class="cause ${cause.level}"><h3>${inHtml(cause.title[language])}</h3>
<p>${LEVEL_WORDS[cause.level][language]}, ${Math.round(cause.confidence * 100)} %</p>
<p><strong>${say("do")}:</strong> ${inHtml(cause.do[language])}</p>
<p><strong>${say("evidence")}</strong></p>${list(
      cause.evidence.map(
        (fact) =>
          `${fact.at ? `${clock(fact.at, language, false)} ` : ""}${fact.from}: <code>${inHtml(one(fact))}</code>`,
      ),
    )}${
      cause.consequences.length === 0
        ? ""
        : `<p>${say("leadsTo")}: ${cause.consequences.map(({ title }) => inHtml(title[language])).join("; ")}</p>`
    }</div>`;
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${inHtml(head)}</title><style>${STYLE}</style></head><body>
<h1>${inHtml(head)}</h1>
${rows([
  [say("stack"), inHtml(`${about.stack} (${about.region})`)],
  [say("alarm"), inHtml(incident.alarm)],
  [say("since"), clock(incident.startedAt, language)],
  ...(minutes === undefined ? [] : [[say("lasted"), `${minutes} ${say("minutes")}`]]),
  [say("written"), clock(writtenAt, language)],
])}
${section(say("causes"), causes.length > 0 ? causes.map(causeOf).join("\n") : `<p>${say("unknown")}</p>`)}
${section(
  say("timeline"),
  timeline.length === 0
    ? ""
    : rows(
        timeline.map(({ at, kind, subject, text }) => [
          clock(at, language, false),
          kind,
          inHtml(subject),
          `<code>${inHtml(text)}</code>`,
        ]),
      ),
)}
${section(
  say("errors"),
  list([
    ...(errors.first ? [`${say("first")} <code>${inHtml(one(errors.first))}</code>`] : []),
    ...furtherErrors(report).map((fact) => `${fact.count ?? 1} x <code>${inHtml(one(fact))}</code>`),
  ]),
)}
${section(
  say("gaps"),
  gaps.length === 0
    ? ""
    : `${list(gaps.map(({ kind, subject, error }) => `${SOURCE_WORDS[kind][language]} ${inHtml(subject)}: ${inHtml(error)}`))}<p>${say("gapNote")}</p>`,
)}
${section(say("links"), list(links.map(({ title, url }) => `<a href="${inHtml(url)}">${inHtml(title)}</a>`)))}
<details><summary>${say("facts")} (${facts.length})</summary>
${rows(facts.map((fact) => [fact.at ? clock(fact.at, language) : "", fact.from, inHtml(fact.subject), `<code>${inHtml(one(fact))}</code>`]))}
</details>
<details><summary>${say("details")}</summary><pre>${inHtml(reportText(report, language))}</pre></details>
</body></html>
`;
}
