import type { Plan } from "../../core/plan-format";
import { list, number, ofType } from "../../core/plan-reader";
import { ALIAS_TTL } from "../../core/traffic-state";
import { shapeOf, targetHealth } from "../availability/shape";
import { timings } from "../availability/timings";
import type { Change } from "./flip-changes";

/** One stretch of a flip, and where its figure comes from. */
export interface Span {
  readonly what: string;
  readonly seconds: number;
  /** A resource of the plan, a setting, a published figure, or an assumption. */
  readonly from: string;
}

/** Patience of the gates, as the stack's `gates` section has it. */
export interface GateTimes {
  readonly healthyCount: number;
  readonly intervalSeconds: number;
  readonly drainSeconds: number;
}

const assumed = (what: string, seconds: number, why: string): Span => ({ what, seconds, from: `assumption: ${why}` });

/** Seconds that a resolver may hold the site's address, in one plan. */
export function ttlOf(plan: Plan): number {
  const records = ofType(plan, "aws:route53/record:Record").filter(({ inputs }) => inputs.setIdentifier !== undefined);
  return Math.max(
    0,
    ...records.map(({ inputs }) => (list(inputs.aliases).length > 0 ? ALIAS_TTL : (number(inputs.ttl) ?? ALIAS_TTL))),
  );
}

const makes = (changes: readonly Change[], type: string) =>
  changes.some((change) => change.type === type && (change.operation === "create" || change.operation === "replace"));

/** Building beside what serves: the longest way, as the engine builds side by side what does not depend on another. */
export function buildSpans(changes: readonly Change[], after: Plan): Span[] {
  const spans: Span[] = [];
  const database = changes.find(
    ({ type, operation }) => type === "aws:rds/instance:Instance" && operation === "update",
  );
  if (database)
    spans.push(assumed("the database takes its change over", 180, "RDS modifies a setting in one to five minutes"));
  if (makes(changes, "aws:lb/loadBalancer:LoadBalancer"))
    spans.push(assumed("the load balancer is provisioned", 180, "two to four minutes"));
  const shape = shapeOf(after);
  const { tier } = shape;
  const health = targetHealth(shape)?.in;
  const healthy: Span[] = health ? [{ what: "the load balancer finds it healthy", ...health }] : [];
  const start: Readonly<Record<typeof tier, readonly Span[]>> = {
    instance: makes(changes, "aws:ec2/instance:Instance")
      ? [
          { what: "the instance boots and starts the app", ...timings.instanceBoot },
          assumed("the certificate is ordered (ACME, DNS-01)", 90, "one TXT record, its propagation and the order"),
        ]
      : [],
    group: [{ what: "the instances boot and start the app", ...timings.instanceBoot }, ...healthy],
    ecs: [{ what: "the tasks start", ...timings.taskStart }, ...healthy],
    vercel: [
      assumed("Vercel builds the site", 120, "a Next.js build of one to three minutes"),
      assumed("the certificate is issued ahead (DNS-01)", 60, "one TXT record and its propagation"),
    ],
  };
  return [...spans, ...start[tier]];
}

export const readySpans = ({ healthyCount, intervalSeconds }: GateTimes): Span[] => [
  {
    what: "the new tier answers its probe",
    seconds: (healthyCount - 1) * intervalSeconds,
    from: `gates: ${healthyCount} healthy answers in a row, ${intervalSeconds} s apart`,
  },
];

/** @param records whether DNS moves, and not only the load balancer's rule */
export const switchSpans = (records: boolean): Span[] => [
  records
    ? {
        what: "the records are changed and reach all of Route 53's servers",
        seconds: 60,
        from: "AWS: changes generally propagate within 60 s (Route 53 API reference, GetChange)",
      }
    : assumed("the load balancer's rule is changed", 5, "a call, in effect within seconds"),
];

export const settledSpans = ({ healthyCount, intervalSeconds, drainSeconds }: GateTimes, ttl: number): Span[] => [
  { what: "resolvers let go of the old answer", seconds: ttl, from: "TTL of the old records" },
  { what: "and those that overstay a little", seconds: drainSeconds, from: "gates.drainSeconds" },
  {
    what: "the public URL answers from the new tier",
    seconds: (healthyCount - 1) * intervalSeconds,
    from: `gates: ${healthyCount} healthy answers in a row, ${intervalSeconds} s apart`,
  },
];

/** The tier is a server that the stack neither built nor deletes. */
export const adoptsServer = (plan: Plan): boolean =>
  shapeOf(plan).tier === "instance" && ofType(plan, "aws:ec2/instance:Instance").length === 0;

/** Deleting what served: nobody waits for it. */
export function retireSpans(changes: readonly Change[], before: Plan): Span[] {
  const { tier } = shapeOf(before);
  const gone = (type: string) => changes.some((change) => change.type === type && change.operation === "delete");
  const old: Readonly<Record<typeof tier, Span>> = {
    instance: adoptsServer(before)
      ? assumed("what watched the server is removed", 30, "calls to AWS; the server itself is not the stack's")
      : assumed("the old instance is terminated", 60, "EC2 terminates in about a minute"),
    group: assumed("the old instances drain and are terminated", 300, "30 s of draining, then Auto Scaling to zero"),
    ecs: assumed("the old tasks drain and stop", 120, "30 s of draining, then 30 s to stop, then the service"),
    vercel: assumed("the old project is removed", 10, "calls to Vercel's API"),
  };
  return [
    old[tier],
    ...(gone("aws:lb/loadBalancer:LoadBalancer")
      ? [assumed("the load balancer and its addresses are removed", 60, "about a minute")]
      : []),
  ];
}

export const secondsOf = (spans: readonly Span[]): number => spans.reduce((sum, { seconds }) => sum + seconds, 0);
