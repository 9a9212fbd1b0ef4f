import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { deletable, federatedTrust } from "../aws/iam";

/** Arguments of {@link VercelIdentity}. */
export interface VercelIdentityArgs {
  /** The team's name in Vercel's URLs, for example `acme`. It is part of issuer, audience and subject. */
  readonly teamSlug: string;
  /** The project's name on Vercel (not its id): part of the subject. */
  readonly projectName: pulumi.Input<string>;
  /** Environments whose functions may take the role. @default ["production"] */
  readonly environments?: readonly ("production" | "preview" | "development")[];
  /** What the role may do, as IAM policy JSON. Without it the role may do nothing yet. */
  readonly policy?: pulumi.Input<string>;
  /**
   * ARN of the account's provider for this team, where another stack already made one: IAM allows one provider per issuer.
   * @default a new provider
   */
  readonly providerArn?: pulumi.Input<string>;
}

/**
 * Access from Vercel's functions to AWS without keys: an IAM identity provider for the team's issuer and a role that only this
 * project, in the named environments, may take. Free of charge. It replaces passwords and keys, not the network path to the
 * database (https://vercel.com/docs/oidc/aws, read 2026-11-24).
 */
export class VercelIdentity extends pulumi.ComponentResource {
  /** To be given to the functions as `AWS_ROLE_ARN`. */
  readonly roleArn: pulumi.Output<string>;

  constructor(name: string, args: VercelIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:VercelIdentity", name, args, opts);
    if (!/^[a-z0-9-]+$/.test(args.teamSlug)) {
      throw new Error(
        `vercel.oidc.teamSlug: ${args.teamSlug}. Use the team's name in Vercel's URLs: vercel.com/<teamSlug>.`,
      );
    }
    const issuer = `oidc.vercel.com/${args.teamSlug}`;
    const audience = `https://vercel.com/${args.teamSlug}`;
    const provider =
      args.providerArn ??
      new aws.iam.OpenIdConnectProvider(
        `${name}-issuer`,
        { url: `https://${issuer}`, clientIdLists: [audience] },
        { parent: this },
      ).arn;
    const role = new aws.iam.Role(
      `${name}-role`,
      {
        ...deletable,
        description: "Taken by the site's functions on Vercel",
        assumeRolePolicy: federatedTrust(
          provider,
          issuer,
          audience,
          (args.environments ?? ["production"]).map(
            (environment) =>
              pulumi.interpolate`owner:${args.teamSlug}:project:${args.projectName}:environment:${environment}`,
          ),
        ),
      },
      { parent: this },
    );
    if (args.policy !== undefined) {
      new aws.iam.RolePolicy(`${name}-policy`, { role: role.id, policy: args.policy }, { parent: this });
    }
    this.roleArn = role.arn;
    this.registerOutputs({ roleArn: this.roleArn });
  }
}
