import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Incident } from "../../../core/incident";

/** The incident that goes on. */
export interface Open {
  readonly incident: Incident;
  /** When a call last took it on. */
  readonly claimedAt: string;
  readonly reported: boolean;
  /** Its report was kept back by a mute. */
  readonly untold?: boolean;
  /** The follow-up is being written. */
  readonly ending?: boolean;
}

/** A value together with the version by which it is replaced. */
export interface Versioned {
  readonly value: Open;
  readonly version: string;
}

/** What the reporter remembers between its calls. */
export interface Store {
  readonly read: () => Promise<Versioned | undefined>;
  /** Writes it if none is open; undefined if one is. */
  readonly begin: (open: Open) => Promise<Versioned | undefined>;
  /** Writes it if nobody else did since; undefined if somebody did. */
  readonly replace: (open: Open, version: string) => Promise<Versioned | undefined>;
  readonly close: () => Promise<void>;
  /** Keeps a report; says where. */
  readonly save: (id: string, json: string, html: string) => Promise<string>;
}

const OPEN = "open-incident.json";
/** Reports older than the bucket's lifecycle allows go by themselves. */
const REPORTS = "reports/";

/** The store in an S3 bucket. S3's conditional writes decide between two calls at once. */
export function s3Store(s3: S3Client, bucket: string): Store {
  const put = async (open: Open, condition: Pick<PutObjectCommandInput, "IfMatch" | "IfNoneMatch">) => {
    try {
      const { ETag } = await s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: OPEN,
          Body: JSON.stringify(open),
          ContentType: "application/json",
          ...condition,
        }),
      );
      return { value: open, version: ETag ?? "" };
    } catch (error) {
      // 412: the condition does not hold; 409: another write is under way; 404: what was to be replaced is gone.
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
      if ([404, 409, 412].includes(status)) return undefined;
      throw error;
    }
  };
  return {
    read: async () => {
      try {
        const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: OPEN }));
        return { value: JSON.parse((await Body?.transformToString()) ?? "") as Open, version: ETag ?? "" };
      } catch (error) {
        if (error instanceof Error && error.name === "NoSuchKey") return undefined;
        throw error;
      }
    },
    begin: (open) => put(open, { IfNoneMatch: "*" }),
    replace: (open, version) => put(open, { IfMatch: version }),
    close: async () => {
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: OPEN }));
    },
    save: async (id, json, html) => {
      // An alarm's name may hold characters that a key had better not.
      const key = `${REPORTS}${id.replace(/[^\w.-]/g, "_")}`;
      const keep = (ending: string, Body: string, ContentType: string) =>
        s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${key}.${ending}`, Body, ContentType }));
      await Promise.all([keep("json", json, "application/json"), keep("html", html, "text/html; charset=utf-8")]);
      return `s3://${bucket}/${key}.html`;
    },
  };
}
