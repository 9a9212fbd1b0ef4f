import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { gunzipSync } from "node:zlib";
import { paced } from "./paced";

/**
 * Run by the drill as a process of its own: people who load pages with their scripts, as browsers do, at a constant rate. Every result
 * is told as one JSON line. It knows nothing of the drill but the signal SIGUSR2: from then on the lazy ones load the rest of their
 * page. Ends on SIGTERM once all answers are in.
 */
interface Plan {
  readonly port: number;
  readonly servername: string;
  readonly caFile: string;
  /** Requests a second, all pages and files together. */
  readonly rate: number;
  /** Milliseconds after which an answer counts as lost. */
  readonly timeout: number;
}

/** What one visitor is like; each a quarter of all. */
export const KINDS = ["keeps cookies", "keeps no cookies", "loads a chunk late", "comes from a cached page"] as const;

/** One page with all that belongs to it. */
export interface PageLoad {
  readonly kind: (typeof KINDS)[number];
  /** Milliseconds since the epoch at which it began. */
  readonly at: number;
  /** Release of the page. */
  readonly version: string;
  readonly requests: number;
  /** Built files that the site says it does not have. */
  readonly missing: readonly string[];
  /** What got no answer, or an error. */
  readonly lost: readonly string[];
  /** Milliseconds of its built files. */
  readonly milliseconds: readonly number[];
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly cookies: readonly string[];
  readonly milliseconds: number;
}

interface Page {
  readonly version: string;
  readonly html: string;
}

/** Names of built files in a page or a script, with what a page hangs on them. */
const filesIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/\/_next\/(static\/[\w./~-]+\.(?:js|css))/g)].map(([, name = ""]) => name)),
];
const chunksIn = (text: string): string[] =>
  [...text.matchAll(/"(static\/chunks\/[\w./~-]+\.js)"/g)].map(([, name = ""]) => name);
const versionOf = (html: string): string => /data-dpl-id="([^"]+)"/.exec(html)?.[1] ?? "unknown";

function main(plan: Plan): void {
  const agent = new Agent({ keepAlive: true, maxSockets: 512, ca: readFileSync(plan.caFile), timeout: plan.timeout });
  const get = (path: string, cookies: readonly string[] = []): Promise<Answer> =>
    new Promise((done) => {
      const at = Date.now();
      const none = () => done({ status: 0, type: "", text: "", cookies: [], milliseconds: Date.now() - at });
      const headers = {
        host: plan.servername,
        "accept-encoding": "gzip",
        ...(cookies.length > 0 ? { cookie: cookies.join("; ") } : {}),
      };
      const { port, servername, timeout } = plan;
      const asking = request({ host: "127.0.0.1", port, servername, path, agent, timeout, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", none);
        response.on("end", () => {
          const body = Buffer.concat(parts);
          const { "content-encoding": coding, "content-type": type = "", "set-cookie": set = [] } = response.headers;
          const text = coding === "gzip" ? gunzipSync(body).toString() : body.toString();
          const kept = set.map((cookie) => cookie.split(";")[0] ?? "");
          done({ status: response.statusCode ?? 0, type, text, cookies: kept, milliseconds: Date.now() - at });
        });
      });
      asking.on("timeout", () => asking.destroy(new Error("late")));
      asking.on("error", none);
      asking.end();
    });

  let late: () => void = () => {};
  const gone = new Promise<void>((done) => {
    late = done;
  });
  process.on("SIGUSR2", () => late());

  async function load(kind: PageLoad["kind"], before: Page): Promise<PageLoad> {
    const at = Date.now();
    const missing: string[] = [];
    const lost: string[] = [];
    const milliseconds: number[] = [];
    let requests = 0;
    const jar: string[] = [];
    let page = before;
    if (kind !== "comes from a cached page") {
      const { status, text, cookies } = await get("/");
      requests++;
      if (status !== 200) lost.push(`/ ${status}`);
      if (kind !== "keeps no cookies") jar.push(...cookies);
      page = { html: text, version: versionOf(text) };
    }
    const files = filesIn(page.html);
    const fetchAll = async (names: readonly string[]) => {
      const answers = await Promise.all(names.map((name) => get(`/_next/${name}?dpl=${page.version}`, jar)));
      requests += names.length;
      for (const [index, { status, type, milliseconds: took }] of answers.entries()) {
        milliseconds.push(took);
        if (status === 404) missing.push(names[index] ?? "");
        else if (status !== 200 || !/javascript|css/.test(type)) lost.push(`${names[index]} ${status} ${type}`);
      }
      return answers;
    };
    const scripts = await fetchAll(files);
    if (kind === "loads a chunk late") {
      // What a script names and the page did not load is what its import() loads later.
      const chunks = new Set(scripts.flatMap(({ text }) => chunksIn(text)).filter((name) => !files.includes(name)));
      if (chunks.size === 0 && missing.length === 0) lost.push("no lazy chunk in the page");
      await gone;
      await fetchAll([...chunks]);
    }
    return { kind, at, version: page.version, requests, missing, lost, milliseconds };
  }

  void get("/").then(async ({ text }) => {
    const before = { html: text, version: versionOf(text) };
    const perPage = 1 + filesIn(text).length;
    await paced(plan.rate / perPage, (number) => load(KINDS[number % KINDS.length] ?? KINDS[0], before));
  });
}

if (require.main === module) main(JSON.parse(process.argv[2] ?? "{}"));
