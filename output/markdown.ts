import {
  type Block,
  type Cell,
  type Code,
  column,
  type Document,
  type InlineForm,
  inlineTo,
  inWords,
  isList,
  item,
  type List,
  rawText,
  type Style,
  type Table,
} from "./document";

/** A fence that is longer than any inside. */
const fence = (inside: string, least: number) =>
  "`".repeat(Math.max(least, ...[...inside.matchAll(/`+/g)].map(([run]) => run.length + 1)));

/** Text opens no tag and makes no entity; what else Markdown knows is harmless. */
const escaped = (text: string) =>
  text
    .replace(/&(?=#?\w+;)/g, "&amp;")
    .replace(/<(?=[\w/!?])/g, "&lt;")
    .replaceAll("\n", "<br>");

function codeSpan(text: string): string {
  const marks = fence(text, 1);
  const pad = marks === "`" ? "" : " ";
  return `${marks}${pad}${text.replaceAll("\n", " ")}${pad}${marks}`;
}

const marked: Partial<Record<Style, (content: string, raw: string) => string>> = {
  strong: (content) => (content === "" ? "" : `**${content}**`),
  code: (_content, raw) => codeSpan(raw),
};

const form: InlineForm<string> = {
  plain: escaped,
  quoted: codeSpan,
  styled: (style, content, raw) => marked[style]?.(content, raw) ?? content,
  link: (label, url) => `[${escaped(label)}](<${url.replace(/[<>\s]/g, encodeURIComponent)}>)`,
  join: (parts) => parts.join(""),
};
const line = inlineTo(form);

const cell = (one: Cell): string =>
  (isList(one) ? one.items.map((entry) => line(item(entry).head)) : [line(one)]).join("<br>").replaceAll("|", "\\|");
const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function table({ columns, rows }: Table): string {
  const all = columns.map(column);
  return [
    row(all.map(({ title }) => cell(title))),
    row(all.map(({ numeric }) => (numeric ? "---:" : "---"))),
    ...rows.map((cells) => {
      const group = cells.length === 1 && all.length > 1;
      return row(group ? [`**${cell(cells[0] ?? "")}**`, ...Array(all.length - 1).fill("")] : cells.map(cell));
    }),
  ].join("\n");
}

/** What stands under an item is indented by its mark, and sets the items apart. */
function bullets({ items, ordered }: List, level: number): string {
  const all = items.map(item);
  return all
    .map(({ head, body }, i) => {
      const mark = ordered ? `${i + 1}. ` : "- ";
      const told = [line(head), ...printed(body, level)].join("\n\n");
      return `${mark}${told.replace(/\n(?=[^\n])/g, `\n${" ".repeat(mark.length)}`)}`;
    })
    .join(all.some(({ body }) => inWords(body).length > 0) ? "\n\n" : "\n");
}

function fenced({ lines, language = "" }: Code): string {
  const inside = lines.map(rawText).join("\n");
  const marks = fence(inside, 3);
  return `${marks}${language}\n${inside}\n${marks}`;
}

function print(block: ReturnType<typeof inWords>[number], level: number): string {
  switch (block.kind) {
    case "text":
      return line(block.inline);
    case "section":
      return [`${"#".repeat(Math.min(level, 6))} ${line(block.title)}`, ...printed(block.body, level + 1)].join("\n\n");
    case "pairs":
      return block.rows.map(([name, ...lines]) => `- ${line(name)}: ${lines.map(line).join(" ")}`).join("\n");
    case "list":
      return bullets(block, level);
    case "table":
      return table(block);
    case "code":
      return fenced(block);
    case "details":
      return [`<details><summary>${line(block.summary)}</summary>`, ...printed(block.body, level), "</details>"].join(
        "\n\n",
      );
  }
}
const printed = (blocks: readonly Block[], level: number) => inWords(blocks).map((block) => print(block, level));

/**
 * A document in Markdown as GitHub reads it.
 * @param level of the title. @default 1
 */
export const toMarkdown = ({ title, blocks }: Document, level = 1): string =>
  [`${"#".repeat(level)} ${line(title)}`, ...printed(blocks, level + 1)].join("\n\n");
