import * as pulumi from "@pulumi/pulumi";
import { decodeTraffic, dnsName } from "../../core/traffic-state";
import type { Gates, TrafficQuery } from "./contract";
import { disagreement } from "./disagreement";
import type { Context } from "./gate-context";
import type { AwsReader, LiveParameter, LiveRecord } from "./live-aws";
import { answersOf, type LiveTraffic } from "./reach";
import type { Clock } from "./wait";

export const live =
  (context: Context): Gates["live"] =>
  async (query, requested) => {
    const found = await readLive(query, context);
    Object.assign(context, { asked: requested, found });
    const problem = disagreement(found, requested, query.name);
    if (problem) throw new pulumi.RunError(problem);
    return found;
  };

/** What is live of a site's traffic now, and what updates have written around every change of it. */
export async function readLive(query: TrafficQuery, { aws, clock, question }: Context): Promise<LiveTraffic> {
  const { name, parameters, leaving } = query;
  const [records, intents, states] = await question(
    `the live traffic of ${name}`,
    Promise.all([
      recordsOf(query, aws),
      historyOf(parameters.intent, leaving?.intent, aws, clock),
      historyOf(parameters.state, leaving?.state, aws, clock),
    ]),
  );
  const [intent, state] = [latest(intents), latest(states)];
  const rule = state?.value?.rule;
  const now = {
    records,
    ...(rule && { ruleWeights: await question("the live weights of the load balancer", aws.rule(rule.arn)) }),
  };
  return {
    at: clock.now(),
    ...now,
    ...(intent && { intent }),
    ...(state && { state }),
    ...answersOf(now, readable(intents), readable(states)),
  };
}

/** The records of the name at which visitors are: the former one, until they have got the form of the site's new name. */
async function recordsOf({ zoneId, name, former }: TrafficQuery, aws: AwsReader): Promise<readonly LiveRecord[]> {
  const now = await aws.records(zoneId, name);
  if (!former || (former.name === name && former.zoneId === zoneId)) return now;
  const slots = (await aws.records(former.zoneId, former.name)).filter(({ slot }) => slot !== undefined);
  if (slots.length === 0) return now;
  const redirects = ({ target }: LiveRecord) => target.kind === "alias" && target.dnsName === dnsName(former.name);
  return [...slots, ...now.filter((record) => record.slot === undefined && !redirects(record))];
}

type Version = ReturnType<typeof versionOf>;

/** By another name a parameter counts its versions anew; more than any counts. */
const RENAMED = 1e9;

/** Versions of a parameter, behind those that it had by other names. */
async function historyOf(
  name: string,
  leaving: readonly string[] = [],
  aws: AwsReader,
  clock: Clock,
): Promise<Version[]> {
  const read = async (one: string) => (await aws.history(one)).map((version) => versionOf(version, clock));
  const earlier = (await Promise.all(leaving.map(read))).flat();
  return [
    ...earlier.map(({ version, intent, ...rest }) => ({
      ...{ ...rest, version: version - RENAMED, intent: intent - RENAMED },
    })),
    ...(await read(name)),
  ];
}

/** One version of a traffic parameter. Its age is told on this machine's clock, so that it can be compared with it. */
function versionOf({ value, version, modified, now }: LiveParameter, clock: Clock) {
  const decoded = decodeTraffic(value);
  return { version, value: decoded?.state, intent: decoded?.intent ?? 0, modified: clock.now() - (now - modified) };
}

const latest = (versions: readonly Version[]) =>
  versions.reduce<Version | undefined>((a, b) => (a && a.version > b.version ? a : b), undefined);

const readable = (versions: readonly Version[]) =>
  versions.flatMap(({ value, ...version }) => (value ? [{ ...version, value }] : []));
