import { failuresPerYear } from "./availability";
import { type Comparison, type Option, partsOf } from "./compare";
import { describe, type Graph } from "./diagram";
import { dollars, duration, percent, signedDollars } from "./format";
import { type FaultRecovery, faults, timings } from "./recovery";
import { durationWords, faultWords, type Language, linkWords, reportWords, stepWords } from "./words";

/** One picture of the report: the layout library's SVG and the graph it was made from. */
export interface Picture {
  readonly title: string;
  readonly graph: Graph;
  readonly svg: string;
  readonly note?: string;
}

const safe = (value: string): string =>
  value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** The layout library's SVG without prologue, with a name for screen readers and sizes left to the page. */
export function accessibleSvg(svg: string, title: string, id: string): string {
  const body = svg.slice(svg.indexOf("<svg")).replace(/<title>[^<]*<\/title>/g, "");
  const box = /viewBox="([^"]+)"/.exec(body)?.[1] ?? "0 0 100 100";
  const width = Math.round(Number(box.split(" ")[2] ?? 100) * 1.33);
  const inner = body
    .slice(body.indexOf(">") + 1)
    .replace(/ (fill|stroke)="(black|lightgrey|none)"/g, (match, _attribute, value) => (value === "none" ? match : ""));
  return `<svg role="img" aria-labelledby="${id}" viewBox="${box}" style="width:${width}px"><title id="${id}">${safe(title)}</title>${inner}`;
}

/** The page's style: light and dark, screen and paper. Text has at least 4.5:1 on its ground, bars 3:1. */
const STYLE = `
:root{color-scheme:light dark;--ground:#fff;--panel:#f6f7f9;--text:#171a1f;--muted:#4a5361;--line:#c9ced6;--accent:#1d4ed8;--good:#14713a;--bad:#b42318;--warn:#92500a;
--c0:#1d4ed8;--c1:#0f766e;--c2:#9333ea;--c3:#b45309;--c4:#be185d;--c5:#334155;--c6:#4d7c0f;--c7:#0369a1;--c8:#7c2d12;--c9:#6b21a8;--c10:#a16207;--c11:#52525b;--box:#eef2ff;--edge:#3f4a5a}
@media (prefers-color-scheme:dark){:root{--ground:#11141a;--panel:#191e26;--text:#e7eaee;--muted:#aab3c0;--line:#3a4350;--accent:#8ab4ff;--good:#62d394;--bad:#ff9a8f;--warn:#f2b866;
--c0:#7aa7ff;--c1:#4fd1c5;--c2:#c79bff;--c3:#f5a54a;--c4:#ff86be;--c5:#a9b6c9;--c6:#a8d65c;--c7:#5cc4f5;--c8:#e8967a;--c9:#dba6ff;--c10:#e6c34d;--c11:#b5b8be;--box:#1e2735;--edge:#9aa7b8}}
*{box-sizing:border-box}html{scroll-behavior:smooth}body{margin:0;background:var(--ground);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI","Apple SD Gothic Neo","Noto Sans KR","Noto Sans CJK KR","Malgun Gothic",sans-serif}
:lang(ko){word-break:keep-all;overflow-wrap:break-word}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:1rem;background:var(--ground);padding:.5rem 1rem;z-index:9}
header,main,footer,nav{max-width:72rem;margin:0 auto;padding:0 1.25rem}header{padding-top:2.5rem}h1{font-size:2rem;line-height:1.2;margin:0 0 .4rem}h2{font-size:1.4rem;margin:3rem 0 .4rem;padding-top:.5rem;border-top:1px solid var(--line)}h3{font-size:1.05rem;margin:1.6rem 0 .5rem}
p{max-width:48rem;margin:.3rem 0 1rem}.muted,figcaption,small{color:var(--muted)}a{color:var(--accent)}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
dl.facts{display:flex;flex-wrap:wrap;gap:.3rem 2rem;margin:1rem 0}dl.facts div{display:flex;gap:.5rem}dl.facts dt{color:var(--muted)}dl.facts dd{margin:0;font-weight:600}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;padding:0;margin:.5rem 0;list-style:none}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr));gap:1rem;padding:0;list-style:none}.card{background:var(--panel);border:1px solid var(--line);border-radius:.6rem;padding:1rem}.card h3{margin:0 0 .6rem;font-size:.95rem;min-height:4.6em}
.big{font-size:1.6rem;font-weight:700;font-variant-numeric:tabular-nums;line-height:1.2}.card p{margin:.15rem 0}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.8rem 0;font-size:.92rem}caption{text-align:left;color:var(--muted);padding:.3rem 0}th,td{text-align:left;padding:.45rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}thead th{border-bottom:2px solid var(--line)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td ul{margin:0;padding-left:1.1rem}figure{margin:1rem 0}.bars{display:grid;gap:.45rem}.row{display:grid;grid-template-columns:13rem 1fr 12rem;grid-template-areas:"n p v";gap:.8rem;align-items:center}.row>.n{grid-area:n}.row>.p{grid-area:p}.row>.v{grid-area:v}.bars .v{font-variant-numeric:tabular-nums;font-weight:600;text-align:right}
.bar{display:flex;height:1.5rem;background:var(--panel);border-radius:.25rem;overflow:hidden}.bar i{display:block;min-width:1px;border-right:1px solid var(--ground)}.bar.thin{height:1.05rem;margin:.15rem 0}.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;padding:0;list-style:none;font-size:.88rem}.legend i,.key{display:inline-block;width:.85rem;height:.85rem;border-radius:.2rem;margin-right:.4rem;vertical-align:-.08rem}
.seen{background:repeating-linear-gradient(45deg,var(--c3) 0 5px,var(--ground) 5px 8px)}.fixed{background:var(--c0)}.hand{background:var(--c4)}
.axis{position:relative;height:1.4rem;font-size:.78rem;color:var(--muted)}.axis span{position:absolute;white-space:nowrap;transform:translateX(-50%)}.axis span:first-child{transform:none}.axis span:last-child{transform:translateX(-100%)}
.diagram{background:var(--panel);border:1px solid var(--line);border-radius:.6rem;padding:1rem;overflow-x:auto}.diagram svg{display:block;max-width:max(100%,44rem);height:auto;margin:0 auto}
svg .box path,svg .box polygon{fill:var(--box);stroke:var(--edge)}svg .box text{fill:var(--text);font-family:inherit}svg .arrow path{stroke:var(--edge)}svg .arrow polygon{fill:var(--edge);stroke:var(--edge)}svg .new path,svg .new polygon{stroke:var(--good)}svg .arrow.new polygon{fill:var(--good)}svg .old path,svg .old polygon{stroke:var(--bad)}svg .arrow.old polygon{fill:var(--bad)}svg .users path,svg .people path{fill:transparent}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--accent);padding:.2rem 0}footer{padding:3rem 1.25rem;color:var(--muted);font-size:.88rem}
@media (max-width:48rem){.row{grid-template-columns:1fr auto;grid-template-areas:"n v" "p p";gap:.2rem .8rem}.bars{gap:.9rem}h1{font-size:1.6rem}}
@media print{:root{color-scheme:light;--ground:#fff;--panel:#fff;--text:#000;--muted:#333;--line:#999}body{font-size:10.5pt}nav,.skip{display:none}h2{break-after:avoid}figure,.card,tr,.diagram{break-inside:avoid}details>*{display:block}details::details-content{content-visibility:visible}.diagram~details,[aria-labelledby=details] .scroll{display:none}thead,caption{break-after:avoid}.scroll,.diagram{overflow:visible}.bar i,.legend i,.key,.bar{print-color-adjust:exact;-webkit-print-color-adjust:exact}a{color:inherit;text-decoration:none}}
`;

/** Bars of one second to half a day on a logarithmic scale. */
const LONGEST = 43_200;
const position = (seconds: number): number =>
  seconds <= 1 ? 0 : Math.min(100, (Math.log10(seconds) / Math.log10(LONGEST)) * 100);

/**
 * The whole report as one page that needs nothing else: style, pictures and figures are inside, and no script.
 * @param pictures drawn ahead, since the layout library is asynchronous
 */
export function renderReport(
  comparison: Comparison,
  language: Language,
  pictures: readonly Picture[],
  madeOn: string,
): string {
  const w = (key: keyof typeof reportWords): string => safe(reportWords[key][language]);
  const span = (seconds: number): string => safe(durationWords(duration(seconds), language));
  const all = [comparison.today, ...comparison.options];
  const title = (option: Option): string => safe(option.title[language]);
  const { usage } = comparison.today.cost;
  const table = (
    caption: string,
    head: readonly (readonly [string, boolean?])[],
    rows: readonly (readonly string[])[],
  ): string =>
    `<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${head
      .map(([name, numeric]) => `<th scope="col"${numeric ? ' class="n"' : ""}>${name}</th>`)
      .join("")}</tr></thead><tbody>${rows
      .map(
        (cells) =>
          `<tr>${cells
            .map((cell, i) =>
              i === 0 ? `<th scope="row">${cell}</th>` : `<td${head[i]?.[1] ? ' class="n"' : ""}>${cell}</td>`,
            )
            .join("")}</tr>`,
      )
      .join("")}</tbody></table></div>`;
  const items = (entries: readonly string[]): string =>
    entries.length === 0 ? w("none") : `<ul>${entries.map((entry) => `<li>${safe(entry)}</li>`).join("")}</ul>`;

  const card = (option: Option): string => `<li class="card"><h3>${title(option)}</h3>
<p class="big">${option.cost.unknown.length > 0 ? "&gt; " : ""}${dollars(option.cost.totalUsd)}</p><p class="muted">${w("month")}${option.architecture === "today" ? "" : `<br>${w("againstToday")}: ${signedDollars(option.deltaUsd)}`}</p>
<p><strong>${percent(option.availability.composed)}</strong> ${w("available")}</p><p class="muted">${w("downMonth")}: ${span(option.availability.minutesPerMonth * 60)}</p>
${option.claim ? (option.broken.length === 0 ? `<p class="good">✓ ${w("claimHolds")}</p>` : `<p class="bad">✗ ${w("claimBroken")}: ${option.broken.length}</p>`) : ""}</li>`;

  const most = Math.max(...all.map((option) => option.cost.totalUsd), 1);
  const partNames = [
    ...new Map(all.flatMap((option) => partsOf(option.cost)).map(({ name }) => [name.en, name])).values(),
  ];
  const colour = (name: string): string => `var(--c${partNames.findIndex((part) => part.en === name) % 12})`;
  const costBars = `<figure role="group" aria-label="${w("cost")}"><div class="bars">${all
    .map((option) => {
      const parts = partsOf(option.cost);
      const spoken = parts.map(({ name, usd }) => `${name[language]} ${dollars(usd)}`).join(", ");
      return `<div class="row"><div class="n">${title(option)}</div><div class="bar p" role="img" aria-label="${safe(spoken)}">${parts
        .map(
          ({ name, usd }) =>
            `<i style="width:${((usd / most) * 100).toFixed(2)}%;background:${colour(name.en)}" title="${safe(`${name[language]} ${dollars(usd)}`)}"></i>`,
        )
        .join("")}</div><div class="v">${dollars(option.cost.totalUsd)}</div></div>`;
    })
    .join("")}</div><ul class="legend">${partNames
    .map((name) => `<li><i style="background:${colour(name.en)}"></i>${safe(name[language])}</li>`)
    .join("")}</ul></figure>`;

  const costTable = table(
    w("cost"),
    [
      [w("option")],
      [w("fixed"), true],
      [w("usage"), true],
      [w("total"), true],
      [w("againstToday"), true],
      [w("afterFree"), true],
      [w("unpriced")],
      [w("unverified")],
    ],
    all.map((option) => [
      title(option),
      dollars(option.cost.fixedUsd),
      dollars(option.cost.usageUsd),
      `<strong>${dollars(option.cost.totalUsd)}</strong>`,
      option.architecture === "today" ? "–" : signedDollars(option.deltaUsd),
      dollars(option.cost.afterFreeTierUsd),
      option.cost.unknown.length === 0
        ? "–"
        : items(option.cost.unknown.map((entry) => `${entry.resource}: ${entry.reason}`)),
      option.cost.unverified.length === 0
        ? "–"
        : items(
            option.cost.unverified.map(({ price, item, monthlyUsd }) => `${item} (${price}): ${dollars(monthlyUsd)}`),
          ),
    ]),
  );

  const MONTH_S = 730 * 3600;
  const outages = all.map(({ availability, ...option }) => ({
    title: safe(option.title[language]),
    bars: [
      { kind: "bySla", colour: "c5", seconds: (1 - availability.committed) * MONTH_S },
      { kind: "expected", colour: "c0", seconds: (1 - availability.expected) * MONTH_S },
    ] as const,
  }));
  const worst = Math.max(...outages.flatMap(({ bars }) => bars.map((bar) => bar.seconds)), 1);
  const availabilityBars = `<figure role="group" aria-label="${w("downMonth")}"><figcaption>${w("downMonth")}</figcaption><div class="bars">${outages
    .map(
      ({ title: name, bars }) =>
        `<div class="row"><div class="n">${name}</div><div class="p">${bars
          .map(
            ({ kind, colour: shade, seconds }) =>
              `<div class="bar thin" role="img" aria-label="${w(kind)}: ${span(seconds)}"><i style="width:${((seconds / worst) * 100).toFixed(2)}%;background:var(--${shade})"></i></div>`,
          )
          .join("")}</div><div class="v">${bars.map(({ seconds }) => span(seconds)).join("<br>")}</div></div>`,
    )
    .join(
      "",
    )}</div><ul class="legend"><li><i style="background:var(--c5)"></i>${w("bySla")}</li><li><i style="background:var(--c0)"></i>${w("expected")}</li></ul></figure>`;
  const availabilityTable = table(
    w("availability"),
    [
      [w("option")],
      [w("bySla"), true],
      [w("expected"), true],
      [w("briefClaim"), true],
      [w("weakest")],
      [w("simulated"), true],
      [w("badYear"), true],
    ],
    all.map(({ availability, claim, ...option }) => [
      safe(option.title[language]),
      percent(availability.committed),
      percent(availability.expected),
      claim?.availability === undefined
        ? "–"
        : `<span class="${availability.composed < claim.availability ? "bad" : "good"}">${availability.composed < claim.availability ? "✗" : "✓"} ${percent(claim.availability)}</span>`,
      `${safe(linkWords(availability.weakest.name, language))} (${percent(availability.weakest.availability)})`,
      `${Math.round(availability.simulation.reaches["99.9"] * 100)} %`,
      span(availability.simulation.p90Minutes * 60),
    ]),
  );

  const courseOf = (option: Option, fault: FaultRecovery["fault"]): FaultRecovery | undefined =>
    option.availability.recovery.find((entry) => entry.fault === fault);
  const verdict = (course: FaultRecovery): string =>
    course.share === 0
      ? `<span class="good">${w("notNoticed")}</span>`
      : `${span(course.totalSeconds)}${course.share < 1 ? ` · ${Math.round(course.share * 100)} %` : ""}${course.automatic ? "" : ` · <span class="warn">${w("byHand")}</span>`}`;
  const ticks = [1, 10, 60, 600, 3600, LONGEST];
  const timeline = (fault: (typeof faults)[number]): string =>
    `<h3>${safe(faultWords[fault][language])}</h3><div class="bars">${all
      .map((option) => {
        const course = courseOf(option, fault);
        if (!course) return "";
        const seen = position(course.detectionSeconds);
        const end = position(course.totalSeconds);
        const spoken = `${reportWords.detection[language]} ${duration(course.detectionSeconds)}, ${reportWords.repair[language]} ${duration(course.recoverySeconds)}`;
        const bar =
          course.share === 0
            ? ""
            : `<i class="seen" style="width:${seen.toFixed(2)}%"></i><i class="${course.automatic ? "fixed" : "hand"}" style="width:${Math.max(0, end - seen).toFixed(2)}%"></i>`;
        return `<div class="row"><div class="n">${title(option)}</div><div class="bar p" role="img" aria-label="${safe(spoken)}">${bar}</div><div class="v">${verdict(course)}</div></div>`;
      })
      .join(
        "",
      )}<div class="row"><div class="axis p" aria-hidden="true">${ticks.map((tick) => `<span style="left:${position(tick).toFixed(2)}%">${span(tick)}</span>`).join("")}</div></div></div>`;
  const recoverySteps = all
    .map(
      (option) =>
        `<details><summary>${title(option)}: ${w("steps")}</summary>${table(
          `${title(option)}: ${w("recovery")}`,
          [[w("fault")], [w("phase")], [w("steps")], [w("time"), true], [w("from")]],
          option.availability.recovery.flatMap((course) =>
            course.steps.map((step) => [
              safe(faultWords[course.fault][language]),
              w(step.phase === "detection" ? "detection" : "repair"),
              safe(stepWords(step.what, language)),
              span(step.seconds),
              safe(step.from),
            ]),
          ),
        )}</details>`,
    )
    .join("");

  const drawings = pictures
    .map(
      (picture, i) =>
        `<figure><h3>${safe(picture.title)}</h3><div class="diagram" tabindex="0" role="group" aria-label="${safe(picture.title)}">${accessibleSvg(picture.svg, picture.title, `picture-${i}`)}</div>${
          picture.note ? `<figcaption>${safe(picture.note)}</figcaption>` : ""
        }<details><summary>${w("connections")}</summary>${items(describe(picture.graph, language))}</details></figure>`,
    )
    .join("");

  const broken = all.flatMap((option) =>
    option.broken.map(({ claim, reason }) => [title(option), safe(claim[language]), safe(reason[language])]),
  );
  const claimTable =
    broken.length === 0
      ? `<p>${w("noClaims")}</p>`
      : table(w("claims"), [[w("option")], [w("claim")], [w("reason")]], broken);
  const workTable = table(
    w("work"),
    [[w("option")], [w("setupBrief")], [w("setup")], [w("needs")], [w("risks")]],
    all.map((option) => [
      title(option),
      option.claim ? safe(option.claim.setup[language]) : "–",
      items(option.setup.map((words) => words[language])),
      items(option.needs.map((words) => words[language])),
      items(option.risks.map((words) => words[language])),
    ]),
  );

  const bill = all
    .map(
      (option) =>
        `<details><summary>${title(option)}: ${dollars(option.cost.totalUsd)}</summary>${table(
          `${title(option)}: ${w("details")}`,
          [
            [w("resource")],
            [w("item")],
            [w("quantity"), true],
            [w("unitPrice"), true],
            [w("month"), true],
            [w("from")],
          ],
          [...option.cost.lines]
            .sort((a, b) => b.monthlyUsd - a.monthlyUsd)
            .map((line) => [
              safe(line.resource),
              `${safe(line.item)} <span class="muted">(${w(line.kind === "fixed" ? "fixed" : "usage")})</span>${line.assumption ? `<br><small>${safe(line.assumption)}</small>` : ""}`,
              `${Number(line.quantity.toPrecision(6)).toLocaleString("en-US")} ${safe(line.unit)}`,
              `$${Number(line.unitPriceUsd.toPrecision(6))}`,
              dollars(line.monthlyUsd),
              `${safe(line.source)}, ${line.asOf}${line.verified ? "" : ` <span class="warn">(${w("unverified")})</span>`}`,
            ]),
        )}</details>`,
    )
    .join("");

  const assumptions = `${table(
    w("failures"),
    [[w("fault")], [w("perYear"), true], [w("why")]],
    faults.map((fault) => [
      safe(faultWords[fault][language]),
      String(failuresPerYear[fault].rate),
      safe(failuresPerYear[fault].why),
    ]),
  )}${table(
    w("recovery"),
    [[w("figure")], [w("value"), true], [w("from")]],
    Object.entries(timings).map(([name, timing]) => [safe(name), span(timing.seconds), safe(timing.from)]),
  )}${table(
    w("traffic"),
    [[w("figure")], [w("value"), true]],
    Object.entries(usage).map(([name, value]) => [safe(`usage.${name}`), safe(String(value))]),
  )}<p class="muted">${w("simulation")}</p>`;

  const sections: readonly (readonly [id: string, name: string, content: string])[] = [
    ["glance", w("glance"), `<ul class="cards">${all.map(card).join("")}</ul>`],
    ["diagrams", w("diagrams"), `<p class="muted">${w("diagramNote")}</p>${drawings}`],
    ["cost", w("cost"), `<p class="muted">${w("costNote")}</p>${costBars}${costTable}`],
    [
      "availability",
      w("availability"),
      `<p class="muted">${w("availabilityNote")}</p>${availabilityBars}${availabilityTable}`,
    ],
    [
      "recovery",
      w("recovery"),
      `<p class="muted">${w("recoveryNote")}</p><ul class="legend"><li><span class="key seen"></span>${w("detection")}</li><li><span class="key fixed"></span>${w("repair")}, ${w("automatic")}</li><li><span class="key hand"></span>${w("repair")}, ${w("byHand")}</li></ul>${faults.map(timeline).join("")}${recoverySteps}`,
    ],
    ["claims", w("claims"), claimTable],
    ["work", w("work"), workTable],
    ["details", w("details"), bill],
    ["assumptions", w("assumptions"), assumptions],
  ];

  const page = `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${w("title")} · ${safe(comparison.stack)}</title><style>${STYLE}</style></head><body>
<a class="skip" href="#main">${w("skip")}</a>
<header><h1>${w("title")}</h1><p>${w("lead")}</p><dl class="facts"><div><dt>${w("stack")}</dt><dd>${safe(comparison.stack)}</dd></div><div><dt>${w("region")}</dt><dd>${safe(comparison.region)}</dd></div><div><dt>${w("traffic")}</dt><dd>${usage.requestsPerMonth.toLocaleString("en-US")} ${w("requests")}, ${usage.gbOutPerMonth} GB</dd></div><div><dt>${w("prices")}</dt><dd>${comparison.today.cost.pricesAsOf ?? "–"}</dd></div></dl></header>
<nav aria-label="${w("contents")}"><ul>${sections.map(([id, name]) => `<li><a href="#${id}">${name}</a></li>`).join("")}</ul></nav>
<main id="main">${sections.map(([id, name, content]) => `<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>${content}</section>`).join("\n")}</main>
<footer>${w("made")}, ${safe(madeOn)}</footer></body></html>
`;
  // A percent sign stays with its number.
  return page.replace(/(\d) %/g, "$1\u00a0%");
}
