/** Twelve shades of bars, each at least 3:1 on its ground: on white, and on the dark ground. */
const SHADES = {
  light: "1d4ed8 0f766e 9333ea b45309 be185d 334155 4d7c0f 0369a1 7c2d12 6b21a8 a16207 52525b".split(" "),
  dark: "7aa7ff 4fd1c5 c79bff f5a54a ff86be a9b6c9 a8d65c 5cc4f5 e8967a dba6ff e6c34d b5b8be".split(" "),
};
const shades = (theme: keyof typeof SHADES) => SHADES[theme].map((hex, i) => `--c${i}:#${hex}`).join(";");

/** The style of a page: light and dark, screen and paper. Text has at least 4.5:1 on its ground. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ground: #fff; --panel: #f6f7f9; --text: #171a1f; --muted: #4a5361; --line: #c9ced6;
  --accent: #1d4ed8; --good: #14713a; --bad: #b42318; --warn: #92500a; --box: #eef2ff; --edge: #3f4a5a; ${shades("light")} }
@media (prefers-color-scheme: dark) {
  :root { --ground: #11141a; --panel: #191e26; --text: #e7eaee; --muted: #aab3c0; --line: #3a4350;
    --accent: #8ab4ff; --good: #62d394; --bad: #ff9a8f; --warn: #f2b866; --box: #1e2735; --edge: #9aa7b8; ${shades("dark")} }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI",
  "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic", sans-serif; }
:lang(ko) { word-break: keep-all; overflow-wrap: break-word; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: .5rem 1rem; z-index: 9; }
header, main, footer, nav { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.4rem; margin: 3rem 0 .4rem; padding-top: .5rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .5rem; }
p { max-width: 48rem; margin: .3rem 0 1rem; }
a { color: var(--accent); }
code, pre { font-size: .92em; overflow-wrap: anywhere; white-space: pre-wrap; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.muted, figcaption, caption, dt { color: var(--muted); }
.accent { color: var(--accent); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.warn { color: var(--warn); }
dl > div { display: flex; gap: .5rem; }
dd { margin: 0; }
header dl { display: flex; flex-wrap: wrap; gap: .3rem 2rem; margin: 1rem 0; }
header dd { font-weight: 600; }
nav ul, .legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; margin: .5rem 0; list-style: none; }
ol > li[class] { color: inherit; border: 1px solid var(--line); border-left: 6px solid var(--muted); border-radius: .4rem;
  list-style-position: inside; padding: .6rem 1rem; margin: 1rem 0 1rem -1.5rem; }
li > ul { list-style-position: outside; }
ol > li.bad { border-left-color: var(--bad); }
ol > li.warn { border-left-color: var(--warn); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 1rem; padding: 0; list-style: none; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; }
.card h3 { margin: 0 0 .6rem; font-size: .95rem; min-height: 4.6em; }
.card p { margin: .15rem 0; }
.card h3 + p { font-size: 1.6rem; font-weight: 700; font-variant-numeric: tabular-nums; line-height: 1.2; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-size: .92rem; }
caption { text-align: left; padding: .3rem 0; }
th, td { text-align: left; padding: .45rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { border-bottom: 2px solid var(--line); }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td ul { margin: 0; padding-left: 1.1rem; }
figure { margin: 1rem 0; }
.bars { display: grid; gap: .45rem; }
.row { display: grid; grid-template: "name drawn value" / 13rem 1fr 12rem; gap: .8rem; align-items: center; }
.name { grid-area: name; }
.drawn { grid-area: drawn; }
.value { grid-area: value; font-variant-numeric: tabular-nums; font-weight: 600; text-align: right; }
.bar { display: flex; height: 1.5rem; background: var(--panel); border-radius: .25rem; overflow: hidden; }
.bar:not(:only-child) { height: 1.05rem; margin: .15rem 0; }
.bar i { min-width: 1px; border-right: 1px solid var(--ground); }
.legend { font-size: .88rem; }
.legend i { display: inline-block; width: .85rem; height: .85rem; border-radius: .2rem; margin-right: .4rem; vertical-align: -.08rem; }
${SHADES.light.map((_, i) => `.c${i} { background: var(--c${i}); }`).join("\n")}
.seen { background: repeating-linear-gradient(45deg, var(--c3) 0 5px, var(--ground) 5px 8px); }
.fixed { background: var(--c0); }
.hand { background: var(--c4); }
.axis { position: relative; height: 1.4rem; font-size: .78rem; color: var(--muted); }
.axis span { position: absolute; white-space: nowrap; transform: translateX(-50%); }
.axis span:first-child { transform: none; }
.axis span:last-child { transform: translateX(-100%); }
.diagram { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; overflow-x: auto; }
.diagram svg { display: block; max-width: max(100%, 44rem); height: auto; margin: 0 auto; }
svg .box :is(path, polygon) { fill: var(--box); stroke: var(--edge); }
svg .box text { fill: var(--text); font-family: inherit; }
svg .arrow path { stroke: var(--edge); }
svg .arrow polygon { fill: var(--edge); stroke: var(--edge); }
svg .new :is(path, polygon) { stroke: var(--good); }
svg .arrow.new polygon { fill: var(--good); }
svg .old :is(path, polygon) { stroke: var(--bad); }
svg .arrow.old polygon { fill: var(--bad); }
svg :is(.users, .people) path { fill: transparent; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--accent); padding: .2rem 0; }
footer { padding: 3rem 1.25rem; color: var(--muted); font-size: .88rem; }
@media (max-width: 48rem) {
  .row { grid-template: "name value" "drawn drawn" / 1fr auto; gap: .2rem .8rem; }
  .bars { gap: .9rem; }
  h1 { font-size: 1.6rem; }
}
@media print {
  :root { color-scheme: light; --ground: #fff; --panel: #fff; --text: #000; --muted: #333; --line: #999; }
  body { font-size: 10.5pt; }
  nav, .skip, .diagram ~ details, [aria-labelledby=details] .scroll { display: none; }
  h2, thead, caption { break-after: avoid; }
  figure, .card, tr, .diagram { break-inside: avoid; }
  details > * { display: block; }
  details::details-content { content-visibility: visible; }
  .scroll, .diagram { overflow: visible; }
  .bar, .bar i, .legend i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  a { color: inherit; text-decoration: none; }
}
`;
