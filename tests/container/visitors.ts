import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Postgres } from "../drill/harness/postgres";
import { until } from "../drill/harness/processes";

/** What Next.js says of its image cache for the first and the second request of one optimized image. */
export async function cacheOf(origin: string): Promise<(string | null)[]> {
  // Another width each time would be another entry: the first request of a test is the first of its container.
  const url = `${origin}/_next/image?url=${encodeURIComponent("/icon.png")}&w=64&q=75`;
  const ask = async () => {
    const response = await fetch(url, { headers: { accept: "image/webp" } });
    await response.arrayBuffer();
    return response.headers.get("x-nextjs-cache") ?? `status ${response.status}`;
  };
  const first = await ask();
  // The entry is written after the answer.
  await sleep(1_000);
  return [first, await ask()];
}

/** What became of requests while a server was stopped. */
export interface Answers<T> {
  readonly total: number;
  /** Requests without an answer when the stop began. */
  readonly waiting: number;
  /** Why a request had no whole answer of 200. */
  readonly lost: readonly string[];
  /** What the stop returned. */
  readonly result: T;
}

/** Connections that a load balancer keeps to a target. */
const CONNECTIONS = 40;

/**
 * Stops a server while requests are under way: their table is locked, so that they wait for the database, and freed a moment after the
 * stop began. They come over connections that are open, and end with the stop, since a load balancer has taken a target out before
 * its process is told to end. The app's pool must be as large, or they would wait for a place in it, and only for so long.
 */
export async function answersUnder<T>(url: string, postgres: Postgres, stop: () => Promise<T>): Promise<Answers<T>> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let open = 0;
  let total = 0;
  const lost: string[] = [];
  const ask = () =>
    new Promise<void>((done) => {
      open++;
      total++;
      const end = (problem?: string) => {
        open--;
        if (problem) lost.push(problem);
        done();
      };
      const request = get(url, { agent }, (response) => {
        response.resume();
        response.on("end", () => end(response.statusCode === 200 ? undefined : `status ${response.statusCode}`));
        response.on("error", (error) => end(error.message));
      });
      request.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    });
  const volley = () => Promise.all(Array.from({ length: CONNECTIONS }, ask));
  // Until all connections, also those to the database, are made.
  await until(async () => {
    lost.length = total = 0;
    await volley();
    return lost.length === 0;
  }, 60_000);
  const locked = postgres.sql("BEGIN; LOCK TABLE notes IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3); COMMIT");
  const granted = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'notes'::regclass";
  await until(async () => (await postgres.sql(granted)) === "1", 10_000);
  const last = volley();
  await sleep(300);
  const waiting = open;
  const [result] = await Promise.all([stop(), locked, last]);
  agent.destroy();
  return { total, waiting, lost, result };
}
