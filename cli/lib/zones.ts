import type {
  Change,
  ListResourceRecordSetsCommandOutput,
  ResourceRecordSet,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { UserError } from "../../core/errors";
import { dnsName } from "../../core/traffic-state";
import { type AwsAccess, askAws } from "./aws-access";

/**
 * Record sets of a zone in Route 53's order; the SDK has no paginator for them.
 * @param from name to begin with. @default the first
 */
export async function* recordSets(
  client: Route53Client,
  zoneId: string,
  from?: string,
): AsyncGenerator<ResourceRecordSet> {
  const { ListResourceRecordSetsCommand } = await import("@aws-sdk/client-route-53");
  let page: ListResourceRecordSetsCommandOutput | undefined;
  do {
    page = await client.send(
      new ListResourceRecordSetsCommand({
        HostedZoneId: zoneId,
        StartRecordName: page?.NextRecordName ?? from,
        StartRecordType: page?.NextRecordType,
        StartRecordIdentifier: page?.NextRecordIdentifier,
      }),
    );
    yield* page.ResourceRecordSets ?? [];
  } while (page.IsTruncated);
}

/** Route 53 has taken the change, and not told all its servers in time. */
export class StillPending extends UserError {}

/** Longest time until all of Route 53's servers have a change, in seconds; they take up to 60 as a rule. */
const PROPAGATION = 300;

/** What Route 53 has against a batch; undefined for other errors. It words this answer in two ways, of which the SDK knows one. */
function batchRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { messages, $metadata } = error as { messages?: string[]; $metadata?: { httpStatusCode?: number } };
  if (error.name === "InvalidChangeBatch") return messages?.join("; ") || error.message;
  return error.name === "UnknownError" && $metadata?.httpStatusCode === 400
    ? "it does not fit the live records."
    : undefined;
}

/** What is asked of Route 53. */
export class Zones {
  private constructor(
    private readonly client: Route53Client,
    private readonly access: AwsAccess,
    private readonly sdk: typeof import("@aws-sdk/client-route-53"),
  ) {}

  static async open(access: AwsAccess): Promise<Zones> {
    const sdk = await import("@aws-sdk/client-route-53");
    return new Zones(new sdk.Route53Client(access.config), access, sdk);
  }

  /** Id of the public zone of a name. */
  async zone(name: string): Promise<string> {
    const { HostedZones = [] } = await askAws(this.access, "list hosted zones", () =>
      this.client.send(new this.sdk.ListHostedZonesByNameCommand({ DNSName: name, MaxItems: 100 })),
    );
    const found = HostedZones.filter(
      ({ Name, Config }) => dnsName(Name ?? "") === dnsName(name) && !Config?.PrivateZone,
    );
    const ids = found.map(({ Id = "" }) => Id.replace("/hostedzone/", ""));
    if (ids.length === 1) return ids[0] as string;
    throw new UserError(
      ids.length === 0
        ? `The account ${this.access.account} has no public hosted zone ${name}. Is it the right account ` +
            `(\`aws sts get-caller-identity\`), and is domain.zoneName right?`
        : `The account ${this.access.account} has several public hosted zones ${name}: ${ids.join(", ")}. ` +
            "Only one of them is delegated; delete the others, or rename the stack's zone.",
    );
  }

  /** All record sets of some names. */
  async records(zoneId: string, names: readonly string[]): Promise<ResourceRecordSet[]> {
    return askAws(this.access, `list the records of the zone ${zoneId}`, async () => {
      const all: ResourceRecordSet[] = [];
      for (const name of names) {
        for await (const one of recordSets(this.client, zoneId, name)) {
          if (dnsName(one.Name ?? "") !== dnsName(name)) break;
          all.push(one);
        }
      }
      return all;
    });
  }

  /** One batch, and the wait until it is everywhere. */
  async change(zoneId: string, changes: readonly Change[], comment: string): Promise<void> {
    const { ChangeInfo } = await askAws(this.access, `change records in the zone ${zoneId}`, () =>
      this.client
        .send(
          new this.sdk.ChangeResourceRecordSetsCommand({
            HostedZoneId: zoneId,
            ChangeBatch: { Comment: comment, Changes: [...changes] },
          }),
        )
        .catch((error: unknown) => {
          const refusal = batchRefusal(error);
          if (!refusal) throw error;
          throw new UserError(
            `Route 53 does not take the batch: ${refusal}\nNothing was changed. Somebody may have changed ` +
              "the records meanwhile: run this again to see.",
          );
        }),
    );
    const { state } = await this.sdk
      .waitUntilResourceRecordSetsChanged(
        { client: this.client, maxWaitTime: PROPAGATION, minDelay: 2, maxDelay: 10 },
        { Id: ChangeInfo?.Id },
      )
      .catch(() => ({ state: "TIMEOUT" }));
    if (state !== "SUCCESS") {
      throw new StillPending(
        `Route 53 has taken the change (${ChangeInfo?.Id}), and did not confirm within ${PROPAGATION} s ` +
          "that all its servers have it. The undo file is kept; run the command again to see the records " +
          "as they are.",
      );
    }
  }
}
