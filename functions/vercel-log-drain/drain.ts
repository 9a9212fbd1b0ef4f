import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from "aws-lambda";
import { bearerMatches } from "../bearer";

export interface DrainOptions {
  /** SHA-256 of the token that Vercel sends as a header of the drain, in hex. */
  readonly tokenSha256: string | undefined;
  /** Vercel's verification code, which proves that the endpoint is ours; no secret. */
  readonly verificationCode: string;
  /** Writes one event of the log. */
  readonly write: (line: string) => void;
}

/** Longest message kept, in characters; an event of CloudWatch Logs holds 256 KB. */
const maxMessage = 16_384;

/**
 * Takes the batches of a Vercel log drain (one JSON object a line) and writes each as an event of this function's log, so that
 * alarms and incident reports find the site's log where the other architectures have theirs. Lines that are no JSON objects
 * are kept as messages rather than lost.
 */
export function drain({ tokenSha256, verificationCode, write }: DrainOptions) {
  return async (event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> => {
    // Vercel asks for this header on every answer, also before it sends the token.
    const headers = { "x-vercel-verify": verificationCode };
    const body = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8").toString();
    if (!bearerMatches(event.headers.authorization, tokenSha256)) {
      // The verification request itself carries no logs: it is answered, and nothing is written.
      return { statusCode: body.trim() === "" ? 200 : 401, headers };
    }
    for (const line of body.split("\n")) if (line.trim() !== "") write(JSON.stringify(entry(line)));
    return { statusCode: 200, headers };
  };
}

function entry(line: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {}
  const fields = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? parsed : { message: line };
  const { message, ...rest } = fields as Record<string, unknown>;
  return { ...rest, ...(message !== undefined && { message: String(message).slice(0, maxMessage) }) };
}
