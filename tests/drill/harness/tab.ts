import { existsSync } from "node:fs";
import { DOMAIN } from "./site";

/** Milliseconds that a page may take. */
const PATIENCE = 60_000;

/** One page in a real browser, which stays open while releases come and go. */
export class Tab {
  private constructor(
    private readonly page: import("playwright-core").Page,
    private readonly browser: import("playwright-core").Browser,
  ) {}

  /** Opens the site's page, and waits until its scripts work. Undefined where there is no Chromium. */
  static async open(port: number): Promise<Tab | undefined> {
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    if (!existsSync(executablePath)) return undefined;
    const { chromium } = await import("playwright-core");
    const browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", `--host-resolver-rules=MAP ${DOMAIN} 127.0.0.1`],
    });
    try {
      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      const go = () => page.goto(`https://${DOMAIN}:${port}/`, { waitUntil: "load", timeout: PATIENCE });
      // Once more: a network interface that comes or goes on this machine ends what Chromium is loading (ERR_NETWORK_CHANGED).
      await go().catch(go);
      return new Tab(page, browser);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** Asks for what the page loads late only; whether it is there then. */
  async loadsMore(): Promise<boolean> {
    await this.page.click("aside button", { timeout: PATIENCE });
    return this.page.waitForSelector("aside p", { timeout: 20_000 }).then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
