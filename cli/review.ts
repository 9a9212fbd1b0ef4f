import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { Command } from "commander";
import type { Flip } from "../insight/flip";
import { flipOf } from "../insight/flip";
import { changesOf } from "../insight/flip-changes";
import { dollars, duration, signedDollars } from "../insight/format";
import type { Plan, Plans } from "../insight/plan";
import { inUrnsOf } from "../insight/read";
import { loadPlanner, type StackContext } from "./compare";
import { renderFlip } from "./flip-text";
import { inFolder, UsageError } from "./stack-files";

/** `platform review`: what a change of the code or the config does to every stack, for a pull request. */
export function reviewCommand(): Command {
  return new Command("review")
    .description("Compare two sets of plans (`plan --json` before and after a change): resources, cost, verdict")
    .argument("<before>", "plans before the change")
    .argument("<after>", "plans after it")
    .option("--markdown", "print Markdown, for a comment")
    .addOption(inFolder())
    .action(async (before: string, after: string, { markdown, cwd }: { markdown?: boolean; cwd: string }) => {
      const { context } = await loadPlanner(cwd);
      const text = renderReview(plansOf(before), plansOf(after), context);
      console.log(markdown ? text : text.replace(/^<\/?(details|summary)>|<\/summary>$|^```.*$/gm, ""));
    });
}

function plansOf(file: string): readonly Plan[] {
  try {
    const { stacks } = JSON.parse(readFileSync(file, "utf8")) as Plans;
    if (!Array.isArray(stacks)) throw new Error("it has no list of stacks");
    return stacks;
  } catch (error) {
    throw new UsageError(
      `${file} holds no plans (npm start --silent -- --json): ${error instanceof Error ? error.message : error}`,
    );
  }
}

/**
 * One section for each stack, the ones that change first.
 * @param context region and assumptions of a stack, which its plan does not tell
 */
export function renderReview(
  before: readonly Plan[],
  after: readonly Plan[],
  context: (stack: string) => Pick<StackContext, "region" | "usage">,
): string {
  const sections = after.map((plan) => {
    const kept = before.find(({ stack }) => stack === plan.stack);
    if (!kept)
      return {
        changed: true,
        text: `### ${plan.stack}: new\n\n${plan.architecture}, ${plan.resources.length} resources.`,
      };
    const old = inUrnsOf(plan, kept);
    const flip = flipOf(old, plan, {
      ...context(plan.stack),
      why: "the plans of both sides of the change were compared",
    });
    const changes = changesOf(old, plan).filter(({ operation }) => operation !== "keep");
    return changes.length === 0 && old.architecture === plan.architecture
      ? { changed: false, text: `### ${plan.stack}: no change` }
      : { changed: true, text: sectionOf(flip, changes) };
  });
  const gone = before
    .filter(({ stack }) => !after.some((plan) => plan.stack === stack))
    .map(({ stack }) => ({
      changed: true,
      text: `### ${stack}: its file is gone\n\nWhat is deployed stays until \`pulumi destroy\`.`,
    }));
  const all = [...sections, ...gone];
  return [
    "## What this change does",
    ...[...all.filter(({ changed }) => changed), ...all.filter(({ changed }) => !changed)].map(({ text }) => text),
  ].join("\n\n");
}

const verdicts = {
  safe: "safe",
  blocked: "blocked: something is missing",
  unsafe: "**NOT SAFE: data would be lost**",
} as const;
const signs = { create: "+", update: "~", replace: "±", delete: "-", keep: " " } as const;

function sectionOf(flip: Flip, changes: readonly ReturnType<typeof changesOf>[number][]): string {
  const { stack, from, to, verdict, counts, cost, downtime, data, inside, time } = flip;
  const moved = from === to ? to : `${from} → ${to}`;
  return [
    `### ${stack}: ${moved}, ${verdicts[verdict]}${inside.length > 0 ? ", with a replacement of what serves" : ""}`,
    "",
    "| resources | cost a month | downtime |",
    "| --- | --- | --- |",
    `| ${counts.create} created, ${counts.update} updated, ${counts.replace} replaced, ${counts.delete} deleted | ${dollars(cost.beforeUsd)} → ${dollars(cost.afterUsd)} (${signedDollars(cost.deltaUsd)}) | ${downtime.seconds === 0 ? "none expected" : `about ${downtime.seconds} s`} |`,
    ...(data.safe ? [] : ["", ...data.findings.map((finding) => `- ${finding}`)]),
    ...(downtime.reasons.length > 0
      ? ["", ...downtime.reasons.map(({ what, instead }) => `- ${what} ${instead}`)]
      : []),
    ...(inside.length > 0
      ? [
          "",
          ...inside.map((one) => `- ${one}`),
          `- It takes about ${duration(time.total)}, and both at once cost ${dollars(cost.overlapUsd)}.`,
        ]
      : []),
    "",
    `<details><summary>${changes.length} changed resources</summary>`,
    "",
    "```diff",
    ...changes.map(({ operation, type, name }) => `${signs[operation]} ${type} ${name}`),
    "```",
    "</details>",
    ...(from === to
      ? []
      : [
          "",
          "<details><summary>The move</summary>",
          "",
          "```",
          stripVTControlCharacters(renderFlip(flip)),
          "```",
          "</details>",
        ]),
  ].join("\n");
}
