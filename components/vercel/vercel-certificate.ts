import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type ApiError, type Call, pause, unlessGone } from "../../core/rest";
import { vercelApi, vercelTokenMissing } from "./vercel-api";

/** Arguments of {@link VercelCertificate}. */
export interface VercelCertificateArgs {
  /** Names that the certificate covers; each must be a domain of the project. */
  readonly domains: readonly string[];
  readonly projectId: pulumi.Input<string>;
  /** `team_...` or a team's slug. @default the provider's team, or the token's personal account */
  readonly teamId?: pulumi.Input<string>;
  /** Route 53 zone of all these names. */
  readonly zoneId: pulumi.Input<string>;
}

/** What the providers of this file are given, resolved. */
export interface CertificateInputs {
  readonly domains: readonly string[];
  readonly projectId: string;
  readonly teamId?: string;
}

/** A started order: what must be proven. */
export interface OrderOutputs extends CertificateInputs {
  /** Domain -> value of its TXT record at `_acme-challenge.<domain>`; without an entry where an earlier proof still counts. */
  readonly challenges: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

interface Challenge {
  readonly type: string;
  readonly status: string;
  readonly domain: string;
  readonly value: string;
}

interface Certificate {
  readonly id: string;
  readonly cns: readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const day = 86_400_000;

/** Codes that only mean "not yet": the record has not reached every server, or the authority is still looking. */
const notYet = [
  "txt_record_not_found",
  "challenge_still_pending",
  "validation_running",
  "dns_error",
  "challenge_error",
];

/** Seconds between attempts while a proof is not visible yet; together about six minutes. */
const proofDelays = [5, 10, 15, 30, 30, 60, 60, 60, 60];

/** Repeats work while its error only means "not yet". */
async function whileNotYet<T>(work: () => Promise<T>, isNotYet: (error: ApiError) => boolean): Promise<T> {
  const unit = Number(process.env.REST_BACKOFF_MS ?? 1_000);
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const delay = proofDelays[attempt];
      if (delay === undefined || !isNotYet(error as ApiError)) throw error;
      await pause(delay * unit);
    }
  }
}

/**
 * The id of a certificate that covers the names for a week or more, undefined if any name lacks one. Vercel renews by itself
 * under a new id, and perhaps with one certificate a name, so that what counts is that each is covered.
 */
async function covering(call: Call, domains: readonly string[]): Promise<string | undefined> {
  const valid: Certificate[] = [];
  for (let until: number | null | undefined, first = true; first || until; first = false) {
    const page: { certs: Certificate[]; pagination?: { next?: number | null } } = await call(
      "GET",
      until ? `/v8/certs?until=${until}` : "/v8/certs",
    );
    valid.push(...page.certs.filter(({ expiresAt }) => expiresAt > Date.now() + 7 * day));
    until = page.pagination?.next;
  }
  const ids = domains.map((domain) => valid.find(({ cns }) => cns.includes(domain))?.id);
  return ids.includes(undefined) ? undefined : ids[0];
}

const sameDomains = (a: readonly string[], b: readonly string[]) => [...a].sort().join() === [...b].sort().join();

/** What both providers share: the token from config or environment, told in the preview already if it is missing. */
function configured() {
  // An object, since serialised functions share objects but not variables.
  const config: { token?: string; team?: string } = {};
  return {
    config,
    async configure(request: pulumi.dynamic.ConfigureRequest) {
      config.token = request.config.get("vercel:apiToken");
      config.team = request.config.get("vercel:team");
    },
    async check<T>(_olds: unknown, news: T): Promise<pulumi.dynamic.CheckResult<T>> {
      const token = config.token ?? process.env.VERCEL_API_TOKEN;
      return { inputs: news, failures: token ? [] : [{ property: "apiToken", reason: vercelTokenMissing }] };
    },
  };
}

/** Names of the inputs whose change asks for another certificate. */
function replacedBy(olds: CertificateInputs, news: CertificateInputs): string[] {
  return [
    ...(sameDomains(olds.domains, news.domains) ? [] : ["domains"]),
    ...(olds.projectId === news.projectId ? [] : ["projectId"]),
  ];
}

/**
 * Proves that the names belong to the project and starts an order; tells which TXT records the authority wants to see. An
 * order whose certificate is missing although an hour has passed is started anew.
 */
export function orderProvider(): pulumi.dynamic.ResourceProvider<CertificateInputs, OrderOutputs> {
  const { config, ...shared } = configured();
  return {
    ...shared,
    async create(inputs) {
      const { domains, projectId, teamId } = inputs;
      const call = vercelApi(config, inputs);
      for (const domain of domains) {
        const path = `/v9/projects/${encodeURIComponent(projectId)}/domains/${encodeURIComponent(domain)}/verify`;
        // HTTP 400: the record of ownership is not visible yet. To ask again has no effect of its own.
        await whileNotYet(
          () => call("POST", path),
          ({ status, doubtful }) => status === 400 || doubtful,
        );
      }
      const order = (await covering(call, domains))
        ? {}
        : await call<{ challengesToResolve?: Challenge[] }>("PATCH", "/v3/certs", { op: "startOrder", domains });
      const pending = (order.challengesToResolve ?? []).filter(({ status }) => status === "pending");
      const challenges = Object.fromEntries(pending.map(({ domain, value }) => [domain, value]));
      const outs = { domains, projectId, challenges, startedAt: Date.now(), ...(teamId !== undefined && { teamId }) };
      return { id: domains.join(), outs };
    },
    async diff(_id, olds, news) {
      const replaces = replacedBy(olds, news);
      if (replaces.length === 0 && Date.now() - olds.startedAt > day / 24) {
        if ((await covering(vercelApi(config, news), news.domains)) === undefined) replaces.push("domains");
      }
      return { changes: replaces.length > 0, replaces };
    },
  };
}

/** Finishes the order once the TXT records are there. */
export function issueProvider(): pulumi.dynamic.ResourceProvider<CertificateInputs, CertificateInputs> {
  const { config, ...shared } = configured();
  return {
    ...shared,
    async create(inputs) {
      const { domains, projectId, teamId } = inputs;
      const call = vercelApi(config, inputs);
      let id = await covering(call, domains);
      if (id === undefined) {
        const finish = () => call("PATCH", "/v3/certs", { op: "finalizeOrder", domains });
        try {
          await whileNotYet(finish, ({ code }) => notYet.includes(code ?? ""));
        } catch (error) {
          const { code, message } = error as ApiError;
          if (notYet.includes(code ?? "")) {
            throw new Error(
              `${message}. The TXT records of _acme-challenge are not visible to the ` +
                "authority. Check that the zone is the delegated one and that a CAA record, if " +
                "there is one, allows letsencrypt.org; then run the update again.",
            );
          }
          // The first attempt may have finished the order although its answer was lost.
          if (code !== "cert_order_not_found") throw error;
        }
        id = await covering(call, domains);
      }
      if (id === undefined) {
        throw new Error(
          "Vercel knows neither the certificate's order nor a certificate: the order has expired. Run " +
            "the update again an hour after the order was started; it starts a new one.",
        );
      }
      return { id, outs: { domains, projectId, ...(teamId !== undefined && { teamId }) } };
    },
    async diff(_id, olds, news) {
      const replaces = replacedBy(olds, news);
      if (replaces.length === 0 && (await covering(vercelApi(config, news), news.domains)) === undefined) {
        replaces.push("domains");
      }
      return { changes: replaces.length > 0, replaces };
    },
    async delete(id, outs) {
      await unlessGone(vercelApi(config, outs)("DELETE", `/v8/certs/${encodeURIComponent(id)}`));
    },
  };
}

class Order extends pulumi.dynamic.Resource {
  declare readonly challenges: pulumi.Output<Readonly<Record<string, string>> | undefined>;

  constructor(name: string, args: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
    super(orderProvider(), name, { ...args, challenges: undefined }, opts, "vercel", "CertificateOrder");
  }
}

class Issue extends pulumi.dynamic.Resource {
  constructor(name: string, args: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
    super(issueProvider(), name, { ...args }, opts, "vercel", "Certificate");
  }
}

/**
 * A certificate for a Vercel project, issued before DNS points there. Left alone, Vercel asks for one only when the name
 * already resolves to it, and the first visitors get a TLS error. The order is proven by TXT records (DNS-01), as
 * `vercel certs issue --challenge-only` does by hand; later Vercel renews by itself. Takes half a minute to six minutes.
 */
export class VercelCertificate extends pulumi.ComponentResource {
  /** Id of the issued certificate: known once a handshake with the names succeeds. */
  readonly certificateId: pulumi.Output<string>;

  constructor(name: string, args: VercelCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:VercelCertificate", name, {}, opts);
    const { domains, projectId, teamId } = args;
    const inputs = { domains: [...domains], projectId, ...(teamId !== undefined && { teamId }) };
    const order = new Order(`${name}-order`, inputs, { parent: this });
    const proofs = domains.map(
      (domain) =>
        new aws.route53.Record(
          `${name}-proof-${domain}`,
          {
            zoneId: args.zoneId,
            name: `_acme-challenge.${domain}`,
            type: "TXT",
            ttl: 60,
            records: [order.challenges.apply((challenges) => challenges?.[domain] ?? "no proof asked")],
            // Certbot of the architecture that serves now uses the same name, minutes long, when it renews.
            allowOverwrite: true,
          },
          { parent: this },
        ),
    );
    const issue = new Issue(name, inputs, { parent: this, dependsOn: proofs });
    this.certificateId = issue.id;
    this.registerOutputs({ certificateId: this.certificateId });
  }
}
