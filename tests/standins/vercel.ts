import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Order {
  readonly domains: string[];
  readonly challenges: { type: string; status: string; domain: string; value: string }[];
}

/** A deployment as Vercel has it. */
interface Deployment {
  readonly id: string;
  readonly readyState: string;
  readonly errorMessage?: string;
  /** Commit that it was built from, for one that is made from a repository. */
  readonly sha?: string;
}

/**
 * A stand-in for the parts of Vercel's REST API that issue certificates and tell of deployments, written from its public documentation
 * (https://vercel.com/docs/rest-api: verify-project-domain, get-certs, get-cert-by-id, get-a-deployment-by-id-or-url, get-an-alias) and
 * from what `vercel certs issue` is documented to do. It looks up TXT records as the authority would in DNS. Odd sides:
 *
 * - a deployment tells its commit only where `withGitRepoInfo=true` asks for it;
 * - a name belongs to the deployment that it was last assigned to: after an Instant Rollback a new production deployment is READY and
 *   does not get the name (https://vercel.com/docs/instant-rollback).
 *
 * For tests only.
 */
export class VercelStandIn {
  /** TXT records of the world, where no look-up is given: name -> value. */
  readonly txt = new Map<string, string>();
  /** Domain -> TXT value at `_vercel.<domain>` that proves ownership. */
  readonly ownership = new Map<string, string>();
  readonly certificates: { id: string; cns: string[]; createdAt: number; expiresAt: number; autoRenew: boolean }[] = [];
  readonly orders: Order[] = [];
  /** Deployments, the latest last, and which of them has a name; of a new one the latest, as nobody rolled back. */
  deployments: () => readonly Deployment[] = () => [];
  readonly aliases = new Map<string, string>();
  /** `METHOD path?query` of every request. */
  readonly requests: string[] = [];
  /** Requests that are answered with HTTP 500 after they took effect, first match first. */
  readonly lostAnswers: RegExp[] = [];
  /** Called around each request, before it takes effect and before its answer goes out. */
  asked: (label: string, phase: "before" | "after") => Promise<void> | void = () => {};
  /** How often the authority still finds nothing although the record is there. */
  slowness = 0;
  private readonly server = createServer((request, response) => {
    void this.handle(request, response);
  });
  private counter = 0;

  constructor(
    readonly token: string,
    readonly team: string | undefined,
    /** Value of the TXT record of a name. */
    private readonly lookUp: (name: string) => string | undefined = (name) => this.txt.get(name),
  ) {}

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  reset(): void {
    this.txt.clear();
    this.ownership.clear();
    this.aliases.clear();
    this.deployments = () => [];
    this.certificates.length = this.orders.length = this.requests.length = this.lostAnswers.length = 0;
    this.slowness = 0;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://stand-in");
    const label = `${request.method} ${url.pathname}`;
    this.requests.push(`${label}${url.search}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const reply = (status: number, body: unknown) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const refuse = (status: number, code: string, message: string) => reply(status, { error: { code, message } });
    if (request.headers.authorization !== `Bearer ${this.token}`) return refuse(403, "forbidden", "Not authorized");
    if (url.searchParams.get("teamId") !== (this.team ?? null)) return refuse(404, "not_found", "Domain not found");
    const lost = this.lostAnswers.findIndex((match) => match.test(label));
    await this.asked(label, "before");
    const [status, body] = this.answer(request.method ?? "", url, text === "" ? {} : JSON.parse(text));
    await this.asked(label, "after");
    if (lost >= 0) {
      this.lostAnswers.splice(lost, 1);
      return refuse(500, "internal_server_error", "An unexpected error occurred");
    }
    reply(status, body);
  }

  private answer(method: string, url: URL, body: { op?: string; domains?: string[] }): [number, unknown] {
    const error = (status: number, code: string, message: string): [number, unknown] => [
      status,
      { error: { code, message } },
    ];
    const verify = /^\/v9\/projects\/[^/]+\/domains\/([^/]+)\/verify$/.exec(url.pathname);
    if (method === "POST" && verify) {
      const domain = decodeURIComponent(verify[1] ?? "");
      const wanted = this.ownership.get(domain);
      if (wanted !== undefined && this.lookUp(`_vercel.${domain}`) !== wanted) {
        return error(400, "missing_txt_record", "The domain is missing a TXT record");
      }
      return [200, { name: domain, verified: true }];
    }
    const deployment = /^\/v13\/deployments\/([^/]+)$/.exec(url.pathname);
    if (method === "GET" && deployment) {
      const found = this.deployments().find(({ id }) => id === decodeURIComponent(deployment[1] ?? ""));
      if (!found) return error(404, "not_found", "Deployment not found");
      const { sha, ...told } = found;
      const git =
        sha && url.searchParams.get("withGitRepoInfo") === "true" ? { gitSource: { type: "github", sha } } : {};
      return [200, { ...told, target: "production", ...git }];
    }
    const alias = /^\/v4\/aliases\/([^/]+)$/.exec(url.pathname);
    if (method === "GET" && alias) {
      const name = decodeURIComponent(alias[1] ?? "");
      const deploymentId = this.aliases.get(name) ?? this.deployments().at(-1)?.id;
      if (!deploymentId) return error(404, "not_found", "The alias could not be found");
      return [
        200,
        { alias: name, uid: `alias-${name}`, created: "2026-11-30T00:00:00Z", deploymentId, projectId: "prj_1" },
      ];
    }
    if (url.pathname === "/v8/certs" && method === "GET") {
      const from = Number(url.searchParams.get("until") ?? 0);
      const next = from + 1 < this.certificates.length ? from + 1 : null;
      return [200, { certs: this.certificates.slice(from, from + 1), pagination: { count: 1, next, prev: null } }];
    }
    const byId = /^\/v8\/certs\/(.+)$/.exec(url.pathname);
    if (byId && method === "DELETE") {
      const at = this.certificates.findIndex(({ id }) => id === byId[1]);
      if (at < 0) return error(404, "not_found", "Certificate not found");
      this.certificates.splice(at, 1);
      return [200, {}];
    }
    if (url.pathname === "/v3/certs" && method === "PATCH") {
      const { op, domains = [] } = body;
      if (op === "startOrder") return [200, this.startOrder(domains)];
      if (op === "finalizeOrder") return this.finalizeOrder(domains);
    }
    return error(404, "not_found", `Cannot ${method} ${url.pathname}`);
  }

  private startOrder(domains: string[]): Order {
    const challenges = domains.map((domain) => ({
      type: "dns-01",
      status: "pending",
      domain,
      value: `challenge-${++this.counter}`,
    }));
    this.orders.splice(0, this.orders.length, { domains, challenges });
    return { domains, challengesToResolve: challenges } as unknown as Order;
  }

  private finalizeOrder(domains: string[]): [number, unknown] {
    const order = this.orders.find((candidate) => candidate.domains.join() === domains.join());
    if (order === undefined) return [404, { error: { code: "cert_order_not_found", message: "Order not found" } }];
    const proven = order.challenges.every(({ domain, value }) => this.lookUp(`_acme-challenge.${domain}`) === value);
    if (!proven || this.slowness-- > 0) {
      return [449, { error: { code: "txt_record_not_found", message: "TXT record not found" } }];
    }
    this.orders.length = 0;
    const createdAt = Date.now();
    const issued = {
      id: `cert_${++this.counter}`,
      cns: domains,
      createdAt,
      expiresAt: createdAt + 90 * 86_400_000,
      autoRenew: true,
    };
    this.certificates.push(issued);
    return [200, { uid: issued.id, cns: issued.cns }];
  }
}
