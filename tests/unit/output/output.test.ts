import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import {
  type Block,
  bad,
  code,
  type Document,
  details,
  good,
  list,
  literal,
  muted,
  pairs,
  section,
  steps,
  strong,
  table,
  text,
  withCommands,
} from "../../../output/document";
import { toHtml } from "../../../output/html";
import { toMarkdown } from "../../../output/markdown";
import { toPlain } from "../../../output/plain";
import { toTerminal } from "../../../output/terminal";

/** A document of every block, with what `field` gives in each place that holds a text. */
function everything(field: (name: string) => string): Document {
  const blocks: Block[] = [
    text(
      field("text"),
      strong(field("strong")),
      bad(field("bad")),
      literal(field("literal")),
      `\`${field("quoted")}\``,
    ),
    text({ url: `https://example.test/?${field("url")}`, label: field("label") }),
    text({ url: `javascript:${field("scheme")}`, label: field("no-link") }),
    section(field("section"), [
      pairs([[field("name"), field("value"), field("second")]]),
      list([field("item"), { head: field("head"), body: [text(field("under"))], tone: "warn" }]),
    ]),
    table(
      [field("column"), { title: field("figure"), numeric: true }],
      [[field("group")], [field("first"), list([field("in-cell")])], [good(field("second-row")), muted(field("cell"))]],
      { caption: field("caption") },
    ),
    code([field("code")]),
    {
      kind: "bars",
      caption: field("bars"),
      rows: [
        {
          name: field("bar"),
          bars: [{ label: field("spoken"), parts: [{ colour: 1, share: 0.5, label: field("part") }] }],
          value: field("length"),
        },
      ],
      legend: [{ colour: "seen", label: field("legend") }],
      axis: [{ at: 0.5, label: field("tick") }],
    },
    details(field("summary"), [text(field("folded"))]),
    { kind: "cards", cards: [section(field("card"), [text(field("on-card"))])] },
    {
      kind: "picture",
      title: field("picture"),
      svg: '<?xml version="1.0"?><svg viewBox="0 0 10 10"><title>x</title><path d="M0"/></svg>',
      note: field("note"),
      inWords: details(field("words"), [list([field("arrow")])]),
    },
  ];
  return { title: field("title"), language: "ko", blocks, footer: field("footer") };
}

/** Every place of the document, with a text that would be markup. */
function hostile(payload: (name: string) => string) {
  const names: string[] = [];
  const document = everything((name) => {
    names.push(name);
    return payload(name);
  });
  return { document, names };
}
const script = (name: string) => `"'><script src=//evil/${name}>|&lt;</script>`;

describe("a document", () => {
  it("shows every field in a page, and lets none of them be markup", () => {
    const { document, names } = hostile(script);
    const page = toHtml(document);
    assert.doesNotMatch(page, /<script|<\/script|="[^"]*"'>/i);
    assert.match(page, /^<!doctype html>\n<html lang="ko">/);
    for (const name of names) {
      assert.ok(page.includes(`&lt;script src=//evil/${name}>|&amp;lt;`), `${name} is in the page, as it is`);
    }
    assert.doesNotMatch(page, /href="javascript/);
  });

  it("opens no tag in Markdown, breaks no table, and leaves no fence", () => {
    const { document, names } = hostile((name) => `${script(name)}\n\`\`\`\n# ${name}`);
    const markdown = toMarkdown(document);
    const spoken = ["spoken", "part", "tick", "legend", "bars", "caption", "footer", "words", "url"];
    for (const name of names.filter((one) => !spoken.includes(one))) {
      assert.ok(markdown.includes(`//evil/${name}`), `${name} is told`);
    }
    const [fenced = ""] = /^(`{4,})\n[\s\S]*?\n\1$/m.exec(markdown) ?? [];
    assert.match(fenced, /evil\/code/);
    const outside = markdown.replace(fenced, "").replace(/(`+)(?!`)[^`][\s\S]*?\1/g, "");
    assert.doesNotMatch(outside, /<script|<\/script/);
    const rows = markdown.split("\n").filter((line) => line.startsWith("|"));
    const width = (row: string) => row.replaceAll("\\|", "").split("|").length - 2;
    assert.deepEqual([...new Set(rows.map(width))], [2]);
  });

  it("is told whole in the terminal and in a message", () => {
    for (const print of [toTerminal, toPlain]) {
      const { document, names } = hostile((name) => `[${name}]`);
      const shown = stripVTControlCharacters(print(document));
      const drawn = ["spoken", "part", "tick", "legend", "bars", "caption", "footer", "words"];
      for (const name of names.filter((one) => !drawn.includes(one))) assert.ok(shown.includes(`[${name}]`), name);
    }
  });

  it("leaves out a heading that has nothing under it", () => {
    const document: Document = {
      title: "t",
      blocks: [section("empty", [list([]), section("inner", [pairs([])])]), section("full", [text("here")])],
    };
    for (const print of [toHtml, toMarkdown, toTerminal, toPlain]) {
      assert.doesNotMatch(print(document), /empty|inner/);
      assert.match(print(document), /full[\s\S]*here/);
    }
  });

  it("nests lists, and numbers steps with their commands under them", () => {
    const document: Document = {
      title: "t",
      blocks: [
        steps([
          { head: "first", body: [code(["run `it`"], "sh")] },
          { head: "second", body: [list(["a", "b"])] },
        ]),
      ],
    };
    assert.equal(toPlain(document), "t\n\n1. first\n     run `it`\n2. second\n   - a\n   - b");
    assert.equal(
      toMarkdown(document),
      "# t\n\n1. first\n\n   ```sh\n   run `it`\n   ```\n\n2. second\n\n   - a\n   - b",
    );
    assert.match(toHtml(document), /<ol><li>first<pre>run `it`<\/pre><\/li><li>second<ul><li>a<\/li>/);
  });

  it("sets the commands of a message apart", () => {
    const told = "Push it:\n  a *\n  b\nor let `up` build it:\n  c";
    const document: Document = { title: "t", blocks: [list([withCommands(told), withCommands("plain")])] };
    assert.equal(toPlain(document), "t\n\n- Push it:\n    a *\n    b\n  or let `up` build it:\n    c\n- plain");
    assert.match(
      toMarkdown(document),
      /- Push it:\n\n {2}```\n {2}a \*\n {2}b\n {2}```\n\n {2}or let `up` build it:\n\n {2}```\n {2}c/,
    );
  });

  it("aligns names in the terminal, and says what a second line belongs to", () => {
    const document: Document = {
      title: "t",
      blocks: [
        pairs([
          ["long name", "a", "b"],
          [bad("x"), "c"],
        ]),
      ],
    };
    assert.equal(stripVTControlCharacters(toTerminal(document)), "t\n\nlong name  a\n           b\nx          c");
    assert.equal(toPlain(document), "t\n\nlong name: a\n  b\nx: c");
  });
});
