import { createReadStream, statSync } from "node:fs";
import { UserError } from "../../../../core/errors";
import { type AwsAccess, askAws } from "../../../lib/aws-access";

/** What is known of an archive beside its content. */
export interface ArchiveRecord {
  /** SHA-256 in hex. */
  readonly sha256: string;
  readonly baked: Readonly<Record<string, string>>;
}

/** Releases of servers on S3. One that is there is never written over: a server may be starting from it. */
export interface Archives {
  readonly find: (bucket: string, key: string) => Promise<ArchiveRecord | undefined>;
  readonly put: (bucket: string, key: string, file: string, record: ArchiveRecord) => Promise<void>;
}

export function archivesOf(access: AwsAccess): Archives {
  const s3 = async () => {
    const sdk = await import("@aws-sdk/client-s3");
    // A bucket of releases may be in another region than the stack, and an upload takes longer than a question.
    const requestHandler = { ...access.config.requestHandler, requestTimeout: 600_000 };
    return { sdk, client: new sdk.S3Client({ ...access.config, requestHandler, followRegionRedirects: true }) };
  };
  return {
    async find(Bucket, Key) {
      const { sdk, client } = await s3();
      const found = await askAws(access, `look for s3://${Bucket}/${Key}`, () =>
        client.send(new sdk.HeadObjectCommand({ Bucket, Key })).catch((error: Error) => {
          if (error.name === "NotFound") return undefined;
          throw error;
        }),
      );
      if (!found) return undefined;
      const { sha256, baked = "{}" } = found.Metadata ?? {};
      if (!sha256) {
        throw new UserError(
          `s3://${Bucket}/${Key} exists and was not uploaded by \`platform release\`: give the release another --release-version.`,
        );
      }
      return { sha256, baked: JSON.parse(decodeURIComponent(baked)) as Record<string, string> };
    },
    async put(Bucket, Key, file, { sha256, baked }) {
      const { sdk, client } = await s3();
      await askAws(access, `write s3://${Bucket}/${Key}`, () =>
        client.send(
          new sdk.PutObjectCommand({
            ...{ Bucket, Key, Body: createReadStream(file), ContentLength: statSync(file).size },
            ContentType: "application/gzip",
            ChecksumSHA256: Buffer.from(sha256, "hex").toString("base64"),
            IfNoneMatch: "*",
            Metadata: { sha256, baked: encodeURIComponent(JSON.stringify(baked)) },
          }),
        ),
      );
    },
  };
}
