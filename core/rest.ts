/**
 * What a call of a REST API failed with. The functions of this file run in Pulumi's dynamic provider from a serialised copy:
 * they use globals only.
 */
export interface ApiError extends Error {
  readonly status?: number;
  /** The API's own name of the error. */
  readonly code?: string;
  /** Whether the server may have done what was asked although the answer did not arrive. */
  readonly doubtful: boolean;
}

/** One service and how to speak with it. */
export interface RestService {
  /** Name in messages. */
  readonly name: string;
  /** Address before the paths. */
  readonly base: string;
  readonly key: string | undefined;
  /** What to do when there is no key. */
  readonly keyMissing: string;
  /** What to do when the key is refused. */
  readonly keyRefused: string;
  /** What to do when there were too many requests. */
  readonly tooMany: string;
}

/** Calls a method on a path (or on an address of the same origin) and returns the answer's JSON. */
export type Call = <T>(method: string, path: string, body?: unknown) => Promise<T>;

/**
 * A client with the service's key. 429 waits as long as `Retry-After` asks; 5xx, time-outs, broken connections and answers
 * that were cut off are tried again with back-off, up to six times, unless the method is POST and may have had an effect.
 * Messages and errors never contain the key. Environment: REST_TIMEOUT_MS (30000), REST_BACKOFF_MS (1000, doubled each time).
 */
export function restClient(service: RestService): Call {
  const attempts = 6;
  const { name, base, key } = service;
  const timeout = Number(process.env.REST_TIMEOUT_MS ?? 30_000);
  const firstDelay = Number(process.env.REST_BACKOFF_MS ?? 1_000);
  const fail = (message: string, doubtful: boolean, status?: number, code?: string): ApiError =>
    Object.assign(new Error(message), { doubtful, status, code });

  async function once<T>(
    method: string,
    url: string,
    body: unknown,
  ): Promise<{ wait?: number; error?: ApiError; value?: T }> {
    const where = `${method} ${new URL(url).pathname}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers: { Authorization: `Bearer ${key}`, Accept: "application/json", "Content-Type": "application/json" },
        signal: AbortSignal.timeout(timeout),
        // A redirect could lead the key to another host.
        redirect: "error",
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (error) {
      const timedOut = error instanceof Error && error.name === "TimeoutError";
      return { error: fail(`${name}: ${timedOut ? `no answer in ${timeout} ms` : "no connection"} (${where})`, true) };
    }
    const { status } = response;
    if (status === 429) {
      const seconds = Number(response.headers.get("Retry-After"));
      const wait = Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1_000, 120_000) : undefined;
      return { error: fail(`${name}: ${service.tooMany}`, false, 429), ...(wait !== undefined && { wait }) };
    }
    if (status >= 500) return { error: fail(`${name}: HTTP ${status} (${where})`, true, status) };
    let parsed: unknown;
    try {
      parsed = text === "" ? undefined : JSON.parse(text);
    } catch {
      if (response.ok) return { error: fail(`${name}: the answer was cut off (${where})`, true) };
    }
    if (response.ok) return { value: parsed as T };
    const { error: nested, ...plain } = (parsed ?? {}) as Record<string, unknown>;
    const { message, code } = { ...plain, ...(typeof nested === "object" ? nested : {}) } as Record<string, unknown>;
    const said = Array.isArray(message) ? message.join("; ") : String(message ?? "");
    const keyRefused = status === 401 || status === 403;
    const what = keyRefused ? `${name} refused the key (HTTP ${status})` : `${name} refused ${where} (HTTP ${status})`;
    const how = keyRefused ? `. ${service.keyRefused}` : "";
    throw fail(`${what}${said && `: ${said}`}${how}`, false, status, code === undefined ? undefined : String(code));
  }

  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    if (!key) throw fail(service.keyMissing, false);
    const url = path.startsWith("http") ? path : `${base}${path}`;
    if (new URL(url).origin !== new URL(base).origin)
      throw fail(`${name} pointed to another host; not followed.`, false);
    for (let attempt = 1; ; attempt++) {
      const { value, error, wait } = await once<T>(method, url, body);
      if (error === undefined) return value as T;
      // A POST whose fate is unknown is not repeated blindly: whoever called looks first whether it was done.
      if (attempt === attempts || (method === "POST" && error.doubtful)) throw error;
      await pause(wait ?? firstDelay * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
    }
  };
}

/** Waits, in milliseconds. */
export const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/**
 * Creates what does not exist yet and returns its id. An earlier creation that was interrupted is found by `find`, brought
 * to the wanted state and kept, rather than doubled; so is one whose answer got lost just now.
 */
export async function createOnce(
  find: () => Promise<number | undefined>,
  create: () => Promise<number>,
  adopt: (id: number) => Promise<unknown>,
) {
  const existing = await find();
  if (existing !== undefined) {
    await adopt(existing);
    return existing;
  }
  try {
    return await create();
  } catch (error) {
    if (!(error as ApiError).doubtful) throw error;
    const created = await find();
    if (created !== undefined) {
      await adopt(created);
      return created;
    }
    return create();
  }
}

/** A method on an object that may have been deleted by hand; undefined if it was. */
export async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const { status } = error as ApiError;
    if (status === 404 || status === 410) return undefined;
    throw error;
  }
}
