import type { Collector } from "./web-tier";

/** A collector of the tier contract with its inputs known: what stands in the reporter's configuration. */
type Resolved<T> = T extends unknown ? { readonly [K in keyof T]: K extends "kind" ? T[K] : string } : never;

/** Where to look: the collectors of the tier contract, and three that every site has. */
export type Source =
  | Resolved<Collector>
  /** State and history of the site's alarms. */
  | { readonly kind: "alarms"; readonly names: readonly string[] }
  /** CloudTrail: who changed what, in the home region and in us-east-1. */
  | { readonly kind: "changes" }
  /** The journal of EventBridge events that the notifier writes: Health, Spot warnings, task stops, ... */
  | { readonly kind: "events"; readonly logGroup: string };

export type SourceKind = Source["kind"];

/**
 * What a collector brought back: answers by the name of the API operation, as JSON. Several answers of one operation
 * stand in an array, or under `Operation#label`.
 */
export type Answers = Readonly<Record<string, unknown>>;

/** One collector's result: its answers, or why there are none. */
export interface Finding {
  readonly source: Source;
  readonly answers?: Answers;
  /** Why nothing, or not everything, came back. Set together with `answers` when a part is missing. */
  readonly error?: string;
  /** Milliseconds that it took. */
  readonly took?: number;
}

/** The outage that is looked into. Times are ISO 8601. */
export interface Incident {
  /** Unique and stable: the same alarm transition always gives the same id. */
  readonly id: string;
  readonly alarm: string;
  readonly startedAt: string;
  readonly endedAt?: string;
}

/** All that is known of an incident before anybody thinks: also the format of tests/incidents/. */
export interface Recording {
  readonly incident: Incident;
  readonly findings: readonly Finding[];
}

export type FactKind =
  /** An alarm is or was in ALARM. `name`: its metric. */
  | "alarm"
  /**
   * State of an instance, status checks and scheduled events. `name`: `state`, `check-system`, `check-instance`, `check-ebs`, `scheduled`,
   * `console`.
   */
  | "instance"
  /** Targets behind a load balancer that are not healthy. `name`: reason code; `value`: their share of all targets, 0 to 1. */
  | "target"
  /** A zone in which every target is unhealthy while another zone has healthy ones. `name`: the zone. */
  | "zone"
  /** An ECS task or one of its containers stopped. `value`: exit code. */
  | "task"
  /** A deployment. `name`: its state. */
  | "deployment"
  /** A message of an ECS service. */
  | "service"
  /** How many run. `name`: `desired-zero`, `at-maximum`, `too-few`, `as-wanted`; `value`: running share of desired. */
  | "count"
  /** A scaling activity. `name`: its status. */
  | "scaling"
  /** A log line that tells of a problem; `count`: how often. */
  | "log"
  /** A line of a recovery run's evidence, or a step's result. `name`: status of the step, if it is one. */
  | "recovery"
  /** State (`name`: `status`) or event (`name`: `event`) of the database. */
  | "database"
  /** Worst value of a metric around the incident. `name`: the metric. */
  | "metric"
  /** `name`: `status`, `days-left`, `handshake`. */
  | "certificate"
  /** `name`: `status`, `address`, `delegation`, `domain`. */
  | "dns"
  /** A call to an AWS API that changed something. `name`: the event name. */
  | "change"
  /** An EventBridge event. `name`: its detail type. */
  | "event"
  /** `name`: `deployment`, `project`, `status`, `error`. */
  | "vercel";

/** One observation, with everything that identifies a machine or a moment outside `text`. */
export interface Fact {
  readonly kind: FactKind;
  readonly from: SourceKind;
  /** What it is about: the id or name of a resource. */
  readonly subject: string;
  readonly name?: string;
  readonly text?: string;
  readonly at?: string;
  readonly value?: number;
  /** The metric's median before the incident. */
  readonly baseline?: number;
  /** The metric climbed steadily for an hour or more before the incident. */
  readonly rising?: boolean;
  readonly count?: number;
  /** Of a change: names of the resources on which it acted, where a name tells whether they are the site's. */
  readonly actsOn?: readonly string[];
  /** It concerns something else in the account: told in the timeline, and evidence of nothing. */
  readonly elsewhere?: true;
}

/** JSON form of an AWS answer: everything optional, dates as text or epoch seconds. */
export type Plain<T> = T extends Date
  ? string | number
  : T extends Uint8Array
    ? string
    : T extends readonly (infer I)[]
      ? readonly Plain<I>[]
      : T extends object
        ? { readonly [K in keyof T]?: Plain<T[K]> }
        : T;
