import * as pulumi from "@pulumi/pulumi";
import * as vercel from "@pulumiverse/vercel";
import { problemText } from "../../core/setting-problem";
import type { Collector, Probe, Rollout, Signal, TierTarget, WebTier, Widget } from "../../core/web-tier";
import { VercelCertificate } from "./vercel-certificate";
import type { ServerlessDatabaseOptions, VercelDatabaseAccess } from "./vercel-database";
import {
  deploymentInputs,
  isOurs,
  sha256,
  sourceCommit,
  type VercelEnvironment,
  type VercelSource,
} from "./vercel-deployment";
import type { VercelIdentityArgs } from "./vercel-identity";
import { VercelLogDrain, type VercelLogDrainArgs } from "./vercel-log-drain";
import { VercelMigration } from "./vercel-migration";
import { defaultNodeVersion, vercelNodeProblems } from "./vercel-node";
import {
  type VercelCpu,
  type VercelPlan,
  type VercelProtection,
  vercelPlanProblems,
  vercelRegions,
} from "./vercel-plans";

import { projectDomains, projectVariables, vercelProject } from "./vercel-project";

/** Arguments of {@link VercelApp}. */
export interface VercelAppArgs extends VercelEnvironment {
  /** The site's name, for example `example.com`. */
  readonly domain: string;
  /** Names that redirect to it with status 308, for example `www.example.com`. @default [] */
  readonly redirectFrom?: readonly string[];
  /** Route 53 zone of all these names, for the records that prove their ownership. */
  readonly zoneId: pulumi.Input<string>;
  /** CNAME only for a name below the zone's top that Vercel alone serves, now and later. @default "A" */
  readonly recordType?: "A" | "CNAME";
  readonly plan: VercelPlan;
  /** Whether the site earns money or belongs to a business; Hobby forbids that. @default true */
  readonly commercial?: boolean;
  /** `team_...`. @default the provider's team, or the token's personal account */
  readonly teamId?: pulumi.Input<string>;
  readonly source: VercelSource;
  /** Directory of the Next.js app in the repository. @default the repository's root */
  readonly rootDirectory?: string;
  /** @default "npx prisma generate && npx next build" */
  readonly buildCommand?: string;
  /**
   * Who applies a release's migrations before it serves. `build`: Vercel's build of a production deployment. An object: the machine that
   * runs the update, for a site that comes built. @default nobody
   */
  readonly migrate?: "build" | { readonly folder: string; readonly databaseUrl: pulumi.Output<string> };
  /**
   * Opens the database to functions and builds, and returns what has to be there before the first of them connects. The resources belong
   * under the parent. @default nothing is to be opened
   */
  readonly openDatabase?: (parent: pulumi.Resource) => readonly pulumi.Resource[];
  /** Node.js of build and functions, unless `engines.node` of the app's package.json names another. @default "22.x" */
  readonly nodeVersion?: string;
  /** AWS region of the database; functions run in Vercel's region at the same place. */
  readonly databaseRegion: string;
  /** Vercel's regions for functions. @default the one next to the database */
  readonly regions?: readonly string[];
  readonly functions?: {
    /** Longest run, in seconds; billed while it lasts. @default 60 */
    readonly maxSeconds?: number;
    /** @default "standard" */
    readonly cpu?: VercelCpu;
  };
  /** Release that answers as `SITE_VERSION`; the gate expects it unless pushes deploy by themselves. */
  readonly version: string;
  /**
   * Values for preview deployments, with exactly the same keys as production's, so that none is forgotten.
   * @default no preview deployments: they must never meet production's database by accident
   */
  readonly preview?: VercelEnvironment;
  /** Set where the team's policy demands that every variable is sensitive. @default false */
  readonly allVariablesSensitive?: boolean;
  /** Path of the health check, for example `/api/health-external`. */
  readonly healthPath: string;
  /** How functions reach the database; security group and database belong to the foundation. */
  readonly database: VercelDatabaseAccess & ServerlessDatabaseOptions;
  /** Who may open the deployments' own addresses. `password` needs {@link protectionPassword}. @default "standard" */
  readonly protection?: VercelProtection;
  readonly protectionPassword?: pulumi.Output<string>;
  /**
   * How long old pages keep talking to their own release, which so asks the database that newer ones have migrated.
   * @default Vercel's own: on where the plan has it (Pro), for projects made since 2024-11-19 (vercel.com/docs/skew-protection)
   */
  readonly skewProtection?: "30 minutes" | "4 hours" | "12 hours" | "1 day" | "7 days";
  /** Access to AWS without keys. @default none */
  readonly oidc?: Omit<VercelIdentityArgs, "projectName">;
  /** Brings the site's log to CloudWatch Logs, with an alarm on errors (Pro and Enterprise). @default none */
  readonly logDrain?: Omit<VercelLogDrainArgs, "projectId" | "teamId">;
  /** Availability that must be promised by contract, for example 0.9999. @default none */
  readonly requiredSla?: number;
}

/** Name of this architecture in config and in the health check's answer. */
const tier = "vercel";

/**
 * Option 4: the site on Vercel, its database on AWS. The project, its variables, its domains and one production deployment
 * are created beside the tier that serves; DNS is not touched. What watches the site from AWS stays in the foundation:
 * database alarms, external checks, budget and incident reports. A log drain brings the site's own log there too.
 */
export class VercelApp extends pulumi.ComponentResource implements WebTier {
  readonly tier = tier;
  readonly target: TierTarget;
  readonly probe: pulumi.Output<Probe>;
  /** The deployment that has to serve; undefined where pushes deploy by themselves, which nobody here asked for. */
  readonly rollout?: pulumi.Output<Rollout>;
  readonly outputs: Readonly<Record<string, pulumi.Output<string>>>;
  readonly signals: readonly Signal[];
  readonly logGroups: readonly pulumi.Output<string>[];
  readonly widgets: readonly Widget[];
  readonly collectors: readonly Collector[];
  readonly projectId: pulumi.Output<string>;
  /** The deployment's own address. */
  readonly deploymentUrl: pulumi.Output<string>;

  constructor(name: string, args: VercelAppArgs, opts?: pulumi.ComponentResourceOptions) {
    // Plan and protection stand in the plan, where cost and availability are computed from them.
    super("iamvet:index:VercelApp", name, { plan: args.plan, protection: args.protection ?? "standard" }, opts);
    const region = vercelRegions[args.databaseRegion];
    const regions = args.regions ?? (region === undefined ? [] : [region]);
    validate(args, regions);

    const { source, teamId, protection = "standard" } = args;
    const parent = { parent: this };
    const project = vercelProject(name, args, regions, this);
    this.projectId = project.id;

    const { production, variables } = projectVariables(name, args, tier, project, this);
    const { site, domains, ownership } = projectDomains(name, args, project, this);
    const certificate = new VercelCertificate(
      `${name}-certificate`,
      {
        domains: [args.domain, ...(args.redirectFrom ?? [])],
        projectId: project.id,
        zoneId: args.zoneId,
        ...(teamId !== undefined && { teamId }),
      },
      { ...parent, dependsOn: [...domains, ownership] },
    );
    const deployment = this.deploy(name, args, project, production, [...variables, ...domains]);
    this.deploymentUrl = deployment.url;

    const bypass =
      protection === "all"
        ? new vercel.ProjectProtectionBypass(`${name}-bypass`, { projectId: project.id, teamId, note: "gate" }, parent)
        : undefined;

    const { addresses, cname } = dnsTarget(
      args,
      project,
      site,
      pulumi.all([deployment.id, certificate.certificateId]),
      this,
    );
    this.target = args.recordType === "CNAME" ? { kind: "cname", name: cname } : { kind: "addresses", ipv4: addresses };
    this.probe = pulumi.all([addresses, bypass?.secret]).apply(
      ([ipv4, secret]): Probe => ({
        connectTo: ipv4[0] ?? "",
        ...(ipv4.length > 1 ? { addresses: ipv4 } : {}),
        port: 443,
        servername: args.domain,
        host: args.domain,
        path: args.healthPath,
        headers: secret === undefined ? {} : { "x-vercel-protection-bypass": secret },
        expectTier: tier,
        ...(isOurs(source) && { expectVersion: args.version }),
      }),
    );
    if (isOurs(source)) this.rollout = vercelRollout(args, deployment);
    const drain =
      args.logDrain &&
      new VercelLogDrain(
        `${name}-log`,
        { ...args.logDrain, projectId: project.id, ...(teamId !== undefined && { teamId }) },
        parent,
      );
    this.signals = drain?.signals ?? [];
    this.widgets = drain?.widgets ?? [];
    this.logGroups = drain ? [drain.logGroupName] : [];
    this.collectors = [
      ...this.logGroups.map((logGroup): Collector => ({ kind: "logs", logGroup })),
      { kind: "vercel", projectId: project.id, ...(teamId !== undefined && { teamId }) },
      { kind: "dns", zoneId: args.zoneId, name: args.domain },
      { kind: "certificate", host: args.domain },
    ];
    this.outputs = { vercelProject: this.projectId };
    this.registerOutputs({ projectId: this.projectId, target: this.target, deploymentUrl: this.deploymentUrl });
  }

  /** The deployment, once the database is open to it and migrated. */
  private deploy(
    name: string,
    args: VercelAppArgs,
    project: vercel.Project,
    production: VercelEnvironment,
    dependsOn: readonly pulumi.Resource[],
  ): vercel.Deployment {
    const opened = args.openDatabase?.(this) ?? [];
    const release = deploymentInputs(args.source, args.version, production);
    const migrated =
      typeof args.migrate === "object"
        ? [
            new VercelMigration(
              `${name}-migration`,
              { ...args.migrate, release: pulumi.jsonStringify(release).apply(sha256) },
              { parent: this, dependsOn: [...opened] },
            ),
          ]
        : [];
    return new vercel.Deployment(
      `${name}-deployment`,
      { projectId: project.id, teamId: args.teamId, production: true, ...release },
      // Its build connects to the database.
      { parent: this, dependsOn: [...dependsOn, ...opened, ...migrated] },
    );
  }
}

/** Where Vercel wants DNS to point. Known with the project, but nobody shall ask the tier before `ready` is there. */
function dnsTarget(
  { domain, teamId }: VercelAppArgs,
  project: vercel.Project,
  site: vercel.ProjectDomain,
  ready: pulumi.Output<unknown>,
  parent: pulumi.Resource,
) {
  const dns = vercel.getDomainConfigOutput(
    { domain: site.domain, projectIdOrName: project.id, ...(teamId !== undefined && { teamId }) },
    { parent },
  );
  const addresses = pulumi.all([dns.recommendedIpv4s, ready]).apply(([ipv4]) => {
    if (!Array.isArray(ipv4) || ipv4.length === 0) {
      throw new Error(`Vercel recommends no IPv4 address for ${domain}. Open the project's domain settings in Vercel.`);
    }
    return ipv4;
  });
  return { addresses, cname: pulumi.all([dns.recommendedCname, addresses]).apply(([cname]) => cname) };
}

/** What was asked of Vercel. */
function vercelRollout(
  { source, domain, teamId }: VercelAppArgs,
  deployment: vercel.Deployment,
): pulumi.Output<Rollout> {
  const commit = sourceCommit(source);
  return pulumi.all([deployment.id, teamId]).apply(
    ([id, team]): Rollout => ({
      kind: "vercel",
      deployment: id,
      domain,
      ...(commit ? { commit } : {}),
      ...(team ? { teamId: team } : {}),
    }),
  );
}

/** Everything that can be refused is refused here, before the first resource. */
function validate(args: VercelAppArgs, regions: readonly string[]): void {
  const problems = [
    ...vercelPlanProblems({ ...args, regions }),
    ...vercelNodeProblems(args.nodeVersion ?? defaultNodeVersion),
  ];
  if (problems.length > 0) throw new Error(problemText(problems));
  if (regions.length === 0) {
    throw new Error(
      `vercel.regions: Vercel has no region at ${args.databaseRegion}. Name the nearest one: ${Object.values(vercelRegions).join(", ")}.`,
    );
  }
  const unknown = regions.filter((region) => !Object.values(vercelRegions).includes(region));
  if (unknown.length > 0) {
    throw new Error(
      `vercel.regions: ${unknown.join(", ")}. Vercel's regions are ${Object.values(vercelRegions).join(", ")}.`,
    );
  }
  if (args.protection === "password" && args.protectionPassword === undefined) {
    throw new Error(
      "vercel.protection is password, but there is none. Run: pulumi config set --secret --path iamvet:vercel.password",
    );
  }
  const twice = Object.keys(args.environment).filter((key) => key in args.secrets);
  if (twice.length > 0) throw new Error(`Both a plain value and a secret: ${twice.join(", ")}. Keep the secret.`);
  if (args.preview === undefined) return;
  const variableNames = ({ environment, secrets }: VercelEnvironment) => Object.keys({ ...environment, ...secrets });
  const [wanted, found] = [variableNames(args), variableNames(args.preview)];
  const missing = wanted.filter((key) => !found.includes(key));
  const extra = found.filter((key) => !wanted.includes(key));
  if (missing.length + extra.length > 0) {
    throw new Error(
      "vercel.preview must have the same keys as production. Missing: " +
        `${missing.join(", ") || "none"}. Not in production: ` +
        `${extra.join(", ") || "none"}.`,
    );
  }
}
