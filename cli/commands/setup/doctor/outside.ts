import { connect } from "node:tls";
import { tiersOf } from "../../../../stacks/settings/conflict";
import { check, type Finding, ok, skipped, warning, wrong } from "./check";

/** An answer of an API; undefined if it did not come. */
async function ask(url: string, key: string): Promise<{ status: number; body: Record<string, unknown> } | undefined> {
  try {
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${key}`, accept: "application/json" },
      signal: AbortSignal.timeout(8_000),
    });
    return { status: answer.status, body: ((await answer.json().catch(() => ({}))) ?? {}) as Record<string, unknown> };
  } catch {
    return undefined;
  }
}

/** Days until the certificate that a host shows ends. */
function daysOf(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: 443, servername: host, timeout: 8_000 }, () => {
      const { valid_to } = socket.getPeerCertificate();
      socket.end();
      resolve(Math.floor((Date.parse(valid_to) - Date.now()) / 86_400_000));
    });
    socket.once("error", reject).once("timeout", () => socket.destroy(new Error("no answer")));
  });
}

/** What others than AWS say. */
export const externalChecks = [
  check("Vercel", ["settings"], async ({ settings, config, stack }) => {
    if (!tiersOf(settings).includes("vercel")) return skipped("Vercel does not serve this stack");
    const token = process.env.VERCEL_API_TOKEN;
    if (!token) {
      return "vercel:apiToken" in config
        ? skipped("the token is an encrypted value of the stack; set VERCEL_API_TOKEN to have it checked")
        : wrong(
            "no token",
            `Create one at vercel.com/account/tokens: pulumi config set --stack ${stack} --secret vercel:apiToken`,
          );
    }
    const base = process.env.VERCEL_API_URL ?? "https://api.vercel.com";
    const { teamId, plan } = settings.vercel;
    const answer = await ask(teamId ? `${base}/v2/teams/${teamId}` : `${base}/v2/user`, token);
    if (!answer) return skipped("api.vercel.com did not answer");
    if (answer.status === 401 || answer.status === 403) {
      return wrong(
        `the token is not valid${teamId ? ` for ${teamId}` : ""}`,
        "Create one at vercel.com/account/tokens, with the team as its scope.",
      );
    }
    if (answer.status === 404)
      return wrong(`there is no team ${teamId}`, "Correct vercel.teamId: it is in the team's settings.");
    if (answer.status >= 400) return skipped(`Vercel answers ${answer.status}`);
    const owner = (teamId ? answer.body : answer.body.user) as
      | { billing?: { plan?: string }; name?: string }
      | undefined;
    const real = owner?.billing?.plan;
    if (!real) return ok("the token is valid; the plan is not told to it");
    return real === plan
      ? ok(`the token is valid, plan ${real}`)
      : wrong(
          `vercel.plan says ${plan}, the account is on ${real}`,
          `pulumi config set --stack ${stack} --path iamvet:vercel.plan ${real}, or change the plan at Vercel.`,
        );
  }),

  check("UptimeRobot", ["settings"], async ({ settings, config, stack }) => {
    if (settings.uptime.provider !== "uptimerobot") return skipped("UptimeRobot does not watch this stack");
    const key = process.env.UPTIMEROBOT_API_KEY;
    if (!key) {
      return "uptimerobot:apiKey" in config
        ? skipped("the key is an encrypted value of the stack; set UPTIMEROBOT_API_KEY to have it checked")
        : wrong("no API key", `pulumi config set --stack ${stack} --secret uptimerobot:apiKey`);
    }
    const answer = await ask(`${process.env.UPTIMEROBOT_API_URL ?? "https://api.uptimerobot.com/v3"}/user/me`, key);
    if (!answer) return skipped("api.uptimerobot.com did not answer");
    if (answer.status === 401 || answer.status === 403)
      return wrong("the key is not valid", "Integrations & API in UptimeRobot shows the main API key.");
    return answer.status >= 400 ? skipped(`UptimeRobot answers ${answer.status}`) : ok("the key is valid");
  }),

  check(
    "site",
    ["settings"],
    async ({ settings: { domain, app } }) => {
      const url = `https://${domain.name}${app.healthPath}`;
      const findings: Finding[] = [];
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(8_000), redirect: "manual" });
        findings.push(
          answer.status === 200
            ? ok(`${url} answers 200`)
            : warning(
                `${url} answers ${answer.status}`,
                "The alarms and gates want 200 there: set app.healthPath to a path that the app has.",
              ),
        );
        const days = await daysOf(domain.name);
        if (days < 21)
          findings.push(
            warning(
              `the certificate that ${domain.name} shows ends in ${days} days`,
              "Renew it where it is issued; on a server with certbot: sudo certbot renew.",
            ),
          );
      } catch (error) {
        const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
        findings.push(
          skipped(`${url} does not answer from here (${cause}); right before the first update, or without a network`),
        );
      }
      return findings;
    },
    20,
  ),
];
