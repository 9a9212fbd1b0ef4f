import { OUTAGES, type Outage } from "../../core/faults";
import { type Bilingual, type Language, speak } from "../../core/language";
import {
  type Bar,
  type Bars,
  type Block,
  bad,
  type Cell,
  type Column,
  type Document,
  details,
  good,
  type Inline,
  list,
  muted,
  type Picture,
  pairs,
  section,
  strong,
  table,
  text,
  warn,
} from "../../output/document";
import { dollars, duration, percent, signedDollars } from "../../output/format";
import { faultTexts, linkText, reportTexts, stepText } from "../../output/messages/report-texts";
import { failuresPerYear } from "../availability/availability";
import type { FaultRecovery } from "../availability/fault-recovery";
import { timings } from "../availability/timings";
import type { Comparison, Option } from "../comparison/options";
import { partsOf } from "../comparison/parts";
import { SECONDS_PER_MONTH } from "../cost/cost-item";

/** What every section of the report is written from. */
interface Source {
  /** Today's setup and the options. */
  readonly all: readonly Option[];
  readonly language: Language;
  readonly say: (id: keyof typeof reportTexts) => string;
  readonly span: (seconds: number) => string;
}

/**
 * The whole report.
 * @param pictures drawn ahead, since the layout library is asynchronous
 */
export function reportDocument(
  comparison: Comparison,
  language: Language,
  pictures: readonly Picture[],
  madeOn: string,
): Document {
  const say = speak(reportTexts, language);
  const source: Source = {
    all: [comparison.today, ...comparison.options],
    language,
    say,
    span: (seconds) => duration(seconds, language),
  };
  const { cost } = comparison.today;
  return {
    title: `${say("title")} · ${comparison.stack}`,
    language,
    blocks: [
      text(say("lead")),
      pairs([
        [say("stack"), comparison.stack],
        [say("region"), comparison.region],
        [
          say("traffic"),
          `${cost.usage.requestsPerMonth.toLocaleString("en-US")} ${say("requests")}, ${cost.usage.gbOutPerMonth} GB`,
        ],
        [say("prices"), cost.pricesAsOf ?? "–"],
      ]),
      section(say("glance"), [{ kind: "cards", cards: source.all.map((option) => card(option, source)) }], "glance"),
      section(say("diagrams"), [text(muted(say("diagramNote"))), ...pictures], "diagrams"),
      section(say("cost"), [text(muted(say("costNote"))), costBars(source), costTable(source)], "cost"),
      section(
        say("availability"),
        [text(muted(say("availabilityNote"))), outageBars(source), availabilityTable(source)],
        "availability",
      ),
      section(say("recovery"), recovery(source), "recovery"),
      section(say("claims"), [brokenClaims(source)], "claims"),
      section(say("work"), [work(source)], "work"),
      section(say("details"), bills(source), "details"),
      section(say("assumptions"), assumptions(source, cost.usage), "assumptions"),
    ],
    footer: `${say("made")}, ${madeOn}`,
  };
}

function card(option: Option, { language, say, span }: Source) {
  const { cost, availability, claim, broken } = option;
  return section(option.title[language], [
    text(`${cost.unknown.length > 0 ? "> " : ""}${dollars(cost.totalUsd)}`),
    text(
      muted([
        say("month"),
        option.architecture === "today" ? "" : `\n${say("againstToday")}: ${signedDollars(option.deltaUsd)}`,
      ]),
    ),
    text(strong(percent(availability.composed)), ` ${say("available")}`),
    text(muted(`${say("downMonth")}: ${span(availability.minutesPerMonth * 60)}`)),
    ...(claim
      ? [text(broken.length === 0 ? good(`✓ ${say("claimHolds")}`) : bad(`✗ ${say("claimBroken")}: ${broken.length}`))]
      : []),
  ]);
}

function costBars({ all, language }: Source): Bars {
  const most = Math.max(...all.map(({ cost }) => cost.totalUsd), 1);
  const names = [...new Map(all.flatMap(({ cost }) => partsOf(cost)).map(({ name }) => [name.en, name])).values()];
  const colour = (name: Bilingual) => names.findIndex(({ en }) => en === name.en);
  return {
    kind: "bars",
    rows: all.map(({ title, cost }) => {
      const parts = partsOf(cost).map(({ name, usd }) => ({
        colour: colour(name),
        share: usd / most,
        label: `${name[language]} ${dollars(usd)}`,
      }));
      const label = parts.map((part) => part.label).join(", ");
      return { name: title[language], bars: [{ label, parts }], value: dollars(cost.totalUsd) };
    }),
    legend: names.map((name) => ({ colour: colour(name), label: name[language] })),
  };
}

const figure = (title: string): Column => ({ title, numeric: true });
const sentences = (items: readonly string[], none: string): Cell => (items.length > 0 ? list(items) : none);

const costTable = ({ all, language, say }: Source): Block =>
  table(
    [
      say("option"),
      figure(say("fixed")),
      figure(say("usage")),
      figure(say("total")),
      figure(say("againstToday")),
      figure(say("afterFree")),
      say("unpriced"),
      say("unverified"),
    ],
    all.map(({ title, architecture, cost, deltaUsd }) => [
      title[language],
      dollars(cost.fixedUsd),
      dollars(cost.usageUsd),
      strong(dollars(cost.totalUsd)),
      architecture === "today" ? "–" : signedDollars(deltaUsd),
      dollars(cost.afterFreeTierUsd),
      sentences(
        cost.unknown.map(({ resource, reason }) => `${resource}: ${reason}`),
        "–",
      ),
      sentences(
        cost.unverified.map(({ price, item, monthlyUsd }) => `${item} (${price}): ${dollars(monthlyUsd)}`),
        "–",
      ),
    ]),
    { caption: say("cost") },
  );

function outageBars({ all, language, say, span }: Source): Bars {
  const shades = [
    { colour: 5, label: say("bySla") },
    { colour: 0, label: say("expected") },
  ];
  const outages = all.map(({ title, availability: { committed, expected } }) => ({
    name: title[language],
    seconds: [committed, expected].map((share) => (1 - share) * SECONDS_PER_MONTH),
  }));
  const worst = Math.max(...outages.flatMap(({ seconds }) => seconds), 1);
  return {
    kind: "bars",
    caption: say("downMonth"),
    rows: outages.map(({ name, seconds }) => ({
      name,
      bars: shades.map(({ colour, label }, i): Bar => {
        const [lasts = 0] = seconds.slice(i);
        return { label: `${label}: ${span(lasts)}`, parts: [{ colour, share: lasts / worst }] };
      }),
      value: seconds.map(span).join("\n"),
    })),
    legend: shades,
  };
}

function availabilityTable({ all, language, say, span }: Source): Block {
  const claimed = ({ availability: { composed }, claim }: Option): Inline => {
    if (claim?.availability === undefined) return "–";
    const told = percent(claim.availability);
    return composed < claim.availability ? bad(`✗ ${told}`) : good(`✓ ${told}`);
  };
  return table(
    [
      say("option"),
      figure(say("bySla")),
      figure(say("expected")),
      figure(say("briefClaim")),
      say("weakest"),
      figure(say("simulated")),
      figure(say("badYear")),
    ],
    all.map((option) => {
      const { committed, expected, weakest, simulation } = option.availability;
      return [
        option.title[language],
        percent(committed),
        percent(expected),
        claimed(option),
        `${linkText(weakest.name, language)} (${percent(weakest.availability)})`,
        `${Math.round(simulation.reaches["99.9"] * 100)} %`,
        span(simulation.p90Minutes * 60),
      ];
    }),
    { caption: say("availability") },
  );
}

/** Bars of one second to half a day on a logarithmic scale. */
const LONGEST = 43_200;
const position = (seconds: number): number =>
  seconds <= 1 ? 0 : Math.min(1, Math.log10(seconds) / Math.log10(LONGEST));
const TICKS = [1, 10, 60, 600, 3600, LONGEST];

function recovery(source: Source): Block[] {
  const { all, language, say, span } = source;
  const legend: Bars["legend"] = [
    { colour: "seen", label: say("detection") },
    { colour: "fixed", label: `${say("repair")}, ${say("automatic")}` },
    { colour: "hand", label: `${say("repair")}, ${say("byHand")}` },
  ];
  return [
    text(muted(say("recoveryNote"))),
    ...OUTAGES.map((fault, i) =>
      section(faultTexts[fault][language], [{ ...timeline(fault, source), ...(i === 0 && { legend }) }]),
    ),
    ...all.map(({ title, availability }) =>
      details(`${title[language]}: ${say("steps")}`, [
        table(
          [say("fault"), say("phase"), say("steps"), figure(say("time")), say("from")],
          availability.recovery.flatMap(({ fault, steps }) =>
            steps.map(({ phase, what, seconds, from }) => [
              faultTexts[fault][language],
              say(phase === "detection" ? "detection" : "repair"),
              stepText(what, language),
              span(seconds),
              from,
            ]),
          ),
          { caption: `${title[language]}: ${say("recovery")}` },
        ),
      ]),
    ),
  ];
}

function timeline(fault: Outage, { all, language, say, span }: Source): Bars {
  const verdict = ({ share, totalSeconds, automatic }: FaultRecovery): Inline => {
    if (share === 0) return good(say("notNoticed"));
    const part = share < 1 ? ` · ${Math.round(share * 100)} %` : "";
    return [`${span(totalSeconds)}${part}`, automatic ? "" : [" · ", warn(say("byHand"))]];
  };
  const drawn = ({ share, automatic, ...course }: FaultRecovery): Bar => {
    const seen = position(course.detectionSeconds);
    return {
      label: `${say("detection")} ${span(course.detectionSeconds)}, ${say("repair")} ${span(course.recoverySeconds)}`,
      parts:
        share === 0
          ? []
          : [
              { colour: "seen", share: seen },
              { colour: automatic ? "fixed" : "hand", share: Math.max(0, position(course.totalSeconds) - seen) },
            ],
    };
  };
  return {
    kind: "bars",
    rows: all.flatMap(({ title, availability }) =>
      availability.recovery
        .filter((course) => course.fault === fault)
        .map((course) => ({ name: title[language], bars: [drawn(course)], value: verdict(course) })),
    ),
    axis: TICKS.map((tick) => ({ at: position(tick), label: span(tick) })),
  };
}

function brokenClaims({ all, language, say }: Source): Block {
  const broken = all.flatMap((option) =>
    option.broken.map(({ claim, reason }) => [option.title[language], claim[language], reason[language]]),
  );
  return broken.length === 0
    ? text(say("noClaims"))
    : table([say("option"), say("claim"), say("reason")], broken, { caption: say("claims") });
}

function work({ all, language, say }: Source): Block {
  const told = (entries: readonly Bilingual[]) =>
    sentences(
      entries.map((entry) => entry[language]),
      say("none"),
    );
  return table(
    [say("option"), say("setupBrief"), say("setup"), say("needs"), say("risks")],
    all.map(({ title, claim, setup, needs, risks }) => [
      title[language],
      claim ? claim.setup[language] : "–",
      told(setup),
      told(needs),
      told(risks),
    ]),
    { caption: say("work") },
  );
}

const bills = ({ all, language, say }: Source): Block[] =>
  all.map(({ title, cost }) =>
    details(`${title[language]}: ${dollars(cost.totalUsd)}`, [
      table(
        [
          say("resource"),
          say("item"),
          figure(say("quantity")),
          figure(say("unitPrice")),
          figure(say("month")),
          say("from"),
        ],
        [...cost.lines]
          .sort((a, b) => b.monthlyUsd - a.monthlyUsd)
          .map((line) => [
            line.resource,
            [`${line.item} `, muted(`(${say(line.kind)})`), line.assumption ? muted(`\n${line.assumption}`) : ""],
            `${Number(line.quantity.toPrecision(6)).toLocaleString("en-US")} ${line.unit}`,
            `$${Number(line.unitPriceUsd.toPrecision(6))}`,
            dollars(line.monthlyUsd),
            [`${line.source}, ${line.asOf}`, line.verified ? "" : warn(` (${say("unverified")})`)],
          ]),
        { caption: `${title[language]}: ${say("details")}` },
      ),
    ]),
  );

const assumptions = ({ language, say, span }: Source, usage: Option["cost"]["usage"]): Block[] => [
  table(
    [say("fault"), figure(say("perYear")), say("why")],
    OUTAGES.map((fault) => [
      faultTexts[fault][language],
      String(failuresPerYear[fault].rate),
      failuresPerYear[fault].why,
    ]),
    { caption: say("failures") },
  ),
  table(
    [say("figure"), figure(say("value")), say("from")],
    Object.entries(timings).map(([name, timing]) => [name, span(timing.seconds), timing.from]),
    { caption: say("recovery") },
  ),
  table(
    [say("figure"), figure(say("value"))],
    Object.entries(usage).map(([name, value]) => [`usage.${name}`, String(value)]),
    { caption: say("traffic") },
  ),
  text(muted(say("simulation"))),
];
