import pc from "picocolors";
import type { Flip, FlipStage } from "../insight/flip";
import type { Change, Operation } from "../insight/flip-changes";
import { dollars, duration, percent, signedDollars } from "../insight/format";
import { migrateCommand, setCommand, upCommand } from "../stacks/gates/stops";
import { counts, kind } from "./plan-text";

const SIGNS: Readonly<Record<Operation, string>> = {
  create: pc.green("+"),
  update: pc.yellow("~"),
  replace: pc.red("±"),
  delete: pc.red("-"),
  keep: " ",
};

const VERDICTS: Readonly<Record<Flip["verdict"], (text: string) => string>> = {
  safe: pc.green,
  blocked: pc.yellow,
  unsafe: pc.red,
};

/** A flip as a person reads it: the verdict, the steps with the gates between, and what else is to be known or done. */
export function renderFlip(flip: Flip, all = false): string {
  const { stack, from, to, verdict, downtime, data, time, cost, availability, counts: n, basis } = flip;
  const how = {
    safe: "safe",
    blocked: "blocked: something is missing",
    unsafe: "NOT SAFE: data would be lost",
  }[verdict];
  const row = (name: string, text: string) => `  ${name.padEnd(14)}${text}`;
  const kept = data.kept.map(({ name }) => name).join(", ");
  return [
    `${pc.bold(pc.underline(stack))}  ${pc.cyan(from)} → ${pc.cyan(to)}  ${VERDICTS[verdict](pc.bold(how))}`,
    "",
    row(
      "Downtime",
      downtime.seconds === 0 ? pc.green("none expected") : pc.red(`about ${duration(downtime.seconds)} expected`),
    ),
    ...downtime.reasons.flatMap(({ what, instead }) => [row("", what), row("", instead)]),
    row("Data", data.safe ? pc.green("nothing that holds data is deleted or replaced") : pc.red("would be lost")),
    ...data.findings.map((finding) => row("", finding)),
    ...(kept ? [row("", `Untouched: ${kept}.`)] : []),
    row(
      "Resources",
      [
        `${n.create} created`,
        `${n.update} updated`,
        ...(n.replace > 0 ? [pc.red(`${n.replace} replaced`)] : []),
        `${n.delete} deleted`,
        `${n.keep} kept`,
      ].join(", "),
    ),
    row(
      "Time",
      `about ${duration(time.untilServed)} until ${to} has all visitors, ${duration(time.total)} until ${from} is gone`,
    ),
    row(
      "Cost",
      `${dollars(cost.beforeUsd)} → ${dollars(cost.afterUsd)} a month (${signedDollars(cost.deltaUsd)}); both at once during the flip: ${dollars(cost.overlapUsd)}`,
    ),
    row("Availability", `${percent(availability.before)} → ${percent(availability.after)}`),
    row("Basis", `${basis.kind === "state" ? "the deployed state" : "the two plans alone"}: ${basis.why}`),
    ...section(
      pc.yellow("`pulumi up` needs before it goes on"),
      flip.missing.map((text) => text.replaceAll("\n", "\n    ")),
    ),
    ...section("Replaced beside what serves", flip.inside),
    "",
    pc.bold("Steps, in the engine's order"),
    ...flip.stages.flatMap((stage, index) => steps(stage, index === flip.stages.length - 1, all)),
    ...(all ? [] : [pc.dim("  --all lists every resource")]),
    "",
    pc.bold("What else has to move"),
    ...flip.moves.map(
      ({ subject, need, text }) =>
        `  ${{ do: pc.yellow("do   "), check: pc.cyan("check"), none: pc.green("comes") }[need]}  ${pc.bold(subject)}: ${text}`,
    ),
    ...section("Risks that remain", flip.risks),
    ...next(flip),
  ].join("\n");
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length > 0 ? ["", pc.bold(title), ...lines.map((line) => `  • ${line}`)] : [];

function steps(stage: FlipStage, last: boolean, all: boolean): string[] {
  const { gate, name, what, changes, seconds, spans, onFailure } = stage;
  if (!gate && changes.length === 0) return [];
  const about = seconds > 0 ? pc.dim(`  about ${duration(seconds)}`) : "";
  const rail = last ? "  " : "│ ";
  const title = gate ? `${pc.magenta("◆")} ${pc.bold(what)}` : `${last ? "└" : "├"} ${pc.bold(name)}: ${what}`;
  return [
    `  ${title}${about}`,
    ...changed(changes, all).map((line) => `  ${rail}  ${line}`),
    ...spans.map((span) => pc.dim(`  ${rail}  ${duration(span.seconds).padStart(7)}  ${span.what} (${span.from})`)),
    ...(last ? [] : [pc.dim(`  ${rail}  if it fails: ${onFailure}`)]),
  ];
}

/** Updates and replacements one by one, since each is a decision; creations and deletions as counts. */
function changed(changes: readonly Change[], all: boolean): string[] {
  const one = ({ operation, type, name, properties, because, protect }: Change) => {
    const why = because.length > 0 ? pc.red(`  forced by ${because.join(", ")}`) : "";
    return `${SIGNS[operation]} ${kind(type)} ${pc.dim(name)}${protect ? pc.green(" ◆") : ""}${properties.length > 0 ? `  ${properties.join(", ")}` : ""}${why}`;
  };
  if (all) return changes.map(one);
  const single = changes.filter(({ operation }) => operation === "update" || operation === "replace");
  const many = (["create", "delete"] as const).flatMap((operation) => {
    const group = changes.filter((change) => change.operation === operation);
    return group.length > 0 ? [`${SIGNS[operation]} ${group.length}: ${counts(group)}`] : [];
  });
  return [...many, ...single.map(one)];
}

function next({ verdict, stack, to }: Flip): string[] {
  if (verdict === "unsafe") return ["", pc.red("Do not run `pulumi up` with this change.")];
  return [
    "",
    pc.bold("To do it"),
    `  ${migrateCommand(stack)} --to ${to}    in steps, with a look at the alarms after each, and back by itself`,
    `  ${setCommand({ stack, project: "iamvet" }, "architecture", to)} && ${upCommand(stack)}    in one step`,
  ];
}
