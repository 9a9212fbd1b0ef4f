import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Grant, policyOf, trustOf } from "./iam";

const ISSUER = "token.actions.githubusercontent.com";
const AUDIENCE = "sts.amazonaws.com";

/** Arguments of {@link CiAccess}. */
export interface CiAccessArgs {
  /**
   * The repository as GitHub writes it into the subject of its tokens: `owner/name`, or with the numbers of owner and repository
   * (`owner@1/name@2`) for one that was created or renamed after June 2026, or that chose so.
   */
  readonly repository: string;
  /** The GitHub environment of the stack, whose reviewers approve a deploy. */
  readonly environment: string;
  /** The branch that is deployed; nightly runs look for drift on it. */
  readonly branch: string;
  /** IAM allows one provider per issuer and account: `false` where the account has GitHub's already. */
  readonly createProvider: boolean;
  readonly region: string;
  readonly stack: string;
  /** The zone whose records the stack writes. */
  readonly zoneId: pulumi.Input<string>;
  /** Actions by which resources are read and written, as the stack's types need them. */
  readonly permissions: { readonly read: readonly string[]; readonly write: readonly string[] };
  /** Names of the stack's own roles, profiles and policies, with `*` for the random part. The CI's own roles are not among them. */
  readonly ownNames: readonly string[];
  /** Names of the stack's own buckets, in the same way. The state's and the releases' are not among them. */
  readonly ownBuckets: readonly string[];
  /** Managed policies of AWS that the stack attaches to its roles. */
  readonly attachable: readonly string[];
  /** Secrets of others that the program reads; its own bear the tag `Stack`. */
  readonly secretArns: readonly pulumi.Input<string>[];
  readonly repositoryArn: pulumi.Input<string>;
  /** Bucket for releases of the app, where one server runs them. */
  readonly releaseBucket?: string;
  /** State on S3: its bucket, and the key of the stack's secrets. Without it the state is in Pulumi Cloud. */
  readonly state?: { readonly bucket: string; readonly keyArn?: string };
}

/** Services that the stack passes roles to. */
const passedTo = [
  "ec2",
  "ecs-tasks",
  "events",
  "lambda",
  "monitoring.rds",
  "backup",
  "scheduler",
  "ssm",
  "vpc-flow-logs",
].map((service) => `${service}.amazonaws.com`);

/** Services whose own roles AWS makes when they are first used in an account. */
const linked = ["autoscaling", "ecs", "ecs.application-autoscaling", "elasticloadbalancing", "rds", "backup"].map(
  (service) => `${service}.amazonaws.com`,
);

/** Characters of a managed policy, white space not counted (IAM quotas, 2026-11). A reserve is kept for what is known late. */
const POLICY_SIZE = 6144 - 1200;

/**
 * Access from GitHub Actions without keys: GitHub's tokens are exchanged for a session of an hour. Free of charge. Each role is bound
 * to exactly one subject: `preview` reads, for jobs of the deployed branch (nightly drift); `deploy` writes, for jobs of the stack's
 * GitHub environment. A pull request, whose code nobody has reviewed, gets neither: `platform plan` needs no account.
 *
 * What `deploy` may do is what the stack's types take, in the stack's region; roles by the stack's own names alone. Who deploys can
 * still give those roles more, so the environment needs reviewers. The CI's own roles are changed by a person, never by the CI.
 */
export class CiAccess extends pulumi.ComponentResource {
  readonly previewRoleArn: pulumi.Output<string>;
  readonly deployRoleArn: pulumi.Output<string>;

  constructor(name: string, args: CiAccessArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:CiAccess", name, {}, opts);
    const child = { parent: this };
    const account = aws.getCallerIdentityOutput({}, child).accountId;
    const provider = args.createProvider
      ? new aws.iam.OpenIdConnectProvider(
          `${name}-github`,
          { url: `https://${ISSUER}`, clientIdLists: [AUDIENCE] },
          child,
        ).arn
      : pulumi.interpolate`arn:aws:iam::${account}:oidc-provider/${ISSUER}`;

    const role = (purpose: "preview" | "deploy", subject: string, policies: readonly (readonly Grant[])[]) => {
      const created = new aws.iam.Role(
        `${name}-${purpose}`,
        {
          description: `GitHub Actions: ${purpose} by ${subject}`,
          maxSessionDuration: 3600,
          assumeRolePolicy: trustOf(provider, ISSUER, AUDIENCE, subject),
        },
        child,
      );
      for (const [index, grants] of policies.entries()) {
        const policy = new aws.iam.Policy(
          `${name}-${purpose}-${index + 1}`,
          { description: `GitHub Actions: ${purpose}`, policy: policyOf(grants) },
          child,
        );
        new aws.iam.RolePolicyAttachment(
          `${name}-${purpose}-${index + 1}`,
          { role: created.name, policyArn: policy.arn },
          child,
        );
      }
      return created.arn;
    };
    const subject = `repo:${args.repository}`;
    this.previewRoleArn = role("preview", `${subject}:ref:refs/heads/${args.branch}`, [
      ...reads(args, account),
      [...secretReads(args, account), ...stateGrants(args, false)],
    ]);
    this.deployRoleArn = role("deploy", `${subject}:environment:${args.environment}`, [
      ...reads(args, account),
      ...writes(args),
      [
        ...roleGrants(args, account),
        ...secretReads(args, account),
        ...releaseGrants(args, account),
        ...stateGrants(args, true),
      ],
    ]);
    this.registerOutputs({ previewRoleArn: this.previewRoleArn, deployRoleArn: this.deployRoleArn });
  }
}

/** Reads what exists. Values of secrets are granted apart; the other reads know few resources, so all are meant. */
function reads({ permissions, region }: CiAccessArgs, account: pulumi.Output<string>): Grant[][] {
  const values = /^(secretsmanager:GetSecretValue|ssm:GetParameter(s|History)?)$/;
  const parameters: Grant = {
    actions: permissions.read.filter((action) => action.startsWith("ssm:") && values.test(action)),
    resources: [
      `arn:aws:ssm:${region}::parameter/aws/service/*`,
      pulumi.interpolate`arn:aws:ssm:${region}:${account}:parameter/*`,
    ],
  };
  return packed([permissions.read.filter((action) => !values.test(action))]).map((actions, index) => [
    { actions, resources: ["*"] },
    ...(index === 0 ? [parameters] : []),
  ]);
}

/** The program reads its secrets when it compares them with what is deployed. */
function secretReads({ secretArns, region, stack }: CiAccessArgs, account: pulumi.Output<string>): Grant[] {
  const actions = ["secretsmanager:GetSecretValue"];
  return [
    {
      actions,
      resources: [pulumi.interpolate`arn:aws:secretsmanager:${region}:${account}:secret:*`],
      conditions: { StringEquals: { "aws:ResourceTag/Stack": stack } },
    },
    ...(secretArns.length > 0 ? [{ actions, resources: secretArns }] : []),
  ];
}

/** What is no matter of a region, and buckets, which are granted by their names. */
const GLOBAL = /^(iam|route53|budgets|s3):/;

/** Writes in the stack's region, and in us-east-1 where Route 53's health checks are watched. */
function writes({ permissions, region, zoneId, ownBuckets }: CiAccessArgs): Grant[][] {
  const regional = permissions.write.filter((action) => !GLOBAL.test(action));
  const inRegion = { StringEquals: { "aws:RequestedRegion": [...new Set([region, "us-east-1"])] } };
  const elsewhere = permissions.write.filter(
    (action) => /^(route53|budgets):/.test(action) && action !== "route53:ChangeResourceRecordSets",
  );
  return [
    ...packed(byService(regional)).map((part): Grant[] => [{ actions: part, resources: ["*"], conditions: inRegion }]),
    [
      { actions: elsewhere, resources: ["*"] },
      {
        actions: permissions.write.filter((action) => action.startsWith("s3:")),
        resources: ownBuckets.map((bucket) => `arn:aws:s3:::${bucket}`),
      },
      {
        actions: ["route53:ChangeResourceRecordSets"],
        resources: [pulumi.interpolate`arn:aws:route53:::hostedzone/${zoneId}`],
      },
    ],
  ];
}

/** The stack's own roles and nobody else's: not those of the CI, so that a deploy cannot widen itself. */
function roleGrants({ permissions, ownNames, attachable }: CiAccessArgs, account: pulumi.Output<string>): Grant[] {
  const own = (kind: string) => ownNames.map((name) => pulumi.interpolate`arn:aws:iam::${account}:${kind}/${name}`);
  const conditioned = ["iam:PassRole", "iam:AttachRolePolicy", "iam:DetachRolePolicy"];
  const plain = permissions.write.filter(
    (action) => action.startsWith("iam:") && !/OpenIDConnectProvider/.test(action) && !conditioned.includes(action),
  );
  return [
    { actions: plain, resources: [...own("role"), ...own("instance-profile"), ...own("policy")] },
    {
      actions: ["iam:PassRole"],
      resources: own("role"),
      conditions: { StringEquals: { "iam:PassedToService": passedTo } },
    },
    {
      actions: ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
      resources: own("role"),
      conditions: { ArnEquals: { "iam:PolicyARN": [...attachable] } },
    },
    {
      actions: ["iam:CreateServiceLinkedRole"],
      resources: [pulumi.interpolate`arn:aws:iam::${account}:role/aws-service-role/*`],
      conditions: { StringEquals: { "iam:AWSServiceName": linked } },
    },
  ];
}

/** Publishing a release: the image, or the archive and the command that installs it. */
function releaseGrants(
  { repositoryArn, releaseBucket, region }: CiAccessArgs,
  account: pulumi.Output<string>,
): Grant[] {
  return [
    { actions: ["ecr:GetAuthorizationToken", "ssm:GetCommandInvocation"], resources: ["*"] },
    {
      actions: [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
      ],
      resources: [repositoryArn],
    },
    {
      actions: ["ssm:SendCommand"],
      resources: [
        `arn:aws:ssm:${region}:*:document/AWS-RunShellScript`,
        pulumi.interpolate`arn:aws:ec2:${region}:${account}:instance/*`,
      ],
    },
    ...(releaseBucket ? [{ actions: ["s3:PutObject"], resources: [`arn:aws:s3:::${releaseBucket}/*`] }] : []),
  ];
}

/** The state, and the key of the stack's secrets. Whoever only reads still takes the lock. */
function stateGrants({ state }: CiAccessArgs, write: boolean): Grant[] {
  if (!state) return [];
  const bucket = `arn:aws:s3:::${state.bucket}`;
  return [
    { actions: ["s3:ListBucket"], resources: [bucket] },
    { actions: ["s3:GetObject"], resources: [`${bucket}/*`] },
    { actions: ["s3:PutObject", "s3:DeleteObject"], resources: [`${bucket}/${write ? "" : ".pulumi/locks/"}*`] },
    ...(state.keyArn
      ? [
          {
            actions: ["kms:Decrypt", ...(write ? ["kms:Encrypt", "kms:GenerateDataKey"] : [])],
            resources: [state.keyArn],
          },
        ]
      : []),
  ];
}

/** Actions of one service stay together. */
function byService(actions: readonly string[]): string[][] {
  const services = new Map<string, string[]>();
  for (const action of actions) {
    const service = action.split(":")[0] as string;
    services.set(service, [...(services.get(service) ?? []), action]);
  }
  return [...services.values()];
}

/** Fills policies with groups of actions, none larger than IAM allows. */
export function packed(groups: readonly (readonly string[])[]): string[][] {
  const policies: string[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const action of groups.flat()) {
    const more = action.length + 3;
    if (size + more > POLICY_SIZE) {
      policies.push([]);
      size = 0;
    }
    policies.at(-1)?.push(action);
    size += more;
  }
  return policies;
}
