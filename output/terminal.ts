import CliTable, { type TableConstructorOptions } from "cli-table3";
import pc from "picocolors";
import { column, type Document, type Inline, type Style, type Table } from "./document";
import { type Look, linePrinter, linesPrinter } from "./lines";

const colours: Readonly<Record<Style, (text: string) => string>> = {
  strong: pc.bold,
  muted: pc.dim,
  accent: pc.cyan,
  good: pc.green,
  warn: pc.yellow,
  bad: pc.red,
  code: (text) => text,
};

/**
 * An empty table with a bold head. cli-table3 would colour it by itself, also in a pipe and under NO_COLOR, so it is told to
 * colour nothing.
 */
export const newTable = ({ head = [], style, ...options }: TableConstructorOptions): CliTable.Table =>
  new CliTable({ ...options, head: head.map(pc.bold), style: { compact: true, ...style, head: [], border: [] } });

/** Characters of a line where nobody says how wide the terminal is, and the most that are pleasant to read. */
const WIDTH = { unknown: 140, most: 160 };
/** A column that takes the rest has at least so many. */
const NARROWEST = 20;
/** By so much a table may be indented under a heading. */
const INDENT = 2;

function drawn({ columns, rows, ruled }: Table, cell: (one: Table["rows"][number][number]) => string): string {
  const asked = columns.map((one) => column(one).width);
  const rest =
    Math.min(process.stdout.columns ?? WIDTH.unknown, WIDTH.most) -
    asked.reduce<number>((sum, width = 0) => sum + width + 1, 1 + INDENT);
  const open = asked.filter((width) => width === 0).length;
  const colWidths = asked.map((width) =>
    width === 0 ? Math.max(NARROWEST, Math.floor(rest / open)) : (width ?? null),
  );
  const table = newTable({
    head: columns.map((one) => column(one).title),
    colWidths,
    wordWrap: true,
    colAligns: columns.map((one) => (column(one).numeric ? "right" : "left")),
    style: { compact: !ruled },
  });
  for (const cells of rows) {
    const group = cells.length === 1 && columns.length > 1;
    table.push(group ? [{ colSpan: columns.length, content: pc.bold(cell(cells[0] ?? "")) }] : cells.map(cell));
  }
  return table.toString();
}

const look: Look = {
  paint: (style, text) => colours[style](text),
  bullet: "•",
  title: (text) => pc.bold(pc.underline(text)),
  heading: pc.bold,
  name: (text, length, width) => `${text}${" ".repeat(width - length)}  `,
  link: (label, url) => `${label}: ${pc.underline(url)}`,
  table: drawn,
};

/** A document for the terminal, coloured where the terminal takes colours. */
export const toTerminal: (document: Document) => string = linesPrinter(look);

/** A single line for the terminal. */
export const toTerminalLine: (inline: Inline) => string = linePrinter(look);
