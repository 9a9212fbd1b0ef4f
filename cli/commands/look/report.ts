import { resolve } from "node:path";
import { Command, Option } from "commander";
import { type Language, languages } from "../../../core/language";
import type { Plan } from "../../../core/plan-format";
import { type CompareOptions, type Comparison, compare } from "../../../insight/comparison/options";
import { describe, dotOf, flipGraph, type Graph, graphOf } from "../../../insight/report/diagram";
import { reportDocument } from "../../../insight/report/report-page";
import { details, list, type Picture } from "../../../output/document";
import { toHtml } from "../../../output/html";
import { reportTexts } from "../../../output/messages/report-texts";
import type { Architecture } from "../../../stacks/settings/schema";
import { withProgress } from "../../lib/progress";
import { chooseStack, inFolder, writeNamed } from "../../lib/stack-files";
import { planAll, tellLeftOut } from "../../planner/alternatives";
import { loadPlanner } from "../../planner/load";

/** Lays out a graph: Graphviz, compiled to WebAssembly, so nothing has to be installed. */
async function draw(title: string, graph: Graph, language: Language, note?: string): Promise<Picture> {
  const { instance } = await import("@viz-js/viz");
  const viz = await instance();
  const svg = viz.renderString(dotOf(graph, language), { format: "svg" });
  const inWords = details(reportTexts.connections[language], [list(describe(graph, language))]);
  return { kind: "picture", title, svg, inWords, ...(note ? { note } : {}) };
}

/** Pictures of today, of every option, and of the moves from what serves to each other option. */
async function picturesOf(comparison: Comparison, language: Language, serving?: Architecture): Promise<Picture[]> {
  const { today, options } = comparison;
  const drawn = [await draw(reportTexts.today[language], graphOf(today.plan), language)];
  for (const option of options) drawn.push(await draw(option.title[language], graphOf(option.plan), language));
  const from = options.find((option) => option.architecture === serving) ?? options[0];
  for (const to of options) {
    if (!from || to === from) continue;
    const title = `${reportTexts.flip[language]}: ${from.architecture} → ${to.architecture}`;
    drawn.push(await draw(title, flipGraph(from.plan, to.plan), language, reportTexts.flipNote[language]));
  }
  return drawn;
}

/** The report of these plans as one HTML page. */
export async function reportHtml(
  plans: readonly Plan[],
  language: Language,
  options: CompareOptions = {},
  serving?: Architecture,
): Promise<string> {
  const comparison = compare(plans, options);
  const pictures = await picturesOf(comparison, language, serving);
  return toHtml(reportDocument(comparison, language, pictures, new Date().toISOString().slice(0, 10)));
}

/** `platform report --html FILE`. */
export function reportCommand(load: typeof loadPlanner = loadPlanner): Command {
  return new Command("report")
    .description("One self-contained page: diagrams, cost, availability, recovery, claims and risks")
    .requiredOption("--html <file>", "file to write")
    .addOption(new Option("-l, --language <language>", "language of the page").choices([...languages]).default("en"))
    .option("-s, --stack <name>", "the stack to report on")
    .addOption(inFolder())
    .action(async (options: { html: string; language: Language; stack?: string; cwd: string }) => {
      await withProgress("Planning and drawing the four architectures", async () => {
        const planner = await load(options.cwd);
        const stack = chooseStack(planner.listStacks(), options.stack);
        const { plans, leftOut } = await planAll(planner, stack);
        tellLeftOut(leftOut);
        const { region, usage, settings } = planner.context(stack);
        const html = await reportHtml(plans, options.language, { region, usage }, settings.architecture);
        writeNamed(options.html, html);
      });
      console.log(`Written: ${resolve(options.html)}. Open it in a browser, or print it.`);
    });
}
