import { OUTAGES, type Outage } from "../../../core/faults";
import type { Plan } from "../../../core/plan-format";
import { shapeOf } from "../../../insight/availability/shape";
import type { Advice } from "../../../insight/comparison/advice";
import type { Comparison, Option } from "../../../insight/comparison/options";
import {
  accent,
  type Block,
  bad,
  type Document,
  good,
  type Inline,
  muted,
  type Pair,
  pairs,
  section,
  strong,
  table,
  text,
  warn,
} from "../../../output/document";
import { dollars, duration, percent, signedDollars } from "../../../output/format";
import { faultTexts } from "../../../output/messages/report-texts";

/** The comparison in columns, which fit a terminal of 120, what they leave open below them, and the advice if one was asked for. */
export function comparisonDocument(comparison: Comparison, advice?: Advice): Document {
  const columns = [comparison.today, ...comparison.options];
  const { usage, pricesAsOf } = comparison.today.cost;
  const recalled = columns.some(({ cost }) => cost.unverified.length > 0);
  return {
    title: `${comparison.stack} in ${comparison.region}`,
    blocks: [
      table(
        ["", ...columns.map(({ architecture }) => architecture)].map((title, i) => ({ title, width: WIDTHS[i] })),
        rows.map(([name, cell]) => [cell ? name : strong(name), ...(cell ? columns.map(cell) : [])]),
      ),
      ...columns.map((option) => section(option.title.en, [pairs(openPoints(option))])),
      section("Basis", [
        text(
          muted(
            `${usage.requestsPerMonth.toLocaleString("en-US")} requests and ${usage.gbOutPerMonth} GB a month. Prices of ` +
              `${pricesAsOf ?? "?"} or later.`,
          ),
          recalled
            ? muted(" Those that nobody looked up are named above: `platform prices update` refreshes what AWS lists.")
            : "",
        ),
      ]),
      ...(advice ? [adviceSection(advice)] : []),
    ],
  };
}

const WIDTHS = [18, 17, 21, 19, 19, 18];

const outage =
  (fault: Outage) =>
  ({ availability }: Option): Inline => {
    const course = availability.recovery.find((entry) => entry.fault === fault);
    if (!course) return "";
    if (course.share === 0) return good("no outage");
    const part = course.share < 1 ? `, ${Math.round(course.share * 100)} %` : "";
    const shown = `${duration(course.totalSeconds)}${part}`;
    return course.automatic ? shown : warn(`${shown} by hand`);
  };

function claimed({ claim, broken }: Option): Inline {
  if (!claim) return "-";
  const [from, to] = claim.usd;
  const promised = `${claim.availability ? `${percent(claim.availability)}, ` : ""}+$${from === to ? to : `${from}-${to}`}`;
  return broken.length > 0 ? bad(`${promised}: does not hold`) : good(`${promised}: holds`);
}

/** Names and zones of what a plan spreads over, for people. */
function spreadOf(plan: Plan): string {
  const { tier, count, zones } = shapeOf(plan);
  if (tier === "vercel") return "Vercel's edge";
  return `${count} ${tier === "ecs" ? "task(s)" : "instance(s)"} in ${zones} zone(s)`;
}

/** What is compared, line by line; a name alone begins a group. */
const rows: readonly (readonly [name: string, cell?: (option: Option) => Inline])[] = [
  ["Cost, USD a month (list prices, before any free tier)"],
  ["resources", ({ resources }) => String(resources)],
  ["fixed", ({ cost }) => dollars(cost.fixedUsd)],
  ["by usage", ({ cost }) => dollars(cost.usageUsd)],
  ["total", ({ cost }) => strong(`${cost.unknown.length > 0 ? "over " : ""}${dollars(cost.totalUsd)}`)],
  ["against today", ({ architecture, deltaUsd }) => (architecture === "today" ? "-" : signedDollars(deltaUsd))],
  ["with free tier", ({ cost }) => dollars(cost.afterFreeTierUsd)],
  ["not priced", ({ cost }) => (cost.unknown.length > 0 ? warn(`${cost.unknown.length} resource(s)`) : "-")],
  ["not looked up", ({ cost }) => (cost.unverified.length > 0 ? warn(`${dollars(cost.unverifiedUsd)} of it`) : "-")],
  ["Availability"],
  ["by SLAs", ({ availability }) => percent(availability.committed)],
  ["expected", ({ availability }) => percent(availability.expected)],
  ["lower of both", ({ availability }) => strong(percent(availability.composed))],
  ["down a month", ({ availability }) => duration(availability.minutesPerMonth * 60)],
  ["years > 99.9 %", ({ availability }) => `${Math.round(availability.simulation.reaches["99.9"] * 100)} %`],
  ["weakest link", ({ availability }) => availability.weakest.name],
  ["spread over", ({ plan }) => spreadOf(plan)],
  ["brief's claim", claimed],
  ["Outage by fault: detection and recovery, and the share of requests that fail"],
  ...OUTAGES.map((fault) => [faultTexts[fault].en, outage(fault)] as const),
  ["Work"],
  ["setup, brief", ({ claim }) => claim?.setup.en ?? "-"],
];

/** What an option's column cannot say. */
const openPoints = ({ broken, needs, risks, cost }: Option): Pair[] => [
  ...broken.map(({ claim, reason }): Pair => [bad("claim"), `${claim.en}: ${reason.en}`]),
  ...needs.map((need): Pair => [accent("needs"), need.en]),
  ...risks.map((risk): Pair => [warn("risk"), risk.en]),
  ...cost.unknown.map(({ resource, reason }): Pair => [warn("price"), `${resource}: ${reason}`]),
  ...cost.unverified.map(
    ({ price, item, monthlyUsd }): Pair => [
      warn("price"),
      `${price} was not looked up: ${item}, ${dollars(monthlyUsd)} a month`,
    ],
  ),
];

/** Advice for a stated aim, with everything that was tried. */
export const adviceSection = ({ candidates, choice, reason }: Advice): Block =>
  section("Advice", [
    table(
      ["Architecture", "Settings", "USD a month", "Available"],
      candidates.map((candidate) => {
        const settings = Object.entries(candidate.config).map(([key, value]) => `${key}=${String(value)}`);
        const cells = [
          candidate.architecture,
          settings.join(" "),
          dollars(candidate.totalUsd),
          percent(candidate.availability),
        ];
        return candidate === choice ? cells.map(good) : cells;
      }),
    ),
    text(choice ? good(reason) : warn(reason)),
  ]);
