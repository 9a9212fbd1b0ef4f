import { request } from "node:https";
import type { Probe } from "../../core/web-tier";
import type { Names } from "./names";

/** What came back from one request: an answer, or the reason why there is none. */
export type Answer = { readonly status: number; readonly body: string } | { readonly error: string };

/** Who has to answer. Fields that are undefined are not compared. */
export interface Expected {
  readonly tier?: string;
  readonly version?: string;
}

/** Largest answer that is read, in bytes; a health check's is a few hundred. */
const MAX_BODY = 64 * 1024;

/**
 * One HTTPS request on a fresh connection: TCP to an address, TLS with the site's name, certificate verified for it.
 * @param address IPv4 address to connect to
 * @param timeoutMs for all of it, connection included
 */
export function ask(probe: Probe, address: string, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const outgoing = request({
      host: address,
      port: probe.port,
      servername: probe.servername,
      path: probe.path,
      method: "GET",
      agent: false,
      headers: { ...probe.headers, host: probe.host, "user-agent": "iamvet-platform-gate", accept: "application/json" },
    });
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    const end = (answer: Answer) => {
      clearTimeout(timer);
      outgoing.destroy();
      resolve(answer);
    };
    outgoing.on("error", (error) => end({ error: describe(error) }));
    outgoing.on("response", (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
        if (body.length > MAX_BODY) end({ error: `an answer of more than ${MAX_BODY} bytes: this is no health check` });
      });
      response.on("error", (error) => end({ error: describe(error) }));
      response.on("end", () => end({ status: response.statusCode ?? 0, body }));
    });
    outgoing.end();
  });
}

/** Asks every address of a probe's target, whose name is resolved for each time; undefined if all answer well. */
export async function askAll(
  probe: Probe,
  expected: readonly Expected[],
  timeoutMs: number,
  names: Names,
  askOnce: typeof ask = ask,
): Promise<string | undefined> {
  const addresses = probe.addresses ?? (await names.addresses(probe.connectTo));
  if (addresses.length === 0) return `${probe.connectTo} has no address`;
  for (const address of addresses) {
    const wrong = fault(await askOnce(probe, address, timeoutMs), expected);
    if (wrong) return addresses.length > 1 ? `${wrong} (from ${address})` : wrong;
  }
  return undefined;
}

/** The way a visitor comes: by the public name, to whatever address that has, without a header that picks a tier. */
export function visitorsProbe({ addresses: _, ...probe }: Probe, name: string): Probe {
  return { ...probe, connectTo: name, servername: name, host: name, headers: {} };
}

/** Undefined if the answer is healthy and one of those expected sent it; otherwise what is wrong with it. */
function fault(answer: Answer, expected: readonly Expected[]): string | undefined {
  if ("error" in answer) return answer.error;
  const said = `HTTP ${answer.status} ${excerpt(answer.body)}`.trimEnd();
  if (answer.status !== 200) return said;
  const fields = parse(answer.body);
  const healthy = fields?.status === undefined || HEALTHY.has(String(fields.status));
  if (!healthy) return said;
  if (expected.some(({ tier, version }) => matches(fields?.tier, tier) && matches(fields?.version, version))) return;
  const wanted = expected
    .map(({ tier, version }) => [tier ?? "any tier", version].filter(Boolean).join(" at "))
    .join(" or ");
  return `${said}, where an answer of ${wanted} was expected`;
}

/** Values of the health check's `status` that mean "send me traffic". */
const HEALTHY = new Set(["ok", "healthy"]);

/** How a probe is written in messages. Headers are left out, as one of them is a secret. */
export const probeUrl = (probe: Probe, address?: string): string =>
  `https://${probe.host}${probe.port === 443 ? "" : `:${probe.port}`}${probe.path} at ${probe.connectTo}` +
  (address && address !== probe.connectTo ? ` (${address})` : "");

const matches = (said: unknown, wanted: string | undefined) => wanted === undefined || said === wanted;

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const excerpt = (body: string) => {
  const line = body.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
};

const describe = (error: Error & { code?: string }) =>
  error.code && !error.message.includes(error.code) ? `${error.message} (${error.code})` : error.message;
