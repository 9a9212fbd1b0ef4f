import { regex } from "../core/regex";

/**
 * What must not leave the account in a message or a stored report. Applied to every text of a report, however it came
 * there. Order matters: the more specific forms first.
 */
const SECRETS: readonly { readonly what: string; readonly pattern: RegExp; readonly put: string }[] = [
  {
    what: "private key",
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    put: "[private key]",
  },
  // postgres://user:password@host, redis://:password@host, https://token@host. Up to the last @, as passwords contain them.
  { what: "credentials in a URL", pattern: /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/"'<>]*@/gi, put: "$1[redacted]@" },
  { what: "JSON Web Token", pattern: /\beyJ[\w-]{5,}\.[\w-]{5,}(\.[\w-]*)?/g, put: "[token]" },
  { what: "AWS access key id", pattern: /\b(A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g, put: "[aws key]" },
  {
    what: "Authorization header",
    pattern:
      /\b(authorization|proxy-authorization)(["']?\s*[:=]\s*["']?)(?:(?:bearer|basic|digest|aws4-hmac-sha256)\s+)?[^\s"',;]+/gi,
    put: "$1$2[redacted]",
  },
  { what: "bearer token", pattern: /\b(bearer|basic)\s+[\w~+/.=-]{8,}/gi, put: "$1 [redacted]" },
  { what: "cookie", pattern: /\b(set-cookie|cookie)(["']?\s*[:=]\s*["']?)[^\r\n"']+/gi, put: "$1$2[redacted]" },
  {
    what: "named secret",
    // The value may be quoted (with spaces inside, with escaped quotes as in JSON inside JSON) or bare.
    pattern: regex("gi")`
        (?<!\barn:\S*)(?<![\w.-])(?!secretsmanager\b)([\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|
        apikey|access[_-]?key|private[_-]?key|encryption[_-]?key|credential|session[_-]?id|signature|
        connection[_-]?string|database_url|databaseurl|dsn)[\w.-]*)((?:\\?["'])?\s*[:=]\s*)(\\?"(?:[^"\\]|
        \\[^"])*\\?"|'[^']*'|[^\s,;&"'}\])]+)`,
    put: "$1$2[redacted]",
  },
  {
    what: "service token",
    pattern: regex("g")`
        \b(gh[pousr]_\w{20,}|github_pat_\w{20,}|xox[abeoprs]-[\w-]{10,}|sk_(?:live|test)_\w{10,}|
        rk_live_\w{10,}|vc[apkir]_\w{16,}|npm_\w{20,}|glpat-[\w-]{16,})`,
    put: "[token]",
  },
  { what: "Slack webhook", pattern: /(hooks\.slack\.com\/(?:services|workflows)\/)[\w/-]+/g, put: "$1[redacted]" },
  {
    what: "signed URL",
    pattern: /([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|sig|code)=)[^&\s"']+/gi,
    put: "$1[redacted]",
  },
  // 40 characters of base64 that are not hexadecimal: the form of an AWS secret key; a Git or SHA-1 hash is hexadecimal.
  {
    what: "AWS secret key",
    pattern:
      /(?<![\w/+=.-])(?![0-9a-f]{40}(?![\w/+=]))(?=[\w/+]*[a-z])(?=[\w/+]*[A-Z])(?=[\w/+]*\d)[A-Za-z0-9/+]{40}(?![\w/+=])/g,
    put: "[aws secret]",
  },
  { what: "e-mail address", pattern: /[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+/gu, put: "[e-mail]" },
  { what: "Korean resident number", pattern: /\b\d{6}-[1-8]\d{6}\b/g, put: "[resident number]" },
  {
    what: "phone number",
    pattern: /(?<![\w.-])(\+\d{1,3}[ -]?\d{1,4}[ -]?\d{3,4}[ -]?\d{4}|01[016789][ -]?\d{3,4}[ -]?\d{4})(?![\w-])/g,
    put: "[phone]",
  },
];

/** The text without secrets and without personal data. Redacting twice changes nothing more. */
export function redact(text: string): string {
  return SECRETS.reduce((rest, { pattern, put }) => rest.replace(pattern, put), text);
}

/** Every string inside a JSON value redacted; keys stay, as they are names. Values under a secret's name go whole. */
export function redactAll<T>(value: T): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map(redactAll) as T;
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactAll(inner)])) as T;
  }
  return value;
}
