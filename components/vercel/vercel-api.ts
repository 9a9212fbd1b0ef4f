import { type Call, restClient } from "../../core/rest";

export const vercelTokenMissing =
  "Vercel needs an API token. Run: pulumi config set --secret vercel:apiToken (or " +
  "set VERCEL_API_TOKEN). Create one at vercel.com/account/tokens.";

/**
 * Vercel's REST API (https://vercel.com/docs/rest-api, read 2026-11-24), with the same token as the Vercel provider. Also runs in Pulumi's
 * dynamic provider from a serialised copy: it uses globals only.
 * @param config the provider's own, `vercel:apiToken` and `vercel:team`
 */
export function vercelApi(config: { token?: string; team?: string }, { teamId }: { readonly teamId?: string }): Call {
  const call = restClient({
    name: "Vercel",
    base: process.env.VERCEL_API_URL ?? "https://api.vercel.com",
    key: config.token ?? process.env.VERCEL_API_TOKEN,
    keyMissing: vercelTokenMissing,
    keyRefused: "Check that it has not expired and may manage the team: pulumi config set --secret vercel:apiToken",
    tooMany: "too many requests. Try again in some minutes.",
  });
  const team = teamId ?? config.team;
  return (method, path, body) => {
    const url = new URL(path, "http://path");
    if (team !== undefined) url.searchParams.set(team.startsWith("team_") ? "teamId" : "slug", team);
    return call(method, `${url.pathname}${url.search}`, body);
  };
}
