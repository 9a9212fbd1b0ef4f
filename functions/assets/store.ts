import { createHash } from "node:crypto";
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { HttpRequest, RequestPresigner } from "@smithy/types";
import { type Asset, toAsset } from "../../core/asset";

/** What a browser may keep: the name never gets another content. */
export const CACHE_CONTROL = "public, max-age=31536000, immutable";

/** Where the built files of all releases are kept. */
export interface AssetStore {
  readonly read: (key: string) => Promise<Asset | undefined>;
  /** Keeps a file, and begins its time in the bucket anew. */
  readonly write: (key: string, content: Buffer) => Promise<Asset>;
  /** An address from which anybody may load one file for some minutes. */
  readonly address: (key: string) => Promise<string>;
}

/** Seconds for which an address of {@link AssetStore.address} holds. */
export const ADDRESS_SECONDS = 300;

/** The store in an S3 bucket. */
export function s3Store(s3: S3Client, bucket: string): AssetStore {
  return {
    async read(key) {
      try {
        const found = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return {
          body: Buffer.from((await found.Body?.transformToByteArray()) ?? []),
          gzip: found.ContentEncoding === "gzip",
          type: found.ContentType ?? "application/octet-stream",
        };
      } catch (error) {
        // A role that may not list the bucket is told 403 for a key that is not there (S3 API reference, GetObject, Permissions).
        const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
        if ([403, 404].includes(status)) return undefined;
        throw error;
      }
    },
    async write(key, content) {
      const asset = toAsset(key, content);
      await s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: asset.body,
          ContentType: asset.type,
          CacheControl: CACHE_CONTROL,
          ...(asset.gzip ? { ContentEncoding: "gzip" } : {}),
        }),
      );
      return asset;
    },
    async address(key) {
      const command = new GetObjectCommand({ Bucket: bucket, Key: key });
      let address = "";
      // What @aws-sdk/s3-request-presigner does, a package more for this one call: the request is signed and not sent.
      command.middlewareStack.add(
        () => async (args) => {
          const { method, protocol, hostname, port, path, query, headers } = args.request as HttpRequest;
          const signer = (await s3.config.signer()) as unknown as RequestPresigner;
          const signed = await signer.presign(
            { method, protocol, hostname, port, path, query, headers: { host: headers.host ?? hostname } },
            { expiresIn: ADDRESS_SECONDS },
          );
          const search = new URLSearchParams(signed.query as Record<string, string>);
          address = `${protocol}//${headers.host ?? hostname}${path}?${search}`;
          return { response: undefined, output: { $metadata: {} } };
        },
        { step: "finalizeRequest", priority: "high" },
      );
      await s3.send(command);
      return address;
    },
  };
}

/** The same for the compressed and the plain form, so it is a weak one (RFC 9110, 8.8.1). */
export const weakEtag = ({ body }: Asset): string =>
  `W/"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
