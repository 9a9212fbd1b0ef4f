import { STATUS_CODES } from "node:http";
import type { ALBEvent, ALBResult } from "aws-lambda";
import { type Asset, assetContent, assetKey, toAsset } from "../../core/asset";
import { ADDRESS_SECONDS, type AssetStore, CACHE_CONTROL, weakEtag } from "./store";
import { NO_SUCH_TIER } from "./tiers";

export interface AssetHandlerOptions {
  readonly store: AssetStore;
  /** Asks the tiers for a path; undefined if none has it. */
  readonly askTiers: (path: string) => Promise<Buffer | undefined>;
  /** Header of the probe rules. */
  readonly probeHeader: string;
  readonly log: (text: string) => void;
}

/**
 * Bytes of an answer's body, in Base64. A load balancer takes 1 MB of JSON from a function and answers 502 to more (ELB user guide,
 * "Lambda functions as targets", Limits): that, less what stands around the body.
 */
const MOST = 1_000_000 - 4_096;

type Response = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body?: Buffer };

/**
 * Answers for the built files of every release, the one that serves and those before it, from the bucket. A file that is not there is
 * asked of the tiers and then kept, so a release that nobody published is found as well; and when S3 is out of reach the tiers answer.
 */
export function assetHandler(options: AssetHandlerOptions): (event: ALBEvent) => Promise<ALBResult> {
  return async (event) => toResult(event, await respond(event, options));
}

async function respond(event: ALBEvent, options: AssetHandlerOptions): Promise<Response> {
  // Our own question to a tier that is not there, come back by the rule that leads here: to ask again would never end.
  if (readHeader(event, options.probeHeader) !== undefined) return refusal(NO_SUCH_TIER);
  if (event.httpMethod !== "GET" && event.httpMethod !== "HEAD") return refusal(405, { allow: "GET, HEAD" });
  const key = assetKey(event.path);
  const found = key === undefined ? undefined : await find(key, event.path, options);
  if (key === undefined || !found) return refusal(404);
  const { asset, kept } = found;

  const etag = weakEtag(asset);
  const headers = {
    "cache-control": CACHE_CONTROL,
    etag,
    vary: "accept-encoding",
    "x-content-type-options": "nosniff",
  };
  const known = readHeader(event, "if-none-match")
    ?.split(",")
    .map((tag) => tag.trim());
  if (known?.some((tag) => tag === etag || tag === "*")) return { status: 304, headers };
  const compressed = asset.gzip && accepts(readHeader(event, "accept-encoding") ?? "", "gzip");
  const body = compressed ? asset.body : assetContent(asset);
  const described = {
    ...headers,
    "content-type": asset.type,
    ...(compressed ? { "content-encoding": "gzip" } : {}),
  };
  if (event.httpMethod === "HEAD") return { status: 200, headers: described };
  if (4 * Math.ceil(body.length / 3) <= MOST) return { status: 200, headers: described, body };
  if (!kept) return refusal(503);
  // S3 gives it in the form in which it is kept, which a browser always takes.
  const location = await options.store.address(key);
  return { status: 307, headers: { location, "cache-control": `private, max-age=${ADDRESS_SECONDS / 2}` } };
}

/** The file, and whether the bucket has it now. */
async function find(
  key: string,
  path: string,
  { store, askTiers, log }: AssetHandlerOptions,
): Promise<{ asset: Asset; kept: boolean } | undefined> {
  const failed = (what: string) => (error: Error) => {
    log(`${what} ${key}: ${error.name}: ${error.message}`);
    return undefined;
  };
  const asset = await store.read(key).catch(failed("cannot read"));
  if (asset) return { asset, kept: true };
  const content = await askTiers(path);
  if (!content) return undefined;
  const kept = await store.write(key, content).catch(failed("cannot keep"));
  return { asset: kept ?? toAsset(key, content), kept: kept !== undefined };
}

/** Nothing that a browser or a cache may keep: the next release may have it. */
const refusal = (status: number, headers: Readonly<Record<string, string>> = {}): Response => ({
  status,
  headers: { ...headers, "cache-control": "no-store" },
});

/** A header by its name in small letters, as the load balancer writes them, in either of its two forms. */
function readHeader({ headers, multiValueHeaders }: ALBEvent, name: string): string | undefined {
  return headers?.[name] ?? multiValueHeaders?.[name]?.join(", ");
}

/** Whether a client takes a coding (RFC 9110, 12.5.3); one with `q=0` is refused. */
function accepts(header: string, coding: string): boolean {
  return header.split(",").some((part) => {
    const [name = "", ...parameters] = part.split(";").map((piece) => piece.trim().toLowerCase());
    return name === coding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** In the form of the event: with multi-value headers on, the load balancer reads nothing else. */
function toResult({ multiValueHeaders }: ALBEvent, { status, headers, body }: Response): ALBResult {
  return {
    statusCode: status,
    statusDescription: `${status} ${STATUS_CODES[status]}`,
    ...(multiValueHeaders
      ? { multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])) }
      : { headers: { ...headers } }),
    body: body?.toString("base64") ?? "",
    isBase64Encoded: body !== undefined,
  };
}
