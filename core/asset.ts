import { extname } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

/** Where Next.js keeps what it builds for browsers: each name belongs to one content, for ever. */
export const PREFIX = "_next/static/";

/** What a file is by its name, and whether compressing it is worth it: the other formats are compressed by themselves. */
const types: Readonly<Record<string, { readonly type: string; readonly text?: true }>> = {
  ".js": { type: "text/javascript; charset=utf-8", text: true },
  ".mjs": { type: "text/javascript; charset=utf-8", text: true },
  ".css": { type: "text/css; charset=utf-8", text: true },
  ".json": { type: "application/json; charset=utf-8", text: true },
  ".map": { type: "application/json; charset=utf-8", text: true },
  ".txt": { type: "text/plain; charset=utf-8", text: true },
  ".xml": { type: "application/xml; charset=utf-8", text: true },
  ".svg": { type: "image/svg+xml", text: true },
  ".wasm": { type: "application/wasm", text: true },
  ".ttf": { type: "font/ttf", text: true },
  ".otf": { type: "font/otf", text: true },
  ".woff": { type: "font/woff" },
  ".woff2": { type: "font/woff2" },
  ".png": { type: "image/png" },
  ".jpg": { type: "image/jpeg" },
  ".jpeg": { type: "image/jpeg" },
  ".gif": { type: "image/gif" },
  ".webp": { type: "image/webp" },
  ".avif": { type: "image/avif" },
  ".ico": { type: "image/x-icon" },
  ".mp4": { type: "video/mp4" },
  ".webm": { type: "video/webm" },
  ".mp3": { type: "audio/mpeg" },
  ".pdf": { type: "application/pdf" },
};

/** A built file as it lies in the bucket. */
export interface Asset {
  readonly body: Buffer;
  /** Whether `body` is compressed. */
  readonly gzip: boolean;
  readonly type: string;
}

/** The form in which a file is kept: compressed once, however often it is asked for. */
export function toAsset(key: string, content: Buffer): Asset {
  const { type, text = false } = types[extname(key).toLowerCase()] ?? { type: "application/octet-stream" };
  return { body: text ? gzipSync(content, { level: 9 }) : content, gzip: text, type };
}

export const assetContent = ({ body, gzip }: Asset): Buffer => (gzip ? gunzipSync(body) : body);

/** The longest key that S3 takes, in bytes. */
const LONGEST_KEY = 1024;

/**
 * Key of a path as the load balancer hands it over, which is as the browser encoded it. Undefined for what cannot be a built file:
 * another folder, a way out of this one, a folder itself.
 */
export function assetKey(path: string): string | undefined {
  const key = decoded(path).slice(1);
  const segments = key.split("/");
  const plain = segments.every((segment) => !["", ".", ".."].includes(segment)) && !/[\p{Cc}\\]/u.test(key);
  return key.startsWith(PREFIX) && plain && Buffer.byteLength(key) <= LONGEST_KEY ? key : undefined;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}
