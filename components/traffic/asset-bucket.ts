import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { PREFIX } from "../../core/asset";
import { privateBucket } from "../aws/private-bucket";

export interface AssetBucketArgs {
  /** The site's name: a page of it may load what is too large for the load balancer from the bucket itself. */
  readonly domain: string;
  /** Days that a file is kept after its release was published last: how long a page may stay open. @default 90 */
  readonly keepDays?: number;
}

/**
 * The built files (`/_next/static/`) of the releases of the last months. It belongs to no architecture: a page of the old one finds
 * its files after a flip. `platform release` fills it before a release is rolled out; {@link AssetServer} answers from it. Some cents
 * a month for the storage. What is in it can be built again, so it goes with the stack.
 */
export class AssetBucket extends pulumi.ComponentResource {
  /** The bucket's name. */
  readonly name: pulumi.Output<string>;
  /** The files in it, for a policy. */
  readonly files: pulumi.Output<string>;

  constructor(name: string, args: AssetBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:AssetBucket", name, {}, opts);
    const child = { parent: this };
    const { bucket } = privateBucket(
      `${name}-bucket`,
      { expireDays: args.keepDays ?? 90, prefix: PREFIX, forceDestroy: true },
      child,
    );
    // Browsers load fonts, and modules, by CORS: after the redirect from the site to the bucket as well.
    new aws.s3.BucketCorsConfiguration(
      `${name}-cors`,
      {
        bucket: bucket.id,
        corsRules: [{ allowedMethods: ["GET"], allowedOrigins: [`https://${args.domain}`], maxAgeSeconds: 3600 }],
      },
      child,
    );
    this.name = bucket.bucket;
    this.files = pulumi.interpolate`${bucket.arn}/${PREFIX}*`;
    this.registerOutputs({ name: this.name });
  }
}
