import type { Change, ResourceRecordSet } from "@aws-sdk/client-route-53";
import { UserError } from "../../../core/errors";
import { ALIAS_TTL, dnsName, SLOTS } from "../../../core/traffic-state";

/** The site's names and how its records are to be, out of the stack's config. */
export interface Site {
  readonly stack: string;
  readonly zoneId: string;
  readonly zoneName: string;
  readonly name: string;
  readonly redirectFrom: readonly string[];
  /** Seconds. */
  readonly ttl: number;
  readonly recordType: "A" | "CNAME";
}

/** What one change batch makes of the live records. */
export interface Takeover {
  /** `adopted`: the records are weighted already, and only the import may be left to do. */
  readonly kind: "change" | "adopted";
  readonly changes: readonly Change[];
  /** Seconds that a resolver may hold the old answer. */
  readonly oldTtl: number;
  /** Where the site points, before and after. */
  readonly target: string;
}

/**
 * The batch by which the simple record of the site becomes the two weighted record sets of components/traffic/traffic.ts, both at where it
 * points now, so that no visitor notices. A batch is all or nothing.
 * @param records all record sets of the site's name and of the names that redirect
 * @throws {UserError} where a take-over would move or lose visitors, with what to do first
 */
export function takeover(site: Site, records: readonly ResourceRecordSet[]): Takeover {
  const { name, recordType, stack } = site;
  const own = of(records, name);
  const addressed = own.filter(({ Type }) => Type === "A" || Type === "AAAA" || Type === "CNAME");
  if (addressed.length === 0) {
    throw new UserError(
      [
        `${name} has no A, AAAA or CNAME record in the zone ${site.zoneName} (${site.zoneId}): there is nothing to take over.`,
        `\`pulumi up --stack ${stack}\` creates its records. If the name is live elsewhere, check domain.name and domain.zoneName.`,
      ].join("\n"),
    );
  }
  refuse(site, addressed);
  const slots = SLOTS.map((slot) => addressed.find(({ SetIdentifier }) => SetIdentifier === slot));
  const [serving, canary] = slots;
  if (serving && canary) {
    return {
      kind: "adopted",
      changes: redirects(site, records, serving),
      oldTtl: ttlOf(serving),
      target: targetOf(serving),
    };
  }
  const simple = addressed.find(({ Type }) => Type === recordType) as ResourceRecordSet;
  const created = SLOTS.map((slot): ResourceRecordSet => weighted(site, simple, slot));
  return {
    kind: "change",
    changes: [
      { Action: "DELETE", ResourceRecordSet: simple },
      ...created.map((record): Change => ({ Action: "CREATE", ResourceRecordSet: record })),
      ...redirects(site, records, simple),
    ],
    oldTtl: ttlOf(simple),
    target: targetOf(simple),
  };
}

/** The record set of a slot as `pulumi up` would write it for this target. */
function weighted({ name, ttl }: Site, simple: ResourceRecordSet, slot: (typeof SLOTS)[number]): ResourceRecordSet {
  const { Type, AliasTarget, ResourceRecords } = simple;
  return {
    Name: `${dnsName(name)}.`,
    Type,
    SetIdentifier: slot,
    Weight: slot === "serving" ? 100 : 0,
    ...(AliasTarget
      ? // DNS moves through gates only, so health evaluation is off, as in components/traffic/traffic.ts.
        { AliasTarget: { ...AliasTarget, EvaluateTargetHealth: false } }
      : { TTL: ttl, ResourceRecords }),
  };
}

/** Everything that would lose or divide visitors. */
function refuse({ name, recordType, stack, zoneId }: Site, records: readonly ResourceRecordSet[]): void {
  const cname = records.find(({ Type }) => Type === "CNAME");
  const foreign = records.filter(
    ({ SetIdentifier }) => SetIdentifier !== undefined && !SLOTS.includes(SetIdentifier as never),
  );
  if (foreign.length > 0) {
    const named = foreign.map((one) => `${one.Type} "${one.SetIdentifier}" (${policyOf(one)})`);
    throw new UserError(
      [
        `${name} has records with a routing policy of somebody else: ${named.join(", ")}.`,
        "They divide visitors by rules that two weighted records cannot keep. Replace them by one simple " +
          "record first, then run this again. Nothing was changed.",
      ].join("\n"),
    );
  }
  if (cname && recordType === "A") {
    throw new UserError(
      [
        `${name} is a CNAME of ${targetOf(cname)}, and the stack's records are of type A (domain.record): a name has either.`,
        "An address record cannot be made of it here, since only its owner knows the addresses behind that name.",
        "Point the name at the server's or load balancer's address by an A record first (one change " +
          "batch: DELETE the CNAME, CREATE the A), wait for its TTL, then run this again.",
        "Or keep the CNAME, if Vercel alone serves this subdomain, now and later: pulumi config set " +
          `--stack ${stack} --path iamvet:domain.record CNAME. Nothing was changed.`,
      ].join("\n"),
    );
  }
  const address = records.find(({ Type }) => Type === "A");
  if (address && recordType === "CNAME") {
    throw new UserError(
      `${name} has an A record (${targetOf(address)}), and the stack's records are of type CNAME: a ` +
        `name has either. Set it back: pulumi config set --stack ${stack} --path iamvet:domain.record A. ` +
        "Nothing was changed.",
    );
  }
  const six = records.find(({ Type }) => Type === "AAAA");
  if (six) {
    throw new UserError(
      [
        `${name} has an AAAA record (${targetOf(six)}). The stack moves A records only, so visitors with ` +
          "IPv6 would stay at the old server after every change of architecture, and lose the site when it " +
          "is deleted.",
        "Delete it first, and wait for its TTL; visitors with IPv6 have IPv4 too, as a rule:",
        `  aws route53 change-resource-record-sets --hosted-zone-id ${zoneId} --change-batch ` +
          `'${JSON.stringify({ Changes: [{ Action: "DELETE", ResourceRecordSet: six }] })}'`,
        "Then run this again. Nothing was changed.",
      ].join("\n"),
    );
  }
  const half = records.filter(({ SetIdentifier }) => SetIdentifier !== undefined);
  if (half.length === 1) {
    throw new UserError(
      `${name} has the record "${half[0]?.SetIdentifier}" and not the other of ${SLOTS.join(" and ")}: ` +
        `\`pulumi refresh --stack ${stack}\`, then \`pulumi up --stack ${stack}\` restores it. Nothing ` +
        "was changed.",
    );
  }
}

/** Names that redirect become aliases of the site's; only those that lead to the same place now may. */
function redirects(site: Site, records: readonly ResourceRecordSet[], live: ResourceRecordSet): Change[] {
  const { name, redirectFrom, recordType, zoneId } = site;
  return redirectFrom.flatMap((host): Change[] => {
    const found = of(records, host).filter(({ Type }) => Type === "A" || Type === "AAAA" || Type === "CNAME");
    if (found.length === 0) return [];
    const [one] = found;
    const wanted: ResourceRecordSet = {
      Name: `${dnsName(host)}.`,
      Type: recordType,
      AliasTarget: { HostedZoneId: zoneId, DNSName: `${dnsName(name)}.`, EvaluateTargetHealth: false },
    };
    if (found.length === 1 && one && sameRecord(one, wanted)) return [];
    const same =
      found.length === 1 &&
      one?.SetIdentifier === undefined &&
      one?.Type !== "AAAA" &&
      (targetOf(one as ResourceRecordSet) === targetOf(live) || targetOf(one as ResourceRecordSet) === dnsName(name));
    if (!same) {
      throw new UserError(
        [
          `${host}, which is to redirect to ${name} (domain.redirectFrom), leads somewhere else: ` +
            `${found.map((record) => `${record.Type} ${targetOf(record)}`).join(", ")}.`,
          `Point it at ${name} first, or take it out of domain.redirectFrom. Nothing was changed.`,
        ].join("\n"),
      );
    }
    return [
      { Action: "DELETE", ResourceRecordSet: one },
      { Action: "CREATE", ResourceRecordSet: wanted },
    ];
  });
}

/** The same batch backwards. */
export const inverse = (changes: readonly Change[]): Change[] =>
  [...changes]
    .reverse()
    .map(
      ({ Action, ResourceRecordSet }): Change => ({
        Action: Action === "CREATE" ? "DELETE" : "CREATE",
        ResourceRecordSet,
      }),
    )
    // What goes must go before what comes, where both have one name.
    .sort((a, b) => Number(a.Action === "CREATE") - Number(b.Action === "CREATE"));

/** Records of one name; Route 53 writes names in lower case with a dot at the end. */
const of = (records: readonly ResourceRecordSet[], name: string) =>
  records.filter(({ Name }) => dnsName(Name ?? "") === dnsName(name));

/** Do two record sets say the same? */
export function sameRecord(a: ResourceRecordSet, b: ResourceRecordSet): boolean {
  const text = ({ Name, Type, SetIdentifier, Weight, TTL, AliasTarget, ResourceRecords }: ResourceRecordSet) =>
    JSON.stringify([
      dnsName(Name ?? ""),
      Type,
      SetIdentifier ?? null,
      Weight ?? null,
      AliasTarget
        ? [AliasTarget.HostedZoneId, dnsName(AliasTarget.DNSName ?? ""), AliasTarget.EvaluateTargetHealth ?? false]
        : [TTL, (ResourceRecords ?? []).map(({ Value }) => Value).sort()],
    ]);
  return text(a) === text(b);
}

const targetOf = ({ AliasTarget, ResourceRecords = [] }: ResourceRecordSet): string =>
  AliasTarget
    ? dnsName(AliasTarget.DNSName ?? "")
    : ResourceRecords.map(({ Value }) => dnsName(Value ?? ""))
        .sort()
        .join(", ");

const ttlOf = ({ TTL }: ResourceRecordSet) => TTL ?? ALIAS_TTL;

const policyOf = (record: ResourceRecordSet): string =>
  record.Weight !== undefined
    ? "weighted"
    : record.Region
      ? "latency"
      : record.Failover
        ? "failover"
        : record.GeoLocation || record.GeoProximityLocation
          ? "geographic"
          : record.MultiValueAnswer
            ? "multivalue"
            : "CIDR or other";

/** One line a record, for people. */
export function recordText({
  Name,
  Type,
  SetIdentifier,
  Weight,
  TTL,
  AliasTarget,
  ...rest
}: ResourceRecordSet): string {
  const where = `${AliasTarget ? "alias of " : ""}${targetOf({ Name, Type, AliasTarget, ...rest })}`;
  const slot = SetIdentifier === undefined ? "simple" : `"${SetIdentifier}" weight ${Weight}`;
  return `${Type} ${dnsName(Name ?? "")}  ${slot}  ${where}${AliasTarget ? "" : `  TTL ${TTL} s`}`;
}

const RECORD = "aws:route53/record:Record";

/**
 * The file for `pulumi import --file`: the records under the component that owns them, so that their URNs are those of the program.
 * @param parameters of the state, so that only what is there is imported
 */
export function importFile(site: Site, records: readonly ResourceRecordSet[], version: string) {
  const { zoneId, name, recordType, redirectFrom } = site;
  const row = (resource: string, id: string) => ({ type: RECORD, name: resource, id, parent: "traffic", version });
  const aliases = redirectFrom.filter((host) =>
    of(records, host).some(({ Type, AliasTarget }) => Type === recordType && AliasTarget),
  );
  return {
    resources: [
      { type: "iamvet:index:Traffic", name: "traffic", component: true },
      ...SLOTS.map((slot) => row(`traffic-${slot}`, `${zoneId}_${name}_${recordType}_${slot}`)),
      ...aliases.map((host) => row(`traffic-${host}`, `${zoneId}_${host}_${recordType}`)),
    ],
  };
}
