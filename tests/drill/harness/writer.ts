import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { paced } from "./paced";

/**
 * Writes rows through the app at a constant rate, in a process of its own, whether or not answers come, and tells each result as
 * one JSON line. It never repeats a request: a row counts only if its own answer came. Ends on SIGTERM once all answers are in.
 */
interface WriterPlan {
  readonly port: number;
  /** Rows a second. */
  readonly rate: number;
  /** Milliseconds after which an answer counts as lost. */
  readonly timeout: number;
}

/** One row: acknowledged if `status` is 201; 0 when no answer came. */
export interface Write {
  readonly id: string;
  readonly text: string;
  /** Milliseconds since the epoch at which the answer came. */
  readonly at: number;
  readonly status: number;
}

function write({ port, timeout }: WriterPlan, agent: Agent, number: number): Promise<Write> {
  const row = { id: randomUUID(), text: `row ${number}` };
  const body = JSON.stringify(row);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const end = (status: number): Write => ({ ...row, at: Date.now(), status });
  return new Promise((done) => {
    const options = { host: "127.0.0.1", port, path: "/api/notes", method: "POST", headers, agent, timeout };
    const ask = request(options, (response) => {
      response.resume();
      // The status alone is no acknowledgement: the whole answer must have come.
      response.on("end", () => done(end(response.statusCode ?? 0)));
      response.on("error", () => done(end(0)));
    });
    ask.on("timeout", () => ask.destroy(new Error("no answer")));
    ask.on("error", () => done(end(0)));
    ask.end(body);
  });
}

async function main(plan: WriterPlan): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  await paced(plan.rate, (number) => write(plan, agent, number));
}

if (require.main === module) void main(JSON.parse(process.argv[2] ?? "{}"));
