import { type ComponentChild, Fragment, h } from "preact";
import { render } from "preact-render-to-string";
import { speak } from "../core/language";
import {
  type Bar,
  type Bars,
  type Block,
  type Cell,
  type Colour,
  column,
  type Document,
  filled,
  type Inline,
  type InlineForm,
  inlineTo,
  isList,
  item,
  type List,
  type Pairs,
  type Picture,
  rawText,
  type Section,
  type Style,
  type Table,
} from "./document";
import { pageTexts } from "./messages/page";
import { PAGE_STYLE } from "./style";

type Content = ComponentChild;
const all = (parts: readonly Content[]): Content => h(Fragment, null, ...parts);

/** Line breaks are kept, and a percent sign stays with its number. */
const words = (text: string): Content =>
  all(
    text
      .replace(/(\d) %/g, "$1\u00a0%")
      .split("\n")
      .flatMap((part, i) => (i === 0 ? [part] : [h("br", null), part])),
  );

const tags: Partial<Record<Style, string>> = { strong: "strong", code: "code" };
const form: InlineForm<Content> = {
  plain: words,
  quoted: (code) => h("code", null, code),
  styled: (style, content) => (tags[style] ? h(tags[style], null, content) : h("span", { class: style }, content)),
  // Whatever is no address of the web is text.
  link: (label, url) => (/^https?:/.test(url) ? h("a", { href: url }, label) : `${label}: ${url}`),
  join: all,
};
const line = inlineTo(form);
const codeLine = inlineTo({ ...form, quoted: (code) => `\`${code}\`` });

const list = ({ items, ordered }: List, level: number): Content =>
  h(
    ordered ? "ol" : "ul",
    null,
    items.map(item).map(({ head, body, tone }) => h("li", { class: tone }, line(head), blocks(body, level))),
  );

const cell = (one: Cell): Content => (isList(one) ? list(one, 6) : line(one));

function table({ columns, rows, caption }: Table): Content {
  const titled = columns.map(column);
  const kind = (i: number) => (titled[i]?.numeric ? "n" : undefined);
  const drawn = h(
    "table",
    null,
    caption && h("caption", null, caption),
    titled.some(({ title }) => title !== "") &&
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          titled.map(({ title }, i) => h("th", { scope: "col", class: kind(i) }, title)),
        ),
      ),
    h(
      "tbody",
      null,
      rows.map((cells) => {
        const [first = "", ...rest] = cells;
        if (rest.length === 0 && titled.length > 1)
          return h("tr", null, h("th", { scope: "rowgroup", colSpan: titled.length }, cell(first)));
        return h(
          "tr",
          null,
          h("th", { scope: "row" }, cell(first)),
          rest.map((one, i) => h("td", { class: kind(i + 1) }, cell(one))),
        );
      }),
    ),
  );
  return h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": caption }, drawn);
}

const pairs = ({ rows }: Pairs): Content =>
  h(
    "dl",
    null,
    rows.map(([name, ...lines]) =>
      h(
        "div",
        null,
        h("dt", null, line(name)),
        lines.map((one) => h("dd", null, line(one))),
      ),
    ),
  );

const shade = (colour: Colour) => (typeof colour === "number" ? `c${colour % 12}` : colour);
const swatch = (colour: Colour) => h("i", { class: shade(colour) });
const percent = (share: number) => `${(share * 100).toFixed(2)}%`;

const bar = ({ label, parts }: Bar): Content =>
  h(
    "div",
    { class: "bar", role: "img", "aria-label": label },
    parts.map(({ colour, share, label: title }) =>
      h("i", { class: shade(colour), style: `width:${percent(share)}`, title }),
    ),
  );

const bars = ({ rows, caption, legend, axis }: Bars): Content =>
  h(
    "figure",
    { role: "group", "aria-label": caption },
    caption && h("figcaption", null, caption),
    h(
      "div",
      { class: "bars" },
      rows.map(({ name, bars: drawn, value }) =>
        h(
          "div",
          { class: "row" },
          h("div", { class: "name" }, name),
          h("div", { class: "drawn" }, drawn.map(bar)),
          h("div", { class: "value" }, line(value)),
        ),
      ),
      axis &&
        h(
          "div",
          { class: "row", "aria-hidden": true },
          h(
            "div",
            { class: "axis drawn" },
            axis.map(({ at, label }) => h("span", { style: `left:${percent(at)}` }, label)),
          ),
        ),
    ),
    legend &&
      h(
        "ul",
        { class: "legend" },
        legend.map(({ colour, label }) => h("li", null, swatch(colour), label)),
      ),
  );

/** The layout library's SVG without prologue, with a name for screen readers and sizes and colours left to the page. */
function svg({ svg: source, title }: Picture): Content {
  const body = source.slice(source.indexOf("<svg")).replace(/<title>[^<]*<\/title>/g, "");
  const viewBox = /viewBox="([^"]+)"/.exec(body)?.[1] ?? "0 0 100 100";
  const __html = body
    .slice(body.indexOf(">") + 1, body.lastIndexOf("</svg>"))
    .replace(/ (fill|stroke)="(black|lightgrey)"/g, "");
  const width = Math.round(Number(viewBox.split(" ")[2] ?? 100) * 1.33);
  return h(
    "svg",
    { role: "img", "aria-label": title, viewBox, style: `width:${width}px` },
    h("g", { dangerouslySetInnerHTML: { __html } }),
  );
}

const picture = (one: Picture, level: number): Content =>
  h(
    "figure",
    null,
    heading(level, one.title),
    h("div", { class: "diagram", tabIndex: 0, role: "group", "aria-label": one.title }, svg(one)),
    one.note && h("figcaption", null, one.note),
    block(one.inWords, level),
  );

const heading = (level: number, title: Inline, id?: string): Content =>
  h(`h${Math.min(level, 6)}`, { id }, line(title));

function block(one: Block, level: number): Content {
  switch (one.kind) {
    case "text":
      return h("p", null, line(one.inline));
    case "section":
      return h(
        "section",
        { "aria-labelledby": one.id },
        heading(level, one.title, one.id),
        blocks(one.body, level + 1),
      );
    case "pairs":
      return pairs(one);
    case "list":
      return list(one, level);
    case "table":
      return table(one);
    case "code":
      return h(
        "pre",
        null,
        one.lines.map((text, i) => [i > 0 && "\n", codeLine(text)]),
      );
    case "bars":
      return bars(one);
    case "details":
      return h("details", null, h("summary", null, line(one.summary)), blocks(one.body, level));
    case "cards":
      return h(
        "ul",
        { class: "cards" },
        one.cards.map(({ title, body }) => h("li", { class: "card" }, heading(level, title), blocks(body, level + 1))),
      );
    case "picture":
      return picture(one, level);
  }
}
const blocks = (some: readonly Block[], level: number): Content => all(filled(some).map((one) => block(one, level)));

const isSection = (one: Block): one is Section => one.kind === "section";

/** A document as one page that needs nothing else: style and pictures are inside, and no script. */
export function toHtml({ title, language = "en", blocks: told, footer }: Document): string {
  const say = speak(pageTexts, language);
  const lead = told.slice(0, Math.max(0, told.findIndex(isSection)));
  const rest = filled(told.slice(lead.length)).map(
    (one, i): Block => (isSection(one) ? { ...one, id: one.id ?? `section-${i}` } : one),
  );
  const named = rest.filter(isSection);
  const page = h(
    "html",
    { lang: language },
    h(
      "head",
      null,
      h("meta", { charset: "utf-8" }),
      h("meta", { name: "viewport", content: "width=device-width,initial-scale=1" }),
      h("meta", { name: "color-scheme", content: "light dark" }),
      h("title", null, rawText(title)),
      h("style", { dangerouslySetInnerHTML: { __html: PAGE_STYLE } }),
    ),
    h(
      "body",
      null,
      h("a", { class: "skip", href: "#main" }, say("skip")),
      h("header", null, h("h1", null, line(title)), blocks(lead, 2)),
      h(
        "nav",
        { "aria-label": say("contents") },
        h(
          "ul",
          null,
          named.map(({ id, title: name }) => h("li", null, h("a", { href: `#${id}` }, line(name)))),
        ),
      ),
      h("main", { id: "main" }, blocks(rest, 2)),
      footer && h("footer", null, footer),
    ),
  );
  return `<!doctype html>\n${render(page)}\n`;
}
