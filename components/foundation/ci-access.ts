import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { deletable, federatedTrust, type Grant, grantPolicy } from "../aws/iam";

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
  /**
   * What each role may do, for example from `roleStatements` (core/calls). `{account}` and `{zone}` in an ARN stand for the account
   * and for {@link zoneId}.
   */
  readonly grants: { readonly preview: readonly Grant[]; readonly deploy: readonly Grant[] };
  /** The zone whose records the stack writes. */
  readonly zoneId: pulumi.Input<string>;
}

/** Seconds that a session of a deploy lasts: longer than the longest job, as tokens of GitHub are exchanged once. */
export const DEPLOY_SESSION = 2 * 3600;

/** Characters of a managed policy, white space not counted (IAM quotas, 2026-11), less what ids are longer than their names here. */
const POLICY_SIZE = 6144 - 500;

/**
 * Access from GitHub Actions without keys: GitHub's tokens are exchanged for a session. Free of charge. Each role is bound to
 * exactly one subject: `preview` reads, for jobs of the deployed branch (nightly drift); `deploy` writes, for jobs of the stack's
 * GitHub environment. A pull request, whose code nobody has reviewed, gets neither: `platform plan` needs no account.
 *
 * What they may do is made from the table of calls. Who deploys can still give the stack's own roles more, so the environment needs
 * reviewers. The CI's own roles are changed by a person, never by the CI.
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

    const known = (policy: pulumi.Output<string>) =>
      pulumi
        .all([policy, account, args.zoneId])
        .apply(([text, id, zone]) => text.replaceAll("{account}", id).replaceAll("{zone}", zone));
    const role = (purpose: "preview" | "deploy", subject: string, seconds: number) => {
      const created = new aws.iam.Role(
        `${name}-${purpose}`,
        {
          ...deletable,
          description: `GitHub Actions: ${purpose} by ${subject}`,
          maxSessionDuration: seconds,
          assumeRolePolicy: federatedTrust(provider, ISSUER, AUDIENCE, subject),
        },
        child,
      );
      for (const [index, grants] of packed(args.grants[purpose]).entries()) {
        const policy = new aws.iam.Policy(
          `${name}-${purpose}-${index + 1}`,
          { description: `GitHub Actions: ${purpose}`, policy: known(grantPolicy(grants)) },
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
    this.previewRoleArn = role("preview", `${subject}:ref:refs/heads/${args.branch}`, 3600);
    this.deployRoleArn = role("deploy", `${subject}:environment:${args.environment}`, DEPLOY_SESSION);
    this.registerOutputs({ previewRoleArn: this.previewRoleArn, deployRoleArn: this.deployRoleArn });
  }
}

/** Fills policies with statements, none larger than IAM allows; a statement that is too large for one is divided by its actions. */
export function packed(grants: readonly Grant[]): Grant[][] {
  const policies: Grant[][] = [];
  let room = 0;
  for (const grant of grants.flatMap(divided)) {
    const size = statementSize(grant);
    if (size > room) {
      policies.push([]);
      room = POLICY_SIZE - EMPTY;
    }
    policies.at(-1)?.push(grant);
    room -= size;
  }
  return policies;
}

const EMPTY = JSON.stringify({ Version: "2012-10-17", Statement: [] }).length;
const statementSize = ({ actions, resources, conditions }: Grant) =>
  JSON.stringify({ Effect: "Allow", Action: actions, Resource: resources, Condition: conditions }).length + 1;

function divided(grant: Grant): Grant[] {
  if (statementSize(grant) <= POLICY_SIZE - EMPTY) return [grant];
  const half = Math.ceil(grant.actions.length / 2);
  return [grant.actions.slice(0, half), grant.actions.slice(half)].flatMap((actions) => divided({ ...grant, actions }));
}
