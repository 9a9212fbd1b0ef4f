import { encodeTraffic, ruleWeights, type TrafficState } from "../../../../core/traffic-state";
import type { Probe } from "../../../../core/web-tier";
import type { GateOptions, LiveTraffic } from "../../../../stacks/gates";
import type { AwsReader, LiveRecord } from "../../../../stacks/gates/live-aws";
import type { Answer } from "../../../../stacks/gates/probe";
import { answersOf, NOTHING_LIVE } from "../../../../stacks/gates/reach";

export const NAME = "iamvet.kr";
export const query = { zoneId: "Z1", name: NAME, parameters: { intent: "/i", state: "/s" } };

/** A clock that only sleeping moves. */
export function clockAt(start = 1_000_000) {
  let now = start;
  return {
    now: () => now,
    sleep: async (ms: number) => {
      now += Math.max(ms, 1);
    },
  };
}

export const probe = (tier: string, connectTo: string): Probe => ({
  connectTo,
  port: 443,
  servername: NAME,
  host: NAME,
  path: "/api/health-external",
  headers: { "x-probe": "hidden" },
  expectTier: tier,
  expectVersion: "v2",
});

export const ok = (tier: string, version = "v2"): Answer => ({
  status: 200,
  body: JSON.stringify({ status: "ok", tier, version }),
});

export const at = (tier: string, ip: string, weight: number) => ({
  tier,
  weight,
  share: weight,
  target: { kind: "addresses" as const, ipv4: [ip] },
});

export const traffic = (tier: string, ip: string, canary = at(tier, ip, 0)): TrafficState => ({
  revision: 0,
  ttl: 60,
  slots: { serving: at(tier, ip, 100 - canary.weight), canary },
});

export const recordsOf = (state: TrafficState): LiveRecord[] =>
  (["serving", "canary"] as const).map((slot) => ({
    slot,
    ttl: state.ttl,
    weight: state.slots[slot].weight,
    target: state.slots[slot].target,
  }));

/** AWS as the records and the two parameters say. */
export function world(live: TrafficState, state = live, clock = clockAt()) {
  const said: string[] = [];
  const asked: string[] = [];
  const parameter = async (name: string) =>
    name === "/i"
      ? { value: encodeTraffic(live), version: 1, modified: 0, now: clock.now() }
      : { value: encodeTraffic(state, 1), version: 1, modified: 0, now: clock.now() };
  const aws: AwsReader = {
    records: async () => recordsOf(live),
    parameter,
    history: async (name) => [await parameter(name)],
    rule: async () => undefined,
  };
  const options: GateOptions = {
    region: "ap-northeast-2",
    clock,
    aws,
    log: (message) => void said.push(message),
    names: {
      addresses: async (name) => {
        asked.push(name);
        const { serving, canary } = live.slots;
        const heaviest = canary.weight > serving.weight ? canary : serving;
        return name === NAME && heaviest.target.kind === "addresses" ? heaviest.target.ipv4 : [name];
      },
      aliases: async () => [],
      delegation: async () => ["ns-1.awsdns.com", "NS-2.awsdns.com."],
    },
    ask: async () => ok(live.slots.serving.tier),
  };
  return { options, said, asked, clock };
}

export const empty = NOTHING_LIVE;

/**
 * What `live` reads where the parameters say one thing and the records perhaps another.
 * @param intent what the latest update was about to do, if it was killed before it had done it
 */
export function asLive(
  state: TrafficState,
  { intent = state, records = recordsOf(state), modified = 0, rule = ruleWeights(state.slots) }: AsLive = {},
): LiveTraffic {
  const live = { records, ...(rule && { ruleWeights: rule }) };
  const intents = [state, ...(intent === state ? [] : [intent])].map((value, i) => ({
    value,
    version: i + 1,
    modified,
  }));
  return {
    at: 1_000_000,
    ...live,
    intent: { value: intent },
    state: { value: state },
    ...answersOf(live, intents, [{ value: state, intent: 1, modified }]),
  };
}
export interface AsLive {
  readonly intent?: TrafficState;
  readonly records?: readonly LiveRecord[];
  readonly modified?: number;
  readonly rule?: Readonly<Record<string, number>> | undefined;
}
/** What a stack's file asks for that flips to Fargate, and the way back from there. */
export const toFargate = { stack: "prod", project: "iamvet", architecture: "fargate" };
export const TO_SERVER =
  "`pulumi config set --stack prod iamvet:architecture monitored-instance && pulumi up --stack prod`";
