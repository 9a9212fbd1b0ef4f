import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether an `Authorization` header presents the token with the given SHA-256 (hex). Digests of equal length are compared in
 * constant time, so that an answer's timing tells nothing about the token. Without a digest nobody is let in.
 */
export function bearerMatches(authorization: string | undefined, tokenSha256: string | undefined): boolean {
  const token = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1] ?? "";
  const presented = createHash("sha256").update(token).digest();
  const expected = Buffer.from(tokenSha256 ?? "", "hex");
  return expected.length === presented.length && timingSafeEqual(presented, expected);
}
