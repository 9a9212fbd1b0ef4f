import { type CloudTrailClient, LookupEventsCommand, type LookupEventsCommandOutput } from "@aws-sdk/client-cloudtrail";
import type { Fact } from "../../../core/incident";
import { regex } from "../../../core/regex";
import { askAll, type CollectorDefinition, type Context } from "./context";
import { answersTo, iso, parseJson, shortName } from "./facts";

interface TrailRecord {
  readonly eventTime?: string;
  readonly eventName?: string;
  readonly eventSource?: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly readOnly?: boolean;
  readonly userIdentity?: {
    readonly type?: string;
    readonly invokedBy?: string;
    readonly arn?: string;
    readonly sessionContext?: { readonly sessionIssuer?: { readonly userName?: string } };
  };
  readonly requestParameters?: unknown;
  readonly responseElements?: { readonly groupId?: string } | null;
}

/** Housekeeping by AWS services that happens all day and changes nothing that a site depends on. */
const HOUSEKEEPING = regex()`
    ^(AssumeRole.*|ConsoleLogin|CreateLogStream|PutMetricData|UpdateInstanceInformation|GenerateDataKey.*|
    Decrypt|Encrypt|CreateNetworkInterface|DeleteNetworkInterface|AttachNetworkInterface|RegisterTargets|
    DeregisterTargets|StartQuery|StopQuery|Describe.*|Get.*|List.*|Lookup.*|SetInstanceHealth|CreateTags|
    PutInventory|SharedSnapshotVolumeCreated)$`;

/**
 * What AWS services do by themselves as the site scales, recovers or heals: it follows from a fault, or has to do with none. The
 * same call of a person, of a pipeline or of CloudFormation on a person's behalf may be the cause.
 */
const BY_SERVICES =
  /^(SendCommand|TerminateInstances|RetireGrant|RevokeGrant|ReleaseAddress|DisassociateAddress|ModifyNetworkInterfaceAttribute)$/;

const isByService = (name: string, { userIdentity: { invokedBy } = {} }: TrailRecord) =>
  BY_SERVICES.test(name) && invokedBy !== undefined && invokedBy !== "cloudformation.amazonaws.com";

/** Security groups that were made in this time. Whoever makes one takes its default rule away, and nobody was behind it yet. */
const groupsMade = (records: readonly TrailRecord[]): ReadonlySet<unknown> =>
  new Set(
    records.flatMap(({ eventName, responseElements }) =>
      eventName === "CreateSecurityGroup" ? (responseElements?.groupId ?? []) : [],
    ),
  );

/**
 * Parameters that name the one resource on which a call acts, of the kinds of which an incident's sources name all that the
 * site has: a machine, a database, a service, a group of machines or targets, a DNS record.
 */
const NAMED = /^(instanceIds?|dBInstanceIdentifier|service|autoScalingGroupName|targetGroupArn)$/;

/** Names of the resources on which a call acts; empty where its parameters name none of the kinds above. */
function actsOn(parameters: unknown, inRecord = false): string[] {
  if (typeof parameters !== "object" || parameters === null) return [];
  return Object.entries(parameters).flatMap(([key, value]) => {
    if (NAMED.test(key) || (inRecord && key === "name")) {
      return [value].flat().flatMap((name) => (typeof name === "string" ? shortName(name.replace(/\.$/, "")) : []));
    }
    return actsOn(value, key === "resourceRecordSet");
  });
}

/** Who changed what, from CloudTrail. Records arrive some five minutes late, so the follow-up report sees more than the first. */
export const changes: CollectorDefinition<"changes"> = {
  kind: "changes",
  timeLimit: 25_000,
  gather: (_source, context) =>
    askAll(context, {
      "LookupEvents#home": () => lookup(context, context.aws.cloudtrail),
      ...(context.aws.cloudtrailGlobal !== context.aws.cloudtrail && {
        // IAM, Route 53 and other global services are recorded in us-east-1 only.
        "LookupEvents#global": () => lookup(context, context.aws.cloudtrailGlobal),
      }),
    }),
  facts: (_source, answers) => {
    const events = answersTo<LookupEventsCommandOutput>(answers, "LookupEvents")
      .flatMap((a) => a.Events ?? [])
      .map((event) => ({ event, record: (parseJson(event.CloudTrailEvent) ?? {}) as TrailRecord }));
    const made = groupsMade(events.map(({ record }) => record));
    return events.flatMap(({ event, record }): Fact[] => {
      const name = event.EventName ?? record.eventName;
      if (name === undefined || HOUSEKEEPING.test(name) || isByService(name, record)) return [];
      if (record.readOnly === true || event.ReadOnly === "true") return [];
      const { groupId } = (record.requestParameters ?? {}) as { readonly groupId?: string };
      if (name.startsWith("RevokeSecurityGroup") && made.has(groupId)) return [];
      const by =
        record.userIdentity?.invokedBy ??
        record.userIdentity?.sessionContext?.sessionIssuer?.userName ??
        event.Username ??
        record.userIdentity?.arn;
      const failed = record.errorCode;
      return [
        {
          kind: "change",
          from: "changes",
          subject:
            event.Resources?.map((r) => r.ResourceName)
              .filter(Boolean)
              .join(", ") ||
            (event.EventSource ?? record.eventSource ?? "aws"),
          // A refused call changed nothing.
          name: failed === undefined ? name : `refused ${name}`,
          text: [
            `${name} by ${by ?? "unknown"}`,
            event.EventSource ?? record.eventSource,
            failed && `${failed} ${record.errorMessage ?? ""}`,
            record.requestParameters ? JSON.stringify(record.requestParameters).slice(0, 600) : undefined,
          ]
            .filter(Boolean)
            .join(" | "),
          at: iso(event.EventTime ?? record.eventTime),
          actsOn: actsOn(record.requestParameters),
        },
      ];
    });
  },
};

/** Write events only, at most 300; the API allows two calls a second for each account and region. */
async function lookup(context: Context, client: CloudTrailClient): Promise<LookupEventsCommandOutput> {
  const events: NonNullable<LookupEventsCommandOutput["Events"]> = [];
  let token: string | undefined;
  let last: LookupEventsCommandOutput;
  do {
    last = await client.send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: "ReadOnly", AttributeValue: "false" }],
        StartTime: context.from,
        EndTime: context.to,
        MaxResults: 50,
        NextToken: token,
      }),
      context.http,
    );
    events.push(...(last.Events ?? []));
    token = last.NextToken;
  } while (token !== undefined && events.length < 300);
  if (token !== undefined)
    context.missed("LookupEvents", new Error("there were more than 300 changes; the oldest are not looked at"));
  return { ...last, Events: events };
}
