import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as vercel from "@pulumiverse/vercel";
import { defaultConnectionLimit, type ServerlessDatabaseOptions, serverlessDatabaseUrl } from "./vercel-database";

/** Where the site's code comes from. */
export type VercelSource =
  /** Vercel builds a commit of a connected repository. Vercel's app must be installed at the Git host. */
  | {
      readonly kind: "repository";
      readonly type: "github" | "gitlab" | "bitbucket";
      /** `owner/name` */
      readonly repo: string;
      /** @default "main" */
      readonly productionBranch?: string;
      /** Commit or branch to deploy. @default the production branch */
      readonly ref?: string;
      /**
       * Whether every push to the production branch goes live by itself. Then this program no longer decides which release
       * runs, and a flip's gate cannot check it. @default false
       */
      readonly deployOnPush?: boolean;
    }
  /** The output of `vercel build` on this machine or in CI: the directory that contains `.vercel/output`. */
  | { readonly kind: "prebuilt"; readonly path: string };

/** Values of environment variables; keys are the same for every architecture. */
export interface VercelEnvironment {
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** Written as sensitive: neither Vercel's dashboard nor its API shows them again. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
}

/** The caller's values, and those that only this tier knows. */
export function completed(
  args: { readonly version: string; readonly database: ServerlessDatabaseOptions },
  values: VercelEnvironment,
  further: VercelEnvironment["environment"],
): VercelEnvironment {
  const { DATABASE_URL: databaseUrl, ...secrets } = values.secrets;
  return {
    environment: {
      ...values.environment,
      ...further,
      SITE_VERSION: args.version,
      // The driver of the site's pool does not read connection_limit from the URL; other clients of Prisma do.
      DATABASE_POOL_SIZE: String(args.database.connectionLimit ?? defaultConnectionLimit),
    },
    secrets: {
      ...secrets,
      ...(databaseUrl && { DATABASE_URL: databaseUrl.apply((url) => serverlessDatabaseUrl(url, args.database)) }),
    },
  };
}

/** The variables of a target, as the project has them one by one. */
export function targetVariables(target: "production" | "preview", { environment, secrets }: VercelEnvironment) {
  return [
    ...Object.entries(environment).map(([key, value]) => ({ target, key, value, secret: false })),
    ...Object.entries(secrets).map(([key, value]) => ({ target, key, value: pulumi.secret(value), secret: true })),
  ];
}

/** What {@link vercel.Deployment} is made of. A change of any of it makes a new one, as variables count from the next deployment on. */
export function deploymentInputs(
  source: VercelSource,
  version: string,
  environment: VercelEnvironment,
): Pick<vercel.DeploymentArgs, "ref" | "files" | "pathPrefix" | "meta"> {
  return { ...sourceFiles(source), meta: { siteVersion: version, environment: digest(environment) } };
}

/** The commit that a deployment is made from, where the source names one and not a branch. */
export const sourceCommit = (source: VercelSource): string | undefined =>
  source.kind === "repository" && /^[0-9a-f]{40}$/.test(source.ref ?? "") ? source.ref : undefined;

/** Whether this program decides which release runs, and nobody's push. */
export const isOurs = (source: VercelSource): boolean => !(source.kind === "repository" && source.deployOnPush);

/** What {@link vercel.Deployment} uploads, or which commit it lets Vercel build. */
function sourceFiles(source: VercelSource): Pick<vercel.DeploymentArgs, "ref" | "files" | "pathPrefix"> {
  if (source.kind === "repository") return { ref: source.ref ?? source.productionBranch ?? "main" };
  const built = vercel.getPrebuiltProjectOutput({ path: source.path });
  return { files: built.output, pathPrefix: built.path };
}

/** A fingerprint that tells whether anything changed and nothing else. */
function digest({ environment, secrets }: VercelEnvironment): pulumi.Output<string> {
  return pulumi.output({ ...environment, ...secrets }).apply((values) => {
    const ordered = Object.entries(values).sort(([a], [b]) => a.localeCompare(b));
    return sha256(JSON.stringify(ordered)).slice(0, 16);
  });
}

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
