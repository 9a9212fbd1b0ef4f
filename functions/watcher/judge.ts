import { isDown, isSilent, type Observed } from "./observed";

/** A step of the recovery before which the watcher is asked. */
export type Rung = "free-disk" | "restart-app" | "restart-nginx" | "reboot" | "stop" | "start";

/** What the watcher knows from one look to the next; the value of its SSM parameter. Times are ISO 8601. */
export interface Memory {
  /** When a run found a healthy server by the whole chain: alarm, automation, Systems Manager, evidence. */
  readonly armedAt?: string;
  /** The last run that was started, until its end is known. */
  readonly run?: string;
  /** Rehearsals that have not armed it. */
  readonly rehearsed?: Rehearsed;
  /** Starts within the last hour of runs that acted, or of which nothing is known yet. */
  readonly starts: readonly string[];
  /** Start of the last run in this outage that did nothing. */
  readonly idleAt?: string;
  /** Since when, in this outage, nothing answers. */
  readonly silentSince?: string;
  /** Since when, in this outage, no command reaches the server. */
  readonly unreachableSince?: string;
  /** What this outage has taken already: each once. */
  readonly rebootedAt?: string;
  readonly stoppedAt?: string;
  /** Findings of which people have been told, and when each was last found. */
  readonly told: Readonly<Record<string, string>>;
}

/** What rehearsals have come to so far. */
export interface Rehearsed {
  readonly times: number;
  /** Start of the last one (ISO 8601). */
  readonly at: string;
  /** What it named, of a server whose site answers; undefined before it has ended, and where it did not look. */
  readonly cause?: string;
}

export const NOTHING_KNOWN: Memory = { starts: [], told: {} };

/** Why something is not done. */
export interface Hold {
  /** A word for it, for machines. */
  readonly cause: string;
  readonly why: string;
}

/** Minutes of a server's life in which it may still be booting for the first time: a reboot then ends its user data for good. */
const FIRST_BOOT_MINUTES = 20;
/** Minutes without any answer, and of an impaired check, before the machine is touched: EC2's own recovery takes up to ten. */
const PATIENCE_MINUTES = 10;

export const minutesBetween = (from: string | undefined, to: string): number =>
  from === undefined ? 0 : (Date.parse(to) - Date.parse(from)) / 60_000;

/** States of an RDS instance in which it serves. Source: RDS user guide, "Viewing DB instance status", 2026-11. */
const SERVING = new Set([
  "available",
  "backing-up",
  "configuring-enhanced-monitoring",
  "configuring-iam-database-auth",
  "configuring-log-exports",
  "modifying",
  "moving-to-vpc",
  "storage-config-upgrade",
  "storage-initialization",
  "storage-optimization",
  "unknown",
]);

export const isMuted = ({ mute, now }: Observed): boolean => Date.parse(mute) > Date.parse(now);
export const isYoung = ({ server, now }: Observed): boolean =>
  minutesBetween(server.launchedAt, now) < FIRST_BOOT_MINUTES;

interface Reason extends Hold {
  readonly when: boolean;
}

const ANSWERS: Hold = { cause: "site-answers", why: "the site answers" };
const muted = ({ mute }: Observed): Hold => ({ cause: "muted", why: `recovery is muted until ${mute}` });

/** What holds back every rung of a server that runs, the first that holds is told. */
const heldBack = (seen: Observed, { armedAt }: Memory): readonly Reason[] => [
  { when: !isDown(seen), ...ANSWERS },
  {
    when: seen.around?.control !== true,
    cause: "vantage-blind",
    why: "nothing else on the internet answers from here either, so nothing is known of the site",
  },
  { when: isMuted(seen), ...muted(seen) },
  {
    when: seen.server.state !== "running",
    cause: "not-running",
    why: `the server is ${seen.server.state}: whoever stopped it starts it`,
  },
  {
    when: isYoung(seen),
    cause: "first-boot",
    why: `the server was started less than ${FIRST_BOOT_MINUTES} minutes ago`,
  },
  {
    when: seen.around?.open !== true,
    cause: "group-closed",
    why: "the server's security groups do not let everybody in at port 443, which no restart mends",
  },
  {
    when: !SERVING.has(seen.around?.database ?? "unknown"),
    cause: "database-away",
    why: `the database is ${seen.around?.database}, which no restart of the server mends`,
  },
  {
    when: armedAt === undefined,
    cause: "not-armed",
    why: "no run has yet looked at this server and found it healthy, so nobody knows that the recovery understands it",
  },
];

/** Before the machine itself is touched it must have said nothing at all, for a while. */
const heldSilence = (seen: Observed, { silentSince }: Memory): readonly Reason[] => [
  {
    when: !isSilent(seen),
    cause: "machine-answers",
    why: "something on the server answers, so the machine lives",
  },
  {
    when: minutesBetween(silentSince, seen.now) < PATIENCE_MINUTES,
    cause: "too-soon",
    why: `it has been silent for less than ${PATIENCE_MINUTES} minutes`,
  },
];

const UNREACHABLE: Hold = {
  cause: "unreachable",
  why: `no command has reached the server for less than ${PATIENCE_MINUTES} minutes`,
};
const lately = (since: string | undefined, { now }: Observed): boolean =>
  since !== undefined && minutesBetween(since, now) < PATIENCE_MINUTES;

/** A stopped server may be started where it was the recovery that stopped it, and nobody has started it since. */
const leftStopped = ({ server }: Observed, { stoppedAt }: Memory): boolean =>
  server.state === "stopped" && stoppedAt !== undefined && Date.parse(server.launchedAt) < Date.parse(stoppedAt);

/** Whether the database is there, or who may reach the server, matters to none that does not run. */
const heldStart = (seen: Observed, memory: Memory): readonly Reason[] => [
  { when: !isDown(seen), ...ANSWERS },
  { when: isMuted(seen), ...muted(seen) },
  {
    when: !leftStopped(seen, memory),
    cause: "not-stopped-here",
    why: `the server is ${seen.server.state}, and the recovery has not left it stopped`,
  },
];

const heldRung: Readonly<Record<Rung, (seen: Observed, memory: Memory) => readonly Reason[]>> = {
  "free-disk": heldBack,
  "restart-app": heldBack,
  "restart-nginx": heldBack,
  start: heldStart,
  reboot: (seen, memory) => [
    ...heldBack(seen, memory),
    ...heldSilence(seen, memory),
    {
      when: seen.server.systemCheck === "impaired",
      cause: "system-impaired",
      why: "the machine under the server fails, and a reboot would stay on it",
    },
    { when: memory.rebootedAt !== undefined, cause: "rebooted-once", why: "it was rebooted in this outage already" },
    {
      // Not to reach Systems Manager is a finding; only together with a long silence it says that nothing gentler is left.
      when: lately(memory.unreachableSince, seen),
      ...UNREACHABLE,
    },
  ],
  stop: (seen, memory) => [
    ...heldBack(seen, memory),
    {
      when: minutesBetween(seen.server.systemImpairedSince, seen.now) < PATIENCE_MINUTES,
      cause: "system-check-passes",
      why: `the check of the machine under the server has not failed for ${PATIENCE_MINUTES} minutes`,
    },
    ...heldSilence(seen, memory),
    {
      when: seen.around?.keepsAddress !== true,
      cause: "no-elastic-ip",
      why: "stopped and started it would have another address, as it has no Elastic IP",
    },
    {
      // EC2 asks the key in the name of whoever starts it (AWS knowledge center, "EC2 instance goes from Pending to Stopped", 2026-11).
      when: seen.around?.customerKey !== false,
      cause: "customer-key",
      why: "a volume is encrypted by a key of yours, which may refuse the recovery, so that it could not start it again",
    },
    { when: memory.stoppedAt !== undefined, cause: "stopped-once", why: "it was stopped in this outage already" },
  ],
};

const first = (reasons: readonly Reason[]): Hold | undefined => {
  const found = reasons.find(({ when }) => when);
  return found && { cause: found.cause, why: found.why };
};

/** Why a rung may not be taken now; undefined if it may. Pure. */
export const reasonToHold = (rung: Rung, seen: Observed, memory: Memory): Hold | undefined =>
  first(heldRung[rung](seen, memory));

/** Why no run is started now; undefined if one is. Pure. */
export function reasonToHoldRun(seen: Observed, memory: Memory, maxPerHour: number): Hold | undefined {
  const { starts, idleAt, unreachableSince } = memory;
  const capped = `${starts.length} runs within an hour did not keep it healthy`;
  const pause = 60 / maxPerHour;
  const stopped = leftStopped(seen, memory);
  const hold = first([
    ...(stopped ? heldStart : heldBack)(seen, memory),
    { when: starts.length >= maxPerHour, cause: "capped", why: capped },
    {
      // It costs as much as one that acts, and sends a message.
      when: idleAt !== undefined && minutesBetween(idleAt, seen.now) < pause,
      cause: "idle-run",
      why: `less than ${pause} minutes ago a run found nothing that it may do`,
    },
    { when: seen.server.managed && lately(unreachableSince, seen), ...UNREACHABLE },
  ]);
  if (hold || stopped || seen.server.managed) return hold;
  // No command reaches the server, so a run could only come to the machine itself.
  const reboot = reasonToHold("reboot", seen, memory);
  return reboot && reasonToHold("stop", seen, memory) && reboot;
}

/** What is remembered of a look. What belongs to an outage is forgotten with it. Pure. */
export function remember(seen: Observed, memory: Memory): Memory {
  const { silentSince, unreachableSince, rebootedAt, stoppedAt, idleAt, ...rest } = memory;
  const within = (times: readonly string[]) => times.filter((time) => minutesBetween(time, seen.now) < 60);
  const told = Object.fromEntries(
    Object.entries(memory.told).filter(([, time]) => minutesBetween(time, seen.now) < 60),
  );
  const lasting = { ...rest, starts: within(memory.starts), told };
  if (!isDown(seen)) return lasting;
  const unreachable = unreachableSince ?? (seen.server.managed ? undefined : seen.now);
  return {
    ...lasting,
    ...(isSilent(seen) && { silentSince: silentSince ?? seen.now }),
    ...(unreachable && { unreachableSince: unreachable }),
    ...(rebootedAt && { rebootedAt }),
    ...(stoppedAt && { stoppedAt }),
    ...(idleAt && { idleAt }),
  };
}
