import { column, type Document } from "./document";
import { linesPrinter } from "./lines";

/** A document as plain text, for e-mail and chat: no colours, and nothing that needs letters of one width. */
export const toPlain: (document: Document) => string = linesPrinter({
  paint: (_style, text) => text,
  bullet: "-",
  title: (text) => text,
  heading: (text) => text,
  name: (text) => (text === "" ? "  " : `${text}: `),
  link: (label, url) => `${label}: ${url}`,
  table: ({ columns, rows }, cell) => {
    const all = [columns.map((one) => column(one).title), ...rows.map((cells) => cells.map(cell))];
    const widths = columns.map((_, i) => Math.max(...all.map((cells) => cells[i]?.length ?? 0)));
    return all
      .map((cells) => cells.map((one, i) => (i < cells.length - 1 ? one.padEnd(widths[i] ?? 0) : one)).join("  "))
      .filter((row) => row.trim() !== "")
      .join("\n");
  },
});
