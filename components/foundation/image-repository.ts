import * as aws from "@pulumi/aws";
import { version as awsVersion } from "@pulumi/aws/package.json";
// A part of awsx costs 5 ms to load, the whole package 400 ms and 440 modules.
import * as ecr from "@pulumi/awsx/ecr";
import * as pulumi from "@pulumi/pulumi";

/** Days after which a manifest goes that no tag and no kept release refers to. */
const ORPHAN_DAYS = 1;

/**
 * Rules of the repository's lifecycle policy. One push of buildx makes several manifests: an index, which has the tag, an image for
 * each platform and their attestations, which have none. So releases are counted by their tags, and the rest goes with its index: "if
 * an image is referenced by a manifest list, it cannot be expired without the manifest list being deleted first", and an image that a
 * rule's tags match "cannot be expired by a rule with a lower priority"
 * (https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html, read 2026-11-30).
 *
 * @param keep releases that are kept, the newest ones
 * @param running tag of the release that the stack runs: it stays, however many were pushed since
 */
export function lifecycleRules(keep: number, running?: string): readonly object[] {
  const tagged = { tagStatus: "tagged", countType: "imageCountMoreThan" };
  const rules = [
    ...(running
      ? [
          {
            description: "Keep the release that runs",
            selection: { ...tagged, tagPatternList: [running], countNumber: 1 },
          },
        ]
      : []),
    {
      description: `Keep the last ${keep} releases`,
      selection: { ...tagged, tagPatternList: ["*"], countNumber: keep },
    },
    {
      description: "Remove what no release refers to",
      selection: { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: ORPHAN_DAYS },
    },
  ];
  return rules.map((rule, index) => ({ rulePriority: index + 1, ...rule, action: { type: "expire" } }));
}

/**
 * The ECR repository of the app's image: tags never move, images are scanned, old ones go. About 0.10 USD a GB and month.
 *
 * The repository is `awsx.ecr.Repository`. Its lifecycle policy is not awsx's: the rules of awsx 3.9.0 select tagged images by
 * prefixes alone, and no prefix means "any tag", which is how releases are counted.
 */
export class ImageRepository extends pulumi.ComponentResource {
  /** Repository URI, without tag or digest. */
  readonly url: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;

  constructor(
    name: string,
    args: {
      /** Releases kept; older ones expire within a day. */
      readonly keep: number;
      /** Tag of the release that the stack runs, which is kept in any case. @default none is known */
      readonly running?: string;
    },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("iamvet:index:ImageRepository", name, {}, opts);
    const { repository, url } = new ecr.Repository(
      `${name}-repository`,
      {
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: "AES256" }],
        lifecyclePolicy: { skip: true },
      },
      { parent: this, transforms: [childTransform(this)] },
    );
    new aws.ecr.LifecyclePolicy(
      `${name}-lifecycle`,
      {
        repository: repository.name,
        policy: JSON.stringify({ rules: lifecycleRules(args.keep, args.running) }),
      },
      // The provider replaces a policy that changes, and a repository has one: deleted last, the old one would take the new one along.
      { parent: this, deleteBeforeReplace: true },
    );
    this.url = url;
    this.arn = repository.arn;
    this.registerOutputs({ url: this.url });
  }
}

/**
 * What the child of awsx's component is given, which awsx's plugin registers in a process of its own.
 * - An alias: the repository was a child of `parent` itself before it was awsx's, and keeps its images. A stack that never had one
 *   passes over it.
 * - The program's version of the aws plugin: awsx asks for the one that it was built with, a second plugin beside the first.
 */
const childTransform =
  (parent: ImageRepository): pulumi.ResourceTransform =>
  ({ custom, props, opts }) =>
    custom ? { props, opts: { ...opts, version: awsVersion, aliases: [{ parent }] } } : undefined;
