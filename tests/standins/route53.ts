import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** One record set, as Route 53's XML has it. */
export interface StoredRecord {
  readonly Name: string;
  readonly Type: string;
  readonly SetIdentifier?: string;
  readonly Weight?: number;
  readonly Region?: string;
  readonly TTL?: number;
  readonly ResourceRecords?: readonly { readonly Value: string }[];
  readonly AliasTarget?: {
    readonly HostedZoneId: string;
    readonly DNSName: string;
    readonly EvaluateTargetHealth: boolean;
  };
}

/**
 * Stands for Route 53 (and for what STS and EC2 are asked before): hosted zones by name, record sets in pages, and change batches
 * with Route 53's own rules: all or nothing, a DELETE must match exactly, a name has either simple or weighted records, and a
 * CNAME suffers nothing beside it.
 */
export class Route53 {
  private readonly server: Server;
  zones: { readonly id: string; readonly name: string; readonly private?: boolean }[] = [];
  records: StoredRecord[] = [];
  /** Batches that were taken. */
  readonly batches: unknown[] = [];
  /** Records on one page. */
  pageSize = 100;
  /** Called before a batch is judged. */
  beforeChange: () => void = () => {};
  /** What GetChange says. */
  status: "INSYNC" | "PENDING" = "INSYNC";

  private constructor() {
    this.server = createServer((request, response) => {
      read(request).then((body) => {
        const { status, text } = this.answer(request, body);
        response.writeHead(status, { "content-type": "text/xml" }).end(text);
      });
    });
  }

  static async start(): Promise<Route53> {
    const one = new Route53();
    one.server.listen(0, "127.0.0.1");
    await new Promise((resolve) => one.server.once("listening", resolve));
    return one;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** Environment that leads every SDK client here. */
  get env(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    };
  }

  private answer({ method, url = "" }: IncomingMessage, body: string): { status: number; text: string } {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    const [, , kind, id] = pathname.split("/");
    if (pathname === "/") return ok(queries[new URLSearchParams(body).get("Action") ?? ""] ?? "");
    if (kind === "hostedzonesbyname") return ok(this.listZones(searchParams.get("dnsname") ?? ""));
    if (kind === "change") return ok(element("GetChangeResponse", changeInfo(this.status)));
    if (kind === "hostedzone" && method === "GET") return ok(this.list(searchParams));
    if (kind === "hostedzone" && method === "POST") return this.change(id ?? "", body);
    return refused(404, "NoSuchHostedZone", `${method} ${url}`);
  }

  private listZones(name: string): string {
    // From the name on, in the order of the labels from the right; enough of it for what is asked.
    const zones = [...this.zones].sort((a, b) => Number(b.name === name) - Number(a.name === name));
    const list = zones.map(({ id, name: own, private: hidden = false }) =>
      element("HostedZone", {
        Id: `/hostedzone/${id}`,
        Name: `${own}.`,
        CallerReference: id,
        Config: { PrivateZone: hidden },
      }),
    );
    return element(
      "ListHostedZonesByNameResponse",
      `<HostedZones>${list.join("")}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>`,
    );
  }

  private list(query: URLSearchParams): string {
    const key = ({ Name, Type, SetIdentifier = "" }: StoredRecord) =>
      [Name.split(".").reverse().join("."), Type, SetIdentifier].join(" ");
    const start = [
      `${query.get("name")?.replace(/\.?$/, ".").split(".").reverse().join(".") ?? ""}`,
      query.get("type") ?? "",
      query.get("identifier") ?? "",
    ].join(" ");
    const from = [...this.records]
      .sort((a, b) => (key(a) < key(b) ? -1 : 1))
      .filter((record) => key(record) >= start.trimEnd());
    const page = from.slice(0, this.pageSize);
    const next = from[this.pageSize];
    return element(
      "ListResourceRecordSetsResponse",
      [
        `<ResourceRecordSets>${page.map((record) => element("ResourceRecordSet", xmlOf(record))).join("")}</ResourceRecordSets>`,
        element("IsTruncated", next !== undefined),
        ...(next
          ? [
              element("NextRecordName", next.Name),
              element("NextRecordType", next.Type),
              next.SetIdentifier ? element("NextRecordIdentifier", next.SetIdentifier) : "",
            ]
          : []),
        element("MaxItems", this.pageSize),
      ].join(""),
    );
  }

  private change(zone: string, body: string): { status: number; text: string } {
    this.beforeChange();
    const batch = parse(body).ChangeResourceRecordSetsRequest as Parsed;
    const changes = listOf(((batch.ChangeBatch as Parsed).Changes as Parsed).Change) as Parsed[];
    let after = [...this.records];
    for (const { Action, ResourceRecordSet } of changes) {
      const record = recordOf(ResourceRecordSet as Parsed);
      const same = (other: StoredRecord) =>
        other.Name === record.Name && other.Type === record.Type && other.SetIdentifier === record.SetIdentifier;
      const what =
        `resource record set [name='${record.Name}', ` +
        `type='${record.Type}'${record.SetIdentifier ? `, set-identifier='${record.SetIdentifier}'` : ""}]`;
      if (Action === "DELETE") {
        const found = after.find(same);
        if (!found) return invalid(`Tried to delete ${what} but it was not found`);
        if (JSON.stringify(recordOf(found as never)) !== JSON.stringify(record))
          return invalid(`Tried to delete ${what} but the values provided do not match the current values`);
        after = after.filter((other) => other !== found);
      } else {
        if (after.some(same)) return invalid(`Tried to create ${what} but it already exists`);
        after.push(record);
      }
    }
    for (const record of after) {
      const beside = after.filter((other) => other !== record && other.Name === record.Name);
      if (record.Type === "CNAME" && beside.some(({ Type }) => Type !== "CNAME"))
        return invalid(
          `RRSet of type CNAME with DNS name ${record.Name} is not permitted as it conflicts with other records`,
        );
      const twins = beside.filter(({ Type }) => Type === record.Type);
      if (record.SetIdentifier === undefined && twins.length > 0)
        return invalid(
          `RRSet with DNS name ${record.Name} cannot be created as a non-weighted one beside weighted ones`,
        );
      const alias = record.AliasTarget;
      if (
        alias?.HostedZoneId === zone &&
        !after.some(({ Name, Type }) => Name === alias.DNSName && Type === record.Type)
      )
        return invalid(`Tried to create an alias that targets ${alias.DNSName}, but that was not found`);
    }
    this.records = after;
    this.batches.push(changes);
    return ok(element("ChangeResourceRecordSetsResponse", changeInfo("PENDING")));
  }
}

const queries: Readonly<Record<string, string>> = {
  GetCallerIdentity:
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ops</Arn><UserId>A</UserId>" +
    "<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
  DescribeRegions:
    "<DescribeRegionsResponse><regionInfo><item><regionName>ap-northeast-2</regionName>" +
    "<optInStatus>opt-in-not-required</optInStatus></item></regionInfo></DescribeRegionsResponse>",
};

const ok = (text: string) => ({ status: 200, text });
const refused = (status: number, code: string, message: string) => ({
  status,
  text: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
});
const invalid = (message: string) => refused(400, "InvalidChangeBatch", `[${message}]`);

const changeInfo = (status: string) =>
  `<ChangeInfo><Id>/change/C1</Id><Status>${status}</Status><SubmittedAt>2026-11-26T12:00:00Z</SubmittedAt></ChangeInfo>`;

type Xml = string | number | boolean | { readonly [key: string]: Xml };
const element = (name: string, content: Xml): string =>
  `<${name}>${
    typeof content === "object"
      ? Object.entries(content)
          .map(([key, value]) => element(key, value))
          .join("")
      : content
  }</${name}>`;

function xmlOf({ ResourceRecords, AliasTarget, ...rest }: StoredRecord): string {
  const fields = Object.entries(rest).map(([key, value]) => element(key, value as Xml));
  const values = (ResourceRecords ?? []).map((value) => element("ResourceRecord", value)).join("");
  return [
    ...fields,
    values ? element("ResourceRecords", values) : "",
    AliasTarget ? element("AliasTarget", AliasTarget as unknown as Xml) : "",
  ].join("");
}

/** The changes of a batch, in order. */
export const changesIn = (body: string): { readonly action: string; readonly record: StoredRecord }[] => {
  const batch = parse(body).ChangeResourceRecordSetsRequest as Parsed;
  const changes = listOf(((batch.ChangeBatch as Parsed).Changes as Parsed).Change) as Parsed[];
  return changes.map(({ Action, ResourceRecordSet }) => ({
    action: String(Action),
    record: recordOf(ResourceRecordSet as Parsed),
  }));
};

type Parsed = { [key: string]: Parsed | string | (Parsed | string)[] };

/** Elements and texts of a well-formed document without attributes that matter. */
function parse(text: string): Parsed {
  const found: Parsed = {};
  const elements = /<([\w:]+)(?:\s[^>]*)?>([\s\S]*?)<\/\1>/g;
  for (const [, name = "", inner = ""] of text.matchAll(elements)) {
    const value = /<\w/.test(inner) ? parse(inner) : inner;
    const before = found[name];
    found[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return found;
}

const listOf = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** A record set with its fields in one order, whatever it came from. */
function recordOf(raw: Parsed): StoredRecord {
  const nested = (raw.ResourceRecords as Parsed | undefined)?.ResourceRecord ?? raw.ResourceRecords;
  const alias = raw.AliasTarget as Parsed | undefined;
  return {
    Name: String(raw.Name).toLowerCase(),
    Type: String(raw.Type),
    ...(raw.SetIdentifier === undefined ? {} : { SetIdentifier: String(raw.SetIdentifier) }),
    ...(raw.Weight === undefined ? {} : { Weight: Number(raw.Weight) }),
    ...(raw.TTL === undefined ? {} : { TTL: Number(raw.TTL) }),
    ...(nested === undefined
      ? {}
      : { ResourceRecords: listOf(nested as Parsed | Parsed[]).map((one) => ({ Value: String(one.Value) })) }),
    ...(alias
      ? {
          AliasTarget: {
            HostedZoneId: String(alias.HostedZoneId),
            DNSName: String(alias.DNSName),
            EvaluateTargetHealth: String(alias.EvaluateTargetHealth) === "true",
          },
        }
      : {}),
  };
}

async function read(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}
