import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Postgres } from "../drill/postgres";

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

/**
 * Stops a server while requests are under way: their table is locked, so that they wait for the database, and freed a second after
 * the stop began. New requests end with it, since a load balancer has taken a target out before its process is told to end.
 */
export async function answersUnder<T>(url: string, postgres: Postgres, stop: () => Promise<T>): Promise<Answers<T>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  let open = 0;
  const lost: string[] = [];
  const all: Promise<void>[] = [];
  const ask = () =>
    new Promise<void>((done) => {
      open++;
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
  /** A hundred requests a second until so many are open, at most for some seconds. */
  const load = async (enough: number, limit: number) => {
    for (const end = Date.now() + limit; Date.now() < end && open < enough; await sleep(10)) all.push(ask());
  };
  await load(Number.POSITIVE_INFINITY, 2_000);
  // Less than the app waits for a connection of its pool (2 s).
  const locked = postgres.sql("BEGIN; LOCK TABLE notes IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1.6); COMMIT");
  await load(40, 3_000);
  const waiting = open;
  const [result] = await Promise.all([stop(), locked, Promise.all(all)]);
  agent.destroy();
  return { total: all.length, waiting, lost, result };
}
