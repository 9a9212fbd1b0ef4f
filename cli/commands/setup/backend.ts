import { UserError } from "../../../core/errors";
import type { AwsAccess } from "../../lib/aws-access";
import { askAws } from "../../lib/aws-access";

/** Where the state of a stack lives, and what encrypts its secrets. */
export interface Backend {
  /** What `pulumi login` is given; empty for Pulumi Cloud. */
  readonly url: string;
  /** What `pulumi stack init --secrets-provider` is given; undefined for the backend's own. */
  readonly secretsProvider?: string;
  /** S3 alone: what has to exist first. */
  readonly store?: Store;
}

/** Bucket and key of a state on S3. */
export interface Store {
  readonly bucket: string;
  readonly region: string;
  /** With `alias/` in front. */
  readonly keyAlias: string;
}

/** The three backends, and what to know of each. Source: Pulumi documentation, "State and backends" and "Secrets handling", 2026-11. */
export const backends = [
  {
    value: "cloud",
    label: "Pulumi Cloud",
    hint: "history, locks and encryption by Pulumi; free for one person, a Pulumi account is needed",
  },
  {
    value: "s3",
    label: "a bucket of your own on S3",
    hint: "state and a KMS key in your account: about 1 USD a month",
  },
  {
    value: "file",
    label: "a folder on this machine",
    hint: "to try things out: nobody else sees it, CI cannot deploy",
  },
] as const;

/**
 * Reads `--backend` and `--secrets-provider`.
 * @param backend cloud, file, s3, `s3://<bucket>` or `file://<folder>`
 */
export function backendOf(
  backend: string,
  secretsProvider: string | undefined,
  { project, account, region }: { readonly project: string; readonly account: string; readonly region: string },
): Backend {
  if (secretsProvider && !/^(passphrase|default|awskms:\/\/\S+)$/.test(secretsProvider)) {
    throw new UserError(
      `--secrets-provider ${secretsProvider}: passphrase, default (Pulumi Cloud's own) or awskms://alias/<name>?region=<region> is needed.`,
    );
  }
  const given = secretsProvider && secretsProvider !== "default" ? { secretsProvider } : {};
  if (backend === "cloud") return { url: "", ...given };
  if (backend === "file" || backend.startsWith("file://")) {
    if (secretsProvider === "default")
      throw new UserError(
        "--secrets-provider default is Pulumi Cloud's: passphrase or awskms://... is needed with files.",
      );
    return { url: backend === "file" ? "--local" : backend, secretsProvider: secretsProvider ?? "passphrase" };
  }
  const named = /^s3(?::\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9]))?$/.exec(backend);
  if (!named) {
    throw new UserError(`--backend ${backend}: cloud, s3, s3://<bucket>, file or file://<folder> is needed.`);
  }
  if (secretsProvider === "default")
    throw new UserError("--secrets-provider default is Pulumi Cloud's: awskms://... or passphrase is needed with S3.");
  const bucket = named[1] ?? `${project}-pulumi-${account}-${region}`.toLowerCase();
  const keyAlias = `alias/${project}-pulumi`;
  return {
    url: `s3://${bucket}?region=${region}`,
    secretsProvider: secretsProvider ?? `awskms://${keyAlias}?region=${region}`,
    store: { bucket, region, keyAlias },
  };
}

/** Only who speaks TLS may read or write the state. */
const tlsOnly = (bucket: string, partition: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [`arn:${partition}:s3:::${bucket}`, `arn:${partition}:s3:::${bucket}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });

const nobody = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
/** Days that an older version of the state can be gone back to. */
const KEPT_DAYS = 90;
const lifecycle = {
  Rules: [
    {
      ID: "old-versions",
      Status: "Enabled" as const,
      Filter: {},
      NoncurrentVersionExpiration: { NoncurrentDays: KEPT_DAYS },
    },
  ],
};
const encryption = (key: string) => ({
  Rules: [
    {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" as const, KMSMasterKeyID: key },
      BucketKeyEnabled: true,
    },
  ],
});

/** The commands that build the store, for a person who would rather run them. */
export function storeCommands({ bucket, region, keyAlias }: Store, partition = "aws"): string[] {
  const s3 = (verb: string, rest: string) => `aws s3api ${verb} --bucket ${bucket} ${rest}`;
  const place = region === "us-east-1" ? "" : ` --create-bucket-configuration LocationConstraint=${region}`;
  return [
    `KEY=$(aws kms create-key --region ${region} --description "Pulumi state and secrets" --query KeyMetadata.KeyId --output text)`,
    `aws kms enable-key-rotation --region ${region} --key-id "$KEY"`,
    `aws kms create-alias --region ${region} --alias-name ${keyAlias} --target-key-id "$KEY"`,
    s3("create-bucket", `--region ${region}${place}`),
    s3("put-public-access-block", `--public-access-block-configuration ${shorthand(nobody)}`),
    s3("put-bucket-versioning", "--versioning-configuration Status=Enabled"),
    s3(
      "put-bucket-encryption",
      `--server-side-encryption-configuration '${JSON.stringify(encryption("KEY"))}'`,
    ).replace('"KEY"', `"'"$KEY"'"`),
    s3("put-bucket-lifecycle-configuration", `--lifecycle-configuration '${JSON.stringify(lifecycle)}'`),
    s3("put-bucket-policy", `--policy '${tlsOnly(bucket, partition)}'`),
  ];
}

const shorthand = (flags: Readonly<Record<string, boolean>>) =>
  Object.entries(flags)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");

/**
 * Creates the bucket (versioned, encrypted by the key, private, TLS only) and the key (rotated). What exists is taken as it is,
 * and its settings are set again: a run that was interrupted can be repeated.
 *
 * @returns what was done, for people
 */
export async function createStore(access: AwsAccess, store: Store): Promise<string[]> {
  const { bucket, region, keyAlias } = store;
  const done: string[] = [];
  const key = await askAws(access, "create a KMS key", () => keyOf(access, keyAlias, done));
  const s3 = await import("@aws-sdk/client-s3");
  // The style with the bucket in the path works with every endpoint.
  const client = new s3.S3Client({ ...access.config, region, forcePathStyle: Boolean(process.env.AWS_ENDPOINT_URL) });
  await askAws(access, `create the bucket ${bucket}`, async () => {
    try {
      await client.send(
        new s3.CreateBucketCommand({
          Bucket: bucket,
          ...(region === "us-east-1"
            ? {}
            : {
                CreateBucketConfiguration: {
                  LocationConstraint: region as import("@aws-sdk/client-s3").BucketLocationConstraint,
                },
              }),
        }),
      );
      done.push(`bucket ${bucket} created in ${region}`);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "BucketAlreadyOwnedByYou") {
        throw error instanceof Error && error.name === "BucketAlreadyExists"
          ? new UserError(`The bucket name ${bucket} is taken by another account. Choose one: --backend s3://<bucket>`)
          : error;
      }
      done.push(`bucket ${bucket} was there`);
    }
    const Bucket = bucket;
    await client.send(new s3.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: nobody }));
    await client.send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    await client.send(
      new s3.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: encryption(key) }),
    );
    await client.send(new s3.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: lifecycle }));
    await client.send(new s3.PutBucketPolicyCommand({ Bucket, Policy: tlsOnly(bucket, access.partition) }));
    done.push(`it is private, TLS only, encrypted by ${keyAlias}, and keeps old versions for ${KEPT_DAYS} days`);
  });
  return done;
}

async function keyOf({ config }: AwsAccess, alias: string, done: string[]): Promise<string> {
  const kms = await import("@aws-sdk/client-kms");
  const client = new kms.KMSClient(config);
  try {
    const { KeyMetadata } = await client.send(new kms.DescribeKeyCommand({ KeyId: alias }));
    done.push(`key ${alias} was there`);
    return KeyMetadata?.Arn ?? alias;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "NotFoundException") throw error;
  }
  const { KeyMetadata } = await client.send(new kms.CreateKeyCommand({ Description: "Pulumi state and secrets" }));
  const KeyId = KeyMetadata?.KeyId;
  await client.send(new kms.EnableKeyRotationCommand({ KeyId }));
  await client.send(new kms.CreateAliasCommand({ AliasName: alias, TargetKeyId: KeyId }));
  done.push(`key ${alias} created, rotated every year`);
  return KeyMetadata?.Arn ?? alias;
}
