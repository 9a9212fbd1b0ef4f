import * as pulumi from "@pulumi/pulumi";
import { reason } from "../../core/errors";
import type { Probe } from "../../core/web-tier";
import { type Settings, sections } from "../settings/schema";
import type { KnownResource } from "../state";
import { type AwsReader, liveAws } from "./live-aws";
import type { MigrationRunner } from "./migration";
import { liveRunner } from "./migration/migration-aws";
import { liveNames, type Names } from "./names";
import { type Answer, ask, askAll, type Expected } from "./probe";
import { liveProtection, type Protection } from "./protection";
import type { LiveTraffic } from "./reach";
import { liveZone, type Zone } from "./rename";
import type { RolloutCloud } from "./rollout";
import { liveRollouts } from "./rollout/rollout-aws";
import { type Asked, refreshCommand } from "./stops";
import { type Clock, type Look, notYet, type Patience, systemClock, within } from "./wait";

/** The stack's `gates` section, where it is; what the gates ask, and by what. */
export interface GateOptions extends Partial<Settings["gates"]> {
  readonly region: string;
  /** AWS profile of the stack. @default the SDK's chain */
  readonly profile?: string;
  /** What the stack knew before this update. @default nothing */
  readonly known?: readonly KnownResource[];
  /** Receives a line of progress at most every ten seconds. @default the update's log */
  readonly log?: (message: string) => void;
  /** Parts that tests replace. */
  readonly clock?: Clock;
  readonly names?: Names;
  readonly aws?: AwsReader;
  readonly migrations?: MigrationRunner;
  readonly rollouts?: RolloutCloud;
  readonly protection?: Protection;
  readonly zone?: Zone;
  readonly ask?: (probe: Probe, address: string, timeoutMs: number) => Promise<Answer>;
}

/** Longest time for one probe, in milliseconds. */
const PROBE_MS = 10_000;
/** Longest time for one question to AWS or DNS, retries included. */
const QUESTION_MS = 60_000;

/** One update, as its gates see it. */
export interface Context extends Required<Omit<GateOptions, "region" | "profile" | "resolvers" | "ask">> {
  /** When the update began, by its clock. */
  readonly began: number;
  /** What `live` was given, and has found: the messages of the gates after it are computed from both. */
  asked?: Asked;
  found?: LiveTraffic;
  /** Until `timeoutSeconds` from now. */
  patience(): Patience;
  /** An answer of AWS or DNS, or an error once it takes too long. */
  question<T>(what: string, answer: Promise<T>): Promise<T>;
  /** Asks every address of a probe's target; names are resolved for every try. */
  probe(probe: Probe, expected: readonly Expected[], remainingMs: number): Promise<Look>;
  /** The command that takes over what is live. */
  refresh(): string;
}

export function contextOf({ region, profile, resolvers, ask: askOnce = ask, ...options }: GateOptions): Context {
  const account = { region, ...(profile && { profile }) };
  const parts = {
    ...sections.gates.parse({}),
    known: [],
    log: (message: string) => void pulumi.log.info(message),
    clock: systemClock,
    ...options,
  };
  const names = options.names ?? liveNames(resolvers);
  const { clock, intervalSeconds, timeoutSeconds, log } = parts;
  const question = <T>(what: string, answer: Promise<T>) => within(QUESTION_MS, what, answer);
  const context: Context = {
    ...parts,
    names,
    aws: options.aws ?? liveAws(region, profile),
    migrations: options.migrations ?? liveRunner(account),
    rollouts: options.rollouts ?? liveRollouts(account),
    protection: options.protection ?? liveProtection(account),
    zone: options.zone ?? liveZone(account),
    began: clock.now(),
    patience: () => ({ clock, intervalSeconds, log, deadline: clock.now() + timeoutSeconds * 1000 }),
    question,
    async probe(probe, expected, remainingMs) {
      const limit = Math.max(1000, Math.min(PROBE_MS, remainingMs));
      try {
        const wrong = await question(`an answer of ${probe.connectTo}`, askAll(probe, expected, limit, names, askOnce));
        return wrong ? notYet(wrong) : { done: true };
      } catch (error) {
        return notYet(reason(error));
      }
    },
    refresh: () => refreshCommand(context.asked?.stack),
  };
  return context;
}
