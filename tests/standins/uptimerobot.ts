import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What goes wrong with one request; `applied` ones did what was asked, and only their answer is lost. */
export type Fault =
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: number; readonly applied?: boolean }
  | { readonly kind: "timeout"; readonly applied?: boolean }
  | { readonly kind: "truncated" }
  | { readonly kind: "reset" };

type Item = Record<string, unknown> & { id: number };

/**
 * A stand-in for UptimeRobot's API v3, written from its public documentation (https://uptimerobot.com/api/v3): bearer token,
 * cursor pages with `nextLink`, `tagNames` in and `tags` out, 201 on creation, 429 with `Retry-After`. For tests only.
 */
export class UptimeRobotStandIn {
  readonly monitors: Item[] = [];
  readonly integrations: Item[] = [];
  /** Every request that arrived, `METHOD path`, those with faults included. */
  readonly requests: string[] = [];
  /** What the next requests that match meet, in this order. */
  readonly faults: { readonly match: RegExp; readonly fault: Fault }[] = [];
  private readonly server = createServer((request, response) => {
    void this.handle(request, response);
  });
  private nextId = 800_000_001;

  constructor(
    readonly key: string,
    private readonly pageSize = 2,
  ) {}

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v3`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Forgets everything but keeps the address. */
  reset(): void {
    this.monitors.length = this.integrations.length = this.requests.length = this.faults.length = 0;
  }

  /** Lets the next request that matches, for example `/POST .*monitors/`, meet a fault. */
  fail(match: RegExp, fault: Fault): void {
    this.faults.push({ match, fault });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
    const label = `${request.method} ${url.pathname.replace(/^\/v3/, "")}`;
    this.requests.push(label);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const reply = (status: number, body?: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { "Content-Type": "application/json", ...headers });
      response.end(body === undefined ? "" : JSON.stringify(body));
    };
    const at = this.faults.findIndex(({ match }) => match.test(label));
    const fault = at >= 0 ? this.faults.splice(at, 1)[0]?.fault : undefined;
    if (fault?.kind === "reset") return void request.socket.destroy();
    if (fault?.kind === "status" && !fault.applied) {
      const headers: Record<string, string> =
        fault.retryAfter === undefined ? {} : { "Retry-After": String(fault.retryAfter) };
      return reply(fault.status, { message: `fault ${fault.status}`, statusCode: fault.status }, headers);
    }
    if (fault?.kind === "timeout" && !fault.applied) return;
    if (request.headers.authorization !== `Bearer ${this.key}`) {
      return reply(401, { message: "Unauthorized", statusCode: 401 });
    }
    const text = Buffer.concat(chunks).toString();
    const [status, body] = this.answer(request.method ?? "GET", url, text === "" ? {} : JSON.parse(text));
    if (fault?.kind === "timeout") return;
    if (fault?.kind === "status") return reply(fault.status, { message: `fault ${fault.status}` });
    if (fault?.kind === "truncated") {
      const whole = JSON.stringify(body);
      response.writeHead(status, { "Content-Type": "application/json" });
      return void response.end(whole.slice(0, whole.length / 2));
    }
    reply(status, body);
  }

  private answer(method: string, url: URL, body: Record<string, unknown>): [number, unknown?] {
    const [, , collection, id] = url.pathname.split("/");
    const items =
      collection === "monitors" ? this.monitors : collection === "integrations" ? this.integrations : undefined;
    if (items === undefined) return [404, { message: `Cannot ${method} ${url.pathname}` }];
    if (id === undefined) {
      if (method === "GET") return [200, this.page(items, url)];
      if (method !== "POST") return [405, { message: "Method Not Allowed" }];
      const problem = collection === "monitors" ? monitorProblem(body) : integrationProblem(body);
      if (problem) return [400, { message: [problem], error: "Bad Request", statusCode: 400 }];
      const item = { id: this.nextId++, status: "STARTED", ...shown(collection, body) };
      items.push(item);
      return [201, item];
    }
    const item = items.find((candidate) => candidate.id === Number(id));
    if (item === undefined) return [404, { message: "Not Found", statusCode: 404 }];
    if (method === "GET") return [200, item];
    if (method === "PATCH") {
      if (collection === "monitors" && body.type !== undefined && body.type !== item.type) {
        return [400, { message: ["type cannot be changed"], statusCode: 400 }];
      }
      Object.assign(item, shown(collection, body));
      return [200, item];
    }
    if (method === "DELETE") {
      items.splice(items.indexOf(item), 1);
      return [200];
    }
    return [405, { message: "Method Not Allowed" }];
  }

  private page(items: readonly Item[], url: URL) {
    const tag = url.searchParams.get("tags");
    const tagged = (item: Item) => (item.tags as { name: string }[] | undefined)?.some(({ name }) => name === tag);
    const all = tag === null ? items : items.filter(tagged);
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const next = new URL(url);
    next.searchParams.set("cursor", String(from + this.pageSize));
    return {
      data: all.slice(from, from + this.pageSize),
      nextLink: from + this.pageSize < all.length ? next.href : null,
    };
  }
}

/** Requests and answers differ: tags go in as names and come out as objects; a webhook's headers never come out. */
function shown(collection: string | undefined, body: Record<string, unknown>): Record<string, unknown> {
  if (collection === "monitors") {
    const { tagNames, ...rest } = body;
    return {
      ...rest,
      ...(Array.isArray(tagNames) && { tags: tagNames.map((name, at) => ({ id: at + 1, name, color: "grey" })) }),
    };
  }
  const { friendlyName, urlToNotify, enableNotificationsFor } = body.data as Record<string, unknown>;
  return { friendlyName, type: body.type, value: urlToNotify, enableNotificationsFor };
}

function monitorProblem(body: Record<string, unknown>): string | undefined {
  for (const field of ["friendlyName", "url", "type", "interval"]) {
    if (body[field] === undefined) return `${field} should not be empty`;
  }
  if (Number(body.interval) < 30) return "interval must not be less than 30";
  if (body.type === "KEYWORD" && !body.keywordValue) return "keywordValue should not be empty";
  const tags = body.tagNames as string[] | undefined;
  return tags?.some((tag) => tag !== tag.toLowerCase()) ? "tagNames must be lowercase" : undefined;
}

function integrationProblem(body: Record<string, unknown>): string | undefined {
  if (body.type !== "Webhook") return "type must be one of the following values: Webhook";
  return (body.data as { urlToNotify?: string } | undefined)?.urlToNotify
    ? undefined
    : "urlToNotify should not be empty";
}
