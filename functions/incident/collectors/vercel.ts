import type { Fact } from "../../../core/incident";
import { askAll, type CollectorDefinition, type Context } from "./context";
import { answersTo, iso } from "./facts";

/** GET /v6/deployments */
interface Deployments {
  readonly deployments?: readonly {
    readonly uid?: string;
    readonly state?: string;
    readonly readyState?: string;
    readonly errorCode?: string;
    readonly errorMessage?: string;
    readonly created?: number;
    readonly createdAt?: number;
  }[];
}

/** GET /v9/projects/{id} */
interface Project {
  readonly paused?: boolean;
  readonly live?: boolean;
  readonly targets?: { readonly production?: { readonly alias?: readonly string[]; readonly readyState?: string } };
  readonly error?: { readonly code?: string; readonly message?: string };
}

/** Answer of the site itself: Vercel names its own failures in the header `x-vercel-error`. */
interface SiteProbe {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Statuspage summary. */
interface Summary {
  readonly status?: { readonly indicator?: string; readonly description?: string };
  readonly incidents?: readonly {
    readonly name?: string;
    readonly impact?: string;
    readonly status?: string;
    readonly started_at?: string;
  }[];
}

const API = "https://api.vercel.com";

/** Deployments and state of a Vercel project, how its production answers, and Vercel's own status page. */
export const vercel: CollectorDefinition<"vercel"> = {
  kind: "vercel",
  timeLimit: 15_000,
  gather: async ({ projectId, teamId }, context) => {
    const team = teamId === undefined ? "" : `&teamId=${encodeURIComponent(teamId)}`;
    const id = encodeURIComponent(projectId);
    return askAll(context, {
      Deployments: () => api(context, `${API}/v6/deployments?projectId=${id}&target=production&limit=10${team}`),
      Project: () => api(context, `${API}/v9/projects/${id}?${team.slice(1)}`),
      Probe: async () => {
        const project = (await api(context, `${API}/v9/projects/${id}?${team.slice(1)}`)) as Project;
        const host = project.targets?.production?.alias?.[0];
        if (host === undefined) return {};
        const response = await fetch(`https://${host}/`, { redirect: "manual", signal: context.http.abortSignal });
        const wanted = ["x-vercel-error", "x-vercel-id", "x-vercel-cache", "retry-after"];
        return {
          status: response.status,
          headers: Object.fromEntries(wanted.map((h) => [h, response.headers.get(h) ?? ""])),
        };
      },
      Summary: () => get(context, "https://www.vercel-status.com/api/v2/summary.json", {}),
    });
  },
  facts: ({ projectId }, answers) => {
    const base = { kind: "vercel", from: "vercel", subject: projectId } as const;
    const facts: Fact[] = [];
    const deployments = answersTo<Deployments>(answers, "Deployments")
      .flatMap((a) => a.deployments ?? [])
      .sort((a, b) => (b.created ?? b.createdAt ?? 0) - (a.created ?? a.createdAt ?? 0));
    deployments.forEach((d, i) => {
      const state = d.readyState ?? d.state ?? "unknown";
      facts.push({
        ...base,
        name: "deployment",
        // Only the newest says what should be serving now.
        text: [i === 0 ? "latest" : "earlier", state, d.errorCode, d.errorMessage].filter(Boolean).join(" "),
        at: iso(d.created ?? d.createdAt),
      });
    });
    for (const project of answersTo<Project>(answers, "Project")) {
      if (project.paused === true) facts.push({ ...base, name: "project", text: "paused" });
      if (project.error !== undefined)
        facts.push({ ...base, name: "project", text: `${project.error.code} ${project.error.message ?? ""}` });
    }
    for (const probe of answersTo<SiteProbe>(answers, "Probe")) {
      const code = probe.headers?.["x-vercel-error"];
      if (code) facts.push({ ...base, name: "error", text: code, value: probe.status });
      else if (probe.status !== undefined)
        facts.push({ ...base, name: "answer", text: `HTTP ${probe.status}`, value: probe.status });
    }
    for (const summary of answersTo<Summary>(answers, "Summary")) {
      for (const one of summary.incidents ?? []) {
        if (!["resolved", "postmortem", "completed"].includes(one.status ?? "")) {
          facts.push({ ...base, name: "status", text: `${one.impact}: ${one.name}`, at: iso(one.started_at) });
        }
      }
      if (["major", "critical"].includes(summary.status?.indicator ?? "")) {
        facts.push({ ...base, name: "status", text: `${summary.status?.indicator}: ${summary.status?.description}` });
      }
    }
    return facts;
  },
};

function api(context: Context, url: string): Promise<unknown> {
  if (context.vercelToken === undefined) throw new Error("no Vercel token is configured");
  return get(context, url, { authorization: `Bearer ${context.vercelToken}` });
}

async function get(context: Context, url: string, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(url, { headers, signal: context.http.abortSignal });
  // 402 and 403 of the API carry the reason (limits, suspension) in their body, and that is what is asked for.
  if (!response.ok && response.status !== 402 && response.status !== 403) {
    throw new Error(`${new URL(url).host} answered ${response.status}`);
  }
  return response.json();
}
