import * as pulumi from "@pulumi/pulumi";
import { vercelApi } from "../../../components/vercel/vercel-api";
import { unlessGone } from "../../../core/rest";
import type { Rollout } from "../../../core/web-tier";
import { type Look, never, notYet } from "../wait";

type Asked = Extract<Rollout, { kind: "vercel" }>;

/** What Vercel tells of a deployment (https://vercel.com/docs/rest-api/deployments/get-a-deployment-by-id-or-url, read 2026-11-30). */
export interface LiveDeployment {
  readonly readyState: "QUEUED" | "INITIALIZING" | "BUILDING" | "READY" | "ERROR" | "CANCELED" | "BLOCKED" | "DELETED";
  readonly errorMessage?: string;
  /** Only where it was asked for, and the deployment is made from a repository. */
  readonly gitSource?: { readonly sha?: string };
}

/** Does Vercel serve the site from the deployment that was asked for, made from the commit that was asked for? */
export async function lookAtDeployment(asked: Asked): Promise<Look> {
  const config = new pulumi.Config("vercel");
  const [token, team] = [config.get("apiToken"), config.get("team")];
  const call = vercelApi({ ...(token ? { token } : {}), ...(team ? { team } : {}) }, asked);
  const found = <T>(path: string) => unlessGone(call<T>("GET", path));
  return judgeDeployment(
    asked,
    await found<LiveDeployment>(`/v13/deployments/${encodeURIComponent(asked.deployment)}?withGitRepoInfo=true`),
    (await found<{ deploymentId: string }>(`/v4/aliases/${encodeURIComponent(asked.domain)}`))?.deploymentId,
  );
}

const BUILDING = new Set(["QUEUED", "INITIALIZING", "BUILDING"]);

/**
 * @param serving id of the deployment that has the site's name. After an Instant Rollback, or a promotion by hand, Vercel gives it to no
 *   new deployment by itself (https://vercel.com/docs/instant-rollback), and the provider reports success all the same.
 */
function judgeDeployment(asked: Asked, found: LiveDeployment | undefined, serving: string | undefined): Look {
  const { deployment, domain, commit } = asked;
  if (!found) return notYet(`Vercel does not know the deployment ${deployment} (yet)`);
  if (BUILDING.has(found.readyState)) return notYet(`the deployment ${deployment} is ${found.readyState}`);
  if (found.readyState !== "READY") {
    return never(
      `the deployment ${deployment} ended as ${found.readyState}: ${found.errorMessage ?? "no reason given"}`,
    );
  }
  const sha = found.gitSource?.sha;
  if (commit && sha !== commit)
    return never(`the deployment ${deployment} is of ${sha ?? "no commit"} instead of ${commit}`);
  if (!serving) return notYet(`Vercel serves ${domain} from no deployment yet`);
  if (serving === deployment) return { done: true };
  return never(
    `Vercel serves ${domain} from ${serving} instead of ${deployment}: somebody rolled back or promoted it by ` +
      `hand, after which no new deployment gets the name by itself. Undo that: npx vercel promote ${deployment}`,
  );
}
