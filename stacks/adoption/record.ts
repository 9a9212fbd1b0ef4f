import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import { decodeTraffic, dnsName } from "../../core/traffic-state";
import type { TrafficTarget } from "../../core/web-tier";
import type { Account, Found, Inputs } from "./found";

/** A record has no tags: it is known by where it leads, whatever its weight and TTL. */
export async function record(inputs: Inputs, account: Account): Promise<Found | undefined> {
  // A record that may be overwritten is never refused.
  if (inputs.allowOverwrite) return undefined;
  const { Route53Client, ListResourceRecordSetsCommand } = await import("@aws-sdk/client-route-53");
  const [zoneId, name, type] = [inputs.zoneId, inputs.name, inputs.type].map(String) as [string, string, "A"];
  const { ResourceRecordSets = [] } = await new Route53Client(account).send(
    new ListResourceRecordSetsCommand({
      HostedZoneId: zoneId,
      StartRecordName: name,
      StartRecordType: type,
      MaxItems: 100,
    }),
  );
  const slot = inputs.setIdentifier;
  const found = ResourceRecordSets.find(
    (one) => dnsName(one.Name ?? "") === dnsName(name) && one.Type === type && one.SetIdentifier === slot,
  );
  return (
    found && {
      id: [zoneId, name, type, slot].filter(Boolean).join("_"),
      says: saidByRecord(found),
    }
  );
}

/** Where a record of these inputs leads. */
export function saidByInputs({ aliases, records }: Inputs): string {
  const alias = (aliases as { name: string; zoneId: string }[] | undefined)?.[0];
  return alias ? `${alias.zoneId} ${dnsName(alias.name)}` : valuesText(records as string[]);
}

/** Where an update was about to lead records, of what its intent said. */
export const saidByIntent = (intent: string): readonly string[] =>
  Object.values(decodeTraffic(intent)?.state.slots ?? {}).map(({ target }) => saidByTarget(target));

function saidByTarget(target: TrafficTarget): string {
  switch (target.kind) {
    case "alias":
      return saidByInputs({ aliases: [{ name: target.dnsName, zoneId: target.zoneId }] });
    case "addresses":
      return saidByInputs({ records: target.ipv4 });
    case "cname":
      return saidByInputs({ records: [target.name] });
  }
}

/** Where a record leads. */
export const saidByRecord = ({ AliasTarget, ResourceRecords = [] }: ResourceRecordSet): string =>
  AliasTarget
    ? `${AliasTarget.HostedZoneId} ${dnsName(AliasTarget.DNSName ?? "")}`
    : valuesText(ResourceRecords.map(({ Value }) => Value ?? ""));

/** Route 53 writes texts in quotation marks, and names with the root's dot. */
const valuesText = (values: readonly string[] = []) =>
  values
    .map((value) => dnsName(value.replace(/^"|"$/g, "")))
    .sort()
    .join(" ");
