import { createServer, type IncomingMessage, STATUS_CODES } from "node:http";
import type { ALBEvent, ALBResult } from "aws-lambda";

/**
 * Stands for an Application Load Balancer that calls a function of Lambda, multi-value headers off, by its user guide
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html), odd sides first:
 * - of headers and parameters that come twice the last value alone is handed over ("Multi-value headers");
 * - path and query are handed over as they came, nothing is decoded ("Receive events from the load balancer");
 * - a body of more than 1 MB is refused with 413, and an answer of more than 1 MB of JSON becomes 502 ("Limits");
 * - an answer without a status code, and a function that throws, become 502 ("HTTP 502" among its troubleshooting pages).
 *
 * Run by itself: the bundle of a function and a port are its arguments.
 */
const MOST = 1_000_000;

type Handler = (event: ALBEvent) => Promise<ALBResult>;

export function eventOf(request: IncomingMessage, body: Buffer): ALBEvent {
  const [path = "/", query = ""] = (request.url ?? "/").split(/\?(.*)/s);
  const headers: Record<string, string> = {};
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    headers[(request.rawHeaders[index] ?? "").toLowerCase()] = request.rawHeaders[index + 1] ?? "";
  }
  const text = /^(text\/.*|application\/(json|javascript|xml))/.test(headers["content-type"] ?? "text/plain");
  return {
    requestContext: {
      elb: { targetGroupArn: "arn:aws:elasticloadbalancing:region:123456789012:targetgroup/assets/0" },
    },
    httpMethod: request.method ?? "GET",
    path,
    queryStringParameters: Object.fromEntries(
      query
        .split("&")
        .filter(Boolean)
        .map((pair) => pair.split(/=(.*)/s).slice(0, 2)),
    ),
    headers: { ...headers, "x-forwarded-for": "203.0.113.7", "x-forwarded-port": "443", "x-forwarded-proto": "https" },
    body: body.toString(text ? "utf8" : "base64"),
    isBase64Encoded: !text,
  };
}

export function serve(handler: Handler) {
  return createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const end = (status: number) => response.writeHead(status, STATUS_CODES[status]).end();
    if (body.length > MOST) return end(413);
    try {
      const result = await handler(eventOf(request, body));
      if (typeof result.statusCode !== "number" || JSON.stringify(result).length > MOST) return end(502);
      const bytes = Buffer.from(result.body ?? "", result.isBase64Encoded ? "base64" : "utf8");
      const headers = Object.entries(result.headers ?? {}).map(([name, value]) => [name, String(value)] as const);
      response.writeHead(result.statusCode, Object.fromEntries(headers));
      response.end(request.method === "HEAD" ? undefined : bytes);
    } catch (error) {
      process.stderr.write(`${(error as Error).stack}\n`);
      end(502);
    }
  });
}

if (require.main === module) {
  const [bundle = "", port] = process.argv.slice(2);
  const { handler } = require(bundle) as { handler: Handler };
  serve(handler).listen(Number(port), "127.0.0.1");
}
