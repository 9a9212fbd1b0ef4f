import type { Plan } from "../../core/plan-format";
import { byUrn, flag } from "../../core/plan-reader";
import { availabilityOf } from "../availability/availability";
import { type CostOptions, costOf } from "../cost/cost";
import { HOURS_PER_MONTH } from "../cost/cost-item";
import { lossesIn, renderDataChanges } from "./data-safety";
import { type Change, changesOf, changesOfPreview, type Operation, type PreviewStep } from "./flip-changes";
import { type AppFacts, type Move, movesOf, risksOf } from "./flip-moves";
import {
  adoptsServer,
  buildSpans,
  type GateTimes,
  readySpans,
  retireSpans,
  type Span,
  secondsOf,
  settledSpans,
  switchSpans,
  ttlOf,
} from "./flip-time";
import { insideOf } from "./inside";
import { interruptingChanges, stoppingChanges } from "./replacement";

/** What the verdict rests on, and why not on the other. */
export interface Basis {
  /** `state`: a preview of the engine against what is deployed. `plans`: the program's two plans alone. */
  readonly kind: "plans" | "state";
  readonly why: string;
}

/** One stage of a flip, in the program's order; a gate is a stage without changes. */
export interface FlipStage {
  readonly name: "build" | "ready" | "switch" | "settled" | "finish" | "retire";
  readonly gate: boolean;
  readonly what: string;
  /** If it fails: what has happened by then. */
  readonly onFailure: string;
  readonly changes: readonly Change[];
  readonly spans: readonly Span[];
  readonly seconds: number;
}

/** Time without service that the flip itself causes. */
export interface Downtime {
  readonly seconds: number;
  readonly reasons: readonly { readonly what: string; readonly seconds: number; readonly instead: string }[];
}

/** What happens to everything that cannot be made again. */
export interface DataVerdict {
  /** Nothing that holds data is deleted, replaced, unprotected or made smaller. */
  readonly safe: boolean;
  readonly lost: readonly Change[];
  readonly updated: readonly Change[];
  readonly kept: readonly Change[];
  /** Sentences for people, what is lost first. */
  readonly findings: readonly string[];
}

/** What changing the architecture of one stack does, before anything is done. */
export interface Flip {
  readonly stack: string;
  readonly from: string;
  readonly to: string;
  readonly basis: Basis;
  /** `safe`: go on. `blocked`: something is missing that `pulumi up` stops for. `unsafe`: data would be lost. */
  readonly verdict: "safe" | "blocked" | "unsafe";
  /** What a person has to supply before; the messages of the target's blocking notices. */
  readonly missing: readonly string[];
  readonly counts: Readonly<Record<Operation, number>>;
  readonly stages: readonly FlipStage[];
  /** What of a tier that stays is replaced beside what serves, behind the same gates; a sentence each. */
  readonly inside: readonly string[];
  readonly downtime: Downtime;
  readonly data: DataVerdict;
  readonly moves: readonly Move[];
  readonly cost: {
    readonly beforeUsd: number;
    readonly afterUsd: number;
    readonly deltaUsd: number;
    /** Both tiers at once, for the time of the flip. */
    readonly overlapUsd: number;
  };
  readonly availability: { readonly before: number; readonly after: number };
  /** From `pulumi up` until the new tier has all visitors, and until the old one is gone. */
  readonly time: { readonly untilServed: number; readonly total: number };
  readonly risks: readonly string[];
}

export interface FlipOptions extends CostOptions, AppFacts {
  /** Steps of `pulumi preview`; without them the plans alone are compared. */
  readonly preview?: readonly PreviewStep[];
  /** Why there is no preview, or which one it is. */
  readonly why?: string;
  /** The stack's `gates` section. */
  readonly gates: GateTimes;
}

/**
 * What it means to change a stack from one architecture to another, out of the two plans.
 * @throws {NoPricesError} for a region without prices
 */
export function flipOf(before: Plan, after: Plan, options: FlipOptions): Flip {
  const { preview, gates } = options;
  const changes = preview ? changesOfPreview(preview, before, after) : changesOf(before, after);
  const data = dataOf(changes, before, after);
  const stages = stagesOf(changes, before, after, gates);
  const missing = after.notices.filter(({ blocking }) => blocking).map(({ message }) => message);
  const total = secondsOf(stages.flatMap(({ spans }) => spans));
  const untilServed = secondsOf(
    stages.filter(({ name }) => name !== "finish" && name !== "retire").flatMap(({ spans }) => spans),
  );
  return {
    stack: after.stack,
    from: before.architecture,
    to: after.architecture,
    basis: {
      kind: preview ? "state" : "plans",
      why: options.why ?? (preview ? "a preview of the state was given" : "no preview of the state was given"),
    },
    verdict: data.safe ? (missing.length > 0 ? "blocked" : "safe") : "unsafe",
    missing,
    counts: countsOf(changes),
    stages,
    inside: insideOf(changes, before, after),
    downtime: downtimeOf(changes, after),
    data,
    moves: movesOf(before, after, options),
    cost: priced(before, after, changes, total, options),
    availability: {
      before: availabilityOf(before, { years: 1 }).composed,
      after: availabilityOf(after, { years: 1 }).composed,
    },
    time: { untilServed, total },
    risks: risksOf(before, after, changes),
  };
}

function countsOf(changes: readonly Change[]): Record<Operation, number> {
  const counts: Record<Operation, number> = { create: 0, update: 0, replace: 0, delete: 0, keep: 0 };
  for (const { operation } of changes) counts[operation]++;
  return counts;
}

function stagesOf(changes: readonly Change[], before: Plan, after: Plan, gates: GateTimes): FlipStage[] {
  const at = (name: string) => changes.filter(({ stage, operation }) => stage === name && operation !== "keep");
  const moved = at("switch");
  const records = moved.some(({ type }) => type === "aws:route53/record:Record");
  const stage = (name: FlipStage["name"], what: string, onFailure: string, spans: readonly Span[]): FlipStage => {
    const gate = name === "ready" || name === "settled";
    return { name, gate, what, onFailure, changes: gate ? [] : at(name), spans, seconds: secondsOf(spans) };
  };
  const { from, to } = { from: before.architecture, to: after.architecture };
  const untouched = `${from} serves as before, and nothing is deleted; \`pulumi up\` again goes on`;
  const both =
    "both tiers live and nothing is deleted; `pulumi up` again goes on, " +
    `\`pulumi config set iamvet:architecture ${from}\` goes back`;
  return [
    stage("build", `${to} is built beside ${from}`, untouched, buildSpans(changes, after)),
    stage("ready", `gate: ${to} answers with the site's name and its own tier, before traffic moves`, untouched, [
      ...readySpans(gates),
    ]),
    stage(
      "switch",
      records ? "the site's records are updated in place" : "the load balancer's rule is updated in place",
      both,
      switchSpans(records),
    ),
    stage(
      "settled",
      `gate: TTL passes, and the public URL answers from ${to}`,
      both,
      settledSpans(gates, ttlOf(before)),
    ),
    stage("finish", "what describes the site is updated", `${to} serves; \`pulumi up\` again goes on`, []),
    stage(
      "retire",
      adoptsServer(before) ? `what ${from} added to the server is deleted; the server stays` : `${from} is deleted`,
      `${to} serves; \`pulumi up\` again deletes the rest`,
      retireSpans(changes, before),
    ),
  ];
}

function dataOf(changes: readonly Change[], before: Plan, after: Plan): DataVerdict {
  const held = changes.filter(({ holds }) => holds !== undefined);
  const losses = lossesIn(changes, before, after);
  const lost = [...new Set(losses.map(({ change }) => change))];
  const updated = held.filter(({ operation }) => operation === "update");
  const kept = held.filter(({ operation }) => operation === "keep");
  const left = held.filter(({ operation, retained }) => operation === "delete" && retained);
  return {
    safe: lost.length === 0,
    lost,
    updated,
    kept,
    findings: [
      ...renderDataChanges(losses),
      ...left.map(({ name, holds }) => `${name} leaves the stack and stays on AWS, with ${holds}.`),
      ...updated.map(
        ({ name, urn, properties }) =>
          `${name} is updated in place (${properties.map((key) => `${key} ${said(after, urn, key)}`.trim()).join(", ")}); its data stays.`,
      ),
    ],
  };
}

/** The new value of a property where it is one word. */
function said(after: Plan, urn: string, key: string): string {
  const value = byUrn(after).get(urn)?.inputs[key];
  return typeof value === "boolean" || typeof value === "number" ? String(value) : "";
}

const DATABASE = "aws:rds/instance:Instance";
const SERVER = "aws:ec2/instance:Instance";

function downtimeOf(changes: readonly Change[], after: Plan): Downtime {
  const reasons: Downtime["reasons"][number][] = [];
  for (const { type, urn, name, operation, stage, properties } of changes) {
    const stops = properties.flatMap((key) => stoppingChanges[key] ?? []);
    if (type === SERVER && operation === "update" && stage === "build") {
      reasons.push(
        ...stops.map((why) => ({
          what: `${name} serves and is interrupted at once: ${why}.`,
          seconds: 120,
          instead: "Make this change in a quiet hour, or move to another tier before it and back after it.",
        })),
      );
    }
    if (type !== DATABASE || operation !== "update") continue;
    const now = byUrn(after).get(urn)?.inputs ?? {};
    for (const key of properties) {
      const why = interruptingChanges[key];
      if (!why) continue;
      reasons.push({
        what: `The database changes its ${key}: ${why}, ${flag(now.applyImmediately) ? "at once" : "in its next maintenance window"}.`,
        seconds: flag(now.multiAz) ? 120 : 600,
        instead: "Make this change in an update of its own, in a quiet hour.",
      });
    }
  }
  return { seconds: reasons.reduce((sum, { seconds }) => sum + seconds, 0), reasons };
}

function priced(
  before: Plan,
  after: Plan,
  changes: readonly Change[],
  seconds: number,
  options: CostOptions,
): Flip["cost"] {
  const cost = (plan: Plan) =>
    costOf(plan, {
      ...(options.region ? { region: options.region } : {}),
      ...(options.usage === undefined ? {} : { usage: options.usage }),
      ...(options.prices ? { prices: options.prices } : {}),
    });
  const created = after.resources.filter(({ urn }) => !byUrn(before).has(urn));
  const replaced = new Set(changes.filter(({ operation }) => operation === "replace").map(({ urn }) => urn));
  const beside = after.resources.filter(({ urn }) => replaced.has(urn)).map((one) => ({ ...one, urn: `${one.urn}'` }));
  const was = cost(before);
  const will = cost(after);
  const both = cost({ ...before, resources: [...before.resources, ...created, ...beside] });
  const cents = (usd: number) => Math.round(usd * 100) / 100;
  return {
    beforeUsd: was.totalUsd,
    afterUsd: will.totalUsd,
    deltaUsd: cents(will.totalUsd - was.totalUsd),
    overlapUsd: cents(((both.fixedUsd - was.fixedUsd) * seconds) / 3600 / HOURS_PER_MONTH),
  };
}
