import { changesIn, type StoredRecord } from "../../standins/route53";
import type { Cloud, Properties, Stored } from "./cloud";
import { noZone } from "./refusals";
import { element, failure, type Reply, xml } from "./replies";
import { answerOf } from "./types";
import { ZONE_ID } from "./world";

const RECORD = "aws:route53/record:Record";

/** What somebody changes in Route 53 by its API, and not by the provider. */
export function changeRecords(cloud: Cloud, body: string): Reply {
  const refused = applyBatch(cloud, changesIn(body));
  if (refused) return invalid(refused);
  const ChangeInfo = element({ Id: "/change/C1", Status: "INSYNC" });
  return xml(element({ ChangeResourceRecordSetsResponse: element({ ChangeInfo }) }));
}

/** One batch: all of it or nothing. @returns why Route 53 refuses it */
export function applyBatch(cloud: Cloud, batch: ReturnType<typeof changesIn>): string | undefined {
  const changes = batch.map(({ action, record }) => ({ action, id: idOf(record), inputs: inputsOf(record) }));
  const after = new Map(cloud.of(RECORD).map((one) => [one.id, one.inputs] as const));
  for (const { action, id, inputs } of changes) {
    const known = after.has(id);
    if (action === "DELETE" ? !known : known) return `Tried to ${action} ${id}, and it was ${known ? "" : "not "}found`;
    if (action === "DELETE") after.delete(id);
    else after.set(id, inputs);
  }
  for (const { name, type, setIdentifier } of after.values()) {
    const twins = [...after.values()].filter((one) => one.name === name && one.type === type);
    if (setIdentifier === undefined && twins.length > 1) return `RRSet with DNS name ${name}. cannot be created`;
  }
  for (const { action, id, inputs } of changes) {
    const key = `${RECORD}|${id}`;
    if (action === "DELETE") cloud.resources.delete(key);
    else cloud.resources.set(key, stored(id, inputs, cloud.now()));
  }
  return undefined;
}

/** Somebody has deleted a zone, with all that was in it. */
export function loseZone(cloud: Cloud, zoneId: string): void {
  cloud.lostZones.add(zoneId);
  for (const [key, { id, type, inputs }] of cloud.resources) {
    const isIn = type === RECORD && inputs.zoneId === zoneId;
    if (isIn || (type === "aws:route53/zone:Zone" && id === zoneId)) cloud.resources.delete(key);
  }
  const look = "aws:route53/getZone:getZone";
  cloud.lookups[look] = (args) => {
    if (cloud.lostZones.has(args.zoneId)) throw new Error(noZone(args.zoneId));
    return answerOf(look, args);
  };
}

/** What Route 53 answers when it is asked for such a zone. */
export const noSuchZone = (zoneId: string): Reply => failure("NoSuchHostedZone", noZone(zoneId), 404);

const invalid = (message: string) => failure("InvalidChangeBatch", `[${message}]`);

const nameOf = ({ Name }: StoredRecord) => Name.replace(/\.$/, "");
const idOf = (record: StoredRecord) =>
  [ZONE_ID, nameOf(record), record.Type, record.SetIdentifier].filter(Boolean).join("_");

function inputsOf(record: StoredRecord): Properties {
  const { Type, SetIdentifier, Weight, TTL, ResourceRecords, AliasTarget } = record;
  return {
    zoneId: ZONE_ID,
    name: nameOf(record),
    type: Type,
    ...(SetIdentifier ? { setIdentifier: SetIdentifier, weightedRoutingPolicies: [{ weight: Weight }] } : {}),
    ...(AliasTarget
      ? {
          aliases: [
            {
              name: AliasTarget.DNSName.replace(/\.$/, ""),
              zoneId: AliasTarget.HostedZoneId,
              evaluateTargetHealth: AliasTarget.EvaluateTargetHealth,
            },
          ],
        }
      : { records: (ResourceRecords ?? []).map(({ Value }) => Value), ttl: TTL }),
  };
}

/** A record set as Route 53 tells of it. */
export const recordSetOf = ({
  name,
  type,
  setIdentifier,
  weightedRoutingPolicies,
  ttl,
  aliases,
  records,
}: Properties): StoredRecord => ({
  Name: name,
  Type: type,
  ...(setIdentifier && { SetIdentifier: setIdentifier, Weight: weightedRoutingPolicies?.[0]?.weight ?? 1 }),
  ...(aliases
    ? { AliasTarget: { HostedZoneId: aliases[0].zoneId, DNSName: aliases[0].name, EvaluateTargetHealth: false } }
    : { TTL: ttl, ResourceRecords: records.map((Value: string) => ({ Value })) }),
});

function stored(id: string, inputs: Properties, modified: number): Stored {
  const urn = `urn:pulumi:elsewhere::by-hand::${RECORD}::${id}`;
  const outputs = { ...inputs, fqdn: inputs.name, $unique: id };
  return { urn, type: RECORD, name: id, id, inputs, outputs, modified };
}
