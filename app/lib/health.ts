/** What a health check tells the world: nothing about the inside beyond which tier and release answered. */
export interface Health {
  readonly status: "ok" | "unavailable";
  /** Name of the architecture that answered, from `SITE_TIER`; a gate reads it to know who it talks to. */
  readonly tier: string;
  /** Release that answered, from `SITE_VERSION`. */
  readonly version: string;
}

/** This process's identity with a given status. */
export function health(status: Health["status"]): Health {
  return { status, tier: process.env.SITE_TIER ?? "local", version: process.env.SITE_VERSION ?? "development" };
}

/** The answer to a health check: 200 or 503, never cached, without a body for HEAD. */
export function answer(body: Health, method: string): Response {
  const init = { status: body.status === "ok" ? 200 : 503, headers: { "Cache-Control": "no-store" } };
  return method === "HEAD" ? new Response(null, init) : Response.json(body, init);
}

/** Rejects when `work` takes longer than `milliseconds`; the work itself is not cancelled. */
export function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}
