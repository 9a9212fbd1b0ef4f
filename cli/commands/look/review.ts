import { readFileSync } from "node:fs";
import { Command } from "commander";
import { UserError } from "../../../core/errors";
import type { Plan, Plans } from "../../../core/plan-format";
import { withUrnsFrom } from "../../../core/plan-reader";
import { type Change, changesOf } from "../../../insight/change/flip-changes";
import type { Flip } from "../../../insight/change/flip-effects";
import { flipOf } from "../../../insight/change/flip-effects";
import { code, type Document, details, list, type Section, section, table, text } from "../../../output/document";
import { dollars, duration, signedDollars } from "../../../output/format";
import { toMarkdown } from "../../../output/markdown";
import { toTerminal } from "../../../output/terminal";
import { inFolder } from "../../lib/stack-files";
import { loadPlanner, type StackContext } from "./compare";
import { factsOf } from "./flip";
import { flipDocument, SIGNS, VERDICTS } from "./flip-text";

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
      const review = reviewDocument(plansOf(before), plansOf(after), context);
      console.log(markdown ? toMarkdown(review, 2) : toTerminal(review));
    });
}

function plansOf(file: string): readonly Plan[] {
  try {
    const { stacks } = JSON.parse(readFileSync(file, "utf8")) as Plans;
    if (!Array.isArray(stacks)) throw new Error("it has no list of stacks");
    return stacks;
  } catch (error) {
    throw new UserError(
      `${file} holds no plans (npm start --silent -- --json): ${error instanceof Error ? error.message : error}`,
    );
  }
}

/**
 * One section for each stack, the ones that change first.
 * @param context region and settings of a stack, which its plan does not tell
 */
export function reviewDocument(
  before: readonly Plan[],
  after: readonly Plan[],
  context: (stack: string) => StackContext,
): Document {
  const kept = after.flatMap((plan): (readonly [Plan, Plan])[] => {
    const old = before.find(({ stack }) => stack === plan.stack);
    return old ? [[withUrnsFrom(plan, old), plan]] : [];
  });
  const all = kept.map(([old, plan]) => ({
    old,
    plan,
    changes: changesOf(old, plan).filter(({ operation }) => operation !== "keep"),
  }));
  const same = (one: (typeof all)[number]) =>
    one.changes.length === 0 && one.old.architecture === one.plan.architecture;
  const without = (plans: readonly Plan[], others: readonly Plan[]) =>
    plans.filter(({ stack }) => !others.some((other) => other.stack === stack));
  const why = "the plans of both sides of the change were compared";
  return {
    title: "What this change does",
    blocks: [
      ...all
        .filter((one) => !same(one))
        .map(({ old, plan, changes }) => changed(flipOf(old, plan, { ...factsOf(context(plan.stack)), why }), changes)),
      ...without(after, before).map(({ stack, architecture, resources }) =>
        section(`${stack}: new`, [text(`${architecture}, ${resources.length} resources.`)]),
      ),
      ...without(before, after).map(({ stack }) =>
        section(`${stack}: its file is gone`, [text("What is deployed stays until `pulumi destroy`.")]),
      ),
      ...all.filter(same).map(({ plan }) => section(`${plan.stack}: no change`, [text("Both plans are equal.")])),
    ],
  };
}

function changed(flip: Flip, changes: readonly Change[]): Section {
  const { stack, from, to, verdict, counts, cost, downtime, data, inside, time } = flip;
  const moved = from === to ? to : `${from} → ${to}`;
  return section(
    [`${stack}: ${moved}, `, VERDICTS[verdict], inside.length > 0 ? ", with a replacement of what serves" : ""],
    [
      table(
        ["resources", "cost a month", "downtime"],
        [
          [
            `${counts.create} created, ${counts.update} updated, ${counts.replace} replaced, ${counts.delete} deleted`,
            `${dollars(cost.beforeUsd)} → ${dollars(cost.afterUsd)} (${signedDollars(cost.deltaUsd)})`,
            downtime.seconds === 0 ? "none expected" : `about ${downtime.seconds} s`,
          ],
        ],
      ),
      list([
        ...(data.safe ? [] : data.findings),
        ...downtime.reasons.map(({ what, instead }) => `${what} ${instead}`),
        ...inside,
        ...(inside.length > 0
          ? [`It takes about ${duration(time.total)}, and both at once cost ${dollars(cost.overlapUsd)}.`]
          : []),
      ]),
      details(`${changes.length} changed resources`, [
        code(
          changes.map(({ operation, type, name }) => [SIGNS[operation], ` ${type} ${name}`]),
          "diff",
        ),
      ]),
      ...(from === to ? [] : [details("The move", flipDocument(flip).blocks)]),
    ],
  );
}
