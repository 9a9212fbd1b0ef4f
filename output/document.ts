import type { Language } from "../core/language";

/**
 * What is told to people, as a tree that says what a thing is and not how it looks. The printers beside this file show it in a
 * terminal, as plain text, in Markdown and as a page; escaping is theirs, so a tree holds every text as it is.
 */
export interface Document {
  readonly title: Inline;
  /** @default en */
  readonly language?: Language;
  readonly blocks: readonly Block[];
  /** One line below a page. */
  readonly footer?: string;
}

/** How a piece of a line is meant. Where it cannot be shown, the text alone stays. */
export type Style = "strong" | "muted" | "accent" | "good" | "warn" | "bad" | "code";

/** A line or a piece of one. In a string, what stands between backticks is code. */
export type Inline = string | Styled | Link | readonly Inline[];

export interface Styled {
  readonly style: Style;
  readonly inline: Inline;
}

export interface Link {
  readonly url: string;
  readonly label: string;
}

export type Block = Text | Section | Pairs | List | Table | Code | Bars | Details | Cards | Picture;

/** A paragraph. */
export interface Text {
  readonly kind: "text";
  readonly inline: Inline;
}

/** A heading with what stands under it; its level follows from where it stands. One without content is not shown. */
export interface Section {
  readonly kind: "section";
  readonly title: Inline;
  readonly body: readonly Block[];
  /** Name for links inside a page. */
  readonly id?: string;
}

/** Names with values. */
export interface Pairs {
  readonly kind: "pairs";
  readonly rows: readonly Pair[];
}

/** A name with one or more lines. */
export type Pair = readonly [name: Inline, ...lines: Inline[]];

export interface List {
  readonly kind: "list";
  readonly items: readonly Item[];
  readonly ordered?: boolean;
}

/** A line of a list, or one that has more under it. */
export type Item = Inline | { readonly head: Inline; readonly body: readonly Block[]; readonly tone?: Style };

export interface Table {
  readonly kind: "table";
  readonly columns: readonly Column[];
  /** One whose only cell stands over all columns begins a group. */
  readonly rows: readonly (readonly Cell[])[];
  readonly caption?: string;
  /** Lines between the rows, for cells of many lines. */
  readonly ruled?: boolean;
}

export type Column =
  | string
  | {
      readonly title: string;
      readonly numeric?: boolean;
      /** Characters in a terminal, its borders included; 0 takes what the others leave. @default as wide as its content */
      readonly width?: number;
    };
export type Cell = Inline | List;

/** Lines as they are. */
export interface Code {
  readonly kind: "code";
  readonly lines: readonly Inline[];
  /** For highlighting, by its name in Markdown. */
  readonly language?: string;
}

/** Horizontal bars of one scale. */
export interface Bars {
  readonly kind: "bars";
  readonly rows: readonly BarRow[];
  readonly caption?: string;
  readonly legend?: readonly { readonly colour: Colour; readonly label: string }[];
  /** Marks below the bars; `at` from 0 to 1. */
  readonly axis?: readonly { readonly at: number; readonly label: string }[];
}

export interface BarRow {
  readonly name: string;
  readonly bars: readonly Bar[];
  readonly value: Inline;
}

export interface Bar {
  /** The bar in words, for who cannot see it. */
  readonly label: string;
  readonly parts: readonly {
    readonly colour: Colour /** 0 to 1. */;
    readonly share: number;
    readonly label?: string;
  }[];
}

/** One of twelve shades, or what a stretch of time is spent on. */
export type Colour = number | "seen" | "fixed" | "hand";

/** What is folded away where that can be. */
export interface Details {
  readonly kind: "details";
  readonly summary: Inline;
  readonly body: readonly Block[];
}

/** Short sections beside each other. */
export interface Cards {
  readonly kind: "cards";
  readonly cards: readonly Section[];
}

/** A drawing, with the same in words. */
export interface Picture {
  readonly kind: "picture";
  readonly title: string;
  /** Trusted: it is put into a page as it is. */
  readonly svg: string;
  readonly note?: string;
  readonly inWords: Details;
}

const styled =
  (style: Style) =>
  (inline: Inline): Styled => ({ style, inline });
export const strong = styled("strong");
export const muted = styled("muted");
export const accent = styled("accent");
export const good = styled("good");
export const warn = styled("warn");
export const bad = styled("bad");
export const literal = styled("code");

export const text = (...inline: readonly Inline[]): Text => ({ kind: "text", inline });
export const section = (title: Inline, body: readonly Block[], id?: string): Section => ({
  kind: "section",
  title,
  body,
  ...(id ? { id } : {}),
});
export const pairs = (rows: readonly Pair[]): Pairs => ({ kind: "pairs", rows });
export const list = (items: readonly Item[]): List => ({ kind: "list", items });
export const steps = (items: readonly Item[]): List => ({ kind: "list", items, ordered: true });
export const table = (columns: readonly Column[], rows: Table["rows"], more: Partial<Table> = {}): Table => ({
  ...more,
  kind: "table",
  columns,
  rows,
});
export const code = (lines: readonly Inline[], language?: string): Code => ({
  kind: "code",
  lines,
  ...(language ? { language } : {}),
});
export const details = (summary: Inline, body: readonly Block[]): Details => ({ kind: "details", summary, body });

/** A column by its title, width and kind of value. */
export const column = (one: Column) => (typeof one === "string" ? { title: one } : one);

export const isList = (cell: Cell): cell is List => typeof cell === "object" && "kind" in cell;

/** A text of the program, whose indented lines are commands to copy. */
export function withCommands(told: string): Item {
  const [head = "", ...rest] = told.split(/((?:\n {2}[^\n]*)+)/);
  const body = rest.map((part, i) => (i % 2 === 0 ? code(part.trim().split(/\n */).map(accent)) : text(part.trim())));
  return { head, body: body.filter((block) => block.kind === "code" || rawText(block.inline) !== "") };
}

/** An item with what stands under it. */
export const item = (one: Item): Exclude<Item, Inline> =>
  typeof one === "object" && "head" in one ? one : { head: one, body: [] };

/** Whether a block has nothing to say, so that a printer leaves it out, and its heading with it. */
function isEmpty(block: Block): boolean {
  switch (block.kind) {
    case "section":
    case "details":
      return block.body.every(isEmpty);
    case "pairs":
    case "table":
    case "bars":
      return block.rows.length === 0;
    case "list":
      return block.items.length === 0;
    case "code":
      return block.lines.length === 0;
    default:
      return false;
  }
}

export const filled = (blocks: readonly Block[]): Block[] => blocks.filter((block) => !isEmpty(block));

/** What has something to say, drawings in words: for forms that draw nothing. */
export const inWords = (blocks: readonly Block[]): Exclude<Block, Bars | Cards | Picture>[] =>
  filled(blocks).flatMap((block) => {
    switch (block.kind) {
      case "bars":
        return table(
          ["", ""],
          block.rows.map(({ name, value }) => [name, value]),
        );
      case "cards":
        return block.cards;
      case "picture":
        return details(block.title, [...(block.note ? [text(block.note)] : []), ...block.inWords.body]);
      default:
        return block;
    }
  });

/** How one form writes the pieces of a line. */
export interface InlineForm<T> {
  readonly plain: (text: string) => T;
  /** What stands between backticks. */
  readonly quoted: (code: string) => T;
  readonly styled: (style: Style, content: T, raw: string) => T;
  readonly link: (label: string, url: string) => T;
  readonly join: (parts: readonly T[]) => T;
}

/** Writes lines in one form. */
export function inlineTo<T>(form: InlineForm<T>): (inline: Inline) => T {
  const { plain, quoted, styled, link, join } = form;
  const print = (inline: Inline): T => {
    if (typeof inline === "string") {
      return join(inline.split(/`([^`\n]+)`/).map((part, i) => (i % 2 === 1 ? quoted(part) : plain(part))));
    }
    if ("url" in inline) return link(inline.label, inline.url);
    if ("style" in inline) {
      const raw = rawText(inline.inline);
      // What is code already holds no code.
      return styled(inline.style, inline.style === "code" ? plain(raw) : print(inline.inline), raw);
    }
    return join(inline.map(print));
  };
  return print;
}

/** A line without any form. */
export function rawText(inline: Inline): string {
  if (typeof inline === "string") return inline;
  if ("url" in inline) return inline.label;
  return "style" in inline ? rawText(inline.inline) : inline.map(rawText).join("");
}
