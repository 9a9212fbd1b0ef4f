import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { policyDocument } from "./iam";

export interface PrivateBucketArgs {
  /** Days after which an object is deleted. */
  readonly expireDays: number;
  /** Only objects below it expire. @default all */
  readonly prefix?: string;
  /** Whether `pulumi destroy` may delete it with what is in it. @default false */
  readonly forceDestroy?: boolean;
  /** Further statements of its policy, before the one that refuses what comes without TLS. @default none */
  readonly statements?: (bucket: aws.s3.Bucket) => readonly Readonly<Record<string, unknown>>[];
}

/**
 * A bucket that nobody outside the account reads, encrypted by S3 (a load balancer delivers to no other encryption), reached by TLS
 * only, and emptied by age.
 * @returns the bucket, and its policy for what has to wait until it may write
 */
export function privateBucket(name: string, args: PrivateBucketArgs, opts: pulumi.CustomResourceOptions) {
  const bucket = new aws.s3.Bucket(name, { forceDestroy: args.forceDestroy ?? false }, opts);
  const blocked = new aws.s3.BucketPublicAccessBlock(
    `${name}-private`,
    {
      bucket: bucket.id,
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    opts,
  );
  new aws.s3.BucketServerSideEncryptionConfiguration(
    `${name}-encryption`,
    { bucket: bucket.id, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
    opts,
  );
  new aws.s3.BucketLifecycleConfiguration(
    `${name}-lifecycle`,
    {
      bucket: bucket.id,
      rules: [
        {
          id: "expire",
          status: "Enabled",
          filter: args.prefix === undefined ? {} : { prefix: args.prefix },
          expiration: { days: args.expireDays },
        },
        {
          // A rule of its own, since it holds for the whole bucket.
          id: "abort-uploads",
          status: "Enabled",
          filter: {},
          abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
        },
      ],
    },
    opts,
  );
  const policy = new aws.s3.BucketPolicy(
    `${name}-policy`,
    {
      bucket: bucket.id,
      policy: policyDocument(...(args.statements?.(bucket) ?? []), {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
    },
    { ...opts, dependsOn: [blocked] },
  );
  return { bucket, policy };
}
