import assert from "node:assert/strict";
import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import { ALIAS_TTL } from "../../core/traffic-state";
import type { TrafficTarget } from "../../core/web-tier";
import type { GateOptions } from "../../stacks/gates";
import type { AwsReader, LiveParameter } from "../../stacks/gates/live-aws";
import { Cloud, type Properties, type Stored } from "../engine/harness/cloud";
import { applyBatch, recordSetOf } from "../engine/harness/records";
import { groupsOf } from "../engine/harness/refusals";
import type { Health } from "../engine/harness/services";
import { answer } from "../engine/harness/visits";
import { ADDRESSES, BALANCER_NAME, DOMAIN } from "../engine/harness/world";
import type { StoredRecord } from "../standins/route53";
import { rolloutsIn } from "./rollouts";

const RECORD = "aws:route53/record:Record";
const RULE = "aws:lb/listenerRule:ListenerRule";
const BALANCER = "aws:lb/loadBalancer:LoadBalancer";
const PARAMETER = "aws:ssm/parameter:Parameter";

/** Names that the site may have; what is not its name may redirect to it. */
export const NAMES = [DOMAIN, `www.${DOMAIN}`] as const;
const isSiteName = (name: string | undefined): name is string =>
  (NAMES as readonly (string | undefined)[]).includes(name);

/** Tiers that turn sick, and behind how many requests and waits. */
export interface Turn {
  readonly after: number;
  readonly sick: readonly string[];
}

/** When the modelled world begins, in milliseconds since the epoch. */
const BEGINNING = Date.UTC(2026, 10, 30);

/**
 * The world around the modelled engine: a clock that only requests and waits move, and the providers' stand-in of the engine suite, read
 * as the gates read AWS, DNS and the tiers. The clock of the machine that runs updates may differ from it, by another span each time.
 */
export class ModelWorld {
  private time = BEGINNING;
  /** What the machine's clock is ahead of the world's, in milliseconds. */
  skew = 0;
  readonly cloud = new Cloud(() => this.time);
  readonly health: Health = {
    answers: [],
    sick: new Set(),
    deadPorts: new Set(),
    version: "v1",
    raised: new Set(),
    snapshots: [],
    ownServer: false,
  };
  /** Ends the update that waits: the moment at which it is killed, by the number of its wait. */
  killAtWait: number | undefined;
  /** What SIGKILL does; it never returns. */
  kill: () => Promise<never> = async () => {
    throw new Error("No engine runs that could be killed");
  };
  private turn: (Omit<Turn, "after"> & { after: number }) | undefined;
  private waits = 0;
  private readonly versions = new Map<string, LiveParameter[]>();

  /** @param changed is told what has changed by an update, or that time has passed */
  constructor(private readonly changed: (world: ModelWorld, name?: string) => void = () => {}) {
    this.cloud.after = ({ type, inputs, name, op }) => {
      if (type === PARAMETER && op !== "delete" && inputs.name) this.note(inputs.name, inputs.value);
      if (type === PARAMETER && op === "delete") this.versions.delete(this.cloud.calls.at(-1)?.before?.name);
      this.changed(this, name);
    };
  }

  get now(): number {
    return this.time;
  }

  pass(seconds: number): void {
    if (this.turn && this.turn.after-- === 0) for (const one of this.turn.sick) this.health.sick.add(one);
    this.time += seconds * 1000;
    this.changed(this);
  }

  /** @param turn tiers that turn sick behind a number of requests and waits */
  beginUpdate(killAtWait: number | undefined, turn?: Turn): void {
    this.waits = 0;
    this.turn = turn && { ...turn };
    this.killAtWait = killAtWait;
  }

  /** Nothing turns sick any more that was to in its midst. */
  endUpdate(): void {
    this.turn = undefined;
  }

  /** What a parameter has held. */
  readonly valuesOf = (name: string): readonly string[] => (this.versions.get(name) ?? []).map(({ value }) => value);

  private note(name: string, value: string): void {
    const known = this.versions.get(name) ?? [];
    this.versions.set(name, [...known, { value, version: known.length + 1, modified: this.time, now: 0 }]);
  }

  /** The record sets of a name. */
  private recordsOf(name: string): Stored[] {
    return this.cloud.of(RECORD).filter(({ inputs }) => inputs.name === name && inputs.type !== "TXT");
  }

  /** Those by which visitors of a name are led: its own, or those of the site's other name to which it redirects. */
  records(name: string): Stored[] {
    const own = this.recordsOf(name);
    const alias = own.length === 1 ? own[0]?.inputs.aliases?.[0].name : undefined;
    return alias !== name && isSiteName(alias) ? this.recordsOf(alias) : own;
  }

  /** The load balancer's catch-all rule: weight by target group. */
  rule(): readonly { readonly arn: string; readonly weight: number }[] {
    const found = this.cloud.of(RULE).find(({ name }) => name === "traffic-catch-all");
    return found ? groupsOf(found) : [];
  }

  private readonly aws: AwsReader = {
    records: async (_, name) =>
      this.recordsOf(name).map(({ inputs }) => ({
        slot: inputs.setIdentifier,
        weight: weightOf(inputs),
        ttl: inputs.ttl ?? ALIAS_TTL,
        target: targetOf(inputs),
      })),
    parameter: async (name) => (await this.aws.history(name)).at(-1),
    history: async (name) => (this.versions.get(name) ?? []).map((one) => ({ ...one, now: this.time })),
    rule: async (arn) => {
      const found = this.cloud.of(RULE).find(({ id }) => id === arn);
      return found && Object.fromEntries(groupsOf(found).map((group) => [group.arn, group.weight]));
    },
  };

  private addresses(name: string, random: () => number): readonly string[] {
    const records = this.records(name);
    let left = random() * records.reduce((sum, { inputs }) => sum + weightOf(inputs), 0);
    const found = records.find(({ inputs }) => {
      left -= weightOf(inputs);
      return left < 0;
    });
    if (!found) return [];
    return found.inputs.aliases ? ADDRESSES.balancer : found.inputs.records;
  }

  /** What the real gates are given instead of AWS, DNS, HTTPS and time. */
  gateOptions(random: () => number): GateOptions {
    return {
      region: "ap-northeast-2",
      log: () => {},
      clock: {
        now: () => this.time + this.skew,
        sleep: async (milliseconds) => {
          const killed = this.waits++ === this.killAtWait;
          this.pass(Math.max(0.001, milliseconds / 1000) * (killed ? random() : 1));
          if (killed) await this.kill();
        },
      },
      aws: this.aws,
      names: {
        addresses: async (name, servers) => {
          if (name === BALANCER_NAME) return ADDRESSES.balancer;
          if (!isSiteName(name)) return [name];
          // A server of Route 53 tells all of them in time; the gate wants none but the right ones.
          return servers
            ? [...new Set([0, 0.3, 0.6, 0.99].flatMap((at) => this.addresses(name, () => at)))]
            : this.addresses(name, random);
        },
        aliases: async () => [],
        delegation: async () => [],
      },
      ask: async ({ headers, host }, address) => {
        const lower = Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]);
        return answer(this.cloud, this.health, address, {
          headers: { host, ...Object.fromEntries(lower) },
        } as never);
      },
      rollouts: rolloutsIn(this.cloud, this.health.sick, () => this.time),
      migrations: { start: async () => "run", look: async () => ({ state: "succeeded" }) },
      zone: {
        sets: async (_, name) => this.recordsOf(name).map(({ inputs }) => recordSetOf(inputs) as ResourceRecordSet),
        change: async (_, changes) => {
          const refused = applyBatch(
            this.cloud,
            changes.map(({ Action = "", ResourceRecordSet }) => ({
              action: Action,
              record: ResourceRecordSet as StoredRecord,
            })),
          );
          assert.equal(refused, undefined);
          this.changed(this);
        },
      },
      protection: async ({ type, id }, on) => {
        const found = this.cloud.resources.get(`${type}|${id}`);
        if (found) found.inputs[type === BALANCER ? "enableDeletionProtection" : "disableApiTermination"] = on;
      },
    };
  }
}

export const weightOf = ({ weightedRoutingPolicies }: Properties): number => weightedRoutingPolicies?.[0]?.weight ?? 1;

export function targetOf({ aliases, records, type }: Properties): TrafficTarget {
  if (aliases) return { kind: "alias", dnsName: aliases[0].name, zoneId: aliases[0].zoneId };
  return type === "CNAME" ? { kind: "cname", name: records[0] } : { kind: "addresses", ipv4: [...records].sort() };
}
