import type { Change, ResourceRecordSet } from "@aws-sdk/client-route-53";
import { dnsName, SLOTS } from "../../core/traffic-state";
import { saidByRecord } from "../adoption/record";
import type { Gates } from "./contract";
import type { Context } from "./gate-context";

/** The site's names before and after a change of `domain`. */
export interface Rename {
  readonly zoneId: string;
  /** The site's name. */
  readonly name: string;
  /** The one that the stack knew before this update. */
  readonly former: string;
  /** Where the stack's records lead, by its state. */
  readonly leadsTo: readonly string[];
  readonly redirectFrom: readonly string[];
  readonly type: "A" | "CNAME";
}

/** The zone, as a rename reads and writes it; tests bring their own. */
export interface Zone {
  /** Record sets of one name, whatever their type. */
  sets(zoneId: string, name: string): Promise<readonly ResourceRecordSet[]>;
  /** All of it or nothing. */
  change(zoneId: string, changes: readonly Change[]): Promise<void>;
}

/** By the AWS SDK, which is loaded when the first question is asked. */
export function liveZone(account: { region: string; profile?: string }): Zone {
  const load = async () => {
    const sdk = await import("@aws-sdk/client-route-53");
    return { sdk, client: new sdk.Route53Client(account) };
  };
  return {
    async sets(zoneId, name) {
      const { sdk, client } = await load();
      const { ResourceRecordSets = [] } = await client.send(
        new sdk.ListResourceRecordSetsCommand({ HostedZoneId: zoneId, StartRecordName: name, MaxItems: 100 }),
      );
      return ResourceRecordSets.filter(({ Name }) => dnsName(Name ?? "") === dnsName(name));
    },
    async change(zoneId, changes) {
      const { sdk, client } = await load();
      const batch = { Comment: "The site has another name", Changes: [...changes] };
      await client.send(new sdk.ChangeResourceRecordSetsCommand({ HostedZoneId: zoneId, ChangeBatch: batch }));
    },
  };
}

const isSlot = ({ SetIdentifier }: ResourceRecordSet) =>
  (SLOTS as readonly (string | undefined)[]).includes(SetIdentifier);

/**
 * What a change of the site's name takes in Route 53 before anything else. A name has simple records or weighted ones, never both, so the
 * engine, which creates first and deletes last, cannot make a redirect of a name that serves, nor the other way round. One batch can: each
 * name goes on leading to where it leads, and only the form of its records is another.
 *
 * Of other names than the stack's former one, the one that its redirect leads to, and those that are to redirect, nothing is touched: they
 * may be another site's. So may these, where somebody has made them: records are the stack's if they lead where the stack's lead.
 *
 * @param live record sets by name, of all names that may be the stack's
 */
export function renameChanges(rename: Rename, live: ReadonlyMap<string, readonly ResourceRecordSet[]>): Change[] {
  const { name, former, redirectFrom, type, zoneId, leadsTo } = rename;
  const setsOf = (host: string) => (live.get(host) ?? []).filter(({ Type }) => Type === type);
  const slotsOf = (host: string) => setsOf(host).filter(isSlot);
  const changes: Change[] = [];
  const others = [former, redirectOf(setsOf(former), zoneId)].filter((host) => host !== undefined && host !== name);
  const isOwnSet = (set: ResourceRecordSet) => isSlot(set) && leadsTo.includes(saidByRecord(set));
  const isOwn = (host: string) => host === former || slotsOf(host).every(isOwnSet);
  const own = others.filter((host): host is string => slotsOf(host as string).length > 0 && isOwn(host as string));

  const [source] = own;
  if (source !== undefined && slotsOf(name).length === 0) {
    const [simple] = setsOf(name);
    if (simple && redirectOf([simple], zoneId) !== source) return [];
    if (simple) changes.push({ Action: "DELETE", ResourceRecordSet: simple });
    changes.push(...slotsOf(source).map((set) => create({ ...set, Name: name })));
  }
  // One whose change was cut off before it was to redirect has still records of its own.
  const isLeft = (host: string) => host !== name && slotsOf(host).length > 0 && setsOf(host).every(isOwnSet);
  const left = slotsOf(name).length > 0 ? redirectFrom.filter(isLeft) : [];
  for (const host of new Set([...own, ...left])) {
    const redirects = redirectFrom.includes(host);
    // What the stack knows of, and has no more, the engine deletes when the gates are passed.
    if (!redirects && host === former) continue;
    changes.push(...slotsOf(host).map((set): Change => ({ Action: "DELETE", ResourceRecordSet: set })));
    if (redirects) {
      const AliasTarget = { HostedZoneId: zoneId, DNSName: name, EvaluateTargetHealth: false };
      changes.push(create({ Name: host, Type: type, AliasTarget }));
    }
  }
  return changes;
}

const create = (set: ResourceRecordSet): Change => ({ Action: "CREATE", ResourceRecordSet: set });

/** The name of the same zone to which a simple record leads. */
function redirectOf(sets: readonly ResourceRecordSet[], zoneId: string): string | undefined {
  const alias = sets.find(({ SetIdentifier }) => SetIdentifier === undefined)?.AliasTarget;
  return alias?.HostedZoneId === zoneId ? dnsName(alias.DNSName ?? "") : undefined;
}

export const renamed =
  ({ zone, question, log }: Context): Gates["renamed"] =>
  async (rename) => {
    const changes = await question(`the records of ${rename.name}`, renameRecords(rename, zone));
    if (changes.length > 0) log(`The records of ${rename.name} and ${rename.former} have the form of their new part`);
  };

/** Brings the records of the site's names into the form that they have to have; does nothing where they have it. */
export async function renameRecords(rename: Rename, zone: Zone): Promise<readonly Change[]> {
  const { zoneId, former, name, redirectFrom } = rename;
  const live = new Map<string, readonly ResourceRecordSet[]>();
  const look = async (host: string | undefined) => {
    if (host !== undefined && !live.has(host)) live.set(host, await zone.sets(zoneId, host));
  };
  await look(former);
  const leads = redirectOf(live.get(former) ?? [], zoneId);
  for (const host of [leads, name, ...redirectFrom]) await look(host);
  const changes = renameChanges(rename, live);
  if (changes.length > 0) await zone.change(zoneId, changes);
  return changes;
}
