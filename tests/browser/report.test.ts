import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { reportHtml } from "../../cli/commands/look/report";
import type { Recording } from "../../core/incident";
import { incidentDocument } from "../../functions/incident/reporter/incident-document";
import { buildReport } from "../../functions/incident/reporter/incident-report";
import { toHtml } from "../../output/html";
import { needed } from "../skip";
import { samplePlans } from "../unit/insight/sample-plans";

/** What is used of playwright-core, which is loaded only where it is installed. */
interface Page {
  goto(url: string): Promise<unknown>;
  on(event: "request" | "pageerror", listener: (what: { url(): string }) => void): void;
  evaluate<T>(script: string): Promise<T>;
  emulateMedia(options: { media: "print" }): Promise<void>;
  waitForFunction(script: string, argument: undefined, options: { timeout: number }): Promise<unknown>;
  screenshot(options: { path: string; fullPage: boolean }): Promise<unknown>;
}
interface Browser {
  newPage(options: { viewport: { width: number; height: number }; colorScheme: "light" | "dark" }): Promise<Page>;
  close(): Promise<void>;
}

const chromium = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Texts whose contrast with the ground behind them is under 4.5:1 (3:1 for large text). */
const CONTRAST = `(() => {
  const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return m[3] === 0 ? undefined : m; };
  const linear = (v) => v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const lum = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (e) => {
    for (let n = e; n; n = n.parentElement) {
      const c = parse(getComputedStyle(n).backgroundColor);
      if (c) return c;
    }
    return [255, 255, 255];
  };
  const texts = "h1,h2,h3,p,th,td,dt,dd,li,a,summary,figcaption,caption,small,span,.v,.n";
  const written = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll(texts)].filter(written).flatMap((e) => {
    const style = getComputedStyle(e); const [a, b] = [lum(parse(style.color)), lum(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05); const large = parseFloat(style.fontSize) >= 24;
    return ratio < (large ? 3 : 4.5) ? [e.tagName + " " + e.textContent.slice(0, 30) + " " + ratio.toFixed(2)] : [];
  });
})()`;

describe("platform report in Chromium", function () {
  this.timeout(60_000);
  let browser: Browser | undefined;
  let dir: string;

  before(async function () {
    const require = createRequire(__filename);
    let playwright: { chromium: { launch(options: object): Promise<Browser> } } | undefined;
    try {
      playwright = require("playwright-core");
    } catch {
      // Told below.
    }
    const found = existsSync(chromium) ? playwright : undefined;
    const lacks = "needs the package playwright-core and Debian's chromium (or CHROMIUM=path)";
    browser = await needed(this, found ?? lacks).chromium.launch({ executablePath: chromium, args: ["--no-sandbox"] });
    dir = mkdtempSync(join(tmpdir(), "report-"));
    for (const language of ["en", "ko"] as const) {
      writeFileSync(join(dir, `${language}.html`), await reportHtml(samplePlans({ min: 2 }), language));
    }
  });
  after(async () => {
    await browser?.close();
    if (dir && !process.env.SCREENSHOTS) rmSync(dir, { recursive: true, force: true });
  });

  it("takes a log line, a name and a link for text, whatever is in them", async () => {
    const evil = `"'><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
    const recording: Recording = {
      incident: { id: "1", alarm: evil, startedAt: "2026-03-02T04:12:00Z" },
      findings: [
        { source: { kind: "changes" }, error: evil },
        {
          source: { kind: "logs", logGroup: evil },
          answers: {
            "GetQueryResults#first": {
              results: [
                [
                  { field: "@timestamp", value: "2026-03-02 04:11:00.000" },
                  { field: "@message", value: `Error ${evil}` },
                ],
              ],
            },
          },
        },
      ],
    };
    const about = { site: evil, stack: evil, region: evil, dashboard: "javascript:document.title='owned'" };
    const report = buildReport(recording, about, { phase: "started", now: new Date("2026-03-02T04:13:00Z") });
    const page = await (browser as Browser).newPage({ viewport: { width: 800, height: 900 }, colorScheme: "light" });
    writeFileSync(join(dir, "evil.html"), toHtml(incidentDocument(report, "en", "page")));
    await page.goto(pathToFileURL(join(dir, "evil.html")).href);
    assert.equal(await page.evaluate<number>("document.querySelectorAll('script,img,[onerror]').length"), 0);
    assert.equal(await page.evaluate<number>("document.querySelectorAll('a[href^=javascript]').length"), 0);
    assert.notEqual(await page.evaluate<string>("document.title"), "owned");
    assert.ok((await page.evaluate<number>("document.body.innerText.split('<img src=x').length")) > 4);
  });

  it("shows the steps of recovery on paper, without every line of the bills and the pictures in words", async () => {
    const page = await (browser as Browser).newPage({ viewport: { width: 800, height: 900 }, colorScheme: "light" });
    await page.goto(pathToFileURL(join(dir, "en.html")).href);
    const count = (selector: string) =>
      `[...document.querySelectorAll(${JSON.stringify(selector)})].filter((e) => e.checkVisibility({ ` +
      "contentVisibilityAuto: true })).length";
    const shown = (selector: string) => page.evaluate<number>(count(selector));
    assert.equal(await shown("details table"), 0);
    await page.emulateMedia({ media: "print" });
    // The browser lays the page out anew when it comes to it.
    await page.waitForFunction(`${count("#recovery ~ details table")} === 5`, undefined, { timeout: 20_000 });
    assert.equal(await shown("#details ~ details table"), 0);
    assert.equal(await shown("figure details"), 0);
  });

  for (const language of ["en", "ko"] as const) {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const width of [1200, 390]) {
        it(`${language}, ${colorScheme}, ${width} wide: offline, legible, in the window`, async () => {
          const page = await (browser as Browser).newPage({ viewport: { width, height: 900 }, colorScheme });
          const asked: string[] = [];
          page.on("request", (request) => asked.push(request.url()));
          await page.goto(pathToFileURL(join(dir, `${language}.html`)).href);
          assert.deepEqual(
            asked.filter((url) => !url.startsWith("file:")),
            [],
          );
          assert.ok((await page.evaluate<number>("document.documentElement.scrollWidth")) <= width);
          assert.deepEqual(await page.evaluate<string[]>(CONTRAST), []);
          assert.equal(await page.evaluate<string>("document.documentElement.lang"), language);
          assert.equal(await page.evaluate<number>("document.querySelectorAll('main,header,nav,footer').length"), 4);
          assert.equal(await page.evaluate<number>("document.querySelectorAll('th:not([scope])').length"), 0);
          assert.equal(await page.evaluate<number>("document.querySelectorAll('svg:not([role=img])').length"), 0);
          assert.ok((await page.evaluate<number>("document.querySelectorAll('svg[role=img]').length")) >= 6);
          if (process.env.SCREENSHOTS) {
            await page.screenshot({
              path: join(process.env.SCREENSHOTS, `${language}-${colorScheme}-${width}.png`),
              fullPage: true,
            });
          }
        });
      }
    }
  }
});
