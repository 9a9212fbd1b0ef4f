import {
  type Block,
  type Document,
  type Inline,
  inlineTo,
  inWords,
  item,
  type List,
  type Pairs,
  rawText,
  type Style,
  type Table,
} from "./document";

/** How one kind of text looks: what a terminal and a message have not in common. */
export interface Look {
  readonly paint: (style: Style, text: string) => string;
  readonly bullet: string;
  readonly title: (text: string) => string;
  readonly heading: (text: string) => string;
  /** A name before its value. @param width of the longest name */
  readonly name: (text: string, length: number, width: number) => string;
  readonly link: (label: string, url: string) => string;
  readonly table: (table: Table, cell: (cell: Inline | List) => string) => string;
}

type Spoken = ReturnType<typeof inWords>[number];

/** Prints a line. */
export const linePrinter = ({ paint, link }: Pick<Look, "paint" | "link">) =>
  inlineTo<string>({
    plain: (text) => text,
    quoted: (code) => `\`${code}\``,
    styled: paint,
    link,
    join: (parts) => parts.join(""),
  });

/** Prints documents as lines of text. */
export function linesPrinter(look: Look) {
  const line = linePrinter(look);
  const indented = (lines: readonly string[], by: number) =>
    lines.map((text) => (text === "" ? "" : `${" ".repeat(by)}${text.replaceAll("\n", `\n${" ".repeat(by)}`)}`));
  const under = (title: string, body: readonly Block[]) => ["", look.heading(title), ...indented(blocks(body), 2)];

  /** Commands are told from the text above them without colours too. */
  const inItem = (one: Spoken) => indented(block(one), one.kind === "code" ? 2 : 0);

  function list({ items, ordered }: List): string[] {
    return items.map(item).flatMap(({ head, body }, index) => {
      const mark = ordered ? `${index + 1}. ` : `${look.bullet} `;
      const [first = "", ...rest] = indented([line(head), ...inWords(body).flatMap(inItem)], mark.length);
      return [`${mark}${first.slice(mark.length)}`, ...rest];
    });
  }

  function pairs({ rows }: Pairs): string[] {
    const width = Math.max(...rows.map(([name]) => rawText(name).length));
    return rows.flatMap(([name, ...lines]) =>
      lines.map((value, i) => {
        const shown = i === 0 ? name : "";
        return `${look.name(line(shown), rawText(shown).length, width)}${line(value)}`;
      }),
    );
  }

  const cell = (one: Inline | List): string =>
    typeof one === "object" && "kind" in one ? list(one).join("\n") : line(one);

  function block(one: Spoken): string[] {
    switch (one.kind) {
      case "text":
        return [line(one.inline)];
      case "section":
        return under(line(one.title), one.body);
      case "details":
        return under(line(one.summary), one.body);
      case "pairs":
        return pairs(one);
      case "list":
        return list(one);
      case "table":
        return [look.table(one, cell)];
      case "code":
        return one.lines.map(line);
    }
  }
  const blocks = (all: readonly Block[]): string[] => inWords(all).flatMap(block);

  return ({ title, blocks: all }: Document): string => {
    const [first, ...rest] = blocks(all);
    return [look.title(line(title)), "", ...(first ? [first] : []), ...rest].join("\n");
  };
}
