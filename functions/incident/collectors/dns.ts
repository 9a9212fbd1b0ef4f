import {
  GetHostedZoneCommand,
  type GetHostedZoneCommandOutput,
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsCommandOutput,
} from "@aws-sdk/client-route-53";
import type { Fact } from "../../../core/incident";
import { askAll, type CollectorDefinition, type Context } from "./context";
import { answersTo, iso, minutesBetween } from "./facts";

/** Answer of a public resolver in the JSON form of DNS over HTTPS (dns.google/resolve). `Status` is the DNS response code. */
interface DohAnswer {
  readonly Status?: number;
  readonly Answer?: readonly { readonly name?: string; readonly type?: number; readonly data?: string }[];
  readonly Comment?: string;
}

/** RDAP answer for a domain (RFC 9083). */
interface Rdap {
  readonly status?: readonly string[];
  readonly events?: readonly { readonly eventAction?: string; readonly eventDate?: string }[];
}

const CODES: Readonly<Record<number, string>> = { 0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED" };
const TYPE = { A: 1, NS: 2, CNAME: 5 } as const;

/** What Route 53 holds for the name, what the world's resolvers answer, and whether the domain is still registered. */
export const dns: CollectorDefinition<"dns"> = {
  kind: "dns",
  timeLimit: 12_000,
  gather: ({ zoneId, name }, context) =>
    askAll(context, {
      ListResourceRecordSets: () =>
        context.aws.route53.send(
          new ListResourceRecordSetsCommand({ HostedZoneId: zoneId, StartRecordName: name, MaxItems: 20 }),
          context.http,
        ),
      GetHostedZone: () => context.aws.route53.send(new GetHostedZoneCommand({ Id: zoneId }), context.http),
      "Resolve#A": () =>
        json(context, resolver(name, "A"), resolver(name, "A", "https://cloudflare-dns.com/dns-query")),
      "Resolve#NS": async () => {
        const zone = await context.aws.route53.send(new GetHostedZoneCommand({ Id: zoneId }), context.http);
        const apex = zone.HostedZone?.Name?.replace(/\.$/, "") ?? name;
        return json(context, resolver(apex, "NS"));
      },
      Rdap: async () => {
        const zone = await context.aws.route53.send(new GetHostedZoneCommand({ Id: zoneId }), context.http);
        return json(context, `https://rdap.org/domain/${zone.HostedZone?.Name?.replace(/\.$/, "") ?? name}`);
      },
    }),
  facts: ({ name }, answers, incident) => {
    const base = { kind: "dns", from: "dns", subject: name } as const;
    const facts: Fact[] = [];
    const host = name.replace(/\.$/, "").toLowerCase();
    const resolved = Object.entries(answers).filter(([key]) => key === "Resolve" || key.startsWith("Resolve#"));
    const recordSets = answersTo<ListResourceRecordSetsCommandOutput>(answers, "ListResourceRecordSets");
    const held = recordSets
      .flatMap((a) => a.ResourceRecordSets ?? [])
      .filter(
        (r) => r.Name?.replace(/\.$/, "").toLowerCase() === host && ["A", "AAAA", "CNAME"].includes(r.Type ?? ""),
      );
    if (recordSets.length > 0 && held.length === 0) {
      facts.push({ ...base, name: "record", text: "Route 53 holds no address record for the name" });
    }
    for (const record of held) {
      facts.push({
        ...base,
        name: "record",
        text: `${record.Type} ${record.AliasTarget?.DNSName ?? record.ResourceRecords?.map((r) => r.Value).join(" ")}`,
      });
    }
    const delegated = new Set<string>();
    for (const [key, raw] of resolved) {
      for (const answer of answersTo<DohAnswer>({ Resolve: raw }, "Resolve")) {
        const isNs = key.endsWith("#NS") || answer.Answer?.some((a) => a.type === TYPE.NS) === true;
        const code = CODES[answer.Status ?? 0] ?? `RCODE ${answer.Status}`;
        if (isNs) {
          for (const a of answer.Answer ?? [])
            if (a.type === TYPE.NS) delegated.add((a.data ?? "").replace(/\.$/, "").toLowerCase());
          if (answer.Status === 0) continue;
        }
        facts.push({
          ...base,
          name: isNs ? "zone-status" : "status",
          text: [code, answer.Comment].filter(Boolean).join(" "),
        });
        const addresses = (answer.Answer ?? []).filter((a) => a.type === TYPE.A).map((a) => a.data ?? "");
        if (answer.Status === 0 && !isNs && addresses.length === 0) {
          facts.push({ ...base, name: "address", text: "NODATA: the name exists and has no address" });
        }
        // Records with plain addresses can be compared; an alias' addresses change by themselves.
        const wanted = held
          .filter((r) => r.Type === "A")
          .flatMap((r) => r.ResourceRecords ?? [])
          .map((r) => r.Value ?? "");
        if (wanted.length > 0 && addresses.length > 0 && !addresses.some((a) => wanted.includes(a))) {
          facts.push({
            ...base,
            name: "address",
            text: "MISMATCH: resolvers answer other addresses than Route 53 holds",
          });
        }
      }
    }
    const ours = answersTo<GetHostedZoneCommandOutput>(answers, "GetHostedZone")
      .flatMap((a) => a.DelegationSet?.NameServers ?? [])
      .map((n) => n.replace(/\.$/, "").toLowerCase());
    if (ours.length > 0 && delegated.size > 0) {
      const text = ours.some((n) => delegated.has(n))
        ? "OK: the domain is delegated to the zone's name servers"
        : "MISMATCH: the domain is delegated to other name servers than the zone's";
      facts.push({ ...base, name: "delegation", text });
    }
    for (const rdap of answersTo<Rdap>(answers, "Rdap")) {
      const expires = iso(rdap.events?.find((e) => e.eventAction === "expiration")?.eventDate);
      facts.push({
        ...base,
        name: "domain",
        text: [...(rdap.status ?? []), expires && `expires ${expires}`].filter(Boolean).join(", "),
        value: expires === undefined ? undefined : minutesBetween(incident.startedAt, expires) / 1440,
      });
    }
    return facts;
  },
};

const resolver = (name: string, type: keyof typeof TYPE, at = "https://dns.google/resolve") =>
  `${at}?name=${encodeURIComponent(name)}&type=${type}`;

/** The first of these addresses that answers with JSON. */
async function json(context: Context, ...urls: string[]): Promise<unknown> {
  let last: unknown;
  for (const url of urls) {
    try {
      const response = await fetch(url, {
        headers: { accept: "application/dns-json, application/rdap+json, application/json" },
        signal: AbortSignal.any([context.http.abortSignal, AbortSignal.timeout(5000)]),
      });
      if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
      return await response.json();
    } catch (error) {
      last = error;
    }
  }
  throw last;
}
