import type { Change, Operation } from "../../../insight/change/flip-changes";
import type { Flip, FlipStage } from "../../../insight/change/flip-effects";
import {
  accent,
  type Block,
  bad,
  code,
  type Document,
  good,
  type Inline,
  list,
  muted,
  type Pair,
  pairs,
  section,
  strong,
  text,
  warn,
  withCommands,
} from "../../../output/document";
import { dollars, duration, percent, signedDollars } from "../../../output/format";
import { migrateCommand, setCommand, upCommand } from "../../../stacks/gates/stops";
import { counts, kind } from "./plan-text";

/** How a change of a resource is marked. */
export const SIGNS: Readonly<Record<Operation, Inline>> = {
  create: good("+"),
  update: warn("~"),
  replace: bad("±"),
  delete: bad("-"),
  keep: " ",
};

/** What a flip, or a change of code, comes to. */
export const VERDICTS: Readonly<Record<Flip["verdict"], Inline>> = {
  safe: good("safe"),
  blocked: warn("blocked: something is missing"),
  unsafe: bad(strong("NOT SAFE: data would be lost")),
};

const NEEDS: Readonly<Record<Flip["moves"][number]["need"], Inline>> = {
  do: warn("do"),
  check: accent("check"),
  none: good("comes"),
};

/** A flip as a person reads it: the verdict, the steps with the gates between, and what else is to be known or done. */
export const flipDocument = (flip: Flip, all = false): Document => ({
  title: [`${flip.stack}: ${flip.from} → ${flip.to}, `, VERDICTS[flip.verdict]],
  blocks: [
    pairs(verdictRows(flip)),
    section(warn("`pulumi up` needs before it goes on"), [list(flip.missing.map(withCommands))]),
    section("Replaced beside what serves", [list(flip.inside)]),
    section("Steps, in the program's order", [
      code(flip.stages.flatMap((stage, index) => stageLines(stage, index === flip.stages.length - 1, all))),
      ...(all ? [] : [text(muted("--all lists every resource"))]),
    ]),
    section("What else has to move", [
      pairs(flip.moves.map(({ subject, need, text: what }) => [NEEDS[need], [strong(subject), `: ${what}`]])),
    ]),
    section("Risks that remain", [list(flip.risks)]),
    next(flip),
  ],
});

function verdictRows({ from, to, downtime, data, time, cost, availability, counts: n, basis }: Flip): Pair[] {
  const kept = data.kept.map(({ name }) => name).join(", ");
  return [
    [
      "Downtime",
      downtime.seconds === 0 ? good("none expected") : bad(`about ${duration(downtime.seconds)} expected`),
      ...downtime.reasons.flatMap(({ what, instead }) => [what, instead]),
    ],
    [
      "Data",
      data.safe ? good("nothing that holds data is deleted or replaced") : bad("would be lost"),
      ...data.findings,
      ...(kept ? [`Untouched: ${kept}.`] : []),
    ],
    [
      "Resources",
      [
        `${n.create} created, ${n.update} updated, `,
        n.replace > 0 ? [bad(`${n.replace} replaced`), ", "] : "",
        `${n.delete} deleted, ${n.keep} kept`,
      ],
    ],
    [
      "Time",
      `about ${duration(time.untilServed)} until ${to} has all visitors, ${duration(time.total)} until ${from} is gone`,
    ],
    [
      "Cost",
      `${dollars(cost.beforeUsd)} → ${dollars(cost.afterUsd)} a month (${signedDollars(cost.deltaUsd)}); both at once ` +
        `during the flip: ${dollars(cost.overlapUsd)}`,
    ],
    ["Availability", `${percent(availability.before)} → ${percent(availability.after)}`],
    ["Basis", `${basis.kind === "state" ? "the deployed state" : "the two plans alone"}: ${basis.why}`],
  ];
}

function stageLines(stage: FlipStage, last: boolean, all: boolean): Inline[] {
  const { gate, name, what, changes, seconds, spans, onFailure } = stage;
  if (!gate && changes.length === 0) return [];
  const about = seconds > 0 ? muted(`  about ${duration(seconds)}`) : "";
  const rail = last ? "  " : "│ ";
  const title: Inline = gate ? [accent("◆"), " ", strong(what)] : [last ? "└ " : "├ ", strong(name), `: ${what}`];
  return [
    [title, about],
    ...changed(changes, all).map((line): Inline => [`${rail}  `, line]),
    ...spans.map((span) => muted(`${rail}  ${duration(span.seconds).padStart(7)}  ${span.what} (${span.from})`)),
    ...(last ? [] : [muted(`${rail}  if it fails: ${onFailure}`)]),
  ];
}

/** Updates and replacements one by one, since each is a decision; creations and deletions as counts. */
function changed(changes: readonly Change[], all: boolean): Inline[] {
  const one = ({ operation, type, name, properties, because, protect }: Change): Inline => [
    SIGNS[operation],
    ` ${kind(type)} `,
    muted(name),
    protect ? good(" ◆") : "",
    properties.length > 0 ? `  ${properties.join(", ")}` : "",
    because.length > 0 ? bad(`  forced by ${because.join(", ")}`) : "",
  ];
  if (all) return changes.map(one);
  const single = changes.filter(({ operation }) => operation === "update" || operation === "replace");
  const many = (["create", "delete"] as const).flatMap((operation): Inline[] => {
    const group = changes.filter((change) => change.operation === operation);
    return group.length > 0 ? [[SIGNS[operation], ` ${group.length}: ${counts(group)}`]] : [];
  });
  return [...many, ...single.map(one)];
}

const next = ({ verdict, stack, to }: Flip): Block =>
  verdict === "unsafe"
    ? section(bad("Do not run `pulumi up` with this change"), [text("What is named above would be lost.")])
    : section("To do it", [
        code([
          `${migrateCommand(stack)} --to ${to}    in steps, with a look at the alarms after each, and back by itself`,
          `${setCommand({ stack, project: "iamvet" }, "architecture", to)} && ${upCommand(stack)}    in one step`,
        ]),
      ]);
