import tls from "node:tls";
import { DescribeCertificateCommand, type DescribeCertificateCommandOutput } from "@aws-sdk/client-acm";
import type { Fact } from "../../../core/incident";
import { askAll, type CollectorDefinition, type Context } from "./context";
import { answersTo, iso, minutesBetween } from "./facts";

/** What a TLS handshake with the site gave: Node's own words. */
export interface Handshake {
  readonly authorized?: boolean;
  /** For example `CERT_HAS_EXPIRED`, `ERR_TLS_CERT_ALTNAME_INVALID`, `ECONNREFUSED`. */
  readonly error?: string;
  readonly validTo?: string;
  readonly names?: string;
}

/** The certificate that ACM holds, and the one that the site really shows. */
export const certificate: CollectorDefinition<"certificate"> = {
  kind: "certificate",
  timeLimit: 12_000,
  gather: ({ host, arn }, context) =>
    askAll(context, {
      ...(arn !== undefined && {
        DescribeCertificate: () =>
          context.aws.acm.send(new DescribeCertificateCommand({ CertificateArn: arn }), context.http),
      }),
      TlsHandshake: () => handshake(host, context),
    }),
  facts: ({ host }, answers, incident) => {
    const base = { kind: "certificate", from: "certificate", subject: host } as const;
    const facts: Fact[] = [];
    const daysLeft = (notAfter: string | undefined, where: string) => {
      if (notAfter === undefined) return;
      const value = minutesBetween(incident.startedAt, notAfter) / 1440;
      facts.push({ ...base, name: "days-left", text: `${where} certificate is valid until ${notAfter}`, value });
    };
    for (const { Certificate: one } of answersTo<DescribeCertificateCommandOutput>(answers, "DescribeCertificate")) {
      const renewal = one?.RenewalSummary;
      facts.push({
        ...base,
        name: "status",
        text: [
          one?.Status,
          one?.FailureReason,
          renewal && `renewal ${renewal.RenewalStatus}`,
          renewal?.RenewalStatusReason,
        ]
          .filter(Boolean)
          .join(" "),
      });
      // An unused or superseded certificate in ACM may expire without harm; the handshake decides.
      daysLeft(iso(one?.NotAfter), "ACM");
    }
    for (const one of answersTo<Handshake>(answers, "TlsHandshake")) {
      facts.push({ ...base, name: "handshake", text: one.error ?? "OK" });
      daysLeft(iso(one.validTo), "the site's");
    }
    return facts;
  },
};

/** Shakes hands with port 443 of the site as any visitor would; a failure is an answer. */
function handshake(host: string, context: Context): Promise<Handshake> {
  return new Promise((resolve) => {
    const socket = tls.connect({ host, port: 443, servername: host, rejectUnauthorized: false, timeout: 8000 });
    const done = (answer: Handshake) => {
      socket.destroy();
      resolve(answer);
    };
    context.http.abortSignal.addEventListener("abort", () => done({ error: "ETIMEDOUT" }));
    socket.once("timeout", () => done({ error: "ETIMEDOUT" }));
    socket.once("error", (error: NodeJS.ErrnoException) => done({ error: error.code ?? error.message }));
    socket.once("secureConnect", () => {
      const shown = socket.getPeerCertificate();
      const reason = socket.authorizationError as unknown as string | Error | undefined;
      const code = reason instanceof Error ? ((reason as NodeJS.ErrnoException).code ?? reason.message) : reason;
      done({
        authorized: socket.authorized,
        ...(code && { error: code }),
        validTo: shown.valid_to,
        names: shown.subjectaltname,
      });
    });
  });
}
