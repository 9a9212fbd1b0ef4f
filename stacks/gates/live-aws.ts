import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import type { Parameter, SSMClient } from "@aws-sdk/client-ssm";
import { ALIAS_TTL, dnsName } from "../../core/traffic-state";
import type { TrafficTarget } from "../../core/web-tier";
import { unlessMissing } from "../adoption/found";

/** A record set of type A or CNAME as Route 53 has it now. */
export interface LiveRecord {
  /** Undefined for a simple record. */
  readonly slot?: string;
  readonly weight?: number;
  /** Seconds; 60 for an alias of a load balancer, which is what Route 53 answers. */
  readonly ttl: number;
  readonly target: TrafficTarget;
}

export interface LiveParameter {
  readonly value: string;
  readonly version: number;
  /** Milliseconds since the epoch, by the clock of AWS. */
  readonly modified: number;
  /** The clock of AWS at the time of the answer; a laptop's own may differ by more than a TTL. */
  readonly now: number;
}

/** What the gates read from AWS. */
export interface AwsReader {
  /** Record sets of types A and CNAME of one name; empty if there is no such zone. */
  records(zoneId: string, name: string): Promise<readonly LiveRecord[]>;
  /** Undefined if there is no such parameter. */
  parameter(name: string): Promise<LiveParameter | undefined>;
  /** All versions of a parameter that AWS keeps, which are the latest hundred; empty if there is no such parameter. */
  history(name: string): Promise<readonly LiveParameter[]>;
  /** Weight by target group of a rule's forward action; undefined if there is no such rule. */
  rule(arn: string): Promise<Readonly<Record<string, number>> | undefined>;
}

/**
 * Reads by the AWS SDK, with its own defaults for credentials, `AWS_PROFILE`, `AWS_ENDPOINT_URL` and retries. The SDK is
 * loaded at the first question, so a preview does not pay for it.
 * @param profile the profile of the stack's `aws:profile`, where it has one
 */
export function liveAws(region: string, profile?: string): AwsReader {
  const config = { region, ...(profile && { profile }) };
  return {
    async records(zoneId, name) {
      const { Route53Client, ListResourceRecordSetsCommand } = await import("@aws-sdk/client-route-53");
      const client = new Route53Client(config);
      const asked = new ListResourceRecordSetsCommand({
        HostedZoneId: zoneId,
        StartRecordName: name,
        StartRecordType: "A",
        MaxItems: 100,
      });
      const answer = await unlessMissing(client.send(asked), "NoSuchHostedZone");
      return (answer?.ResourceRecordSets ?? [])
        .filter(
          (record) => (record.Type === "A" || record.Type === "CNAME") && dnsName(record.Name ?? "") === dnsName(name),
        )
        .map((record) => ({
          slot: record.SetIdentifier,
          weight: record.Weight,
          ttl: record.TTL ?? ALIAS_TTL,
          target: targetOf(record),
        }));
    },
    async parameter(name) {
      const { GetParameterCommand } = await import("@aws-sdk/client-ssm");
      const { client, parameterFrom } = await parameterStore(config);
      try {
        const { Parameter } = await client.send(new GetParameterCommand({ Name: name }));
        return Parameter && parameterFrom(Parameter);
      } catch (error) {
        if (isNoParameter(error)) return undefined;
        throw error;
      }
    },
    async history(name) {
      const { paginateGetParameterHistory } = await import("@aws-sdk/client-ssm");
      const { client, parameterFrom } = await parameterStore(config);
      const found: LiveParameter[] = [];
      try {
        for await (const { Parameters = [] } of paginateGetParameterHistory({ client, pageSize: 50 }, { Name: name })) {
          found.push(...Parameters.map(parameterFrom));
        }
        return found;
      } catch (error) {
        if (isNoParameter(error)) return [];
        throw error;
      }
    },
    async rule(arn) {
      const { ElasticLoadBalancingV2Client, DescribeRulesCommand } = await import(
        "@aws-sdk/client-elastic-load-balancing-v2"
      );
      try {
        const { Rules } = await new ElasticLoadBalancingV2Client(config).send(
          new DescribeRulesCommand({ RuleArns: [arn] }),
        );
        const forward = Rules?.[0]?.Actions?.find(({ Type }) => Type === "forward");
        const groups = forward?.ForwardConfig?.TargetGroups ?? [{ TargetGroupArn: forward?.TargetGroupArn, Weight: 1 }];
        return Object.fromEntries(groups.map(({ TargetGroupArn, Weight }) => [TargetGroupArn ?? "", Weight ?? 1]));
      } catch (error) {
        if (error instanceof Error && error.name.startsWith("RuleNotFound")) return undefined;
        throw error;
      }
    },
  };
}

/** The clock of AWS at the time of a client's latest answer. */
export function clockOf(client: { readonly middlewareStack: unknown }): () => number {
  let now = Date.now();
  // The stacks of all clients are alike in what is done here, and unlike in type.
  (client as SSMClient).middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const headers = (result.response as { headers?: Record<string, string> }).headers;
      const date = Date.parse(headers?.date ?? "");
      now = Number.isNaN(date) ? Date.now() : date;
      return result;
    },
    { step: "deserialize", priority: "low", name: "clockOfAws" },
  );
  return () => now;
}

/** Parameter Store, and how to read a parameter of its latest answer, which tells the clock of AWS. */
async function parameterStore(config: { region: string; profile?: string }) {
  const { SSMClient } = await import("@aws-sdk/client-ssm");
  const client = new SSMClient(config);
  const clock = clockOf(client);
  const parameterFrom = ({ Value = "", Version = 0, LastModifiedDate }: Parameter): LiveParameter => ({
    value: Value,
    version: Version,
    modified: LastModifiedDate?.getTime() ?? clock(),
    now: clock(),
  });
  return { client, parameterFrom };
}

const isNoParameter = (error: unknown) => error instanceof Error && error.name === "ParameterNotFound";

function targetOf({ AliasTarget, ResourceRecords = [], Type }: ResourceRecordSet): TrafficTarget {
  if (AliasTarget) {
    return { kind: "alias", dnsName: dnsName(AliasTarget.DNSName ?? ""), zoneId: AliasTarget.HostedZoneId ?? "" };
  }
  const values = ResourceRecords.map(({ Value }) => Value ?? "");
  return Type === "CNAME"
    ? { kind: "cname", name: dnsName(values[0] ?? "") }
    : { kind: "addresses", ipv4: values.sort() };
}
