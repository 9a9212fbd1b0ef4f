import { readFileSync } from "node:fs";
import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent, request } from "node:https";
import { paced } from "./paced";

/**
 * A visitor, in a process of its own: asks at a constant rate, whether or not answers come, and writes each result to its
 * output as one JSON line. It knows nothing of the drill. Ends on SIGTERM once all answers are in.
 */
interface Plan {
  readonly port: number;
  readonly path: string;
  /** Host name for TLS; plain HTTP without one. */
  readonly servername?: string;
  readonly caFile?: string;
  /** Requests a second. */
  readonly rate: number;
  /** Prefix of the request ids, which the servers log. */
  readonly id: string;
  /** Milliseconds after which an answer counts as lost. */
  readonly timeout: number;
}

/** One request: `status` 0 when no answer came, with the reason in `error`. */
export interface Visit {
  readonly id: string;
  /** Milliseconds since the epoch at which it was sent. */
  readonly at: number;
  readonly status: number;
  readonly milliseconds: number;
  readonly error?: string;
}

function visit(plan: Plan, agent: Agent | HttpAgent, id: string): Promise<Visit> {
  const at = Date.now();
  const end = (status: number, error?: string): Visit => ({ id, at, status, milliseconds: Date.now() - at, error });
  const host = plan.servername ? `${plan.servername}:${plan.port}` : "localhost";
  const options = {
    host: "127.0.0.1",
    port: plan.port,
    path: plan.path,
    servername: plan.servername,
    headers: { host, "x-request-id": id },
    agent,
    timeout: plan.timeout,
  };
  return new Promise((done) => {
    const ask = (plan.servername ? request : httpRequest)(options, (response) => {
      response.resume();
      response.on("end", () => done(end(response.statusCode ?? 0)));
      response.on("error", (error) => done(end(0, error.message)));
    });
    ask.on("timeout", () => ask.destroy(new Error(`no answer within ${plan.timeout} ms`)));
    ask.on("error", (error: NodeJS.ErrnoException) => done(end(0, error.code ?? error.message)));
    ask.end();
  });
}

async function main(plan: Plan): Promise<void> {
  const settings = { keepAlive: true, maxSockets: 2048, timeout: plan.timeout };
  const agent = plan.servername
    ? new Agent({ ...settings, ca: plan.caFile && readFileSync(plan.caFile) })
    : new HttpAgent(settings);
  await paced(plan.rate, (number) => visit(plan, agent, `${plan.id}-${number}`));
}

if (require.main === module) void main(JSON.parse(process.argv[2] ?? "{}"));
