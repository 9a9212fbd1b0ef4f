import pc from "picocolors";
import { UserError } from "../../../../core/errors";
import type { Flip } from "../../../../insight/change/flip-effects";
import { NoPricesError } from "../../../../insight/cost/price-book";
import { dollars, signedDollars } from "../../../../output/format";
import type { Architecture } from "../../../../stacks/settings/schema";
import { loadPlanner } from "../../../planner/load";
import { judgeFlip, previewer } from "../../look/flip";

/**
 * What the change means for data and cost, by a preview of the deployed state.
 * @returns the lines that a person reads before the start
 * @throws {UserError} if data would be lost, or if what was asked for, or the stack's config, is wrong
 */
export async function verdictOn(folder: string, stack: string, to: Architecture): Promise<string[]> {
  const planner = await loadPlanner(folder);
  let flip: Flip;
  try {
    flip = await judgeFlip(planner, { stack, to }, previewer(folder));
  } catch (error) {
    // A region without prices is no reason not to move; the database is protected by the engine all the same.
    if (!(error instanceof NoPricesError)) throw error;
    return [`Verdict   none: ${error.message}`];
  }
  if (flip.verdict === "unsafe") {
    throw new UserError(
      [
        `Data would be lost on the way to ${to}, so nothing was begun:`,
        ...flip.data.findings.map((finding) => `  ${finding}`),
        `See platform flip --stack ${stack} --to ${to}.`,
      ].join("\n"),
    );
  }
  const { cost, moves, basis, counts } = flip;
  const by = basis.kind === "state" ? "by a preview of what is deployed" : `by the two plans alone: ${basis.why}`;
  const lines = [
    `Data      nothing that holds data is deleted or replaced, ${by}`,
    `Built     ${counts.create} created, ${counts.update} updated, ${counts.delete} deleted at the end`,
    `Cost      ${dollars(cost.beforeUsd)} → ${dollars(cost.afterUsd)} a month (${signedDollars(cost.deltaUsd)}), ` +
      "both until the old tier is gone",
  ];
  const own = moves.filter(({ need }) => need !== "none").map(({ need, text }) => [need, text] as const);
  return [...lines, ...own.map(([need, text]) => `${need === "do" ? pc.yellow("To do ") : "Check "}    ${text}`)];
}
