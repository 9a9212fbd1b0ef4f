import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as vercel from "@pulumiverse/vercel";
import type { VercelAppArgs } from "./vercel-app";
import { completed, targetVariables, type VercelEnvironment } from "./vercel-deployment";
import { VercelIdentity } from "./vercel-identity";
import { MIGRATE_IN_BUILD } from "./vercel-migration";
import { defaultNodeVersion } from "./vercel-node";
import type { VercelProtection } from "./vercel-plans";

/** The project: how the site is built, where its functions run, and who may open its deployments. */
export function vercelProject(
  name: string,
  args: VercelAppArgs,
  regions: readonly string[],
  parent: pulumi.Resource,
): vercel.Project {
  const { source, teamId, protection = "standard" } = args;
  return new vercel.Project(
    `${name}-project`,
    {
      teamId,
      framework: "nextjs",
      rootDirectory: args.rootDirectory,
      buildCommand: [
        ...(args.migrate === "build" ? [MIGRATE_IN_BUILD] : []),
        args.buildCommand ?? "npx prisma generate && npx next build",
      ].join(" && "),
      nodeVersion: args.nodeVersion ?? defaultNodeVersion,
      resourceConfig: {
        fluid: true,
        functionDefaultRegions: [...regions],
        functionDefaultTimeout: args.functions?.maxSeconds ?? 60,
        functionDefaultCpuType: args.functions?.cpu ?? "standard",
      },
      ...(source.kind === "repository" && {
        gitRepository: {
          type: source.type,
          repo: source.repo,
          productionBranch: source.productionBranch ?? "main",
        },
        gitProviderOptions: { createDeployments: source.deployOnPush ?? false },
      }),
      automaticallyExposeSystemEnvironmentVariables: true,
      previewDeploymentsDisabled: args.preview === undefined,
      gitForkProtection: true,
      protectedSourcemaps: true,
      skewProtection: args.skewProtection,
      oidcTokenConfig: { issuerMode: "team" },
      vercelAuthentication: { deploymentType: authenticated[protection] },
      ...(protection === "password" && {
        passwordProtection: {
          deploymentType: "standard_protection_new",
          password: pulumi.secret(args.protectionPassword ?? ""),
        },
      }),
    },
    { parent },
  );
}

/**
 * The project's variables: the caller's, and those that only this tier knows.
 * @returns production's, and the resources that have to be there before a deployment
 */
export function projectVariables(
  name: string,
  args: VercelAppArgs,
  tier: string,
  project: vercel.Project,
  parent: pulumi.Resource,
) {
  const identity =
    args.oidc && new VercelIdentity(`${name}-identity`, { ...args.oidc, projectName: project.name }, { parent });
  // Only where the role trusts the functions: a name without the right to it would fail at the first call.
  const trusted = args.oidc?.environments ?? ["production"];
  const roleIn = (target: "production" | "preview"): VercelEnvironment["environment"] =>
    identity && trusted.includes(target) ? { AWS_ROLE_ARN: identity.roleArn } : {};
  const production = completed(args, args, { SITE_TIER: tier, ...roleIn("production") });
  const variables = [
    ...targetVariables("production", production),
    ...(args.preview
      ? targetVariables("preview", completed(args, args.preview, { SITE_TIER: tier, ...roleIn("preview") }))
      : []),
  ].map(
    ({ target, key, value, secret }) =>
      new vercel.ProjectEnvironmentVariable(
        `${name}-${target}-${key}`,
        {
          projectId: project.id,
          teamId: args.teamId,
          key,
          value,
          targets: [target],
          sensitive: secret || (args.allVariablesSensitive ?? false),
        },
        // A variable's name is its identity on Vercel: the new one cannot stand beside the old one.
        { parent, deleteBeforeReplace: true },
      ),
  );

  return { production, variables };
}

/** The site's name, those that redirect to it, and the record that proves whose they are. */
export function projectDomains(name: string, args: VercelAppArgs, project: vercel.Project, parent: pulumi.Resource) {
  const { teamId } = args;
  const site = new vercel.ProjectDomain(
    `${name}-domain`,
    { projectId: project.id, teamId, domain: args.domain },
    { parent },
  );
  const redirects = (args.redirectFrom ?? []).map(
    (from) =>
      new vercel.ProjectDomain(
        `${name}-domain-${from}`,
        { projectId: project.id, teamId, domain: from, redirect: site.domain, redirectStatusCode: 308 },
        { parent },
      ),
  );
  const domains = [site, ...redirects];
  // Vercel asks for this only where another account already uses the name. The record is there in any case, since what is
  // created must not depend on an answer that only an update gets.
  const asked = pulumi
    .all(domains.map(({ verifications }) => verifications))
    .apply((lists) => lists.flatMap((l) => l ?? []));
  const ownership = new aws.route53.Record(
    `${name}-ownership`,
    {
      zoneId: args.zoneId,
      name: asked.apply((challenges) => challenges[0]?.domain ?? `_vercel.${args.domain}`),
      type: "TXT",
      ttl: 60,
      records: asked.apply((challenges) =>
        challenges.length === 0 ? ["no proof asked"] : [...new Set(challenges.map(({ value }) => value))],
      ),
    },
    { parent },
  );
  return { site, domains, ownership };
}

/**
 * Who must log in with Vercel, in the words of the provider (the SDK's documentation shows them in camel case, which the
 * provider refuses). A password comes on top of the standard protection.
 */
const authenticated: Readonly<Record<VercelProtection, string>> = {
  none: "none",
  standard: "standard_protection_new",
  password: "standard_protection_new",
  all: "all_deployments",
};
